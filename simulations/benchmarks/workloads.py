"""The reference workloads as physical documents. Each run sends about the given number of messages."""

from __future__ import annotations

from typing import Any

from simulations.benchmarks.nodes import Gossiper, Holder, LogMember
from simulations.engine.node import Node
from simulations.nodes.client import Client
from simulations.nodes.database import Database
from simulations.nodes.load_balancer import LoadBalancer
from simulations.nodes.raft import Raft
from simulations.nodes.service import Service

TYPES: dict[str, type[Node]] = {
    kind.TYPE: kind for kind in (Holder, Gossiper, LogMember, Client, LoadBalancer, Service, Database, Raft)
}


def exponential(mean_ms: float) -> dict[str, Any]:
    """An exponential distribution's entry."""
    return {"kind": "exponential", "mean_ms": mean_ms}


def document(
    nodes: list[Any], links: list[Any], duration_ms: float, clusters: list[Any] | None = None
) -> dict[str, Any]:
    """A physical document with the seed 1."""
    return {
        "nodes": nodes,
        "links": links,
        "clusters": clusters or [],
        "faults": [],
        "duration_ms": duration_ms,
        "settle_ms": 0,
        "seed": 1,
    }


def node(kind: type[Node], id: str, **params: Any) -> dict[str, Any]:
    """A node, its other parameters at their defaults."""
    return {"id": id, "type": kind.TYPE, "params": {param.name: param.default for param in kind.PARAMS} | params}


def link(a: str, b: str, latency: Any) -> dict[str, Any]:
    """A link without loss."""
    return {"id": f"{a}-{b}", "a": a, "b": b, "params": {"latency": latency, "loss": 0.0}}


def ring(count: int, chords: tuple[int, ...], latency: Any) -> list[Any]:
    """Links between n0 … n(count − 1): each node with those `chords` further on."""
    return [link(f"n{i}", f"n{(i + chord) % count}", latency) for i in range(count) for chord in chords]


def hold(messages: int, count: int = 50) -> dict[str, Any]:
    """`count` nodes hand on four tokens each over links of 1 ms in the mean."""
    nodes = [node(Holder, f"n{i}", tokens=4) for i in range(count)]
    return document(nodes, ring(count, (1, 3, 7), exponential(1)), messages / (4 * count))


def hold_10k(messages: int) -> dict[str, Any]:
    """The same with 10,000 nodes."""
    return hold(messages, 10_000)


def three_tier(messages: int) -> dict[str, Any]:
    """50 closed-loop clients, a balancer, 4 services × 4 workers, a database × 8; six messages a request."""
    services = [f"service{i}" for i in range(4)]
    nodes = [
        node(Client, "clients", arrivals="closed", users=50, think_time=0.0),
        node(LoadBalancer, "balancer"),
        *(node(Service, id, concurrency=4, service_time=exponential(2)) for id in services),
        node(Database, "database", concurrency=8, service_time=exponential(1)),
    ]
    links = [link("clients", "balancer", exponential(1))]
    links += [link("balancer", id, exponential(1)) for id in services]
    links += [link(id, "database", exponential(1)) for id in services]
    return document(nodes, links, messages / 18.85)


def replicated_log(messages: int) -> dict[str, Any]:
    """Five members, the first of them leader, 16 writers, heartbeats each 50 ms."""
    params = {"writers": 16, "heartbeat_ms": 50, "fsync_time": exponential(0.5)}
    members = [f"n{i}" for i in range(5)]
    mesh = {"id": "log", "members": members, "link": {"latency": exponential(1), "loss": 0.0}}
    return document([node(LogMember, id, **params) for id in members], [], messages / 42, [mesh])


def raft(messages: int) -> dict[str, Any]:
    """Five members of Raft, and 16 users who write and read, each the next when it has an answer."""
    members = [f"n{i}" for i in range(5)]
    nodes = [node(Client, "clients", requests="read-write", arrivals="closed", users=16, think_time=0.0)]
    nodes += [node(Raft, id, fsync_time=exponential(0.5)) for id in members]
    mesh = {"id": "raft", "members": members, "link": {"latency": exponential(1), "loss": 0.0}}
    return document(nodes, [link("clients", id, exponential(1)) for id in members], messages / 17, [mesh])


def gossip(messages: int) -> dict[str, Any]:
    """1,000 nodes, each with eight neighbours, tell one of them each 100 ms."""
    nodes = [node(Gossiper, f"n{i}", period_ms=100) for i in range(1000)]
    return document(nodes, ring(1000, (1, 7, 53, 331), exponential(5)), messages / 10)


WORKLOADS = {
    "hold": hold,
    "three-tier": three_tier,
    "replicated-log": replicated_log,
    "raft": raft,
    "gossip": gossip,
    "hold-10k": hold_10k,
}
