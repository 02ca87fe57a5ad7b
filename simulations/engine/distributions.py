"""Durations drawn from a distribution, as integer nanoseconds.

Every draw is rounded to an integer at once, so that a last-bit difference between maths libraries disappears.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any, Final

from mypy_extensions import i64

from simulations.engine.streams import below, beside, mix, uniform

NS_PER_MS: Final = 1_000_000
# Eleven days, longer than any run: of heavy tails no more is kept, so that times, and sums of them, fit 64 bits.
LONGEST_NS: Final = 10**15
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
        return min(LONGEST_NS, int(self.median_ns * math.exp(self.sigma * _standard_normal(key, lineage)) + 0.5))


class Pareto(Distribution):
    """Never below `scale_ns`, and with a tail that falls like x^−shape; by inversion. Shapes of 1 or less have no
    mean.
    """

    def __init__(self, scale_ns: int, shape: float) -> None:
        super().__init__(int(scale_ns * shape / (shape - 1.0) + 0.5))
        self.scale_ns = scale_ns
        self.shape = shape

    def draw_ns(self, key: i64, lineage: i64) -> int:
        drawn = self.scale_ns * math.exp(-math.log(1.0 - uniform(key, lineage)) / self.shape)
        return min(LONGEST_NS, int(drawn + 0.5))


class Gamma(Distribution):
    """Gamma, given by its mean and shape.

    Marsaglia and Tsang's method: "A Simple Method for Generating Gamma Variables", ACM Transactions on Mathematical
    Software 26(3), 2000, section 2; shapes below 1 by section 6. An attempt takes three draws of its own.
    """

    def __init__(self, mean_ns: int, shape: float) -> None:
        super().__init__(mean_ns)
        self.shape = shape
        self._d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
        self._c = 1.0 / math.sqrt(9.0 * self._d)

    def draw_ns(self, key: i64, lineage: i64) -> int:
        value = self._standard(key, lineage)
        if self.shape < 1.0:
            value *= math.exp(math.log(1.0 - uniform(key, beside(lineage, -1))) / self.shape)
        return min(LONGEST_NS, int(value / self.shape * self.mean_ns + 0.5))

    def _standard(self, key: i64, lineage: i64) -> float:
        for attempt in range(100):
            normal = _standard_normal(key, beside(lineage, 3 * attempt))
            root = 1.0 + self._c * normal
            if root <= 0.0:
                continue
            cube = root * root * root
            bound = 0.5 * normal * normal + self._d * (1.0 - cube + math.log(cube))
            if math.log(1.0 - uniform(key, beside(lineage, 3 * attempt + 2))) < bound:
                return self._d * cube
        return self._d


class Empirical(Distribution):
    """One of some values: equally likely, or by weight."""

    def __init__(self, values_ns: list[int], weights: list[float]) -> None:
        self.values_ns = values_ns
        self.reaches = _reaches(weights)
        if weights:
            total = math.fsum(value * weight for value, weight in zip(values_ns, weights, strict=True))
            super().__init__(int(total / self.reaches[-1] + 0.5))
        else:
            super().__init__(sum(values_ns) // len(values_ns))

    def draw_ns(self, key: i64, lineage: i64) -> int:
        if self.reaches:
            return self.values_ns[_pick(self.reaches, uniform(key, lineage))]
        return self.values_ns[below(key, lineage, len(self.values_ns))]


class Mixture(Distribution):
    """One of some distributions, by weight."""

    def __init__(self, parts: list[Distribution], weights: list[float]) -> None:
        self.parts = parts
        self.reaches = _reaches(weights)
        total = math.fsum(part.mean_ns * weight for part, weight in zip(parts, weights, strict=True))
        super().__init__(int(total / self.reaches[-1] + 0.5))

    def draw_ns(self, key: i64, lineage: i64) -> int:
        # The part draws at another lineage: what it draws is not to depend on having been picked.
        return self.parts[_pick(self.reaches, uniform(key, lineage))].draw_ns(key, mix(lineage))


def _reaches(weights: list[float]) -> list[float]:
    """Running totals, added one by one in the document's order: the same on every machine."""
    totals: list[float] = []
    total = 0.0
    for weight in weights:
        total += weight
        totals.append(total)
    return totals


def _pick(reaches: list[float], unit: float) -> int:
    """The position that a number of [0, 1) falls on."""
    return min(bisect_right(reaches, unit * reaches[-1]), len(reaches) - 1)


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
    if kind == "pareto":
        return Pareto(to_ns(spec["scale_ms"]), float(spec["shape"]))
    if kind == "gamma":
        return Gamma(to_ns(spec["mean_ms"]), float(spec["shape"]))
    if kind == "empirical":
        weights = [float(weight) for weight in spec.get("weights") or ()]
        return Empirical([to_ns(value) for value in spec["values_ms"]], weights)
    if kind == "mixture":
        parts: list[dict[str, Any]] = spec["parts"]
        return Mixture([distribution(part["of"]) for part in parts], [float(part["weight"]) for part in parts])
    raise ValueError(f"Unknown distribution {kind!r}.")
