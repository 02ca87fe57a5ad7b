"""Host clocks: a wall clock that can be wrong, and a monotonic one whose pace can be.

A wall clock is set from outside and may jump either way; a monotonic one never goes back, but both are driven by the
same oscillator, which may run fast or slow (Mills, "Network Time Protocol Version 4", RFC 5905, section 3). Without a
fault a host has no clock of its own: it reads the simulation's.
"""

from __future__ import annotations

from typing import Final

from simulations.engine.kernel import Kernel

BILLION: Final = 1_000_000_000
SLOWEST_PPB: Final = -900_000_000  # however many skews add up, a monotonic clock goes on, at a tenth of its pace


class Skew:
    """What one fault does to a clock while it lasts: an offset, and a drift in parts per billion."""

    def __init__(self, offset_ns: int, drift_ppb: int, timers: bool) -> None:
        self.offset_ns = offset_ns
        self.drift_ppb = drift_ppb
        self.timers = timers  # the drift is the monotonic clock's as well
        self.since_ns = 0


class Clock:
    """A host's clocks. Skews add up; when one ends, the wall clock is set right again by its share."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.skews: list[Skew] = []
        self.ppb = 0  # by how much the monotonic clock runs fast
        self._based_ns = 0
        self._local_ns = 0

    def begin(self, skew: Skew) -> None:
        """A skew starts now."""
        skew.since_ns = self.kernel.now
        self.skews.append(skew)
        self._rebase()

    def end(self, skew: Skew) -> None:
        """A skew is over."""
        self.skews.remove(skew)
        self._rebase()

    def wall_ns(self) -> int:
        """What the wall clock shows."""
        now = self.kernel.now
        shown = now
        for skew in self.skews:
            shown += skew.offset_ns + (now - skew.since_ns) * skew.drift_ppb // BILLION
        return shown

    def monotonic_ns(self) -> int:
        """What the monotonic clock shows: it never goes back, so it keeps what it gained or lost."""
        elapsed_ns = self.kernel.now - self._based_ns
        return self._local_ns + elapsed_ns + elapsed_ns * self.ppb // BILLION

    def real_ns(self, local_ns: int) -> int:
        """How long it really takes until this much has passed on the monotonic clock."""
        return local_ns if self.ppb == 0 else -(-local_ns * BILLION // (BILLION + self.ppb))

    def _rebase(self) -> None:
        self._local_ns = self.monotonic_ns()
        self._based_ns = self.kernel.now
        self.ppb = 0
        for skew in self.skews:
            if skew.timers:
                self.ppb += skew.drift_ppb
        self.ppb = max(SLOWEST_PPB, self.ppb)
