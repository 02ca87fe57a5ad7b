"""The topic: a copy of every event for everybody who has subscribed.

Who publishes knows none of those who listen; it is told that the event was accepted, and no more (Eugster, Felber,
Guerraoui, Kermarrec: "The Many Faces of Publish/Subscribe", ACM Computing Surveys 35(2), 2003). A subscriber is there
as long as it renews its subscription; one that has been silent for half again its keep-alive counts as gone (MQTT
3.1.1, section 3.1.2.10).

An ordinary subscription gets what is published while the subscriber is there, each event sent once. A durable one is
kept on disk together with the events that it has not acknowledged: they are delivered, and delivered again until they
are acknowledged, so at least once. Subscribers may also ask for what is new, at intervals or with an answer that waits.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Lie, Metric, Param, Show
from simulations.engine.disk import GROUP, fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Increment, Request, Work, Write
from simulations.engine.publishing import (
    FROM_NOW,
    EventDelivery,
    Poll,
    Publication,
    Record,
    Records,
    Subscribe,
    record_of,
)
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Cause, Failure, Future, Refused

EVENT: Final = "event "  # before a number, on disk
ACKNOWLEDGED: Final = "acknowledged by "  # before a durable subscriber; all events up to that number are
KEEP_ALIVES: Final = 1.5  # of silence, and a subscriber counts as gone
NUMBERS: Final = 1 << 32  # of events of one incarnation


class Subscription:
    """Somebody who wants to know, and what it has not acknowledged; that is for durable subscriptions only."""

    def __init__(self, to: str, durable: bool) -> None:
        self.to = to
        self.durable = durable
        self.until_ns = -1  # it counts as there
        self.unacknowledged: dict[int, Record] = {}  # by number, in their order
        self.waiting: list[int] = []  # numbers of those that are not under way, a heap
        self.tries: dict[int, int] = {}
        self.under_way = 0


class Topic(Server):
    """Sends every event to all subscribers."""

    TYPE: ClassVar[str] = "topic"
    TITLE: ClassVar[str] = "Topic"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Sends a copy of each event to every subscriber"
    ICON: ClassVar[str] = "topic"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *capacity(("Threads", 8), ("Time an event", 0.5, "What accepting an event costs."), queue_max=1000),
        Param(
            "ack_timeout_ms",
            "Await acknowledgements for",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="Durable subscriptions: then the event is delivered again.",
            section="Delivery",
        ),
        Param(
            "window",
            "Unacknowledged at once",
            "integer",
            16,
            "events",
            1,
            100_000,
            help="To one durable subscription.",
            section="Delivery",
        ),
        Param(
            "kept_for_polls",
            "Kept for those who ask",
            "integer",
            1000,
            "events",
            1,
            100_000,
            help="The newest ones, in memory.",
            section="Delivery",
        ),
        fsync_param("An event is accepted once it is on disk, where there are durable subscriptions.", 1),
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        *load_shows("threads"),
        Show("subscribers", "Subscribers"),
        Show("kept", "Not acknowledged", "events"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("events.accepted", "events", "Events that were accepted.", "count"),
        Metric("events.redelivered", "events", "Deliveries that were not acknowledged and are made again.", "count"),
        Metric("events.kept", "events", "Events that durable subscriptions have not acknowledged yet.", "gauge"),
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Write, Increment, Subscribe, Poll)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("false acknowledgements", "Says accepted and keeps nothing", "Events are acknowledged and go nowhere."),
    )

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        self.ack_timeout_ms = self.number("ack_timeout_ms")
        self.window = self.integer("window")
        self.recent: deque[Record] = deque(maxlen=self.integer("kept_for_polls"))
        self.asking: list[Future] = []  # polls that wait
        self.newest = self.incarnation * NUMBERS  # the last number that everybody may know
        self.next = self.newest + 1
        self.subscriptions: dict[str, Subscription] = {}
        self.count = 0
        self.show_kept = self.gauge("kept")
        self.show_subscribers = self.gauge("subscribers")
        self.open({})
        self.recover(self.disk.read())
        self.changed(0)
        self.show_subscribers.set(0)

    def recover(self, stored: dict[str, Any]) -> None:
        """Take up the durable subscriptions where the disk left them."""
        events = sorted(
            (value for key, value in stored.items() if key.startswith(EVENT) and value is not None),
            key=lambda record: record.number,
        )
        for key, acknowledged in stored.items():
            if not key.startswith(ACKNOWLEDGED):
                continue
            found = Subscription(key[len(ACKNOWLEDGED) :], True)
            self.subscriptions[found.to] = found
            for record in events:
                if record.number > acknowledged:
                    self.owe(found, record)

    # Subscriptions

    async def on_subscribe(self, body: Subscribe, message: Message) -> Body:
        """Somebody wants to know, or still does."""
        who = message.channel.src.id
        found = self.subscriptions.get(who)
        if found is None:
            found = self.subscriptions[who] = Subscription(who, body.durable)
            if body.durable:
                self.disk.write(f"{ACKNOWLEDGED}{who}", self.next - 1)
                await self.disk.fsync(self.fsync_time, GROUP)
        if body.here:
            found.until_ns = self.now_ns + to_ns(body.keep_alive_ms * KEEP_ALIVES)
        self.show_subscribers.set(len([one for one in self.subscriptions.values() if self.is_there(one)]))
        self.pump(found)
        return DONE

    def is_there(self, subscription: Subscription) -> bool:
        """Whether a subscriber has renewed its subscription in time."""
        return self.now_ns < subscription.until_ns

    # Events

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Accept an event. Raises Refused when the disk is full."""
        record = record_of(body, message, self.next, self.kernel.now)
        self.next += 1
        if any(one.durable for one in self.subscriptions.values()):
            self.disk.write(f"{EVENT}{record.number}", record)
            await self.disk.fsync(self.fsync_time, GROUP)
            for subscription in [one for one in self.subscriptions.values() if one.durable]:
                self.owe(subscription, record)
        self.publish("events.accepted", 1)
        self.spread(record)
        return DONE

    def spread(self, record: Record) -> None:
        """Send an event to all who are there, and answer those who ask."""
        self.recent.append(record)
        self.newest = record.number
        there = [one for one in self.subscriptions.values() if self.is_there(one)]
        self.show_subscribers.set(len(there))
        self.broadcast([one.to for one in there if not one.durable], Publication(record))
        for one in there:
            self.pump(one)
        asking, self.asking = self.asking, []
        for poll in asking:
            poll.resolve(None, self.cause)

    async def on_poll(self, body: Poll, message: Message) -> Body:
        """Tell what is new, or wait for it."""
        if body.after == FROM_NOW:
            return Records((), self.newest)
        if self.newest <= body.after and body.wait_ms > 0:
            news = Future()
            self.asking.append(news)
            await self.race([news, self.sleep(to_ns(body.wait_ms))])
            if not news.done:
                self.asking.remove(news)
        found = tuple([record for record in self.recent if record.number > body.after])
        return Records(found, self.newest)

    # Durable subscriptions

    def owe(self, subscription: Subscription, record: Record) -> None:
        """An event is to be delivered."""
        subscription.unacknowledged[record.number] = record
        heappush(subscription.waiting, record.number)
        self.changed(1)

    def changed(self, change: int) -> None:
        """So many more are not acknowledged."""
        self.count += change
        self.show_kept.set(self.count)
        self.publish("events.kept", self.count)

    def pump(self, subscription: Subscription) -> None:
        """Deliver what may be delivered now."""
        while subscription.waiting and subscription.under_way < self.window and self.is_there(subscription):
            record = subscription.unacknowledged[heappop(subscription.waiting)]
            tries = subscription.tries.get(record.number, 0)
            subscription.tries[record.number] = tries + 1
            subscription.under_way += 1
            self.spawn(self.deliver(subscription, record), record.cause(self.incarnation * NUMBERS + tries))

    async def deliver(self, subscription: Subscription, record: Record) -> None:
        """Deliver an event until it is acknowledged, or nobody is there."""
        acknowledged = refused = False
        try:
            await self.call(subscription.to, EventDelivery(record), self.ack_timeout_ms)
            acknowledged = True
        except Failure as failure:
            refused = isinstance(failure, Refused)
        if acknowledged:
            self.acknowledged(subscription, record)
        else:
            self.publish("events.redelivered", 1)
            if refused:
                await self.sleep(to_ns(self.ack_timeout_ms))  # it has no room
            heappush(subscription.waiting, record.number)
        subscription.under_way -= 1
        self.pump(subscription)

    def acknowledged(self, subscription: Subscription, record: Record) -> None:
        """Forget what need not be delivered again; the disk hears of it with the next event."""
        del subscription.unacknowledged[record.number]
        del subscription.tries[record.number]
        self.changed(-1)
        try:
            self.disk.write(f"{ACKNOWLEDGED}{subscription.to}", next(iter(subscription.unacknowledged), self.next) - 1)
            if not any(record.number in one.unacknowledged for one in self.subscriptions.values()):
                self.disk.write(f"{EVENT}{record.number}", None)
        except Refused:
            self.note("the disk is full: what was acknowledged will be delivered again after a crash")

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        return DONE if behaviour == "false acknowledgements" and isinstance(body, (Work, Write, Increment)) else None
