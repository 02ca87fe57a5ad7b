"""Fault schedules by chance: what is drawn, what breaks under them, and what a violation comes down to."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import Document, parse, validate
from simulations.document_doubts import doubts
from simulations.engine.channel import Message
from simulations.engine.messages import DONE, Body, Write
from simulations.engine.tasks import Failure
from simulations.exploring import EXPLORED, FAILED, OF_ONE_COPY, explore, healed_ms, judged, prepared, struck
from simulations.fault_schedules import FAULTS_MAX, HEALED, groups_of, schedule
from simulations.gallery import FOLDER
from tests.nodes.replicas import Register, source
from tests.planted.documents import DOCUMENTS
from tests.searching import cluster_document, first_violation, minimised
from tests.worlds import MS

CP = cluster_document("register", mode="cp", quorum_timeout_ms=120)
MANY = range(1, 201)
CONVERGENCE = frozenset({"convergence"})  # a minority may never hear of a value for which nobody asks again


def scenario(slug: str, variant: str | None = None) -> Document:
    return prepared(parse((FOLDER / f"{slug}.json").read_text()), variant)


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


def test_who_comes_to_be_in_charge_is_struck_and_so_another_takes_over() -> None:
    ready = prepared(validate(cluster_document("raft")))
    (group,) = groups_of(ready)
    assert group.offices == ("role = leader",)
    waiting = [fault for number in range(1, 41) for fault in schedule(ready, 1, number) if "when" in fault]
    in_charge = [fault for fault in waiting if fault["when"]["event"] == "role = leader"]
    assert {fault["kind"] for fault in in_charge} == {"crash", "pause", "partition"}
    terms = [verdict.terms for verdict in explore(ready, 1, range(1, 13))]
    assert min(terms) == 1
    assert sum(count > 1 for count in terms) >= 4


def test_who_keeps_a_cluster_in_order_is_struck_too() -> None:
    cluster, master = groups_of(scenario("replication-chain"))
    assert (len(cluster.members), master.members) == (4, ("master",))
    assert {link.target for link in master.towards} == {f"master-n{number}" for number in range(1, 5)}
    faults = [fault for number in range(1, 41) for fault in struck(scenario("replication-chain"), 1, number).faults]
    crashed: set[Any] = {fault.target for fault in faults if fault.kind == "crash"}
    assert crashed == {"n1", "n2", "n3", "n4", "master"}


def test_liars_stay_under_any_schedule() -> None:
    ready = scenario("consensus-pbft")
    liar, *others = struck(ready, 1, 1).data()["faults"]
    assert (liar["kind"], liar["target"]) == ("byzantine", "r0")
    assert others == schedule(ready, 1, 1)
    assert healed_ms(struck(ready, 1, 1)) <= HEALED * ready.duration_ms


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
    """Confirms a write that it alone has for sure, so that a majority need not share a replica with it."""

    async def on_write(self, body: Write, message: Message) -> Body:
        stored = self.tagged(body, self.entries.get(body.key, source.NOTHING))
        self.call_each(self.peers, source.Store(body.key, stored), self.timeout_ms)
        await self.keep(body.key, stored)
        await self.sleep(20 * MS)
        return DONE


class GivesUp(Register):  # type: ignore[misc]
    """Exchanges nothing more once a peer has not answered."""

    async def exchange_with(self, peer: str, entries: Any) -> None:
        try:
            await self.call(peer, source.Exchange(entries), self.number("anti_entropy_ms"))
        except Failure:
            self.peers = self.peers[:1]


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
    """Without any fault the store agrees soon after the last write, but not at once."""
    available = cluster_document("register", mode="ap", anti_entropy_ms=50)
    assert first_violation(available, {"register": Register}, 20, without=OF_ONE_COPY) is None
    violation = first_violation(available, {"register": GivesUp}, 20, without=OF_ONE_COPY)
    assert violation is not None
    assert [check for check, _ in violation.broken] == ["convergence"]
    ready = struck(prepared(validate(available)), 1, violation.number)
    found = minimised(available, {"register": GivesUp}, violation, runs_max=60)
    assert (found.duration_ms, found.settle_ms) == (ready.duration_ms, ready.settle_ms)
    assert healed_ms(found) <= healed_ms(ready)
    assert 1 <= len(found.faults) <= 3


def test_what_must_come_eventually_is_given_more_time() -> None:
    data = scenario("cap-partition", "ap").data()
    end_ms = data["duration_ms"] + data["settle_ms"]
    cut_off = {"kind": "partition", "target": [["r1"], ["r2", "r3", "r4", "r5"]], "at_ms": 1_000}
    late = judged(validate(data | {"faults": [cut_off | {"until_ms": end_ms - 20}]}), 0, OF_ONE_COPY)
    assert late.broken == ()
    assert "convergence" in late.unknown
    early = judged(validate(data | {"faults": [cut_off | {"until_ms": 3_000}]}), 0, OF_ONE_COPY)
    assert "convergence" in early.passed
    never = judged(validate(data | {"faults": [cut_off]}), 0, OF_ONE_COPY)
    assert [check for check, _ in never.broken] == ["convergence"]


def test_a_write_that_began_on_a_slow_disk_may_outlast_the_run() -> None:
    struggling = [
        {"kind": "slow", "target": "n1", "factor": 38, "at_ms": 1_050, "until_ms": 1_150},
        {"kind": "disk", "mode": "slow", "target": "n1", "factor": 13, "at_ms": 1_050, "until_ms": 1_150},
    ]
    data = DOCUMENTS["raft, entry by entry"] | {"seed": 390_161, "settle_ms": 2_000, "faults": struggling}
    late = judged(validate(data))
    assert late.broken == ()
    assert "convergence" in late.unknown


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
