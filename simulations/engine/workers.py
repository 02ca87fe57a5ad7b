"""Workers: so many requests at once, the rest in a queue, and no more than the queue holds."""

from __future__ import annotations

from collections import deque

from simulations.engine.node import Node
from simulations.engine.tasks import Future, Refused


class Workers:
    """The worker slots of a process and the queue before them. Shows `busy` and `queue`."""

    def __init__(self, node: Node, count: int, queue_max: int) -> None:
        self.node = node
        self.count = count
        self.queue_max = queue_max
        self.busy = 0
        self.waiting: deque[Future] = deque()
        node.show("busy", 0)
        node.show("queue", 0)

    def acquire(self) -> Future:
        """Await a free worker, first come first served. Raises Refused at once when the queue is full."""
        slot = Future()
        if self.busy < self.count:
            self.busy += 1
            self.node.show("busy", self.busy)
            slot.done = True
        elif len(self.waiting) >= self.queue_max:
            slot.done = True
            slot.error = Refused("queue full", False)
        else:
            self.waiting.append(slot)
            self.node.show("queue", len(self.waiting))
        return slot

    def release(self) -> None:
        """Free a worker; whoever has waited longest gets it."""
        if self.waiting:
            slot = self.waiting.popleft()
            self.node.show("queue", len(self.waiting))
            slot.resolve(None, None)
        else:
            self.busy -= 1
            self.node.show("busy", self.busy)
