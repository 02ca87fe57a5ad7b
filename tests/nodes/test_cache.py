"""The cache: whom it keeps, for how long, what it spares the store, and what becomes of writes."""

from __future__ import annotations

from typing import Any

from simulations.nodes.cache import Cache
from simulations.nodes.service import Service
from tests.nodes.stories import Step, answers, read, user, write
from tests.worlds import MS, Entry, Run, client, crash, database, link, node, run, world

SLOW: dict[str, Any] = {"service_time": 50, "concurrency": 100}


def cache(id: str = "cache", **params: Any) -> Entry:
    return node(Cache, id, **{"service_time": 0, **params})


def story(steps: list[Step], faults: Any = (), duration_ms: float = 4000, **params: Any) -> Run:
    """A user's script, through a cache, before a slow store."""
    nodes = [user("u", "cache", steps), cache(**params), database("d", **SLOW)]
    return run(world(nodes, [link("u", "cache"), link("cache", "d")], (), faults, duration_ms))


def published(found: Run, name: str) -> list[int]:
    return [row[3] for row in found.rows("published") if row[2] == name]


def asked(found: Run, kind: str = "read") -> int:
    return len(found.messages(kind, dst="d"))


# Copies


def test_the_second_read_of_a_key_finds_a_copy_until_its_time_is_over() -> None:
    steps = [write(0, 7), read(100), read(200), read(300), read(2000)]
    found = story(steps, ttl_ms=1000, writes="around")
    assert answers(found) == [7, 7, 7, 7]
    assert asked(found) == 2
    assert published(found, "cache.hit") == [0, 1, 1, 0]
    takes = [op.takes_ms for op in found.operations(f="read")]
    assert takes == [54, 2, 2, 54]
    assert asked(story(steps, ttl_ms=0, writes="around")) == 1


def test_there_is_room_for_so_many_and_who_was_not_asked_for_longest_goes() -> None:
    steps = [read(at, key) for at, key in ((0, "a"), (100, "b"), (200, "a"), (300, "c"), (400, "a"), (500, "b"))]
    lru, fifo = story(steps, keys_max=2), story(steps, keys_max=2, eviction="fifo")
    assert published(lru, "cache.hit") == [0, 0, 1, 0, 1, 0]
    assert published(fifo, "cache.hit") == [0, 0, 1, 0, 0, 0]
    assert sum(published(lru, "cache.evicted")) == 2
    assert lru.at(4000, "cache", "kept") == 2


def test_many_who_miss_at_once_need_one_fetch() -> None:
    steps = [read(at) for at in range(10)]
    together, each = story(steps), story(steps, coalesce=False)
    assert (asked(together), asked(each)) == (1, 10)
    assert len(published(together, "cache.coalesced")) == 9
    assert answers(together) == answers(each) == [None] * 10


def test_a_fetch_that_fails_fails_for_all_who_wait_and_the_next_one_is_anew() -> None:
    found = story([read(0), read(10), read(500)], [crash("d", 0, 300)], timeout_ms=200)
    assert answers(found) == ["timed out", "timed out", None]


def test_a_copy_past_its_time_is_given_when_the_store_is_down() -> None:
    steps = [write(0, 7), read(100), read(1500), read(2900)]
    down = [crash("d", 1000)]
    assert answers(story(steps, down, ttl_ms=500, timeout_ms=200)) == [7, "timed out", "timed out"]
    found = story(steps, down, ttl_ms=500, timeout_ms=200, stale="on-error")
    assert answers(found) == [7, 7, 7]
    assert len(published(found, "cache.stale")) == 2
    assert answers(story(steps, down, ttl_ms=500, timeout_ms=200, stale="on-error", stale_max_ms=1500)) == [
        7,
        7,
        "timed out",
    ]


def test_a_copy_past_its_time_is_given_at_once_and_fetched_anew_meanwhile() -> None:
    found = story([read(0), read(1000), read(1010), read(1200)], ttl_ms=500, stale="meanwhile")
    assert [op.takes_ms for op in found.operations()] == [54, 2, 2, 2]
    assert asked(found) == 2


# Writes


def test_written_through_the_copy_is_the_stores() -> None:
    steps = [write(0, 7), read(100), write(200, 8), read(300)]
    found = story(steps)
    assert answers(found) == [7, 8]
    assert asked(found) == 0
    around = story(steps, writes="around")
    assert answers(around) == [7, 8]
    assert asked(around) == 2


def test_a_fetch_that_a_write_overtook_leaves_no_copy() -> None:
    found = story([read(0), write(1, 7), read(200), read(300)])
    assert answers(found)[1:] == [7, 7]


def test_two_writes_at_once_leave_no_copy_that_the_store_does_not_have() -> None:
    found = story([write(0, 7), write(1, 8), read(200)])
    assert asked(found) == 1
    assert answers(found) == [8]


def test_written_behind_it_is_quick_spares_the_store_and_is_lost_in_a_crash() -> None:
    steps = [*[write(at, at + 1) for at in range(10)], read(20), read(900), read(1500)]
    found = story(steps, writes="behind", flush_every_ms=500)
    assert all(op.takes_ms == 2 for op in found.operations(f="write"))
    assert asked(found, "write") == 1
    assert answers(found) == [10, 10, 10]
    died = story(steps, [crash("cache", 100, 200)], writes="behind", flush_every_ms=500)
    assert answers(died) == [10, None, None]
    kept = story(steps, [crash("cache", 100, 200)])
    assert answers(kept)[1:] == [10, 10]


def test_what_the_store_refused_goes_there_later() -> None:
    found = story([write(0, 7)], [crash("d", 300, 1200)], writes="behind", flush_every_ms=400, timeout_ms=200)
    assert asked(found, "write") == 3
    assert published(found, "cache.unwritten")[-1] == 0


# Beside the store


def shop(faults: Any = (), **params: Any) -> Run:
    steps = [write(0, 7), read(200), read(400), write(600, 8), read(800), read(1000)]
    front = node(Service, "s", service_time=0, timeout_ms=100, **params)
    nodes = [user("u", "s", steps), front, cache(), database("d", **SLOW)]
    return run(world(nodes, [link("u", "s"), link("s", "cache"), link("s", "d")], (), faults, 2000))


def test_a_service_asks_the_cache_then_the_store_and_puts_what_that_said() -> None:
    found = shop(cache="cache")
    assert answers(found) == [7, 7, 8, 8]
    assert asked(found) == 2
    assert [len(found.messages(kind)) for kind in ("lookup", "miss", "put", "invalidate")] == [4, 2, 2, 2]


def test_without_its_name_the_cache_would_be_one_more_store() -> None:
    assert not shop().messages("lookup")


def test_a_cache_that_is_down_costs_time_and_no_answers() -> None:
    found = shop([crash("cache", 0)], cache="cache")
    assert answers(found) == [7, 7, 8, 8]
    assert asked(found) == 4


def test_by_itself_it_is_a_store_in_memory() -> None:
    steps = [write(0, 7), read(100), read(200, "y")]
    nodes = [user("u", "cache", steps), cache()]
    found = run(world(nodes, [link("u", "cache")]))
    assert answers(found) == [7, None]


def test_work_and_increments_pass_through() -> None:
    nodes = [client("c", requests="increment", rate_per_s=50), cache(), database("d", service_time=1)]
    found = run(world(nodes, [link("c", "cache"), link("cache", "d")], duration_ms=500, settle_ms=500))
    assert found.ends() == {("ok", ""): len(found.operations())}
    assert asked(found, "increment") == len(found.operations())
    assert found.messages("increment", dst="d")[0].sent_ns > MS
