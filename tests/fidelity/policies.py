"""Whom a balancer chooses: the time a customer spends by policy, where theory knows it.

At random, each server is an M/M/1 queue of its own. In turn, the gaps between one server's arrivals are the sum of as
many exponential ones as there are servers: a G/M/1 queue (Kleinrock, "Queueing Systems, Volume 1", 1975, section 6.4).
With the fewest under way, two servers are the Markov chain of the shorter and the longer queue (Haight, "Two Queues in
Parallel", Biometrika 45, 1958), which is solved here by iteration.
"""

from __future__ import annotations

from functools import partial

from tests.fidelity.estimating import Case, Experiment, mean_latency_ms
from tests.fidelity.queues import HOUR_MS, MEAN_MS
from tests.worlds import balancer, client, exponential, link, service, world

LOAD = 0.8
SERVERS = 4
LONGEST = 40  # jobs at one of two servers, in the chain; longer queues have a share below 10^-6
SWEEPS = 3_000


def sojourn_ms(seed: int, share: float, policy: str, servers: int, customers: int) -> tuple[float]:
    """The mean time from a customer's arrival to its leaving; the links take no time."""
    rate_per_s = LOAD * servers / MEAN_MS * 1000
    names = [f"s{number}" for number in range(servers)]
    nodes = [
        client("customers", rate_per_s=rate_per_s, timeout_ms=HOUR_MS, requests="work"),
        balancer("lb", policy=policy, timeout_ms=HOUR_MS),
        *(service(name, concurrency=1, service_time=exponential(MEAN_MS), queue_limit="unbounded") for name in names),
    ]
    links = [link("customers", "lb", 0), *(link("lb", name, 0) for name in names)]
    return mean_latency_ms(world(nodes, links, duration_ms=customers * share / rate_per_s * 1000, seed=seed))


def in_turn_ms(servers: int) -> float:
    """Kleinrock, section 6.4: MEAN_MS ÷ (1 − σ), where σ = A*(μ − μσ), here (nρ ÷ (nρ + 1 − σ))^n."""
    busy = 0.5
    for _ in range(10_000):
        busy = (servers * LOAD / (servers * LOAD + 1 - busy)) ** servers
    return MEAN_MS / (1 - busy)


def shortest_of_two_ms() -> float:
    """The mean time where each customer joins the shorter of two queues: by Little's law, from the mean number there.
    A state is (jobs at the shorter, jobs at the longer); time is counted in steps of 1 ÷ (2ρ + 2) service times.
    """
    arrival, leaving = LOAD / (LOAD + 1), 0.5 / (LOAD + 1)
    states = [(short, long) for long in range(LONGEST + 1) for short in range(long + 1)]
    number = {state: index for index, state in enumerate(states)}
    moves = [
        [
            (number[joined(short, long)], arrival),
            (number[ordered(max(0, short - 1), long)], leaving),
            (number[ordered(short, max(0, long - 1))], leaving),
        ]
        for short, long in states
    ]
    shares = [0.0] * len(states)
    shares[0] = 1.0
    for _ in range(SWEEPS):
        after = [0.0] * len(states)
        for share, ways in zip(shares, moves, strict=True):
            for to, chance in ways:
                after[to] += share * chance
        shares = after
    jobs = sum(share * (short + long) for share, (short, long) in zip(shares, states, strict=True))
    return jobs / (2 * LOAD) * MEAN_MS


def joined(short: int, long: int) -> tuple[int, int]:
    """After an arrival; in the last state there is no room."""
    return ordered(short + 1, long) if short < LONGEST else (short, long)


def ordered(a: int, b: int) -> tuple[int, int]:
    """The shorter, the longer."""
    return (a, b) if a <= b else (b, a)


def experiments() -> list[Experiment]:
    """All of them."""

    def one(policy: str, servers: int, source: str, expected: float, customers: int) -> Experiment:
        case = Case(f"balanced, {policy}, {servers} servers, ρ = {LOAD}: mean time (ms)", source, expected, 0.01)
        return Experiment((case,), partial(sojourn_ms, policy=policy, servers=servers, customers=customers))

    return [
        one("random", SERVERS, "Kleinrock 1975, 3.2", MEAN_MS / (1 - LOAD), 500_000),
        one("round-robin", SERVERS, "Kleinrock 1975, 6.4", in_turn_ms(SERVERS), 300_000),
        one("least-connections", 2, "Haight 1958", shortest_of_two_ms(), 400_000),
    ]
