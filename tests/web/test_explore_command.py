"""Exploring scenarios by a real worker: the summary, the minimised scenario, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulations.document import parse
from tests.stack import ROOT, Stack

NOBODY = "redis://127.0.0.1:9/0"


def manage(redis_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_worker_runs_every_schedule_and_a_store_that_keeps_its_promises_survives(stack: Stack) -> None:
    done = manage(stack.redis_url(), "explore", "cap-partition", "--runs", "30", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(one["scenario"], one["variant"]) for one in found] == [("cap-partition", "cp"), ("cap-partition", "ap")]
    for one in found:
        assert one["schedules"] == one["survived"] == 30
        assert one["answered"] == one["recovered"] == 30, "sometimes: clients were answered, also after the heal"
        assert one["faults"]["partition"] > 0
    assert found[0]["checks"]["linearizability"] == {"held": 30}
    assert found[1]["checks"]["linearizability"]["not promised"] > 0
    assert "cap-partition, cp: 30 of 30 schedules, 0 violated" in done.stderr


def test_a_violation_is_told_and_written_as_a_scenario_that_shows_it(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    asked = ["cap-partition", "--variant", "ap", "--without", "convergence", "--runs", "5", "--minimise", "60"]
    done = manage(stack.redis_url(), "explore", *asked, "--out", str(path))
    assert done.returncode == 1, done.stderr
    assert "cap-partition, ap: 5 schedules of seed 1, 0 survived, 5 violated a rule" in done.stdout
    assert "Linearizable registers: " in done.stdout
    scenario = parse(path.read_text())
    assert scenario.title.startswith("Violated: Linearizable registers")
    assert len(scenario.faults) <= 5
    shown = manage(NOBODY, "simulate", str(path))
    assert shown.returncode == 1
    assert "Linearizable registers" in shown.stdout


def test_one_schedule_can_be_had_again_by_its_number(stack: Stack) -> None:
    asked = ["cap-partition", "--variant", "ap", "--without", "convergence", "--minimise", "0", "--json"]
    all_of_them = json.loads(manage(stack.redis_url(), "explore", *asked, "--runs", "4").stdout)[0]
    alone = json.loads(manage(stack.redis_url(), "explore", *asked, "--runs", "1", "--first", "3").stdout)[0]
    assert alone["violated"] == [one for one in all_of_them["violated"] if one["schedule"] == 3]
    assert alone["minimised"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cap-partitions"], 'neither a scenario nor a file "cap-partitions". Did you mean "cap-partition"?'),
        (["cap-partition", "--variant", "cpp"], 'There is no variant "cpp". Did you mean "cp"?'),
        (["cap-partition", "--without", "sorrow"], 'There is no check "sorrow".'),
        (["cap-partition", "--runs", "0"], "--runs must be between 1 and"),
        (["cap-partition", "--first", "0"], "--first must be at least 1"),
        (["cap-partition", "--seed", "-1"], "--seed must be between 0 and"),
        (["cap-partition", "--minimise", "-1"], "--minimise must be at least 0"),
        (["cap-partition"], "No worker answers. Start one with `make run`, or use `make explore`"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_remedy(arguments: list[str], told: str) -> None:
    done = manage(NOBODY, "explore", *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_scenario_in_which_nothing_can_be_struck_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "idle.json"
    path.write_text(json.dumps({"format": "netsplit/1", "nodes": [{"id": "c", "type": "client"}]}))
    done = manage(NOBODY, "explore", str(path))
    assert done.returncode == 2
    assert "there is nothing to strike: no cluster, and no node that serves" in done.stderr
