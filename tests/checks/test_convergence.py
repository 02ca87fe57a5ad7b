"""Convergence: on digests written by hand, against a look at the end, and by mutation."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.convergence import check_convergence
from simulations.checks.finding import Finding
from simulations.engine.log import Log
from simulations.engine.metrics_nodes import replica_metrics
from tests.checks.histories import MS
from tests.checks.test_metrics import chunk

NODES = ["c", "s-1", "s-2"]


def judged(*state: tuple[int, int, str, Any]) -> Finding:
    log = Log()
    first = [(0, number, "digest", "0") for number in range(3)]
    rows = [*first, *state]
    log.add(chunk(1000, [{"up": True}] * 3, state=[(time * MS, *row) for time, *row in rows]))
    return check_convergence(log, [NODES], replica_metrics(log, [NODES]))


def test_one_digest_that_differs_flips_the_verdict() -> None:
    sound = [(5, 0, "digest", "a"), (7, 1, "digest", "a"), (9, 2, "digest", "a")]
    assert (judged(*sound).verdict, judged(*sound).violations) == ("pass", 0)
    assert "9.0 ms after the last heal and the last write" in judged(*sound).explanation
    finding = judged(*sound[:-1], (9, 2, "digest", "b"))
    assert (finding.verdict, finding.violations, finding.at_ns) == ("fail", 1, 9 * MS)
    assert finding.explanation.endswith("c, s-1 one state since 7 ms, s-2 another state since 9 ms.")


def test_the_dead_need_not_agree() -> None:
    differs = (9, 2, "digest", "b")
    assert judged(differs).verdict == "fail"
    assert judged(differs, (20, 2, "up", False), (20, 2, "digest", None)).verdict == "pass"


def test_who_lives_and_has_no_copy_any_more_need_not_agree() -> None:
    differs = (9, 2, "digest", "b")
    assert judged(differs, (20, 2, "digest", None)).verdict == "pass"
    assert judged(differs, (20, 2, "digest", None), (30, 2, "digest", "b")).verdict == "fail"


ROWS = st.lists(st.tuples(st.integers(1, 99), st.integers(0, 2), st.sampled_from("ab")), max_size=8)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ROWS)
def test_agrees_with_a_look_at_the_end(rows: list[tuple[int, int, str]]) -> None:
    rows.sort(key=lambda row: row[:2])  # what one shows at one moment counts in its order
    held = dict.fromkeys(range(3), "0") | {number: digest for _, number, digest in rows}
    expected = "pass" if len(set(held.values())) == 1 else "fail"
    assert judged(*((time, number, "digest", digest) for time, number, digest in rows)).verdict == expected
