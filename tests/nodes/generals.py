"""What tests of replicas that may lie share: a cluster with clients, random faults on it, and what the checks find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from random import Random
from typing import Any

from simulations.checks.judging import run_checks
from simulations.engine.log import Log
from simulations.engine.metrics_nodes import replica_metrics
from simulations.engine.node import Node
from tests.nodes.stories import Step, user
from tests.worlds import (
    Entry,
    Run,
    client,
    crash,
    cut,
    exponential,
    interpreted,
    link,
    lossy,
    node,
    partition,
    run,
    world,
)

source = interpreted("nodes/pbft")
Pbft = source.Pbft


def byzantine(target: str, behaviour: str, at_ms: float = 0, until_ms: float | None = None) -> Entry:
    return {"kind": "byzantine", "target": target, "at_ms": at_ms, "until_ms": until_ms, "behaviour": behaviour}


def names(count: int) -> list[str]:
    return [f"r{number}" for number in range(count)]


def joined(ids: Sequence[str], latency: Any = 5, loss: float = 0.0) -> list[Entry]:
    """A link between every two replicas."""
    return [link(a, b, latency, loss) for a, b in combinations(ids, 2)]


def cluster(
    users: dict[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    replicas: int = 4,
    kind: type[Node] = Pbft,
    duration_ms: float = 3000,
    latency: Any = 5,
    **params: Any,
) -> Run:
    """Replicas r0, r1…; users u0, v0, u1… each ask the replica of the same number, over a link of 1 ms."""
    ids = names(replicas)
    nodes = [user(id, f"r{id[1]}", steps, 2500) for id, steps in users.items()]
    nodes += [node(kind, id, **params) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users] + joined(ids, latency)
    return run(world(nodes, links, (), faults, duration_ms=duration_ms), kind)


def contest(
    faults: Iterable[Entry], seed: int, kind: type[Node] = Pbft, asked: Sequence[int] = (1, 2, 3), **params: Any
) -> Run:
    """Four replicas, of which some are asked by a client each that reads and writes two keys for 1.5 s."""
    ids = names(4)
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=20, keys=2, timeout_ms=900) for n in asked]
    given = {"patience_ms": 120, "status_ms": 40, "answer_timeout_ms": 800, "checkpoint_every": 4} | params
    nodes += [node(kind, id, fsync_time=exponential(1), **given) for id in ids]
    links = [link(f"c{n}", f"r{n}") for n in asked] + joined(ids, exponential(8), 0.01)
    return run(world(nodes, links, (), faults, 1500, 3000, seed), kind)


def schedule(seed: int, targets: Sequence[str] = ("r0", "r1", "r2", "r3")) -> list[Entry]:
    """Crashes, partitions, one-way cuts and losses at random, all over by 1.5 s."""
    chance = Random(seed)
    found: list[Entry] = []
    for _ in range(chance.randint(2, 6)):
        at = chance.uniform(0, 1200)
        until = at + chance.uniform(5, min(600, 1500 - at))
        what = chance.choice(["crash", "crash", "partition", "loss", "cut"])
        one, other = chance.sample(sorted(targets), 2)
        if what == "crash":
            found.append(crash(one, at, until))
        elif what == "partition":
            cutting = chance.sample(names(4), chance.randint(1, 2))
            found.append(partition([cutting, [id for id in names(4) if id not in cutting]], at, until))
        else:
            a, b = sorted([one, other])
            if what == "loss":
                found.append(lossy(f"{a}-{b}", chance.uniform(0.1, 0.9), at, until))
            else:
                found.append(cut(f"{a}-{b}", at, until, chance.choice(["both", "a-to-b", "b-to-a"])))
    return found


def failures(story: Run, kind: type[Node] = Pbft) -> dict[str, str]:
    """The checks that fail, with the words of each."""
    log = Log(watched=frozenset(field for rule in kind.INVARIANTS for field in rule.fields))
    for chunk in story.decoded:
        log.add(chunk)
    ids = [name for name in log.nodes if name.startswith("r")]
    found = run_checks(log, replica_metrics(log, [ids]), [ids], [(kind.INVARIANTS, ids)])
    return {finding.name: finding.explanation for finding in found if finding.verdict == "fail"}
