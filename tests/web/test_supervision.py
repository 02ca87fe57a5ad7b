"""What the scripts around the processes decide, without starting any."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

import children
import prepare
import tasks


def test_a_log_beyond_its_limit_begins_anew_while_the_program_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LOG_BYTES_MAX", 8)
    log = tmp_path / "web.log"
    child = children.Child(
        "web", ["sh", "-c", "echo a long first line; read go; echo new"], log, {"PATH": "/usr/bin:/bin"}
    )
    with log.open("ab") as out:
        child.process = subprocess.Popen(child.command, stdin=subprocess.PIPE, stdout=out)
    assert child.process.stdin is not None
    while log.stat().st_size < 8:
        time.sleep(0.01)
    child.trim_log()
    child.process.communicate(b"\n", timeout=10)
    assert log.read_text() == "new\n"
    assert (tmp_path / "web.log.1").read_text() == "a long first line\n"


@pytest.mark.parametrize(
    "name", ["simulations/engine/kernel.py", "simulations/nodes/client.py", "simulations/document.py"]
)
def test_the_gallery_is_loaded_anew_when_what_its_runs_rest_on_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    for folder in ("playground", "simulations/engine", "simulations/nodes", "simulations/scenarios"):
        (tmp_path / folder).mkdir(parents=True)
    before = prepare.what_the_database_follows()
    (tmp_path / name).write_text("changed")
    assert prepare.what_the_database_follows() != before


def test_npms_programs_run_through_the_node_that_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "call", lambda *command, **_: called.append(command) or 0)
    monkeypatch.setattr(tasks, "node", lambda: ["/a/wheel/node"])
    assert tasks.check() == 0
    assert [command[0] for command in called if any("node_modules" in word for word in command)] == ["/a/wheel/node"]
