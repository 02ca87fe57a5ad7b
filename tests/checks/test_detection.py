"""How soon failures are noticed, and wrong verdicts: worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.checks.test_figures import recorded
from tests.worlds import MS

CLUSTERS = {"clusters": [{"id": "g", "members": ["c", "s-1", "s-2"]}]}
START = [(0, node, "failed", "") for node in range(3)]


def told(*state: Any, window: Any = None) -> dict[str, float]:
    """The figures below `detection.` of three members that show and do this, of 100 ms."""
    rows = sorted([*START, *((ms * MS, *rest) for ms, *rest in state)], key=lambda row: row[0])
    found = recorded(CLUSTERS, state=rows).metrics(**({"window_ms": window} if window else {}))
    return {name.removeprefix("detection."): value for name, value in found.items() if name.startswith("detection.")}


def test_a_crash_is_noticed_by_one_and_then_by_all() -> None:
    found = told((10, 2, "up", False), (25, 0, "failed", "s-2"), (40, 1, "failed", "s-2"))
    assert (found["first_ms.mean"], found["all_ms.mean"]) == (15, 30)
    assert (found["missed"], found["false_positives"]) == (0, 0)


def test_who_is_down_meanwhile_need_not_notice() -> None:
    found = told((10, 2, "up", False), (20, 0, "failed", "s-2"), (30, 1, "up", False), (50, 0, "failed", "s-1 s-2"))
    assert (found["first_ms.max"], found["all_ms.max"]) == (20, 20)


def test_a_crash_over_before_anybody_noticed_is_missed() -> None:
    found = told((10, 2, "up", False), (20, 2, "up", True), (30, 0, "failed", "s-2"))
    assert (found["missed"], found["false_positives"]) == (1, 1)
    assert "first_ms.mean" not in found


def test_a_wrong_verdict_counts_once_as_long_as_anybody_holds_it() -> None:
    wrong = [(10, 0, "failed", "s-1"), (20, 2, "failed", "s-1"), (30, 0, "failed", ""), (40, 2, "failed", "")]
    assert told(*wrong)["false_positives"] == 1
    assert told(*wrong, (50, 0, "failed", "s-1"))["false_positives"] == 2
    assert told(*wrong, window=[15, 100])["false_positives"] == 0


def test_a_window_selects_crashes_by_when_they_come() -> None:
    crash = [(10, 2, "up", False), (25, 0, "failed", "s-2"), (40, 1, "failed", "s-2")]
    assert told(*crash, window=[0, 20])["first_ms.mean"] == 15
    assert "first_ms.mean" not in told(*crash, window=[20, 100])


def test_who_shows_no_such_thing_has_no_such_figures() -> None:
    found = recorded(CLUSTERS).metrics()
    assert not [name for name in found if name.startswith("detection.")]
