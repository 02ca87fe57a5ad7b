"""Stale reads of leaderless stores: latencies, and how long after a write reads may miss it.

Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums", VLDB 2012. In its model, WARS
(section 4.1), a coordinator that is no replica sends a write to N = 3 replicas and waits for W answers; another one
sends a read, some time after the write was done, and waits for R. The one-way delays are those of table 3: W of writes,
A of their answers, R and S of reads and theirs, with A = R = S. In WAN, reads and writes come from a data centre at
random, and to the two others it is 75 ms each way. There is no read repair, and clients are beside their coordinators.

What is expected is exact but for the last step, which averages over samples: of the delays' distributions by numerical
integration, and of stale reads by the probability that a write is late, given all other delays. TABLE_4 has the
latencies published, from 1,000,000 trials; those of YMMR's writes to one replica come out of a shape of 3.5, where
table 3 has 3.35. The published times until 99.9 % of reads are fresh are the first of a grid
at which 50,000 trials were, and so too early on average: they are not compared.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from simulations.engine.columns import unpack
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Read, Value, Write
from simulations.engine.node import Node
from simulations.nodes.leaderless import Leaderless
from tests.fidelity.estimating import Case, Experiment, chunks, operations
from tests.worlds import MS, TYPES, Entry, client, link, node, world

REPLICAS: Final = ("a", "b", "c")
AWAY_MS: Final = 75.0
RARE: Final = 0.001
NEVER_MS: Final = 3_600_000
LATENCIES_MS: Final = 6_000  # at 1,000 operations a second
LONGER: Final = 3  # for what is rare
TRIALS: Final = 2_000


@dataclass(frozen=True)
class Delay:
    """A share that is Pareto distributed, and a rest that is exponential."""

    share: float
    scale_ms: float
    shape: float
    rate: float

    def beyond(self, ms: float) -> float:
        """The probability of more than that."""
        body = 1.0 if ms <= self.scale_ms else (self.scale_ms / ms) ** self.shape
        return self.share * body + (1 - self.share) * (1.0 if ms <= 0 else math.exp(-self.rate * ms))

    def draw(self, chance: random.Random) -> float:
        if chance.random() < self.share:
            return self.scale_ms * chance.paretovariate(self.shape)
        return chance.expovariate(self.rate)

    def and_then(self, other: Delay, ms: float) -> float:
        """The probability that this and another one take longer than that: the integral over x of what the other adds,
        where this one has e^−x of its parts beyond.
        """
        step, total = 0.02, 0.0
        for place in range(1000):
            x = (place + 0.5) * step
            body = self.scale_ms * math.exp(x / self.shape)
            beyond = self.share * other.beyond(ms - body) + (1 - self.share) * other.beyond(ms - x / self.rate)
            total += beyond * math.exp(-x) * step
        return total

    def entry(self) -> Entry:
        """As in a document."""
        body = {"kind": "pareto", "scale_ms": self.scale_ms, "shape": self.shape}
        tail = {"kind": "exponential", "mean_ms": 1 / self.rate}
        parts = [{"weight": self.share, "of": body}, {"weight": 1 - self.share, "of": tail}]
        return {"kind": "mixture", "parts": parts}


@dataclass(frozen=True)
class Delays:
    """A system of table 3."""

    name: str
    write: Delay
    other: Delay
    away_ms: float = 0.0


_SSD: Final = Delay(0.9122, 0.235, 10, 1.66)
_DISK: Final = Delay(0.38, 1.05, 1.51, 0.183)
SSD: Final = Delays("LNKD-SSD", _SSD, _SSD)
DISK: Final = Delays("LNKD-DISK", _DISK, _SSD)
YMMR: Final = Delays("YMMR", Delay(0.939, 3, 3.35, 0.0028), Delay(0.982, 1.5, 3.8, 0.0217))
WAN: Final = Delays("WAN", _DISK, _SSD, AWAY_MS)
# 99.9th percentiles in ms by R, then by W: the means of what the table has for the same R, and the same W
TABLE_4: Final = {
    YMMR: ((5.607, 32.89, 219.27), (10.783, 427.615, 1870.86)),
    WAN: ((3.413, 151.305, 153.86), (55.557, 167.68, 241.55)),
    SSD: ((0.657, 1.625, 4.14), (0.653, 1.635, 4.09)),
    DISK: ((0.653, 1.635, 4.12), (10.927, 20.965, 112.65)),
}


# By theory


def latency_beyond(there: Delay, back: Delay, away_ms: float, need: int, ms: float) -> float:
    """The probability that the need-th of three answers takes longer; two of the replicas are away."""
    near = back.and_then(there, ms)
    far = back.and_then(there, ms - 2 * away_ms) if away_ms else near
    none, one = (1 - near) * (1 - far) ** 2, near * (1 - far) ** 2 + 2 * (1 - near) * far * (1 - far)
    if need == 3:
        return 1 - none
    return 1 - none - one if need == 2 else near * far**2


def latency(delays: Delays, kind: str, need: int, share: float) -> float:
    """The latency beyond which there is such a share of reads, or of writes."""
    there = delays.write if kind == "write" else delays.other
    return falls_to(share, partial(latency_beyond, there, delays.other, delays.away_ms, need))


def falls_to(goal: float, beyond: Callable[[float], float]) -> float:
    """Where a falling function comes down to a value."""
    low, high = 0.0, 1.0
    while beyond(high) > goal:
        low, high = high, 2 * high
    for _ in range(22):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > goal else (low, middle)
    return (low + high) / 2


class Stale:
    """The probability that a read begun some time after a write was done misses it, by R and W.

    With one reply needed: that of a replica that the write reaches later than the read, which the W others that were
    needed did not wait for. With two: of both replicas that reply first, which leaves one to have made the write.
    """

    def __init__(self, delays: Delays, reads: int, writes: int, samples: int) -> None:
        chance = random.Random(f"{delays.name} {reads} {writes}")
        self.write = delays.write
        self.reads, self.writes = reads, writes
        self.away_ms = delays.away_ms
        self.cases: list[tuple[float, ...]] = []  # how much later than at the time after it writes must be there
        for _ in range(samples):
            self.sample(delays, chance)
        self.samples = samples

    def sample(self, delays: Delays, chance: random.Random) -> None:
        """What the probability depends on, of all delays but those of late writes. The first is where writes begin."""
        others = range(len(REPLICAS))
        reader = chance.randrange(len(REPLICAS))
        done = [delays.write.draw(chance) + delays.other.draw(chance) + 2 * self.away(0, one) for one in others]
        there = [delays.other.draw(chance) + self.away(reader, one) for one in others]
        back = [there[one] + delays.other.draw(chance) + self.away(reader, one) for one in others]
        first = sorted(others, key=lambda one: back[one])[: self.reads]
        rest = sorted(done[one] for one in others if one not in first)
        after = rest[self.writes - 1]
        self.cases.append(tuple(after + there[one] - self.away(0, one) for one in first))

    def away(self, one: int, other: int) -> float:
        return self.away_ms if one != other else 0.0

    def at(self, ms: float) -> float:
        """The probability so long after."""
        return math.fsum(math.prod(self.write.beyond(ms + one) for one in case) for case in self.cases) / self.samples


# In the engine


def store(delays: Delays, coordinators: Sequence[tuple[str, int, Delay, int, int]]) -> tuple[list[Entry], ...]:
    """Replicas, and coordinators beside one of them: (name, whose neighbour, delays to replicas, R, W)."""
    quiet: Entry = {"replicas": " ".join(REPLICAS), "read_repair": False, "anti_entropy_ms": 0, "fsync_time": 0}
    quiet |= {"n": len(REPLICAS), "timeout_ms": NEVER_MS}
    nodes = [node(Leaderless, name, **quiet) for name in REPLICAS]
    links, faults = [], []
    for name, beside, there, reads, writes in coordinators:
        nodes.append(node(Leaderless, name, **quiet, r=reads, w=writes))
        for place, replica in enumerate(REPLICAS):
            back = {"latency": delays.other.entry()}
            links.append(link(name, replica, there.entry(), back=back))
            if delays.away_ms and place != beside:
                away = {"kind": "delay", "target": f"{name}-{replica}", "direction": "both", "at_ms": 0}
                faults.append({**away, "until_ms": None, "latency": delays.away_ms})
    members = [*REPLICAS, *(name for name, *_ in coordinators)]
    return (
        nodes,
        links,
        [{"id": "store", "protocol": "leaderless", "members": members, "link": {"latency": 0, "loss": 0}}],
        faults,
    )


def latencies(seed: int, share: float, delays: Delays, kind: str, need: int) -> list[float]:
    """How long reads, or writes, take, in ms."""
    there = delays.write if kind == "write" else delays.other
    nodes, links, clusters, faults = store(delays, [("o", 0, there, need, need)])
    asks = {"rate_per_s": 1000, "read_ratio": int(kind == "read"), "keys": 1, "timeout_ms": NEVER_MS}
    nodes.append(client("users", requests="read-write", **asks))
    links.append(link("users", "o", 0))
    document = world(nodes, links, clusters, faults, LATENCIES_MS * share, settle_ms=100_000, seed=seed)
    return [latency_ns / MS for _, latency_ns, _ in operations(document)]


def median(seed: int, share: float, delays: Delays, kind: str, need: int) -> tuple[float]:
    """Of the latencies, in ms."""
    return (statistics.median(latencies(seed, share, delays, kind, need)),)


def slow(seed: int, share: float, delays: Delays, kind: str, need: int, beyond_ms: float) -> tuple[float]:
    """The share that takes longer."""
    times = latencies(seed, LONGER * share, delays, kind, need)
    return (sum(time > beyond_ms for time in times) / len(times),)


class Prober(Node):
    """Writes a key, and reads it some time after: through a coordinator beside that of writes, or away from it."""

    TYPE = "prober"
    SERVES = False

    def start(self) -> None:
        for number in range(self.params["trials"]):
            self.timer(number * MS, f"trial {number}", partial(self.set_out, number))

    def set_out(self, number: int) -> None:
        self.spawn(self.tried(number), self.cause)

    async def tried(self, number: int) -> None:
        await self.call("writer", Write(f"k{number}", number), 0)
        await self.sleep(to_ns(self.params["after_ms"]))
        reader = "near" if int(self.draw("reader") * len(REPLICAS)) == 0 else "far"
        reply = await self.call(reader, Read(f"k{number}"), 0)
        self.note("fresh" if isinstance(reply, Value) and reply.value == number else "stale")


def missed(seed: int, share: float, delays: Delays, reads: int, writes: int, after_ms: float) -> tuple[float]:
    """The share of reads that miss a write, so long after it was done."""
    coordinators = [("writer", 0, delays.write, reads, writes)]
    coordinators += [(name, place, delays.other, reads, writes) for place, name in enumerate(("near", "far"))]
    nodes, links, clusters, faults = store(delays, coordinators)
    trials = int(TRIALS * share)
    nodes.append({"id": "prober", "type": "prober", "params": {"trials": trials, "after_ms": after_ms}})
    links += [link("prober", name, 0) for name, *_ in coordinators]
    found = {"fresh": 0, "stale": 0}
    document = world(nodes, links, clusters, faults, trials + 60_000, seed=seed)
    for chunk in chunks(document, (*TYPES, Prober)):
        for code in unpack(chunk["tables"]["notes"]["cols"]["text"]):
            found[chunk["strings"][code]] += 1
    assert sum(found.values()) == trials
    return (found["stale"] / trials,)


def experiments(reference_runs: int) -> list[Experiment]:
    """All of them; the last step of the theory of stale reads has half as many samples."""
    source = "Bailis et al. 2012, 5 (integral)"
    found = []
    for delays, kind in (
        (SSD, "read"),
        (DISK, "write"),
        (YMMR, "read"),
        (YMMR, "write"),
        (WAN, "read"),
        (WAN, "write"),
    ):
        for need in (1, 2, 3):
            own = {"delays": delays, "kind": kind, "need": need}
            name = f"{delays.name}, {kind} of {need}"
            case = Case(f"{name}: median (ms)", source, latency(delays, kind, need, 0.5), 0.03)
            found.append(Experiment((case,), partial(median, **own)))
            beyond_ms = latency(delays, kind, need, RARE)
            case = Case(f"99.9 %: {name}: share beyond {beyond_ms:.4g} ms", source, RARE, 0.3)
            found.append(Experiment((case,), partial(slow, **own, beyond_ms=beyond_ms)))
    source = "Bailis et al. 2012, 4.1 (conditioned)"
    for delays, reads, writes in (
        (SSD, 1, 1), (DISK, 1, 1), (DISK, 1, 2), (DISK, 2, 1), (YMMR, 1, 1), (YMMR, 1, 2), (YMMR, 2, 1), (WAN, 1, 1),
    ):  # fmt: skip
        stale = Stale(delays, reads, writes, max(500, reference_runs // 2))
        own = {"delays": delays, "reads": reads, "writes": writes}
        name = f"{delays.name}, R = {reads}, W = {writes}: stale"
        case = Case(f"{name} at once", source, stale.at(0), 0.2)
        found.append(Experiment((case,), partial(missed, **own, after_ms=0)))
        after_ms = falls_to(RARE, stale.at)
        case = Case(f"99.9 %: {name} after {after_ms:.4g} ms", source, RARE, 0.6)
        found.append(Experiment((case,), partial(missed, **own, after_ms=after_ms)))
    return found
