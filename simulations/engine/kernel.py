"""The kernel: a clock and a queue of what happens next.

Time is an integer of nanoseconds. Events run in the order (time, priority, serial); a serial is given when an event
is scheduled. Faults have a priority and serials of their own, so that adding one leaves the order of all else as it
was.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

FAULT_PRIORITY: Final = 0
_NORMAL: Final = 1 << 60  # priority 1, in one integer with the serial


class Event:
    """Something that happens at a moment. Subclasses say what."""

    __slots__ = ()

    def fire(self) -> None:
        """Happen. Called once, when the clock has reached the event's time."""


class Kernel:
    """The clock (`now`, nanoseconds) and the queue of scheduled events."""

    def __init__(self) -> None:
        self.now = 0
        self.events = 0
        self.queue: list[tuple[int, int, Event]] = []
        self._serial = _NORMAL
        self._fault_serial = FAULT_PRIORITY

    def after(self, delay_ns: int, event: Event) -> None:
        """Schedule an event `delay_ns` from now."""
        self._serial += 1
        heappush(self.queue, (self.now + delay_ns, self._serial, event))

    def at_fault(self, time_ns: int, event: Event) -> None:
        """Schedule a fault: before all else at its moment, and numbered apart."""
        self._fault_serial += 1
        heappush(self.queue, (time_ns, self._fault_serial, event))

    def due(self, until_ns: int) -> int:
        """How many of the scheduled events come before `until_ns`."""
        return len([entry for entry in self.queue if entry[0] < until_ns])

    def run(self, until_ns: int, events_max: int) -> int:
        """Fire events before `until_ns`, at most `events_max` of them; return how many fired."""
        queue = self.queue
        fired = 0
        while fired < events_max and queue and queue[0][0] < until_ns:
            entry = heappop(queue)
            self.now = entry[0]
            fired += 1
            entry[2].fire()
        self.events += fired
        return fired
