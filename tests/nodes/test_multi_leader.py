"""The multi-leader store: writes anywhere, shipped afterwards, and three ways to settle conflicts.

Wall clock: Johnson, Thomas, RFC 677, 1975. Version vectors: Parker et al., IEEE Transactions on Software Engineering
9(3), 1983. CRDTs: Shapiro et al., "Conflict-free Replicated Data Types", SSS 2011.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from simulations.checks.history import registers
from simulations.checks.registers import check_lost_writes
from simulations.engine.node import Node
from tests.nodes.leaderless import last, log_of, published
from tests.nodes.stories import Step, answers, read, user, write
from tests.worlds import (
    Entry,
    Run,
    client,
    crash,
    exponential,
    interpreted,
    link,
    mesh,
    node,
    partition,
    run,
    world,
)

MultiLeader = interpreted("nodes/multi_leader").MultiLeader
SPLIT = partition([["r0"], ["r1", "r2"]], 100, 900)
APART: dict[str, list[Step]] = {"u0": [write(200, 1)], "u1": [write(201, 2)], "u2": [read(1900)]}
CONFLICTS = ["wall-clock", "siblings", "crdt"]


def store(
    users: Mapping[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    latency: Any = 5,
    kind: type[Node] = MultiLeader,
    **params: Any,
) -> Run:
    """Members r0, r1 and r2; users u0, v0, u1… each ask the member of the same number, over a link of 1 ms."""
    ids = ["r0", "r1", "r2"]
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()] + [node(kind, id, **params) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users]
    return run(world(nodes, links, [mesh(ids, latency)], faults, 2000), kind)


def behind(id: str, offset_ms: float) -> Entry:
    wrong = {"offset_ms": -offset_ms, "drift_ppm": 0, "timers": False}
    return {"kind": "clock", "target": id, "at_ms": 0, "until_ms": None, **wrong}


def test_a_member_answers_alone_and_the_others_hear_of_it_at_once() -> None:
    story = store({"u0": [write(100, 1)], "u1": [read(105), read(108)]}, anti_entropy_ms=0)
    assert [op.takes_ms for op in story.operations()] == [2.5, 2, 2]
    assert answers(story) == [None, 1]
    assert len(story.messages("ship")) == 2


def test_writes_are_collected_and_shipped_together() -> None:
    steps = {"u0": [write(100 + n, n, f"k{n}") for n in range(10)]}
    assert len(store(steps, anti_entropy_ms=0).messages("ship")) == 20
    story = store(steps, anti_entropy_ms=0, collect_ms=50)
    assert len(story.messages("ship")) == 2
    assert last(story, "keys", 3) == [10, 10, 10]


def test_what_is_there_already_is_not_shipped_with_every_write() -> None:
    story = store({"u0": [write(100 + 20 * n, n, f"k{n}") for n in range(10)]}, anti_entropy_ms=0)
    assert len({message.size for message in story.messages("ship")}) == 1


@pytest.mark.parametrize("conflicts", CONFLICTS)
def test_both_sides_of_a_partition_answer_and_agree_after_it(conflicts: str) -> None:
    steps = {"u0": [write(200, 1), read(300)], "u1": [write(210, 2), read(300)], "v0": [read(1900)]}
    story = store(steps, [SPLIT], conflicts=conflicts)
    assert set(answers(story, f="write")) == {"ok"}
    assert [answers(story, user) for user in ("u0", "u1", "v0")] == [[1], [2], [2]]
    assert len({story.at(800, f"r{m}", "digest") for m in range(3)}) == 2
    assert len(set(last(story, "digest", 3))) == 1


def test_without_shipping_again_they_would_stay_apart() -> None:
    story = store({"u0": [write(200, 1)]}, [SPLIT], anti_entropy_ms=0, timeout_ms=5000)
    assert len(set(last(story, "digest", 3))) == 2


def test_by_wall_clock_the_earlier_of_two_concurrent_writes_is_lost() -> None:
    story = store(APART)
    assert answers(story) == [2]
    assert (published(story, "multi.lost_concurrent"), published(story, "multi.lost_later")) == (1, 0)


def test_a_write_that_has_seen_the_other_loses_only_where_clocks_differ_by_more_than_shipping_takes() -> None:
    later = {"u0": [write(200, 1)], "u1": [write(300, 2)], "u2": [read(1900)]}
    for skew_ms, found, lost in ((0, 2, 0), (50, 2, 0), (200, 1, 1)):
        story = store(later, [behind("r1", skew_ms)])
        assert answers(story) == [found]
        assert (published(story, "multi.lost_concurrent"), published(story, "multi.lost_later")) == (0, lost)


@pytest.mark.parametrize("conflicts", ["siblings", "crdt"])
def test_version_vectors_keep_both_until_a_write_has_seen_both(conflicts: str) -> None:
    story = store(APART, [behind("r1", 500)], conflicts=conflicts)
    assert set(last(story, "value", 3)) == {"x = 2 | 1"}
    assert published(story, "multi.siblings") == 2
    assert published(story, "multi.lost_concurrent") == published(story, "multi.lost_later") == 0
    story = store({**APART, "v2": [write(500, 3)]}, conflicts=conflicts)
    assert set(last(story, "value", 3)) == {"x = 3"}


def counted(conflicts: str, faults: Iterable[Entry] = (), seed: int = 1, **load: Any) -> tuple[int, set[int], Run]:
    """What acknowledged increments and decrements come to, and what three members came to."""
    ids = ["r0", "r1", "r2"]
    load = {"requests": "increment", "rate_per_s": 30, "keys": 1, "timeout_ms": 500, **load}
    nodes = [client(f"c{n}", **load) for n in range(3)]
    nodes += [node(MultiLeader, id, conflicts=conflicts, anti_entropy_ms=200, timeout_ms=100) for id in ids]
    links = [link(f"c{n}", f"r{n}") for n in range(3)]
    story = run(world(nodes, links, [mesh(ids, exponential(10), 0.02)], faults, 1000, 2000, seed), MultiLeader)
    made = story.ends(f="increment")["ok", ""] - story.ends(f="decrement").get(("ok", ""), 0)
    return made, {int(text.removeprefix("k0 = ").split(" | ")[-1]) for text in last(story, "value", 3)}, story


def test_a_counter_that_merges_counts_every_increment_and_others_lose_some() -> None:
    """SSS 2011, section 3; specification 7 of INRIA RR-7506."""
    made, totals, _ = counted("crdt", [SPLIT])
    assert totals == {made}
    for conflicts in ("wall-clock", "siblings"):
        made, totals, _ = counted(conflicts, [SPLIT])
        assert max(totals) < made


def test_a_counter_that_merges_counts_down_as_well() -> None:
    """INRIA RR-7506, section 3.1.3."""
    made, totals, story = counted("crdt", [SPLIT], decrement_ratio=0.6)
    assert story.ends(f="decrement")["ok", ""] > story.ends(f="increment")["ok", ""] > 0
    assert totals == {made}


@pytest.mark.parametrize("seed", range(3))
def test_no_acknowledged_increment_is_lost_nor_counted_twice_through_crashes(seed: int) -> None:
    faults = [crash("r0", 300, 500), crash("r1", 450, 700), SPLIT, crash("r0", 800, 900)]
    made, totals, story = counted("crdt", faults, seed)
    assert len(totals) == 1
    unknown = len([op for op in story.operations() if op.type == "info"])
    assert made <= totals.pop() <= made + unknown


def test_a_key_both_written_and_incremented_is_the_sum() -> None:
    ids = ["r0", "r1", "r2"]
    nodes = [
        user("u0", "r0", [write(10, 100, "k0"), read(1900, "k0")]),
        client("c1", requests="increment", rate_per_s=20, pattern="deterministic", keys=1),
        *(node(MultiLeader, id, conflicts="crdt") for id in ids),
    ]
    story = run(world(nodes, [link("u0", "r0"), link("c1", "r1")], [mesh(ids, 5)], (), 1000, 1000), MultiLeader)
    assert answers(story) == [100 + story.ends("c1")["ok", ""]]


def test_what_was_acknowledged_and_not_shipped_is_shipped_after_the_restart() -> None:
    story = store({"u0": [write(200, 1)], "u1": [read(1900)]}, [SPLIT, crash("r0", 300, 950)], anti_entropy_ms=0)
    assert answers(story) == [1]


@pytest.mark.parametrize("conflicts", CONFLICTS)
def test_members_converge_after_faults_of_every_kind(conflicts: str) -> None:
    ids = [f"r{number}" for number in range(4)]
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=30, keys=4, timeout_ms=200) for n in range(4)]
    nodes += [node(MultiLeader, id, conflicts=conflicts, fsync_time=exponential(1), timeout_ms=100) for id in ids]
    faults = [
        partition([["r0", "r1"], ["r2", "r3"]], 100, 500),
        crash("r3", 300, 700),
        crash("r1", 400, 450),
        crash("r2", 850),
        behind("r0", 300),
    ]
    links = [link(f"c{n}", f"r{n}") for n in range(4)]
    story = run(world(nodes, links, [mesh(ids, exponential(10), 0.1)], faults, 1000, 6000), MultiLeader)
    assert len({story.at(850, id, "digest") for id in ids}) > 1
    live = [state for state in last(story, "digest", 4) if state is not None]
    assert len(live) == 3
    assert len(set(live)) == 1
    assert story.ends("c0") == {("ok", ""): len(story.operations("c0"))}


def test_siblings_are_not_lost_and_what_the_clock_throws_away_is() -> None:
    steps = {"u0": [write(200, 1)], "u1": [write(300, 2)]}
    for conflicts, shown, lost in (("siblings", "x = 2 | 1", 0), ("wall-clock", "x = 1", 1)):
        log = log_of(store(steps, [behind("r1", 200)], latency=400, conflicts=conflicts))
        assert log.final_values() == {"x": shown.removeprefix("x = ")}
        assert check_lost_writes(registers(log.operations.values()), log.final_values()).violations == lost
