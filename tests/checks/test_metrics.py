"""Metrics, from a small trace written by hand and from real runs."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from simulations.catalogue import node_types
from simulations.document import validate
from simulations.engine.histogram import rank
from simulations.engine.log import Log
from simulations.engine.metrics_nodes import replica_metrics
from simulations.engine.simulation import Limits, Simulation
from simulations.report import Recording, judge, record

MS = 1_000_000
COLUMNS = {
    "sent": ("id", "time", "src", "dst", "kind", "cause", "op", "size"),
    "settled": ("id", "time", "outcome"),
    "state": ("time", "node", "field", "value"),
    "faults": ("time", "fault", "phase"),
    "invoked": ("op", "time", "node", "process", "f", "key", "value"),
    "returned": ("op", "time", "type", "value", "error", "attempts"),
    "notes": ("time", "node", "text", "cause"),
}


def chunk(to_ms: int, keyframe: list[dict[str, Any]], **rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    """A decoded chunk from 0 with these rows."""
    tables = {}
    for name, columns in COLUMNS.items():
        found = rows.get(name, [])
        cols = {column: [row[place] for row in found] for place, column in enumerate(columns)}
        tables[name] = {"rows": len(found), "cols": cols}
    return {"n": 0, "to": to_ms * MS, "nodes": ["c", "s-1", "s-2"], "keyframe": {"state": keyframe}, "tables": tables}


@pytest.fixture
def recording() -> Recording:
    log = Log()
    log.add(
        chunk(
            100,
            [{"up": True}, {"up": True, "busy": 0, "queue": 0}, {"up": True}],
            invoked=[
                (0, 10 * MS, 0, 0, "read", "k", None),
                (1, 20 * MS, 0, 1, "write", "k", 7),
                (2, 60 * MS, 0, 2, "read", "k", None),
                (3, 80 * MS, 0, 3, "read", "k", None),
            ],
            returned=[
                (0, 14 * MS, "ok", None, "", 1),
                (1, 30 * MS, "ok", None, "", 1),
                (2, 70 * MS, "ok", None, "", 1),
                (3, 90 * MS, "fail", None, "queue full", 1),
            ],
            sent=[
                (0, 10 * MS, 0, 1, "read", -1, 0, 9),
                (1, 12 * MS, 1, 0, "value", 0, 0, 9),
                (2, 60 * MS, 0, 1, "read", -1, 2, 9),
                (3, 95 * MS, 1, 2, "probe", -1, -1, 9),
            ],
            settled=[(0, 12 * MS, "delivered"), (1, 14 * MS, "delivered"), (2, 61 * MS, "link cut")],
            state=[
                (20 * MS, 1, "busy", 2),
                (60 * MS, 1, "busy", 1),
                (30 * MS, 1, "queue", 4),
                (40 * MS, 1, "queue", 1),
                (75 * MS, 2, "up", False),
            ],
        )
    )
    nodes = [
        {"id": "c", "zone": "east", "params": {}},
        {"id": "s-1", "zone": "west", "params": {"concurrency": 2}},
        {"id": "s-2", "zone": None, "params": {}},
    ]
    return Recording(log, "finished", "", {"duration_ms": 100, "nodes": nodes, "clusters": []})


def test_figures_of_a_whole_run(recording: Recording) -> None:
    found = recording.metrics()
    assert found["ops.total"] == 4
    assert found["ops.success_ratio"] == 0.75
    assert found["ops.per_s"] == 40
    assert found["ops.goodput_per_s"] == 30
    assert found["ops.latency_ms.p50"] == 10
    assert found["ops.latency_ms.max"] == 10
    assert found["ops.latency_ms.mean"] == 8
    assert found["ops.error.queue_full"] == 1
    assert found["ops.read.total"] == 3
    assert found["ops.write.latency_ms.p99"] == 10
    assert (found["messages.sent"], found["messages.delivered"], found["messages.dropped"]) == (4, 2, 1)
    assert found["messages.dropped.link_cut"] == 1
    assert found["messages.by_kind.read"] == 2
    assert found["messages.per_op"] == 0.75
    assert found["nodes.s-1.utilisation"] == (2 * 40 + 1 * 40) / 100 / 2
    assert found["nodes.s-1.queue_mean"] == (4 * 10 + 1 * 60) / 100
    assert found["nodes.s-1.queue_max"] == 4
    assert found["nodes.s-2.up_ratio"] == 0.75
    assert (found["reads.stale"], found["reads.stale_ratio"]) == (1, 0.5)


def test_a_window_selects_what_began_in_it(recording: Recording) -> None:
    found = recording.metrics(window_ms=[20, 70])
    assert found["ops.total"] == 2
    assert found["ops.per_s"] == 40
    assert found["messages.sent"] == 1
    assert found["nodes.s-1.queue_max"] == 4
    assert found["nodes.s-1.utilisation"] == (2 * 40 + 10) / 50 / 2
    assert found["reads.stale"] == 1
    assert recording.metrics(window_ms=[41, 100])["nodes.s-1.queue_max"] == 1


def test_filters_select_operations_and_the_messages_that_serve_them(recording: Recording) -> None:
    assert recording.metrics(where={"zone": "west"})["ops.total"] == 0
    assert recording.metrics(where={"zone": "east"})["ops.total"] == 4
    assert recording.metrics(where={"client": "c"})["ops.total"] == 4
    found = recording.metrics(where={"operation": "write"})
    assert (found["ops.total"], found["messages.sent"]) == (1, 0)
    assert recording.metrics(where={"operation": "read"})["messages.sent"] == 3


def test_an_empty_population_has_no_figures(recording: Recording) -> None:
    found = recording.metrics(window_ms=[0, 5])
    assert found["ops.total"] == 0
    assert not [name for name in found if name.startswith(("ops.", "reads.", "writes.")) and name != "ops.total"]


@pytest.mark.parametrize(
    ("share", "count", "index"), [(0.5, 1, 0), (0.5, 4, 1), (0.99, 100, 98), (0.99, 101, 99), (1.0, 7, 6)]
)
def test_percentiles_are_by_nearest_rank(share: float, count: int, index: int) -> None:
    assert rank(share, count) == index


SPLIT = {"kind": "partition", "target": [["c", "r-1", "r-2"], ["r-3"]], "at_ms": 500}
STORE = {
    "format": "netsplit/1",
    "duration_ms": 2000,
    "settle_ms": 2000,
    "nodes": [
        {"id": "c", "type": "client", "params": {"requests": "read-write", "rate_per_s": 40}},
        {"id": "r", "type": "register", "count": 3},
    ],
    "links": [{"id": "l", "a": "c", "b": "r"}],
    "clusters": [{"id": "s", "protocol": "register", "members": ["r"], "params": {"mode": "ap"}}],
    "variants": {"split": [{"op": "add", "path": "/faults/-", "value": SPLIT}]},
    "faults": [],
}


def test_replicas_that_can_talk_come_to_agree_and_others_do_not() -> None:
    document = validate(STORE)
    together = record(document.physical(), Limits()).metrics()
    assert together["replicas.digest_equal"] == 1
    assert 0 <= together["replicas.converged_ms"] < 2000
    assert together["writes.lost"] == 0
    apart = record(document.physical("split"), Limits())
    assert apart.metrics()["replicas.digest_equal"] == 0
    assert "replicas.converged_ms" not in apart.metrics()
    assert {check["name"]: check["verdict"] for check in apart.checks()}["convergence"] == "fail"


def test_of_what_a_replica_shows_at_one_moment_the_last_counts() -> None:
    log = Log()
    log.nodes = ["a", "b"]
    log.states[0, "digest"] = (array("q", [0, 5, 5]), ["0", "2", "1"])
    log.states[1, "digest"] = (array("q", [0, 6]), ["0", "1"])
    assert replica_metrics(log, [["a", "b"]])["replicas.digest_equal"] == 1


def test_messages_sent_are_delivered_dropped_or_in_flight() -> None:
    recording = record(validate(STORE).physical("split"), Limits())
    counted = recording.messages()
    in_flight = sum(1 for outcome in recording.log.settled if outcome == 0)
    assert counted["sent"] == counted["delivered"] + sum(counted["dropped"].values()) + in_flight
    assert counted["dropped"]["partition"] > 0


def test_a_stored_trace_yields_what_the_run_yielded() -> None:
    document = validate(STORE)
    simulation = Simulation(document.physical(), node_types(), Limits())
    chunks = [chunk.data for chunk in simulation.chunks()]
    stored = Recording.from_chunks(chunks, "finished", "")
    judged = judge(document, {"": stored})
    fresh = record(document.physical(), Limits())
    assert judged == {"metrics": fresh.metrics(), "checks": fresh.checks(), "expect": []}


def test_two_digests_shown_at_one_moment_count_in_their_order() -> None:
    rows = [(1 * MS, node, "digest", digest) for node in (1, 2) for digest in ("bb", "aa")]
    log = Log()
    log.add(chunk(1000, [{}, {}, {}], state=rows))
    found = replica_metrics(log, [["s-1", "s-2"]])
    assert (found["replicas.digest_equal"], found["replicas.converged_ms"]) == (1, 1)
    mixed = Log()
    mixed.add(chunk(1000, [{}, {}, {}], state=[*rows[1:], (1 * MS, 2, "digest", "bb")]))
    assert replica_metrics(mixed, [["s-1", "s-2"]])["replicas.digest_equal"] == 0
