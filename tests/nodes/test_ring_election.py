"""Election on a ring: Chang and Roberts, CACM 22(5), 1979."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import pytest

from simulations.engine.node import Node
from simulations.nodes.ring_election import RingElection
from tests.nodes.electors import breaches, following, group, kinds, troubles
from tests.worlds import Run, crash, exponential, interpreted, partition


def ring(numbers: Sequence[int]) -> Run:
    """All begin at once, in this order along the ring."""
    each = [{"number": number} for number in numbers]
    return group(RingElection, len(numbers), each=each, check_every_ms=0, duration_ms=600)


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_falling_numbers_are_the_worst_case_and_rising_ones_the_best(count: int) -> None:
    """Section 3: n (n + 1) / 2 and 2 n − 1 messages until somebody knows that it has won, and n to tell."""
    worst, best = ring(range(count, 0, -1)), ring(range(1, count + 1))
    assert kinds(worst)["candidate"] == count * (count + 1) / 2
    assert kinds(best)["candidate"] == 2 * count - 1
    assert kinds(worst)["elected"] == kinds(best)["elected"] == count
    assert following(worst, 500) == ["p1"] * count
    assert following(best, 500) == [f"p{count}"] * count


def test_the_average_over_all_orders_is_n_times_the_harmonic_number() -> None:
    """Section 3: n (1 + 1/2 + … + 1/n); a rotation changes nothing, so that one may stand still."""
    counts = [kinds(ring([4, *others]))["candidate"] for others in permutations([1, 2, 3])]
    assert sum(counts) / len(counts) == pytest.approx(4 * (1 + 1 / 2 + 1 / 3 + 1 / 4))


def test_one_who_begins_is_enough() -> None:
    """After a crash the ring closes over it; the next highest wins."""
    story = group(RingElection, 5, [crash("p5", 500)], [{"check_every_ms": 200}], check_every_ms=0, timeout_ms=50)
    assert following(story, 2500) == ["p4"] * 4


def test_who_comes_back_takes_part_again() -> None:
    story = group(RingElection, 5, [crash("p5", 500, 1500)], timeout_ms=50)
    assert following(story, 1450) == ["p4"] * 4
    assert following(story, 2900) == ["p5"] * 5


def test_two_sides_close_into_two_rings_until_they_meet() -> None:
    split = partition([["p1", "p2"], ["p3", "p4", "p5"]], 500, 1500)
    story = group(RingElection, 5, [split], timeout_ms=50, duration_ms=4000)
    assert following(story, 1450) == ["p2", "p2", "p5", "p5", "p5"]
    assert following(story, 3900) == ["p5"] * 5


def test_of_equal_numbers_the_later_member_wins() -> None:
    assert following(ring([7, 7, 7]), 500) == ["p3"] * 3


def test_one_alone_leads_itself() -> None:
    assert following(group(RingElection, 1), 1000) == ["p1"]


@pytest.mark.parametrize("seed", range(12))
def test_when_all_is_well_again_all_follow_one(seed: int) -> None:
    story = group(RingElection, 5, troubles(seed, 5), duration_ms=6000, seed=seed, timeout_ms=50)
    assert len(set(following(story, 5900))) == 1
    assert len(following(story, 5900)) == 5
    assert not breaches(story, RingElection)


class Repeats(interpreted("nodes/ring_election").RingElection):  # type: ignore[misc, name-defined]
    """It passes on whatever comes, however often."""

    def is_new(self, body: Any) -> bool:
        return True


def slow_links(kind: type[Node]) -> Run:
    """For one second of two answers mostly come too late."""
    slow = {"kind": "delay", "latency": exponential(60), "at_ms": 100, "until_ms": 1100}
    faults = [{"target": f"{a}-{b}", **slow} for a, b in combinations(["p1", "p2", "p3", "p4"], 2)]
    return group(kind, 4, faults, duration_ms=2000, timeout_ms=40, seed=2)


def test_what_comes_to_somebody_by_several_ways_goes_on_once() -> None:
    """Section 2: a process passes a number on once. Who is only slow is passed over and passes it on nevertheless."""
    once = slow_links(RingElection)
    assert following(once, 1900) == ["p4"] * 4
    assert kinds(once)["candidate"] + kinds(once)["elected"] < 300
    repeated = kinds(slow_links(Repeats))
    assert repeated["candidate"] + repeated["elected"] > 3000
