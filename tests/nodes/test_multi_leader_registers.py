"""Registers in the multi-leader store: of two writes at once one is lost, or both stay; stamps and what they are worth.

Shapiro, Preguiça, Baquero, Zawirski, INRIA RR-7506, 2011: the last-writer-wins register of section 3.2.1, the
multi-value register of section 3.2.2. Hybrid clocks: Kulkarni et al., OPODIS 2014.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.hosts import broken
from tests.nodes.leaderless import last, published
from tests.nodes.stories import answers, read, write
from tests.nodes.test_multi_leader import APART, SPLIT, MultiLeader, behind, store
from tests.worlds import MS, Run, client, crash, exponential, link, mesh, node, run, world

LAST_WRITER: dict[str, Any] = {"conflicts": "crdt", "registers": "last-writer"}
HYBRID: dict[str, Any] = {"conflicts": "crdt", "registers": "last-writer-hybrid"}
MULTI_VALUE: dict[str, Any] = {"conflicts": "crdt", "registers": "multi-value"}
LATER = {"u0": [write(200, 1)], "u1": [write(300, 2)], "u2": [read(1900)]}  # the second has seen the first


def lost(story: Run) -> tuple[int, int]:
    """Writes that lost against one that had not seen them, and against one that they had seen."""
    return published(story, "multi.lost_concurrent"), published(story, "multi.lost_later")


@pytest.mark.parametrize(
    ("params", "shown", "losses"),
    [(MULTI_VALUE, "x = 1 | 2", (0, 0)), (LAST_WRITER, "x = 2", (1, 0)), (HYBRID, "x = 2", (1, 0))],
)
def test_of_two_writes_at_once_a_register_keeps_both_or_the_later(
    params: dict[str, Any], shown: str, losses: tuple[int, int]
) -> None:
    story = store(APART, [SPLIT], **params)
    assert set(last(story, "value", 3)) == {shown}
    assert lost(story) == losses


@pytest.mark.parametrize(
    ("params", "found", "losses"), [(MULTI_VALUE, 2, (0, 0)), (LAST_WRITER, 1, (0, 1)), (HYBRID, 2, (0, 0))]
)
def test_by_a_clock_that_is_behind_an_earlier_write_wins_unless_its_stamp_counts_as_seen(
    params: dict[str, Any], found: int, losses: tuple[int, int]
) -> None:
    story = store(LATER, [behind("r1", 500)], **params)
    assert answers(story) == [found]
    assert lost(story) == losses


def test_what_increments_come_to_is_beside_the_register() -> None:
    """A register of the last writer changes nothing about counters."""
    ids = ["r0", "r1", "r2"]
    load = {"requests": "increment", "rate_per_s": 30, "keys": 1}
    nodes = [client(f"c{n}", **load) for n in range(3)] + [node(MultiLeader, id, **LAST_WRITER) for id in ids]
    links = [link(f"c{n}", f"r{n}") for n in range(3)]
    story = run(world(nodes, links, [mesh(ids, 5)], [SPLIT], 1000, 1000), MultiLeader)
    assert set(last(story, "value", 3)) == {f"k0 = {story.ends()['ok', '']}"}


@pytest.mark.parametrize("params", [MULTI_VALUE, LAST_WRITER, HYBRID])
def test_registers_converge_through_faults_of_every_kind(params: dict[str, Any]) -> None:
    ids = ["r0", "r1", "r2"]
    load = {"requests": "read-write", "rate_per_s": 30, "keys": 2, "timeout_ms": 200}
    nodes = [client(f"c{n}", **load) for n in range(3)]
    nodes += [node(MultiLeader, id, **params, fsync_time=exponential(1), timeout_ms=100) for id in ids]
    faults = [SPLIT, crash("r2", 300, 500), crash("r0", 950, 1000), behind("r1", 300)]
    links = [link(f"c{n}", f"r{n}") for n in range(3)]
    for seed in range(3):
        story = run(world(nodes, links, [mesh(ids, exponential(10), 0.05)], faults, 1200, 4000, seed), MultiLeader)
        assert len(set(last(story, "digest", 3))) == 1
        concurrent, later = lost(story)
        assert (concurrent > 0) is (params is not MULTI_VALUE)
        assert (later > 0) is (params is LAST_WRITER)


def test_where_all_clocks_are_equally_behind_the_later_write_wins() -> None:
    """Even before such a clock shows that anything has begun."""
    steps = {"u0": [write(100, 4)], "u1": [write(50, 1), write(60, 2), write(70, 3)], "u2": [read(1900)]}
    story = store(steps, [behind(id, 500) for id in ("r0", "r1", "r2")])
    assert answers(story) == [4]
    assert lost(story) == (0, 0)


def test_nothing_is_shipped_that_is_not_on_disk() -> None:
    """The second write comes while the first is being made durable, and its member dies before it is itself."""
    story = store({"u0": [write(100, 1), write(150, 2)]}, [crash("r0", 220)], fsync_time=100)
    assert answers(story, f="write") == ["ok", "timed out"]
    assert [sent for sent in story.messages("ship") if sent.sent_ns < 220 * MS] == []
    story = store({"u0": [write(100, 1), write(150, 2)]}, fsync_time=100)
    assert set(last(story, "value", 3)) == {"x = 2"}


def test_what_a_process_finds_in_the_page_cache_is_on_disk_before_it_is_shipped() -> None:
    """A write whose process ends before its fsync does; the next one has it, and its machine dies."""
    ended = broken("stop", "r0", 120, 125)
    story = store({"u0": [write(100, 1)]}, [ended, crash("r0", 200, 1000)], fsync_time=100)
    assert answers(story, f="write") != ["ok"]
    assert [sent for sent in story.messages("ship") if sent.sent_ns < 225 * MS] == []
    story = store({"u0": [write(100, 1)]}, [ended], fsync_time=100)
    assert last(story, "value", 3)[1:] == ["x = 1"] * 2
