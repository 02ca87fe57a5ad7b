"""The worker: takes messages from queues, one at a time for each of its hands, and works on them.

It asks the queue that it is linked to for a message and waits until there is one (a *long poll*). When the work is done
it acknowledges the message. Should it crash before, the message is delivered again, to it or to another worker: nothing
is lost, and what was done before the crash is done twice. A worker that acknowledges *before* it works does nothing
twice, and loses what it had in hand.

An *idempotent* worker writes down which messages it has dealt with, in the same write to its disk as what it has done.
A message that comes again is acknowledged, and that is all: together with a queue that delivers at least once, each
message has its effect exactly once (Helland: "Idempotence Is Not a Medical Condition", ACM Queue 10(4), 2012). Each
worker remembers its own messages; workers that share a queue need a store that they share.

A message that cannot be worked on, however often it is tried, is a *poison message*. The worker rejects it. Where a
message asks for an answer, the answer goes to the queue that the message names, under its correlation id (Hohpe and
Woolf: "Enterprise Integration Patterns", Addison-Wesley 2003).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.disk import GROUP, fsync_param
from simulations.engine.doubting import unlinked
from simulations.engine.idempotency import IDEMPOTENCY_METRICS, IDEMPOTENCY_PARAMS, results
from simulations.engine.messages import DONE, Body, Increment, Read, Value, Work, Write
from simulations.engine.name_lists import names_in
from simulations.engine.node import Node
from simulations.engine.queueing import Acknowledge, Delivery, Poll, Post, Reject, queues_beside
from simulations.engine.tasks import Failure, Refused

BEFORE: Final = "before"
AFTER: Final = "after"
DEALT_WITH: Final = "dealt with "  # before a message's key, on disk


class Worker(Node):
    """Takes messages from queues and works on them."""

    TYPE: ClassVar[str] = "worker"
    TITLE: ClassVar[str] = "Worker"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Takes messages from queues and works on them"
    ICON: ClassVar[str] = "worker"
    INITIATES: ClassVar[bool] = True
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "concurrency",
            "Workers",
            "integer",
            4,
            "",
            1,
            1000,
            help="Messages worked on at once.",
            section="Capacity",
        ),
        Param(
            "service_time",
            "Service time",
            "distribution",
            {"kind": "exponential", "mean_ms": 20},
            "ms",
            0,
            3_600_000,
            help="How long a worker needs for a message.",
            section="Capacity",
        ),
        Param(
            "takes_from",
            "Takes from",
            "text",
            "",
            help="One of the queues that it is linked to. Empty: all of them, in turn.",
            section="Messages",
        ),
        Param(
            "acknowledges",
            "Acknowledges",
            "choice",
            AFTER,
            choices=(
                Choice(AFTER, "After the work: a crash has it done again"),
                Choice(BEFORE, "Before the work: a crash loses it"),
            ),
            section="Messages",
        ),
        Param(
            "poll_wait_ms",
            "Poll waits",
            "number",
            1000,
            "ms",
            0,
            60_000,
            help="How long the queue holds a request for a message while it has none. 0: it says so at once.",
            section="Messages",
        ),
        Param(
            "poll_pause_ms",
            "Pause",
            "number",
            100,
            "ms",
            0.001,
            60_000,
            help="Before asking again where the queue had nothing at once, or did not answer.",
            section="Messages",
        ),
        Param(
            "poison_keys",
            "Poison keys",
            "text",
            "",
            help="Messages about these keys, such as k3, k7, always fail.",
            section="Failures",
        ),
        Param(
            "failure_ratio",
            "Share of failures",
            "number",
            0,
            "",
            0,
            1,
            help="Of attempts that fail by chance; the next one may succeed.",
            section="Failures",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for what stands behind, and for a queue to say something once it could.",
            section="Calls",
        ),
        *CALL_PARAMS,
        Param(
            "counts_effects",
            "Count what is done",
            "boolean",
            False,
            help="Finished work counts as an effect: done twice it shows as a duplicate, never done as lost.",
            section="Effects",
        ),
        *IDEMPOTENCY_PARAMS,
        fsync_param("To write down that a message has been dealt with.", 1, "Effects", "keeps_results", True),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("worker.done", "messages", "Messages worked on with success.", "count"),
        Metric("worker.failed", "messages", "Messages that it could not work on, each attempt counted.", "count"),
        *CALL_METRICS,
        *IDEMPOTENCY_METRICS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("busy", "Busy", "workers", "bar", "concurrency"), *CALL_SHOWS)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found = call_doubts(params, neighbours)
        found += unlinked(params, "takes_from", neighbours, "It takes nothing")
        if params["keeps_results"] and params["acknowledges"] == BEFORE:
            words = "Nothing comes twice that is acknowledged before the work. Acknowledge after it."
            found.append(("keeps_results", words))
        return found

    def start(self) -> None:
        self.service_time = self.duration("service_time")
        self.fsync_time = self.duration("fsync_time")
        self.before = self.text("acknowledges") == BEFORE
        self.poison = names_in(self.text("poison_keys"))
        self.failure_ratio = self.number("failure_ratio")
        self.timeout_ms = self.number("timeout_ms")
        self.counts_effects = self.boolean("counts_effects")
        stored = self.disk.read()
        self.results = results(self, {int(key[len(DEALT_WITH) :]): answer for key, answer in stored.items()})
        beside = queues_beside(self)
        self.targets = [target for target in self.targets if target not in beside]
        self.calls = Calls(self)
        only = self.text("takes_from")
        self.queues = [queue for queue in beside if only in ("", queue)]
        self.busy = 0
        self.show_busy = self.gauge("busy")
        self.show_busy.set(0)
        for hand in range(self.integer("concurrency") if self.queues else 0):
            self.spawn(self.take_messages(hand), self.cause)

    async def take_messages(self, hand: int) -> None:
        """Take one message after another and work on it."""
        poll = Poll(self, str(hand), self.queues, hand)
        while True:
            queue, delivery = await poll.next()
            delivered = self.cause
            assert isinstance(delivered, Message)
            self.count(1)
            if self.before:
                self.send(queue, Acknowledge(delivery.receipt))
            try:
                await self.deal_with(queue, delivery, delivered)
                verdict: Body = Acknowledge(delivery.receipt)
            except Failure:
                self.publish("worker.failed", 1)
                verdict = Reject(delivery.receipt)
            self.count(-1)
            if not self.before:
                self.cause = delivered
                self.send(queue, verdict)

    async def deal_with(self, queue: str, delivery: Delivery, delivered: Message) -> None:
        """Do what a message asks for, unless that was done, and answer it where it says to whom. Raises a Failure."""
        if self.results is None:
            answer = await self.carry_out(delivery, delivered, 0)
        else:
            key = delivery.message.idempotency_key()
            if key < 0:  # the queue's number, told from the keys of clients and from other queues' numbers
                key = -2 - delivery.number * len(self.queues) - self.queues.index(queue)
            answer = await self.results.once(key, lambda: self.carry_out(delivery, delivered, key))
        if delivery.reply_to:
            if delivery.reply_to not in self.host.channels:
                raise Refused("no such queue", False)
            await self.call(delivery.reply_to, Post(answer, delivery.correlation), self.timeout_ms)

    async def carry_out(self, delivery: Delivery, delivered: Message, key: int) -> Body:
        """Work on a message, asking what stands behind; returns the answer to it. Raises a Failure."""
        body = delivery.message
        await self.work(self.service_time, "service time")
        poisoned = isinstance(body, (Work, Read, Write, Increment)) and body.key in self.poison
        if poisoned or (self.failure_ratio > 0 and self.draw("failure") < self.failure_ratio):
            raise Refused("failed", False)
        answer: Body = Value(None) if isinstance(body, Read) else DONE
        if self.targets:
            answer = await self.calls.ask(body, delivered)
        await self.finish(key, answer)
        self.publish("worker.done", 1)
        return answer

    async def finish(self, key: int, answer: Body) -> None:
        """The work has had its effect; where messages are remembered, that goes to disk with it."""
        if self.results is None:
            if self.counts_effects:
                self.effect()
            return
        record = f"{DEALT_WITH}{key}"
        if self.counts_effects:
            self.effect_kept({record: answer})
        else:
            self.disk.write(record, answer)
        await self.disk.fsync(self.fsync_time, GROUP)

    def count(self, change: int) -> None:
        """Keep the number of messages worked on."""
        self.busy += change
        self.show_busy.set(self.busy)
