"""Distributions in the inspector: what it shows of one is what it reads back."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from playground.sandbox.durations import KINDS, distribution_kinds, distribution_of
from simulations.document_links import LINK_MODEL

SPECS: list[dict[str, Any]] = [
    {"kind": "uniform", "low_ms": 1, "high_ms": 2.5},
    {"kind": "pareto", "scale_ms": 1, "shape": 1.5},
    {"kind": "gamma", "mean_ms": 1, "shape": 0.5},
    {"kind": "empirical", "values_ms": [1, 2.5]},
    {"kind": "empirical", "values_ms": [1, 2.5], "weights": [3, 1]},
    {"kind": "mixture", "parts": [{"weight": 1, "of": {"kind": "constant", "value_ms": 1}}]},
]


def posted(shown: dict[str, Any], **changes: str) -> QueryDict:
    form = QueryDict(mutable=True)
    form["dist"] = shown["kind"]
    for number in shown["numbers"]:
        name = f"{shown['kind']}.{number['name']}"
        form[name] = str(changes.get(number["name"], number["value"]))
    return form


@pytest.mark.parametrize("spec", SPECS)
def test_a_distribution_is_read_as_it_is_shown(spec: dict[str, Any]) -> None:
    (current,) = [shown for shown in distribution_kinds(spec) if shown["current"]]
    assert distribution_of(posted(current)) == (spec, "")


@pytest.mark.parametrize("spec", SPECS)
def test_every_other_kind_starts_from_what_a_document_takes(spec: dict[str, Any]) -> None:
    for shown in distribution_kinds(spec):
        value, error = distribution_of(posted(shown))
        assert not error
        LINK_MODEL.model_validate({"latency": value})


def test_the_unit_stands_once_behind_the_last_number_that_has_it() -> None:
    units = {shown["kind"]: [number["unit"] for number in shown["numbers"]] for shown in distribution_kinds(SPECS[0])}
    assert units["uniform"] == ["", "ms"]
    assert units["pareto"] == ["ms", ""]
    assert set(units) == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("gamma", {"shape": "much"}, "Shape: Must be a number."),
        ("empirical", {"values_ms": "1, x"}, "Values: Must be numbers with commas between them."),
        ("mixture", {"parts": "[{"}, "Parts: Must be JSON."),
    ],
)
def test_what_cannot_be_read_is_refused(kind: str, changes: dict[str, str], words: str) -> None:
    (shown,) = [shown for shown in distribution_kinds(SPECS[0]) if shown["kind"] == kind]
    assert distribution_of(posted(shown, **changes)) == (None, words)
