"""Many servers: choosing the best of a few at random, and asking a second one when the first takes long."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from simulations.engine.columns import unpack
from tests.fidelity.estimating import Case, Experiment, chunks, ended, operations
from tests.fidelity.queues import HOUR_MS, MEAN_MS
from tests.worlds import Entry, balancer, client, exponential, link, service, world

HEDGE_MS = 10.0
JOBS = (2, 3, 4)  # queues of at least so many are counted
WARM_UP = 0.25  # queues start empty; alone, at ρ = 0.7, they forget that in 0.4 s, so nine times as long is left out
RARE = 0.05  # longer queues than so many servers have are not counted: they would take too long to be met often
BEYOND_MS = (5, 15, 20, 30)


def supermarket(seed: int, share: float, samples: int, load: float, servers: int) -> tuple[float, ...]:
    """Customers join the shortest of some queues picked at random; the links take no time. Gives the mean time that a
    customer spends in ms and, averaged over time, the shares of servers with at least JOBS jobs, the one in service
    counted.
    """
    rate_per_s = load * servers / MEAN_MS * 1000
    names = [f"s{number}" for number in range(servers)]
    nodes = [
        client("customers", rate_per_s=rate_per_s, timeout_ms=HOUR_MS, requests="work"),
        balancer("lb", policy="best-of", samples=samples, timeout_ms=HOUR_MS),
        *(service(name, concurrency=1, service_time=exponential(MEAN_MS), queue_limit="unbounded") for name in names),
    ]
    links = [link("customers", "lb", 0), *(link("lb", name, 0) for name in names)]
    duration_ms = (14_000 if load < 0.9 else 8_000) * share
    queues = Queues(servers + 2, int(duration_ms * WARM_UP * 1e6), int(duration_ms * 1e6))
    begun: dict[int, int] = {}
    total = count = 0
    for chunk in chunks(world(nodes, links, duration_ms=duration_ms, seed=seed)):
        queues.follow(chunk)
        for _, latency_ns, _ in ended(chunk, begun, queues.from_ns):
            total += latency_ns
            count += 1
    counted = [jobs for jobs in JOBS if longer(samples, load, jobs) >= RARE]
    return (total / count / 1e6, *(queues.share(jobs) / servers for jobs in counted))


class Queues:
    """How long how many servers had so many jobs, from one moment to another."""

    def __init__(self, nodes: int, from_ns: int, to_ns: int) -> None:
        self.from_ns = from_ns
        self.to_ns = to_ns
        self.held = {"busy": [0] * nodes, "queue": [0] * nodes}
        self.since: dict[tuple[int, int], int] = {}  # (server, jobs) → from when on it has had at least so many
        self.totals_ns = dict.fromkeys(JOBS, 0)

    def follow(self, chunk: Any) -> None:
        """Take in a chunk's changes of state."""
        columns, strings = chunk["tables"]["state"]["cols"], chunk["strings"]
        for time_ns, node, code, value in zip(
            *(unpack(columns[name]) for name in ("time", "node", "field", "value")), strict=True
        ):
            values = self.held.get(strings[code])
            if values is None or value is None:
                continue
            values[node] = value
            length = self.held["busy"][node] + self.held["queue"][node]
            for jobs in JOBS:
                if length >= jobs:
                    self.since.setdefault((node, jobs), max(time_ns, self.from_ns))
                elif (node, jobs) in self.since:
                    self.totals_ns[jobs] += max(0, time_ns - self.since.pop((node, jobs)))

    def share(self, jobs: int) -> float:
        """The mean number of servers with at least so many jobs."""
        open_ns = sum(self.to_ns - since for (_, of), since in self.since.items() if of == jobs)
        return (self.totals_ns[jobs] + open_ns) / (self.to_ns - self.from_ns)


def longer(samples: int, load: float, jobs: int) -> float:
    """Mitzenmacher 2001, section 2: the share of servers with at least so many jobs, ρ^((d^i − 1)/(d − 1))."""
    return load ** (jobs if samples == 1 else (samples**jobs - 1) // (samples - 1))


def supermarket_mean_ms(samples: int, load: float) -> float:
    """Mitzenmacher 2001, section 2: the sum of ρ^((d^i − d)/(d − 1)); for d = 1, M/M/1."""
    if samples == 1:
        return MEAN_MS / (1 - load)
    return MEAN_MS * math.fsum(load ** ((samples**i - samples) / (samples - 1)) for i in range(1, 20))


def hedged(seed: int, share: float) -> Entry:
    """Servers that are never short of workers, and a second one asked after HEDGE_MS."""
    nodes = [
        client("users", rate_per_s=1000, timeout_ms=HOUR_MS, requests="work"),
        balancer("lb", hedge_after_ms=HEDGE_MS, timeout_ms=HOUR_MS),
        *(service(name, concurrency=10_000, service_time=exponential(MEAN_MS)) for name in ("a", "b")),
    ]
    links = [link("users", "lb", 0), link("lb", "a", 0), link("lb", "b", 0)]
    return world(nodes, links, duration_ms=210_000 * share, seed=seed)


def hedged_beyond(seed: int, share: float) -> tuple[float, ...]:
    """The shares of requests that take longer than BEYOND_MS."""
    latencies = [latency_ns for _, latency_ns, _ in operations(hedged(seed, share))]
    return tuple(sum(latency_ns > ms * 1e6 for latency_ns in latencies) / len(latencies) for ms in BEYOND_MS)


def survives(ms: float) -> float:
    """F̄(t)·F̄(t − d) for exponential service."""
    return math.exp(-ms / MEAN_MS) * math.exp(-max(0.0, ms - HEDGE_MS) / MEAN_MS)


def experiments() -> list[Experiment]:
    """All of them."""
    found = []
    for samples, load, servers in ((1, 0.7, 500), (2, 0.7, 500), (2, 0.9, 1_000)):
        source = "Mitzenmacher 2001, 2"
        name = f"supermarket, d = {samples}, ρ = {load}, n = {servers:,}"
        cases = [Case(f"{name}: mean time (ms)", source, supermarket_mean_ms(samples, load), 0.01)]
        shares = {jobs: longer(samples, load, jobs) for jobs in JOBS}
        cases += [
            Case(f"{name}: servers with ≥ {jobs} jobs", source, share, 0.02)
            for jobs, share in shares.items()
            if share >= RARE
        ]
        found.append(Experiment(tuple(cases), partial(supermarket, samples=samples, load=load, servers=servers)))
    dean = "Dean and Barroso 2013; independent servers"
    names = {ms: f"hedged after {HEDGE_MS:g} ms: share beyond {ms} ms" for ms in BEYOND_MS}
    cases = [Case(names[ms], dean, survives(ms), 0.02) for ms in BEYOND_MS]
    return [*found, Experiment(tuple(cases), hedged_beyond)]
