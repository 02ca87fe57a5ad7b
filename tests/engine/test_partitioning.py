"""Partitioning: whose a key is, and how many change hands when a member joins (Karger et al., STOC 1997)."""

from __future__ import annotations

from collections import Counter

import pytest

from simulations.engine.partitioning import MODULO, RING, partitioning

KEYS = [f"k{number}" for number in range(5000)]


def members(count: int) -> list[str]:
    return [f"shard-{number}" for number in range(1, count + 1)]


def moved(kind: str, count: int) -> float:
    """The share of keys with another owner once there is one member more than before, `count` then."""
    before, after = partitioning(kind, members(count - 1), 200), partitioning(kind, members(count), 200)
    return sum(before.owner(key) != after.owner(key) for key in KEYS) / len(KEYS)


@pytest.mark.parametrize("count", [2, 5, 9])
def test_on_a_ring_one_in_n_moves_by_modulo_all_but_one_in_n(count: int) -> None:
    assert moved(RING, count) == pytest.approx(1 / count, rel=0.25)
    assert moved(MODULO, count) == pytest.approx((count - 1) / count, rel=0.05)


def test_on_a_ring_keys_move_to_the_new_member_only() -> None:
    before, after = partitioning(RING, members(4), 50), partitioning(RING, members(5), 50)
    assert {after.owner(key) for key in KEYS if before.owner(key) != after.owner(key)} == {"shard-5"}


def test_many_points_even_out_the_shares() -> None:
    def most(points: int) -> int:
        ring = partitioning(RING, members(8), points)
        return max(Counter(ring.owner(key) for key in KEYS).values())

    assert most(200) < 1.25 * len(KEYS) / 8 < most(1)


def test_the_order_of_members_does_not_matter_on_a_ring() -> None:
    one, other = partitioning(RING, members(4), 20), partitioning(RING, members(4)[::-1], 20)
    assert [one.owner(key) for key in KEYS] == [other.owner(key) for key in KEYS]
