"""Prints the digests of some runs as JSON, and whether the engine is compiled: `python -m tests.engine.digests`."""

from __future__ import annotations

import json
import sys

from simulations.catalogue import node_types
from simulations.engine import kernel
from simulations.engine.simulation import Limits, Simulation
from tests.engine.fabric import tangle
from tests.hosts import broken
from tests.machines import on
from tests.rough import rough
from tests.worlds import (
    Entry,
    balancer,
    client,
    crash,
    cut,
    database,
    exponential,
    link,
    lossy,
    mesh,
    node,
    partition,
    register,
    run,
    service,
    world,
)

LOGNORMAL = {"kind": "lognormal", "median_ms": 5, "p99_ms": 60}
NORMAL = {"kind": "normal", "mean_ms": 3, "sd_ms": 2}
GAMMA = {"kind": "gamma", "mean_ms": 4, "shape": 0.7}
TAIL = {
    "kind": "mixture",
    "parts": [
        {"weight": 9, "of": {"kind": "pareto", "scale_ms": 1, "shape": 1.5}},
        {"weight": 1, "of": {"kind": "empirical", "values_ms": [20, 30, 50], "weights": [3, 2, 0.5]}},
    ],
}
UNIFORM = {"kind": "uniform", "low_ms": 1, "high_ms": 9}


def pair() -> Entry:
    nodes = [client("c", rate_per_s=200, timeout_ms=40), service("s", service_time=NORMAL, queue_max=3)]
    return world(nodes, [link("c", "s", LOGNORMAL, loss=0.05)], faults=[lossy("c-s", 0.3, 500, 700)])


def tiers() -> Entry:
    nodes = [
        client("c", arrivals="closed", users=20, think_time=exponential(10), requests="read-write"),
        balancer("lb", policy="least-connections", retries=1, timeout_ms=80, probe_interval_ms=50, probe_timeout_ms=30),
        *(service(f"s{i}", service_time=UNIFORM, holds_worker=i != 1) for i in range(3)),
        database("db", service_time=exponential(3), fsync_time=exponential(1)),
    ]
    links = [link("c", "lb", UNIFORM), *(link("lb", f"s{i}", 1) for i in range(3))]
    links += [link(f"s{i}", "db", exponential(1)) for i in range(3)]
    return world(nodes, links, faults=[crash("s0", 200, 600), crash("db", 400, 500), cut("lb-s2", 700, 800, "a-to-b")])


def rough_links() -> Entry:
    nodes = [client("c", rate_per_s=200, timeout_ms=90), service("s", service_time=GAMMA), service("t")]
    bursty = {"burst_start": 0.05, "burst_end": 0.3, "burst_loss": 0.9, "duplication": 0.1}
    tight = {"bandwidth_mbit_per_s": 0.3, "queue_bytes": 600, "reordering": 0.1, "reordering_delay": GAMMA}
    links = [link("c", "s", TAIL, 0.01, {"loss": 0.1}, **bursty), link("c", "t", GAMMA, **tight)]
    faults = [
        rough("delay", "c-s", 200, 500, latency=GAMMA, direction="a-to-b"),
        rough("reorder", "c-s", 300, 600, latency=20, probability=0.4),
        rough("duplicate", "c-t", 100, 700, probability=0.5),
        rough("bandwidth", "c-t", 400, 800, mbit_per_s=0.1),
    ]
    return world(nodes, links, faults=faults)


def replicas(mode: str) -> Entry:
    ids = [f"r{i}" for i in range(5)]
    nodes = [client(f"c{i}", requests="read-write", rate_per_s=40, keys=3, timeout_ms=300) for i in range(5)]
    nodes += [register(id, mode=mode, anti_entropy_ms=40, fsync_time=exponential(1)) for id in ids]
    links = [link(f"c{i}", f"r{i}") for i in range(5)]
    sides = [["r0", "r1", "c0", "c1"], ["r2", "r3", "r4", "c2", "c3", "c4"]]
    faults = [partition(sides, 300, 600), crash("r3", 400, 800)]
    return world(nodes, links, [mesh(ids, exponential(8), loss=0.01)], faults, settle_ms=500)


def deceived() -> Entry:
    """Adversaries of every kind, and faults that wait for what nodes do."""
    ids = [f"r{i}" for i in range(3)]
    nodes = [client(f"c{i}", requests="read-write", rate_per_s=60, keys=2, timeout_ms=200) for i in range(3)]
    nodes += [register(id, fsync_time=exponential(1)) for id in ids]
    links = [link(f"c{i}", f"r{i}", exponential(2), integrity="none" if i else "checksum") for i in range(3)]
    share = {"probability": 0.3, "direction": "both"}
    when = {"node": "c0", "event": "received value", "nth": 5, "after_ms": 3}
    events = [("c1", "operation fail"), ("r2", "note late"), ("r0", "fsync"), ("r1", "sent have"), ("r1", "boot")]
    faults = [
        rough("tamper", "c1-r1", 0, 500, **share),
        rough("replay", "r2", 200, 600, delay=exponential(30), **share),
        rough("spoof", "r0", 300, claims="r1", to="r2", message="write", key="k1", value=-5, rate_per_s=20),
        rough("byzantine", "r1", 400, 900, behaviour="equivocation"),
        rough("byzantine", "r0", 500, 800, behaviour="old values"),
        {"kind": "crash", "target": "r2", "when": when, "lasts_ms": 60},
        *(
            {"kind": "pause", "target": "c2", "when": {**when, "node": node, "event": event}, "lasts_ms": 5}
            for node, event in events
        ),
    ]
    return world(nodes, links, [mesh(ids, exponential(4))], faults)


def streams() -> Entry:
    nodes = [
        client("c", rate_per_s=150, timeout_ms=300, requests="read-write"),
        service("s", service_time=exponential(2), propagate_cancellation=True),
        database("d", service_time=exponential(1)),
    ]
    tight = {"transport": "stream", "send_buffer_bytes": 800, "window_bytes": 600, "rto_min_ms": 30}
    links = [
        link("c", "s", exponential(4), 0.05, {"latency": 3}, duplication=0.05, retransmissions_max=3, **tight),
        link("s", "d", UNIFORM, 0.02, drop_expired=True, **tight),
    ]
    return world(nodes, links, faults=[crash("d", 300, 400), cut("c-s", 500, 600), lossy("s-d", 0.5, 700, 900)])


def named() -> Entry:
    """Instances that register, are probed, drain and move, and callers that look them up."""
    types = node_types()
    by_name = {"discovery": "registry", "lookup_name": "x", "lookup_cache_ms": 40, "lookup_timeout_ms": 20}
    own = {"register_as": "x", "lease_ms": 90, "renew_ms": 30, "startup_ms": 50, "service_time": UNIFORM}
    probing = {"register_as": "x", "probe_interval_ms": 40, "probe_timeout_ms": 20, "probe_kind": "readiness"}
    nodes = [
        client("c", rate_per_s=200, timeout_ms=60, hedge_after_ms=15, retry="fixed", **by_name),
        client("d", rate_per_s=100, timeout_ms=60),
        node(types["discovery-router"], "w", **by_name),
        node(types["registry"], "r"),
        node(types["registrar"], "g", **probing, lease_ms=100),
        service("s0", **own),
        service("s1", **own),
        service("s2", startup_ms=30),
    ]
    links = [link("d", "w"), *(link(id, "r", UNIFORM) for id in ("c", "w", "g", "s0", "s1")), link("g", "s2")]
    links += [link(id, f"s{n}", exponential(2), 0.02) for id in ("c", "w") for n in range(3)]
    faults = [broken("stop", "s0", 200, 400, drain_ms=100, lead_ms=50), crash("s2", 300, 500), crash("r", 600, 650)]
    return world(nodes, links, faults=faults)


def shared() -> Entry:
    nodes = [
        client("c", rate_per_s=150, requests="read-write", timeout_ms=60, propagate_cancellation=True),
        *on("m", balancer("lb"), service("s1", service_time=UNIFORM), service("s2", service_time=GAMMA)),
        *on("n", database("db", service_time=exponential(3))),
    ]
    links = [link("c", "lb"), link("lb", "s1", 0), link("lb", "s2", 0), link("s1", "db"), link("s2", "db")]
    faults = [broken("pause", "s1", 100, 200), broken("slow", "lb", 300, 500, factor=3), crash("s2", 600, 700)]
    return world(nodes, links, faults=faults) | {"hosts": [{"id": "m", "cores": 2}]}


def extreme() -> Entry:
    """Tails, slowness and clocks as far out as documents allow."""
    tail = {"kind": "lognormal", "median_ms": 0.000_001, "p99_ms": 3_600_000}
    nodes = [client("c", rate_per_s=2000, timeout_ms=50), service("s", service_time=tail, concurrency=10_000)]
    nodes += on("m", service("t", service_time=tail, concurrency=10_000), client("d", rate_per_s=500))
    links = [
        link("c", "s", tail),
        link("c", "t"),
        link("d", "t", {"kind": "pareto", "scale_ms": 3_600_000, "shape": 1.001}),
    ]
    faults = [broken("slow", id, 0, 500 + n, factor=1000) for id in "st" for n in range(120)]
    faults += [broken("clock", "c", 0, None, offset_ms=0, drift_ppm=-100_000, timers=True) for _ in range(30)]
    return world(nodes, links, faults=faults)


def digests() -> dict[str, str]:
    documents = {"pair": pair(), "tiers": tiers(), "cp": replicas("cp"), "ap": replicas("ap"), "rough": rough_links()}
    documents["deceived"] = deceived()
    documents["routed"] = tangle()
    documents["streams"] = streams()
    documents["named"] = named()
    documents["shared"] = shared()
    documents["extreme"] = extreme()
    found = {name: run(document).outcome.digest for name, document in documents.items()}
    return found | {"limited": run(pair(), limits=Limits(events_max=300)).outcome.digest}


def digest(document: Entry) -> str:
    """The digest of a run of a physical document."""
    simulation = Simulation(document, node_types(), Limits())
    for _ in simulation.chunks():
        pass
    assert simulation.outcome is not None
    return simulation.outcome.digest


def answer() -> None:
    """Read physical documents, one a line, and print the digest of each."""
    for line in sys.stdin:
        print(json.dumps({"compiled": kernel.COMPILED, "digest": digest(json.loads(line))}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["answer"]:
        answer()
    else:
        print(json.dumps({"compiled": kernel.COMPILED, "digests": digests()}))
