"""Practical Byzantine fault tolerance: Castro and Liskov, OSDI 1999."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from simulations.document import parse
from simulations.document_doubts import doubts
from simulations.engine.channel import Message
from tests.nodes.generals import Pbft, byzantine, cluster, contest, failures, names, schedule
from tests.nodes.stories import answers, atomic, read, write
from tests.worlds import Entry, Run, crash, cut, partition


def carried_out(story: Run, id: str) -> dict[str, str]:
    """What a replica carried out, by sequence number."""
    return dict(text.split(" = ") for _, text in story.states(id, "executed") if text)


# The normal case: section 4.2


def test_three_phases_and_their_messages() -> None:
    """4.2, Figure 1: n − 1 pre-prepares; each backup's prepare and each replica's commit to n − 1."""
    story = cluster({"u1": [write(100, 7)]}, duration_ms=150)
    kinds = Counter(message.kind for message in story.messages())
    assert (kinds["pre_prepare"], kinds["prepare"], kinds["commit"]) == (3, 9, 12)
    assert answers(story, f="write") == ["ok"]
    assert [carried_out(story, id).keys() for id in names(4)] == [{"1"}] * 4


def test_reads_see_what_was_written_at_any_replica() -> None:
    story = cluster({"u1": [write(100, 7)], "u2": [read(300)], "u3": [read(300, "y")]})
    assert answers(story) == [7, None]
    assert atomic(story)


def test_a_contact_answers_when_one_more_than_f_tell_the_same() -> None:
    """4.1: the client waits for f + 1 replies with the same result."""
    for behaviour, replicas, expected in (("wrong answers", 4, 7), ("silence", 4, 7)):
        story = cluster({"u1": [write(100, 7), read(900)]}, [byzantine("r3", behaviour)], replicas)
        assert answers(story) == [expected]


# View changes: section 4.4


@pytest.mark.parametrize(
    "fault", [crash("r0", 50), byzantine("r0", "silence"), partition([["r0"], ["r1", "r2", "r3"]], 50)]
)
def test_backups_leave_a_primary_that_says_nothing(fault: Entry) -> None:
    story = cluster({"u2": [write(100, 7)], "u3": [read(1500)]}, [fault], patience_ms=300)
    assert answers(story) == [7]
    assert [story.at(2000, id, "view") for id in ("r1", "r2", "r3")] == [1, 1, 1]
    assert story.at(2000, "r1", "role") == "primary"


def test_each_view_that_comes_to_nothing_doubles_the_time_waited() -> None:
    """4.4: it will wait 2 t before it starts the view change for the view after."""
    faults = [byzantine(id, "silence") for id in ("r0", "r1")]
    story = cluster({"u5": [write(100, 7)]}, faults, 7, patience_ms=200)
    views = [time for time, _ in story.states("r5", "view")][1:]
    assert answers(story, f="write") == ["ok"]
    assert views[1] - views[0] == pytest.approx(400, abs=30)
    assert [story.at(2500, id, "view") for id in names(7)[2:]] == [2] * 5


def test_what_was_committed_keeps_its_number_in_the_next_view() -> None:
    """4.4: the new primary orders again, under the same numbers, what a quorum has prepared."""
    slow = {"kind": "uniform", "low_ms": 4, "high_ms": 12}
    for at_ms in (112, 116, 120, 124, 128):
        steps = {"u1": [write(100, 7)], "u2": [write(101, 8, "y"), read(1500)], "u3": [read(1500, "y")]}
        story = cluster(steps, [crash("r0", at_ms, 1000)], latency=slow, patience_ms=200)
        assert (answers(story, "u2"), answers(story, "u3")) == ([7], [8])
        assert not failures(story)


def test_a_primary_that_tells_everybody_something_else_is_left() -> None:
    story = cluster({"u2": [write(100, 7)], "u3": [read(1500)]}, [byzantine("r0", "equivocation")], patience_ms=300)
    assert answers(story) == [7]
    assert story.at(2000, "r1", "role") == "primary"
    assert not failures(story)


# Checkpoints and state transfer: section 4.3


def test_the_log_is_dropped_at_stable_checkpoints_and_who_missed_it_gets_the_state() -> None:
    steps = {"u1": [write(200 + 20 * number, number, f"k{number}") for number in range(1, 31)]}
    story = cluster(steps, [crash("r3", 100, 1500)], checkpoint_every=8)
    assert story.messages("reached", dst="r3", outcome="delivered")
    assert story.at(2900, "r3", "digest") == story.at(2900, "r1", "digest")
    assert "1" not in carried_out(story, "r3")
    assert story.at(2900, "r3", "keys") == 30


class Deaf(Pbft):  # type: ignore[misc, valid-type]
    """Hears of nobody else's checkpoints."""

    def on_checkpoint(self, body: Any, message: Message) -> None:
        return


def test_without_a_quorum_of_checkpoints_the_log_comes_to_its_end() -> None:
    """4.3, at the end: the high water mark stops a primary that would run through all numbers."""
    steps = {"u1": [write(200 + 20 * number, number) for number in range(1, 31)]}
    story = cluster(steps, kind=Deaf, checkpoint_every=8)
    assert max(int(number) for number in carried_out(story, "r1")) == 16


# More than f


def test_one_more_silent_replica_than_f_stops_everything() -> None:
    faults = [byzantine("r2", "silence"), byzantine("r3", "silence")]
    story = cluster({"u1": [write(100, 7)]}, faults)
    assert [op.end for op in story.operations()] == [("info", "no agreement in time")]
    assert not [id for id in names(4) if carried_out(story, id)]
    assert answers(cluster({"u1": [write(100, 7)]}, faults[:1]), f="write") == ["ok"]


def test_a_primary_and_f_helpers_make_two_honest_replicas_carry_out_different_requests() -> None:
    steps = {"u2": [write(100, 7)]}
    alone = cluster(steps, [byzantine("r0", "collusion")])
    assert "pbft_agreement" not in failures(alone)
    assert answers(alone, f="write") == ["ok"]
    story = cluster(steps, [byzantine("r0", "collusion"), byzantine("r1", "collusion")])
    assert carried_out(story, "r2")["1"] != carried_out(story, "r3")["1"]
    assert "pbft_agreement" in failures(story)
    assert not carried_out(story, "r0")  # what a liar shows is no breach


def test_who_is_cut_off_answers_nobody_and_learns_what_it_missed() -> None:
    away = partition([["r3"], ["r0", "r1", "r2"]], 50, 1200)
    story = cluster({"u1": [write(100, 7)], "u3": [write(100, 9), read(1600)]}, [away], answer_timeout_ms=500)
    assert answers(story, "u3", "write") == ["no agreement in time"]
    assert answers(story, "u3") in ([7], [9])
    assert not failures(story)


# Restarts


def test_a_power_cut_takes_nothing_that_was_answered() -> None:
    steps = {"u1": [write(100, 7)], "u2": [read(1500)]}
    for at_ms in (115, 125, 400):
        story = cluster(steps, [crash(id, at_ms, 700) for id in names(4)])
        done = answers(story, "u1", "write") == ["ok"]
        assert answers(story) == [7] if done else answers(story) in ([7], [None])
        assert not failures(story)


@pytest.mark.parametrize("seed", range(8))
def test_it_holds_through_random_crashes_and_partitions(seed: int) -> None:
    story = contest(schedule(seed), seed)
    assert not failures(story)
    assert len([op for op in story.operations() if op.type == "ok"]) > 15


def test_it_holds_on_disks_that_are_slow_or_full_or_tear_what_they_write() -> None:
    """A record is never written over, so that a torn write takes nothing that was told."""
    disks: list[Entry] = [{"kind": "disk", "target": id, "mode": "torn", "checksums": False} for id in names(4)]
    disks += [{"kind": "disk", "target": "r1", "mode": "slow", "factor": 20}]
    disks = [{**disk, "at_ms": 0, "until_ms": 1500} for disk in disks]
    disks += [{"kind": "disk", "target": "r2", "mode": "full", "at_ms": 300, "until_ms": 1000}]
    assert not failures(contest([*schedule(101), *disks], 101))


@pytest.mark.parametrize("behaviour", ["wrong answers", "equivocation", "collusion", "forged proofs", "silence"])
def test_one_liar_of_four_breaks_nothing_for_those_who_ask_others(behaviour: str) -> None:
    faults = [byzantine("r0", behaviour), cut("r2-r3", 300, 600, "a-to-b"), crash("r3", 700, 800)]
    story = contest(faults, 2)
    assert set(failures(story)) <= {"convergence"}  # a liar's copy counts for nothing
    assert len([op for op in story.operations() if op.type == "ok"]) > 15


def test_seals_find_out_what_was_altered_on_the_wire() -> None:
    tamper = {"kind": "tamper", "target": "r0", "probability": 1, "at_ms": 0, "until_ms": None, "mends_checksum": True}
    story = cluster({"u2": [write(100, 7), read(1500)]}, [{**tamper, "direction": "both"}])
    assert answers(story) == [7]
    assert not [words for name, words in failures(story).items() if name != "convergence"]


# Sizes


@pytest.mark.parametrize(("replicas", "faulty"), [(3, 1), (6, 2)])
def test_three_f_replicas_refuse_everything(replicas: int, faulty: int) -> None:
    story = cluster({"u1": [write(100, 7)]}, replicas=replicas, faulty=faulty)
    assert answers(story, f="write") == ["too few replicas"]
    assert answers(cluster({"u1": [write(100, 7)]}, replicas=replicas + 1, faulty=faulty), f="write") == ["ok"]


@pytest.mark.parametrize(
    ("replicas", "faulty", "words"),
    [
        (3, 1, "Refuses everything: to tolerate 1 takes 4 replicas, not 3."),
        (3, 0, "With 3 replicas no faulty one is tolerated: 4 tolerate one."),
        (1, 0, "With one replica no faulty one is tolerated: 4 tolerate one."),
        (6, 0, "6 replicas tolerate no more than 4 do; 7 tolerate 2."),
        (4, 0, ""),
        (7, 2, ""),
    ],
)
def test_sizes_that_do_not_fit_are_said(replicas: int, faulty: int, words: str) -> None:
    ids = names(replicas)
    document = {
        "format": "netsplit/1",
        "title": "t",
        "seed": 1,
        "duration_ms": 1000,
        "nodes": [{"id": id, "type": "pbft", "x": 100 + 160 * n, "y": 100} for n, id in enumerate(ids)],
        "links": [],
        "clusters": [{"id": "c", "protocol": "pbft", "members": ids, "params": {"faulty": faulty}}],
    }
    assert {mistake.message for mistake in doubts(parse(json.dumps(document)))} == ({words} if words else set())


def test_one_replica_alone_agrees_with_itself() -> None:
    assert answers(cluster({"u0": [write(100, 7), read(200)]}, replicas=1)) == [7]
