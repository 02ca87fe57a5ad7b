"""What tests of chain replication share: a chain with its master, as plain Python to derive from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from simulations.engine.node import Node
from tests.nodes.stories import Step, user
from tests.worlds import Entry, Run, interpreted, link, node, run, world

source = interpreted("nodes/chain")
ChainStore = source.ChainStore
ChainMaster = interpreted("nodes/chain_master").ChainMaster


def row(members: Sequence[str], latency: Any = 5, loss: float = 0.0) -> Entry:
    """The members' links to each other."""
    return {"id": "chain", "protocol": "chain", "members": list(members), "link": {"latency": latency, "loss": loss}}


def chain(
    users: dict[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    members: int = 3,
    latency: Any = 5,
    kind: type[Node] = ChainStore,
    seed: int = 1,
    loss: float = 0.0,
    **params: Any,
) -> Run:
    """Members r0 (the head), r1…; users u0, v0, u1… each ask the member of the same number, over 1 ms."""
    ids = [f"r{number}" for number in range(members)]
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()]
    nodes += [node(kind, id, **params) for id in ids]
    nodes.append(node(ChainMaster, "m"))
    links = [*[link(id, f"r{id[1]}") for id in users], *[link("m", id) for id in ids]]
    return run(world(nodes, links, [row(ids, latency, loss)], faults, duration_ms=3000, seed=seed), kind, ChainMaster)
