"""What tests of leader–follower replication share: a store of three with a monitor, as plain Python to derive from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from simulations.engine.node import Node
from tests.nodes.stories import Step, user
from tests.worlds import Entry, Run, interpreted, link, node, run, world

source = interpreted("nodes/leader_follower")
LeaderFollower = source.LeaderFollower
FailoverMonitor = interpreted("nodes/failover_monitor").FailoverMonitor


def group(members: Sequence[str], latency: Any = 5, loss: float = 0.0) -> Entry:
    """The members' links to each other."""
    return {
        "id": "store",
        "protocol": "leader-follower",
        "members": list(members),
        "link": {"latency": latency, "loss": loss},
    }


def store(
    users: dict[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    members: int = 3,
    latency: Any = 5,
    kind: type[Node] = LeaderFollower,
    monitor: bool = True,
    seed: int = 1,
    slow: dict[str, Any] | None = None,
    keeper: type[Node] = FailoverMonitor,
    prefers: str = "",
    **params: Any,
) -> Run:
    """Members r0 (which leads first), r1…; users u0, v0, u1… each ask the member of the same number, over 1 ms."""
    ids = [f"r{number}" for number in range(members)]
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()]
    nodes += [node(kind, id, **(params | (slow or {}).get(id, {}))) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users]
    if monitor:
        nodes.append(node(FailoverMonitor, "m", preferred=prefers))
        links += [link("m", id) for id in ids]
    document = world(nodes, links, [group(ids, latency)], faults, duration_ms=3000, seed=seed)
    return run(document, kind, keeper)
