"""What tests of sharded stores share: a store of any partitioning, with members' links, a router and a directory."""

from __future__ import annotations

from typing import Any

from simulations.engine.node import Node
from simulations.nodes.shard_directory import ShardDirectory
from simulations.nodes.shard_router import ShardRouter
from simulations.nodes.shard_store import ShardStore
from tests.worlds import Entry, Run, client, link, node, run, world

LOAD: dict[str, Any] = {"requests": "read-write", "rate_per_s": 150, "keys": 40, "timeout_ms": 3000}
MEMBERS = ["s1", "s2", "s3"]


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def served(story: Run, member: str) -> int:
    number = story.nodes.index(member)
    return sum(row[3] for row in story.rows("published") if row[2] == "shard.served" and row[1] == number)


def keys(story: Run, member: str) -> int:
    return int(story.states(member, "keys")[-1][1])


def routed(
    users: Any = None,
    faults: Any = (),
    joins_at_ms: float = 0,
    duration_ms: float = 3000,
    router: Any = None,
    directory: Any = None,
    seed: int = 1,
    kind: type[Node] = ShardDirectory,
    **params: Any,
) -> Run:
    """Users, a router, and members behind it, of which s4 joins later; a directory if any parameter is given for it."""
    names = [*MEMBERS, *(["s4"] if joins_at_ms else [])]
    founders = " ".join(MEMBERS)
    its: dict[str, Any] = {"founders": founders, "batch_keys": 3, "service_time": 1, **params}
    users = users or [client("c", **LOAD)]
    asks: dict[str, Any] = router or {}
    links = [link(user["id"], "r") for user in users] + [link("r", name) for name in names]
    nodes: list[Entry] = list(users)
    if directory is not None:
        asks = {"knows_from": "directory", "directory": "d", **asks}
        its = {**its, "partitioning": "directory", "directory": "d"}
        nodes.append(node(ShardDirectory, "d", **{"founders": founders, **directory}))
        links += [link("r", "d"), *(link("d", name) for name in names)]
    nodes.append(node(ShardRouter, "r", **asks))
    nodes += [node(ShardStore, name, **its, joins_at_ms=joins_at_ms if name == "s4" else 0) for name in names]
    mesh: Entry = {"id": "store", "protocol": "shard-store", "members": names, "link": {"latency": 2, "loss": 0.0}}
    return run(world(nodes, links, [mesh], faults, duration_ms, 8000, seed), kind)
