"""Delivery: by definition on hand-made traces, by mutation, and on runs whose requests are tried again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.delivery import check_delivery
from simulations.checks.finding import Finding
from simulations.document import validate
from simulations.engine.log import Log
from simulations.engine.simulation import Limits
from simulations.report import Recording, record
from tests.checks.histories import MS
from tests.checks.test_metrics import chunk


def story(types: list[str], effects: list[tuple[int, int, str, int]]) -> Log:
    """Operations of work, one a millisecond, which ended so, and what nodes told of effects."""
    log = Log()
    decoded = chunk(
        100,
        [{"up": True}] * 3,
        invoked=[(op, op * MS, 0, op, "work", "", None) for op in range(len(types))],
        returned=[(op, (op + 1) * MS, kind, None, "", 1) for op, kind in enumerate(types)],
    )
    cols = {name: [row[place] for row in effects] for place, name in enumerate(("time", "node", "key", "op"))}
    decoded["tables"]["effects"] = {"rows": len(effects), "cols": cols}
    log.add(decoded)
    return log


def judged(types: list[str], effects: list[tuple[int, int, str, int]]) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_delivery(story(types, effects))}


EFFECTS = st.tuples(st.integers(0, 90), st.integers(1, 2), st.sampled_from(["", "a"]), st.integers(0, 5))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(["ok", "fail", "info"]), min_size=6, max_size=6), st.lists(EFFECTS, max_size=9))
def test_agrees_with_counting(types: list[str], effects: list[tuple[int, int, str, int]]) -> None:
    found = judged(types, sorted(effects))
    counts = Counter((op, key) for _, _, key, op in effects)
    assert found["duplicated_effects"].violations == sum(1 for count in counts.values() if count > 1)
    without = [op for op, kind in enumerate(types) if kind == "ok" and not any(op == row[3] for row in effects)]
    if effects and "ok" in types:
        assert found["lost_effects"].offenders == frozenset(without)
    else:
        assert found["lost_effects"].verdict == "unknown"


def test_one_effect_more_and_one_less_flip_the_verdicts() -> None:
    once = [(1 * MS, 1, "", 0), (2 * MS, 1, "", 1)]
    sound = judged(["ok", "ok"], once)
    assert [finding.verdict for finding in sound.values()] == ["pass", "pass"]
    assert sound["lost_effects"].explanation.endswith("Delivery was exactly once.")
    twice = judged(["ok", "ok"], [*once, (9 * MS, 2, "", 1)])
    assert twice["duplicated_effects"].violations == 1
    assert "c's work (1–2 ms) was done at 2 ms on s-1, at 9 ms on s-2" in twice["duplicated_effects"].explanation
    assert twice["duplicated_effects"].explanation.endswith("Delivery was at least once.")
    assert twice["duplicated_effects"].at_ns == 9 * MS
    never = judged(["ok", "ok"], once[:1])
    assert (never["lost_effects"].violations, never["lost_effects"].offenders) == (1, frozenset({1}))
    assert never["lost_effects"].explanation.endswith("Delivery was at most once.")
    both = judged(["ok", "ok"], [once[0], once[0]])
    assert both["lost_effects"].explanation.endswith("Delivery was neither at most nor at least once.")


def test_what_was_not_confirmed_may_be_done_or_not() -> None:
    found = judged(["ok", "fail", "info"], [(1 * MS, 1, "", 0), (2 * MS, 1, "", 2)])
    assert [finding.verdict for finding in found.values()] == ["pass", "pass"]


def test_several_effects_of_one_operation_have_keys_of_their_own() -> None:
    assert judged(["ok"], [(1 * MS, 1, "mail", 0), (1 * MS, 2, "bill", 0)])["duplicated_effects"].violations == 0
    assert judged(["ok"], [(1 * MS, 1, "mail", 0), (1 * MS, 2, "mail", 0)])["duplicated_effects"].violations == 1
    assert judged(["ok"], [(1 * MS, 1, "job 7", -1), (5 * MS, 2, "job 7", -1)])["duplicated_effects"].violations == 1


def run(counts: bool, timeout_ms: int, **client: Any) -> Recording:
    params = {"rate_per_s": 20, "timeout_ms": timeout_ms, "retry": "fixed", "attempts_max": 3} | client
    service = {"service_time": 20, "concurrency": 100, "counts_effects": counts}
    document = {
        "format": "netsplit/1",
        "duration_ms": 2000,
        "settle_ms": 500,
        "nodes": [
            {"id": "c", "type": "client", "params": params},
            {"id": "s", "type": "service", "params": service},
        ],
        "links": [{"id": "l", "a": "c", "b": "s"}],
    }
    return record(validate(document).physical(), Limits())


def test_a_retry_that_is_worked_on_again_is_a_duplicate() -> None:
    patient, hasty = run(True, 1000), run(True, 10)
    assert patient.metrics()["delivery.exactly_once"] == 1
    assert hasty.metrics()["effects.duplicated"] == hasty.metrics()["effects.applied"] > 0
    told = {finding.name: finding for finding in hasty.findings}
    assert told["duplicated_effects"].verdict == "fail"
    assert "tried 3 times" in told["duplicated_effects"].explanation


def test_a_run_without_effects_is_not_judged_by_them_nor_is_its_trace_another() -> None:
    plain = run(False, 1000)
    assert not plain.log.effects
    assert not [name for name in plain.metrics() if name.startswith(("effects.", "delivery."))]
    assert plain.log.operations == run(True, 1000).log.operations


@pytest.mark.parametrize("metric", ["effects.duplicated", "delivery.at_least_once", "checks.lost_effects.violations"])
def test_claims_may_name_them(metric: str) -> None:
    claim = {"claim": "x", "left": {"metric": metric}, "op": "==", "right": 0}
    node = {"id": "c", "type": "client"}
    assert validate({"format": "netsplit/1", "duration_ms": 10, "nodes": [node], "links": [], "expect": [claim]})
