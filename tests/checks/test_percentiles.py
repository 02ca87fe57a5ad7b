"""Percentiles against exact ones: few values, many, and many at random over ten orders of magnitude."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.engine.histogram import EXACT_MAX, Histogram, rank
from simulations.engine.streams import nth, uniform
from tests.engine.random_worlds import FEW


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=300), st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_few_values_have_exact_percentiles(values: list[int], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    assert histogram.percentile(share) == sorted(values)[rank(share, len(values))]
    assert histogram.mean() == sum(values) / len(values)
    assert histogram.highest == max(values)


@pytest.mark.parametrize("growth", [1.0, 1.0005, 1.002])
def test_many_values_have_percentiles_within_a_hundredth_in_bounded_memory(growth: float) -> None:
    values = [int(number * growth ** (number % 9973)) for number in range(3 * EXACT_MAX)]
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    values.sort()
    for share in (0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0):
        exact = values[rank(share, len(values))]
        assert abs(histogram.percentile(share) - exact) <= 0.01 * exact
    assert not histogram.values
    assert len(histogram.buckets) < 128 * 64
    assert histogram.mean() == sum(values) / len(values)


@FEW
@given(st.integers(0, 2**40), st.floats(1, 3), st.integers(1, 12), st.sampled_from([0.5, 0.95, 0.99, 0.9999]))
def test_percentiles_of_random_values_are_within_a_hundredth(key: int, bend: float, decades: int, share: float) -> None:
    values = [int(10 ** (decades * uniform(key, nth(key, number)) ** bend)) for number in range(EXACT_MAX + 500)]
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[rank(share, len(values))]
    assert abs(histogram.percentile(share) - exact) <= 0.01 * exact
