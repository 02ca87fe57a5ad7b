"""Links: losses in bursts, and queues before a limited bandwidth."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

from simulations.engine.columns import unpack
from tests.fidelity.estimating import Case, Experiment, chunks, mean_latency_ms
from tests.fidelity.queues import HOUR_MS, LOADS, MEAN_MS, m_g_1_sojourn_ms
from tests.worlds import Actor, Entry, Tell, actor, client, link, service, world

START, END = 0.02, 0.25
BITS = 128 * 8  # of a request
LENGTHS = (3, 8)


async def talk(sender: Actor) -> None:
    """A message each millisecond."""
    while True:
        sender.send("b", Tell("x"))
        await sender.sleep(1_000_000)


def losses(seed: int, share: float, loss: float, in_burst: float) -> Iterator[bool]:
    """Whether each message of a run was lost, in order."""
    nodes = [actor("a", talk), actor("b", None)]
    line = link("a", "b", 0, loss=loss, burst_start=START, burst_end=END, burst_loss=in_burst)
    for chunk in chunks(world(nodes, [line], duration_ms=200_000 * share, seed=seed)):
        settled, strings = chunk["tables"]["settled"]["cols"], chunk["strings"]
        for outcome in unpack(settled["outcome"]):
            yield strings[outcome] == "lost"


def loss_ratio(seed: int, share: float) -> tuple[float]:
    """The share of messages lost, where 1 % are outside bursts and half within."""
    lost = list(losses(seed, share, 0.01, 0.5))
    return (sum(lost) / len(lost),)


def runs(seed: int, share: float) -> tuple[float, ...]:
    """The share lost, the mean length of the runs of losses and the shares of those of at least LENGTHS, where all is
    lost in a burst and nothing outside.
    """
    lost = list(losses(seed, share, 0, 1))
    lengths = [len(list(group)) for bad, group in itertools.groupby(lost) if bad]
    long = [sum(found >= length for found in lengths) / len(lengths) for length in LENGTHS]
    return sum(lost) / len(lost), sum(lengths) / len(lengths), *long


def narrow(seed: int, share: float, load: float, customers: int) -> tuple[float]:
    """The mean time over a link whose bandwidth lets a request pass each MEAN_MS, and back over one without limit."""
    rate_per_s = load / MEAN_MS * 1000
    mbit_per_s = BITS / MEAN_MS / 1000
    there: dict[str, Any] = {"bandwidth_mbit_per_s": mbit_per_s, "queue_bytes": 1_000_000_000}
    nodes: list[Entry] = [
        client("users", rate_per_s=rate_per_s, timeout_ms=HOUR_MS, requests="work"),
        service("server", concurrency=1_000, service_time=0),
    ]
    line = link("users", "server", 0, back={"bandwidth_mbit_per_s": 0}, **there)
    return mean_latency_ms(world(nodes, [line], duration_ms=customers * share / rate_per_s * 1000, seed=seed))


def experiments() -> list[Experiment]:
    """All of them."""
    gilbert = "Gilbert 1960"
    bad = START / (START + END)
    cases = (
        Case("Gilbert: share lost", gilbert, bad, 0.02),
        Case("Gilbert: mean run of losses", gilbert, 1 / END, 0.01),
        *(Case(f"Gilbert: runs of ≥ {length} losses", gilbert, (1 - END) ** (length - 1), 0.05) for length in LENGTHS),
    )
    expected = 0.01 + bad * (0.5 - 0.01)
    mixed = Case("Gilbert–Elliott: share lost, 1 % outside bursts, 50 % within", "Elliott 1963", expected, 0.02)
    found = [Experiment(cases, runs), Experiment((mixed,), loss_ratio)]
    for load in LOADS:
        customers = {0.5: 50_000, 0.8: 300_000, 0.9: 200_000}[load]
        case = Case(
            f"link with bandwidth as M/D/1: mean time (ms), ρ = {load}",
            "Kleinrock 1975, 5.6 (Pollaczek–Khinchine)",
            m_g_1_sojourn_ms(load, 0),
            0.03 if load == 0.9 else 0.01,
        )
        found.append(Experiment((case,), partial(narrow, load=load, customers=customers)))
    return found
