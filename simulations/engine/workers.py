"""Workers: so many requests at once, the rest in a queue, and no more than the queue holds.

Which of those that wait is next is the queue's discipline: who came first (fifo), who came last (lifo: under overload
it serves those whose callers have not given up yet), or who matters most (priority: of the
request's class; within it, reads go before the rest).
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Final

from simulations.engine.declare import Choice, Param
from simulations.engine.node import Node
from simulations.engine.tasks import Cause, Failure, Future, Refused

UNBOUNDED: Final = -1
FIFO: Final = "fifo"
LIFO: Final = "lifo"
PRIORITY: Final = "priority"

QUEUE_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "queue_discipline",
        "Next from the queue",
        "choice",
        FIFO,
        choices=(
            Choice(FIFO, "First come, first served"),
            Choice(LIFO, "Last come, first served"),
            Choice(PRIORITY, "By class; then reads before the rest"),
        ),
        section="Capacity",
    ),
    Param(
        "queue_limit",
        "Queue is",
        "choice",
        "bounded",
        choices=(Choice("bounded", "Bounded"), Choice("unbounded", "Unbounded: nobody is refused")),
        section="Capacity",
    ),
)


class Slot(Future):
    """A place to come. Whoever gives up waiting leaves the queue."""

    def __init__(self, slots: Slots) -> None:
        super().__init__()
        self.slots = slots

    def fail(self, error: Failure, cause: Cause | None) -> None:
        if not self.done:
            self.slots.leave()
        super().fail(error, cause)


class Slots:
    """So many places, and the queue before them; `full` is the reason given to whom there is no room for."""

    def __init__(self, count: int, queue_max: int, discipline: str = FIFO, full: str = "queue full") -> None:
        self.count = count
        self.queue_max = queue_max
        self.discipline = discipline
        self.full = full
        self.busy = 0
        self.queued = 0
        self.waiting: deque[Slot] = deque()  # some may have left
        self.ranked: list[tuple[int, int, Slot]] = []
        self.arrivals = 0

    def acquire(self, priority: int = 0) -> Future:
        """Await a place; a higher priority goes first where the discipline is PRIORITY. Raises Refused at once when
        the queue is full.
        """
        slot = Slot(self)
        if self.busy < self.count:
            self.busy += 1
            self.busy_changed()
            slot.done = True
        elif 0 <= self.queue_max <= self.queued:
            slot.done = True
            slot.error = Refused(self.full, False)
        else:
            if self.discipline == PRIORITY:
                self.arrivals += 1
                heappush(self.ranked, (-priority, self.arrivals, slot))
            else:
                self.waiting.append(slot)
            self.queued += 1
            self.queue_changed()
        return slot

    def release(self) -> None:
        """Free a place; whoever is next gets it."""
        if self.queued:
            slot = self._next()
            while slot.done:
                slot = self._next()
            self.leave()
            slot.resolve(None, None)
        else:
            self.busy -= 1
            self.busy_changed()

    def leave(self) -> None:
        """One fewer waits."""
        self.queued -= 1
        self.queue_changed()

    def busy_changed(self) -> None:
        """Another number of places is taken."""

    def queue_changed(self) -> None:
        """Another number waits."""

    def _next(self) -> Slot:
        if self.discipline == PRIORITY:
            return heappop(self.ranked)[2]
        return self.waiting.pop() if self.discipline == LIFO else self.waiting.popleft()


class Workers(Slots):
    """The worker slots of a process and the queue before them. Shows `busy` and `queue`."""

    def __init__(self, node: Node, count: int, queue_max: int, discipline: str = FIFO) -> None:
        super().__init__(count, queue_max, discipline)
        self.show_busy = node.gauge("busy")
        self.show_queue = node.gauge("queue")
        self.show_busy.set(0)
        self.show_queue.set(0)

    def busy_changed(self) -> None:
        self.show_busy.set(self.busy)

    def queue_changed(self) -> None:
        self.show_queue.set(self.queued)


def workers_of(node: Node) -> Workers:
    """The workers that a node's parameters `concurrency`, `queue_max` and QUEUE_PARAMS describe."""
    unbounded = node.text("queue_limit") == "unbounded"
    queue_max = UNBOUNDED if unbounded else node.integer("queue_max")
    return Workers(node, node.integer("concurrency"), queue_max, node.text("queue_discipline"))
