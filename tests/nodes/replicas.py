"""What tests of the replicated register share: users before replicas, and a store as plain Python to derive from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from simulations.engine.node import Node
from tests.nodes.stories import Step, user
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

source = interpreted("nodes/register")
Register = source.Register


def store(
    users: dict[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    replicas: int = 3,
    latency: Any = 5,
    kind: type[Node] = Register,
    seed: int = 1,
    **params: Any,
) -> Run:
    """Replicas r0, r1…; users u0, v0, u1… each ask the replica of the same number, over a link of 1 ms."""
    ids = [f"r{number}" for number in range(replicas)]
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()] + [node(kind, id, **params) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users]
    return run(world(nodes, links, [mesh(ids, latency)], faults, duration_ms=2000, seed=seed), kind)


def cut_off(id: str, replicas: int, at_ms: float, until_ms: float) -> Entry:
    """A partition between one replica and the others."""
    others = [f"r{number}" for number in range(replicas) if f"r{number}" != id]
    return partition([[id], others], at_ms, until_ms)


def contest(kind: type[Node], seed: int) -> Run:
    """Five clients read and write two keys through crashes and a partition."""
    ids = [f"r{number}" for number in range(5)]
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=25, keys=2, timeout_ms=300) for n in range(5)]
    nodes += [node(kind, id, quorum_timeout_ms=120, fsync_time=exponential(2)) for id in ids]
    faults = [
        partition([["r0", "r1"], ["r2", "r3", "r4"]], 300, 600),
        crash("r4", 200, 500),
        crash("r2", 700, 800),
        crash("r0", 650, 1200),
    ]
    links = [link(f"c{n}", f"r{n}") for n in range(5)]
    return run(world(nodes, links, [mesh(ids, exponential(15), 0.02)], faults, 1500, 500, seed), kind)
