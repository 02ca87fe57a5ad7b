"""Percentiles: exact while there are few values, then in buckets, with bounded memory and a bounded error.

The buckets are those of Gil Tene's HdrHistogram: each power of two is split into as many equal parts, so that a value
is known to within a share of itself.
"""

from __future__ import annotations

from typing import Final

EXACT_MAX: Final = 10_000  # so many values are kept as they are
PARTS: Final = 128  # of each power of two; the middle of a part is within 1 ÷ 256 of any value in it


class Histogram:
    """Whole numbers ≥ 0. Count, sum and highest value are always exact."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.highest = 0
        self.values: list[int] = []
        self.buckets: dict[int, int] = {}

    def add(self, value: int) -> None:
        """Take in a value."""
        self.count += 1
        self.total += value
        self.highest = max(self.highest, value)
        if self.count <= EXACT_MAX:
            self.values.append(value)
            return
        for kept in self.values:
            self._put(kept)
        self.values = []
        self._put(value)

    def mean(self) -> float:
        """Exact. Raises ZeroDivisionError for no values."""
        return self.total / self.count

    def percentile(self, share: float) -> int:
        """The value at this rank, by nearest rank; exact up to EXACT_MAX values, then within 0.4 %."""
        place = rank(share, self.count)
        if self.count <= EXACT_MAX:
            self.values.sort()
            return self.values[place]
        for bucket in sorted(self.buckets):
            place -= self.buckets[bucket]
            if place < 0:
                return min(self.highest, _middle(bucket))
        return self.highest

    def _put(self, value: int) -> None:
        bucket = _bucket(value)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1


def _bucket(value: int) -> int:
    shift = max(0, value.bit_length() - PARTS.bit_length())
    return shift * PARTS + (value >> shift)


def _middle(bucket: int) -> int:
    if bucket < 2 * PARTS:
        return bucket
    shift = bucket // PARTS - 1
    return ((bucket - shift * PARTS) << shift) + (1 << shift) // 2


def rank(share: float, count: int) -> int:
    """The index of a percentile in a sorted list, by nearest rank."""
    return max(0, min(count - 1, -int(-share * count // 1) - 1))
