"""Distributions in a document: impossible parameters are refused with their path; what is possible is kept as it is."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import validate
from simulations.document_base import EMPIRICAL_VALUES_MAX, MIXTURE_PARTS_MAX
from tests.test_document import changed, mistakes

LATENCY = "links[0].params.latency"
PART = {"weight": 1, "of": {"kind": "constant", "value_ms": 1}}


def refused(spec: Any) -> dict[str, str]:
    return mistakes(changed("links.0.params.latency", spec))


@pytest.mark.parametrize(
    ("spec", "place", "words"),
    [
        ({"kind": "pareto", "scale_ms": 1, "shape": 1}, ".shape", "more than 1: at 1 and below the mean is infinite."),
        ({"kind": "pareto", "scale_ms": 0, "shape": 2}, ".scale_ms", "Must be at least 0.000001 ms. Got 0."),
        (
            {"kind": "lognormal", "median_ms": 1e-7, "p99_ms": 1},
            ".median_ms",
            "Must be at least 0.000001 ms. Got 1e-07.",
        ),
        ({"kind": "pareto", "scale_ms": 1, "shape": 1001}, ".shape", "Must be at most 1000. Got 1001."),
        ({"kind": "pareto", "scale_ms": 1}, ".shape", "Is required."),
        ({"kind": "gamma", "mean_ms": 1, "shape": 0}, ".shape", "Must be at least 0.01. Got 0."),
        ({"kind": "gamma", "mean_ms": -1, "shape": 1}, ".mean_ms", "Must be at least 0 ms. Got -1."),
        ({"kind": "gamma", "mean_ms": 1, "mean": 1, "shape": 1}, ".mean", 'Unknown key. Did you mean "mean_ms"?'),
        ({"kind": "empirical", "values_ms": []}, ".values_ms", "at least 1 entries"),
        ({"kind": "empirical", "values_ms": [1] * (EMPIRICAL_VALUES_MAX + 1)}, ".values_ms", "at most 1000 entries"),
        ({"kind": "empirical", "values_ms": [1, -1]}, ".values_ms[1]", "Must be at least 0 ms. Got -1."),
        ({"kind": "empirical", "values_ms": [1, 2], "weights": [1, 0]}, ".weights[1]", "Must be more than 0. Got 0."),
        (
            {"kind": "empirical", "values_ms": [1, 2], "weights": [1]},
            "",
            "Needs as many weights as values_ms, or none.",
        ),
        ({"kind": "mixture", "parts": []}, ".parts", "at least 1 entries"),
        ({"kind": "mixture", "parts": [PART] * (MIXTURE_PARTS_MAX + 1)}, ".parts", "at most 20 entries"),
        ({"kind": "mixture", "parts": [PART, {"weight": -1, "of": 1}]}, ".parts[1].weight", "more than 0. Got -1."),
        ({"kind": "mixture", "parts": [{"weight": 1, "of": -1}]}, ".parts[0].of", "Must be at least 0 ms. Got -1."),
        (
            {"kind": "mixture", "parts": [{"weight": 1, "of": {"kind": "uniform", "low_ms": 2, "high_ms": 1}}]},
            ".parts[0].of",
            "Needs a high_ms of at least low_ms.",
        ),
        (
            {"kind": "mixture", "parts": [{"weight": 1, "of": {"kind": "mixture", "parts": [PART]}}]},
            ".parts[0].of",
            'Must have a "kind" among',
        ),
        ({"kind": "parto", "scale_ms": 1}, "", 'Did you mean "pareto"?'),
    ],
)
def test_what_cannot_be_is_refused(spec: Any, place: str, words: str) -> None:
    found = refused(spec)
    assert list(found) == [LATENCY + place]
    assert words in found[LATENCY + place]


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "pareto", "scale_ms": 0.5, "shape": 1.5},
        {"kind": "gamma", "mean_ms": 3, "shape": 0.5},
        {"kind": "empirical", "values_ms": [1, 2.5], "weights": [1, 3]},
        {"kind": "mixture", "parts": [PART, {"weight": 0.5, "of": {"kind": "gamma", "mean_ms": 3, "shape": 2}}]},
    ],
)
def test_what_can_be_is_kept(spec: Any) -> None:
    document = validate(changed("links.0.params.latency", spec))
    assert document.physical()["links"][0]["params"]["latency"] == spec


def test_a_number_in_a_mixture_is_a_constant() -> None:
    data = changed("links.0.params.latency", {"kind": "mixture", "parts": [{"weight": 1, "of": 4}]})
    part = validate(data).physical()["links"][0]["params"]["latency"]["parts"][0]
    assert part == {"weight": 1, "of": {"kind": "constant", "value_ms": 4}}


def test_a_node_may_have_them_too() -> None:
    data = changed("nodes.1.params", {"service_time": {"kind": "pareto", "scale_ms": 1, "shape": 0.5}})
    assert list(mistakes(data)) == ["nodes[1].params.service_time.shape"]
