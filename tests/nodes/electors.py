"""What tests of elections share: members that are linked, their messages by kind, and whom they follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from random import Random
from typing import Any

from simulations.checks.invariants import check_invariants
from simulations.engine.log import Log
from simulations.engine.node import Node
from tests.worlds import Entry, Run, crash, cut, link, lossy, node, partition, run, world


def group(
    kind: type[Node],
    count: int,
    faults: Iterable[Entry] = (),
    each: Sequence[dict[str, Any]] = (),
    duration_ms: float = 3000,
    latency: Any = 10,
    seed: int = 1,
    **params: Any,
) -> Run:
    """Members p1, p2…; `each`: what is said of one of them apart."""
    ids = [f"p{number + 1}" for number in range(count)]
    own = [*each, *[{} for _ in ids[len(each) :]]]
    nodes = [node(kind, id, **(params | more)) for id, more in zip(ids, own, strict=True)]
    links = [link(a, b, latency) for a, b in combinations(ids, 2)]
    return run(world(nodes, links, (), faults, duration_ms=duration_ms, seed=seed), kind)


def kinds(story: Run, from_ms: float = 0, until_ms: float = 1e9) -> Counter[str]:
    """How many messages of each kind were sent in a while."""
    return Counter(one.kind for one in story.messages() if from_ms <= one.sent_ns / 1e6 < until_ms)


def following(story: Run, at_ms: float) -> list[str]:
    """Whom the living follow."""
    found = [story.at(at_ms, id, "follows") for id in story.nodes]
    return [leader for leader in found if leader is not None]


def troubles(seed: int, count: int) -> list[Entry]:
    """Crashes, partitions, cuts and losses at random, all over by 2 s."""
    chance = Random(seed)
    ids = [f"p{number + 1}" for number in range(count)]
    found: list[Entry] = []
    for _ in range(chance.randint(1, 6)):
        at = chance.uniform(0, 1800)
        until = chance.uniform(at + 1, 2000)
        a, b = sorted(chance.sample(ids, 2))
        one = chance.randrange(4)
        if one == 0:
            found.append(crash(a, at, until))
        elif one == 1:
            side = chance.sample(ids, chance.randint(1, count - 1))
            found.append(partition([side, [id for id in ids if id not in side]], at, until))
        elif one == 2:
            found.append(cut(f"{a}-{b}", at, until, chance.choice(["both", "a-to-b", "b-to-a"])))
        else:
            found.append(lossy(f"{a}-{b}", chance.uniform(0.1, 1), at, until))
    return found


def breaches(story: Run, kind: type[Node]) -> list[str]:
    """The declared rules that a run broke."""
    log = Log(watched=frozenset(field for rule in kind.INVARIANTS for field in rule.fields))
    for chunk in story.decoded:
        log.add(chunk)
    return [one.explanation for one in check_invariants(log, [(kind.INVARIANTS, log.nodes)]) if one.verdict == "fail"]
