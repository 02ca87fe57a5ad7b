"""Epidemics: how far rumours get, at what traffic and how fast; and how soon SWIM probes a member that has failed.

Demers et al. print the residue, the traffic in updates a site and the time in cycles until the last update has arrived,
of 1000 sites that all act at the same time within a cycle. What a site hears in a cycle it spreads from the next one
on, and whoever else tells it in that cycle hears that it was needed, too; a contact that was needed sets the counter
back to nothing. What is expected is the mean of a reference written from these definitions, on Python's own random
numbers; it gives the figures of the tables, which are in the cases' names. Left out is the mean time of arrival: the
reference does not give the paper's, which does not say what it is taken over.

Of SWIM the paper says e / (e − 1) periods until some member first probes a failed one, of very many members, of which
one fails, that all probe at the same moments and at random. Of n members of which f fail at once each of the others
leaves a failed one out with probability 1 − 1 / (n − 1).
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from functools import partial

from simulations.engine.columns import unpack
from simulations.nodes.gossip import Gossip
from simulations.nodes.swim import Swim
from tests.fidelity.estimating import Case, Experiment, chunks
from tests.worlds import Entry, client, link, node, world

SITES = 1000
CYCLE_MS = 100
APART = {"push": 90, "pull": 30}  # cycles between updates
UPDATES = {"push": 10, "pull": 3}  # pulled, all sites ask in each cycle
MEMBERS = 64
FAIL = 4
PERIODS = 16
WAVES = 48

# Push or pull, feedback or blind, counter or coin, k: residue, traffic, last arrival
TABLES: dict[tuple[str, str, str, int], tuple[float, float, float]] = {
    ("push", "feedback", "counter", 1): (0.18, 1.7, 16.8),
    ("push", "feedback", "counter", 2): (0.037, 3.3, 16.9),
    ("push", "feedback", "counter", 3): (0.011, 4.5, 17.4),
    ("push", "blind", "coin", 2): (0.20, 1.6, 33),
    ("push", "blind", "coin", 3): (0.060, 2.8, 32),
    ("pull", "feedback", "counter", 1): (0.031, 2.7, 17.63),
}
HALF_WIDTHS = {"residue": 0.1, "traffic": 0.03, "last arrival": 0.05}
Variant = tuple[str, str, str, int]


def gossip(seed: int, sites: int, updates: int, variant: Variant) -> Entry:
    """So many sites, and a client that writes at the first so often, each time another key, early in a cycle."""
    names = [f"s{number}" for number in range(sites)]
    way, interest, by, k = variant
    own = {"rumours": way, "interest": interest, "by": by, "k": k, "every_ms": CYCLE_MS, "rounds": "together"}
    writes = {"requests": "read-write", "read_ratio": 0, "pattern": "recorded", "keys": updates}
    writes |= {
        "key_pattern": "sequential",
        "times": [CYCLE_MS * (APART[way] * number + 0.1) for number in range(updates)],
    }
    mesh = {"id": "sites", "protocol": "gossip", "members": names, "link": {"latency": 5, "loss": 0}}
    nodes = [client("c", **writes), *(node(Gossip, name, **own) for name in names)]
    return world(nodes, [link("c", "s0")], [mesh], duration_ms=CYCLE_MS * APART[way] * updates, seed=seed)


def spread(seed: int, share: float, sites: int, variant: Variant) -> tuple[float, float, float]:
    """Residue, traffic and last arrival, the means over a run's updates."""
    updates = max(1, int(UPDATES[variant[0]] * share))
    held = [0] * updates
    last = [0] * updates
    sent = 0
    for chunk in chunks(gossip(seed, sites, updates, variant)):
        strings, tables = chunk["strings"], chunk["tables"]
        state = tables["state"]["cols"]
        for time, field, value in zip(*(unpack(state[name]) for name in ("time", "field", "value")), strict=True):
            if strings[field] == "value" and value:
                number, cycle = divmod(time // (CYCLE_MS * 1_000_000), APART[variant[0]])
                held[number] += 1
                last[number] = max(last[number], cycle)
        if "published" in tables:
            told = tables["published"]["cols"]
            for metric, amount in zip(*(unpack(told[name]) for name in ("metric", "amount")), strict=True):
                sent += amount if strings[metric] == "gossip.sent" else 0
    return 1 - sum(held) / updates / sites, sent / updates / sites, sum(last) / updates


def reference(runs: int, sites: int, variant: Variant) -> tuple[float, float, float]:
    """The same of the model, the means over so many epidemics."""
    chance = random.Random(f"{variant}")
    found = [_epidemic(chance, sites, *variant) for _ in range(runs)]
    residue, traffic, last = (math.fsum(values) / runs for values in zip(*found, strict=True))
    return residue, traffic, last


def _epidemic(chance: random.Random, sites: int, way: str, interest: str, by: str, k: int) -> tuple[float, float, int]:
    in_vain = {0: 0}  # the infective
    knows = [True] + [False] * (sites - 1)
    sent = cycle = last = 0
    while in_vain:
        cycle += 1
        contacts = _contacts(chance, sites, in_vain if way == "push" else range(sites))
        told = contacts if way == "push" else [(other, one) for one, other in contacts if other in in_vain]
        sent += len(told)
        needed: dict[int, bool] = {}
        for one, other in told:
            needed[one] = needed.get(one, False) or (interest == "feedback" and not knows[other])
        for one, was in needed.items():
            in_vain[one] = 0 if was else in_vain[one] + 1
            if not was and (in_vain[one] >= k if by == "counter" else chance.random() * k < 1):
                del in_vain[one]
        for _, other in told:
            if not knows[other]:
                knows[other] = True
                in_vain[other] = 0
                last = cycle
    return knows.count(False) / sites, sent / sites, last


def _contacts(chance: random.Random, sites: int, who: Iterable[int]) -> list[tuple[int, int]]:
    """Whom each of these turns to: any of the others."""
    return [(one, (one + 1 + int(chance.random() * (sites - 1))) % sites) for one in who]


def first_probe(seed: int, share: float) -> tuple[float]:
    """The mean number of periods, over failed members and runs, until somebody first pings it."""
    waves = max(1, int(WAVES * share))
    total = 0
    for wave in range(waves):
        names = [f"m{number}" for number in range(MEMBERS)]
        own = {"order": "random", "rounds": "together", "period_ms": CYCLE_MS, "timeout_ms": 30, "k": 0}
        own |= {"suspicion_periods": 2 * PERIODS}
        mesh = {"id": "group", "protocol": "swim", "members": names, "link": {"latency": 5, "loss": 0}}
        crashes = [
            {"kind": "crash", "target": name, "at_ms": 1.5 * CYCLE_MS, "until_ms": None} for name in names[:FAIL]
        ]
        nodes = [node(Swim, name, **own) for name in names]
        document = world(nodes, (), [mesh], crashes, duration_ms=PERIODS * CYCLE_MS, seed=1000 * seed + wave)
        total += sum(_first_pings(document).values())
    return (total / waves / FAIL,)


def _first_pings(document: Entry) -> dict[int, int]:
    """By failed member: the period, counted from the failure, in which it is first pinged."""
    found: dict[int, int] = {}
    for chunk in chunks(document, (Swim,)):
        sent, strings = chunk["tables"]["sent"]["cols"], chunk["strings"]
        for time, to, kind in zip(*(unpack(sent[name]) for name in ("time", "dst", "kind")), strict=True):
            period = time // (CYCLE_MS * 1_000_000) - 1
            if to < FAIL and period > 0 and strings[kind] == "ping":
                found.setdefault(to, period)
    assert len(found) == FAIL
    return found


def experiments(reference_runs: int) -> list[Experiment]:
    """All of them; the reference is run a fifth as often. Where it is to be quick, all is of fewer sites."""
    sites, runs = (SITES, reference_runs // 5) if reference_runs >= 1000 else (SITES // 10, 2 * reference_runs)
    found: list[Experiment] = []
    for variant, printed in TABLES.items():
        expected = reference(runs, sites, variant)
        name = f"Rumours, {', '.join(variant[:3])} {variant[3]}"
        cases = [
            Case(f"{name}: {figure} ({paper:g})", "Demers et al. 1987, tables 1–3 (reference)", value, half_width)
            for (figure, half_width), paper, value in zip(HALF_WIDTHS.items(), printed, expected, strict=True)
        ]
        found.append(Experiment(tuple(cases), partial(spread, sites=sites, variant=variant)))
    missed = (1 - 1 / (MEMBERS - 1)) ** (MEMBERS - FAIL)
    name = f"SWIM, {FAIL} of {MEMBERS} fail: periods until one is probed (e / (e − 1) = {math.e / (math.e - 1):.3f})"
    found.append(Experiment((Case(name, "Das et al. 2002, 3.1", 1 / (1 - missed), 0.04),), first_probe))
    return found
