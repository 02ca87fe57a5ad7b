"""Fault schedules by chance: what is drawn, what breaks under them, and what a violation comes down to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulations.document import Document, parse, validate
from simulations.document_doubts import doubts
from simulations.explorations import Tally, verdicts_of
from simulations.explorations_text import as_text
from simulations.exploring import EXPLORED, FAILED, OF_ONE_COPY, Verdict, explore, healed_ms, judged, prepared, struck
from simulations.fault_schedules import FAULTS_MAX, HEALED, groups_of, schedule
from simulations.gallery import FOLDER
from simulations.minimising import earlier, fewest, plainer, rounder
from tests.nodes.replicas import Register, source
from tests.searching import cluster_document, first_violation, minimised

CP = cluster_document("register", mode="cp", quorum_timeout_ms=120)
MANY = range(1, 201)
CONVERGENCE = frozenset({"convergence"})  # a minority may never hear of a value for which nobody asks again


def scenario(slug: str, variant: str | None = None) -> Document:
    return prepared(parse((FOLDER / f"{slug}.json").read_text()), variant)


def told(document: dict[str, Any], number: int) -> list[Verdict]:
    return list(explore(prepared(validate(document)), 1, [number], CONVERGENCE))


@pytest.fixture(scope="module")
def drawn() -> list[Document]:
    ready = scenario("cap-partition")
    return [struck(ready, 1, number) for number in MANY]


# What is drawn


def test_a_schedule_is_a_function_of_document_seed_and_number() -> None:
    ready = scenario("cap-partition")
    again = scenario("cap-partition")
    assert [struck(ready, 3, n).physical() for n in MANY[:20]] == [struck(again, 3, n).physical() for n in MANY[:20]]
    assert schedule(ready, 1, 7) != schedule(ready, 2, 7)
    assert schedule(ready, 1, 7) != schedule(ready, 1, 8)
    assert struck(ready, 1, 7).seed != struck(ready, 1, 8).seed


def test_schedules_are_valid_of_moderate_size_and_free_of_contradictions(drawn: list[Document]) -> None:
    sizes = [len(document.faults) for document in drawn]
    assert min(sizes) >= 1
    assert max(sizes) <= FAULTS_MAX
    assert len(set(sizes)) >= 6
    assert not [doubt for document in drawn for doubt in doubts(document)]


def test_all_is_mended_while_there_is_still_work(drawn: list[Document]) -> None:
    for document in drawn:
        assert healed_ms(document) <= HEALED * document.duration_ms
        waiting: list[Any] = [fault for fault in document.faults if fault.when is not None]
        assert all(fault.lasts_ms <= 1_000 < document.settle_ms for fault in waiting)


def test_some_crashes_wait_for_what_a_node_does(drawn: list[Document]) -> None:
    events = {fault.when.event for document in drawn for fault in document.faults if fault.when is not None}
    assert {"written", "fsync", "sent store", "received store", "received query"} <= events


def test_schedules_have_faults_of_every_kind_that_is_drawn(drawn: list[Document]) -> None:
    faults: list[Any] = [fault for document in drawn for fault in document.faults]
    assert {fault.kind for fault in faults} == {
        *("crash", "restart", "stop", "pause", "hang", "slow", "clock", "disk"),
        *("partition", "cut", "loss", "delay", "duplicate", "reorder"),
    }
    assert {fault.mode for fault in faults if fault.kind == "disk"} == {"slow", "torn"}
    assert {fault.direction for fault in faults if fault.kind == "cut"} == {"both", "a-to-b", "b-to-a"}
    sides = [sorted(map(len, fault.target)) for fault in faults if fault.kind == "partition"]
    assert [2, 3] in sides, "halves"
    assert [1, 4] in sides, "one alone"
    assert [1, 1] in sides, "two of whom only each other cannot be reached"


def test_some_faults_begin_together_or_when_another_ends(drawn: list[Document]) -> None:
    starts = [[fault.at_ms for fault in document.faults if fault.at_ms is not None] for document in drawn]
    ends = [{getattr(fault, "until_ms", None) for fault in document.faults} for document in drawn]
    assert sum(len(set(times)) < len(times) for times in starts) > len(drawn) / 4
    assert sum(any(time in over for time in times) for times, over in zip(starts, ends, strict=True)) > len(drawn) / 20


def test_only_members_of_clusters_are_struck_and_the_links_by_which_they_are_reached() -> None:
    (group,) = groups_of(scenario("cap-partition"))
    assert group.members == ("r1", "r2", "r3", "r4", "r5")
    assert len(group.between) == 10
    assert {(link.a, link.b) for link in group.towards} >= {("alice", "r1"), ("carol", "r5")}
    assert group.mesh == "cluster:store"


def test_where_there_is_no_cluster_what_serves_is_struck() -> None:
    for slug in ("client-server", "multi-tier"):
        (group,) = groups_of(scenario(slug))
        assert group.members
        assert not group.mesh
        faults = [fault for number in range(1, 30) for fault in struck(scenario(slug), 1, number).faults]
        assert {fault.kind for fault in faults} >= {"crash", "loss"}


def test_a_document_in_which_nothing_can_be_struck_is_refused() -> None:
    idle = validate({"format": "netsplit/1", "nodes": [{"id": "c", "type": "client"}]})
    with pytest.raises(ValueError, match="nothing to strike"):
        struck(prepared(idle), 1, 1)


def test_members_that_a_count_stands_for_are_struck_one_by_one() -> None:
    nodes = [{"id": "c", "type": "client"}, {"id": "r", "type": "register", "count": 3}]
    cluster = {"id": "store", "protocol": "register", "members": ["r"]}
    links = [{"id": "c-r", "a": "c", "b": "r"}]
    ready = prepared(validate({"format": "netsplit/1", "nodes": nodes, "links": links, "clusters": [cluster]}))
    (group,) = groups_of(ready)
    assert group.members == ("r-1", "r-2", "r-3")
    assert [link.target for link in group.between] == ["store:r-1-r-2", "store:r-1-r-3", "store:r-2-r-3"]
    assert [link.target for link in group.towards] == ["c-r-1", "c-r-2", "c-r-3"]
    assert all(struck(ready, 1, number).physical()["faults"] for number in range(1, 40))


def test_what_is_listed_for_exploring_is_there() -> None:
    for one in EXPLORED:
        assert groups_of(scenario(one.slug, one.variant))


# What breaks


class WritesAtOne(Register):  # type: ignore[misc]
    """Confirms a write that only one replica has, so that a majority need not share a replica with it."""

    async def store_majority(self, key: str, stored: Any) -> None:
        await self.keep(key, stored)
        self.call_each(self.peers, source.Store(key, stored), self.timeout_ms)


class Forgets(Register):  # type: ignore[misc]
    """Keeps nothing on disk."""

    async def keep(self, key: str, stored: Any) -> None:
        if source.newer(stored, self.entries.get(key, source.NOTHING)):
            self.entries[key] = stored


class Stumbles(Register):  # type: ignore[misc]
    """Makes a mistake when it boots again."""

    def start(self) -> None:
        super().start()
        assert self.incarnation == 0, "never crashed before"


def test_an_honest_store_survives() -> None:
    assert first_violation(CP, {"register": Register}, 60, without=CONVERGENCE) is None


@pytest.mark.parametrize("broken", [WritesAtOne, Forgets])
def test_a_planted_bug_is_found_and_comes_down_to_few_faults(broken: type[Any]) -> None:
    types = {"register": broken}
    violation = first_violation(CP, types, 40, without=CONVERGENCE)
    assert violation is not None
    assert violation.broken[0][0] == "linearizability"
    found = minimised(CP, types, violation)
    assert 1 <= len(found.faults) <= 3
    assert found.duration_ms < CP["duration_ms"]
    assert judged(found, types=types).broken[0][0] == "linearizability"
    assert judged(found, without=CONVERGENCE).survived, "with the honest store the same faults do no harm"
    for place in range(len(found.faults)):
        data = found.data()
        less = validate(data | {"faults": data["faults"][:place] + data["faults"][place + 1 :]})
        assert judged(less, without=CONVERGENCE, types=types).survived, "no fault can go"


def test_a_violation_becomes_a_scenario_whose_claim_it_breaks() -> None:
    violation = first_violation(CP, {"register": Forgets}, 40, without=CONVERGENCE)
    assert violation is not None
    found = minimised(CP, {"register": Forgets}, violation, runs_max=20)
    assert found.title == "Violated: Linearizable registers — Untitled scenario"
    assert f"(number {violation.number})" in found.summary
    (claim,) = found.expect
    assert (claim.left, claim.op, claim.right) == ({"metric": "checks.linearizability.violations"}, "==", 0)


def test_a_mistake_in_a_node_is_a_violation() -> None:
    violation = first_violation(CP, {"register": Stumbles}, 20)
    assert violation is not None
    check, words = violation.broken[0]
    assert check == FAILED
    assert "never crashed before" in words
    found = minimised(CP, {"register": Stumbles}, violation)
    assert len(found.faults) == 1
    assert "never crashed before" in found.summary


def test_a_rule_that_is_judged_at_the_end_keeps_its_time_to_recover() -> None:
    """Not all replicas of a CP store need come to hold the same; with no time to do so no store's would."""
    violation = first_violation(CP, {"register": Register}, 60)
    assert violation is not None
    assert [check for check, _ in violation.broken] == ["convergence"]
    ready = struck(prepared(validate(CP)), 1, violation.number)
    found = minimised(CP, {"register": Register}, violation, runs_max=40)
    assert (found.duration_ms, found.settle_ms) == (ready.duration_ms, ready.settle_ms)
    assert healed_ms(found) <= healed_ms(ready)
    assert len(found.faults) < len(ready.faults)


def test_minimising_keeps_to_its_limit_of_runs() -> None:
    violation = first_violation(CP, {"register": Forgets}, 40, without=CONVERGENCE)
    assert violation is not None
    ready = struck(prepared(validate(CP)), 1, violation.number)
    assert minimised(CP, {"register": Forgets}, violation, runs_max=1).data()["faults"] == ready.data()["faults"]


def test_what_is_not_promised_is_told_apart_and_what_was_answered_is_counted() -> None:
    ready = scenario("cap-partition", "ap")
    (one,) = explore(ready, 1, [4], frozenset({"linearizability"}))
    assert "linearizability" in one.left_out
    assert "linearizability" not in dict(one.broken)
    assert "stale_reads" in dict(one.broken)
    assert one.answered > one.recovered > 0


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
    for number in range(1, 4):
        (verdict,) = explore(scenario("cap-partition", "ap"), 1, [number], OF_ONE_COPY - {"linearizability"})
        tally.add(verdict)
    lines = as_text({"scenario": "cap-partition", "variant": "ap", "seed": 1, **tally.as_dict()}).splitlines()
    assert lines[1] == "cap-partition, ap: 3 schedules of seed 1, 0 survived, 3 violated a rule"
    assert lines[2] == "  clients were answered in 3, and after all was mended in 3"
    assert any(line.split() == ["Linearizable", "registers", "3", "violated"] for line in lines)
    assert any(line.split() == ["Replicas", "agree", "in", "the", "end", "3", "held"] for line in lines)
    assert any(line.split() == ["No", "stale", "reads", "3", "not", "promised"] for line in lines)
    assert any(line.startswith("  schedule 1 (seed ") for line in lines)
