"""The compiled engine: where it lies and when it is used.

`make compile` turns the engine and the node files into machine code under `.build/<version>/`. It is loaded only when
its version, a hash of the sources, is the sources' own, so that an edited file never runs as it used to be.
NETSPLIT_ENGINE=interpreted leaves it out, NETSPLIT_ENGINE=compiled demands it. Both give the same digests.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNCOMPILED = frozenset({"__init__", "metrics", "metrics_nodes", "metrics_reads"})  # they read what chunks decode to
BENCHMARK_NODES = ROOT / "simulations" / "benchmarks" / "nodes.py"


def sources() -> list[Path]:
    """The files that are compiled, in a fixed order."""
    found = [*ROOT.glob("simulations/engine/*.py"), *ROOT.glob("simulations/nodes/*.py"), BENCHMARK_NODES]
    return sorted(path for path in found if path.stem not in UNCOMPILED)


def build_folder() -> Path:
    """Where the build of the present sources lies, for this interpreter."""
    digest = hashlib.sha256(sys.implementation.cache_tag.encode())
    for path in sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return ROOT / ".build" / digest.hexdigest()[:16]


@cache
def usable_folder() -> Path | None:
    """The build to load, or None to run interpreted. Raises ImportError when a build is demanded and there is none."""
    wanted = os.environ.get("NETSPLIT_ENGINE", "auto")
    if wanted == "interpreted":
        return None
    folder = build_folder()
    if (folder / "complete").exists():
        return folder
    if wanted == "compiled":
        raise ImportError("There is no compiled engine for these sources. Build it with `make compile`.")
    return None


def search_path(package: str, path: Iterable[str]) -> list[str]:
    """The `__path__` of a package of `simulations`: the build's folder first, when it is usable."""
    folder = usable_folder()
    if folder is None:
        return list(path)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return [str(folder / "simulations" / package), *path]
