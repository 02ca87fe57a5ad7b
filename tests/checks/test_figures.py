"""The further figures: by hand on small traces, against exact values, and by Little's law."""

from __future__ import annotations

import math
from typing import Any

import pytest

from simulations.document import DocumentError, validate
from simulations.engine.log import Log, Operation
from simulations.engine.metrics import operation_metrics
from simulations.engine.metrics_reads import staleness_metrics
from simulations.engine.simulation import Limits
from simulations.report import Recording, record
from tests.checks.histories import MS, read, write
from tests.checks.test_metrics import chunk

ROLES = {"read": "request", "value": "reply", "refusal": "reply"}


def recorded(physical: dict[str, Any] | None = None, to_ms: int = 100, **rows: Any) -> Recording:
    up = [{"up": True}, {"up": True, "busy": 0, "queue": 0}, {"up": True}]
    log = Log()
    log.add(chunk(to_ms, up, **rows) | {"roles": ROLES})
    return Recording(log, "finished", "", {"duration_ms": to_ms} | (physical or {}))


def asked(id_: int, start_ms: float, end_ms: float, kind: str = "ok", attempts: int = 1) -> Operation:
    found = Operation(id_, int(start_ms * MS), "c", id_, "work", "", None, int(end_ms * MS), kind)
    found.attempts = attempts
    return found


# Operations


def test_errors_as_ratios_and_attempts() -> None:
    operations = [
        asked(0, 0, 5, "ok", 1),
        asked(1, 0, 5, "fail", 3),
        asked(2, 0, 5, "fail", 2),
        asked(3, 0, 5, "info", 2),
    ]
    operations[1].error = operations[2].error = "queue full"
    operations[3].error = "timed out"
    found = operation_metrics(operations, 1)
    assert found["ops.error_ratio.queue_full"] == 0.5
    assert found["ops.error_ratio.timed_out"] == 0.25
    assert (found["ops.attempts.mean"], found["ops.attempts.max"]) == (2, 3)


def spells(*operations: Operation) -> tuple[float, float, float]:
    found = operation_metrics(list(operations), 1)
    return tuple(found[f"ops.unavailable.{name}"] for name in ("spells", "longest_ms", "total_ms"))  # type: ignore[return-value]


def test_a_spell_lasts_from_the_first_failing_try_to_the_next_success() -> None:
    good = [asked(0, 0, 10), asked(1, 90, 100)]
    assert spells(*good) == (0, 0, 0)
    assert spells(*good, asked(2, 20, 40, "fail"), asked(3, 30, 35, "info")) == (1, 80, 80)
    assert spells(*good, asked(2, 20, 40, "fail"), asked(3, 110, 120, "fail"), asked(4, 115, 150, "fail")) == (
        2,
        80,
        120,
    )


def test_a_failure_beside_successes_is_no_spell() -> None:
    assert spells(asked(0, 0, 10), asked(1, 5, 15, "fail"), asked(2, 8, 20)) == (0, 0, 0)
    assert spells(asked(0, 10, 30, "fail"), asked(1, 20, 60, "fail")) == (1, 50, 50)


def test_what_the_runs_end_cut_short_makes_no_spell() -> None:
    last = asked(1, 20, 60, "info")
    last.error = "run ended"
    assert spells(asked(0, 0, 10), last) == (0, 0, 0)


def test_an_operation_counts_as_in_flight_whenever_it_began() -> None:
    invoked = [(0, 0, 0, 0, "work", "", None), (1, 50 * MS, 0, 1, "work", "", None)]
    story = recorded(invoked=invoked, returned=[(0, 40 * MS, "ok", None, "", 1)])
    assert story.metrics()["ops.in_flight_mean"] == (40 + 50) / 100
    assert story.metrics(window_ms=[30, 60])["ops.in_flight_mean"] == (10 + 10) / 30
    assert "ops.in_flight_mean" not in story.metrics(where={"operation": "read"})
    assert (story.metrics()["ops.in_flight_max"], story.metrics(window_ms=[45, 60])["ops.work.in_flight_max"]) == (1, 1)


# Nodes


def test_work_of_a_node_by_hand() -> None:
    sent = [
        (0, 0, 0, 1, "read", -1, 0, 100),
        (1, 2 * MS, 0, 1, "read", -1, 1, 100),
        (2, 10 * MS, 1, 2, "read", 0, 0, 50),  # the service asks behind
        (3, 30 * MS, 2, 1, "value", 2, 0, 50),
        (4, 40 * MS, 1, 0, "value", 3, 0, 200),
        (5, 50 * MS, 1, 0, "refusal", 1, 1, 20),
        (6, 60 * MS, 0, 1, "read", -1, 2, 100),
    ]
    settled = [(id_, row[1] + 5 * MS, "delivered") for id_, row in enumerate(sent[:6])] + [(6, 62 * MS, "lost")]
    state = [
        (5 * MS, 1, "busy", 1),
        (7 * MS, 1, "queue", 1),
        (40 * MS, 1, "queue", 0),
        (50 * MS, 1, "busy", 0),
    ]
    params = {"holds_worker": True, "timeout_ms": 1000, "concurrency": 1}
    nodes = [{"id": "c", "params": {}}, {"id": "s-1", "params": params}, {"id": "s-2", "params": {}}]
    links = [{"id": "l", "a": "c", "b": "s-1", "params": {"bandwidth_mbit_per_s": 0.1}}]
    links.append({"id": "m", "a": "s-2", "b": "s-1", "params": {}})
    story = recorded({"nodes": nodes, "links": links}, sent=sent, settled=settled, state=state)
    found = story.metrics()
    assert found["nodes.s-1.throughput_per_s"] == 10
    assert found["nodes.s-1.in_flight_mean"] == ((40 - 5) + (50 - 7)) / 100
    assert (found["nodes.s-1.latency_ms.max"], found["nodes.s-1.refused"]) == (35, 1)
    assert found["nodes.s-1.refused_ratio"] == 0.5
    assert found["nodes.s-1.wait_ms.mean"] == (0 + 33) / 2
    assert found["nodes.s-1.wait_ms.p95"] == 33
    assert found["nodes.s-1.held_mean"] == (35 - 10) / 100
    assert "nodes.s-2.held_mean" not in found
    assert found["nodes.s-2.in_flight_mean"] == (30 - 15) / 100
    assert (found["links.l.messages"], found["links.l.bytes"]) == (5, 520)
    assert (found["links.l.dropped"], found["links.l.dropped.lost"]) == (1, 1)
    assert (found["links.l.throughput_per_s"], found["links.l.latency_ms.max"]) == (40, 5)
    assert found["links.l.in_flight_mean"] == (4 * 5 + 2) / 100
    assert found["links.l.utilisation"] == pytest.approx(300 * 8 / (1e5 * 0.1))
    assert "links.m.utilisation" not in found
    assert found["messages.bytes"] == 620


def test_what_a_crash_takes_was_in_flight_until_then_and_never_waited() -> None:
    sent = [(0, 0, 0, 1, "read", -1, 0, 100), (1, 0, 0, 1, "read", -1, 1, 100)]
    settled = [(0, 10 * MS, "delivered"), (1, 10 * MS, "delivered")]
    state = [
        (10 * MS, 1, "busy", 1),
        (10 * MS, 1, "queue", 1),
        (60 * MS, 1, "up", False),
        (60 * MS, 1, "busy", None),
        (60 * MS, 1, "queue", None),
    ]
    found = recorded(sent=sent, settled=settled, state=state).metrics()
    assert found["nodes.s-1.in_flight_mean"] == 2 * 50 / 100
    assert found["nodes.s-1.throughput_per_s"] == 0
    assert found["nodes.s-1.wait_ms.max"] == 0


# Reads and replicas


def test_staleness_in_time_and_in_versions() -> None:
    history = [write(1, 0, 10), write(2, 20, 30), write(3, 40, 50), read(1, 60, 65), read(3, 70, 75), read(2, 80, 85)]
    found = staleness_metrics(history, frozenset(one.id for one in history))
    assert found["reads.staleness_ms.mean"] == (30 + 0 + 30) / 3
    assert found["reads.staleness_ms.max"] == 30
    assert (found["reads.staleness_versions.mean"], found["reads.staleness_versions.max"]) == (1, 2)


def test_a_concurrent_write_and_one_of_unknown_end_replace_nothing() -> None:
    history = [write(1, 0, 10), write(2, 5, 20), write(3, 30, None), read(1, 60, 65), read(3, 70, 75)]
    found = staleness_metrics(history, frozenset(one.id for one in history))
    assert found["reads.staleness_ms.max"] == 0


def test_a_key_never_written_is_stale_once_it_was() -> None:
    history = [write(1, 0, 10), read(None, 15, 20)]
    assert staleness_metrics(history, frozenset({history[1].id}))["reads.staleness_ms.p50"] == 5


def test_lag_is_from_the_first_replica_that_shows_a_change() -> None:
    state = [
        (10 * MS, 0, "value", "k = 1"),
        (12 * MS, 1, "value", "k = 1"),
        (18 * MS, 2, "value", "k = 1"),
        (30 * MS, 1, "value", "k = 2"),
    ]
    state += [(1 * MS, node, "digest", "a") for node in range(3)]
    clusters = [{"id": "s", "members": ["c", "s-1", "s-2"]}]
    found = recorded({"clusters": clusters}, state=state).metrics()
    assert (found["replicas.lag_ms.mean"], found["replicas.lag_ms.max"]) == (5, 8)
    assert found["replicas.all_ms.mean"] == 8  # k = 1; k = 2 does not come to all
    assert found["replicas.missed_ratio"] == pytest.approx(2 / 6)


def test_a_clusters_members_are_busy_together() -> None:
    """One of two servers works for 40 ms of 100; the other node has four, all working for 10 ms, and is then down."""
    state = [
        (0, 1, "busy", 1),
        (40 * MS, 1, "busy", 0),
        (0, 2, "busy", 4),
        (0, 2, "queue", 3),
        (10 * MS, 2, "busy", None),
        (10 * MS, 2, "queue", None),
        (10 * MS, 2, "up", False),
    ]
    nodes = [{"id": name, "params": {"concurrency": slots}} for name, slots in (("c", 0), ("s-1", 2), ("s-2", 4))]
    physical = {"nodes": nodes, "clusters": [{"id": "both", "members": ["s-1", "s-2"]}]}
    found = recorded(physical, state=state).metrics()
    assert found["clusters.both.utilisation"] == pytest.approx((1 * 0.4 + 4 * 0.1) / 6)
    assert found["clusters.both.queue_mean"] == pytest.approx(3 * 0.1)
    assert found["clusters.both.up_ratio"] == pytest.approx((1 + 0.1) / 2)
    assert "clusters.both.cost" not in found


# Groups, warm-up


def document(**more: Any) -> dict[str, Any]:
    return {
        "format": "netsplit/1",
        "duration_ms": 4000,
        "settle_ms": 500,
        "zones": [{"id": "east"}, {"id": "west"}],
        "nodes": [
            {"id": "a", "type": "client", "zone": "east", "params": {"rate_per_s": 50, "timeout_ms": 100}},
            {"id": "b", "type": "client", "zone": "west", "params": {"rate_per_s": 50, "timeout_ms": 100}},
            {"id": "s", "type": "service", "params": {"service_time": 1}},
        ],
        "links": [{"id": "la", "a": "a", "b": "s"}, {"id": "lb", "a": "b", "b": "s"}],
        "faults": [{"kind": "cut", "target": "lb", "at_ms": 1000, "until_ms": 2000}],
    } | more


def test_a_zone_has_figures_of_its_own() -> None:
    found = record(validate(document()).physical(), Limits()).metrics()
    assert found["zones.east.success_ratio"] == 1
    assert found["zones.east.unavailable.spells"] == 0
    assert found["zones.west.unavailable.spells"] == 1
    assert found["zones.west.unavailable.longest_ms"] == pytest.approx(1000, abs=150)
    assert found["zones.east.total"] + found["zones.west.total"] == found["ops.total"]
    assert found["links.lb.dropped.link_cut"] > 30
    assert found["ops.unavailable.spells"] == 0


def test_the_warm_up_is_cut_off_from_figures_and_not_from_checks() -> None:
    plain, warm = (validate(document(**more)) for more in ({}, {"warmup_ms": 3000}))
    whole, rest = record(plain.physical(), Limits()), record(warm.physical(), Limits())
    assert whole.digest == rest.digest
    assert "warmup_ms" not in plain.physical()
    assert rest.metrics()["ops.total"] == whole.metrics(window_ms=[3000, 4500])["ops.total"]
    assert rest.metrics()["ops.success_ratio"] == 1 > whole.metrics()["ops.success_ratio"]
    assert rest.metrics()["ops.per_s"] == rest.metrics()["ops.total"] / 1
    assert rest.metrics(window_ms=[0, 4500])["ops.total"] == whole.metrics()["ops.total"]
    assert rest.checks() == whole.checks()
    with pytest.raises(DocumentError, match="warmup_ms"):
        validate(document(warmup_ms=4000))


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("links.lc.bytes", "no link"),
        ("links.la.bite", "no such metric"),
        ("zones.north.total", "no zone"),
        ("zones.east.mood", "no such metric"),
        ("clusters.x.total", "no cluster"),
        ("clusters.x.utilisation", "no cluster"),
        ("nodes.s.wait_ms.mean", ""),
        ("links.la.dropped.lost", ""),
        ("zones.west.unavailable.longest_ms", ""),
        ("zones.west.error.timed_out", ""),
        ("reads.staleness_ms.p99", ""),
    ],
)
def test_claims_name_places(metric: str, words: str) -> None:
    claim = {"claim": "x", "left": {"metric": metric}, "op": ">=", "right": 0}
    if not words:
        assert validate(document(expect=[claim]))
        return
    with pytest.raises(DocumentError, match=words):
        validate(document(expect=[claim]))


# Little's law


@pytest.mark.parametrize(("rate_per_s", "seed"), [(50, 1), (150, 2), (190, 3)])
def test_littles_law_holds_at_the_service_and_at_the_client(rate_per_s: float, seed: int) -> None:
    """L = λW (Little, Operations Research 9(3), 1961), on M/M/4 with four servers of 50 requests a second each."""
    nodes = [
        {"id": "c", "type": "client", "params": {"rate_per_s": rate_per_s, "timeout_ms": 60_000}},
        {"id": "s", "type": "service", "params": {"queue_max": 100_000}},
    ]
    plain = document(nodes=nodes, links=[{"id": "l", "a": "c", "b": "s"}], faults=[], zones=[], seed=seed)
    found = record(validate(plain | {"duration_ms": 20_000, "settle_ms": 0}).physical(), Limits()).metrics()
    assert found["ops.in_flight_mean"] == pytest.approx(
        found["ops.per_s"] * found["ops.latency_ms.mean"] / 1e3, rel=0.05
    )
    arrivals = found["ops.per_s"]
    assert found["nodes.s.queue_mean"] == pytest.approx(
        arrivals * found["nodes.s.wait_ms.mean"] / 1e3, rel=0.05, abs=0.01
    )
    busy = found["nodes.s.utilisation"] * 4
    assert found["nodes.s.in_flight_mean"] == pytest.approx(busy + found["nodes.s.queue_mean"], rel=0.001)
    assert math.isclose(found["nodes.s.utilisation"], rate_per_s / 200, rel_tol=0.1)
