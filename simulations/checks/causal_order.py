"""What came causally before what in a history of registers.

One operation comes causally before another when one process did them in that order, when the second read what the
first wrote, or by a chain of such steps (Ahamad, Neiger, Burns, Kohli, Hutto: "Causal memory", Distributed Computing
1995). Kept as vector clocks (Mattern, "Virtual time and global states of distributed systems", 1989), one place for
each session of more than one operation. A write of unknown outcome may take effect at any later time: it comes after
what its process did before, and before nothing but the reads that saw it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from itertools import pairwise
from typing import Final

from simulations.checks.history import Histories
from simulations.engine.log import Operation

CLOCK_CELLS_MAX: Final = 10_000_000  # operations × sessions of more than one operation
NOBODY: Final = -1


class TooLarge(Exception):
    """The history has more operations × sessions than the limit allows."""


class CausalOrder:
    """The operations of a history and what comes causally before what. Operations go by their index in `all`.

    Raises TooLarge.
    """

    def __init__(self, histories: Histories, cells_max: int = CLOCK_CELLS_MAX) -> None:
        seen = {(key, one.result) for key, history in histories.items() for one in history if one.f == "read"}
        everything = [one for history in histories.values() for one in history]
        self.all = sorted(
            (one for one in everything if one.type == "ok" or (one.key, one.value) in seen),
            key=lambda one: (one.start_ns, one.id),
        )
        self.writer: dict[tuple[str, Hashable], int] = {
            (one.key, one.value): index for index, one in enumerate(self.all) if one.f == "write"
        }
        count = len(self.all)
        self.source = [self._source(one) for one in self.all]  # the write that a read saw
        self.previous = [NOBODY] * count  # what its process did before
        self.session = [NOBODY] * count
        self.place = [0] * count  # how many operations of its session there are up to this one
        self._line_up()
        self.sessions = 1 + max(self.session, default=NOBODY)
        if count * self.sessions > cells_max:
            raise TooLarge
        self.order = self._sorted()
        self.cyclic = len(self.order) < count
        self.clock: list[list[int]] = [[]] * count  # how many of each session's operations come before, itself counted
        self.first_seen: list[dict[int, int]] = [{} for _ in range(count)]  # by session: where a write was first read
        if not self.cyclic:
            self._tick()

    def _source(self, operation: Operation) -> int:
        if operation.f != "read" or operation.result is None:
            return NOBODY
        return self.writer.get((operation.key, operation.result), NOBODY)

    def _line_up(self) -> None:
        """Sessions of one operation need no clock: nothing comes after it in its session."""
        lengths: dict[int, int] = {}
        for one in self.all:
            if one.type == "ok":
                lengths[one.process] = lengths.get(one.process, 0) + 1
        numbers = {process: number for number, process in enumerate(p for p, n in lengths.items() if n > 1)}
        last: dict[int, int] = {}
        for index, one in enumerate(self.all):
            self.previous[index] = last.get(one.process, NOBODY)
            if one.type == "ok":
                last[one.process] = index
                self.session[index] = numbers.get(one.process, NOBODY)
                before = self.previous[index]
                self.place[index] = 1 + (self.place[before] if before != NOBODY else 0)

    def _sorted(self) -> list[int]:
        """The operations, causes first; those on a cycle and after one are left out."""
        after: list[list[int]] = [[] for _ in self.all]
        waits = [0] * len(self.all)
        for index in range(len(self.all)):
            for cause in self.causes(index):
                after[cause].append(index)
                waits[index] += 1
        ready = deque(index for index, count in enumerate(waits) if not count)
        order: list[int] = []
        while ready:
            index = ready.popleft()
            order.append(index)
            for effect in after[index]:
                waits[effect] -= 1
                if not waits[effect]:
                    ready.append(effect)
        return order

    def _tick(self) -> None:
        nothing = [0] * self.sessions
        for index in self.order:
            before, source = self.previous[index], self.source[index]
            clock = self.clock[before] if before != NOBODY else nothing
            if source != NOBODY and self.clock[source] is not nothing:
                clock = list(map(max, clock, self.clock[source]))
            session = self.session[index]
            if session != NOBODY:
                clock = list(clock)
                clock[session] = self.place[index]
                if source != NOBODY:
                    self.first_seen[source].setdefault(session, self.place[index])
            self.clock[index] = clock

    def causes(self, index: int) -> list[int]:
        """What comes directly before an operation."""
        return [cause for cause in (self.previous[index], self.source[index]) if cause != NOBODY]

    def before(self, write: int, index: int) -> bool:
        """Whether a write comes causally before another operation, or is it."""
        if self.session[write] != NOBODY:
            return self.clock[index][self.session[write]] >= self.place[write]
        if write in (index, self.source[index]):
            return True
        clock = self.clock[index]
        return any(clock[session] >= place for session, place in self.first_seen[write].items())

    def chain(self, first: int, last: int) -> list[int]:
        """The operations by which `first` comes before `last`, both included, over as few processes as can be."""
        came: dict[int, int] = {last: NOBODY}
        steps: dict[int, int] = {last: 0}
        done: set[int] = set()
        open_ones = deque([last])
        while open_ones:
            index = open_ones.popleft()
            if index in done:
                continue
            done.add(index)
            if index == first:
                break
            for cause, cost in ((self.previous[index], 0), (self.source[index], 1)):
                if cause != NOBODY and steps[index] + cost < steps.get(cause, len(self.all) + 1):
                    came[cause], steps[cause] = index, steps[index] + cost
                    (open_ones.append if cost else open_ones.appendleft)(cause)
        found = [first]
        while found[-1] != last:
            found.append(came[found[-1]])
        return self._joints(found)

    def _joints(self, chain: list[int]) -> list[int]:
        """A chain without the operations that it merely passes in a session."""
        read = [False, *(self.source[after] == index for index, after in pairwise(chain)), False]
        last = len(chain) - 1
        return [one for place, one in enumerate(chain) if place in (0, last) or read[place] or read[place + 1]]

    def cycle(self) -> list[int]:
        """Operations that come causally before themselves, in a ring."""
        placed = set(self.order)
        index = next(one for one in range(len(self.all)) if one not in placed)
        ring: list[int] = []
        while index not in ring:
            ring.append(index)
            index = next(cause for cause in self.causes(index) if cause not in placed)
        return ring[ring.index(index) :][::-1]
