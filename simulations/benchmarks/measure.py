"""Measures one workload with the engine that this process has loaded, or SimPy: `python -m
simulations.benchmarks.measure NAME MESSAGES [NODES]`; nodes may be chosen for `hold`.

Prints JSON. One process a measurement, so that its peak of memory is its own.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from contextlib import suppress
from typing import Any

from simulations.benchmarks.workloads import TYPES, WORKLOADS, hold
from simulations.engine import kernel
from simulations.engine.simulation import Limits, Simulation


def measure(document: dict[str, Any]) -> dict[str, Any]:
    """Run a workload with its trace, whose chunks are let go of as they come."""
    start = time.perf_counter()
    simulation = Simulation(document, TYPES, Limits())
    set_up_s = time.perf_counter() - start
    gc.collect()
    gc.disable()
    size_bytes = 0
    start = time.perf_counter()
    for chunk in simulation.chunks():
        size_bytes += len(chunk.data)
    took_s = time.perf_counter() - start
    outcome = simulation.outcome
    assert outcome is not None
    assert outcome.status == "finished", outcome.reason
    sent = simulation.network.sent
    return {
        "build": "interpreted" if kernel.__file__.endswith(".py") else "compiled",
        "messages": sent,
        "messages_per_s": round(sent / took_s),
        "events_per_s": round(outcome.events / took_s),
        "bytes_per_message": round(size_bytes / sent, 1),
        "digest": outcome.digest,
        "set_up_s": round(set_up_s, 3),
        "took_s": round(took_s, 3),
    }


def measure_simpy(messages: int) -> dict[str, Any]:
    """The same three-tier work in SimPy, without a trace."""
    from simulations.benchmarks.simpy_three_tier import run

    start = time.perf_counter()
    sent, events = run(WORKLOADS["three-tier"](messages)["duration_ms"])
    took_s = time.perf_counter() - start
    return {
        "build": "simpy",
        "messages": sent,
        "messages_per_s": round(sent / took_s),
        "events_per_s": round(events / took_s),
        "bytes_per_message": 0,
        "took_s": round(took_s, 3),
    }


def peak_mb() -> float:
    """This process's own peak, from where Linux tells it: `ru_maxrss` counts what the parent held."""
    with suppress(OSError), open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(name: str, messages: int, nodes: int | None) -> None:
    """Measure and print."""
    if name == "simpy":
        found = measure_simpy(messages)
    elif nodes is None:
        found = measure(WORKLOADS[name](messages))
    else:
        found = measure(hold(messages, nodes))
    found["peak_mb"] = round(peak_mb(), 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
