"""Queues with Poisson arrivals: what a service does with its workers and its queue.

Sources: Kleinrock, "Queueing Systems, Volume 1", 1975 (sections cited by case). A customer is a client operation that
travels to a service and back over links that take no time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.fidelity.estimating import Case, Experiment, mean_latency_ms, share_refused
from tests.worlds import Entry, client, exponential, link, service, world

LOADS = (0.5, 0.8, 0.9)
MEAN_MS = 10.0
HOUR_MS = 3_600_000


def queue(seed: int, load: float, workers: int, customers: float, service_time: Any, queue_max: int | None) -> Entry:
    """A client, a service, and about so many customers; `queue_max` None: no bound."""
    rate_per_s = load * workers / MEAN_MS * 1000
    bounds = {"queue_limit": "unbounded"} if queue_max is None else {"queue_max": queue_max}
    nodes = [
        client("customers", rate_per_s=rate_per_s, timeout_ms=HOUR_MS, requests="work"),
        service("servers", concurrency=workers, service_time=service_time, **bounds),
    ]
    return world(nodes, [link("customers", "servers", 0)], duration_ms=customers / rate_per_s * 1000, seed=seed)


def sojourn_ms(seed: int, share: float, load: float, workers: int, customers: int, service_time: Any) -> tuple[float]:
    """The mean time from a customer's arrival to its leaving."""
    return mean_latency_ms(queue(seed, load, workers, customers * share, service_time, None))


def blocked(seed: int, share: float, load: float, workers: int, customers: int, queue_max: int) -> tuple[float]:
    """The share of customers who found the queue full."""
    return share_refused(queue(seed, load, workers, customers * share, exponential(MEAN_MS), queue_max))


def erlang_b(offered: float, servers: int) -> float:
    """The probability that all servers are busy and a customer is lost, by the usual recursion."""
    lost = 1.0
    for count in range(1, servers + 1):
        lost = offered * lost / (count + offered * lost)
    return lost


def erlang_c(offered: float, servers: int) -> float:
    """The probability that a customer has to wait."""
    lost = erlang_b(offered, servers)
    return lost / (1 - offered / servers * (1 - lost))


def m_m_c_sojourn_ms(load: float, servers: int) -> float:
    """Kleinrock, section 3.5."""
    return MEAN_MS + erlang_c(load * servers, servers) * MEAN_MS / (servers * (1 - load))


def m_g_1_sojourn_ms(load: float, variation: float) -> float:
    """Pollaczek and Khinchine: Kleinrock, section 5.6; `variation` is the squared coefficient of variation."""
    return MEAN_MS + load * MEAN_MS * (1 + variation) / (2 * (1 - load))


def m_m_1_k_blocked(load: float, places: int) -> float:
    """Kleinrock, section 3.6; `places` counts the one being served."""
    return (1 - load) * load**places / (1 - load ** (places + 1))


def gamma(variation: float) -> Entry:
    """A service time of that squared coefficient of variation."""
    return {"kind": "gamma", "mean_ms": MEAN_MS, "shape": 1 / variation}


def experiments() -> list[Experiment]:
    """All of them."""
    found: list[Experiment] = []

    def add(name: str, section: str, expected: float, measure: Callable[[int, float], tuple[float, ...]]) -> None:
        case = Case(f"{name}, ρ = {load}", f"Kleinrock 1975, {section}", expected, 0.03 if load == 0.9 else 0.01)
        found.append(Experiment((case,), measure))

    for load in LOADS:
        customers = {0.5: 50_000, 0.8: 500_000, 0.9: 350_000}[load]
        one = partial(sojourn_ms, load=load, workers=1)
        many = partial(sojourn_ms, load=load, service_time=exponential(MEAN_MS))
        lost = partial(blocked, load=load, customers={0.5: 600_000, 0.8: 160_000, 0.9: 100_000}[load])
        sojourn, pollaczek = "mean time in system (ms)", "5.6 (Pollaczek–Khinchine)"
        add(f"M/M/1 {sojourn}", "3.2", MEAN_MS / (1 - load), partial(many, workers=1, customers=customers))
        erlang = m_m_c_sojourn_ms(load, 4)
        add(f"M/M/4 {sojourn}", "3.5 (Erlang C)", erlang, partial(many, workers=4, customers=customers))
        constant = partial(one, service_time=MEAN_MS, customers=customers // 2)
        add(f"M/D/1 {sojourn}", pollaczek, m_g_1_sojourn_ms(load, 0), constant)
        varied = partial(one, service_time=gamma(2), customers=customers * 2)
        add(f"M/G/1, gamma with c² = 2, {sojourn}", pollaczek, m_g_1_sojourn_ms(load, 2), varied)
        full = partial(lost, workers=1, queue_max=3)
        add("M/M/1/4 share turned away", "3.6", m_m_1_k_blocked(load, 4), full)
        add("Erlang B, 5 servers", "3.7", erlang_b(5 * load, 5), partial(lost, workers=5, queue_max=0))
    return found
