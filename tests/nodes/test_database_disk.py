"""The database on its disk: group commit, flushing in the background, and a disk that is full."""

from __future__ import annotations

from typing import Any

from simulations.engine.node import Node
from simulations.nodes.database import Database
from tests.hosts import broken
from tests.nodes.stories import answers, atomic, read, user, write
from tests.nodes.test_database import asked
from tests.worlds import Run, client, crash, database, interpreted, link, run, world


def loaded(fsyncs: str, concurrency: int = 50) -> Run:
    """300 writes a second on a disk that needs 10 ms for an fsync."""
    nodes = [
        client("c", rate_per_s=300, requests="read-write", read_ratio=0, timeout_ms=500),
        database("db", concurrency=concurrency, service_time=0.1, fsync_time=10, fsyncs=fsyncs),
    ]
    return run(world(nodes, [link("c", "db")], settle_ms=600))


def test_group_commit_carries_a_load_that_one_fsync_after_another_cannot() -> None:
    grouped, queued = loaded("group").ends(), loaded("queue").ends()
    assert set(grouped) == {("ok", "")}
    assert queued["ok", ""] < 200 < grouped["ok", ""]


def test_a_shared_flush_ends_every_write_that_waited_for_it() -> None:
    steps = [write(0, 1, "a"), write(1, 2, "b"), write(2, 3, "c")]
    ends = {
        how: [op.end_ns // 1_000_000 for op in asked(*steps, fsyncs=how, fsync_time=10, service_time=0).operations()]
        for how in ("each", "queue", "group")
    }
    assert ends == {"each": [12, 13, 14], "queue": [12, 22, 32], "group": [12, 22, 22]}


def lost(at_ms: float, flush_every_ms: float) -> set[bool]:
    """Whether a write at 100 ms, acknowledged from memory, is gone after a crash at this time; over many seeds."""
    found = set()
    for seed in range(12):
        story = asked(
            write(100, 1),
            read(at_ms + 50),
            faults=[crash("db", at_ms, at_ms + 10)],
            seed=seed,
            durable=False,
            flush_every_ms=flush_every_ms,
        )
        assert story.operations()[0].type == "ok"
        assert story.at(at_ms - 1, "db", "value") == "x = 1"
        found.add(answers(story)[-1] is None)
    return found


def test_what_was_flushed_in_the_background_survives_and_what_was_not_may_not() -> None:
    assert lost(at_ms=150, flush_every_ms=200) == {True, False}
    assert lost(at_ms=300, flush_every_ms=200) == {False}
    assert lost(at_ms=300, flush_every_ms=0) == {True, False}


def test_a_full_disk_refuses_the_write_and_frees_the_connection() -> None:
    fault = broken("disk", "db", 50, 250, mode="full", factor=10, checksums=True)
    story = asked(write(100, 1), write(150, 2), write(300, 3), faults=[fault], concurrency=1)
    assert [op.end for op in story.operations()] == [("fail", "disk full"), ("fail", "disk full"), ("ok", "")]


class Hasty(interpreted("nodes/database").Database):  # type: ignore[misc, name-defined]
    """What it finds it takes to be on disk."""

    def start(self) -> None:
        super().start()
        self.shut = ""


def restarted(kind: type[Node], seed: int, *steps: Any) -> Run:
    """The process ends while an fsync is under way, the next one finds the write, and the machine loses power."""
    faults = [broken("stop", "db", 120, 125), crash("db", 180, 200)]
    nodes = [user("u", "db", [write(100, 1), *steps]), database("db", service_time=1, fsync_time=100)]
    return run(world(nodes, [link("u", "db")], faults=faults, seed=seed), kind)


def test_nobody_reads_what_is_in_the_page_cache_alone() -> None:
    for seed in range(6):
        story = restarted(Database, seed, read(150), read(400))
        assert answers(story)[0] == "starting"
        assert atomic(story)
    assert not all(atomic(restarted(Hasty, seed, read(150), read(400))) for seed in range(6))


def test_a_process_is_ready_as_soon_as_what_it_found_is_on_disk() -> None:
    nodes = [user("u", "db", [write(100, 1), read(300)]), database("db", service_time=1, fsync_time=100)]
    story = run(world(nodes, [link("u", "db")], faults=[broken("stop", "db", 120, 125)]))
    assert story.states("db", "condition")[-2:] == [(125, "starting"), (225, None)]
    assert answers(story) == [1]
