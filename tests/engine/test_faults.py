"""Faults: partitions, cuts and crashes drop what arrives and what crosses while they last, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.worlds import MS, Actor, Entry, Run, Tell, actor, crash, cut, link, lossy, partition, run, world


def talk(*faults: Entry, at_ms: Sequence[float] = (), latency: Any = 20, back: bool = False) -> Run:
    """a sends b a remark at each of these times, over a link of 20 ms; with `back`, b sends them to a."""

    async def main(one: Actor) -> None:
        for ms in at_ms:
            await one.sleep(int(ms * MS) - one.now_ns)
            one.send("a" if back else "b", Tell(f"of {ms}"))

    nodes = [actor("a", None if back else main), actor("b", main if back else None)]
    return run(world(nodes, [link("a", "b", latency)], faults=faults))


def fates(story: Run) -> dict[float, str]:
    """Sending time (ms) → outcome."""
    return {message.sent_ns / MS: message.outcome for message in story.messages()}


GROUPS = (("a",), ("b",))


def test_a_partition_drops_what_arrives_while_it_lasts() -> None:
    story = talk(partition(GROUPS, 100, 200), at_ms=[75, 80, 85, 175, 190])
    assert fates(story) == {75: "delivered", 80: "partition", 85: "partition", 175: "partition", 190: "delivered"}
    assert [message.settled_ns / MS for message in story.messages()] == [95, 100, 105, 195, 210]


def test_a_partition_drops_what_crosses_while_it_lasts_though_it_would_arrive_later() -> None:
    # 20 ms under way: half-way at 10 ms.
    story = talk(partition(GROUPS, 100, 105), at_ms=[84, 86, 90, 94.5, 95, 96])
    assert fates(story) == {
        84: "partition",
        86: "delivered",
        90: "partition",
        94.5: "partition",
        95: "delivered",
        96: "delivered",
    }


def test_without_the_partition_all_of_it_arrives() -> None:
    assert set(fates(talk(at_ms=[80, 85, 90, 175])).values()) == {"delivered"}


def test_a_message_that_crossed_an_earlier_partition_is_dropped_though_there_was_another_since() -> None:
    long = {"kind": "constant", "value_ms": 400}
    first, second = partition(GROUPS, 190, 210), partition(GROUPS, 300, 310)
    assert fates(talk(first, at_ms=[0], latency=long)) == {0: "partition"}
    assert fates(talk(second, at_ms=[0], latency=long)) == {0: "delivered"}
    assert fates(talk(first, second, at_ms=[0], latency=long)) == {0: "partition"}
    cuts = [cut("a-b", 190, 210), partition(GROUPS, 300, 310)]
    assert fates(talk(*cuts, at_ms=[0], latency=long)) == {0: "link cut"}


def test_a_partition_leaves_alone_who_is_on_the_same_side_or_on_none() -> None:
    async def main(one: Actor) -> None:
        for other in ("b", "c", "d"):
            one.send(other, Tell())

    nodes = [actor("a", main), actor("b"), actor("c"), actor("d")]
    links = [link("a", other) for other in ("b", "c", "d")]
    story = run(world(nodes, links, faults=[partition((("a", "b"), ("c",)), 0, 100)]))
    assert {message.dst: message.outcome for message in story.messages()} == {
        "b": "delivered",
        "c": "partition",
        "d": "delivered",
    }


def test_a_cut_link_is_called_so() -> None:
    assert fates(talk(cut("a-b", 0, 100), at_ms=[10])) == {10: "link cut"}


def test_a_cut_one_way_lets_the_other_way_pass() -> None:
    one_way = cut("a-b", 0, 100, "a-to-b")
    other_way = cut("a-b", 0, 100, "b-to-a")
    assert fates(talk(one_way, at_ms=[10])) == fates(talk(other_way, at_ms=[10], back=True)) == {10: "link cut"}
    assert fates(talk(one_way, at_ms=[10], back=True)) == fates(talk(other_way, at_ms=[10])) == {10: "delivered"}


def test_a_fault_without_an_end_lasts() -> None:
    assert set(fates(talk(cut("a-b", 50), at_ms=[60, 500, 900])).values()) == {"link cut"}


def test_overlapping_blocks_last_until_the_last_of_them_ends() -> None:
    faults = [partition(GROUPS, 100, 200), cut("a-b", 150, 300)]
    story = talk(*faults, at_ms=[60, 100, 160, 190, 270, 300])
    assert fates(story) == {
        60: "delivered", 100: "partition", 160: "partition", 190: "link cut", 270: "link cut", 300: "delivered",
    }  # fmt: skip


def test_the_same_fault_twice_lasts_until_both_have_ended() -> None:
    faults = [partition(GROUPS, 100, 300), partition(GROUPS, 150, 200)]
    assert fates(talk(*faults, at_ms=[210, 260, 310])) == {210: "partition", 260: "partition", 310: "delivered"}


def test_a_crashed_host_is_silence() -> None:
    story = talk(crash("b", 100, 200), at_ms=[70, 90, 150, 185])
    assert fates(story) == {70: "delivered", 90: "node down", 150: "node down", 185: "delivered"}
    assert story.states("b", "up") == [(0, True), (100, False), (200, True)]
    assert story.messages(src="b") == []


def test_what_a_host_sent_before_it_crashed_still_arrives() -> None:
    assert fates(talk(crash("a", 95), at_ms=[90, 96])) == {90: "delivered"}


def test_overlapping_crashes_last_until_the_last_of_them_ends() -> None:
    story = talk(crash("b", 100, 400), crash("b", 150, 200), at_ms=[250, 390])
    assert fates(story) == {250: "node down", 390: "delivered"}
    assert story.states("b", "up") == [(0, True), (100, False), (400, True)]


def test_a_crash_that_follows_a_restart_at_the_same_moment_wins_in_either_order() -> None:
    for faults in ([crash("b", 100, 200), crash("b", 200)], [crash("b", 200), crash("b", 100, 200)]):
        assert fates(talk(*faults, at_ms=[250])) == {250: "node down"}


def test_a_message_meets_the_first_of_its_obstacles() -> None:
    everything = [lossy("a-b", 1.0, 0), partition(GROUPS, 0), crash("b", 0)]
    assert fates(talk(*everything, at_ms=[10])) == {10: "lost"}
    assert fates(talk(*everything[1:], at_ms=[10])) == {10: "partition"}
    assert fates(talk(*everything[2:], at_ms=[10])) == {10: "node down"}


def test_faults_and_their_ends_are_rows_numbered_as_in_the_document() -> None:
    story = talk(partition(GROUPS, 100, 200), cut("a-b", 150), crash("b", 120, 5000))
    assert story.rows("faults") == [
        (100 * MS, 0, "start"), (120 * MS, 2, "start"), (150 * MS, 1, "start"), (200 * MS, 0, "end"),
    ]  # fmt: skip
