"""Parameters that contradict each other: they run, and the consequence is said."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import validate
from simulations.document_doubts import doubts


def doubted(**params: Any) -> dict[str, str]:
    """What is said of a service with these parameters, between a client and two stores."""
    nodes = [
        {"id": "c", "type": "client"},
        {"id": "s", "type": "service", "params": params},
        {"id": "d", "type": "database"},
        {"id": "e", "type": "database"},
        {"id": "far", "type": "database"},
    ]
    pairs = [("c", "s"), ("s", "d"), ("s", "e"), ("c", "far")]
    links = [{"id": f"{a}-{b}", "a": a, "b": b} for a, b in pairs]
    document = {"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "links": links}
    return {doubt.path.removeprefix("nodes[1].params."): doubt.message for doubt in doubts(validate(document))}


@pytest.mark.parametrize(
    ("params", "path", "words"),
    [
        (
            {"retry": "fixed", "retry_budget": True, "budget_per_operation": 0},
            "budget_per_operation",
            "after 10 retries",
        ),
        ({"hedge_after_ms": 1000, "timeout_ms": 800}, "hedge_after_ms", "after 800 ms"),
        ({"bulkhead_queue": 5}, "bulkhead_queue", "Nobody waits"),
        ({"fallback": "other", "fallback_to": "far"}, "fallback_to", "Nodes with one: c, d, e."),
        ({"fallback": "default", "fallback_for": "d, far"}, "fallback_for", "No failure of far"),
        ({"retry": "exponential", "backoff_ms": 500, "backoff_max_ms": 100}, "backoff_max_ms", "each pause is 500 ms"),
        ({"hedge_after_ms": 100, "fallback": "other", "fallback_to": "e"}, "hedge_after_ms", "d is the only target"),
        ({"call_order": "failover", "cache": "e"}, "call_order", "d is the only target"),
    ],
)
def test_the_consequence_is_said(params: dict[str, Any], path: str, words: str) -> None:
    found = doubted(**params)
    assert list(found) == [path]
    assert words in found[path]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"retry_budget": True, "budget_per_operation": 0},
        {"retry": "fixed", "retry_budget": True},
        {"hedge_after_ms": 100},
        {"bulkhead_queue": 5, "bulkhead_calls": 2},
        {"retry": "fixed", "backoff_ms": 500, "backoff_max_ms": 100},
        {"fallback_for": "far"},
        {"fallback": "default", "fallback_for": "d"},
        {"call_order": "failover"},
        {"fallback": "other", "fallback_to": "d"},
        {"fallback": "default", "fallback_to": "far"},
    ],
)
def test_what_makes_sense_is_left_alone(params: dict[str, Any]) -> None:
    assert doubted(**params) == {}


def doubted_chooser(kind: str, servers: int, **params: Any) -> dict[str, str]:
    """What is said of a balancer or a gateway before some servers."""
    names = [f"s{number}" for number in range(servers)]
    nodes = [{"id": "c", "type": "client"}, {"id": "b", "type": kind, "params": params}]
    nodes += [{"id": name, "type": "service"} for name in names]
    links = [{"id": f"{a}-{b}", "a": a, "b": b} for a, b in [("c", "b"), *[("b", name) for name in names]]]
    document = {"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "links": links}
    return {doubt.path.removeprefix("nodes[1].params."): doubt.message for doubt in doubts(validate(document))}


@pytest.mark.parametrize(
    ("kind", "params", "path", "words"),
    [
        ("load-balancer", {"hedge_after_ms": 900, "timeout_ms": 500}, "hedge_after_ms", "after 500 ms"),
        ("region-gateway", {"hedge_after_ms": 900, "timeout_ms": 500}, "hedge_after_ms", "after 500 ms"),
        ("load-balancer", {"fallback": "other", "fallback_to": "x"}, "fallback_to", "Never asked"),
        ("load-balancer", {"probe_interval_ms": 100, "probe_timeout_ms": 300}, "probe_timeout_ms", "100 ms at most"),
        ("region-gateway", {"probe_interval_ms": 100}, "probe_timeout_ms", "100 ms at most"),
        ("load-balancer", {"outlier": "count", "outlier_share_max": 0}, "outlier_share_max", "all the same"),
    ],
)
def test_balancers_and_gateways_are_doubted_too(kind: str, params: dict[str, Any], path: str, words: str) -> None:
    found = doubted_chooser(kind, 2, **params)
    assert list(found) == [path]
    assert words in found[path]


def test_what_needs_more_than_one_server_is_doubted_with_one() -> None:
    for params in ({"hedge_after_ms": 100}, {"outlier": "rate"}):
        assert list(doubted_chooser("load-balancer", 1, **params)) == list(params)
        assert doubted_chooser("load-balancer", 2, **params) == {}


def doubted_queue(queue: dict[str, Any], worker: dict[str, Any]) -> dict[str, str]:
    """What is said of a work queue with a worker, a service that it sends to, and a queue for dead letters."""
    nodes = [
        {"id": "c", "type": "client"},
        {"id": "q", "type": "work-queue", "params": queue},
        {"id": "w", "type": "worker", "params": worker},
        {"id": "s", "type": "service"},
        {"id": "dead", "type": "work-queue"},
        {"id": "slow", "type": "service", "params": {"service_time": {"kind": "constant", "value_ms": 60_000}}},
    ]
    pairs = [("c", "q"), ("w", "q"), ("q", "s"), ("q", "dead"), ("slow", "q")]
    links = [{"id": f"{a}-{b}", "a": a, "b": b} for a, b in pairs]
    document = {"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "links": links}
    return {doubt.path.partition("params.")[2]: doubt.message for doubt in doubts(validate(document))}


SLOW = {"kind": "exponential", "mean_ms": 8000}


@pytest.mark.parametrize(
    ("queue", "worker", "path", "words"),
    [
        ({}, {"service_time": SLOW}, "visibility_timeout_ms", "w needs 8000 ms"),
        ({"visibility_timeout_ms": 5}, {}, "visibility_timeout_ms", "needs 20 ms"),
        ({"visibility_timeout_ms": 600, "prefetch": 200}, {}, "prefetch", "comes to the last after 1000 ms"),
        ({"dead_letter_to": "dead"}, {}, "dead_letter_to", "Nothing ever gets there"),
        ({"attempts_max": 1, "dead_letter_to": "dead"}, {}, "attempts_max", "Allow 2 or more"),
        (
            {"attempts_max": 3, "acknowledged": "on-delivery", "dead_letter_to": "dead"},
            {},
            "attempts_max",
            "Never happens",
        ),
        ({"attempts_max": 3}, {}, "dead_letter_to", "dead is sent ordinary messages"),
        ({"dead_letter_to": "far"}, {}, "dead_letter_to", "a link from here"),
        ({"dead_letter_to": "slow"}, {}, "dead_letter_to", "a link from here"),
        ({}, {"takes_from": "dead"}, "takes_from", "It takes nothing"),
        ({}, {"keeps_results": True, "acknowledges": "before"}, "keeps_results", "Nothing comes twice"),
    ],
)
def test_what_does_not_go_with_a_neighbour_is_said(
    queue: dict[str, Any], worker: dict[str, Any], path: str, words: str
) -> None:
    found = doubted_queue(queue, worker)
    assert list(found) == [path]
    assert words in found[path]


@pytest.mark.parametrize(
    ("queue", "worker"),
    [
        ({}, {}),
        ({"visibility_timeout_ms": 5, "acknowledged": "on-delivery"}, {}),
        ({"visibility_timeout_ms": 9000}, {"service_time": SLOW}),
        ({"attempts_max": 2, "dead_letter_to": "dead"}, {"takes_from": "q", "keeps_results": True}),
    ],
)
def test_neighbours_that_go_together_are_left_alone(queue: dict[str, Any], worker: dict[str, Any]) -> None:
    assert doubted_queue(queue, worker) == {}


@pytest.mark.parametrize(("lead_ms", "said"), [(0, True), (50, False)])
def test_draining_without_a_lead_is_doubted(lead_ms: float, said: bool) -> None:
    stop = {"kind": "stop", "target": "s", "at_ms": 100, "drain_ms": 200, "lead_ms": lead_ms}
    document = {
        "format": "netsplit/1",
        "duration_ms": 1000,
        "nodes": [{"id": "s", "type": "service"}],
        "faults": [stop],
    }
    assert [doubt.path for doubt in doubts(validate(document))] == ["faults[0].lead_ms"] * said
