"""The replicated register that asks majorities, in a world that breaks: partitions, crashes, recovery.

Attiya, Bar-Noy, Dolev: "Sharing Memory Robustly in Message-Passing Systems", JACM 42(1), 1995 (ABD95).
"""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.nodes.replicas import Register, contest, cut_off, store
from tests.nodes.stories import answers, atomic, read, user, write
from tests.worlds import crash, cut, link, mesh, node, partition, run, world

# Partitions


def test_the_side_of_the_majority_answers_and_the_other_refuses() -> None:
    """ABD95, abstract: the emulation works as long as a majority is up and connected."""
    sides = partition([["r0", "r1"], ["r2", "r3", "r4"]], 100, 900)
    steps = {
        "u0": [write(200, 1), read(300)],
        "u3": [write(200, 2), read(500)],
        "u1": [read(1000)],
        "v0": [write(1100, 3)],
        "u4": [read(1200)],
    }
    story = store(steps, [sides], replicas=5)
    assert [op.end for op in story.operations("u0")] == [("fail", "no quorum"), ("fail", "no quorum")]
    assert answers(story, "u3") == [2]
    assert answers(story, "u1") == [2]
    assert answers(story, "u4") == [3]
    assert atomic(story)


def test_refusing_takes_the_quorum_timeout_and_no_longer() -> None:
    story = store({"u0": [write(100, 1)]}, [cut_off("r0", 3, 50, 1000)], quorum_timeout_ms=77)
    assert [op.takes_ms for op in story.operations()] == [77 + 2]


def test_a_write_that_reached_somebody_before_it_failed_is_unknown() -> None:
    # The second phase is sent at 111.5 ms and arrives at 116.5 ms; a cut at 112 ms drops it, one at 117 ms its replies.
    for cut_at, peers_have in ((112, 0), (117, 1)):
        story = store({"u0": [write(100, 1)], "u1": [read(900)]}, [cut_off("r0", 3, cut_at, 500)])
        assert [op.end for op in story.operations("u0")] == [("info", "no quorum")]
        assert [story.at(400, id, "keys") for id in ("r0", "r1", "r2")] == [1, peers_have, peers_have]
        assert answers(story, "u1") in ([1], [None])


def test_a_minority_of_crashes_goes_unnoticed_and_a_majority_of_them_stops_all() -> None:
    steps = {"u0": [write(100, 1), read(400)]}
    assert answers(store(steps, [crash("r1", 0)])) == [1]
    assert answers(store(steps, [crash("r1", 0), crash("r2", 0)])) == ["no quorum"]


def test_a_single_replica_is_its_own_majority() -> None:
    story = store({"u0": [write(0, 1), read(50)]}, replicas=1)
    assert answers(story) == [1]
    assert {message.kind for message in story.messages()} == {"write", "done", "read", "value"}


def test_an_even_number_of_replicas_needs_more_than_half() -> None:
    halves = partition([["r0", "r1"], ["r2", "r3"]], 0, 1000)
    story = store({"u0": [write(100, 1)], "u2": [read(100)]}, [halves], replicas=4)
    assert answers(story) == answers(story, f="write") == ["no quorum"]


# Recovery


def test_after_a_crash_of_all_replicas_what_was_acknowledged_is_there() -> None:
    steps = {"u0": [write(100, 1)], "u1": [read(600)]}
    story = store(steps, [crash(f"r{n}", 300, 400) for n in range(3)])
    assert answers(story) == [1]
    assert story.at(450, "r0", "keys") == 1


def test_without_the_disk_it_is_gone() -> None:
    class Forgetful(Register):  # type: ignore[misc, name-defined]
        def start(self) -> None:
            self.disk.durable = {}
            super().start()

    steps = {"u0": [write(100, 1)], "u1": [read(600)]}
    story = store(steps, [crash(f"r{n}", 300, 400) for n in range(3)], kind=Forgetful)
    assert answers(story) == [None]


@pytest.mark.parametrize("seed", range(6))
def test_what_clients_see_is_as_if_there_were_one_copy(seed: int) -> None:
    """And some of it happened: reads of written values, refusals, unknown writes."""
    story = contest(Register, seed)
    assert atomic(story)
    assert len([value for value in answers(story) if isinstance(value, int)]) > 40
    assert {"ok", "fail", "info"} <= {op.type for op in story.operations()}


def test_a_one_way_cut_is_enough_to_lose_a_replica() -> None:
    ids = ["r0", "r1", "r2"]
    nodes = [user("u0", "r0", [write(100, 1)]), *(node(Register, id) for id in ids)]
    links = [link("u0", "r0"), *(link(a, b) for a, b in combinations(ids, 2))]
    for cuts, expected in (((), "ok"), (("r0-r1",), "ok"), (("r0-r1", "r0-r2"), "no quorum")):
        faults = [cut(one, 0, None, "b-to-a") for one in cuts]
        assert answers(run(world(nodes, links, [mesh(ids)], faults), Register), f="write") == [expected]
