"""Scenarios over seeds: by a real worker, and what counts as holding."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from simulations.document import parse
from simulations.sweeps import Row, rows
from tests.stack import ROOT, Stack

DOCUMENT = {
    "format": "netsplit/1",
    "title": "Two claims",
    "seed": 1,
    "duration_ms": 1000,
    "nodes": [{"id": "c", "type": "client"}],
    "links": [],
    "expect": [
        {"claim": "Most succeed", "left": {"metric": "ops.success_ratio"}, "op": ">", "right": 0.5},
        {"claim": "Nothing is stale", "left": {"metric": "reads.stale"}, "op": "==", "right": 0},
    ],
}


def gallery(redis_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "gallery", *arguments],
        cwd=ROOT,
        env=os.environ | {"REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_worker_judges_a_scenario_on_every_seed(stack: Stack) -> None:
    done = gallery(stack.redis_url(), "client-server", "--seeds", "4-5", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {row["scenario"] for row in found} == {"client-server"}
    assert all(row["holds"] and row["held"] == row["seeds"] == 2 for row in found)
    assert any(len(set(row["actual"])) == 2 for row in found), "each seed is a run of its own"


def test_the_table_says_how_far_each_claim_holds(stack: Stack) -> None:
    done = gallery(stack.redis_url(), "client-server", "--seeds", "1-2")
    assert done.returncode == 0
    assert "  holds   2/2" in done.stdout
    assert done.stdout.rstrip().endswith("claims of 1 scenarios hold on 2 seeds")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cap-partitions"], 'There is no scenario "cap-partitions". Did you mean "cap-partition"?'),
        (["--seeds", "9-1"], "--seeds must be like 1-20"),
        (["--seeds", "1-999999999"], "at most 10,000"),
        (["client-server"], "No worker answers."),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(arguments: list[str], told: str) -> None:
    done = gallery("redis://127.0.0.1:9/0", *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def judged(*seeds: Any) -> list[Row]:
    results = [
        seed
        if isinstance(seed, Exception)
        else [{"ok": ok, "actual": 1.0, "reason": "" if ok else "no"} for ok in seed]
        for seed in seeds
    ]
    return rows("two", parse(json.dumps(DOCUMENT)), range(1, 1 + len(seeds)), results)


def test_a_statistical_claim_may_fail_on_one_seed_in_twenty_and_a_safety_claim_on_none() -> None:
    most, nothing = judged(*[(True, True)] * 19, (False, False))
    assert (most.safety, most.holds) == (False, True)
    assert (nothing.safety, nothing.holds) == (True, False)
    assert nothing.as_dict()["failing_seeds"] == [20]
    assert not judged(*[(True, True)] * 18, (False, True), (False, True))[0].holds


def test_a_run_that_breaks_fails_every_claim_and_says_why() -> None:
    for row in judged((True, True), RuntimeError("Node bug")):
        assert row.held == (True, False)
        assert row.reasons[1] == "RuntimeError: Node bug"


def belonging(mark: str) -> dict[int, str]:
    """The processes that have this in their environment or in their command, and each one's line."""
    listed = subprocess.run(["ps", "axeww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
    lines = [line.split(None, 1) for line in listed.stdout.splitlines() if mark in line]
    return {int(pid): line for pid, line in lines}


@pytest.mark.processes
def test_a_sweep_that_is_ended_takes_its_workers_along(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in Stack.NOT_INHERITED}
    command = [sys.executable, str(ROOT / "scripts" / "do.py"), "gallery"]
    given = {"TMPDIR": str(tmp_path), "ARGS": "client-server --seeds 1-500", "WORKER_PROCESSES": "1", "CC": "none"}
    with subprocess.Popen(command, env=environment | given, stdout=subprocess.PIPE, start_new_session=True) as sweep:
        try:
            deadline = time.monotonic() + 60
            while not any("manage.py gallery" in command for command in belonging(str(tmp_path)).values()):
                assert time.monotonic() < deadline, "no sweep"
                time.sleep(0.2)
            assert any("celery" in command for command in belonging(str(tmp_path)).values())
            sweep.send_signal(signal.SIGTERM)
            assert sweep.wait(30) == 130
            assert belonging(str(tmp_path)) == {}
        finally:
            for process in belonging(str(tmp_path)):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
