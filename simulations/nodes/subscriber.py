"""The subscriber: it hears of what a topic publishes, and does something about each event.

It can be told of an event (push), ask at intervals (poll), or ask and let the topic answer when there is something to
tell (long poll; RFC 6202, section 2). Polling is late by half its interval on average and asks in vain most of the
time; a push is as early as the network allows and costs a message an event.

With an ordinary subscription it misses what is published while it is away. A durable one is made as soon as the process
runs, is kept by the topic, and ends in acknowledgements: after the work, a crash means that some work is done again;
before it, that some is never done.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body
from simulations.engine.node import Node
from simulations.engine.publishing import (
    FROM_NOW,
    EventDelivery,
    Poll,
    Publication,
    Record,
    Records,
    Subscribe,
    understanding,
)
from simulations.engine.retries import call_until_answered
from simulations.engine.server import capacity, load_shows
from simulations.engine.tasks import Failure
from simulations.engine.workers import workers_of

PUSH: Final = "push"
POLL: Final = "poll"
LONG_POLL: Final = "long-poll"


class Subscriber(Node):
    """Works on each event that it hears of."""

    TYPE: ClassVar[str] = "subscriber"
    TITLE: ClassVar[str] = "Subscriber"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Works on the events of a topic"
    ICON: ClassVar[str] = "subscriber"
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "hears_by",
            "Hears of events by",
            "choice",
            PUSH,
            choices=(
                Choice(PUSH, "Push: it is told"),
                Choice(POLL, "Poll: it asks at intervals"),
                Choice(LONG_POLL, "Long poll: the answer waits for news"),
            ),
            section="Subscription",
        ),
        Param(
            "durable",
            "Durable",
            "boolean",
            False,
            help="The topic keeps what this subscriber has not acknowledged, also while it is away.",
            section="Subscription",
            when=("hears_by", PUSH),
        ),
        Param(
            "acknowledges",
            "Acknowledges",
            "choice",
            "after",
            choices=(Choice("after", "After the work"), Choice("before", "Before the work")),
            section="Subscription",
            when=("durable", True),
        ),
        Param(
            "keep_alive_ms",
            "Renewed every",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How often it says that it is still there.",
            section="Subscription",
            when=("hears_by", PUSH),
        ),
        Param(
            "poll_interval_ms",
            "Asks every",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            section="Subscription",
            when=("hears_by", POLL),
        ),
        Param(
            "wait_ms",
            "Answers wait for",
            "number",
            10_000,
            "ms",
            1,
            3_600_000,
            help="At most; then it asks again.",
            section="Subscription",
            when=("hears_by", LONG_POLL),
        ),
        Param(
            "connects_ms",
            "Connects at",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="Of the run. A durable subscription is made at its start all the same.",
            section="Subscription",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the topic, besides the wait of a long poll.",
            section="Subscription",
        ),
        *capacity(queue_max=1000),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (*load_shows("workers"), Show("last", "Last event"))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("events.received", "events", "Events that it heard of; one delivered twice counts twice.", "count"),
        Metric("events.processed", "events", "Events that it has worked on.", "count"),
        Metric("events.dropped", "events", "Events that its queue had no room for.", "count"),
        Metric("events.delay_ms", "ms", "From the topic's accepting an event until this node heard of it.", "duration"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Publication, EventDelivery)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if params["durable"] and params["hears_by"] != PUSH:
            return [("durable", "Only what is pushed is kept for it: a poll gets what the topic still has. Use push.")]
        return []

    def start(self) -> None:
        self.workers = workers_of(self)
        self.service_time = self.duration("service_time")
        self.timeout_ms = self.number("timeout_ms")
        self.durable = self.boolean("durable")
        self.first = self.text("acknowledges") == "before"
        for topic in understanding(self, Subscribe):
            self.spawn(self.follow(topic), self.cause)

    # Subscriptions

    async def follow(self, topic: str) -> None:
        """Hear of events for as long as the process lives."""
        how = self.text("hears_by")
        if how == PUSH and self.durable and self.now_ns < self.connects_ns():
            await self.subscribe(topic, False)
        if self.now_ns < self.connects_ns():
            await self.sleep(self.connects_ns() - self.now_ns)
        if how == PUSH:
            while True:
                await self.subscribe(topic, True)
                await self.sleep(to_ns(self.number("keep_alive_ms")))
        elif how == POLL:
            await self.ask(topic, 0.0, to_ns(self.number("poll_interval_ms")))
        else:
            await self.ask(topic, self.number("wait_ms"), 0)

    def connects_ns(self) -> int:
        """When it is there."""
        return to_ns(self.number("connects_ms"))

    async def subscribe(self, topic: str, here: bool) -> None:
        """Tell the topic, until it answers."""
        body = Subscribe(self.durable, here, self.number("keep_alive_ms"))
        await call_until_answered(self, topic, body, self.timeout_ms, to_ns(self.timeout_ms))

    async def ask(self, topic: str, wait_ms: float, interval_ns: int) -> None:
        """Ask for what is new, again and again."""
        own = self.cause
        after = FROM_NOW
        while True:
            self.cause = own
            pause_ns = interval_ns
            try:
                reply: Records = await self.call(topic, Poll(after, wait_ms), self.timeout_ms + wait_ms)
                for record in reply.records:
                    self.spawn(self.process(record), record.cause(0))
                after = reply.end
            except Failure:
                pause_ns = max(interval_ns, to_ns(self.timeout_ms))
            if pause_ns:
                await self.sleep(pause_ns)

    # Events

    async def on_publication(self, body: Publication, message: Message) -> None:
        """An event, sent once."""
        await self.process(body.record)

    async def on_event_delivery(self, body: EventDelivery, message: Message) -> Body:
        """An event that is kept until it is acknowledged."""
        if self.first:
            self.spawn(self.process(body.record), message)
        else:
            await self.work_on(body.record)
        return DONE

    async def process(self, record: Record) -> None:
        """Work on an event; what there is no room for is lost."""
        try:
            await self.work_on(record)
        except Failure:
            self.publish("events.dropped", 1)

    async def work_on(self, record: Record) -> None:
        """Work on an event. Raises Refused when the queue is full."""
        self.publish("events.received", 1)
        self.publish("events.delay_ms", self.kernel.now - record.accepted_ns)
        await self.workers.acquire()
        await self.work(self.service_time, "service time")
        self.effect(self.id)
        self.publish("events.processed", 1)
        self.show("last", f"{record.key} = {record.value}" if record.key else f"number {record.number}")
        self.workers.release()
