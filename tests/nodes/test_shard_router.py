"""The shard router: it asks the owner at once, follows the map when it is told that it has asked the wrong one, and
fails where it does not.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.declare import Neighbour
from simulations.nodes.shard_router import ShardRouter
from tests.nodes.shards import LOAD, keys, published, routed
from tests.nodes.stories import answers, atomic, read, user, write
from tests.worlds import client, crash, link, node, run, world


@pytest.mark.parametrize("kind", ["ring", "modulo", "range"])
def test_it_asks_the_owner_at_once(kind: str) -> None:
    story = routed(partitioning=kind, split_points="k13 k26")
    assert set(story.ends()) == {("ok", "")}
    assert published(story, "shard.forwarded") == 0
    assert all(keys(story, member) > 3 for member in ("s1", "s2", "s3"))


def test_told_by_the_wrong_member_it_goes_by_the_newer_map() -> None:
    story = routed(joins_at_ms=1000)
    assert set(story.ends()) == {("ok", "")}
    assert atomic(story)
    assert published(story, "router.misdirected") > 0
    assert [value for _, value in story.states("r", "version")] == ["none yet", "version 1", "version 2"]
    assert len(story.messages("ask_map")) == 1


def test_one_that_does_not_follow_fails_for_the_keys_that_have_moved() -> None:
    story = routed(joins_at_ms=1000, router={"refreshes": False})
    assert story.ends()["fail", "stale map"] > 20
    assert atomic(story)


def test_a_key_on_the_move_is_neither_lost_nor_found_twice() -> None:
    story = routed([client("c", **LOAD), client("e", **LOAD)], joins_at_ms=500, partitioning="modulo", batch_keys=1)
    assert set(story.ends()) == {("ok", "")}
    assert atomic(story)


def test_a_member_that_is_down_fails_its_keys_only() -> None:
    story = routed(faults=[crash("s2", 1000)], partitioning="range", split_points="k13 k26", router={"timeout_ms": 50})
    failed = [op for op in story.operations() if op.type != "ok"]
    assert failed
    assert all(13 <= int(op.key[1:]) < 26 for op in failed)


def test_who_asks_before_there_is_a_map_waits_for_one_answer() -> None:
    asks = [user("u", "r", [write(1, number, f"k{number}") for number in range(5)])]
    story = routed(asks)
    assert answers(story, "u", "write") == ["ok"] * 5
    assert len(story.messages("ask_map")) == 1


@pytest.mark.parametrize(
    ("params", "near", "name", "words"),
    [
        ({"knows_from": "directory"}, "d", "directory", "every request fails"),
        ({"knows_from": "directory", "directory": "x"}, "d", "directory", "must be a link"),
        ({"hedge_after_ms": 9000}, "d", "hedge_after_ms", "Never happens"),
    ],
)
def test_doubts_about_a_router(params: dict[str, Any], near: str, name: str, words: str) -> None:
    complete = {param.name: param.default for param in ShardRouter.PARAMS} | params
    found = dict(ShardRouter.doubts(complete, frozenset([near])))
    assert words in found[name]


def test_doubts_about_a_router_beside_others() -> None:
    def told(partitioning: str, **params: Any) -> list[tuple[str, str]]:
        complete = {param.name: param.default for param in ShardRouter.PARAMS} | params
        return ShardRouter.doubts_beside(
            complete, {"s": Neighbour("shard-store", {"partitioning": partitioning}, True)}
        )

    assert told("ring") == told("directory", knows_from="directory") == []
    assert "Ask their directory" in told("directory")[0][1]
    assert "Ask them for the map" in told("ring", knows_from="directory")[0][1]
    assert "nobody to send" in ShardRouter.doubts_beside({}, {})[0][1]


def test_without_members_requests_fail() -> None:
    story = run(world([user("u", "r", [read(10)]), node(ShardRouter, "r")], [link("u", "r")]))
    assert answers(story) == ["no target"]
