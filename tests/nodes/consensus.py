"""What tests of replicated logs share: replicas with clients, schedules of random faults, and what the checks say."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulations.engine.log import Log
from simulations.engine.node import Node
from simulations.report import Recording
from tests.nodes.stories import Step, user
from tests.worlds import Entry, Run, client, exponential, link, node, run, world


def names(count: int) -> list[str]:
    return [f"r{number}" for number in range(count)]


def mesh(members: Sequence[str], latency: Any = 5, loss: float = 0.0, protocol: str = "register") -> Entry:
    """A cluster, every two members linked."""
    return {"id": "mesh", "protocol": protocol, "members": list(members), "link": {"latency": latency, "loss": loss}}


def group(
    kind: type[Node],
    users: Mapping[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    replicas: int = 3,
    latency: Any = 5,
    duration_ms: float = 3000,
    seed: int = 1,
    **params: Any,
) -> Run:
    """Replicas r0, r1…; users u0, v0, u1… each ask the replica of the same number, over a link of 1 ms."""
    ids = names(replicas)
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()] + [node(kind, id, **params) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users]
    clusters = [mesh(ids, latency)]
    return run(world(nodes, links, clusters, faults, duration_ms=duration_ms, seed=seed), kind)


def judged(kind: type[Node], document: Entry) -> tuple[Run, dict[str, str]]:
    """A run with replicas of a kind, and the verdict of each check."""
    story = run(document, kind)
    log = Log(watched=frozenset(field for rule in kind.INVARIANTS for field in rule.fields))
    for chunk in story.decoded:
        log.add(chunk)
    recording = Recording(log, story.outcome.status, story.outcome.digest, document)
    return story, {finding.name: finding.verdict for finding in recording.findings}


def weather(ids: Sequence[str], seed: int, until_ms: int) -> list[Entry]:
    """Faults of a random schedule, which begin and end before a time: of hosts, of links and of disks."""
    chance = random.Random(seed)
    faults: list[Entry] = []
    for _ in range(chance.randint(3, 8)):
        at_ms = chance.randint(20, until_ms - 100)
        spell = {"at_ms": at_ms, "until_ms": min(until_ms, at_ms + chance.randint(20, 700))}
        one, other = chance.sample(list(ids), 2)
        which = chance.random()
        if which < 0.35:
            faults.append({"kind": "crash", "target": one, **spell})
        elif which < 0.55:
            side = chance.sample(list(ids), chance.randint(1, len(ids) - 1))
            faults.append({"kind": "partition", "target": [side, [id for id in ids if id not in side]], **spell})
        elif which < 0.75:
            target = f"mesh:{'-'.join(sorted((one, other)))}"
            direction = chance.choice(["both", "a-to-b", "b-to-a"])
            bad = chance.choice([{"kind": "cut"}, {"kind": "loss", "probability": 0.5}, _TWICE, _LATE])
            faults.append({"target": target, "direction": direction, **bad, **spell})
        else:
            faults.append({"target": one, **chance.choice(_TROUBLE), **spell})
    return faults


_TWICE = {"kind": "duplicate", "probability": 0.5}
_LATE = {"kind": "reorder", "probability": 0.3, "latency": exponential(30)}
_TROUBLE: tuple[Entry, ...] = (
    {"kind": "stop", "lead_ms": 0, "drain_ms": 0},
    {"kind": "pause"},
    {"kind": "clock", "offset_ms": 200, "drift_ppm": 200_000, "timers": True},
    {"kind": "disk", "mode": "slow", "factor": 20},
    {"kind": "disk", "mode": "full"},
    {"kind": "disk", "mode": "torn", "checksums": False},
)


def storm(kind: type[Node], seed: int, replicas: int = 3, calm_ms: int = 600, keys: int = 2, **params: Any) -> Entry:
    """A document: a client at each replica reads and writes a few keys while faults come and go at random."""
    ids = names(replicas)
    quick = {"fsync_time": exponential(1), "election_timeout_ms": 60, "heartbeat_ms": 15, "forward_timeout_ms": 150}
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=30, keys=keys, timeout_ms=250) for n in range(replicas)]
    given = {name: quick[name] for name in quick if name in [param.name for param in kind.PARAMS]}
    nodes += [node(kind, id, **given | params) for id in ids]
    links = [link(f"c{n}", f"r{n}") for n in range(replicas)]
    clusters = [mesh(ids, exponential(4), 0.02)]
    return world(nodes, links, clusters, weather(ids, seed, 1500), 1600, calm_ms, seed)


def failures(kind: type[Node], document: Entry) -> dict[str, str]:
    """The checks that failed."""
    return {name: verdict for name, verdict in judged(kind, document)[1].items() if verdict == "fail"}
