"""The shard directory: each request needs a look-up unless it was kept; whose answers were kept go on while it is down;
a newcomer gets its even share, and old answers are found out.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.declare import Neighbour
from simulations.nodes.shard_directory import ShardDirectory
from simulations.nodes.shard_store import ShardStore
from tests.hosts import broken
from tests.nodes.shards import LOAD, MEMBERS, keys, published, routed
from tests.nodes.stories import answers, atomic, read, user, write
from tests.worlds import MS, client, crash, interpreted, link, node, run, world


def test_each_request_is_looked_up_unless_the_answer_was_kept() -> None:
    kept, not_kept = (routed(directory={}, router={"keeps_lookups": keeps}) for keeps in (True, False))
    for story in (kept, not_kept):
        assert set(story.ends()) == {("ok", "")}
        assert published(story, "shard.forwarded") == 0
    assert published(kept, "directory.lookups") <= 40
    assert published(not_kept, "directory.lookups") == len(not_kept.operations())


def test_without_the_directory_only_keys_whose_answers_were_kept_are_found() -> None:
    steps = [write(100, 1, "a"), read(1500, "a"), read(1500, "b")]
    down = [crash("d", 1000)]
    kept = routed([user("u", "r", steps)], down, directory={}, router={"timeout_ms": 100})
    assert answers(kept) == [1, "timed out"]
    not_kept = routed([user("u", "r", steps)], down, directory={}, router={"timeout_ms": 100, "keeps_lookups": False})
    assert answers(not_kept) == ["timed out", "timed out"]


def test_a_newcomer_gets_its_even_share_of_buckets_and_no_request_fails() -> None:
    story = routed([client("c", **LOAD), client("e", **LOAD)], directory={"buckets": 40}, joins_at_ms=1000)
    assert set(story.ends()) == {("ok", "")}
    assert atomic(story)
    assert story.states("d", "table")[-1][1] == "40 buckets, 4 shards"
    assert keys(story, "s4") > 3
    assert published(story, "router.misdirected") > 0


def test_a_member_knows_nothing_of_others_keys() -> None:
    """Asked by a client itself, it answers for its own keys only, where one with a map of all would forward."""

    def asked(**params: Any) -> list[Any]:
        its = {"partitioning": "directory", "directory": "d", **params}
        nodes = [user("u", "s1", [read(500, f"k{number}") for number in range(30)]), node(ShardDirectory, "d")]
        nodes += [node(ShardStore, name, **its) for name in MEMBERS]
        mesh = {"id": "m", "protocol": "shard-store", "members": MEMBERS, "link": {"latency": 2, "loss": 0.0}}
        links = [link("u", "s1"), *(link("d", name) for name in MEMBERS)]
        return answers(run(world(nodes, links, [mesh])))

    told = asked()
    assert None in told
    assert set(told) == {None, "key of another member"}
    assert set(asked(partitioning="ring")) == {None}


@pytest.mark.parametrize("seed", range(1, 5))
def test_crashes_of_all_while_buckets_move_lose_nothing(seed: int) -> None:
    at = 1000 + 17 * seed
    crashes = [crash(one, at + 60 * number, at + 60 * number + 40) for number, one in enumerate(("d", "s1", "s4", "r"))]
    story = routed(None, crashes, 1000, 3000, directory={"buckets": 40}, batch_pause_ms=30, seed=seed)
    assert atomic(story)
    assert published(story, "shard.keys_moved") > 0
    assert {story.states(member, "state")[-1][1] for member in (*MEMBERS, "s4")} == {"member"}
    late = [op for op in story.operations() if op.start_ns > 2_500_000_000]
    assert {op.type for op in late} == {"ok"}


class Hasty(interpreted("nodes/shard_directory").ShardDirectory):  # type: ignore[misc, name-defined]
    """What it finds it takes to be on disk."""

    def start(self) -> None:
        super().start()
        self.shut = ""

    async def durable(self) -> None:
        pass


def test_nobody_hears_of_a_table_that_is_in_the_page_cache_alone() -> None:
    """From 1107 ms on it takes 200 ms to go to disk; the process ends meanwhile, and the next one finds it, and waits
    for an fsync of its own after that.
    """
    faults = [broken("disk", "d", 900, 1600, mode="slow", factor=400), broken("stop", "d", 1200, 1205)]
    for kind, told_ms in ((ShardDirectory, 1107 + 2 * 200), (Hasty, 1205)):
        story = routed(faults=faults, joins_at_ms=1000, kind=kind, directory={})
        told_ns = [told.sent_ns for told in story.messages("new_map", src="d")]
        assert min(ns for ns in told_ns if ns > 1200 * MS) == told_ms * MS


def test_doubts_about_a_directory() -> None:
    members = {name: Neighbour("shard-store", {}, True) for name in MEMBERS}
    params = {param.name: param.default for param in ShardDirectory.PARAMS}
    assert ShardDirectory.doubts_beside(params, members) == []
    assert "nobody to have keys" in ShardDirectory.doubts_beside(params, {})[0][1]
    assert "Fewer than the 3" in ShardDirectory.doubts_beside({**params, "buckets": 2}, members)[0][1]
    assert "x gets no bucket" in ShardDirectory.doubts_beside({**params, "founders": "s1 x"}, members)[0][1]


def test_without_members_there_is_nothing_to_find() -> None:
    story = run(world([node(ShardDirectory, "d")], duration_ms=500))
    assert story.states("d", "table")[-1][1] == "0 buckets, 0 shards"
