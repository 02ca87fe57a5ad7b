"""The gallery's files: one scenario document each."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from simulations.document_base import FORMAT

FOLDER: Final = Path(__file__).resolve().parent / "scenarios"
EXAMPLE: Final = "client-server"
# The gallery's order: chapters, and the scenarios of each as one would meet them.
CHAPTERS: Final[dict[str, tuple[str, ...]]] = {
    "Why distribute": (
        "scalability",
        "reliability",
        "geography",
        "incremental-growth",
        "cost",
        "shared-resources",
        "inherent-distribution",
        "organisational",
        "planet-search",
    ),
    "Architectural models": (
        "client-server",
        "multi-tier",
        "peer-to-peer-swarm",
        "peer-to-peer-dht",
        "microservices",
        "event-driven",
        "serverless",
        "model-comparison",
    ),
    "Communication": (
        "sync-rpc",
        "async-rpc",
        "message-passing",
        "publish-subscribe",
        "request-reply-async",
        "streaming",
        "push-versus-poll",
        "rpc-anatomy",
    ),
    "Messages that wait": (
        "queue-point-to-point",
        "queue-competing-consumers",
        "queue-fan-out",
        "queue-dead-letter",
        "queue-durability",
        "queue-spike",
        "delivery-semantics",
        "outbox",
        "log-broker",
    ),
    "Fallacies of distributed computing": (
        "fallacy-reliable",
        "fallacy-latency",
        "fallacy-bandwidth",
        "fallacy-secure",
        "fallacy-topology",
        "fallacy-administrator",
        "fallacy-transport-cost",
        "fallacy-homogeneous",
    ),
    "Consistency and availability": (
        "cap-healthy",
        "cap-partition",
        "cap-banking",
        "cap-inventory",
        "cap-social-feed",
        "cap-catalogue",
        "cap-dns",
        "cap-leader-election",
        "pacelc",
        "consistency-models",
        "logical-clocks",
        "causal-broadcast",
        "global-snapshot",
    ),
    "Data distribution": (
        "replication-leader-follower",
        "replication-active-passive",
        "replication-chain",
        "replication-multi-leader",
        "replication-crdt",
        "replication-active-active",
        "replication-leaderless",
        "read-your-writes",
        "sharding-range",
        "sharding-hash",
        "sharding-consistent-hash",
        "sharding-directory",
        "sharding-rebalance",
        "sharding-cross-shard",
        "saga",
    ),
    "Discovery": (
        "discovery-hardcoded",
        "discovery-client-side",
        "discovery-server-side",
        "discovery-self-registration",
        "discovery-third-party",
        "discovery-health-checks",
    ),
    "Consensus and coordination": (
        "consensus-raft",
        "raft-membership",
        "consensus-latency",
        "consensus-paxos",
        "consensus-multi-paxos",
        "consensus-zab",
        "consensus-pbft",
        "two-phase-commit",
        "three-phase-commit",
        "leader-election-bully",
        "leader-election-ring",
        "lease-lock",
        "gossip",
        "swim-membership",
    ),
    "Kinds of failure": (
        "failure-crash",
        "failure-omission",
        "failure-timing",
        "failure-partition",
        "failure-partial-partition",
        "failure-byzantine",
        "failure-clock-skew",
        "failure-disk",
        "failure-gray",
    ),
    "Living with failure": (
        "timeout",
        "retry",
        "idempotency",
        "circuit-breaker",
        "fallback",
        "bulkhead",
        "failover",
        "health-check",
        "hedged-request",
        "load-shedding",
        "rate-limit",
        "load-balancing",
        "chaos-monkey",
    ),
}
STARTS: Final = ("client-server", "multi-tier", "cap-partition")  # what an empty canvas offers


def files(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("*.json"))


def positions() -> dict[str, int]:
    """The place of each scenario in the gallery, by slug."""
    slugs = [slug for slugs in CHAPTERS.values() for slug in slugs]
    return {slug: position for position, slug in enumerate(slugs)}


def example() -> dict[str, Any]:
    """The document on which the editor opens."""
    document: dict[str, Any] = json.loads((FOLDER / f"{EXAMPLE}.json").read_text())
    return document


def empty() -> dict[str, Any]:
    """A document without parts."""
    return {"format": FORMAT, "title": "Untitled scenario", "seed": 1, "duration_ms": 20_000, "nodes": [], "links": []}


@cache
def starts() -> list[dict[str, str]]:
    """What one may start from in place of nothing: slug and title of each."""
    return [{"slug": slug, "title": json.loads((FOLDER / f"{slug}.json").read_text())["title"]} for slug in STARTS]
