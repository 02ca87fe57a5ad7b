"""A run once more, with somebody who looks at one node: what it did about a moment, and what each deed changed in it.

An activation lasts from when a handler begins, or goes on, until it returns or waits; in simulated time it takes none.
The run is the one it was: what looks on has no effect, so its chunks and its digest are the same.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from simulations.engine.channel import Message
from simulations.engine.messages import kind_of
from simulations.engine.node import Node
from simulations.engine.observing import Observer
from simulations.engine.simulation import Limits, Simulation
from simulations.engine.tasks import IDLE, Call, Future, Quorum
from simulations.node_sources import functions, kept_by, text_of
from simulations.snapshots import Words, body_words, differences, snapshot

BEFORE_MAX: Final = 60  # activations kept that came before the moment
AFTER_MAX: Final = 60  # and after it; then the run ends
SENT_MAX: Final = 24  # messages told of one activation
BYTES_MAX: Final = 400_000  # of words in all
SECONDS_MAX: Final = 20.0
# What the compiler calls a coroutine or a function without a name: the function, its class, and what it is.
_COMPILED: Final = re.compile(r"^(?:__mypyc_lambda__\d+_)?(.+?)(?:__?[A-Z]\w*?)?(?:_gen|_obj|_env|_coro)$")


class Enough(BaseException):
    """There is nothing more to see. No handler can catch it."""


class Onlooker(Observer):
    """Notes the activations of one node from `from_ns` on; of those before it, only when the last one was."""

    def __init__(self, node_type: type[Node], from_ns: int, at_ns: int, clock: Callable[[], float]) -> None:
        super().__init__()
        self.names = kept_by(node_type)
        self.functions = {found["name"]: found for found in functions(text_of(node_type))}
        self.from_ns = from_ns
        self.at_ns = at_ns
        self.clock = clock
        self.until_s = clock() + SECONDS_MAX
        self.earlier: dict[str, Any] | None = None
        self.before: deque[dict[str, Any]] = deque()
        self.after: list[dict[str, Any]] = []
        self.size = 0
        self.ended = "end"  # of the run; or enough: to be shown; or time
        self._depth = 0
        self._within = 0  # how many others began within the present activation
        self._node: Node | None = None
        self._now: dict[str, Any] = {}
        self._held: dict[str, Words] = {}
        self._sent = 0

    # What the engine tells

    def begins(self, node: Node, doing: Any) -> None:
        self._depth += 1
        if self._depth > 1:
            self._let_go_on(doing)
            return
        name = self.name_of(doing)
        now = node.kernel.now
        if now < self.from_ns:
            self.earlier = {"time_ns": now, "handler": name}
            self._node = None
            return
        self._node = node
        self._within = 0
        self._now = {
            "time_ns": now,
            "handler": name,
            "goes_on": hasattr(doing, "send"),
            "message": _message(node.cause),
            "op": node.cause.op,
            "incarnation": node.incarnation,
            "then": [],
            "waits": None,
            "raised": False,
        }
        self._sent = len(node.trace.sent)
        self._held = snapshot(node, self.names)

    def ends(self, awaited: Future | None) -> None:
        self._depth -= 1
        node = self._node
        if node is None:
            if self._depth == 0 and self.clock() > self.until_s:
                self._stop("time")
            return
        sent = node.trace.sent[self._sent :]
        if awaited is not None and awaited is not IDLE and self._is_its_own():
            self._now["waits"] = _waits(awaited, sent)
        if self._depth == 0:
            self._note(node, sent)

    def broke_off(self) -> None:
        """The run is over: what has begun and not ended has raised, and ended the run."""
        if self._depth > 0 and self._node is not None:
            self._now["raised"] = True
            self._note(self._node, self._node.trace.sent[self._sent :])

    # What is made of it

    def _is_its_own(self) -> bool:
        """Whether what has just ended is the activation itself, or the task that its handler began; not another task
        that it let go on. Called when that has been left.
        """
        return self._depth == 0 or (self._depth == 1 and self._within == 1 and not self._now["goes_on"])

    def _let_go_on(self, doing: Any) -> None:
        """Within an activation: a handler that waited goes on, or the handler itself begins as a task."""
        self._within += 1
        name = self.name_of(doing)
        then = self._now.get("then")
        if self._node is not None and then is not None and name != self._now["handler"] and len(then) < SENT_MAX:
            then.append(name)

    def _note(self, node: Node, sent: list[Message]) -> None:
        found = self._now
        self._node = None
        found["sent"] = [_sent(message) for message in sent[:SENT_MAX]]
        found["state"] = differences(self._held, snapshot(node, self.names))
        place = self.functions.get(found["handler"])
        found["first_line"] = place["first_line"] if place else None
        self.size += sum(len(row["before"]) + len(row["after"]) for row in found["state"])
        if found["time_ns"] <= self.at_ns:
            self.before.append(found)
            while len(self.before) > BEFORE_MAX or (self.size > BYTES_MAX // 2 and len(self.before) > 1):
                self._leave_out(self.before.popleft())
            return
        self.after.append(found)
        if len(self.after) >= AFTER_MAX or self.size > BYTES_MAX:
            self._stop("enough")
        if self.clock() > self.until_s:
            self._stop("time")

    def _leave_out(self, found: dict[str, Any]) -> None:
        self.size -= sum(len(row["before"]) + len(row["after"]) for row in found["state"])
        self.earlier = {"time_ns": found["time_ns"], "handler": found["handler"]}

    def _stop(self, why: str) -> None:
        self.ended = why
        raise Enough

    def name_of(self, doing: Any) -> str:
        """The function in the node's file that a method, a function without a name or a coroutine comes from."""
        honest = getattr(getattr(doing, "__self__", None), "honest", None)
        if honest is not None:  # a liar stands before the handler
            return self.name_of(honest)
        name = str(getattr(doing, "__qualname__", "") or getattr(doing, "__name__", "") or type(doing).__name__)
        name = name.replace(".<locals>.<lambda>", "").rsplit(".", 1)[-1]
        if name in self.functions:
            return name
        compiled = _COMPILED.match(type(doing).__name__) or _COMPILED.match(name)
        return compiled[1] if compiled else name


def _message(cause: object) -> dict[str, Any] | None:
    if not isinstance(cause, Message):
        return None
    body = cause.body
    return {"id": cause.id, "kind": kind_of(type(body)), "from": cause.channel.src.id, "says": body_words(body)}


def _sent(message: Message) -> dict[str, Any]:
    return {"id": message.id, "kind": kind_of(type(message.body)), "to": message.channel.dst.id}


def _waits(awaited: Future, sent: list[Message]) -> dict[str, Any]:
    """What a handler waits for, as far as it can be told from what it has just sent."""
    if isinstance(awaited, Quorum):
        to = [message.channel.dst.id for message in sent if message.call is not None and message.call.group is awaited]
        return {"for": "replies", "of": to, "need": max(0, awaited.need - len(awaited.values))}
    if isinstance(awaited, Call):
        to = [message.channel.dst.id for message in sent if message.call is awaited]
        return {"for": "reply", "of": to}
    return {"for": {"Sync": "disk", "Job": "work", "Slot": "turn"}.get(type(awaited).__name__, "time"), "of": []}


def look_at(
    physical: dict[str, Any],
    node_types: Mapping[str, type[Node]],
    limits: Limits,
    node: str,
    from_ns: int,
    at_ns: int,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """The activations of a node about a moment, in the order in which they come. Raises KeyError for no such node."""
    simulation = Simulation(physical, node_types, limits)
    host = simulation.network.hosts[node]
    assert host.node_type is not None
    onlooker = Onlooker(host.node_type, from_ns, at_ns, clock)
    host.observer = onlooker
    _watch(simulation, onlooker)
    found: Iterable[dict[str, Any]] = [*onlooker.before, *onlooker.after]
    to_ns = simulation.kernel.now
    return {
        "node": node,
        "type": host.node_type.TYPE,
        "from_ns": onlooker.before[0]["time_ns"] if onlooker.earlier and onlooker.before else from_ns,
        "to_ns": to_ns,
        "earlier": onlooker.earlier,
        "activations": found,
        "ended": onlooker.ended,
    }


def _watch(simulation: Simulation, onlooker: Onlooker) -> None:
    try:
        for _chunk in simulation.chunks():
            if onlooker.clock() > onlooker.until_s:
                onlooker.ended = "time"
                return
        onlooker.broke_off()
    except Enough:
        pass
