"""Durations: each distribution's mean and quantiles within four standard errors, whole nanoseconds, never negative."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import pytest

from simulations.engine.distributions import distribution, to_ns
from simulations.engine.streams import nth, stream_key
from tests.worlds import MS

DRAWS = 20_000
LOGNORMAL_SIGMA = math.log(100 / 10) / NormalDist().inv_cdf(0.99)


def draws(spec: Any, count: int = DRAWS, purpose: str = "latency") -> list[int]:
    built, key = distribution(spec), stream_key(1, "c", purpose)
    return [built.draw_ns(key, nth(key, number)) for number in range(count)]


FROZEN: list[tuple[Any, list[int]]] = [
    (7, [7_000_000, 7_000_000, 7_000_000, 7_000_000]),
    ({"kind": "constant", "value_ms": 1.5}, [1_500_000, 1_500_000, 1_500_000, 1_500_000]),
    ({"kind": "uniform", "low_ms": 1, "high_ms": 2}, [1_974_377, 1_701_807, 1_773_377, 1_630_530]),
    ({"kind": "exponential", "mean_ms": 4}, [14_656_926, 4_840_054, 5_937_863, 3_982_746]),
    ({"kind": "normal", "mean_ms": 3, "sd_ms": 2}, [2_362_559, 1_090_806, 3_081_182, 5_212_189]),
    ({"kind": "lognormal", "median_ms": 10, "p99_ms": 100}, [686_042, 3_887_395, 10_409_941, 29_885_733]),
]


@pytest.mark.parametrize(("spec", "expected"), FROZEN)
def test_frozen_values(spec: Any, expected: list[int]) -> None:
    assert draws(spec, count=4) == expected


@pytest.mark.parametrize(("spec", "_"), FROZEN)
def test_draws_are_whole_nanoseconds_and_never_negative(spec: Any, _: object) -> None:
    sample = draws(spec, count=2000)
    assert all(type(value) is int for value in sample)
    assert min(sample) >= 0


@pytest.mark.parametrize(
    ("spec", "mean_ms", "sd_ms"),
    [
        ({"kind": "uniform", "low_ms": 2, "high_ms": 8}, 5.0, 6 / math.sqrt(12)),
        ({"kind": "exponential", "mean_ms": 4}, 4.0, 4.0),
        ({"kind": "normal", "mean_ms": 30, "sd_ms": 4}, 30.0, 4.0),
        (
            {"kind": "lognormal", "median_ms": 10, "p99_ms": 100},
            10 * math.exp(LOGNORMAL_SIGMA**2 / 2),
            10 * math.exp(LOGNORMAL_SIGMA**2 / 2) * math.sqrt(math.exp(LOGNORMAL_SIGMA**2) - 1),
        ),
    ],
)
def test_the_mean(spec: Any, mean_ms: float, sd_ms: float) -> None:
    sample = draws(spec)
    assert abs(sum(sample) / DRAWS / MS - mean_ms) < 4 * sd_ms / math.sqrt(DRAWS)
    assert abs(distribution(spec).mean_ns / MS - mean_ms) < 1e-5


@pytest.mark.parametrize(
    ("spec", "quantile_ms"),
    [
        ({"kind": "uniform", "low_ms": 2, "high_ms": 8}, lambda q: 2 + 6 * q),
        ({"kind": "exponential", "mean_ms": 4}, lambda q: -4 * math.log(1 - q)),
        ({"kind": "normal", "mean_ms": 30, "sd_ms": 4}, lambda q: NormalDist(30, 4).inv_cdf(q)),
        (
            {"kind": "lognormal", "median_ms": 10, "p99_ms": 100},
            lambda q: 10 * math.exp(LOGNORMAL_SIGMA * NormalDist().inv_cdf(q)),
        ),
    ],
)
def test_the_quantiles(spec: Any, quantile_ms: Any) -> None:
    sample = draws(spec)
    for q in (0.01, 0.25, 0.5, 0.75, 0.99):
        below = sum(value < quantile_ms(q) * MS for value in sample)
        assert abs(below - DRAWS * q) < 4 * math.sqrt(DRAWS * q * (1 - q)), q


def test_a_normal_is_truncated_at_zero_by_drawing_again_not_by_piling_up_there() -> None:
    sample = draws({"kind": "normal", "mean_ms": 1, "sd_ms": 2})
    assert min(sample) >= 0
    assert sample.count(0) == 0
    # The mean of what is left: μ + σ φ(α) ÷ (1 − Φ(α)), α = −μ ÷ σ; its standard deviation is below σ.
    unit = NormalDist()
    expected = 1 + 2 * unit.pdf(-0.5) / (1 - unit.cdf(-0.5))
    assert abs(sum(sample) / DRAWS / MS - expected) < 4 * 2 / math.sqrt(DRAWS)


def test_the_bounds_of_a_uniform_are_part_of_it() -> None:
    sample = draws({"kind": "uniform", "low_ms": 0.000001, "high_ms": 0.000004}, count=1000)
    assert set(sample) == {1, 2, 3, 4}
    assert set(draws({"kind": "uniform", "low_ms": 3, "high_ms": 3}, count=100)) == {3 * MS}


def test_another_purpose_draws_otherwise() -> None:
    spec = {"kind": "exponential", "mean_ms": 4}
    assert draws(spec, count=10) != draws(spec, count=10, purpose="service time")


def test_milliseconds_are_rounded_to_the_nearest_nanosecond() -> None:
    assert [to_ns(ms) for ms in (0, 1, 0.5, 0.0000014, 0.0000015, 1e9)] == [0, MS, MS // 2, 1, 2, 10**15]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="Unknown distribution 'cauchy'"):
        distribution({"kind": "cauchy"})
