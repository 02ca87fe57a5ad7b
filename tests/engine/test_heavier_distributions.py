"""Pareto, gamma, empirical and mixture: means and quantiles within four standard errors of their closed forms.

A share below a value is compared with the distribution function there, so no quantile needs inverting.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from simulations.engine.distributions import LONGEST_NS, distribution
from tests.engine.test_distributions import DRAWS, draws
from tests.worlds import MS

PARETO = {"kind": "pareto", "scale_ms": 2, "shape": 4}
TWO_PARTS = {
    "kind": "mixture",
    "parts": [
        {"weight": 3, "of": {"kind": "constant", "value_ms": 1}},
        {"weight": 1, "of": {"kind": "exponential", "mean_ms": 20}},
    ],
}
VALUES = {"kind": "empirical", "values_ms": [1, 2, 2, 11]}
WEIGHTED = {"kind": "empirical", "values_ms": [1, 2, 11], "weights": [0.1, 0.2, 0.7]}


def gamma(shape: float) -> dict[str, Any]:
    return {"kind": "gamma", "mean_ms": 6, "shape": shape}


def erlang(stages: int, mean_ms: float) -> Callable[[float], float]:
    """The distribution function of a gamma with a whole shape: at least `stages` arrivals of a Poisson process."""

    def below(x_ms: float) -> float:
        arrivals = x_ms * stages / mean_ms
        return 1 - math.exp(-arrivals) * math.fsum(arrivals**n / math.factorial(n) for n in range(stages))

    return below


@pytest.mark.parametrize(
    ("spec", "mean_ms", "sd_ms"),
    [
        (PARETO, 2 * 4 / 3, 2 / 3 * math.sqrt(4 / 2)),
        (gamma(0.5), 6, 6 / math.sqrt(0.5)),
        (gamma(1), 6, 6),
        (gamma(3), 6, 6 / math.sqrt(3)),
        (gamma(400), 6, 6 / 20),
        (VALUES, 4, math.sqrt(16.5)),
        (WEIGHTED, 8.2, math.sqrt(0.1 * 7.2**2 + 0.2 * 6.2**2 + 0.7 * 2.8**2)),
        (TWO_PARTS, 5.75, math.sqrt(0.75 * 1 + 0.25 * 800 - 5.75**2)),
    ],
)
def test_the_mean(spec: Any, mean_ms: float, sd_ms: float) -> None:
    sample = draws(spec)
    assert all(type(value) is int for value in sample)
    assert min(sample) >= 0
    assert abs(sum(sample) / DRAWS / MS - mean_ms) < 4 * sd_ms / math.sqrt(DRAWS)
    assert abs(distribution(spec).mean_ns / MS - mean_ms) < 1e-5


@pytest.mark.parametrize(
    ("spec", "share_below"),
    [
        (PARETO, lambda x: 1 - (2 / x) ** 4 if x > 2 else 0),
        # Shape ½ is a squared normal: the chi-square distribution of one degree, times its scale.
        (gamma(0.5), lambda x: math.erf(math.sqrt(x / 12))),
        (gamma(1), erlang(1, 6)),
        (gamma(3), erlang(3, 6)),
        (gamma(40), erlang(40, 6)),
        (TWO_PARTS, lambda x: (0.75 if x > 1 else 0) + 0.25 * (1 - math.exp(-x / 20))),
        (WEIGHTED, lambda x: 0.1 * (x > 1) + 0.2 * (x > 2) + 0.7 * (x > 11)),
    ],
)
def test_the_shares_below(spec: Any, share_below: Callable[[float], float]) -> None:
    sample = draws(spec)
    for x_ms in (0.5, 1.5, 2.1, 3, 5, 6, 8, 12, 30):
        share = share_below(x_ms)
        found = sum(value < x_ms * MS for value in sample)
        assert abs(found - DRAWS * share) <= 4 * math.sqrt(DRAWS * share * (1 - share)) + 1e-6, x_ms


def test_frozen_values() -> None:
    """Part of what makes runs repeatable: a change here changes traces."""
    assert draws(PARETO, count=3) == [4_998_836, 2_706_484, 2_898_704]
    assert draws(gamma(0.5), count=3) == [29_520_880, 2_735_208, 3_246_409]
    assert draws(gamma(3), count=3) == [11_633_581, 2_783_678, 5_467_004]
    assert draws(TWO_PARTS, count=3) == [2_689_523, 1_000_000, 9_066_642]


def test_only_the_values_of_a_table_are_drawn_each_as_often_as_it_stands_there() -> None:
    counts = Counter(draws(VALUES, count=8000))
    assert set(counts) == {MS, 2 * MS, 11 * MS}
    assert abs(counts[2 * MS] - 4000) < 4 * math.sqrt(8000 / 4)


def test_a_part_of_a_mixture_draws_as_if_it_had_not_been_picked() -> None:
    """Of two equal uniforms each picked half the time, the first must not always have the low numbers."""
    half = {"weight": 1, "of": {"kind": "uniform", "low_ms": 0, "high_ms": 1}}
    other = {"weight": 1, "of": {"kind": "uniform", "low_ms": 100, "high_ms": 101}}
    low = [value for value in draws({"kind": "mixture", "parts": [half, other]}) if value <= MS]
    assert abs(sum(low) / len(low) / MS - 0.5) < 4 / math.sqrt(12 * len(low))


def test_a_weight_of_almost_nothing_is_almost_never_drawn() -> None:
    spec = {"kind": "empirical", "values_ms": [1, 2, 3], "weights": [1e-9, 1, 1e-9]}
    assert set(draws(spec, count=2000)) == {2 * MS}


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "lognormal", "median_ms": 0.000_001, "p99_ms": 3_600_000},
        {"kind": "pareto", "scale_ms": 3_600_000, "shape": 1.000_000_1},
    ],
)
def test_no_tail_reaches_beyond_what_a_time_can_hold(spec: Any) -> None:
    assert max(draws(spec, 200_000)) == LONGEST_NS
