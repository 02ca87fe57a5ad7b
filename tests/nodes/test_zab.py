"""Zab: Junqueira, Reed, Serafini, "Zab: High-performance broadcast for primary-backup systems", DSN 2011 (JRS11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from simulations.nodes.zab import Zab
from tests.nodes.consensus import failures, group, judged, names, storm
from tests.nodes.stories import Step, answers, atomic, read, write
from tests.worlds import Entry, Run, crash, partition


def leader(story: Run, at_ms: float, count: int = 3) -> list[str]:
    return [id for id in names(count) if story.at(at_ms, id, "role") == "leader"]


def told(users: Mapping[str, Sequence[Step]], faults: Sequence[Entry] = (), **params: object) -> Run:
    """Of replicas without a history, the last by name is preferred: r2 leads."""
    story = group(Zab, users, faults, duration_ms=5000, **params)
    assert leader(story, 900) == ["r2"]
    return story


def test_one_replica_leads_and_all_deliver_the_same() -> None:
    story = told({"u0": [write(1000, 1), read(1200)], "u1": [write(1100, 2, "y")], "u2": [read(1300, "y")]})
    assert answers(story) == [1, 2]
    assert len({story.states(id, "digest")[-1][1] for id in names(3)}) == 1
    assert atomic(story)


def test_a_change_costs_the_primary_one_round_trip_and_one_fsync() -> None:
    """JRS11, section 4, phase 3: propose, acknowledge, commit."""
    (op,) = told({"u2": [write(1000, 1)]}, fsync_time=0.5).operations()
    assert op.takes_ms == 2 * 1 + 2 * 5 + 0.5


def test_nothing_is_proposed_before_a_majority_is_synchronised() -> None:
    """JRS11, section 4, phases 1 to 3 in their order."""
    story = told({"u2": [write(at_ms, at_ms) for at_ms in range(5, 200, 5)]})
    first = {kind: story.messages(kind)[0].sent_ns for kind in ("new_epoch", "epoch_accepted", "new_leader", "propose")}
    assert all(earlier < later for earlier, later in pairwise(first.values()))
    assert min(message.settled_ns for message in story.messages("ack")) <= first["propose"]


def test_each_leader_has_an_epoch_of_its_own_and_delivers_what_was_committed_before() -> None:
    steps = {"u0": [read(3000)], "u1": [write(3200, 2), read(3400)], "u2": [write(1000, 1)]}
    story = told(steps, [crash("r2", 1500)])
    (second,) = leader(story, 2900)
    assert story.at(2900, second, "epoch") > story.at(1400, "r2", "epoch")
    assert answers(story) == [1, 2]
    zxids = [value for _, value in story.states(second, "zxid")]
    assert zxids == sorted(set(zxids))


def test_the_leader_of_a_minority_gives_up_and_commits_nothing() -> None:
    sides = partition([["r2"], ["r0", "r1"]], 1500, 4000)
    story = told({"u2": [write(1550, 1), write(3000, 2)], "u0": [read(3500)], "v2": [read(4900)]}, [sides])
    assert [op.end for op in story.operations("u2")] == [("info", "no longer leader"), ("fail", "no leader")]
    assert leader(story, 3000) == ["r1"]
    assert answers(story) == [None, None]
    assert len({story.states(id, "digest")[-1][1] for id in names(3)}) == 1


def test_without_a_majority_nobody_leads() -> None:
    story = told({"u2": [write(2500, 1)]}, [crash("r0", 1000), crash("r1", 1000)])
    assert answers(story, f="write") == ["no leader"]


def test_a_history_outlives_the_crash_of_all() -> None:
    story = told({"u2": [write(1000, 1)], "u0": [read(4000)]}, [crash(id, 1500, 1600) for id in names(3)])
    assert answers(story) == [1]


def test_who_was_away_is_synchronised() -> None:
    steps = {"u2": [write(1100 + number, number + 1, f"k{number}") for number in range(150)]}
    story = told(steps, [crash("r0", 1000, 2000)])
    assert story.at(3500, "r0", "digest") == story.at(3500, "r2", "digest")
    assert story.at(3500, "r0", "keys") == 150


def test_a_change_that_a_majority_does_not_have_may_be_dropped_and_is_called_open() -> None:
    sides = partition([["r2"], ["r0", "r1"]], 1001, 3000)  # it is on r2's disk alone
    story = told({"u2": [write(1000, 1)], "u0": [write(2500, 2), read(4500)]}, [sides])
    assert [op.type for op in story.operations("u2")] == ["info"]
    assert answers(story, "u0", "write") == ["ok"]
    assert answers(story) == [2]
    assert len({story.states(id, "digest")[-1][1] for id in names(3)}) == 1


def test_a_cluster_of_one_agrees_with_itself() -> None:
    assert answers(group(Zab, {"u0": [write(1000, 1), read(1100)]}, replicas=1)) == [1]


def test_every_rule_holds_through_random_faults() -> None:
    for seed in (144, 223, *range(100, 106)):
        assert failures(Zab, storm(Zab, seed, 3 + (seed == 105) * 2)) == {}


def test_rules_are_held_against_something() -> None:
    _, verdicts = judged(Zab, storm(Zab, 4))
    assert {verdicts[rule.name] for rule in Zab.INVARIANTS} == {"pass"}
