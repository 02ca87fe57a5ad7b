"""Multi-Paxos: Lamport, "Paxos Made Simple", 2001 (PMS); van Renesse, Altinbuken, "Paxos Made Moderately Complex", ACM
Computing Surveys 47(3), 2015 (PMMC).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.node import Node
from simulations.nodes.multi_paxos import MultiPaxos
from tests.nodes.consensus import failures, group, judged, mesh, names, storm
from tests.nodes.stories import Step, answers, atomic, read, user, write
from tests.worlds import Entry, Run, crash, cut, link, node, partition, run, world


def leaders(story: Run, at_ms: float, count: int = 3) -> list[str]:
    return [id for id in names(count) if story.at(at_ms, id, "role") == "leader"]


def test_one_replica_leads_and_all_apply_the_same_log() -> None:
    steps = {"u0": [write(1000, 1), write(1100, 2, "y")], "u1": [read(1200)], "u2": [write(1300, 3), read(1400)]}
    story = group(MultiPaxos, steps)
    assert len(leaders(story, 900)) == 1
    assert answers(story, f="write") == ["ok", "ok", "ok"]
    assert answers(story) == [1, 3]
    assert len({story.states(id, "digest")[-1][1] for id in names(3)}) == 1
    assert atomic(story)


def lead_of_r0(users: dict[str, list[Step]], faults: list[Entry], **params: Any) -> Run:
    """Three replicas; the others are down when r0's patience ends, so that it leads as soon as they are up."""
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()]
    nodes += [node(MultiPaxos, id, election_timeout_ms=100 if id == "r0" else 900, **params) for id in names(3)]
    links = [link(id, f"r{id[1]}") for id in users]
    return run(world(nodes, links, [mesh(names(3), 5)], faults, duration_ms=6000), MultiPaxos)


def test_a_command_costs_one_round_trip_and_one_fsync() -> None:
    """PMS, section 3: phase 1 is done once, for all slots. With a prepare for every command it is two of each."""
    took = {}
    for prepare in ("once", "each"):
        story = lead_of_r0({"u0": [write(1000, 1), write(1100, 2)]}, [], prepare=prepare, fsync_time=0.5)
        took[prepare] = [op.takes_ms for op in story.operations()]
    assert took["once"] == [2 * 1 + 2 * 5 + 0.5] * 2
    assert took["each"] == [2 * 1 + 4 * 5 + 0.5] * 2


def test_messages_of_a_command_are_one_round_to_each_other_replica() -> None:
    story = lead_of_r0({"u0": [write(1000, 1)]}, [])
    (op,) = story.operations()
    kinds = [message.kind for message in story.messages() if message.op == op.id]
    assert sorted(kinds) == ["accept", "accept", "accepted", "accepted", "done", "write"]


def test_nothing_is_accepted_before_it_is_on_disk() -> None:
    story = lead_of_r0({"u0": [write(1000, 1)]}, [], fsync_time=7)
    asked = [message.settled_ns for message in story.messages("accept") if message.op >= 0]
    told = [message.sent_ns for message in story.messages("accepted") if message.op >= 0]
    assert [end - start for start, end in zip(asked, told, strict=True)] == [7_000_000] * 2


def test_a_follower_hands_requests_on_to_the_leader() -> None:
    story = lead_of_r0({"u1": [write(1000, 1), read(1100)]}, [])
    assert answers(story, f="write") == ["ok"]
    assert answers(story) == [1]
    assert [message.dst for message in story.messages("forward")] == ["r0", "r0"]


def test_another_replica_takes_over_when_the_leader_crashes_and_keeps_what_was_chosen() -> None:
    steps = {"u0": [write(1000, 1)], "u1": [read(5000)], "u2": [write(5200, 2), read(5400)]}
    story = lead_of_r0(steps, [crash("r0", 1500)])
    assert leaders(story, 1400) == ["r0"]
    assert leaders(story, 4900)[-1] in ("r1", "r2")
    assert answers(story) == [1, 2]


def test_the_leader_of_a_minority_gives_up_and_chooses_nothing() -> None:
    sides = partition([["r0"], ["r1", "r2"]], 1500, 5000)
    story = lead_of_r0({"u0": [write(1550, 1), write(2500, 2)], "u1": [read(4500)]}, [sides])
    assert [op.end for op in story.operations("u0")] == [("info", "no longer leader"), ("fail", "no leader")]
    assert "r0" not in leaders(story, 2500)
    assert answers(story, "u1") == [None]
    assert len({story.states(id, "digest")[-1][1] for id in names(3)}) == 1


def test_without_a_majority_nobody_leads() -> None:
    story = lead_of_r0({"u0": [write(2500, 1)]}, [crash("r1", 1000), crash("r2", 1000)])
    assert story.at(2500, "r0", "role") != "leader"
    assert answers(story, f="write") == ["no leader"]


def test_a_log_outlives_the_crash_of_all() -> None:
    """PMS, section 2.5: what acceptors must remember is in stable storage."""
    faults = [crash(id, 1500, 1600) for id in names(3)]
    story = lead_of_r0({"u0": [write(1000, 1), write(1100, 2, "y")], "u1": [read(4000), read(4000, "y")]}, faults)
    assert answers(story) == [1, 2]


def test_who_was_away_fetches_what_it_has_missed() -> None:
    story = lead_of_r0({"u0": [write(1100 + number, number + 1, f"k{number}") for number in range(150)]},
                       [crash("r2", 1000, 2000)])  # fmt: skip
    assert answers(story, f="write") == ["ok"] * 150
    assert story.at(1900, "r1", "keys") == 150
    assert story.at(2300, "r2", "digest") == story.at(2300, "r0", "digest")
    assert len(story.messages("missing", src="r2")) >= 2  # a hundred slots at once


def test_gaps_are_filled_with_commands_that_do_nothing() -> None:
    """PMS, section 3: a new leader proposes no-ops for slots that it knows no value for."""
    # The accept for slot 0 is lost on both ways, and the leader is gone before it would say it again.
    cuts = [cut(f"mesh:r0-{other}", 1019, 1026, "a-to-b") for other in ("r1", "r2")]
    steps = {"u0": [write(1019, 1), write(1026, 2)], "u1": [write(4000, 3)]}
    story = lead_of_r0(steps, [*cuts, crash("r0", 1035)], heartbeat_ms=80)
    chosen = [text for _, text in story.states("r1", "chosen")]
    assert [text.split(" (")[0] for text in chosen[:2]] == ["0 = nothing", "1 = x := 2"]


def test_a_value_that_one_acceptor_has_may_be_chosen_by_the_next_leader() -> None:
    """PMS, section 2.2, P2c: the new leader proposes what was accepted in the highest ballot it hears of."""
    faults = [cut("mesh:r0-r2", 990, 6000), crash("r0", 1008)]  # the accept has reached r1 only, which never answers r0
    story = lead_of_r0({"u0": [write(1000, 7)], "u1": [read(5000)]}, faults)
    assert [op.end for op in story.operations("u0")] == [("info", "timed out")]
    assert answers(story, "u1") == [7]


def test_one_that_cannot_write_does_not_lead() -> None:
    full = {"kind": "disk", "target": "r0", "mode": "full", "at_ms": 900, "until_ms": None}
    story = lead_of_r0({"u0": [write(1000, 1)], "u1": [write(5000, 2), read(5500)]}, [full])
    assert story.at(1100, "r0", "role") != "leader"
    assert answers(story, "u1", "read") == [2]


def test_a_cluster_of_one_agrees_with_itself() -> None:
    story = group(MultiPaxos, {"u0": [write(1000, 1), read(1100)]}, replicas=1)
    assert answers(story) == [1]


def test_a_request_that_arrives_twice_over_a_link_of_the_cluster_is_carried_out_once() -> None:
    twice = {"kind": "duplicate", "target": "mesh:r0-r1", "probability": 1, "at_ms": 0, "until_ms": None}
    story = lead_of_r0({"u1": [write(1000, 1)]}, [twice])
    assert len([text for _, text in story.states("r0", "chosen") if "x := 1" in text]) == 1


def test_a_copy_that_comes_too_late_is_not_refused() -> None:
    """Its first copy was proposed by a leader that has stepped down since: whether it takes effect is open."""
    document = storm(MultiPaxos, 579)
    assert failures(MultiPaxos, document) == {}


@pytest.mark.parametrize("prepare", ["once", "each"])
def test_every_rule_holds_through_random_faults(prepare: str) -> None:
    for seed in range(100, 110):
        document = storm(MultiPaxos, seed, 3 + seed % 2 * 2, prepare=prepare)
        assert failures(MultiPaxos, document) == {}


def test_rules_are_held_against_something() -> None:
    _, verdicts = judged(MultiPaxos, storm(MultiPaxos, 1))
    assert {verdicts[rule.name] for rule in MultiPaxos.INVARIANTS} == {"pass"}


def test_an_election_timeout_shorter_than_a_heartbeat_is_doubted() -> None:
    kind: type[Node] = MultiPaxos
    params = {param.name: param.default for param in kind.PARAMS}
    assert kind.doubts(params, frozenset()) == []
    assert [name for name, _ in kind.doubts(params | {"heartbeat_ms": 300}, frozenset())] == ["election_timeout_ms"]
    assert [name for name, _ in kind.doubts(params | {"fsync_time": 300}, frozenset())] == ["fsync_time"]
