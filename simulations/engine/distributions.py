"""Durations drawn from a distribution, as integer nanoseconds.

Every draw is rounded to an integer at once, so that a last-bit difference between maths libraries disappears.
"""

from __future__ import annotations

import math
from typing import Any, Final

from mypy_extensions import i64

from simulations.engine.streams import beside, uniform

NS_PER_MS: Final = 1_000_000
_Z_99: Final = 2.3263478740408408  # the standard normal's 99th percentile


def to_ns(milliseconds: float) -> int:
    """Milliseconds as integer nanoseconds, rounded half up."""
    return math.floor(milliseconds * NS_PER_MS + 0.5)


class Distribution:
    """A duration of `mean_ns` always; subclasses draw."""

    def __init__(self, mean_ns: int) -> None:
        self.mean_ns = mean_ns

    def draw_ns(self, key: i64, lineage: i64) -> int:
        """The duration that stream `key` gives at `lineage`, ≥ 0."""
        return self.mean_ns


class Uniform(Distribution):
    """Even between two bounds."""

    def __init__(self, low_ns: int, high_ns: int) -> None:
        super().__init__((low_ns + high_ns) // 2)
        self.low_ns = low_ns
        self.span_ns = high_ns - low_ns

    def draw_ns(self, key: i64, lineage: i64) -> int:
        return self.low_ns + int(uniform(key, lineage) * (self.span_ns + 1))


class Exponential(Distribution):
    """Memoryless, by inversion."""

    def draw_ns(self, key: i64, lineage: i64) -> int:
        return int(-math.log(1.0 - uniform(key, lineage)) * self.mean_ns + 0.5)


def _standard_normal(key: i64, lineage: i64) -> float:
    """Box and Muller's transform of two draws."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(key, lineage)))
    return radius * math.cos(2.0 * math.pi * uniform(key, beside(lineage, 1)))


class Normal(Distribution):
    """Normal, drawn again while negative (truncated at 0)."""

    def __init__(self, mean_ns: int, sd_ns: int) -> None:
        super().__init__(mean_ns)
        self.sd_ns = sd_ns

    def draw_ns(self, key: i64, lineage: i64) -> int:
        for attempt in range(100):
            value = self.mean_ns + self.sd_ns * _standard_normal(key, beside(lineage, 2 * attempt))
            if value >= 0.0:
                return int(value + 0.5)
        return 0


class LogNormal(Distribution):
    """Log-normal, given by its median and 99th percentile."""

    def __init__(self, median_ns: int, p99_ns: int) -> None:
        self.median_ns = median_ns
        self.sigma = math.log(p99_ns / median_ns) / _Z_99
        super().__init__(int(median_ns * math.exp(self.sigma * self.sigma / 2.0) + 0.5))

    def draw_ns(self, key: i64, lineage: i64) -> int:
        return int(self.median_ns * math.exp(self.sigma * _standard_normal(key, lineage)) + 0.5)


def distribution(spec: Any) -> Distribution:
    """Build a distribution from its entry in the scenario document (durations in milliseconds).

    Raises ValueError for an unknown kind; ranges are the document's to check.
    """
    if isinstance(spec, (int, float)):
        return Distribution(to_ns(spec))
    kind = spec["kind"]
    if kind == "constant":
        return Distribution(to_ns(spec["value_ms"]))
    if kind == "uniform":
        return Uniform(to_ns(spec["low_ms"]), to_ns(spec["high_ms"]))
    if kind == "exponential":
        return Exponential(to_ns(spec["mean_ms"]))
    if kind == "normal":
        return Normal(to_ns(spec["mean_ms"]), to_ns(spec["sd_ms"]))
    if kind == "lognormal":
        return LogNormal(to_ns(spec["median_ms"]), to_ns(spec["p99_ms"]))
    raise ValueError(f"Unknown distribution {kind!r}.")
