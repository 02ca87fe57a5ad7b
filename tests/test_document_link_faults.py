"""Faults on links in a document: what is refused, and what a run is told."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.catalogue import describe
from simulations.document import validate
from simulations.document_entries import FAULT_HELP
from tests.test_document import changed, mistakes

TIMES = {"target": "back", "at_ms": 10, "until_ms": 20}
SOUND: list[dict[str, Any]] = [
    {"kind": "loss", "probability": 0.5, "direction": "b-to-a"},
    {"kind": "delay", "latency": {"kind": "exponential", "mean_ms": 5}},
    {"kind": "duplicate", "probability": 1},
    {"kind": "reorder", "probability": 0.1, "latency": {"kind": "constant", "value_ms": 5}, "direction": "a-to-b"},
    {"kind": "bandwidth", "mbit_per_s": 0.5},
]


def judged(fault: dict[str, Any]) -> dict[str, str]:
    return mistakes(changed("faults.0", TIMES | fault))


@pytest.mark.parametrize("fault", SOUND)
def test_what_can_be_reaches_the_run_with_its_direction(fault: dict[str, Any]) -> None:
    told = validate(changed("faults.0", TIMES | fault)).physical()["faults"][0]
    assert told == {"direction": "both", **TIMES, **fault}


def test_a_fault_on_a_link_of_many_is_one_for_each() -> None:
    fault = TIMES | {"kind": "delay", "target": "front", "latency": 4}
    told = validate(changed("faults.0", fault)).physical()["faults"][:3]
    assert [entry["target"] for entry in told] == ["front-1", "front-2", "front-3"]
    assert told[0]["latency"] == {"kind": "constant", "value_ms": 4}


@pytest.mark.parametrize(
    ("fault", "place", "words"),
    [
        ({"kind": "delay"}, ".latency", "Is required."),
        ({"kind": "delay", "latency": -1}, ".latency", "Must be at least 0. Got -1."),
        ({"kind": "delay", "latency": 1, "probability": 1}, ".probability", "Unknown key."),
        ({"kind": "delay", "latency": 1, "target": "bak"}, ".target", 'There is no link "bak". Did you mean "back"?'),
        ({"kind": "duplicate", "probability": 2}, ".probability", "Must be at most 1. Got 2."),
        ({"kind": "duplicate", "probability": 1, "direction": "forth"}, ".direction", "Must be one of"),
        ({"kind": "reorder", "probability": 1}, ".latency", "Is required."),
        ({"kind": "bandwidth", "mbit_per_s": 0}, ".mbit_per_s", "Must be more than 0. Got 0."),
        ({"kind": "bandwith", "mbit_per_s": 1}, "", 'Did you mean "bandwidth"?'),
        ({"kind": "delay", "latency": 1, "until_ms": 10}, ".until_ms", "Must be later than at_ms (10 ms). Got 10."),
    ],
)
def test_what_cannot_be_is_refused(fault: dict[str, Any], place: str, words: str) -> None:
    found = judged(fault)
    assert list(found) == [f"faults[0]{place}"]
    assert words in found[f"faults[0]{place}"]


def test_the_catalogue_tells_what_each_takes() -> None:
    told = {fault["kind"]: [param["name"] for param in fault["params"]] for fault in describe()["faults"]}
    assert set(told) == set(FAULT_HELP)
    assert told["reorder"] == ["probability", "latency", "direction"]
    assert told["cut"] == ["direction"]
    assert told["crash"] == []
