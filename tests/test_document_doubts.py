"""Parameters that contradict each other: they run, and the consequence is said."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import validate
from simulations.document_doubts import doubts


def doubted(**params: Any) -> dict[str, str]:
    """What is said of a service with these parameters, between a client and a store."""
    nodes = [
        {"id": "c", "type": "client"},
        {"id": "s", "type": "service", "params": params},
        {"id": "d", "type": "database"},
        {"id": "far", "type": "database"},
    ]
    links = [{"id": "l", "a": "c", "b": "s"}, {"id": "m", "a": "s", "b": "d"}, {"id": "n", "a": "c", "b": "far"}]
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
        ({"fallback": "other", "fallback_to": "far"}, "fallback_to", "Nodes with one: c, d."),
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
        {"fallback": "other", "fallback_to": "d"},
        {"fallback": "default", "fallback_to": "far"},
    ],
)
def test_what_makes_sense_is_left_alone(params: dict[str, Any]) -> None:
    assert doubted(**params) == {}
