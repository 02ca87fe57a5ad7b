"""Claims: expressions, tolerances, and what has no figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simulations.checks.goals import NoFigure, NotRun, judge_claim, metric_value

FIGURES = {"ops.total": 100.0, "ops.ok": 90.0, "messages.sent": 8.0}


def lookup(side: Mapping[str, Any]) -> float:
    if side.get("variant") == "elsewhere":
        raise NotRun("Not run.")
    return metric_value(FIGURES, side["metric"], {"checks.linearizability.violations": "the search reached its limit"})


def judged(left: Any, op: str, right: Any, tolerance: Any = None) -> bool | None:
    return judge_claim({"claim": "c", "left": left, "op": op, "right": right, "tolerance": tolerance}, lookup).ok


OK = {"metric": "ops.ok"}


@pytest.mark.parametrize(
    ("left", "op", "right", "tolerance", "ok"),
    [
        (OK, "==", 90, None, True),
        (OK, "==", 91, None, False),
        (OK, "==", 91, 1, True),
        (OK, "==", 100, "10%", True),
        (OK, "==", 101, "10%", False),
        (OK, "!=", 91, None, True),
        (OK, "<", 90, None, False),
        (OK, "<=", 90, None, True),
        (OK, "<=", 89, 1, True),
        (OK, ">", 89, None, True),
        (OK, ">=", 91, "5%", True),
        ({"/": [OK, {"metric": "ops.total"}]}, "==", 0.9, None, True),
        ({"+": [1, 2, 3]}, "==", OK, 84, True),
        ({"-": [OK, 1]}, "==", 89, None, True),
        ({"×": [2, OK]}, "==", 180, None, True),
        ({"÷": [OK, 2]}, "==", 45, None, True),
        ({"−": [OK, 2]}, "==", 88, None, True),
        ({"^": [2, 10]}, "==", 1024, None, True),
        ({"log": [8, 2]}, "==", 3, 1e-9, True),
        ({"min": [OK, 5]}, "==", 5, None, True),
        ({"max": [OK, 5]}, "==", 90, None, True),
    ],
)
def test_expressions_and_tolerances(left: Any, op: str, right: Any, tolerance: Any, ok: bool) -> None:
    assert judged(left, op, right, tolerance) is ok


@pytest.mark.parametrize(
    "right",
    [
        {"^": [10, 100_000]},
        {"^": [10, 3_000_000]},
        {"*": [1e308, 10]},
        {"/": [1, 0]},
        {"log": [0]},
        {"log": [-1]},
        {"^": [-1, 0.5]},
        {"^": [10.0, 400]},
    ],
)
def test_what_has_no_value_fails_the_claim(right: Any) -> None:
    assert judged(OK, "!=", right) is False


def test_an_empty_population_fails_with_words() -> None:
    judgement = judge_claim({"claim": "c", "left": {"metric": "reads.stale"}, "op": "==", "right": 0}, lookup)
    assert judgement.ok is False
    assert judgement.actual is None
    assert "no operation of that sort" in judgement.reason


def test_a_check_without_a_verdict_fails_the_claim_with_its_reason() -> None:
    side = {"metric": "checks.linearizability.violations"}
    judgement = judge_claim({"claim": "c", "left": side, "op": "==", "right": 0}, lookup)
    assert judgement.ok is False
    assert "the search reached its limit" in judgement.reason


def test_what_never_occurred_counts_as_none_where_something_was_counted() -> None:
    assert metric_value(FIGURES, "ops.error.timed_out", {}) == 0
    assert metric_value(FIGURES, "messages.dropped.partition", {}) == 0
    with pytest.raises(NoFigure):
        metric_value({"ops.total": 0}, "ops.error.timed_out", {})


def test_a_claim_on_a_run_that_is_not_at_hand_is_not_judged() -> None:
    assert judged({"metric": "ops.ok", "variant": "elsewhere"}, ">", 0) is None
