"""What tests of protocols share: a search for a fault schedule that breaks a type, and what it comes down to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulations.document import Document, validate
from simulations.engine.node import Node
from simulations.exploring import Verdict, explore, prepared, struck
from simulations.minimising import minimised as minimised_scenario

Entry = dict[str, Any]
Types = Mapping[str, type[Node]]  # take the place of the types of these names


def cluster_document(
    protocol: str,
    members: int = 3,
    clients: int = 3,
    duration_ms: float = 3_000,
    keys: int = 2,
    latency: Any = 5,
    **params: Any,
) -> Entry:
    """A cluster of one type, with as many clients that read and write some keys; each is linked to every member."""
    ids = [f"n{number}" for number in range(1, members + 1)]
    asking = {"requests": "read-write", "rate_per_s": 20, "keys": keys, "timeout_ms": 400}
    users = [{"id": f"c{number}", "type": "client", "params": asking} for number in range(1, clients + 1)]
    return {
        "format": "netsplit/1",
        "duration_ms": duration_ms,
        "nodes": [*users, *({"id": id, "type": protocol} for id in ids)],
        "links": [
            {"id": f"{user['id']}-{id}", "a": user["id"], "b": id, "params": {"latency": 2}}
            for user in users
            for id in ids
        ],
        "clusters": [
            {"id": "mesh", "protocol": protocol, "members": ids, "params": params, "link": {"latency": latency}}
        ],
    }


def first_violation(
    document: Entry, types: Types, runs: int, seed: int = 1, without: frozenset[str] = frozenset()
) -> Verdict | None:
    """The first of so many schedules that breaks a rule, with these types; None when all are survived."""
    found = explore(prepared(validate(document)), seed, range(1, runs + 1), without, types)
    return next((verdict for verdict in found if not verdict.survived), None)


def minimised(document: Entry, types: Types, violation: Verdict, seed: int = 1, runs_max: int = 300) -> Document:
    """The scenario that a violation found with this seed comes down to."""
    ready = struck(prepared(validate(document)), seed, violation.number)
    return minimised_scenario(ready, violation, runs_max, types)
