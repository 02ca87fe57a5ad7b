"""Waiting: futures, the tasks that wait for them, and waiting for some of many.

Handlers written as `async def` are driven by the simulation; there is no event loop but the kernel. A task belongs to
one process: when that has died, nothing of it runs again, not even a `finally`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any

from mypy_extensions import i64

from simulations.engine.kernel import Event, Kernel
from simulations.engine.messages import Body
from simulations.engine.streams import nth

if TYPE_CHECKING:
    from simulations.engine.node import Node


class Failure(Exception):
    """A call did not succeed. `uncertain`: it may have taken effect nevertheless."""

    def __init__(self, reason: str, uncertain: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.uncertain = uncertain


class TimedOut(Failure):
    """No reply came in time."""

    def __init__(self) -> None:
        super().__init__("timed out", True)


class Refused(Failure):
    """The other side, or one's own queue, said no."""


class Cancelled(Failure):
    """Whoever asked has said that it no longer waits."""

    def __init__(self) -> None:
        super().__init__("cancelled", True)


class NodeBug(Exception):
    """A handler raised: a mistake in a node type, with where and when."""


class Cause(Event):
    """Why a process acts: the message that made it (−1: none), the client operation it serves (−1: none) and the
    lineage of its draws.
    """

    __slots__ = ("drawn", "drawn_again", "effects", "id", "lineage", "op")

    def __init__(self, id: int, op: int, lineage: i64) -> None:
        self.id = id
        self.op = op
        self.lineage = lineage
        self.effects = 0
        self.drawn = ""  # the purpose of the first draw made
        self.drawn_again: dict[str, int] | None = None  # how often each was drawn, once there was a second draw

    def lineage_for(self, purpose: str) -> i64:
        """The lineage of the next draw of a purpose: the cause's own for the first, others for those that follow."""
        if not self.drawn:
            self.drawn = purpose
            return self.lineage
        if self.drawn_again is None:
            self.drawn_again = {self.drawn: 1}
        number = self.drawn_again.get(purpose, 0)
        self.drawn_again[purpose] = number + 1
        return self.lineage if number == 0 else nth(self.lineage, number)


class Future(Event):
    """A value to come. Await it once."""

    __slots__ = ("done", "error", "group", "value", "waiter")

    def __init__(self) -> None:
        self.done = False
        self.value: Any = None
        self.error: Failure | None = None
        self.waiter: Task | None = None
        self.group: Quorum | None = None

    def __await__(self) -> Generator[Future, None, Any]:
        if not self.done:
            yield self
        if self.error is not None:
            raise self.error
        return self.value

    def fire(self) -> None:
        """As an event, a future is a sleep that ends."""
        self.resolve(None, None)

    def resolve(self, value: Any, cause: Cause | None) -> None:
        """Give the value; whoever waits goes on at once, because of `cause` (None: for the reason it had)."""
        if self.done:
            return
        self.done = True
        self.value = value
        self._wake(cause)

    def fail(self, error: Failure, cause: Cause | None) -> None:
        """Give an error instead of a value."""
        if self.done:
            return
        self.done = True
        self.error = error
        self._wake(cause)

    def _wake(self, cause: Cause | None) -> None:
        if self.group is not None:
            self.group.settle(self, cause)
        waiter = self.waiter
        if waiter is not None:
            self.waiter = None
            if cause is not None:
                waiter.cause = cause
            waiter.step()


class Quorum(Future):
    """The first `need` values of many futures; fails as soon as too many of them have failed.

    Futures that are done already count like those to come.
    """

    __slots__ = ("need", "pending", "values")

    def __init__(self, futures: list[Future], need: int, values: list[Any]) -> None:
        super().__init__()
        self.need = need
        self.values = list(values)
        self.pending = 0
        for future in futures:
            if not future.done:
                future.group = self
                self.pending += 1
            elif future.error is None and len(self.values) < need:
                self.values.append(future.value)
        if len(self.values) >= need:
            self.done = True
            self.value = self.values
        elif len(self.values) + self.pending < need:
            self.done = True
            self.error = Refused("no quorum", True)

    def settle(self, future: Future, cause: Cause | None) -> None:
        """One of the futures has a value or an error."""
        if self.done:
            return
        self.pending -= 1
        if future.error is None:
            self.values.append(future.value)
            if len(self.values) >= self.need:
                self.resolve(self.values, cause)
        elif len(self.values) + self.pending < self.need:
            self.fail(Refused("no quorum", True), cause)


class Task(Event):
    """A coroutine of a process, driven from future to future. Where it `answers`, its result is the reply."""

    __slots__ = ("answers", "cause", "coroutine", "node", "request")

    def __init__(self, node: Node, coroutine: Coroutine[Any, Any, Any], cause: Cause, answers: bool) -> None:
        self.node = node
        self.coroutine = coroutine
        self.cause = cause
        self.request = cause
        self.answers = answers
        node.tasks.add(self)

    def fire(self) -> None:
        """As an event, a task is a start put off."""
        self.step()

    def step(self) -> None:
        """Run until the coroutine waits again or ends."""
        node = self.node
        if not node.alive:
            node.put_off(self)
            return
        before = node.cause
        node.cause = self.cause
        try:
            future: Future = self.coroutine.send(None)
            future.waiter = self
        except StopIteration as stop:
            self._end(stop.value)
        except Failure as failure:
            self._fail(failure)
        except Exception as error:
            raise node.bug(error) from error
        node.cause = before

    def _end(self, value: Any) -> None:
        node = self.node
        node.tasks.discard(self)
        if not self.answers or value is None:
            return
        if not isinstance(value, Body):
            raise node.bug(TypeError(f"the handler returned {value!r}, which is no message body"))
        node.answer(self.request, value)

    def _fail(self, failure: Failure) -> None:
        node = self.node
        node.tasks.discard(self)
        if not self.answers:
            raise node.bug(failure) from failure
        node.refuse(self.request, failure)


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


class Call(Future):
    """A request whose reply is awaited until its deadline (−1: for ever). As an event it is its own timeout."""

    __slots__ = ("deadline_ns", "node", "request", "to")

    def __init__(self, node: Node, deadline_ns: int) -> None:
        self.done = False
        self.value = None
        self.error = None
        self.waiter = None
        self.group = None
        self.node = node
        self.deadline_ns = deadline_ns
        self.to = ""  # whom to tell when it is given up; "": nobody
        self.request = -1  # the message that is to be named then

    def fire(self) -> None:
        if self.done:
            return
        if not self.node.alive:
            self.node.put_off(self)
            return
        if self.to and self.waiter is not None:
            self.node.cancel(self, self.waiter.cause)
        self.fail(TimedOut(), None)


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
