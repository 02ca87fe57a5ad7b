"""Small worlds of services that are found by name."""

from __future__ import annotations

from typing import Any

from simulations.nodes.registry import Registry
from tests.worlds import MS, Entry, Run, client, link, node, run, service, world

SELF: dict[str, Any] = {"register_as": "shop", "lease_ms": 300, "renew_ms": 100}
BY_NAME: dict[str, Any] = {"discovery": "registry", "lookup_name": "shop", "lookup_cache_ms": 50}
STEADY: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 200, "timeout_ms": 100}


def instances(count: int = 3, **params: Any) -> list[Entry]:
    return [service(f"s{n}", **{"service_time": 1, "concurrency": 50, **SELF, **params}) for n in range(count)]


def registry(id: str = "r") -> Entry:
    return node(Registry, id, service_time=0)


def found(
    servers: list[Entry] | None = None, faults: Any = (), duration_ms: float = 2000, more: Any = (), **params: Any
) -> Run:
    """A client that looks three registered instances up, with links to them all."""
    servers = instances() if servers is None else servers
    ids = [server["id"] for server in servers]
    links = [link("c", "r"), *(link("c", id) for id in ids), *(link(id, "r") for id in ids), *more]
    nodes = [client("c", **{**STEADY, **BY_NAME, **params}), registry(), *servers]
    return run(world(nodes, links, faults=faults, duration_ms=duration_ms, settle_ms=200))


def failed(story: Run) -> list[float]:
    """When the operations that failed began (ms)."""
    return [op.start_ns / MS for op in story.operations() if op.type != "ok"]


def shares(story: Run, dst: str, from_ms: float = 0, to_ms: float = 1e9, src: str = "c") -> int:
    sent = story.messages(kind="work", src=src, dst=dst)
    return len([message for message in sent if from_ms <= message.sent_ns / MS < to_ms])
