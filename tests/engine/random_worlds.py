"""Small worlds at random: clients before services, stores and databases, with faults of every kind."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from tests.hosts import broken
from tests.rough import rough
from tests.worlds import (
    MS,
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
    partition,
    register,
    run,
    service,
    world,
)

DURATION_MS = 300
FEW = settings(max_examples=30, deadline=None, derandomize=True, database=None)

times = st.integers(0, DURATION_MS)
latencies = st.sampled_from([0, 1, 15, {"kind": "uniform", "low_ms": 0, "high_ms": 80}, exponential(5)])
losses = st.sampled_from([0.0, 0.0, 0.3])
ROUGH: dict[str, list[Entry]] = {
    "delay": [{"latency": 7}, {"latency": exponential(30)}],
    "duplicate": [{"probability": 0.5}, {"probability": 1}],
    "reorder": [{"probability": 0.3, "latency": exponential(20)}],
    "bandwidth": [{"mbit_per_s": 0.02}, {"mbit_per_s": 10}],
    "tamper": [{"probability": 0.4}, {"probability": 0.3, "mends_checksum": True}],
    "replay": [{"probability": 0.3, "delay": exponential(30)}],
}
STREAMS: list[Entry] = [
    {"transport": "stream"},
    {"transport": "stream", "send_buffer_bytes": 400, "rto_min_ms": 10, "retransmissions_max": 2},
    {"transport": "stream", "window_bytes": 300, "rto_min_ms": 30, "drop_expired": True},
]
transports = st.sampled_from([{}, {}, *STREAMS])
servers = {
    "service": partial(service, concurrency=2, queue_max=3, service_time=exponential(8), startup_ms=15),
    "database": partial(database, concurrency=2, queue_max=3, service_time=exponential(8)),
    "cp": partial(register, mode="cp", quorum_timeout_ms=60),
    "ap": partial(register, mode="ap", anti_entropy_ms=30),
}

ON_HOSTS: list[tuple[str, Entry]] = [
    ("stop", {}),
    ("stop", {"drain_ms": 60, "lead_ms": 20}),
    ("pause", {}),
    ("hang", {}),
    ("slow", {"factor": 3}),
    ("byzantine", {"behaviour": "silent"}),
    ("clock", {"offset_ms": -40, "drift_ppm": 50_000, "timers": True}),
    *(("disk", {"mode": mode, "factor": 4, "checksums": False}) for mode in ("slow", "full", "torn", "lying")),
]


def clients(draw: Any) -> list[Entry]:
    open_one = client("c0", rate_per_s=120, timeout_ms=70, requests=draw(st.sampled_from(["work", "read-write"])))
    closed_one = client(
        "c1", arrivals="closed", users=3, think_time=exponential(20), timeout_ms=70, requests="read-write", keys=2
    )
    return [open_one, closed_one][: draw(st.integers(1, 2))]


@st.composite
def faults(draw: Any, nodes: list[Entry], links: list[Entry]) -> Entry:
    at_ms = draw(times)
    until_ms = draw(st.one_of(st.none(), st.integers(at_ms + 1, DURATION_MS + 50)))
    ids = [node["id"] for node in nodes]
    kind = draw(st.sampled_from(["crash", "host", "partition", "cut", "loss", *ROUGH]))
    if kind == "crash":
        return crash(draw(st.sampled_from(ids)), at_ms, until_ms)
    if kind == "host":
        kind, what = draw(st.sampled_from(ON_HOSTS))
        return broken(kind, draw(st.sampled_from(ids)), at_ms, until_ms, **what)
    if kind == "partition":
        side = draw(st.integers(1, len(ids) - 1))
        return partition([ids[:side], ids[side:]], at_ms, until_ms)
    target = draw(st.sampled_from([entry["id"] for entry in links]))
    if kind == "cut":
        return cut(target, at_ms, until_ms, draw(st.sampled_from(["both", "a-to-b", "b-to-a"])))
    if kind == "loss":
        return lossy(target, draw(st.sampled_from([0.2, 1.0])), at_ms, until_ms)
    params = draw(st.sampled_from(ROUGH[kind]))
    return rough(kind, target, at_ms, until_ms, direction=draw(st.sampled_from(["both", "b-to-a"])), **params)


@st.composite
def worlds(draw: Any) -> Entry:
    """A physical document of at most a second of simulated time."""
    asking = clients(draw)
    kind = draw(st.sampled_from(sorted(servers)))
    serving = [servers[kind](f"s{number}") for number in range(draw(st.integers(1, 3)))]
    nodes = [*asking, *serving]
    front = [entry["id"] for entry in serving]
    links = []
    if draw(st.booleans()):
        nodes.insert(len(asking), balancer("lb", timeout_ms=40, retries=1, probe_interval_ms=25, probe_timeout_ms=20))
        links = [link("lb", id, draw(latencies), draw(losses), **draw(transports)) for id in front]
        front = ["lb"]
    links += [
        link(entry["id"], id, draw(latencies), draw(losses), **draw(transports)) for entry in asking for id in front
    ]
    replicas = [entry["id"] for entry in serving]
    clusters = [mesh(replicas, draw(latencies), draw(losses))] if kind in ("cp", "ap") else []
    for cluster in clusters:
        cluster["link"] |= draw(transports)
    broken = draw(st.lists(faults(nodes, links), max_size=4))
    seed = draw(st.integers(0, 1000))
    for entry in nodes if draw(st.booleans()) else ():  # on no machine, or on one of two
        entry["host"] = draw(st.sampled_from([None, "m", "n"]))
    made = world(nodes, links, clusters, broken, DURATION_MS, draw(st.sampled_from([0, 100])), seed)
    return made | {"hosts": [{"id": "m", "cores": 2}]}


def same_until(document: Entry, fault: Entry) -> bool:
    """Whether a fault more leaves every chunk that ended before it byte for byte."""
    plain, broken = run(document), run(document | {"faults": [*document["faults"], fault]})
    before = [chunk.data for chunk in plain.chunks if chunk.end_ns < fault["at_ms"] * MS]
    return before == [chunk.data for chunk in broken.chunks[: len(before)]]
