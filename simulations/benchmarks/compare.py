"""Measurements beside each other: each in a process of its own, interleaved, so that a noisy moment meets all of
them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any

from simulations.compiled import ROOT, build_folder


def compare(names: list[str], messages: int, rounds: int) -> list[dict[str, Any]]:
    """One row a workload and build, the fastest of `rounds`; SimPy's ratio is 1 on its own work."""
    jobs = [(name, build) for name in names for build in builds()]
    if "three-tier" in names and importlib.util.find_spec("simpy"):
        jobs.append(("three-tier", "simpy"))
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for _ in range(rounds):
        for job in jobs:
            found = measured(*job, messages)
            if job not in best or found["messages_per_s"] > best[job]["messages_per_s"]:
                best[job] = found
    simpy = best.get(("three-tier", "simpy"))
    return [row(name, best[name, build], simpy) for name, build in jobs]


def scaling(messages: list[int], nodes: list[int], rounds: int) -> list[dict[str, Any]]:
    """How the cost grows: one row a build, number of nodes and number of messages of `hold`, the fastest of `rounds`.
    Four messages a node are in flight, so that the queue of events grows with the nodes.
    """
    jobs = [(build, count, sent) for build in builds() for count in nodes for sent in messages]
    best: dict[tuple[str, int, int], dict[str, Any]] = {}
    for _ in range(rounds):
        for job in jobs:
            build, count, sent = job
            found = measured("hold", build, sent, count)
            if job not in best or found["took_s"] < best[job]["took_s"]:
                best[job] = found
    return [
        {
            "build": build,
            "nodes": count,
            "messages": best[build, count, sent]["messages"],
            "us_per_message": round(best[build, count, sent]["took_s"] / best[build, count, sent]["messages"] * 1e6, 2),
            "set_up_ms": round(best[build, count, sent]["set_up_s"] * 1000, 1),
            "peak_mb": best[build, count, sent]["peak_mb"],
        }
        for build, count, sent in jobs
    ]


def builds() -> list[str]:
    """The builds of the engine that are there."""
    return ["interpreted"] + (["compiled"] if (build_folder() / "complete").exists() else [])


def measured(name: str, build: str, messages: int, nodes: int | None = None) -> dict[str, Any]:
    """One measurement in a process of its own."""
    environment = dict(os.environ, NETSPLIT_ENGINE="interpreted" if build == "simpy" else build)
    what = "simpy" if build == "simpy" else name
    command = [sys.executable, "-m", "simulations.benchmarks.measure", what, str(messages)]
    command += [] if nodes is None else [str(nodes)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def row(name: str, found: dict[str, Any], simpy: dict[str, Any] | None) -> dict[str, Any]:
    """A line of the table. The ratio is given where the work is the same."""
    comparable = simpy is not None and name == "three-tier"
    ratio = round(found["messages_per_s"] / simpy["messages_per_s"], 2) if comparable and simpy else None
    names = ("build", "messages_per_s", "events_per_s", "peak_mb", "bytes_per_message")
    return {"name": name} | {key: found[key] for key in names} | {"ratio_to_simpy": ratio}
