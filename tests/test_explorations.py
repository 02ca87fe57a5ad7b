"""What comes of an exploration: steps towards the simplest violation, verdicts that travel, and the summary."""

from __future__ import annotations

import json
from typing import Any

from simulations.document import parse, validate
from simulations.explorations import Tally, verdicts_of
from simulations.explorations_text import as_text
from simulations.exploring import FAILED, OF_ONE_COPY, Verdict, explore, prepared
from simulations.gallery import FOLDER
from simulations.minimising import earlier, fewest, plainer, rounder
from tests.searching import cluster_document

CP = cluster_document("register", mode="cp", quorum_timeout_ms=120)


def told(document: dict[str, Any], number: int) -> list[Verdict]:
    return list(explore(prepared(validate(document)), 1, [number], frozenset({"convergence"})))


# How it is made simpler


def test_fewest_keeps_what_is_wrong_only_together() -> None:
    entries = [{"number": number} for number in range(20)]
    tried: list[int] = []

    def wrong(part: list[dict[str, Any]]) -> bool:
        tried.append(len(part))
        return {3, 11, 17} <= {entry["number"] for entry in part}

    assert [entry["number"] for entry in fewest(entries, wrong)] == [3, 11, 17]
    assert len(tried) < 100
    assert fewest(entries, lambda part: True) == []


def test_a_fault_is_made_simpler_step_by_step() -> None:
    crash = {"kind": "crash", "target": "r1", "at_ms": 1_234, "until_ms": 2_234}
    assert [fault["until_ms"] for fault in earlier(crash)] == [1_734, 1_984, 2_134]
    assert next(rounder(crash)) == {**crash, "at_ms": 1_000, "until_ms": 2_000}
    restart = {"kind": "restart", "target": "r1", "at_ms": 1_000, "down_ms": 300}
    assert next(earlier(restart))["down_ms"] == 150
    loss = {"kind": "loss", "target": "l", "probability": 0.2, "direction": "a-to-b", "at_ms": 0, "until_ms": 9}
    assert [sorted(fault) == sorted(loss) for fault in plainer(loss)] == [False, True]
    waits = {"node": "r1", "event": "fsync", "nth": 7, "after_ms": 3}
    crash = {"kind": "crash", "target": "r1", "when": waits, "lasts_ms": 400}
    assert [fault["lasts_ms"] for fault in earlier(crash)] == [200, 300, 360]
    assert [fault["when"] for fault in plainer(crash)] == [waits | {"nth": 1}, waits | {"after_ms": 0}]
    apart = {"kind": "partition", "target": [["r1", "r2"], ["r3"]], "at_ms": 0, "until_ms": 9}
    assert [fault["target"] for fault in plainer(apart)] == [[["r2"], ["r3"]], [["r1"], ["r3"]]]


# What is told


def test_a_chunk_that_breaks_down_counts_as_violated_and_says_why() -> None:
    tally = Tally()
    for verdict in [*verdicts_of(RuntimeError("out of memory"), range(21, 23)), *told(CP, 1)]:
        tally.add(verdict)
    found = tally.as_dict()
    assert (found["schedules"], found["survived"]) == (3, 1)
    assert [one["schedule"] for one in found["violated"]] == [21, 22]
    assert found["violated"][0]["broken"] == [[FAILED, "Schedules 21–22 were not run: RuntimeError: out of memory"]]


def test_verdicts_travel_as_plain_data() -> None:
    (verdict,) = told(CP, 7)
    plain = json.loads(json.dumps([verdict.as_dict()]))
    assert verdicts_of(plain, range(7, 8)) == [verdict]


def test_the_summary_tells_what_held_how_often_and_what_did_not() -> None:
    tally = Tally()
    available = prepared(parse((FOLDER / "cap-partition.json").read_text()), "ap")
    for number in range(1, 4):
        (verdict,) = explore(available, 1, [number], OF_ONE_COPY - {"linearizability"})
        tally.add(verdict)
    lines = as_text({"scenario": "cap-partition", "variant": "ap", "seed": 1, **tally.as_dict()}).splitlines()
    assert lines[1] == "cap-partition, ap: 3 schedules of seed 1, 0 survived, 3 violated a rule"
    assert lines[2] == "  clients were answered in 3, and after all was mended in 3"
    assert any(line.split() == ["Linearizable", "registers", "3", "violated"] for line in lines)
    assert any(line.split() == ["Replicas", "agree", "in", "the", "end", "3", "held"] for line in lines)
    assert any(line.split() == ["No", "stale", "reads", "3", "not", "promised"] for line in lines)
    assert any(line.startswith("  schedule 1 (seed ") for line in lines)
