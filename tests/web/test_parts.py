"""The parts' reference, and a new part: one file is all it takes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from simulations.catalogue import node_types
from tests.stack import ROOT

TOASTER = '''"""The toaster: it answers after browning.

Bread goes in, toast comes out.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.messages import DONE, Body, Work
from simulations.engine.node import Node


class Toaster(Node):
    """Browns bread."""

    TYPE: ClassVar[str] = "toaster"
    TITLE: ClassVar[str] = "Toaster"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Browns bread, one slice after the other"
    ICON: ClassVar[str] = "toaster"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("browning", "Browning", "distribution", 90, "ms", 0, 1000, help="How long a slice takes."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("slices", "Slices"),)
    METRICS: ClassVar[tuple[Metric, ...]] = (Metric("slices.toasted", "slices", "Slices toasted.", "count"),)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work,)

    async def on_work(self, body: Work, message: Message) -> Body:
        """Brown a slice."""
        await self.work(self.duration("browning"), "browning")
        self.publish("slices.toasted", 1)
        return DONE
'''
BREAKFAST = {
    "format": "netsplit/1",
    "title": "Breakfast",
    "seed": 1,
    "duration_ms": 2000,
    "settle_ms": 1000,
    "nodes": [
        {"id": "guest", "type": "client", "params": {"rate_per_s": 10}},
        {"id": "toaster", "type": "toaster", "params": {"browning": {"kind": "constant", "value_ms": 50}}},
    ],
    "links": [
        {"id": "bread", "a": "guest", "b": "toaster", "params": {"latency": {"kind": "constant", "value_ms": 5}}}
    ],
    "expect": [
        {"claim": "A slice takes 60 ms", "left": {"metric": "ops.latency_ms.p50"}, "op": "==", "right": 60},
        {"claim": "There is toast", "left": {"metric": "nodes.toaster.slices.toasted"}, "op": ">", "right": 10},
    ],
}
PAGES = """
import json, re, django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
visitor = Client(HTTP_HOST="localhost")
page = visitor.get("/sandbox/", follow=True).content.decode()
stage = json.loads(re.search(r'id="stage-data" type="application/json">(.*?)</script>', page, re.S)[1])
form = visitor.post("/sandbox/inspector/", {"kind": "node", "item": %r})
print(json.dumps({
    "palette": [info["title"] for info in stage["catalogue"]["types"]],
    "parts": visitor.get("/parts/").content.decode(),
    "inspector": form.content.decode(),
}))
"""


@pytest.mark.django_db
def test_every_part_is_told_with_its_parameters(client: Client) -> None:
    page = client.get("/parts/").content.decode()
    for name, node_type in node_types().items():
        assert f'id="{name}"' in page
        for param in node_type.PARAMS:
            assert f"<code>{param.name}</code>" in page
    assert "<code>latency</code>" in page
    assert "<code>partition</code>" in page


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The program, with one file more."""
    home = tmp_path / "program"
    for name in ("simulations", "playground", "templates"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    (home / "static").symlink_to(ROOT / "static")
    shutil.copy(ROOT / "manage.py", home)
    (home / "simulations" / "nodes" / "toaster.py").write_text(TOASTER)
    (tmp_path / "breakfast.json").write_text(json.dumps(BREAKFAST))
    return home


def in_the(home: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=home,
        env=os.environ
        | {"DATA_DIR": str(home.parent / "data"), "DJANGO_SETTINGS_MODULE": "playground.settings", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_new_part_takes_one_file(copy: Path) -> None:
    told: dict[str, Any] = json.loads(
        in_the(copy, "manage.py", "simulate", str(copy.parent / "breakfast.json"), "--json")
    )
    assert [claim["ok"] for claim in told["expect"]] == [True, True]
    pages = json.loads(in_the(copy, "-c", PAGES % json.dumps({"id": "t", "type": "toaster"})))
    assert "Toaster" in pages["palette"]
    assert "Bread goes in, toast comes out." in pages["parts"]
    assert "<code>slices.toasted</code>" in pages["parts"]
    assert "Browning" in pages["inspector"]
