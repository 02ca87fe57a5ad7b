"""Waiting: futures, the tasks that wait for them, and waiting for some of many.

Handlers written as `async def` are driven by the simulation; there is no event loop but the kernel. A task belongs to
one process: when that has died, nothing of it runs again, not even a `finally`.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import i64

from simulations.engine.kernel import Event
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

    def __init__(self, uncertain: bool = True) -> None:
        super().__init__("timed out", uncertain)


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


IDLE: Final = Future()  # never done: what tasks without work wait for


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


class Race(Quorum):
    """Done as soon as one of the futures is, however it ended."""

    __slots__ = ()

    def __init__(self, futures: list[Future]) -> None:
        super().__init__(futures, 1, [])

    def settle(self, future: Future, cause: Cause | None) -> None:
        self.resolve(None, cause)


class Task(Event):
    """A coroutine of a process, driven from future to future. Where it `answers`, its result is the reply.

    A task that has ended is used again for the next coroutine: it sleeps in `IDLE` meanwhile. To end for good would
    cost an exception each time.
    """

    __slots__ = ("_runner", "_work", "answers", "cause", "node", "request")

    def __init__(self, node: Node, work: Coroutine[Any, Any, Any], cause: Cause, answers: bool) -> None:
        self._runner = self._run()
        self.take(node, work, cause, answers)

    def take(self, node: Node, work: Coroutine[Any, Any, Any], cause: Cause, answers: bool) -> None:
        """Be the task of this coroutine from now on."""
        self.node = node
        self._work = work
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
        observer = node.observer
        if observer is not None:
            observer.begins(node, self._work)
        try:
            future: Future = self._runner.send(None)
            if future is not IDLE:  # it outlives the run
                future.waiter = self
        except NodeBug:
            raise
        except Exception as error:
            raise node.bug(error) from error
        if observer is not None:
            observer.ends(future)
        node.cause = before

    async def _run(self) -> None:
        while True:
            try:
                self._end(await self._work)
            except Failure as failure:
                self._fail(failure)
            self.node.network.idle_tasks.append(self)
            await IDLE

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


def start_task(node: Node, work: Coroutine[Any, Any, Any], cause: Cause, answers: bool) -> None:
    """Run a coroutine of a process until it waits."""
    idle = node.network.idle_tasks
    if idle:
        task = idle.pop()
        task.take(node, work, cause, answers)
    else:
        task = Task(node, work, cause, answers)
    task.step()


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
