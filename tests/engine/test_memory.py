"""Memory: finished chunks leave a run, and what judging keeps of a message is little."""

from __future__ import annotations

import gc
import sys
import tracemalloc

from simulations.catalogue import node_types
from simulations.engine.host import Host
from simulations.engine.log import Log
from simulations.engine.simulation import Limits, Simulation
from simulations.engine.tasks import Failure, Task
from simulations.engine.trace import decode
from tests.engine.digests import tiers
from tests.worlds import TYPES, Entry, client, database, exponential, link, service, world


def busy(duration_ms: float) -> Entry:
    """About 13 messages a millisecond."""
    nodes = [
        client("c", arrivals="closed", users=20, think_time=1, timeout_ms=1000),
        service("s", service_time=exponential(1), concurrency=20),
        database("db", service_time=exponential(1), concurrency=20),
    ]
    return world(nodes, [link("c", "s"), link("s", "db")], duration_ms=duration_ms)


def peak_mb(duration_ms: float) -> tuple[float, int]:
    """The most that a run holds while its chunks are thrown away, and how many messages it sent."""
    gc.collect()
    tracemalloc.start()
    simulation = Simulation(busy(duration_ms), {kind.TYPE: kind for kind in TYPES}, Limits())
    for _ in simulation.chunks():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6, simulation.network.sent


def test_a_run_three_times_as_long_takes_no_more_memory() -> None:
    short_mb, short = peak_mb(1_500)
    long_mb, long = peak_mb(4_500)
    assert long > 2.5 * short > 25_000
    assert long_mb < 1.25 * short_mb < 25


def test_what_is_kept_of_a_message_to_judge_a_run() -> None:
    simulation = Simulation(busy(1_000), {kind.TYPE: kind for kind in TYPES}, Limits())
    chunks = [chunk.data for chunk in simulation.chunks()]
    gc.collect()
    tracemalloc.start()
    log = Log()
    for data in chunks:
        log.add(decode(data))
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept / len(log.sent_ns) < 200


def of_runs() -> int:
    """How many objects of runs there are."""
    gc.collect()
    return sum(issubclass(type(found), (Host, Task, Failure)) for found in gc.get_objects())


def test_nothing_of_a_run_stays() -> None:
    before = of_runs()
    simulation = Simulation(tiers(), node_types(), Limits())
    for _ in simulation.chunks():
        pass
    assert of_runs() > before
    del simulation
    assert of_runs() == before
    assert sys.exc_info() == (None, None, None)
