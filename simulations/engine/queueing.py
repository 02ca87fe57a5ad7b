"""Message queues: the words that queues, those who put messages in and those who take them out share.

Any request can be a message: whoever asks a queue has it accepted, not carried out. A consumer takes one message at a
time, and it is gone from the queue only once it is acknowledged (AMQP 0-9-1, chapter 3). A requester that wants an
answer names a reply queue and a correlation id, which comes back with the answer (Hohpe and Woolf: "Enterprise
Integration Patterns", Addison-Wesley 2003, chapter 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from mypy_extensions import i64

from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Heartbeat, Reply, Request
from simulations.engine.node import Node
from simulations.engine.streams import mix, nth
from simulations.engine.tasks import Call, Cause, Failure

NO_ID: Final = -1


@dataclass(frozen=True)
class Post(Request):
    """A message for a queue with what an answer needs: where to put it, and the correlation id to put on it. An answer
    is itself a message, with the id and without a place.
    """

    message: Body
    correlation: int = NO_ID
    reply_to: str = ""

    def size(self) -> int:
        return self.message.size() + 32

    def rank(self) -> int:
        return self.message.rank()

    def idempotency_key(self) -> int:
        return self.message.idempotency_key()


@dataclass(frozen=True)
class Receive(Heartbeat):
    """A consumer asks for the next message, and would wait for one so long."""

    wait_ms: float


@dataclass(frozen=True)
class Nothing(Heartbeat):
    """No message has come meanwhile."""


@dataclass(frozen=True)
class Delivery(Request):
    """A message for a consumer. `number` is the same in every delivery of it, the `receipt` is this delivery's own."""

    message: Body
    number: int
    receipt: int
    attempt: int
    correlation: int = NO_ID
    reply_to: str = ""

    def size(self) -> int:
        return self.message.size() + 48


@dataclass(frozen=True)
class Acknowledge(Reply):
    """The message has been dealt with: forget it."""

    receipt: int


@dataclass(frozen=True)
class Reject(Reply):
    """The message could not be dealt with: it is for somebody else, or for later."""

    receipt: int


NOTHING: Final = Nothing()


def queues_beside(node: Node) -> list[str]:
    """The neighbours that messages can be taken from, whichever way the links were drawn."""
    hosts = node.network.hosts
    found: list[str] = []
    for name in node.host.channels:
        kind = hosts[name].node_type
        if kind is not None and Receive in kind.HANDLES:
            found.append(name)
    return found


class Poll:
    """One who takes messages from queues, again and again, each in turn, by its node's parameters `poll_wait_ms`,
    `poll_pause_ms` and `timeout_ms`.
    """

    def __init__(self, node: Node, name: str, queues: list[str], first: int) -> None:
        self.node = node
        self.purpose = f"poll {name}"
        self.queues = queues
        self.turn = first
        self.wait_ms = node.number("poll_wait_ms")
        self.timeout_ms = self.wait_ms + node.number("timeout_ms")
        self.pause_ns = max(1, to_ns(node.number("poll_pause_ms")))

    async def next(self) -> tuple[str, Delivery]:
        """The next message, and the queue that it came from. What is done then is done because of it."""
        while True:
            queue = self.queues[self.turn % len(self.queues)]
            self.turn += 1
            self.node.cause = self.idle()  # to ask belongs to no operation
            pause_ns = self.pause_ns
            try:
                answer = await self._ask(queue)
                if isinstance(answer, Delivery):
                    return queue, answer
                if self.wait_ms > 0:
                    pause_ns = 0  # the queue has waited
            except Failure:
                pass
            if pause_ns > 0:
                await self.node.sleep(pause_ns)

    def _ask(self, queue: str) -> Call:
        return self.node.call(queue, Receive(self.wait_ms), self.timeout_ms)

    def idle(self) -> Cause:
        """Why it asks: for no message's sake."""
        firings = self.node.host.firings
        number = firings.get(self.purpose, 0)
        firings[self.purpose] = number + 1
        return Cause(-1, -1, mix(nth(self.node.key(self.purpose), number)))


class Origin:
    """Where a message comes from: the message that brought it, its client operation and its lineage. It outlives the
    crash of a queue, as does the message.
    """

    def __init__(self, cause: Cause) -> None:
        self.id = cause.id
        self.op = cause.op
        self.lineage: i64 = cause.lineage

    def cause(self, incarnation: int, attempt: int) -> Cause:
        """The cause of an attempt to deliver it, with draws of its own."""
        return Cause(self.id, self.op, nth(nth(self.lineage, incarnation), attempt))


@dataclass(frozen=True)
class Kept:
    """A message as it stands on a queue's disk. `attempts`: deliveries so far."""

    body: Body
    origin: Origin
    came_ns: int
    correlation: int
    reply_to: str
    attempts: int = 0
    parked: bool = False


class Item:
    """A message in a queue: waiting, with a consumer, or put aside."""

    def __init__(self, number: int, kept: Kept) -> None:
        self.number = number
        self.kept = kept
        self.waiting = False

    def delivery(self, receipt: int) -> Delivery:
        """What a consumer that has asked for a message gets."""
        kept = self.kept
        return Delivery(kept.body, self.number, receipt, kept.attempts, kept.correlation, kept.reply_to)


class Line:
    """The messages that wait, in the order in which they go: the oldest first, by rank where that counts."""

    def __init__(self, by_rank: bool) -> None:
        self.by_rank = by_rank
        self.heap: list[tuple[int, int, Item]] = []  # −rank, number; some have left
        self.length = 0

    def put(self, item: Item) -> None:
        """Let a message wait, in its place."""
        heappush(self.heap, (-item.kept.body.rank() if self.by_rank else 0, item.number, item))
        item.waiting = True
        self.length += 1

    def leave(self, item: Item) -> None:
        """A message waits no longer."""
        item.waiting = False
        self.length -= 1

    def take(self) -> Item:
        """The message that goes first; there must be one."""
        while True:
            item = heappop(self.heap)[2]
            if item.waiting:
                self.leave(item)
                return item
