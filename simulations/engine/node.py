"""The base class of all node types: what a process can see and do.

A node decides, the engine acts: a handler sends, calls, sleeps, writes, shows; the engine applies delay, loss,
blocking and crashes. One file under `nodes/` is one type: prose, messages, state, handlers, invariants, in that
order.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from simulations.engine.backlog import Backlog
from simulations.engine.bugs import node_bug
from simulations.engine.channel import Message
from simulations.engine.declare import Param, Show
from simulations.engine.disk import stretched
from simulations.engine.distributions import Distribution, to_ns
from simulations.engine.host import Host
from simulations.engine.kernel import Event
from simulations.engine.messages import Body, Cancel, Probe, ProbeReply, Refusal, Request, kind_of, role_of
from simulations.engine.process import Process
from simulations.engine.streams import mix, nth
from simulations.engine.tasks import (
    Call,
    Cancelled,
    Cause,
    Failure,
    Future,
    NodeBug,
    Quorum,
    Race,
    Refused,
    Task,
    start_task,
)
from simulations.engine.timers import Timer

LATE: Final = "late reply"  # the note on a reply that nobody waits for any more


@mypyc_attr(allow_interpreted_subclasses=True)
class Node(Process):
    """A process. Subclasses declare themselves in class values and handle each message class of HANDLES in a method
    `on_<kind>`.

    A handler takes (body, message) and is named after the kind, or after the role where kinds are handled alike. It
    returns the reply's body, or None for no reply; an `async def` handler may await calls and sleeps first. A Failure
    that an `async def` handler lets through becomes a Refusal; any other exception ends the run as a node bug.
    """

    TYPE: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""
    CATEGORY: ClassVar[str] = ""
    SUMMARY: ClassVar[str] = ""
    ICON: ClassVar[str] = ""
    PARAMS: ClassVar[tuple[Param, ...]] = ()
    SHOWS: ClassVar[tuple[Show, ...]] = ()
    HANDLES: ClassVar[tuple[type[Body], ...]] = ()
    INITIATES: ClassVar[bool] = False
    SERVES: ClassVar[bool] = True
    CLUSTERS: ClassVar[bool] = False
    FORWARDS: ClassVar[bool] = False

    def __init__(self, host: Host, params: dict[str, Any]) -> None:
        super().__init__(host, params)
        self.backlog: Backlog | None = None  # what came due while it is held still
        self.targets = host.targets
        self.peers = host.peers
        self.disk = host.disk
        self.tasks: set[Task] = set()
        self.ongoing: dict[int, Future] | None = {} if host.network.cancels else None
        self.cancels = bool(params.get("propagate_cancellation", False))
        self.handlers: dict[type[Body], Callable[[Any, Message], Any]] = {Probe: self.on_probe}
        self.handlers[Cancel] = self.on_cancel
        for body in self.HANDLES:
            name = f"on_{kind_of(body)}"
            self.handlers[body] = getattr(self, name if hasattr(self, name) else f"on_{role_of(body)}")

    def start(self) -> None:
        """The process begins. `disk.read()` holds what an earlier incarnation left."""

    # What a node can do

    def send(self, to: str, body: Body) -> None:
        """Send a message to a neighbour; nothing comes back."""
        if self.alive:
            cause = self.cause
            cause.effects += 1
            self.network.transmit(self.host.channels[to], body, cause, cause.effects, None, False)

    def broadcast(self, to: Sequence[str], body: Body) -> None:
        """Send the same message to many neighbours."""
        if self.alive:
            cause = self.cause
            cause.effects += 1
            for neighbour in to:
                self.network.transmit(self.host.channels[neighbour], body, cause, cause.effects, None, False)

    def call(self, to: str, body: Body, timeout_ms: float) -> Call:
        """Send a request and await its reply's body. Raises Refused, or TimedOut after `timeout_ms` (0: never)."""
        self.cause.effects += 1
        return self._call(to, body, to_ns(timeout_ms))

    def call_each(self, to: Sequence[str], body: Body, timeout_ms: float) -> list[Future]:
        """The same request to many neighbours, at once."""
        self.cause.effects += 1
        timeout_ns = to_ns(timeout_ms)
        return [self._call(neighbour, body, timeout_ns) for neighbour in to]

    def ready(self, to: str) -> Future:
        """Await room to send to a neighbour; over datagrams there always is."""
        stream = self.host.channels[to].stream
        return Quorum([], 0, []) if stream is None else stream.ready()

    def quorum(self, calls: list[Future], need: int, own: list[Any]) -> Quorum:
        """Await the first `need` replies, one's own counted; the rest go on unheeded. Raises Refused when too many
        fail.
        """
        return Quorum(calls, need, own)

    def race(self, futures: list[Future]) -> Race:
        """Await the first of these to end, well or badly; look at them then. None of them may have ended already."""
        return Race(futures)

    def sleep(self, duration_ns: int) -> Future:
        """Await the passing of time."""
        future = Future()
        self.kernel.after(self.host.real_ns(duration_ns), future)
        return future

    def work(self, takes: Distribution, purpose: str) -> Future:
        """Await the doing of work, drawn for this purpose at this moment; on a slow or busy host it takes longer."""
        takes_ns = stretched(self.draw_ns(takes, purpose), self.host.pace)
        if self.host.cpu is not None:
            return self.host.cpu.begin(self.host, takes_ns)
        future = Future()
        self.kernel.after(takes_ns, future)
        return future

    def timer(self, delay_ns: int, purpose: str, callback: Callable[[], None]) -> Timer:
        """Call back later. Draws made then belong to this node, the purpose and the number of the firing."""
        number = self.host.firings.get(purpose, 0)
        self.host.firings[purpose] = number + 1
        timer = Timer(self, callback, Cause(-1, -1, mix(nth(self.key(purpose), number))))
        self.kernel.after(self.host.real_ns(delay_ns), timer)
        return timer

    def spawn(self, coroutine: Coroutine[Any, Any, Any], cause: Cause) -> None:
        """Start a task of this process now."""
        start_task(self, coroutine, cause, False)

    # What the engine does with a node

    def begin(self) -> None:
        """Run `start`, as the engine does at every boot."""
        self.cause = Cause(-1, -1, nth(self.key("start"), self.incarnation))
        self.act(self.start)

    def die(self) -> None:
        """The host has crashed. Its tasks are kept: thrown away, Python would run each one's `finally`."""
        self.alive = False
        self.backlog = None
        self.network.buried.append(self.tasks)

    def hold(self) -> None:
        """Do nothing from now on, until let go."""
        self.alive = False
        self.backlog = Backlog(self)

    def put_off(self, event: Event) -> None:
        """Keep what comes due while held still; the dead miss it."""
        if self.backlog is not None:
            self.backlog.add(event)

    def let_go(self) -> None:
        """Go on: all that came due meanwhile happens now."""
        backlog = self.backlog
        if backlog is not None:
            self.backlog = None
            self.alive = True
            backlog.make_up()

    def receive(self, message: Message) -> None:
        """Handle a message, or wake the call that it answers."""
        body = message.body
        if message.replies:
            call = message.call
            if call is None:
                return  # nobody ever waited
            if call.done or call.node is not self:  # the caller has given up, or is another incarnation
                if not isinstance(body, Refusal) or body.reason != "refused":
                    self.trace.note(self.kernel.now, self.host.index, LATE, message.id)
                return
            if isinstance(body, Refusal):
                call.fail(Refused(body.reason, body.uncertain), message)
            else:
                call.resolve(body, message)
            return
        self.cause = message
        handler = None if self.shut and isinstance(body, Request) else self.handlers.get(type(body))
        if handler is None:
            self.answer(message, Refusal(self.shut or "not understood", False))
            return
        observer = self.observer
        if observer is not None:
            observer.begins(self, handler)
        try:
            result = handler(body, message)
        except Exception as error:
            raise self.bug(error) from error
        if isinstance(result, Body):
            self.answer(message, result)
        elif result is not None:
            start_task(self, result, message, True)
        if observer is not None:
            observer.ends(None)

    def answer(self, request: Cause, body: Body | None) -> None:
        """Reply to a request, on the channel back."""
        if body is None or not self.alive or not isinstance(request, Message) or request.call is None:
            return  # nobody waits for an answer to what was sent one-way
        cause = self.cause
        cause.effects += 1
        if self.ongoing is not None:
            self.ongoing.pop(request.ticket, None)
        back = self.host.channels[request.channel.src.id]
        self.network.transmit(back, body, cause, cause.effects, request.call, True)

    def refuse(self, request: Cause, failure: Failure) -> None:
        """Reply that the request failed, and why."""
        if not isinstance(failure, Cancelled):
            self.answer(request, Refusal(failure.reason, failure.uncertain))

    def tick(self, timer: Timer) -> None:
        """A timer has come due."""
        if not self.alive:
            self.put_off(timer)
            return
        self.cause = timer.cause
        self.act(timer.callback)

    def act(self, doing: Callable[[], None]) -> None:
        """Do what no message asks for."""
        observer = self.observer
        if observer is not None:
            observer.begins(self, doing)
        try:
            doing()
        except Exception as error:
            raise self.bug(error) from error
        if observer is not None:
            observer.ends(None)

    def cancellable(self, request: Message, future: Future) -> Future:
        """What a request waits for: it ends with Cancelled when the request is cancelled."""
        if self.ongoing is not None:
            self.ongoing[request.ticket] = future
        return future

    def on_cancel(self, body: Cancel, message: Message) -> None:
        """Nobody waits for a request any longer: give up what it waits for, and tell whom it has asked in turn."""
        future = None if self.ongoing is None else self.ongoing.pop(body.request, None)
        if future is None or future.done:
            return
        if isinstance(future, Call) and future.to:
            self.cancel(future, message)
        future.fail(Cancelled(), None)

    def cancel(self, call: Call, cause: Cause) -> None:
        """Tell the other side that a call has been given up."""
        cause.effects += 1
        body = Cancel(call.request)
        self.network.transmit(self.host.channels[call.to], body, cause, cause.effects, None, False)

    def on_probe(self, body: Probe, message: Message) -> Body:
        """Every process answers a health probe, whether it lives or, if so asked, whether it is ready."""
        return Refusal(self.unready, False) if body.readiness and self.unready else ProbeReply()

    def bug(self, error: Exception) -> NodeBug:
        """The error as a node bug."""
        return node_bug(self, error)

    def _call(self, to: str, body: Body, timeout_ns: int) -> Call:
        network = self.network
        timeout_ns = self.host.real_ns(timeout_ns)
        channel = self.host.channels[to]
        deadline_ns = self.kernel.now + timeout_ns if timeout_ns > 0 else -1
        call = Call(self, deadline_ns) if channel.stream is None else channel.stream.call(self, deadline_ns)
        if self.cancels:
            call.to = to
            if channel.stream is None:
                call.request = network.sent
        network.transmit(channel, body, self.cause, self.cause.effects, call, False)
        if timeout_ns > 0:
            network.await_reply(call, timeout_ns)
        return call
