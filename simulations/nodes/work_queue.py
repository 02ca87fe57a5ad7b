"""The work queue: messages wait in it until somebody has the time, and each goes to one consumer.

Whoever sends a message is answered as soon as the queue has it: sender and consumer need not be up at the same time,
nor equally fast. A message waits in the queue, is handed to one of the consumers, and stays in the queue, unseen by the
others, until that one has *acknowledged* it. Where no acknowledgement comes before the visibility timeout, or where the
consumer rejects it, the message is delivered again, perhaps to another: at least once, and now and then twice. With
automatic acknowledgement it is forgotten as it leaves: at most once. A message that has failed too often is a dead
letter: it goes to another queue, or is parked, so that it is in nobody's way.

Consumers that ask for messages (workers) get one whenever they ask. To those that are asked (services to which a link
leads) the queue sends them, no more at once than the prefetch limit; their answer is the acknowledgement, a refusal
rejects. A durable queue has each message on disk before it says so; from a transient one a crash takes all.

RabbitMQ is such a queue, as are Amazon SQS and Azure Service Bus. Acknowledgements, prefetch and dead letters: AMQP
0-9-1 (2008), chapter 3, and Hohpe and Woolf, "Enterprise Integration Patterns", Addison-Wesley 2003, chapters 4
and 10.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Neighbour, Param, Show
from simulations.engine.disk import GROUP, fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Increment, Refusal, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.queueing import (
    NO_ID,
    NOTHING,
    Acknowledge,
    Item,
    Kept,
    Line,
    Origin,
    Post,
    Receive,
    Reject,
)
from simulations.engine.queueing_params import DELIVERY_PARAMS, ON_DELIVERY, delivery_doubts
from simulations.engine.retries import call_until_answered
from simulations.engine.tasks import Cause, Failure, Refused, TimedOut

FIFO: Final = "fifo"
PRIORITY: Final = "priority"
MESSAGE: Final = "message "  # before its number, on disk
SERIAL_BITS: Final = 32  # numbers of messages go on rising over restarts
MOVE_TIMEOUT_MS: Final = 1000
FULL: Final = Refusal("queue full", False)


class WorkQueue(Node):
    """Keeps messages and hands each to one consumer."""

    TYPE: ClassVar[str] = "work-queue"
    TITLE: ClassVar[str] = "Work queue"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Keeps messages until one of the consumers has dealt with them"
    ICON: ClassVar[str] = "work-queue"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "length_max",
            "Length",
            "integer",
            10_000,
            "messages",
            1,
            1_000_000,
            help="Messages that may wait; one more is refused.",
            section="Queue",
        ),
        Param(
            "order",
            "Next from the queue",
            "choice",
            FIFO,
            choices=(Choice(FIFO, "The oldest"), Choice(PRIORITY, "By class; within it the oldest")),
            help="A message delivered again keeps its place.",
            section="Queue",
        ),
        Param(
            "expires_ms",
            "Expires after",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="A message that has waited so long is dropped. 0: never.",
            section="Queue",
        ),
        *DELIVERY_PARAMS,
        Param(
            "durable",
            "Durable",
            "boolean",
            True,
            help="A message is on disk before it is accepted. Off: a crash takes all messages.",
            section="Disk",
        ),
        fsync_param("From memory to disk; messages that wait for it share one.", 1, "Disk", "durable", True),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("queue.accepted", "messages", "Messages that it has taken in.", "count"),
        Metric("queue.refused", "messages", "Messages refused because the queue was full.", "count"),
        Metric("queue.delivered", "deliveries", "Deliveries to consumers, repeated ones counted.", "count"),
        Metric("queue.redelivered", "deliveries", "Deliveries of what had been delivered before.", "count"),
        Metric("queue.acknowledged", "messages", "Messages dealt with, by what the queue knows.", "count"),
        Metric("queue.dead_lettered", "messages", "Messages given up after too many attempts.", "count"),
        Metric("queue.expired", "messages", "Messages dropped because they had waited too long.", "count"),
        Metric("queue.parked", "messages", "Dead letters that it holds.", "gauge"),
        Metric("queue.wait_ms", "ms", "From a message's acceptance to its first delivery.", "duration"),
        Metric("queue.age_ms", "ms", "From a message's acceptance to its acknowledgement.", "duration"),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("queue", "Waiting", "messages"),
        Show("unacknowledged", "With consumers", "messages"),
        Show("parked", "Dead letters", "messages"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Write, Increment, Post, Receive, Acknowledge, Reject)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("false acknowledgements", "Says accepted and keeps nothing", "Messages are acknowledged and lost."),
    )

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        return delivery_doubts(params, neighbours)

    def start(self) -> None:
        self.length_max = self.integer("length_max")
        self.line = Line(self.text("order") == PRIORITY)
        self.expires_ns = to_ns(self.number("expires_ms"))
        self.automatic = self.text("acknowledged") == ON_DELIVERY
        self.visibility_ms = self.number("visibility_timeout_ms")
        self.pause_ns = to_ns(self.number("pause_ms"))
        self.attempts_max = self.integer("attempts_max")
        self.durable = self.boolean("durable")
        self.fsync_time = self.duration("fsync_time")
        self.dead_letters = self.text("dead_letter_to")
        if self.dead_letters not in self.targets:
            self.dead_letters = ""
        self.consumers = [target for target in self.targets if target != self.dead_letters]
        self.room = dict.fromkeys(self.consumers, self.integer("prefetch"))
        self.items: dict[int, Item] = {}
        self.entering = self.parked = self.serial = self.receipts = self.turn = 0
        self.out: dict[int, Item] = {}  # by receipt
        self.polls: deque[Message] = deque()
        self.show_waiting = self.gauge("queue")
        self.show_out = self.gauge("unacknowledged")
        self.show_parked = self.gauge("parked")
        for key, kept in self.disk.read().items():
            if kept is not None:
                self.restore(Item(int(key[len(MESSAGE) :]), kept))
        self.dispatch()

    def restore(self, item: Item) -> None:
        """Go on with a message that was found on disk."""
        self.items[item.number] = item
        if item.kept.parked:
            self.park()
        else:
            self.line.put(item)
            self.watch(item)

    # Messages come in

    def on_request(self, body: Request, message: Message) -> Any:
        """Accept a message."""
        return self.accept(body, NO_ID, "", message)

    def on_post(self, body: Post, message: Message) -> Any:
        """Accept a message with what an answer to it needs."""
        return self.accept(body.message, body.correlation, body.reply_to, message)

    def accept(self, body: Body, correlation: int, reply_to: str, message: Message) -> Any:
        """Take a message in, unless there is no room."""
        if self.line.length + self.entering >= self.length_max:
            self.publish("queue.refused", 1)
            return FULL
        self.serial += 1
        number = (self.incarnation << SERIAL_BITS) + self.serial
        item = Item(number, Kept(body, Origin(message), self.kernel.now, correlation, reply_to))
        if self.durable:
            return self.store(item)
        self.enter(item)
        return DONE

    async def store(self, item: Item) -> Body:
        """Have a message on disk, then in the queue. Raises Refused when the disk is full."""
        self.disk.write(f"{MESSAGE}{item.number}", item.kept)
        self.entering += 1
        await self.disk.fsync(self.fsync_time, GROUP)
        self.entering -= 1
        self.enter(item)
        return DONE

    def enter(self, item: Item) -> None:
        """A message has been accepted."""
        self.publish("queue.accepted", 1)
        self.items[item.number] = item
        self.line.put(item)
        self.watch(item)
        self.dispatch()

    def watch(self, item: Item) -> None:
        """Drop a message that waits for too long."""
        if self.expires_ns > 0:
            left_ns = max(0, item.kept.came_ns + self.expires_ns - self.kernel.now)
            self.timer(left_ns, "expiry", lambda: self.expire(item))

    def expire(self, item: Item) -> None:
        """A message's time is over; those with consumers are dropped when they come back."""
        if item.waiting:
            self.line.leave(item)
            self.drop(item)
            self.tell()

    # Messages go out

    def on_receive(self, body: Receive, message: Message) -> Body | None:
        """A consumer asks for a message: it gets one, now or as soon as one comes, or hears that there is none."""
        wait_ns = to_ns(body.wait_ms)
        if self.line.length == 0 and wait_ns <= 0:
            return NOTHING
        self.polls.append(message)
        self.dispatch()
        if message in self.polls:
            self.timer(wait_ns, "poll", lambda: self.give_up(message))
        return None

    def give_up(self, poll: Message) -> None:
        """A consumer has waited long enough."""
        if poll in self.polls:
            self.polls.remove(poll)
            self.cause = poll
            self.answer(poll, NOTHING)

    def dispatch(self) -> None:
        """Hand out messages while there are some and somebody wants them."""
        before = self.cause
        while self.line.length:
            poll = self.polls.popleft() if self.polls else None
            target = "" if poll is not None else self.next_target()
            if poll is None and not target:
                break
            item = self.line.take()
            receipt = self.hand_out(item)
            self.cause = item.kept.origin.cause(self.incarnation, item.kept.attempts)
            if poll is None:
                self.room[target] -= 1
                self.spawn(self.push(item, receipt, target), self.cause)
            elif self.automatic:
                self.spawn(self.release(item, receipt, poll), self.cause)
            else:
                self.answer(poll, item.delivery(receipt))
                self.await_acknowledgement(receipt)
        self.cause = before
        self.tell()

    def next_target(self) -> str:
        """The consumer whose turn it is among those with room; "" when there is none."""
        count = len(self.consumers)
        for step in range(count):
            target = self.consumers[(self.turn + step) % count]
            if self.room[target] > 0:
                self.turn += step + 1
                return target
        return ""

    def hand_out(self, item: Item) -> int:
        """A message leaves; returns the receipt that it leaves under."""
        kept = item.kept
        self.publish("queue.delivered", 1)
        if kept.attempts:
            self.publish("queue.redelivered", 1)
        else:
            self.publish("queue.wait_ms", self.kernel.now - kept.came_ns)
        self.receipts += 1
        receipt = (self.incarnation << SERIAL_BITS) + self.receipts
        item.kept = replace(kept, attempts=kept.attempts + 1)
        if self.automatic:
            self.done(item)
        else:
            self.record(item, item.kept)
            self.out[receipt] = item
        return receipt

    def await_acknowledgement(self, receipt: int) -> None:
        """Deliver a message again unless it is acknowledged in time."""
        self.timer(to_ns(self.visibility_ms), "visibility", lambda: self.overdue(receipt))

    async def release(self, item: Item, receipt: int, poll: Message) -> None:
        """Give a message to a consumer that has asked, once it is forgotten for good."""
        await self.forgotten()
        self.answer(poll, item.delivery(receipt))

    async def forgotten(self) -> None:
        """Where a message is forgotten as it leaves, await that no crash brings it back."""
        if self.automatic and self.durable:
            await self.disk.fsync(self.fsync_time, GROUP)

    async def push(self, item: Item, receipt: int, target: str) -> None:
        """Send a message to a consumer, whose answer tells what has become of it."""
        await self.forgotten()
        try:
            await self.call(target, item.kept.body, self.visibility_ms)
        except TimedOut:
            self.room[target] += 1
            self.overdue(receipt)
        except Failure:
            self.room[target] += 1
            self.rejected(receipt)
        else:
            self.room[target] += 1
            self.acknowledged(receipt)

    # What becomes of them

    def on_acknowledge(self, body: Acknowledge, message: Message) -> None:
        """A consumer has dealt with a message."""
        self.acknowledged(body.receipt)

    def on_reject(self, body: Reject, message: Message) -> None:
        """A consumer could not deal with a message."""
        self.rejected(body.receipt)

    def acknowledged(self, receipt: int) -> None:
        """The message under a receipt is done with; one delivered again since then is not."""
        item = self.out.pop(receipt, None)
        if item is not None:
            self.done(item)
        self.dispatch()

    def overdue(self, receipt: int) -> None:
        """The message under a receipt has not been acknowledged in time: it may go to somebody else."""
        item = self.out.pop(receipt, None)
        if item is not None and not self.given_up(item):
            self.line.put(item)
        self.dispatch()

    def rejected(self, receipt: int) -> None:
        """The message under a receipt is delivered again, after a pause."""
        item = self.out.pop(receipt, None)
        if item is not None and not self.given_up(item):
            self.timer(self.pause_ns, "pause", lambda: self.again(item))
        self.dispatch()

    def again(self, item: Item) -> None:
        """The pause of a rejected message is over."""
        if not self.outlived(item):
            self.line.put(item)
            self.dispatch()

    def done(self, item: Item) -> None:
        """A message has been dealt with."""
        self.publish("queue.acknowledged", 1)
        self.publish("queue.age_ms", self.kernel.now - item.kept.came_ns)
        self.forget(item)

    def given_up(self, item: Item) -> bool:
        """Whether a message that has come back goes to nobody any more: it is a dead letter, or has expired."""
        kept = item.kept
        if self.outlived(item):
            return True
        if not 0 < self.attempts_max <= kept.attempts:
            return False
        self.publish("queue.dead_lettered", 1)
        self.note(f"message {item.number} is a dead letter after {kept.attempts} attempts")
        if self.dead_letters:
            self.spawn(self.move(item), kept.origin.cause(self.incarnation, kept.attempts + 1))
            return True
        item.kept = replace(kept, parked=True)
        self.record(item, item.kept)
        self.park()
        return True

    def outlived(self, item: Item) -> bool:
        """Whether a message that is not waiting has expired meanwhile; it is dropped then."""
        if not 0 < self.expires_ns <= self.kernel.now - item.kept.came_ns:
            return False
        self.drop(item)
        self.tell()
        return True

    def drop(self, item: Item) -> None:
        """A message's time is over."""
        self.publish("queue.expired", 1)
        self.forget(item)

    def park(self) -> None:
        """Keep a dead letter."""
        self.parked += 1
        self.publish("queue.parked", self.parked)

    async def move(self, item: Item) -> None:
        """Bring a dead letter to its queue; it stays here until it is there."""
        kept = item.kept
        body = kept.body if kept.correlation == NO_ID else Post(kept.body, kept.correlation, kept.reply_to)
        await call_until_answered(self, self.dead_letters, body, MOVE_TIMEOUT_MS, self.pause_ns)
        self.forget(item)
        self.tell()

    def forget(self, item: Item) -> None:
        """A message is no longer in the queue."""
        del self.items[item.number]
        self.record(item, None)

    def record(self, item: Item, kept: Kept | None) -> None:
        """Put on disk how things stand with a message, and wait for nothing: should a crash take that, the message is
        delivered once more.
        """
        if not self.durable:
            return
        try:
            self.disk.write(f"{MESSAGE}{item.number}", kept)
        except Refused:
            return
        if not self.automatic and (kept is None or kept.parked):
            self.disk.fsync(self.fsync_time, GROUP)

    def tell(self) -> None:
        """Show how many wait, are with consumers, and are parked."""
        self.show_waiting.set(self.line.length)
        self.show_out.set(len(self.items) - self.line.length - self.parked)
        self.show_parked.set(self.parked)

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        taken = behaviour == "false acknowledgements" and isinstance(body, (Work, Write, Increment, Post))
        return DONE if taken else None
