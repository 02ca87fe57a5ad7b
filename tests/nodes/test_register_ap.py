"""The replicated register that answers alone, and tells the others when it can.

Anti-entropy: Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", PODC 1987, section 1.3
(push-pull). Last writer wins: Johnson, Thomas, "The Maintenance of Duplicate Databases", RFC 677, 1975.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.nodes import replicas
from tests.nodes.replicas import Register
from tests.nodes.stories import answers, atomic, read, write
from tests.worlds import MS, Run, client, crash, exponential, link, mesh, node, partition, run, world

store = partial(replicas.store, mode="ap", anti_entropy_ms=40)


def digests(story: Run, at_ms: float, count: int = 3) -> set[str]:
    return {story.at(at_ms, f"r{number}", "digest") for number in range(count)}


SPLIT = partition([["r0"], ["r1", "r2"]], 100, 900)


def test_a_replica_answers_at_once_without_asking_anybody() -> None:
    story = store({"u0": [write(100, 1), read(110)]}, fsync_time=0.5)
    assert [op.takes_ms for op in story.operations()] == [2.5, 2.0]
    assert {message.kind for message in story.messages() if message.op >= 0} == {"write", "done", "read", "value"}


def test_both_sides_of_a_partition_answer_and_disagree() -> None:
    steps = {"u0": [write(200, 1), read(500)], "u1": [write(210, 2), read(500)], "u2": [read(500)]}
    story = store(steps, [SPLIT])
    assert set(answers(story, f="write")) == {"ok"}
    assert [answers(story, user) for user in ("u0", "u1", "u2")] == [[1], [2], [2]]
    assert not atomic(story)


def test_asking_majorities_instead_one_side_refuses_and_nobody_disagrees() -> None:
    steps = {"u0": [write(200, 1), read(500)], "u1": [write(210, 2), read(500)], "u2": [read(500)]}
    story = store(steps, [SPLIT], mode="cp")
    assert [answers(story, user) for user in ("u0", "u1", "u2")] == [["no quorum"], [2], [2]]
    assert atomic(story)


def test_after_the_heal_all_replicas_hold_the_same_and_the_last_write_has_won() -> None:
    steps = {"u0": [write(200, 1)], "u1": [write(210, 2)], **{f"v{n}": [read(1500)] for n in range(3)}}
    story = store(steps, [SPLIT])
    assert len(digests(story, 850)) == 2
    assert len(digests(story, 1400)) == 1
    assert answers(story) == [2, 2, 2]
    steps |= {"u0": [write(220, 1)]}
    assert answers(store(steps, [SPLIT])) == [1, 1, 1]


def test_without_anti_entropy_they_stay_apart() -> None:
    class Silent(Register):  # type: ignore[misc, name-defined]
        def schedule_exchange(self) -> None:
            pass

    story = store({"u0": [write(200, 1)], "u1": [write(210, 2)]}, [SPLIT], kind=Silent)
    assert len(digests(story, 1900)) > 1


def test_writes_of_the_same_moment_are_decided_the_same_way_everywhere() -> None:
    steps = {f"u{n}": [write(100, n + 1)] for n in range(5)} | {f"v{n}": [read(1500)] for n in range(5)}
    story = store(steps, replicas=5)
    assert answers(story) == [5] * 5


def test_a_replica_that_overwrites_what_it_has_seen_wins_though_its_clock_says_the_same() -> None:
    """Two writes through one replica at the same moment: the later one gets a later timestamp."""
    story = store({"u0": [write(100, 1), write(100, 2)], "u1": [read(1000)], "v0": [read(1000)]})
    assert answers(story) == [2, 2]


def test_a_lost_update_was_acknowledged() -> None:
    story = store({"u0": [write(200, 1)], "u1": [write(210, 2)], "v0": [read(1500)]}, [SPLIT])
    assert answers(story, "u0", "write") == ["ok"]
    assert answers(story, "v0") == [2]


def test_an_exchange_carries_news_both_ways() -> None:
    """One exchange is enough for two replicas: what the caller lacks comes back with the answer."""
    story = store({"u0": [write(10, 1, key="x")], "u1": [write(10, 2, key="y")]}, replicas=2, anti_entropy_ms=200)
    first = story.messages(kind="exchange")[0]
    reply = story.messages(kind="difference")[0]
    assert reply.cause == first.id
    settled_ms = reply.settled_ns / MS
    assert settled_ms < story.messages(kind="exchange")[1].settled_ns / MS
    assert digests(story, settled_ms, 2) == {story.at(1900, "r0", "digest")}
    assert first.size == reply.size == 64 + 48


def test_an_exchange_that_gets_no_answer_is_not_the_last() -> None:
    story = store({"u0": [write(200, 1)], "u1": [read(1500)]}, [partition([["r0"], ["r1"], ["r2"]], 0, 1000)])
    assert len(story.messages(kind="exchange", outcome="partition")) > 30
    assert answers(story) == [1]


def test_a_replica_that_was_down_catches_up_and_has_lost_nothing_acknowledged() -> None:
    steps = {"u0": [write(100, 1, key="x")], "u2": [write(300, 2, key="y")], "v0": [read(900), read(900, key="y")]}
    story = store(steps, [crash("r0", 102.5, 600)])
    assert answers(story, "u0", "write") == ["ok"]
    assert story.at(600, "r0", "keys") == 1
    assert answers(story) == [1, 2]


def test_what_is_acknowledged_is_on_disk() -> None:
    for crash_at, acknowledged in ((102, False), (103.9, False), (104.5, True)):
        steps = {"u0": [write(100, 1)]}
        found = set()
        for seed in range(8):
            story = store(steps, [crash("r0", crash_at, 200)], replicas=1, fsync_time=3, seed=seed)
            assert (answers(story, f="write") == ["ok"]) is acknowledged
            found.add(story.at(300, "r0", "keys"))
        assert found == ({1} if acknowledged else {0, 1})


def test_nobody_exchanges_alone_or_when_asking_majorities() -> None:
    assert store({"u0": [write(100, 1)]}, replicas=1).messages(kind="exchange") == []
    assert store({"u0": [write(100, 1)]}, mode="cp").messages(kind="exchange") == []


@pytest.mark.parametrize("seed", range(4))
def test_replicas_converge_after_faults_of_every_kind(seed: int) -> None:
    ids = [f"r{number}" for number in range(5)]
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=40, keys=4, timeout_ms=200) for n in range(5)]
    nodes += [node(Register, id, mode="ap", anti_entropy_ms=40, fsync_time=exponential(1)) for id in ids]
    faults = [
        partition([["r0", "r1"], ["r2", "r3", "r4"]], 100, 500),
        crash("r4", 300, 700),
        crash("r1", 400, 450),
        partition([["r0"], ["r4"], ["r2", "r3"]], 600, 900),
    ]
    links = [link(f"c{n}", f"r{n}") for n in range(5)]
    story = run(world(nodes, links, [mesh(ids, exponential(10), 0.1)], faults, 1000, 2000, seed), Register)
    assert len(digests(story, 850, 5)) > 1
    assert len(digests(story, 3000, 5)) == 1
    assert set(story.ends()) <= {("ok", ""), ("fail", "timed out"), ("info", "timed out")}
    # Whoever could be asked answered: only the crashes cost anything.
    assert story.ends("c0") == {("ok", ""): len(story.operations("c0"))}
