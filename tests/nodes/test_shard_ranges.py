"""Ranges: neighbours lie together; a range that is too large or too hot is split and half of it moves; what that does
for skewed load and what it cannot do for keys that only grow; moving at a rate.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.partitioning import first_ranges, natural, partitioning, with_share, with_split
from simulations.engine.shards import RangeLoad
from simulations.engine.splitting import chosen_split, middle
from tests.nodes.shards import LOAD, MEMBERS, keys, published, routed, served
from tests.nodes.stories import atomic
from tests.worlds import client, crash, cut

RATES = {"c": 100, "e": 60}
SPLITS: dict[str, Any] = {"partitioning": "range", "split_rate_per_s": 60, "report_ms": 250, "batch_pause_ms": 0}


def test_keys_stand_in_order_and_neighbours_lie_together() -> None:
    assert sorted(["k10", "k2", "j9", "k"], key=natural) == ["j9", "k", "k2", "k10"]
    part = partitioning("range", MEMBERS, 1, first_ranges(["k20", "k10"], MEMBERS))
    assert [part.owner(key) for key in ("a", "k9", "k10", "k19", "k20", "z")] == ["s1", "s1", "s2", "s2", "s3", "s3"]


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_what_a_restart_finds_of_keys_given_up_does_not_come_back(seed: int) -> None:
    """Keys go to and fro between the same members, which crash between the end of one move and the next."""
    load = [client("c", **{**LOAD, "key_pattern": "zipf", "keys": 8, "rate_per_s": 100, "timeout_ms": 400})]
    crashes = [crash(one, at, at + 20) for at in range(400 + seed, 3000, 110) for one in ("s2", "s3")]
    story = routed(load, crashes, 0, 3000, seed=seed, **{**SPLITS, "split_rate_per_s": 20, "report_ms": 200})
    assert atomic(story)


def test_a_newcomer_takes_ranges_from_who_has_most() -> None:
    table = first_ranges(["k1", "k2", "k3", "k4"], ["a", "b"])
    shared = with_share(table, ["a", "b", "c"], "c")
    assert shared == (("", "a"), ("k1", "b"), ("k2", "a"), ("k3", "b"), ("k4", "c"))
    assert with_split(table[:1], "k7", "b") == (("", "a"), ("k7", "b"))


def test_a_range_is_cut_where_half_lies_below() -> None:
    assert middle({"k1": 1, "k2": 1, "k3": 1, "k10": 1}) == "k3"
    assert middle({"k1": 9, "k2": 1, "k3": 1}) == "k2"
    assert middle({"k1": 1, "k2": 9}) == "k2"
    assert middle({"k1": 9}) == ""


def test_a_split_that_makes_nothing_better_is_left_out() -> None:
    def told(requests: int) -> tuple[RangeLoad, ...]:
        return (RangeLoad(10, requests, "k5", "k3" if requests > 1 else ""),)

    assert chosen_split({"a": told(90), "b": told(0)}, 0, 50) == ("k3", "b")
    assert chosen_split({"a": told(90), "b": told(60)}, 0, 50) is None
    assert chosen_split({"a": told(90), "b": told(0)}, 0, 100) is None
    assert chosen_split({"a": told(0), "b": ()}, 9, 0) == ("k5", "b")


def busiest(story: Any) -> float:
    """The share of the one who has served most."""
    counts = [served(story, member) for member in MEMBERS]
    return max(counts) / sum(counts)


def test_splits_spread_a_skewed_load() -> None:
    load = [client("c", **{**LOAD, "key_pattern": "zipf", "zipf_exponent": 0.8, "keys": 200, "rate_per_s": 200})]
    split, whole = routed(load, **SPLITS), routed(load, **{**SPLITS, "split_rate_per_s": 0})
    for story in (split, whole):
        assert set(story.ends()) == {("ok", "")}
        assert atomic(story)
    assert published(split, "shard.splits") > 1
    assert published(whole, "shard.splits") == 0
    assert busiest(whole) == 1
    assert busiest(split) < 0.7


def test_who_has_not_joined_yet_gets_no_range() -> None:
    story = routed(joins_at_ms=1500, **SPLITS)
    assert published(story, "shard.splits") > 0
    assert story.ends() == {("ok", ""): len(story.operations())}
    assert atomic(story)


def test_splits_by_size_even_out_keys() -> None:
    story = routed(preloaded=200, partitioning="range", split_keys=60, report_ms=250, batch_keys=50)
    assert published(story, "shard.splits") >= 3
    assert max(keys(story, member) for member in MEMBERS) <= 120
    assert sum(keys(story, member) for member in MEMBERS) == 200


def test_keys_that_only_grow_keep_one_member_busy_at_a_time() -> None:
    load = [client("c", **{**LOAD, "key_pattern": "sequential", "keys": 10_000, "rate_per_s": 200, "read_ratio": 0})]
    story = routed(load, **SPLITS)
    assert published(story, "shard.splits") > 3
    windows: dict[int, dict[int, int]] = {}
    for time, number, name, amount in story.rows("published"):
        if name == "shard.served":
            window = windows.setdefault(time // 100_000_000, {})
            window[number] = window.get(number, 0) + amount
    alone = [max(window.values()) / sum(window.values()) for window in windows.values()]
    assert sorted(alone)[len(alone) // 4] > 0.9


@pytest.mark.parametrize("seed", range(1, 4))
def test_crashes_while_ranges_move_lose_nothing(seed: int) -> None:
    load = [client("c", **{**LOAD, "key_pattern": "zipf", "rate_per_s": 150})]
    crashes = [crash(one, 600 + 90 * n + 31 * seed, 640 + 90 * n + 31 * seed) for n, one in enumerate(MEMBERS)]
    story = routed(load, crashes, duration_ms=2000, seed=seed, **SPLITS)
    assert atomic(story)
    assert published(story, "shard.splits") > 0
    assert {story.states(member, "state")[-1][1] for member in MEMBERS} == {"member"}


def test_the_answer_to_a_batch_of_the_last_move_does_not_end_the_next() -> None:
    """With several batches at once, the one who decides crashes before it has answered all of those that are empty."""
    load = [client(id, **{**LOAD, "rate_per_s": rate, "keys": 8, "timeout_ms": 400}) for id, rate in RATES.items()]
    its = {**SPLITS, "split_rate_per_s": 20, "report_ms": 200, "split_points": "k3 k6", "preloaded": 30}
    moving = {"move_streams": 3, "move_ms": 3, "batch_pause_ms": 150, "move_keys_per_s": 30, "fsync_time": 5}
    faults = [crash("r", 669.97, 869.97), crash("s1", 2193.444, 2393.444), crash("r", 2104.06, 2109.06)]
    faults.append(cut("store:s1-s2", 939.442, 1139.442, "a_to_b"))
    story = routed(load, faults, 0, 3500, seed=434, **{**its, **moving})
    assert atomic(story)
    assert {story.states(member, "state")[-1][1] for member in MEMBERS} == {"member"}


def test_moving_is_held_to_a_rate_and_takes_workers() -> None:
    def takes_ms(**params: Any) -> float:
        moving = {"preloaded": 400, "batch_keys": 10, "batch_pause_ms": 0, **params}
        story = routed([client("c", **{**LOAD, "rate_per_s": 1})], joins_at_ms=500, **moving)
        at = {state: time for time, state in story.states("s4", "state")}
        return float(at["member"] - at["moving"])

    fast = takes_ms()
    assert takes_ms(move_ms=10, concurrency=4, move_streams=4) < takes_ms(move_ms=10, concurrency=4) - 200
    assert takes_ms(move_keys_per_s=30) > fast + 500
    assert takes_ms(move_ms=10, concurrency=1) > fast + 500
