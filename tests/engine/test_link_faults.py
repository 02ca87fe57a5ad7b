"""Faults that leave a link usable: what each does, for how long, and what overlapping ones make together."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.engine.test_links import steady
from tests.rough import rough
from tests.worlds import MS, Entry, Run, Sent, actor, exponential, link, lossy, run, world


def talk(*faults: Entry, latency: Any = 1, back: bool = False, count: int = 1000, **params: Any) -> Run:
    """a says something to b each ms over a link "l"; with `back`, over one drawn from b to a. The first remark is made
    at boot, before any fault.
    """
    wire = link("b", "a", latency, **params) if back else link("a", "b", latency, **params)
    nodes = [steady(1, count), actor("b")]
    return run(world(nodes, [wire | {"id": "l"}], faults=faults, duration_ms=count + 300))


def between(story: Run, from_ms: float, to_ms: float) -> list[Sent]:
    """The original messages sent in a time."""
    return [one for one in story.messages() if from_ms <= one.sent_ns / MS < to_ms and one.cause == -1]


def takes(story: Run, from_ms: float, to_ms: float) -> set[float]:
    return {message.takes_ms for message in between(story, from_ms, to_ms)}


def copied(story: Run, from_ms: float, to_ms: float) -> float:
    """The share of messages that were copied."""
    again = {message.cause for message in story.messages()}
    sent = between(story, from_ms, to_ms)
    return sum(message.id in again for message in sent) / len(sent)


def about(found: float, share: float, count: int) -> bool:
    return abs(found - share) <= 4 * math.sqrt(share * (1 - share) / count)


def test_a_delay_adds_to_the_latency_while_it_lasts() -> None:
    story = talk(rough("delay", "l", 200, 400, latency=7))
    assert takes(story, 200, 400) == {8}
    assert takes(story, 0, 200) == takes(story, 400, 1000) == {1}


def test_overlapping_delays_add_up_and_end_one_by_one() -> None:
    story = talk(rough("delay", "l", 100, 500, latency=7), rough("delay", "l", 200, 300, latency=20))
    assert [takes(story, at, at + 100) for at in (0, 100, 200, 300, 500)] == [{1}, {8}, {28}, {8}, {1}]


def test_equal_delays_at_the_same_moment_draw_apart() -> None:
    delay = rough("delay", "l", 0, latency=exponential(10))
    once, twice = (talk(*[delay] * times, latency=0) for times in (1, 2))
    first = [message.takes_ms for message in once.messages()]
    both = [message.takes_ms for message in twice.messages()]
    assert all(sum_ >= one for one, sum_ in zip(first, both, strict=True))
    # A sum of two independent ones: mean 20, deviation √2 · 10. The same draw twice would deviate by 20.
    mean = sum(both) / 1000
    assert abs(mean - 20) < 4 * 14.2 / math.sqrt(1000)
    assert 12 < math.sqrt(sum((one - mean) ** 2 for one in both) / 1000) < 17


def test_a_fault_before_it_in_the_list_leaves_its_draws() -> None:
    delay = rough("delay", "l", 100, latency=exponential(10))
    cut_later = {"kind": "cut", "target": "l", "at_ms": 900, "until_ms": None}
    times = [takes(talk(*faults), 100, 800) for faults in ([delay], [cut_later, delay])]
    assert times[0] == times[1]


def test_copies_come_while_it_lasts_and_overlapping_probabilities_compose() -> None:
    story = talk(
        rough("duplicate", "l", 0, 600, probability=0.5),
        rough("duplicate", "l", 300, 600, probability=0.5),
    )
    assert about(copied(story, 0, 300), 0.5, 300)
    assert about(copied(story, 300, 600), 0.75, 300)
    assert copied(story, 600, 1000) == 0


def test_copies_compose_with_the_links_own() -> None:
    story = talk(rough("duplicate", "l", 500, 800, probability=0.5), duplication=0.2)
    assert about(copied(story, 0, 500), 0.2, 500)
    assert about(copied(story, 500, 800), 0.6, 300)
    assert about(copied(story, 800, 1000), 0.2, 200)


def test_reordering_holds_up_a_share() -> None:
    story = talk(rough("reorder", "l", 200, 700, probability=0.3, latency=5))
    assert takes(story, 200, 700) == {1, 6}
    late = [message for message in between(story, 200, 700) if message.takes_ms == 6]
    assert about(len(late) / 500, 0.3, 500)
    assert takes(story, 0, 200) == takes(story, 700, 1000) == {1}


def test_bandwidth_queues_and_drops_and_the_narrowest_counts() -> None:
    # 128 bytes each ms are 1.024 Mbit/s.
    wide = rough("bandwidth", "l", 100, 900, mbit_per_s=2.048)
    narrow = rough("bandwidth", "l", 300, 500, mbit_per_s=0.256)
    story = talk(wide, narrow, queue_bytes=256)
    assert takes(story, 0, 100) == takes(story, 900, 1000) == {1}
    assert takes(story, 100, 300) == {1.5}
    assert {message.outcome for message in between(story, 300, 500)} == {"delivered", "queue full"}
    through = [message for message in between(story, 300, 500) if message.outcome == "delivered"]
    assert abs(len(through) - 50) <= 3
    assert {message.outcome for message in between(story, 520, 1000)} == {"delivered"}


def test_a_link_narrower_than_the_fault_stays_as_narrow() -> None:
    story = talk(rough("bandwidth", "l", 0, mbit_per_s=100), bandwidth_mbit_per_s=2.048)
    assert takes(story, 1, 1000) == {1.5}


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(
    ("kind", "params", "mark"),
    [
        ("delay", {"latency": 7}, lambda story: takes(story, 1, 1000) == {8}),
        ("duplicate", {"probability": 1}, lambda story: copied(story, 1, 1000) == 1),
        ("reorder", {"probability": 0.5, "latency": 5}, lambda story: takes(story, 1, 1000) == {1, 6}),
        ("bandwidth", {"mbit_per_s": 2.048}, lambda story: takes(story, 1, 1000) == {1.5}),
        ("loss", {"probability": 1}, lambda story: story.drops() == {"lost": 1000}),
    ],
)
def test_one_direction_leaves_the_other_alone(kind: str, params: Entry, mark: Any, back: bool) -> None:
    meant, other = ("b-to-a", "a-to-b") if back else ("a-to-b", "b-to-a")
    assert mark(talk(rough(kind, "l", 0, direction=meant, **params), back=back))
    assert mark(talk(rough(kind, "l", 0, **params), back=back))
    assert not mark(talk(rough(kind, "l", 0, direction=other, **params), back=back))


def test_what_is_under_way_when_a_fault_begins_or_ends_is_left_as_it_was() -> None:
    story = talk(rough("delay", "l", 100, 200, latency=50), latency=5)
    assert {message.takes_ms for message in between(story, 95, 100)} == {5}
    assert {message.takes_ms for message in between(story, 195, 200)} == {55}


def test_once_mended_a_link_is_as_plain_as_before() -> None:
    """What was sent after the last fault ended travels as if there had been none, draw for draw."""
    faults = [
        rough("delay", "l", 100, 300, latency=exponential(3)),
        rough("duplicate", "l", 150, 250, probability=0.5),
        rough("reorder", "l", 100, 350, latency=9, probability=0.5),
        rough("bandwidth", "l", 200, 300, mbit_per_s=1),
        lossy("l", 0.3, 200, 400),
    ]
    plain, mended = talk(latency=exponential(4)), talk(*faults, latency=exponential(4))

    def later(story: Run) -> list[tuple[int, int]]:
        return [(message.sent_ns, message.settled_ns) for message in between(story, 400, 1000)]

    assert later(plain) == later(mended)
    assert len(later(plain)) == 600
