"""Raft's elections: how long a cluster of five is without a leader, and how often votes are split.

Ongaro, "Consensus: Bridging Theory and Practice", 2014, chapter 9. Timeouts are drawn from 300 to 600 ms, one-way
latencies from 30 to 40 ms (9.4). Nothing takes time at members, disks included, and all logs are alike.

Where all election timers begin at once and latencies are constant, the share of split votes has a closed form (9.2),
of which the thesis gives figures: at a fifth of the timeouts' range 18.1 % with four members, about half with three.
Everything else is compared with a reference written from the rules of figure 3.1 and of section 9.6 alone, on Python's
own random numbers. For timers that begin at once the thesis has about 475 ms with four members and about 650 ms with
three; the reference says 467 and 621. The measurements of 9.4 on a real network are left out: their disks and
processors are not known.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from simulations.engine.columns import unpack
from simulations.nodes.raft import Raft
from tests.fidelity.estimating import Case, Experiment, chunks
from tests.worlds import MS, Entry, crash, node, world

MEMBERS: Final = 5
SHORTEST_MS, LONGEST_MS = 300.0, 600.0
HEARTBEAT_MS: Final = 150.0
OFFICE_MS: Final = 2000.0  # so long a leader leads, and up to a heartbeat more, before it crashes
WAN: Final = (30.0, 40.0)
WORLDS: Final = 100  # clusters at a time
FACTOR: Final = 10  # so many more elections has the reference than asked for, for they are cheap


def clusters(seed: int, count: int, latency: Any, faults: list[Entry], duration_ms: float, **params: Any) -> Entry:
    """So many clusters that have nothing to do with each other."""
    own: Entry = {"election_timeout_ms_min": SHORTEST_MS, "election_timeout_ms_max": LONGEST_MS, "fsync_time": 0}
    groups = [names_of(cluster) for cluster in range(count)]
    nodes = [node(Raft, name, **own, **params) for names in groups for name in names]
    meshes = [
        {"id": f"c{number}", "protocol": "raft", "members": names, "link": {"latency": latency, "loss": 0}}
        for number, names in enumerate(groups)
    ]
    return world(nodes, [], meshes, faults, duration_ms=duration_ms, seed=seed)


def names_of(cluster: int) -> list[str]:
    return [f"m{cluster}-{number}" for number in range(MEMBERS)]


def changes(document: Entry) -> Iterator[tuple[int, int, str, Any]]:
    """(time, node, field, value) of all that nodes show; of texts the text."""
    for chunk in chunks(document):
        if "state" not in chunk["tables"]:
            continue
        columns, strings = chunk["tables"]["state"]["cols"], chunk["strings"]
        rows = zip(*(unpack(columns[name]) for name in ("time", "node", "field", "value")), strict=True)
        for time, index, field, value in rows:
            yield time, index, strings[field], value


# Timers that begin at once, as the thesis has them


def first_leaders(seed: int, count: int, alive: int, latency: Any, duration_ms: float) -> list[tuple[int, int]]:
    """(ns, term) of each cluster's first leader; those without are left out."""
    down = [crash(name, 0) for cluster in range(count) for name in names_of(cluster)[alive:]]
    params = {"heartbeat_ms": 250, "pre_vote": False}
    terms: dict[int, int] = {}
    found: dict[int, tuple[int, int]] = {}
    for time, index, field, value in changes(clusters(seed, count, latency, down, duration_ms, **params)):
        if field == "term":
            terms[index] = value
        elif field == "role" and value == "leader":
            found.setdefault(index // MEMBERS, (time, terms[index]))
    return list(found.values())


def elected(seed: int, share: float, alive: int) -> tuple[float, float]:
    """The mean time in ms, and the share of first terms without a leader."""
    latency = {"kind": "uniform", "low_ms": WAN[0], "high_ms": WAN[1]}
    count = int(2 * WORLDS * share)
    leaders = first_leaders(seed, count, alive, latency, 8000)
    assert len(leaders) == count
    times = math.fsum(time for time, _ in leaders)
    return times / count / MS, sum(term > 1 for _, term in leaders) / count


def split(seed: int, share: float, alive: int, latency_ms: float) -> tuple[float]:
    """The share of first terms without a leader."""
    count = int(5 * WORLDS * share)
    leaders = first_leaders(seed, count, alive, latency_ms, LONGEST_MS + 3 * latency_ms)
    return (1 - sum(term == 1 for _, term in leaders) / count,)


def split_by_theory(alive: int, latency: float) -> float:
    """Section 9.2: the first c of s time out within l of each other, c = s − ⌊n / 2⌋ + 1."""
    together = alive - MEMBERS // 2 + 1
    return math.fsum(
        math.comb(alive, k) * latency**k * (1 - latency) ** (alive - k) for k in range(together - 1, alive + 1)
    )


# Leaders that crash


def replaced(seed: int, share: float, pre_vote: bool) -> tuple[float, float]:
    """The mean times in ms from the crash of a leader to the next one, with four members left, and with three."""
    count = int(WORLDS * share)
    chance = random.Random(seed)
    faults = [
        {
            "kind": "crash",
            "target": name,
            "when": {
                "node": name,
                "event": "role = leader",
                "nth": 1,
                "after_ms": OFFICE_MS + chance.uniform(0, HEARTBEAT_MS),
            },
        }
        for cluster in range(count)
        for name in names_of(cluster)
    ]
    latency = {"kind": "uniform", "low_ms": WAN[0], "high_ms": WAN[1]}
    document = clusters(seed, count, latency, faults, 14_000, heartbeat_ms=HEARTBEAT_MS, pre_vote=pre_vote)
    crashes: dict[int, list[int]] = {cluster: [] for cluster in range(count)}
    leaders: dict[int, list[int]] = {cluster: [] for cluster in range(count)}
    for time, index, field, value in changes(document):
        if field == "up" and not value:
            crashes[index // MEMBERS].append(time)
        elif field == "role" and value == "leader":
            leaders[index // MEMBERS].append(time)
    means = []
    for number in (0, 1):
        times = [leaders[cluster][number + 1] - crashes[cluster][number] for cluster in range(count)]
        assert min(times) > 0
        means.append(math.fsum(times) / count / MS)
    return means[0], means[1]


# The reference


class Election:
    """One election among the members that are left, from the rules: `time` and `term` of the leader."""

    def __init__(self, waits: list[float], latency: Callable[[], float], chance: random.Random, pre_vote: bool) -> None:
        self.latency, self.chance, self.pre_vote = latency, chance, pre_vote
        self.terms = [0] * len(waits)
        self.votes: list[int | None] = [None] * len(waits)
        self.roles = ["follower"] * len(waits)
        self.supporters: list[set[int]] = [set() for _ in waits]
        self.deadlines = waits
        self.events: list[tuple[float, int, str, int, int, int]] = []  # when, serial, what, at whom, whose, term
        self.serial = itertools.count()
        self.term = 0
        self.time = 0.0
        for member, wait in enumerate(waits):
            self.at(wait, "timeout", member, member, 0)
        while not self.term:
            self.time, _, what, member, other, term = heapq.heappop(self.events)
            if what != "timeout":
                self.receive(what, member, other, term)
            elif self.time == self.deadlines[member]:
                self.time_out(member)

    def at(self, time: float, what: str, member: int, other: int, term: int) -> None:
        heapq.heappush(self.events, (time, next(self.serial), what, member, other, term))

    def send(self, what: str, to: int, by: int, term: int) -> None:
        self.at(self.time + self.latency(), what, to, by, term)

    def reset(self, member: int) -> None:
        self.deadlines[member] = self.time + self.chance.uniform(SHORTEST_MS, LONGEST_MS)
        self.at(self.deadlines[member], "timeout", member, member, 0)

    def time_out(self, member: int) -> None:
        self.reset(member)
        self.supporters[member] = {member}
        if self.pre_vote:
            self.roles[member] = "asking"
            self.tell_all("pre-vote?", member, self.terms[member] + 1)
        else:
            self.stand(member)

    def stand(self, member: int) -> None:
        self.terms[member] += 1
        self.votes[member] = member
        self.roles[member] = "candidate"
        self.supporters[member] = {member}
        self.reset(member)
        self.tell_all("vote?", member, self.terms[member])

    def tell_all(self, what: str, by: int, term: int) -> None:
        for to in range(len(self.terms)):
            if to != by:
                self.send(what, to, by, term)

    def receive(self, what: str, member: int, other: int, term: int) -> None:
        if what == "pre-vote?":
            if term > self.terms[member]:
                self.send("pre-vote", other, member, term)
            else:
                self.send("no", other, member, self.terms[member])
            return
        if what == "pre-vote":
            if self.roles[member] == "asking" and term == self.terms[member] + 1:
                self.support(member, other)
            return
        if term > self.terms[member]:
            self.terms[member], self.votes[member], self.roles[member] = term, None, "follower"
        if what == "vote?":
            if term == self.terms[member] and self.votes[member] in (None, other):
                self.votes[member] = other
                self.reset(member)
                self.send("vote", other, member, term)
            else:
                self.send("no", other, member, self.terms[member])
        elif what == "vote" and self.roles[member] == "candidate" and term == self.terms[member]:
            self.support(member, other)

    def support(self, member: int, by: int) -> None:
        self.supporters[member].add(by)
        if len(self.supporters[member]) <= MEMBERS // 2:
            return
        if self.roles[member] == "asking":
            self.stand(member)
        else:
            self.term = self.terms[member]


def reference(alive: int, runs: int, pre_vote: bool, crashed: bool) -> tuple[float, float]:
    """The mean time in ms, and the share of first terms without a leader. What a leader that crashed has sent before,
    at any time since its last heartbeat, arrives.
    """
    chance = random.Random(f"{alive} {pre_vote} {crashed}")
    times, splits = [], 0
    for _ in range(runs):
        since = chance.uniform(0, HEARTBEAT_MS)
        heard = [chance.uniform(*WAN) - since if crashed else 0.0 for _ in range(alive)]
        waits = [at + chance.uniform(SHORTEST_MS, LONGEST_MS) for at in heard]
        election = Election(waits, lambda: chance.uniform(*WAN), chance, pre_vote)
        times.append(election.time)
        splits += election.term > 1
    return math.fsum(times) / runs, splits / runs


def experiments(reference_runs: int) -> list[Experiment]:
    """All of them; the reference is run FACTOR times as often."""
    found = []
    runs = FACTOR * reference_runs
    for alive, half_width in ((4, 0.02), (3, 0.03)):
        time_ms, splits = reference(alive, runs, False, False)
        name = f"Raft elects, {alive} of {MEMBERS}, timers at once"
        source = "Ongaro 2014, 9.4 (reference)"
        cases = Case(f"{name}: time (ms)", source, time_ms, half_width), Case(f"{name}: split", source, splits, 0.2)
        found.append(Experiment(cases, partial(elected, alive=alive)))
    for alive in (4, 3):
        name = f"Raft elects, {alive} of {MEMBERS}, latency a fifth of the range: split"
        case = Case(name, "Ongaro 2014, 9.2", split_by_theory(alive, 0.2), 0.08)
        found.append(Experiment((case,), partial(split, alive=alive, latency_ms=(LONGEST_MS - SHORTEST_MS) / 5)))
    for pre_vote in (False, True):
        name = f"Raft elects after a crash, pre-vote {'on' if pre_vote else 'off'}"
        source = "Ongaro 2014, 9.6 (reference)" if pre_vote else "Ongaro 2014, 9.1 (reference)"
        cases = tuple(
            Case(f"{name}, {alive} of {MEMBERS}: time (ms)", source, reference(alive, runs, pre_vote, True)[0], 0.05)
            for alive in (4, 3)
        )
        found.append(Experiment(cases, partial(replaced, pre_vote=pre_vote)))
    return found
