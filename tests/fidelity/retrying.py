"""Retries: how layers of them multiply requests, and what back-off and jitter do for those who compete.

Competition is that of Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: clients read a
versioned value, then write it, and only the first write of a version succeeds; one-way delays are |N(10, 2)| ms, the
base is 5 ms, the cap 2 s. The article gives curves without figures. What is expected is therefore the mean of a
reference written from its formulas alone, on Python's own random numbers.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from dataclasses import dataclass
from functools import partial

from simulations.engine.channel import Message
from simulations.engine.columns import unpack
from simulations.engine.messages import Body, Reply, Request
from simulations.engine.node import Node
from simulations.engine.retries import Retries
from tests.fidelity.estimating import Case, Experiment, chunks
from tests.worlds import TYPES, Entry, balancer, client, link, service, world

ATTEMPTS = 3
CLIENTS = 50
BASE_MS, CAP_MS = 5.0, 2000.0
POLICIES = ("none", "exponential", "equal", "full", "decorrelated")


# Layers that each retry


def layers(count: int, seed: int) -> Entry:
    """A client before so many layers of balancers, each of which tries three of the next; the last servers refuse."""
    names = [["b1"], *([f"b{layer}-{n}" for n in range(ATTEMPTS)] for layer in range(2, count + 1))]
    servers = [f"s{n}" for n in range(ATTEMPTS)]
    nodes = [client("c", rate_per_s=20, timeout_ms=60_000, requests="work")]
    nodes += [balancer(name, retries=ATTEMPTS - 1, timeout_ms=60_000) for layer in names for name in layer]
    nodes += [service(name) for name in servers]
    tiers = [["c"], *names, servers]
    links = [link(a, b) for front, back in itertools.pairwise(tiers) for a in front for b in back]
    stops = [{"kind": "stop", "target": name, "at_ms": 0} for name in servers]
    return world(nodes, links, faults=stops, duration_ms=1000, settle_ms=1000, seed=seed)


def amplification(seed: int, share: float, count: int) -> tuple[float]:
    """Requests that reach the servers, for each that a client makes."""
    asked = refused = 0
    for chunk in chunks(layers(count, seed)):
        asked += chunk["tables"]["invoked"]["rows"]
        strings = chunk["strings"]
        refused += [strings[code] for code in unpack(chunk["tables"]["settled"]["cols"]["outcome"])].count("refused")
    return (refused / asked,)


# Clients that compete


@dataclass(frozen=True)
class Look(Request):
    """Which version is it?"""


@dataclass(frozen=True)
class Replace(Request):
    """Write, if it is still this version."""

    version: int


@dataclass(frozen=True)
class Version(Reply):
    """It is this version; or, after a write, whether that was in time."""

    version: int
    written: bool


class Versioned(Node):
    """A value that can be replaced by who knows its version."""

    TYPE = "versioned"
    HANDLES = (Look, Replace)

    def start(self) -> None:
        self.version = 0

    def on_look(self, body: Look, message: Message) -> Body:
        return Version(self.version, False)

    def on_replace(self, body: Replace, message: Message) -> Body:
        written = body.version == self.version
        self.version += written
        return Version(self.version, written)


class Competitor(Node):
    """Replaces the value once; each failure is waited out as the policy says."""

    TYPE = "competitor"
    SERVES = False

    def start(self) -> None:
        self.retries = Retries(self)
        self.spawn(self.compete(), self.cause)

    async def compete(self) -> None:
        attempts = pause_ns = 0
        while True:
            attempts += 1
            seen = await self.call("store", Look(), 0)
            done = await self.call("store", Replace(seen.version), 0)
            if done.written:
                self.note("done")
                return
            pause_ns = self.retries.pause_ns(attempts, pause_ns)
            await self.sleep(pause_ns)


def competition(seed: int, policy: str) -> Entry:
    """So many competitors, who all begin at 0."""
    params = {
        "attempts_max": 1_000_000,
        "retry": "fixed" if policy == "none" else "exponential",
        "jitter": "none" if policy in ("none", "exponential") else policy,
        "backoff_ms": 0 if policy == "none" else BASE_MS,
        "backoff_max_ms": CAP_MS,
        "retry_budget": False,
        "budget_tokens": 0,
        "budget_per_operation": 0,
    }
    names = [f"c{n}" for n in range(CLIENTS)]
    nodes = [{"id": "store", "type": "versioned", "params": {}}]
    nodes += [{"id": name, "type": "competitor", "params": params} for name in names]
    delay = {"kind": "normal", "mean_ms": 10, "sd_ms": 2}
    return world(nodes, [link(name, "store", delay) for name in names], duration_ms=600_000, seed=seed)


def competed(seed: int, share: float, policy: str) -> tuple[float, float]:
    """The means over some runs of the writes tried, and of the time until all are done, in ms."""
    repeats = max(1, int(100 * share))
    calls = last_ns = 0
    for repeat in range(repeats):
        done_ns = 0
        for chunk in chunks(competition(1_000 * seed + repeat, policy), (*TYPES, Versioned, Competitor)):
            sent, strings = chunk["tables"]["sent"]["cols"], chunk["strings"]
            calls += [strings[code] for code in unpack(sent["kind"])].count("replace")
            done_ns = max([done_ns, *unpack(chunk["tables"]["notes"]["cols"]["time"])])
        last_ns += done_ns
    return calls / repeats, last_ns / repeats / 1e6


def reference(policy: str, chance: random.Random) -> tuple[int, float]:
    """One competition: writes tried, and when the last one succeeded, in ms."""

    def delay() -> float:
        return abs(chance.normalvariate(10, 2))

    version, calls, last = 0, 0, 0.0
    serial = CLIENTS
    # (time, serial, what, attempt, pause before, version read)
    events = [(delay(), one, "read", 0, BASE_MS, 0) for one in range(CLIENTS)]
    heapq.heapify(events)
    while events:
        now, _, what, attempt, pause, seen = heapq.heappop(events)
        serial += 1
        if what == "read":  # at the store; the answer returns, and the write sets out
            calls += 1
            heapq.heappush(events, (now + delay() + delay(), serial, "write", attempt, pause, version))
        elif seen == version:
            version += 1
            last = max(last, now + delay())
        else:
            pause = paused(policy, attempt, pause, chance)
            heapq.heappush(events, (now + delay() + pause + delay(), serial, "read", attempt + 1, pause, 0))
    return calls, last


def paused(policy: str, attempt: int, last: float, chance: random.Random) -> float:
    """The article's formulas."""
    top = min(CAP_MS, BASE_MS * 2**attempt)
    if policy == "none":
        return 0.0
    if policy == "exponential":
        return top
    if policy == "equal":
        return top / 2 + chance.uniform(0, top / 2)
    if policy == "full":
        return chance.uniform(0, top)
    return min(CAP_MS, chance.uniform(BASE_MS, 3 * last))


def referred(policy: str, runs: int) -> tuple[float, float]:
    """The reference's means."""
    chance = random.Random(f"back-off {policy}")
    found = [reference(policy, chance) for _ in range(runs)]
    return math.fsum(calls for calls, _ in found) / len(found), math.fsum(time for _, time in found) / len(found)


def experiments(reference_runs: int) -> list[Experiment]:
    """All of them; the reference is run so often."""
    found = [
        Experiment(
            (
                Case(
                    f"retries, {ATTEMPTS} attempts in each of {count} layers: requests at the servers",
                    "attempts ^ layers",
                    float(ATTEMPTS**count),
                    0,
                ),
            ),
            partial(amplification, count=count),
        )
        for count in (1, 2, 3)
    ]
    source = "Brooker 2015 (reference on its formulas)"
    for policy in POLICIES:
        name = f"{CLIENTS} compete, back-off {policy}"
        calls, time_ms = referred(policy, reference_runs)
        cases = (
            Case(f"{name}: writes tried", source, calls, 0.02),
            Case(f"{name}: time until all are done (ms)", source, time_ms, 0.02),
        )
        found.append(Experiment(cases, partial(competed, policy=policy)))
    return found
