"""What tests of Raft share: users before members, and Raft as plain Python to derive from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulations.checks.finding import Finding
from simulations.checks.invariants import check_invariants
from simulations.engine.log import Log
from simulations.engine.node import Node
from tests.nodes.stories import Step, user
from tests.worlds import Entry, Run, client, exponential, interpreted, link, node, run, world

source = interpreted("nodes/raft")
Raft = source.Raft
LATE = {"election_timeout_ms_max": 1500}


def cluster(ids: Sequence[str], latency: Any = 5, loss: float = 0.0) -> Entry:
    return {"id": "raft", "protocol": "raft", "members": list(ids), "link": {"latency": latency, "loss": loss}}


def members(
    users: Mapping[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    count: int = 3,
    duration_ms: float = 3000,
    kind: type[Node] = Raft,
    seed: int = 1,
    own: Mapping[str, Mapping[str, Any]] | None = None,
    latency: Any = 5,
    **params: Any,
) -> Run:
    """Members r0, r1…; users u0, v0, u1… each ask the member of the same number, over a link of 1 ms. r0 times out
    first, unless `own` says otherwise.
    """
    ids = [f"r{number}" for number in range(count)]
    own = {"r0": first()} if own is None else own
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()]
    nodes += [node(kind, id, **{**params, **own.get(id, {})}) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users]
    return run(world(nodes, links, [cluster(ids, latency)], faults, duration_ms, seed=seed), kind)


def first(timeout_ms: float = 150) -> dict[str, Any]:
    """Election timeouts that make a member the first to stand."""
    return {"election_timeout_ms_min": timeout_ms, "election_timeout_ms_max": timeout_ms}


def leaders(story: Run, until_ms: float = 1e9, count: int = 3) -> list[tuple[float, str, int]]:
    """When who became leader of which term."""
    found = [
        (at, f"r{number}", story.at(at, f"r{number}", "term"))
        for number in range(count)
        for at, role in story.states(f"r{number}", "role")
        if role == "leader" and at <= until_ms
    ]
    return sorted(found)


def rules(story: Run, kind: type[Node] = Raft) -> dict[str, Finding]:
    """What Raft's invariants find in a run."""
    log = Log(watched=frozenset(field for rule in kind.INVARIANTS for field in rule.fields))
    for chunk in story.decoded:
        log.add(chunk)
    ids = [id for id in story.nodes if id.startswith("r")]
    return {finding.name: finding for finding in check_invariants(log, [(kind.INVARIANTS, ids)])}


def broken(story: Run, kind: type[Node] = Raft) -> set[str]:
    """The invariants that a run breaks."""
    return {name for name, finding in rules(story, kind).items() if finding.verdict == "fail"}


def contest(kind: type[Node], seed: int, faults: Iterable[Entry], count: int = 5, **params: Any) -> Run:
    """Clients read and write two keys while all that is struck."""
    ids = [f"r{number}" for number in range(count)]
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=25, keys=2, timeout_ms=300) for n in range(count)]
    nodes += [node(kind, id, **{"fsync_time": exponential(2), **params}) for id in ids]
    links = [link(f"c{n}", f"r{n}") for n in range(count)]
    return run(world(nodes, links, [cluster(ids, exponential(8), 0.02)], faults, 2500, 500, seed), kind)


def last(story: Run, field: str, count: int = 3) -> list[Any]:
    """What the members show at the end."""
    return [story.states(f"r{number}", field)[-1][1] for number in range(count)]
