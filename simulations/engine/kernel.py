"""The kernel: a clock and a queue of what happens next.

Time is an integer of nanoseconds. Events run in the order (time, priority, serial); a serial is given when an event
is scheduled. Faults have a priority and serials of their own, so that adding one leaves the order of all else as it
was.

There are two queues with one order. Interpreted, the standard library's heap is the fastest; compiled, a heap of
machine words is, because nothing in it is a Python object.
"""

from __future__ import annotations

from heapq import heappop, heappush
from types import FunctionType
from typing import Final

from librt.vecs import append, vec
from mypy_extensions import i64

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
        self._serial = _NORMAL
        self._fault_serial = FAULT_PRIORITY
        self._queue: list[tuple[int, int, Event]] = []

    def after(self, delay_ns: int, event: Event) -> None:
        """Schedule an event `delay_ns` from now."""
        self._serial += 1
        heappush(self._queue, (self.now + delay_ns, self._serial, event))

    def at_fault(self, time_ns: int, event: Event) -> None:
        """Schedule a fault: before all else at its moment, and numbered apart."""
        self._fault_serial += 1
        heappush(self._queue, (time_ns, self._fault_serial, event))

    def due(self, until_ns: int) -> int:
        """How many of the scheduled events come before `until_ns`."""
        return len([entry for entry in self._queue if entry[0] < until_ns])

    def run(self, until_ns: int, events_max: int) -> int:
        """Fire events before `until_ns`, at most `events_max` of them; return how many fired."""
        queue = self._queue
        fired = 0
        while fired < events_max and queue and queue[0][0] < until_ns:
            entry = heappop(queue)
            self.now = entry[0]
            fired += 1
            entry[2].fire()
        self.events += fired
        return fired

    def waiting(self) -> list[Event]:
        """What is scheduled, in no particular order."""
        return [entry[2] for entry in self._queue]


class NativeKernel(Kernel):
    """The same on a binary heap of (time, serial, place): where in `_places` the event is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._size: i64 = 0
        self._times = vec[i64]()
        self._serials = vec[i64]()
        self._heap = vec[i64]()  # places
        self._places: list[Event | None] = []
        self._free = vec[i64]()  # a stack of free places
        self._free_count: i64 = 0

    def after(self, delay_ns: int, event: Event) -> None:
        self._serial += 1
        self._push(self.now + delay_ns, self._serial, event)

    def at_fault(self, time_ns: int, event: Event) -> None:
        self._fault_serial += 1
        self._push(time_ns, self._fault_serial, event)

    def run(self, until_ns: int, events_max: int) -> int:
        until: i64 = until_ns
        fired = 0
        while fired < events_max and self._size > 0 and self._times[0] < until:
            self.now = self._times[0]
            fired += 1
            self._pop().fire()
        self.events += fired
        return fired

    def due(self, until_ns: int) -> int:
        until: i64 = until_ns
        found = 0
        position: i64 = 0
        while position < self._size:
            found += self._times[position] < until
            position += 1
        return found

    def waiting(self) -> list[Event]:
        return [event for event in self._places if event is not None]

    def _push(self, time: i64, serial: i64, event: Event) -> None:
        position = self._size
        if position == len(self._times):
            self._grow(event)
        else:
            self._free_count -= 1
            place = self._free[self._free_count]
            self._places[place] = event
            self._heap[position] = place
        self._size = position + 1
        place = self._heap[position]
        times, serials, heap = self._times, self._serials, self._heap
        while position > 0:
            parent = (position - 1) >> 1
            if times[parent] < time or (times[parent] == time and serials[parent] < serial):
                break
            times[position] = times[parent]
            serials[position] = serials[parent]
            heap[position] = heap[parent]
            position = parent
        times[position] = time
        serials[position] = serial
        heap[position] = place

    def _grow(self, event: Event) -> None:
        self._times = append(self._times, 0)
        self._serials = append(self._serials, 0)
        self._heap = append(self._heap, len(self._places))
        self._free = append(self._free, 0)
        self._places.append(event)

    def _pop(self) -> Event:
        times, serials, heap = self._times, self._serials, self._heap
        place = heap[0]
        event = self._places[place]
        assert event is not None
        self._places[place] = None
        self._free[self._free_count] = place
        self._free_count += 1
        size = self._size - 1
        self._size = size
        time, serial, moved = times[size], serials[size], heap[size]
        position: i64 = 0
        child: i64 = 1
        while child < size:
            other = child + 1
            if other < size and (
                times[other] < times[child] or (times[other] == times[child] and serials[other] < serials[child])
            ):
                child = other
            if time < times[child] or (time == times[child] and serial < serials[child]):
                break
            times[position] = times[child]
            serials[position] = serials[child]
            heap[position] = heap[child]
            position = child
            child = 2 * position + 1
        times[position] = time
        serials[position] = serial
        heap[position] = moved
        return event


COMPILED: Final = not isinstance(Kernel.run, FunctionType)


def new_kernel() -> Kernel:
    """The kernel that is the faster one here."""
    return NativeKernel() if COMPILED else Kernel()
