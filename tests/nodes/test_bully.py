"""The bully algorithm: Garcia-Molina, "Elections in a Distributed Computing System", IEEE TC C-31(1), 1982."""

from __future__ import annotations

import pytest

from simulations.nodes.bully import Bully
from tests.nodes.electors import breaches, following, group, kinds, troubles
from tests.worlds import crash, cut, partition

CALM = {"check_every_ms": 0, "timeout_ms": 50}
LOOKS = {"check_every_ms": 200}


def test_the_highest_leads() -> None:
    assert following(group(Bully, 5, **CALM), 1000) == ["p5"] * 5


@pytest.mark.parametrize("count", [3, 4, 6, 9])
def test_the_lowest_notices_the_worst_case(count: int) -> None:
    """n (n − 1) / 2 elections, (n − 1) (n − 2) / 2 answers, n − 2 announcements: n² − n − 1."""
    story = group(Bully, count, [crash(f"p{count}", 1100)], [LOOKS], **CALM)
    found = kinds(story, 1100)
    assert found["election"] == count * (count - 1) / 2
    assert found["alive"] == (count - 1) * (count - 2) / 2
    assert found["coordinator"] == count - 2
    assert following(story, 2000) == [f"p{count - 1}"] * (count - 1)


@pytest.mark.parametrize("count", [3, 6, 9])
def test_the_next_highest_notices_the_best_case(count: int) -> None:
    story = group(Bully, count, [crash(f"p{count}", 1100)], [*[{} for _ in range(count - 2)], LOOKS], **CALM)
    found = kinds(story, 1100)
    assert (found["election"], found["alive"], found["coordinator"]) == (1, 0, count - 2)


def test_who_comes_back_takes_the_lead() -> None:
    story = group(Bully, 5, [crash("p5", 500, 1500)], [LOOKS], **CALM)
    assert following(story, 1400) == ["p4"] * 4
    assert following(story, 2500) == ["p5"] * 5
    assert kinds(story, 1500)["coordinator"] == 4
    lower = group(Bully, 5, [crash("p3", 500, 1500)], **CALM)
    assert following(lower, 2500) == ["p5"] * 5


def test_the_next_one_wins_when_the_winner_dies_during_the_election() -> None:
    story = group(Bully, 5, [crash("p5", 500), crash("p4", 640)], [LOOKS], **CALM)
    assert following(story, 2500) == ["p3"] * 3


def test_two_sides_have_two_leaders_until_they_meet() -> None:
    split = partition([["p1", "p2"], ["p3", "p4", "p5"]], 500, 1500)
    story = group(Bully, 5, [split], timeout_ms=50)
    assert following(story, 1400) == ["p2", "p2", "p5", "p5", "p5"]
    assert following(story, 2500) == ["p5"] * 5


def test_a_timeout_below_the_round_trip_elects_without_need() -> None:
    assert kinds(group(Bully, 3, timeout_ms=50), 500)["election"] == 0
    assert kinds(group(Bully, 3, timeout_ms=15), 500)["election"] > 10


def test_who_hears_and_is_not_heard_does_not_hinder_the_others() -> None:
    story = group(Bully, 3, [cut("p1-p3", 0, None, "a-to-b"), crash("p3", 500, 900)], timeout_ms=50)
    assert story.at(2500, "p2", "follows") == "p3"


def test_one_alone_leads_itself() -> None:
    assert following(group(Bully, 1), 1000) == ["p1"]


@pytest.mark.parametrize("seed", range(12))
def test_when_all_is_well_again_all_follow_the_highest(seed: int) -> None:
    story = group(Bully, 5, troubles(seed, 5), duration_ms=4000, seed=seed, timeout_ms=50)
    assert following(story, 3900) == ["p5"] * 5
    assert not breaches(story, Bully)
