"""The database: what it acknowledged is there after a crash, if it synced first, and may be gone if not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nodes.stories import answers, atomic, read, user, write
from tests.worlds import MS, Run, client, crash, database, exponential, link, run, world


def asked(*steps: Any, faults: Any = (), seed: int = 1, **params: Any) -> Run:
    """A user 1 ms away from a database of 1 ms a query and 5 ms an fsync."""
    settings = {"service_time": 1, "fsync_time": 5} | params
    nodes = [user("u", "db", steps), database("db", **settings)]
    return run(world(nodes, [link("u", "db")], faults=faults, seed=seed))


CRASH = crash("db", 300, 400)


def test_a_read_returns_the_last_write() -> None:
    story = asked(read(0), write(10, 1), read(50), write(60, 2), write(61, 3, key="y"), read(100), read(100, key="y"))
    assert answers(story) == [None, 1, 2, 3]


def test_a_write_takes_the_query_and_the_fsync_a_read_the_query() -> None:
    story = asked(write(0, 1), read(100))
    assert [op.takes_ms for op in story.operations()] == [2 + 1 + 5, 2 + 1]
    story = asked(write(0, 1), read(100), durable=False)
    assert [op.takes_ms for op in story.operations()] == [2 + 1, 2 + 1]


def test_what_was_acknowledged_survives_a_crash() -> None:
    for seed in range(20):
        story = asked(write(100, 1), write(200, 2), read(500), faults=[CRASH], seed=seed)
        assert answers(story, f="write") == ["ok", "ok"]
        assert answers(story) == [2]


def test_with_durability_off_an_acknowledged_write_may_be_gone() -> None:
    found = {
        answers(asked(write(100, 1), write(200, 2), read(500), faults=[CRASH], seed=seed, durable=False))[0]
        for seed in range(20)
    }
    # A prefix of what was written: nothing, the first, or both; never the second without the first.
    assert found == {None, 1, 2}
    calm = asked(write(100, 1), write(200, 2), read(500), durable=False)
    assert answers(calm) == [2]


def test_a_write_under_way_at_the_crash_is_unknown_and_may_be_there_afterwards() -> None:
    found = set()
    for seed in range(20):
        story = asked(write(100, 1), write(295, 2), read(500), faults=[CRASH], seed=seed)
        assert answers(story, f="write") == ["ok", "run ended"]
        assert story.operations(f="write")[1].type == "info"
        assert atomic(story)
        found.add(answers(story)[0])
    assert found == {1, 2}


@pytest.mark.parametrize("seed", range(6))
def test_durable_it_is_one_copy_through_crashes(seed: int) -> None:
    """Also where one fsync overtakes another: what was read stays read."""
    assert atomic(contest(seed))


def contest(seed: int, **params: Any) -> Run:
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=60, keys=2, timeout_ms=100) for n in range(4)]
    nodes.append(database("db", **({"service_time": exponential(2), "fsync_time": exponential(15)} | params)))
    faults = [crash("db", at, at + 50) for at in (200, 500, 800)]
    return run(
        world(nodes, [link(f"c{n}", "db", exponential(2)) for n in range(4)], faults=faults, settle_ms=200, seed=seed)
    )


def test_without_durability_it_is_not() -> None:
    assert not all(atomic(contest(seed, durable=False)) for seed in range(6))


def test_two_writes_whose_fsyncs_overtake_each_other_leave_in_memory_what_is_on_disk() -> None:
    for seed in range(30):
        steps = [write(100, 1), write(100.5, 2), read(250), read(260)]
        story = asked(*steps, read(500), faults=[CRASH], seed=seed, fsync_time=exponential(20))
        assert len(set(answers(story))) == 1, seed


def test_a_read_does_not_see_what_is_not_yet_durable() -> None:
    story = asked(write(100, 1), read(103), read(106.5))
    assert answers(story) == [None, 1]


def test_so_many_connections_at_once_and_a_bounded_queue() -> None:
    nodes = [client("c", rate_per_s=400), database("db", concurrency=2, service_time=10, queue_max=4)]
    story = run(world(nodes, [link("c", "db")], settle_ms=100))
    assert max(value for _, value in story.states("db", "busy")) == 2
    assert max(value for _, value in story.states("db", "queue")) == 4
    assert set(story.ends()) == {("ok", ""), ("fail", "queue full")}
    assert abs(story.ends()["ok", ""] - 200) <= 10
    assert story.at(1100, "db", "busy") == 0


def test_a_connection_is_held_during_the_fsync() -> None:
    story = asked(write(0, 1), write(0, 2, key="y"), read(0.5), concurrency=1)
    assert [op.end_ns / MS for op in story.operations()] == [8, 14, 15]


def test_the_last_write_is_shown() -> None:
    story = asked(write(100, 1), write(200, 2, key="y"), faults=[CRASH])
    assert story.states("db", "value") == [(107, "x = 1"), (207, "y = 2"), (300, None)]


def test_work_costs_time_and_leaves_nothing() -> None:
    nodes = [client("c", rate_per_s=50), database("db", service_time=7)]
    story = run(world(nodes, [link("c", "db")], settle_ms=100))
    assert {op.takes_ms for op in story.operations()} == {9}
    assert story.states("db", "value") == []
