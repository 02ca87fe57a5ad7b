"""What tests of the leaderless store share: users before its members, and the store as plain Python to derive from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulations.engine.log import Log
from simulations.engine.metrics_reads import staleness_metrics
from simulations.engine.node import Node
from simulations.engine.partitioning import Ring
from tests.nodes.stories import Step, user
from tests.worlds import (
    MS,
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

source = interpreted("nodes/leaderless")
Leaderless = source.Leaderless
QUIET: dict[str, Any] = {"read_repair": False, "anti_entropy_ms": 0}  # nothing mends what a write did not reach


def store(
    users: Mapping[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    members: int = 5,
    latency: Any = 5,
    kind: type[Node] = Leaderless,
    seed: int = 1,
    **params: Any,
) -> Run:
    """Members r0, r1…; users u0, v0, u1… each ask the member of the same number, over a link of 1 ms."""
    ids = [f"r{number}" for number in range(members)]
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()] + [node(kind, id, **params) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users]
    return run(world(nodes, links, [mesh(ids, latency)], faults, 2000, seed=seed), kind)


def key_of(replica: str, members: int = 5, n: int = 3) -> str:
    """A key in whose preference list a member stands, and r0 does not."""
    ring = Ring([f"r{number}" for number in range(members)], 32)
    lists = {f"k{number}": ring.preference(f"k{number}")[:n] for number in range(100)}
    return next(key for key, owners in lists.items() if replica in owners and "r0" not in owners)


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def last(story: Run, field: str, members: int = 5) -> list[Any]:
    """What each member showed in the end."""
    return [story.states(f"r{number}", field)[-1][1] for number in range(members)]


def contest(kind: type[Node], seed: int, **params: Any) -> Run:
    """Five clients read and write four keys through crashes, a partition and loss."""
    ids = [f"r{number}" for number in range(5)]
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=25, keys=4, timeout_ms=300) for n in range(5)]
    given = {"n": 5, "r": 3, "w": 3, "timeout_ms": 60, "anti_entropy_ms": 100, "fsync_time": exponential(2), **params}
    nodes += [node(kind, id, **given) for id in ids]
    faults = [
        partition([["r0", "r1"], ["r2", "r3", "r4"]], 300, 600),
        crash("r4", 200, 500),
        crash("r2", 700, 800),
        crash("r0", 650, 1100),
    ]
    links = [link(f"c{n}", f"r{n}") for n in range(5)]
    return run(world(nodes, links, [mesh(ids, exponential(10), 0.02)], faults, 1300, 2500, seed), kind)


def stale(story: Run, from_ms: float = 0) -> int:
    """How many writes the reads begun from then on have missed, of those that had ended before; the most of one."""
    log = log_of(story)
    selected = frozenset(one.id for one in log.operations.values() if one.start_ns >= from_ms * MS)
    return int(staleness_metrics(log.operations.values(), selected).get("reads.staleness_versions.max", 0))


def log_of(story: Run) -> Log:
    log = Log(watched=frozenset({"version"}))
    for chunk in story.decoded:
        log.add(chunk)
    return log
