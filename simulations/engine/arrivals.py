"""When the requests of an open client come: a process that is asked, after each arrival, how long until the next.

Poisson, deterministic, in bursts, as a day's wave, as a ramp, with a spike, or as recorded. A pattern is a function of
simulated time, so that a client that restarts finds itself where the pattern is by then.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Final

from simulations.engine.distributions import Distribution, Exponential
from simulations.engine.streams import beside, nth, uniform

NEVER: Final = -1
NS_PER_S: Final = 1e9
PHASE_NS_MIN: Final = 1_000_000  # bursts and pauses shorter than this are as long as this
RECORDED_MAX: Final = 10_000


class Arrivals:
    """No arrivals at all; subclasses have some."""

    def gap_ns(self, now_ns: int, number: int) -> int:
        """From `now_ns` until the next arrival, the number-th; NEVER when there is none."""
        return NEVER


class Poisson(Arrivals):
    """Memoryless, at a mean rate."""

    def __init__(self, key: int, rate_per_s: float) -> None:
        self.key = key
        self.gap = Exponential(int(NS_PER_S / rate_per_s))

    def gap_ns(self, now_ns: int, number: int) -> int:
        return self.gap.draw_ns(self.key, nth(self.key, number))


class Deterministic(Arrivals):
    """Always the same gap."""

    def __init__(self, rate_per_s: float) -> None:
        self.every_ns = int(NS_PER_S / rate_per_s + 0.5)

    def gap_ns(self, now_ns: int, number: int) -> int:
        return self.every_ns


class Bursts(Arrivals):
    """A Poisson process that is switched on and off: its clock stands still while it is off."""

    def __init__(self, key: int, phases: int, rate_per_s: float, on: Distribution, off: Distribution) -> None:
        self.key = key
        self.phases = phases
        self.gap = Exponential(int(NS_PER_S / rate_per_s))
        self.on = on
        self.off = off
        self.cycle = 0
        self.on_from_ns = 0
        self.on_until_ns = self._length_ns(on, 0)

    def gap_ns(self, now_ns: int, number: int) -> int:
        left_ns = self.gap.draw_ns(self.key, nth(self.key, number))
        while self.on_until_ns <= now_ns:
            self._turn()
        at_ns = max(now_ns, self.on_from_ns)
        while at_ns + left_ns >= self.on_until_ns:
            left_ns -= self.on_until_ns - at_ns
            self._turn()
            at_ns = self.on_from_ns
        return at_ns + left_ns - now_ns

    def _turn(self) -> None:
        """Go on to the next burst."""
        self.cycle += 1
        self.on_from_ns = self.on_until_ns + self._length_ns(self.off, 2 * self.cycle - 1)
        self.on_until_ns = self.on_from_ns + self._length_ns(self.on, 2 * self.cycle)

    def _length_ns(self, takes: Distribution, phase: int) -> int:
        return max(PHASE_NS_MIN, takes.draw_ns(self.phases, nth(self.phases, phase)))


class Diurnal(Arrivals):
    """A Poisson process whose rate is a sine wave, by thinning: candidates come at the highest rate, and each is kept
    with the share of it that holds at its moment (Lewis, Shedler: "Simulation of nonhomogeneous Poisson processes by
    thinning", Naval Research Logistics Quarterly 26(3), 1979, algorithm 1).
    """

    def __init__(self, key: int, rate_per_s: float, swing: float, period_ns: int) -> None:
        self.key = key
        self.swing = swing
        self.period_ns = period_ns
        self.gap = Exponential(int(NS_PER_S / (rate_per_s * (1.0 + swing))))

    def gap_ns(self, now_ns: int, number: int) -> int:
        lineage = nth(self.key, number)
        at_ns = now_ns
        while True:
            at_ns += max(1, self.gap.draw_ns(self.key, lineage))
            lineage = beside(lineage, 1)
            if uniform(self.key, lineage) < self.share(at_ns):
                return at_ns - now_ns
            lineage = beside(lineage, 1)

    def share(self, at_ns: int) -> float:
        """The rate at a moment, as a share of the highest."""
        turn = 2.0 * math.pi * ((at_ns % self.period_ns) / self.period_ns)
        return (1.0 + self.swing * math.sin(turn)) / (1.0 + self.swing)


class Piece:
    """A stretch of time over which the rate (per nanosecond) goes evenly from one value to another."""

    def __init__(self, from_ns: int, until_ns: int, first: float, last: float) -> None:
        self.from_ns = from_ns
        self.until_ns = until_ns
        self.first = first
        self.last = last
        self.slope = (last - first) / (until_ns - from_ns)

    def at(self, time_ns: int) -> float:
        """The rate at a moment."""
        return self.first + self.slope * (time_ns - self.from_ns)


class Course(Arrivals):
    """A Poisson process whose rate follows adjoining pieces from time 0 and then stays, by inversion: the next arrival
    comes when the rate's integral has grown by an exponential draw of mean 1 (Çinlar: "Introduction to Stochastic
    Processes", 1975, section 4.7).
    """

    def __init__(self, key: int, pieces: list[Piece], at_last: float) -> None:
        self.key = key
        self.pieces = pieces
        self.at_last = at_last

    def gap_ns(self, now_ns: int, number: int) -> int:
        left = -math.log(1.0 - uniform(self.key, nth(self.key, number)))
        at_ns = now_ns
        for piece in self.pieces:
            if at_ns >= piece.until_ns:
                continue
            rate = piece.at(at_ns)
            area = (rate + piece.last) / 2.0 * (piece.until_ns - at_ns)
            if left < area:
                root = math.sqrt(max(0.0, rate * rate + 2.0 * piece.slope * left))
                return at_ns - now_ns + int(2.0 * left / (rate + root) + 0.5)
            left -= area
            at_ns = piece.until_ns
        return NEVER if self.at_last <= 0.0 else at_ns - now_ns + int(left / self.at_last + 0.5)


def ramp(key: int, from_per_s: float, to_per_s: float, takes_ns: int) -> Course:
    """From one rate evenly to another, which then stays."""
    first, last = from_per_s / NS_PER_S, to_per_s / NS_PER_S
    return Course(key, [Piece(0, takes_ns, first, last)], last)


def spike(key: int, rate_per_s: float, at_ns: int, takes_ns: int, factor: float) -> Course:
    """A steady rate, but for a while a multiple of it."""
    rate = rate_per_s / NS_PER_S
    before = [Piece(0, at_ns, rate, rate)] if at_ns > 0 else []
    return Course(key, [*before, Piece(at_ns, at_ns + takes_ns, rate * factor, rate * factor)], rate)


class Recorded(Arrivals):
    """At the listed times."""

    def __init__(self, times_ns: list[int], now_ns: int) -> None:
        self.times_ns = sorted(times_ns)
        self.next = bisect_left(self.times_ns, now_ns)

    def gap_ns(self, now_ns: int, number: int) -> int:
        if self.next >= len(self.times_ns):
            return NEVER
        self.next += 1
        return self.times_ns[self.next - 1] - now_ns
