"""What waits for its time: callbacks of a process, and the deadlines of calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulations.engine.kernel import Event, Kernel
from simulations.engine.tasks import Call, Cause

if TYPE_CHECKING:
    from simulations.engine.node import Node


class Timer(Event):
    """A callback to come, unless cancelled or the process has died."""

    def __init__(self, node: Node, callback: Callable[[], None], cause: Cause) -> None:
        self.node = node
        self.callback = callback
        self.cause = cause
        self.cancelled = False

    def cancel(self) -> None:
        """Do not fire."""
        self.cancelled = True

    def fire(self) -> None:
        if not self.cancelled:
            self.node.tick(self)


class Deadlines(Event):
    """The calls with the same timeout, first due first. One event for all of them: most calls are done long before."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.calls: deque[Call] = deque()
        self.armed = False

    def add(self, call: Call) -> None:
        """Watch one more call, which is due after those watched already."""
        calls = self.calls
        while calls and calls[0].done:
            calls.popleft()
        calls.append(call)
        if not self.armed:
            self._arm()

    def fire(self) -> None:
        calls = self.calls
        now = self.kernel.now
        self.armed = False
        while calls and (calls[0].done or calls[0].deadline_ns <= now):
            calls.popleft().fire()
        if calls and not self.armed:
            self._arm()

    def _arm(self) -> None:
        self.armed = True
        self.kernel.after(self.calls[0].deadline_ns - self.kernel.now, self)
