"""The compiled engine does what the sources say: the gallery and random worlds have one digest in both builds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.compiled import ROOT
from simulations.document import parse
from simulations.engine.kernel import COMPILED
from tests.engine.digests import digest
from tests.engine.random_fabrics import routed_worlds
from tests.engine.random_worlds import FEW, worlds
from tests.engine.test_determinism import compiled_engine
from tests.test_scenarios import SCENARIOS, SLUGS
from tests.worlds import Entry

BRIEF_MS = 2_000


class Build:
    """A process with a build of the engine, which is asked for digests."""

    def __init__(self, engine: str) -> None:
        self.compiled = engine == "compiled"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.digests", "answer"],
            cwd=ROOT,
            env=os.environ | {"NETSPLIT_ENGINE": engine},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def digest(self, document: Entry) -> str:
        """The digest of its run of a physical document."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(document) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert answer["compiled"] == self.compiled
        return str(answer["digest"])


@pytest.fixture(scope="module")
def other() -> Iterator[Build]:
    """The build that this process has not loaded; without a C compiler there is but one."""
    build = Build("interpreted" if COMPILED or not compiled_engine() else "compiled")
    yield build
    assert build.process.stdin is not None
    build.process.stdin.close()
    assert build.process.wait(30) == 0


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.timeout(300)
def test_every_scenario_of_the_gallery_and_its_variants(slug: str, other: Build) -> None:
    document = parse((SCENARIOS / f"{slug}.json").read_text())
    for variant in (None, *document.variants):
        physical = document.physical(variant)
        if variant is not None:  # it differs by what is set from the start
            physical["duration_ms"] = min(physical["duration_ms"], BRIEF_MS)
        assert other.digest(physical) == digest(physical), variant


@FEW
@given(st.one_of(worlds(), routed_worlds()))
def test_random_worlds(other: Build, document: Entry) -> None:
    assert other.digest(document) == digest(document)
