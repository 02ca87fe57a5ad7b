"""Leader–follower replication: what each way to acknowledge costs and loses, catching up, failing over, fencing."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.declare import Neighbour
from tests.hosts import broken
from tests.nodes.followers import FailoverMonitor, LeaderFollower, store
from tests.nodes.stories import answers, atomic, read, write
from tests.worlds import Entry, Run, crash, cut, partition

MEMBERS = ("r0", "r1", "r2")


def digests(story: Run, members: tuple[str, ...] = MEMBERS) -> set[Any]:
    return {story.states(id, "digest")[-1][1] for id in members}


# Acknowledging


@pytest.mark.parametrize(
    ("acknowledge", "takes_ms"),
    [
        ("async", 2 * 1 + 1),  # the client's round trip and the leader's fsync
        ("semi-sync", 2 * 1 + 1 + 2 * 5 + 1),  # and the round trip to the faster follower, and its fsync
        ("sync", 2 * 1 + 1 + 2 * 5 + 30),  # and the slower one's fsync
    ],
)
def test_a_write_waits_for_nobody_for_the_fastest_or_for_the_slowest(acknowledge: str, takes_ms: float) -> None:
    slow = {"r2": {"fsync_time": 30}}
    story = store({"u0": [write(500, 1)]}, acknowledge=acknowledge, fsync_time=1, slow=slow)
    assert [op.takes_ms for op in story.operations()] == [takes_ms]
    assert len(digests(story)) == 1


@pytest.mark.parametrize(("acknowledge", "end"), [("async", "ok"), ("semi-sync", "ok"), ("sync", "timed out")])
def test_with_one_follower_down_only_the_synchronous_stop(acknowledge: str, end: str) -> None:
    story = store({"u0": [write(500, 1)]}, [crash("r2", 100)], acknowledge=acknowledge)
    assert answers(story, f="write") == [end]


@pytest.mark.parametrize(("acknowledge", "end"), [("async", "ok"), ("semi-sync", "timed out")])
def test_semi_synchronous_never_degrades(acknowledge: str, end: str) -> None:
    """Where MySQL's does by default, after rpl_semi_sync_source_timeout."""
    faults = [crash("r1", 100), crash("r2", 100)]
    story = store({"u0": [write(500, 1)]}, faults, acknowledge=acknowledge)
    assert answers(story, f="write") == [end]
    assert {op.type for op in story.operations()} == ({"ok"} if end == "ok" else {"info"})


def test_semi_synchronous_falls_back_where_it_is_told_to_until_a_follower_has_caught_up() -> None:
    faults = [crash("r1", 100, 1000), crash("r2", 100, 1000)]
    steps = {"u0": [write(500, 1), write(700, 2), write(1500, 3)]}
    story = store(steps, faults, falls_back_ms=100, fsync_time=1, monitor=False)
    assert [op.takes_ms for op in story.operations()] == [2 * 1 + 100, 2 * 1 + 1, 2 * 1 + 1 + 2 * 5 + 1]


@pytest.mark.parametrize(("falls_back_ms", "end"), [(0, "timed out"), (100, "ok")])
def test_a_leader_that_is_alone_acknowledges_nothing_or_what_is_lost(falls_back_ms: float, end: str) -> None:
    alone = partition([["r0"], ["r1", "r2"]], 550, 2000)
    steps = {"u0": [write(500, 6), write(600, 7)], "u1": [read(2800)]}
    story = store(steps, [alone, crash("r0", 800, 2000)], falls_back_ms=falls_back_ms)
    assert answers(story, f="write") == ["ok", end]
    assert answers(story) == [6]


@pytest.mark.parametrize(("acknowledge", "found"), [("async", None), ("semi-sync", 7), ("sync", 7)])
def test_what_the_leader_had_acknowledged_when_it_died(acknowledge: str, found: int | None) -> None:
    """Asynchronous: a write that had not left the leader is lost. Otherwise none is."""
    steps = {"u0": [write(502, 7)], "u1": [read(2500)]}
    story = store(steps, [crash("r0", 516, 2000)], acknowledge=acknowledge, ship_ms=50)
    assert answers(story, f="write") == ["ok"]
    assert answers(story) == [found]


def test_what_is_gathered_is_sent_together() -> None:
    steps = {"u0": [write(500 + number, number + 1) for number in range(10)]}
    together = store(steps, acknowledge="async", ship_ms=30, heartbeat_ms=1000, monitor=False)
    each = store(steps, acknowledge="async", ship_ms=0, heartbeat_ms=1000, monitor=False)
    assert len(together.messages(kind="append")) < len(each.messages(kind="append")) / 2
    assert digests(together) == digests(each)


def test_members_that_do_not_lead_pass_requests_on() -> None:
    story = store({"u1": [write(500, 1)], "u2": [read(600)]})
    assert answers(story, f="write") == ["ok"]
    assert answers(story) == [1]
    assert len(story.messages(kind="forward", src="r1", dst="r0")) == 1


def test_nobody_passes_on_what_was_passed_on() -> None:
    """The leader is deposed, and the one who asks it does not know."""
    faults = [partition([["m", "r2"], ["r1"]], 500, 2500), crash("r0", 600, 1200)]
    story = store({"u1": [write(1900, 1)]}, faults, acknowledge="async")
    assert answers(story, f="write") == ["not the leader"]
    assert [(message.src, message.dst) for message in story.messages(kind="forward")] == [("r1", "r0")]


# Catching up


def test_a_follower_that_was_down_gets_what_it_lacks() -> None:
    """Raft, section 5.3: the leader goes back to where both logs agree."""
    steps = {"u0": [write(300 + 10 * number, number + 1, f"k{number}") for number in range(40)]}
    story = store(steps, [crash("r2", 350, 1500)])
    assert story.at(1600, "r2", "length") == 41
    assert len(digests(story)) == 1
    assert story.at(1450, "r1", "digest") == story.at(1600, "r2", "digest")


def test_a_long_log_is_caught_up_in_pieces() -> None:
    steps = {"u0": [write(300 + number, number + 1, f"k{number % 7}") for number in range(500)]}
    story = store(steps, [crash("r2", 200, 1500)])
    assert len(digests(story)) == 1
    assert story.at(1800, "r2", "length") == 501
    assert max(message.size for message in story.messages(kind="append", dst="r2")) <= 96 + 64 * 200


def test_a_deposed_leaders_tail_is_dropped() -> None:
    """It had acknowledged what it never sent; the new leader's log counts (Raft, section 5.3)."""
    steps = {"u0": [write(500, 1), write(1200, 2)], "u1": [write(2000, 3)], "v1": [read(2900)]}
    faults = [partition([["r0", "u0"], ["r1", "r2", "m", "u1", "v1"]], 1000, 2200)]
    story = store(steps, faults, acknowledge="async", reads="leader")
    assert answers(story, f="write") == ["ok"] * 3
    assert answers(story) == [3]
    assert len(digests(story)) == 1
    assert [text for _, text in story.notes("r0") if text.startswith("dropped")]
    assert [value for _, value in story.states("r0", "value") if value][-1] == "x = 3"


def test_after_a_crash_of_all_what_was_acknowledged_is_there() -> None:
    faults = [crash(id, 700, 800 + 100 * place) for place, id in enumerate(MEMBERS)]
    story = store({"u0": [write(500, 1)], "u1": [read(1500)]}, faults, acknowledge="semi-sync")
    assert answers(story) == [1]


def test_without_a_monitor_a_leader_that_comes_back_leads_on() -> None:
    steps = {"u0": [write(300, 1), read(900), write(950, 2)], "u1": [read(500)]}
    story = store(steps, [crash("r0", 400, 800)], monitor=False)
    assert answers(story, "u1") == ["timed out"]
    assert answers(story, "u0") == [1]
    assert answers(story, "u0", "write") == ["ok", "ok"]
    assert story.states("r1", "role") == [(0, "follower")]


# Failing over


def test_failover_takes_detection_and_promotion() -> None:
    """Patience from the last answer, to the next question; then fsync, a round trip, fsync, a round trip, fsync."""
    story = store({"u1": [write(1400, 1)]}, [crash("r0", 1000)])
    (noticed,) = [time for time, text in story.notes("m") if text == "r0 is silent"]
    assert 1000 + 300 - 50 - 2 <= noticed <= 1000 + 300 + 50
    (leads,) = [time for time, text in story.notes("r1") if text.startswith("leads")]
    assert leads == noticed + 0.5 + 2 * 1 + 0.5 + 1
    assert answers(story, f="write") == ["ok"]


def test_the_most_advanced_follower_is_promoted() -> None:
    steps = {"u0": [write(500, 1)], "u2": [read(1500)]}
    story = store(steps, [partition([["r0"], ["r1"]], 400, 900), crash("r0", 900)])
    assert story.at(1400, "r2", "role") == "leader"
    assert answers(story) == [1]


def test_the_preferred_follower_is_promoted_however_far_behind_it_is() -> None:
    steps = {"u0": [write(500, 1)], "u2": [read(1500)]}
    behind = [partition([["r0"], ["r1"]], 400, 900), crash("r0", 900)]
    story = store(steps, behind, prefers="r1")
    assert story.at(1400, "r1", "role") == "leader"
    assert answers(story) == [None]
    away = store(steps, [*behind, crash("r1", 950)], acknowledge="async", prefers="r1")
    assert away.at(2000, "r2", "role") == "leader"


def test_too_few_members_promote_nobody() -> None:
    """A write is on 1 + k members: one of all but k has it, of fewer perhaps none."""
    faults = [crash("r0", 1000), crash("r2", 1000, 2000)]
    story = store({"u1": [write(1500, 1), write(2600, 2)]}, faults)
    assert answers(story, f="write") == ["no leader", "ok"]
    assert next(time for time, role in story.states("r1", "role") if role == "leader") > 2000
    anyway = store({"u1": [write(1500, 1)]}, faults, acknowledge="async")
    assert answers(anyway, f="write") == ["ok"]


def test_a_monitor_that_crashes_hands_out_no_epoch_twice() -> None:
    faults = [crash("m", 1301.2, 1400), crash("r0", 1000, 1500), crash("m", 2000, 2100)]
    story = store({"u1": [write(2800, 1)]}, faults)
    assert answers(story, f="write") == ["ok"]
    epochs = [epoch for id in MEMBERS for _, epoch in story.states(id, "epoch") if epoch]
    assert max(epochs) >= 3


class Hasty(FailoverMonitor):  # type: ignore[misc, valid-type]
    """Members hear of an epoch while it is on its way to disk."""

    async def open_epoch(self) -> bool:
        self.epoch += 1
        opened = bool(await super().open_epoch())
        self.epoch -= 1
        return opened

    async def begin_watch(self) -> None:
        self.watch()


@pytest.mark.parametrize(("ends", "heard_ms"), [([], 1000), ([broken("stop", "m", 900, 905)], 1105)])
def test_members_hear_of_an_epoch_when_it_is_on_disk(ends: list[Entry], heard_ms: float) -> None:
    """A slow disk takes 200 ms for the epoch after the leader's. Whoever had heard of it could not be sealed in it."""
    faults = [crash("r0", 500), broken("disk", "m", 700, 1500, mode="slow", factor=400), *ends]
    for keeper, at_ms in ((FailoverMonitor, heard_ms), (Hasty, 850)):
        story = store({}, faults, keeper=keeper)
        assert min(ms for ms, epoch in story.states("r1", "epoch") if epoch == 2) == at_ms + 1


# Fencing


def split(fencing: bool) -> Run:
    """The monitor and the leader lose sight of each other, and nobody else does. Both sides have users."""
    steps = {"u1": [write(1900, 1)], "u0": [write(2200, 2)], "u2": [read(2900)]}
    return store(steps, [cut("m-r0", 1000, 2500)], fencing=fencing)


def test_an_unfenced_leader_goes_on_beside_the_new_one() -> None:
    story = split(False)
    assert story.at(2400, "r0", "role") == story.at(2400, "r1", "role") == "leader"
    assert answers(story, f="write") == ["ok", "ok"]
    assert answers(story) == [1]
    assert not atomic(story)


def test_a_fenced_one_is_refused_and_steps_down() -> None:
    story = split(True)
    assert story.at(1500, "r0", "role") == "follower"
    assert story.at(1500, "r1", "role") == "leader"
    assert answers(story, f="write") == ["ok", "ok"]
    assert answers(story) == [2]
    assert len(digests(story)) == 1


# Reads


def test_a_leader_that_was_replaced_unawares_answers_with_old_values_unless_it_asks_first() -> None:
    faults = [partition([["r0", "u0"], ["r1", "r2", "m", "u1"]], 1000, 2000)]
    steps = {"u0": [read(1700)], "u1": [write(400, 1), write(1500, 2)]}
    assert answers(store(steps, faults, reads="leader")) == [1]
    assert answers(store(steps, faults, reads="confirmed")) == ["not confirmed"]


def test_followers_answer_from_their_copy_where_they_may() -> None:
    steps = {"u0": [write(500, 1)], "u1": [read(505), read(600)], "u2": [read(505)]}
    story = store(steps, [partition([["r0"], ["r2"]], 400, 550)], reads="any")
    assert answers(story) == [None, None, 1]
    assert [op.takes_ms for op in story.operations(f="read")] == [2, 2, 2]
    assert [op.takes_ms for op in store(steps, reads="leader").operations(f="read")] == [12, 12, 12]


def test_a_leader_just_promoted_does_not_answer_before_its_time_has_begun() -> None:
    """All the others are down: it cannot know which of its entries will stay."""
    faults = [crash("r0", 1000), crash("r2", 1306)]
    story = store({"u0": [write(500, 1)], "u1": [read(1400)]}, faults, reads="leader")
    assert story.at(1400, "r1", "role") == "leader"
    assert answers(story) == ["not in charge"]


def test_two_monitors_are_told_to_be_one_too_many() -> None:
    monitor = Neighbour(FailoverMonitor.TYPE, {}, False)
    assert LeaderFollower.doubts_beside({}, {"m": monitor, "n": monitor})
    assert not LeaderFollower.doubts_beside({}, {"m": monitor})


def test_a_store_of_one_without_a_follower_says_that_it_acknowledges_nothing() -> None:
    alone = store({"u0": [write(500, 1)]}, members=1, monitor=False)
    assert answers(alone, f="write") == ["timed out"]
    assert (0, "has no follower: no write is ever acknowledged") in alone.notes()
    assert answers(store({"u0": [write(500, 1)]}, members=1, monitor=False, acknowledge="async"), f="write") == ["ok"]


def test_patience_that_is_none_is_doubted() -> None:
    patient = {"silence_ms": 300, "ping_ms": 50, "preferred": ""}
    assert FailoverMonitor.doubts(patient | {"silence_ms": 50}, frozenset())
    assert not FailoverMonitor.doubts(patient, frozenset())


def test_a_preferred_member_that_the_monitor_cannot_ask_is_doubted() -> None:
    prefers = {"silence_ms": 300, "ping_ms": 50, "preferred": "r1"}
    assert not FailoverMonitor.doubts(prefers, frozenset({"r0", "r1"}))
    ((name, words),) = FailoverMonitor.doubts(prefers, frozenset({"r0"}))
    assert name == "preferred"
    assert words == "Never promoted: there must be a link to it. Nodes with one: r0."
