"""The sharded store: every key has one owner at any moment, also while it moves and whoever crashes; what moves when a
member joins; live handover against stop and copy.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.declare import Neighbour
from simulations.engine.node import Node
from simulations.nodes.shard_store import ShardStore
from tests.nodes.stories import answers, atomic, late_copies, read, user, write
from tests.worlds import MS, Entry, Run, client, crash, interpreted, link, lossy, node, run, world

LOAD: dict[str, Any] = {"requests": "read-write", "rate_per_s": 150, "keys": 40, "timeout_ms": 3000}
FOUNDERS = ["s1", "s2", "s3"]
JOINERS = {"s4": 1000, "s5": 1000}


def store(
    users: Any = None,
    faults: Any = (),
    joiners: Any = JOINERS,
    duration_ms: float = 4000,
    seed: int = 1,
    kind: type[Node] = ShardStore,
    **params: Any,
) -> Run:
    """A store of three members, and others that join."""
    its: dict[str, Any] = {"founders": " ".join(FOUNDERS), "batch_keys": 3, "service_time": 1, **params}
    members = [*FOUNDERS, *joiners]
    nodes = [node(ShardStore, id, **its, joins_at_ms=joiners.get(id, 0)) for id in members]
    users = users or [client("c1", **LOAD), client("c2", **LOAD)]
    links = [link(one["id"], FOUNDERS[number % 3]) for number, one in enumerate(users)]
    mesh: Entry = {"id": "store", "protocol": "shard-store", "members": members, "link": {"latency": 2, "loss": 0.0}}
    return run(world([*users, *nodes], links, [mesh], faults, duration_ms, 20_000, seed), kind)


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def keys(story: Run, member: str) -> int:
    return int(story.states(member, "keys")[-1][1])


def test_any_member_answers_for_any_key() -> None:
    steps = [write(10, 1, "a"), write(11, 2, "b"), write(12, 3, "c"), write(13, 4, "d")]
    asks = [read(500, key) for key in "abcd"]
    story = store([user("u", "s1", steps), user("v", "s2", asks), user("w", "s3", asks)], joiners={})
    assert answers(story, "v") == answers(story, "w") == [1, 2, 3, 4]
    assert published(story, "shard.forwarded") > 0
    assert sum(keys(story, member) for member in FOUNDERS) == 4


def test_members_join_one_after_another_and_all_keys_arrive() -> None:
    story = store(preloaded=300, batch_keys=20)
    for joiner in JOINERS:
        assert story.states(joiner, "state")[-1][1] == "member"
        assert keys(story, joiner) > 20
    assert sum(keys(story, member) for member in (*FOUNDERS, *JOINERS)) == 300
    first, second = (time for time, text in story.notes("s1") if text.endswith("joins"))
    assert 1000 <= first < second


@pytest.mark.parametrize("partitioning", ["ring", "modulo"])
def test_no_operation_fails_or_goes_astray_while_keys_move(partitioning: str) -> None:
    story = store(partitioning=partitioning)
    assert set(story.ends()) == {("ok", "")}
    assert atomic(story)
    assert published(story, "shard.keys_moved") > 10


def test_stop_and_copy_refuses_what_moves() -> None:
    story = store(handover="stop", batch_keys=1, batch_pause_ms=100)
    assert story.ends()["fail", "key is being moved"] > 10
    assert atomic(story)


def test_on_a_ring_fewer_keys_move_than_by_modulo() -> None:
    ring, modulo = (store(partitioning=kind, preloaded=1000, batch_keys=50) for kind in ("ring", "modulo"))
    assert published(ring, "shard.keys_moved") == pytest.approx(1000 * (1 / 4 + 1 / 5), rel=0.3)
    assert published(modulo, "shard.keys_moved") == pytest.approx(1000 * (3 / 4 + 4 / 5), rel=0.1)


def test_a_pause_between_batches_stretches_the_move() -> None:
    def takes_ms(pause_ms: float) -> float:
        story = store(joiners={"s4": 1000}, preloaded=300, batch_keys=10, batch_pause_ms=pause_ms)
        moving = {state: time for time, state in story.states("s4", "state")}
        return moving["member"] - moving["moving"]

    assert takes_ms(100) > takes_ms(0) + 200


@pytest.mark.parametrize("partitioning", ["ring", "modulo"])
@pytest.mark.parametrize("seed", range(1, 7))
def test_crashes_and_lost_messages_in_the_middle_of_a_move_lose_nothing(partitioning: str, seed: int) -> None:
    """Every member is crashed while keys move, the leader of the move included."""
    at = 1000 + 23 * seed
    crashes = [crash(one, at + 70 * number, at + 70 * number + 40) for number, one in enumerate((*FOUNDERS, "s4"))]
    faults = [*crashes, *(lossy(f"store:{one}-s4", 0.3, 1000, 3000) for one in FOUNDERS)]
    story = store(None, faults, seed=seed, partitioning=partitioning, batch_pause_ms=30)
    assert atomic(story)
    assert published(story, "shard.keys_moved") > 0
    assert {story.states(member, "state")[-1][1] for member in (*FOUNDERS, *JOINERS)} == {"member"}
    late = [op for op in story.operations() if op.start_ns > 3500 * MS]
    assert {op.type for op in late} == {"ok"}


def test_a_restart_finds_keys_and_ring() -> None:
    steps = [write(10, 1, "a"), write(11, 2, "b"), write(12, 3, "c"), write(13, 4, "d")]
    asks = [read(3000, key) for key in "abcd"]
    crashes = [crash(member, 2500, 2600) for member in (*FOUNDERS, "s4")]
    story = store([user("u", "s1", steps), user("v", "s2", asks)], crashes, joiners={"s4": 500})
    assert answers(story, "v") == [1, 2, 3, 4]
    assert story.states("s4", "state")[-1][1] == "member"


DOUBTFUL: dict[str, tuple[dict[str, Any], str]] = {
    "directory": ({"partitioning": "directory"}, "all requests fail"),
    "split_points": ({"partitioning": "range"}, "has all keys for ever"),
    "batch_keys": ({"move_keys_per_s": 10}, "10 or fewer"),
    "move_keys_per_s": ({"move_keys_per_s": 900, "move_ms": 5}, "move 800 a second"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_doubts_about_a_member(name: str) -> None:
    params, words = DOUBTFUL[name]
    usual = {param.name: param.default for param in ShardStore.PARAMS}
    assert ShardStore.doubts(usual, frozenset()) == []
    assert words in dict(ShardStore.doubts({**usual, **params}, frozenset()))[name]
    points = {**usual, "partitioning": "range", "split_points": "k10 k9"}
    assert "k9 k10" in dict(ShardStore.doubts(points, frozenset()))["split_points"]


def test_doubts_about_members_that_disagree() -> None:
    usual = {param.name: param.default for param in ShardStore.PARAMS}
    other = {"b": Neighbour("shard-store", {**usual, "partitioning": "modulo"}, True)}
    assert "disagree" in dict(ShardStore.doubts_beside(usual, other))["partitioning"]
    assert ShardStore.doubts_beside(usual, {"b": Neighbour("shard-store", usual, True)}) == []
    asks = {**usual, "partitioning": "directory", "directory": "r"}
    assert "keeps no such table" in ShardStore.doubts_beside(asks, {"r": Neighbour("register", {}, True)})[0][1]


def test_a_member_that_restarts_half_way_knows_what_it_has_given_away_already() -> None:
    steps = [write(10 + number, number + 1, f"k{number}") for number in range(40)]
    steps += [read(1600 + number, f"k{number}") for number in range(40)]
    crashes = [crash(member, 1500, 1510) for member in FOUNDERS]
    story = store(
        [user("u", "s1", steps)], crashes, {"s4": 1000}, 3000, partitioning="modulo", batch_keys=1, batch_pause_ms=200
    )
    assert answers(story) == list(range(1, 41))
    assert [state for _, state in story.states("s1", "state")].count("moving") == 2


def test_founders_that_are_not_there_are_left_out() -> None:
    story = store([user("u", "s1", [write(10, 1), read(500)])], joiners={}, founders="s1 s2 nobody no-one")
    assert answers(story, "u") == [1]


def test_a_deadline_goes_with_what_is_forwarded() -> None:
    """Members that are too slow do not work for who has given up, whichever member was asked."""

    def worked_late(drops: bool) -> int:
        users = [client("c1", **{**LOAD, "rate_per_s": 300, "keys": 300, "read_ratio": 1, "timeout_ms": 100})]
        slow = {"service_time": 20, "concurrency": 1, "queue_max": 1000, "timeout_ms": 900}
        story = store(users, joiners={}, duration_ms=1500, drop_expired=drops, **slow)
        replies = [one for one in story.messages("value") if one.op >= 0]
        starts = {op.id: op.start_ns for op in story.operations()}
        return sum(one.sent_ns > starts[one.op] + 130 * MS for one in replies)

    assert worked_late(True) == 0
    assert worked_late(False) > 50


class Unnamed(interpreted("nodes/shard_store").ShardStore):  # type: ignore[misc, name-defined]
    """It carries out whatever comes."""

    def on_relayed(self, body: Any, message: Any) -> Any:
        return self.on_request(body.request, message)


class Forgetful(interpreted("nodes/shard_store").ShardStore):  # type: ignore[misc, name-defined]
    """It knows what it has carried out until it crashes."""

    def start(self) -> None:
        super().start()
        self.relays.taken = {}


def copied_late(kind: type[Node], seed: int, *crashes: Entry) -> Run:
    """Two writes and a read, again and again, by a member that has not got the key; links double and delay them."""
    steps, faults = late_copies("cluster:store")
    return store([user("u", "s1", steps)], [*faults, *crashes], {}, seed=seed, kind=kind)


def test_a_copy_of_what_was_passed_on_brings_no_old_value_back() -> None:
    seeds = (3, 4, 6)
    for story in [copied_late(ShardStore, seed) for seed in seeds]:
        assert len(story.messages("relayed", outcome="delivered")) > 50
        assert set(story.ends()) == {("ok", "")}
        assert atomic(story)
    assert not any(atomic(copied_late(Unnamed, seed)) for seed in seeds)


def test_a_member_knows_after_a_restart_what_it_had_carried_out() -> None:
    crashes = [crash(owner, at, at + 3) for owner in ("s2", "s3") for at in range(1209, 2000, 40)]
    seeds = (4, 5, 6)
    assert all(atomic(copied_late(ShardStore, seed, *crashes)) for seed in seeds)
    assert not any(atomic(copied_late(Forgetful, seed, *crashes)) for seed in seeds)
