"""Raft: the log, reads, and what outlives failures.

Ongaro, Ousterhout: "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014 (sections by number); Ongaro:
"Consensus: Bridging Theory and Practice", Stanford, 2014 (thesis).
"""

from __future__ import annotations

import pytest

from simulations.nodes.raft import Raft as Declared
from tests.nodes.rafts import LATE, broken, cluster, contest, first, last, leaders, members, rules
from tests.nodes.stories import answers, atomic, read, user, write
from tests.worlds import crash, cut, link, node, partition, run, world

# The log (5.3)


def test_a_write_through_any_member_is_read_through_any_other() -> None:
    for reads in ("log", "read-index", "lease"):
        story = members({"u1": [write(300, 7)], "u2": [read(600)], "u0": [read(600)]}, reads=reads)
        assert answers(story, f="write") == ["ok"]
        assert answers(story) == [7, 7]


def test_the_leaders_disk_works_while_others_store_the_entry() -> None:
    """Thesis 10.2.1: the slower of the own disk and the faster follower governs, until two followers are faster."""
    for own_ms, one_ms, other_ms, expected in ((3, 3, 3, 13), (20, 3, 40, 20), (3, 20, 40, 30), (80, 3, 40, 50)):
        own = {"r0": first() | {"fsync_time": own_ms}, "r1": {"fsync_time": one_ms}, "r2": {"fsync_time": other_ms}}
        story = members({"u0": [write(600, 7)]}, own=own)
        (op,) = story.operations()
        assert op.takes_ms == pytest.approx(2 + expected), (own_ms, one_ms, other_ms)


def test_what_comes_in_meanwhile_goes_out_together() -> None:
    many = {"u0": [write(500 + number / 10, number) for number in range(50)]}

    def appends(batch_max: int) -> int:
        story = members(many, batch_max=batch_max)
        assert answers(story, f="write") == ["ok"] * 50
        found = [sent for sent in story.messages("append_entries", "r0", "r1") if 500e6 <= sent.sent_ns < 1500e6]
        return len([sent for sent in found if sent.size > 64])

    assert appends(100) == 2
    assert appends(1) == 50


def test_without_a_majority_nothing_is_answered_and_after_the_heal_it_is() -> None:
    apart = partition([["r0"], ["r1"], ["r2"]], 400, 1400)
    story = members(
        {"u0": [write(450, 1), read(460), write(900, 2)], "u1": [write(2200, 3)], "u2": [read(2500)]}, [apart]
    )
    assert [op.end for op in story.operations("u0")] == [
        ("info", "lost leadership"),
        ("fail", "lost leadership"),
        ("fail", "no leader"),
    ]
    assert answers(story, "u2") == [3]


def test_entries_of_a_deposed_leader_give_way() -> None:
    """5.3: r0 appends alone what the others never see; the new leader's log replaces it."""
    alone = partition([["r0"], ["r1", "r2"]], 400, 1500)
    steps = {"u0": [write(450, 1)], "u1": [write(1200, 2), read(2500)], "v0": [read(2500)]}
    story = members(steps, [alone])
    assert answers(story) == [2, 2]
    assert len(set(last(story, "digest"))) == 1
    before = dict(text.split(" = ") for _, text in story.states("r0", "entry"))
    assert {"2/1", "2/3"} <= set(before)
    assert not broken(story)


def test_after_a_crash_of_all_what_was_acknowledged_is_there() -> None:
    everybody = [crash(f"r{number}", 600, 800) for number in range(3)]
    story = members({"u0": [write(300, 7)], "u1": [read(2000)]}, everybody)
    assert answers(story) == [7]
    assert rules(story)["leader_completeness"].verdict == "pass"


def test_a_full_disk_refuses_and_does_no_harm() -> None:
    full = {"kind": "disk", "target": "r0", "at_ms": 400, "until_ms": 900, "mode": "full"}
    story = members({"u0": [write(500, 1), write(1500, 2), read(2000)]}, [full])
    assert [op.end for op in story.operations(f="write")] == [("fail", "disk full"), ("ok", "")]
    assert answers(story) == [2]


def test_a_member_alone_is_its_own_majority() -> None:
    story = members({"u0": [write(300, 1), read(500)]}, count=1)
    assert answers(story) == [1]
    assert {message.kind for message in story.messages()} == {"write", "done", "read", "value"}


def test_a_follower_may_refuse_in_place_of_forwarding() -> None:
    story = members({"u0": [write(400, 1)], "u1": [write(400, 2)]}, followers="refuse")
    assert [op.end for op in story.operations()] == [("ok", ""), ("fail", "not the leader")]


# Snapshots (7)


def test_a_member_that_is_far_behind_gets_a_snapshot_and_goes_on() -> None:
    steps = {
        "u0": [write(300 + 20 * number, number, f"k{number % 3}") for number in range(40)],
        "u1": [read(2500, "k0")],
    }
    for after, installs in ((0, False), (10, True)):
        story = members(steps, [crash("r2", 350, 1500)], snapshot_after=after)
        assert bool(story.messages("install_snapshot", "r0", "r2")) is installs
        assert len(set(last(story, "digest"))) == 1
        assert answers(story) == [39]
        assert not broken(story)


def test_a_restart_from_a_snapshot_comes_to_the_same() -> None:
    steps = {"u0": [write(300 + 20 * number, number) for number in range(25)], "u1": [read(2500)]}
    everybody = [crash(f"r{number}", 1000, 1100) for number in range(3)]
    story = members(steps, everybody, snapshot_after=10)
    assert answers(story) == [24]
    assert not broken(story)


# Reads (thesis 6.4)


def test_messages_that_a_read_costs() -> None:
    """Through the log it is an entry; a read index takes a round of heartbeats; a lease and a stale read nothing."""

    def sent(reads: str) -> int:
        steps = {"u0": [read(512)]}
        with_it, without = members(steps, reads=reads), members({}, reads=reads)
        assert answers(with_it) == [None]
        return len(with_it.messages()) - len(without.messages()) - 2

    assert [sent(reads) for reads in ("read-index", "lease", "stale")] == [4, 0, 0]
    assert sent("log") == 4


def test_a_deposed_leader_that_does_not_know_answers_old_values_only_where_reads_ask_nobody() -> None:
    """Thesis 6.4: between the cut and its stepping down the old leader must not read alone."""
    alone = partition([["r0"], ["r1", "r2"]], 500)
    steps = {"u0": [write(300, 1), read(1500)], "u1": [write(1300, 2)]}
    for reads, seen in (("log", "timed out"), ("read-index", "timed out"), ("lease", "timed out"), ("stale", 1)):
        story = members(steps, [alone], reads=reads, check_quorum=False)
        assert answers(story, f="write") == ["ok", "ok"]
        assert answers(story) == [seen]
        assert atomic(story) is (reads != "stale")


def test_a_lease_is_good_as_long_as_clocks_drift_no_more_than_they_are_said_to() -> None:
    """Thesis 6.4.1: the leader's clock runs at half its speed: others are done waiting before its lease ends."""

    def seen(drift_max: float) -> set[object]:
        slow = {"kind": "clock", "target": "r0", "at_ms": 500, "until_ms": None, "offset_ms": 0, "timers": True}
        slow["drift_ppm"] = -500_000
        alone = partition([["r0"], ["r1", "r2"]], 900)
        steps = {"u0": [write(700, 1)] + [read(at) for at in range(1100, 1200, 10)], "u1": [write(1090, 2)]}
        own = {"r0": first(), "r1": first(155), "r2": LATE}
        story = members(steps, [alone, slow], reads="lease", clock_drift_max=drift_max, own=own, heartbeat_ms=20)
        assert answers(story, f="write") == ["ok", "ok"]
        return set(answers(story))

    assert 1 in seen(0.01)
    assert 1 not in seen(1)


# All at once


@pytest.mark.parametrize("seed", range(4))
def test_what_clients_see_is_as_if_there_were_one_copy(seed: int) -> None:
    faults = [
        partition([["r0", "r1"], ["r2", "r3", "r4"]], 500, 900),
        crash("r4", 400, 700),
        crash("r2", 1200, 1400),
        crash("r0", 1100, 1700),
        {"kind": "duplicate", "target": "cluster:raft", "probability": 0.2, "at_ms": 0, "until_ms": 2000},
        {"kind": "reorder", "target": "cluster:raft", "probability": 0.2, "at_ms": 0, "until_ms": 2000, "latency": 20},
    ]
    reads = ("log", "read-index", "lease", "read-index")[seed]
    story = contest(Declared, seed, faults, reads=reads, snapshot_after=15, batch_max=(5, 100)[seed % 2])
    assert atomic(story)
    assert not broken(story)
    assert len([value for value in answers(story) if isinstance(value, int)]) > 40
    assert len(set(last(story, "digest", 5))) == 1


def test_a_duplicated_forwarded_write_is_carried_out_once() -> None:
    """A copy that comes late must not bring an old value back."""
    nodes = [user("u1", "r1", [write(400, 1), write(500, 2), read(900)])]
    own = {"r0": first()}
    nodes += [node(Declared, id, **own.get(id, {})) for id in ("r0", "r1", "r2")]
    twice = {"kind": "duplicate", "target": "raft:r0-r1", "probability": 1, "at_ms": 390, "until_ms": 450}
    story = run(world(nodes, [link("u1", "r1")], [cluster(["r0", "r1", "r2"])], [twice], 1500), Declared)
    assert len(story.messages("forward", outcome="delivered")) == 4
    assert answers(story) == [2]
    assert story.at(1400, "r0", "last") == 3  # the leader's own entry and two writes


def test_a_refusal_of_an_old_term_does_not_confirm_a_round_of_the_new_one() -> None:
    """r0 leads twice. A heartbeat of its first term reaches r1 in its second, whose rounds have lower numbers; then r0
    is cut off, and must not read on the strength of that answer (thesis 6.4).
    """
    late = {"kind": "delay", "target": "raft:r0-r1", "at_ms": 2000, "until_ms": 2030, "latency": 500}
    stopped = {"kind": "pause", "target": "r2", "at_ms": 2030, "until_ms": 2300}
    cuts = [cut("raft:r0-r1", 2030, 2300, "b-to-a"), stopped]
    own = {"r0": first(), "r1": {"election_timeout_ms_max": 5000}, "r2": {"election_timeout_ms_max": 5000}}
    alone = partition([["r0"], ["r1", "r2"]], 2560)
    story = members({"u0": [read(2600)]}, [late, *cuts, alone], own=own)
    assert answers(story) == ["lost leadership"]
    assert [(who, term) for _, who, term in leaders(story)] == [("r0", 1), ("r0", 2)]
    assert [sent for sent in story.messages("append_entries", "r0", "r1") if sent.takes_ms > 400]
    assert not broken(story)
