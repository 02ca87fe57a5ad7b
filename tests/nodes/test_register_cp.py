"""The replicated register that asks majorities: two phases, tags, and the read that writes back.

Attiya, Bar-Noy, Dolev: "Sharing Memory Robustly in Message-Passing Systems", JACM 42(1), 1995 (ABD95), section 3, the
unbounded emulator; with many writers as in Lynch, Shvartsman: "Robust Emulation of Shared Memory Using Dynamic
Quorum-Acknowledged Broadcasts", FTCS 1997 (LS97).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import Any, ClassVar

import pytest

from simulations.engine.node import Node
from tests.nodes.replicas import Register, cut_off, source, store
from tests.nodes.stories import Step, answers, atomic, read, user, write
from tests.worlds import MS, Run, client, crash, exponential, link, mesh, node, partition, run, world

# Reads after writes


def test_a_read_returns_what_was_written_before_it_whoever_asks() -> None:
    story = store({"u0": [write(0, 7)], "u1": [read(100)], "u2": [read(100)]})
    assert answers(story) == [7, 7]


def test_a_key_never_written_reads_as_nothing() -> None:
    assert answers(store({"u0": [read(0)], "u1": [write(0, 1, key="y")]})) == [None]


@pytest.mark.parametrize("down", [*combinations(range(5), 2)])
def test_a_read_meets_the_write_over_any_majority(down: tuple[int, int]) -> None:
    """ABD95: any two majorities share a replica. Two of five are down for the write, two others for the read."""
    up = [number for number in range(5) if number not in down]
    faults = [crash(f"r{number}", 0, 300) for number in down]
    for later in combinations(up, 2):
        reader = next(number for number in range(5) if number not in later)
        faults_later = [crash(f"r{number}", 500) for number in later]
        steps = {f"u{up[0]}": [write(50, 7)], f"v{reader}": [read(600)]}
        story = store(steps, [*faults, *faults_later], replicas=5)
        assert answers(story, f=("write")) == ["ok"]
        assert answers(story) == [7], (down, later)


def test_with_less_than_majorities_a_read_may_miss_the_write() -> None:
    """The same as above with quorums of two of five, which need not meet."""

    class Minority(Register):  # type: ignore[misc, name-defined]
        def start(self) -> None:
            super().start()
            self.majority = 2

    def value_read(kind: type[Node]) -> Any:
        faults = [crash(f"r{number}", 0, 300) for number in (3, 4)] + [crash(f"r{number}", 500) for number in (0, 1)]
        steps = {"u0": [write(50, 7)], "u4": [read(600)]}
        story = store(steps, [*faults, cut_off("r2", 5, 40, 700)], replicas=5, kind=kind)
        return answers(story)

    assert value_read(Minority) == [None]
    assert value_read(Register) == ["no quorum"]


# The read's second phase


class Recording(Register):  # type: ignore[misc, name-defined]
    """Notes under which tag which values were stored."""

    tags: ClassVar[dict[Any, set[Any]]]

    async def store_majority(self, key: str, stored: Any) -> None:
        if stored.counter:
            self.tags.setdefault((key, stored.counter, stored.writer), set()).add(stored.value)
        await super().store_majority(key, stored)


def inversion(kind: type[Node]) -> Run:
    """A write has reached one replica of three, r2, when two reads come, one after the other, over two majorities.

    The first asks r0, which reaches r2 only; the second asks r1, which reaches r0 only.
    """
    faults = [
        partition([["r2"], ["r0", "r1"]], 108, 150),  # the write's second phase is dropped on its way
        partition([["r1"], ["r0", "r2"]], 150, 250),
        partition([["r2"], ["r0", "r1"]], 250, 1000),
    ]
    steps = {"u2": [write(100, 7)], "u0": [read(180)], "u1": [read(300)]}
    return store(steps, faults, kind=kind, latency=3)


class NoWriteBack(Register):  # type: ignore[misc, name-defined]
    """Reads without the second phase: what a majority has is answered at once."""

    async def on_read(self, body: Any, message: Any) -> Any:
        found = await self.query_majority(body.key)
        return source.Value(found.value)


def test_a_read_stores_back_what_it_read_so_that_no_later_read_sees_less() -> None:
    """ABD95: without the write-back, a new value may be read before an old one (new-old inversion)."""
    story = inversion(Register)
    assert answers(story) == [7, 7]
    assert atomic(story)
    assert story.messages(kind="store", src="r0")


def test_without_the_write_back_an_old_value_follows_the_new_one() -> None:
    story = inversion(NoWriteBack)
    assert answers(story) == [7, None]
    assert not atomic(story)


def test_without_the_write_back_seeds_fail_that_pass_with_it() -> None:
    def atomic_seeds(kind: type[Node]) -> list[bool]:
        ids = [f"r{number}" for number in range(3)]
        nodes = [client(f"c{id}", requests="read-write", rate_per_s=60, keys=1, read_ratio=0.85) for id in ids]
        nodes += [node(kind, id) for id in ids]
        links = [link(f"c{id}", id) for id in ids]
        documents = [world(nodes, links, [mesh(ids, exponential(12), 0.02)], seed=seed) for seed in range(16)]
        return [atomic(run(document, kind)) for document in documents]

    assert not all(atomic_seeds(NoWriteBack))
    assert all(atomic_seeds(Register))


# Writers


def test_two_writers_at_once_make_two_different_tags() -> None:
    """LS97: a tag is a counter and the writer's number, so that no two writes share one."""
    for latency in (5, exponential(5)):
        steps: dict[str, Sequence[Step]] = {f"u{n}": [write(0, n + 1), write(50, n + 10)] for n in range(5)}
        steps |= {f"v{n}": [read(200)] for n in range(5)}
        story = store(steps, replicas=5, latency=latency)
        assert len(set(answers(story))) == 1
        assert set(answers(story, f="write")) == {"ok"}
        assert len({story.states(f"r{n}", "digest")[-1][1] for n in range(5)}) == 1


def test_two_writes_at_once_through_the_same_replica_do_not_share_a_tag() -> None:
    class Recorded(Recording):
        tags: ClassVar[dict[Any, set[Any]]] = {}

    for seed in range(10):
        story = store(
            {"u0": [write(number, number + 1) for number in range(20)]},
            latency=exponential(5),
            kind=Recorded,
            seed=seed,
        )
        assert answers(story, f="write") == ["ok"] * 20
        assert len(Recorded.tags) == 20
        assert {len(values) for values in Recorded.tags.values()} == {1}
        Recorded.tags.clear()


def test_a_writer_that_crashed_does_not_use_a_tag_again() -> None:
    """Its write reached one other replica, which the next incarnation cannot ask."""

    class Recorded(Recording):
        tags: ClassVar[dict[Any, set[Any]]] = {}

    # The tag is learnt at 111 ms, on the own disk at 112 ms, and with r1 at 117 ms.
    heard = 0
    for crash_at, seed in product((111.5, 112.5, 116, 117.5), range(4)):
        faults = [cut_off("r2", 3, 111.2, 160), crash("r0", crash_at, 150), cut_off("r1", 3, 155, 400)]
        steps = {"u0": [write(100, 1), write(200, 2)], "v1": [read(600), read(900)], "v2": [read(500), read(700)]}
        story = store(steps, faults, kind=Recorded, seed=seed, fsync_time=1)
        heard += story.at(300, "r1", "keys")
        assert answers(story, "u0", "write") == ["timed out", "ok"]
        assert set(answers(story)) == {2}
        assert all(len(values) == 1 for values in Recorded.tags.values())
        assert atomic(story)
        Recorded.tags.clear()
    assert heard > 0


def test_a_write_is_acknowledged_when_a_majority_has_it_on_disk() -> None:
    """A round trip to learn the tag, one to store the value, the other side's fsync; one's own goes on meanwhile."""
    story = store({"u0": [write(0, 1)]}, fsync_time=3)
    (op,) = story.operations()
    assert op.type == "ok"
    stored = [message.settled_ns for message in story.messages(kind="store")]
    kept = [message.sent_ns for message in story.messages(kind="kept")]
    assert [end - start for start, end in zip(stored, kept, strict=True)] == [3 * MS] * 2
    assert op.takes_ms == 2 * 1 + 2 * 5 + 2 * 5 + 3


def test_ones_own_copy_counts_when_it_is_on_disk_and_answers_that_came_meanwhile_count() -> None:
    """The coordinator's disk is slow: its peer has answered long before, and is not asked again."""
    nodes = [user("u0", "r0", [write(0, 1)])]
    nodes += [node(Register, f"r{number}", fsync_time=(40, 1, 1)[number]) for number in range(3)]
    for faults in ([], [crash("r2", 0)]):
        story = run(world(nodes, [link("u0", "r0")], [mesh(["r0", "r1", "r2"], 5)], faults), Register)
        (op,) = story.operations()
        assert (op.type, op.takes_ms) == ("ok", 2 * 1 + 2 * 5 + 40)


def test_messages_of_an_operation_are_two_rounds_to_each_peer() -> None:
    story = store({"u0": [write(0, 1)]}, replicas=5)
    kinds = [message.kind for message in story.messages()]
    count: Callable[[str], int] = kinds.count
    assert (count("query"), count("have"), count("store"), count("kept"), len(kinds)) == (4, 4, 4, 4, 18)
