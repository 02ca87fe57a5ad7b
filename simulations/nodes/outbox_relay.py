"""The outbox relay: it reads a database's outbox, publishes what it finds, in order, and marks it as sent.

It reads at intervals, publishes one event after another, each until the broker has accepted it, and then tells the
database that they may go. A crash between publishing and marking publishes again: at least once, so that consumers must
bear repetition, or the broker keep idempotency keys (Richardson: "Microservices Patterns", Manning 2018, section
3.3.7). The events keep the order of the changes.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.declare import Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Write
from simulations.engine.node import Node
from simulations.engine.publishing import Attend, MarkSent, ReadOutbox, Record, Records, Subscribe, understanding
from simulations.engine.retries import call_until_answered
from simulations.engine.tasks import Failure, Future


class OutboxRelay(Node):
    """Takes events from a database to a broker."""

    TYPE: ClassVar[str] = "outbox-relay"
    TITLE: ClassVar[str] = "Outbox relay"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Publishes what stands in a database's outbox, in order"
    ICON: ClassVar[str] = "outbox-relay"
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "poll_interval_ms",
            "Looks every",
            "number",
            100,
            "ms",
            0.001,
            3_600_000,
            help="How often it looks into the outbox.",
            section="Relay",
        ),
        Param(
            "batch",
            "Events at once",
            "integer",
            20,
            "events",
            1,
            100_000,
            help="So many are read, published and marked together.",
            section="Relay",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the database or the broker.",
            section="Relay",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("sent", "Sent", "events"),)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric(
            "events.sent", "events", "Events that brokers have accepted; one published twice counts twice.", "count"
        ),
        Metric(
            "events.delay_ms", "ms", "From a change's start in the database until its event was accepted.", "duration"
        ),
    )

    def start(self) -> None:
        self.timeout_ms = self.number("timeout_ms")
        self.brokers = understanding(self, Subscribe) + understanding(self, Attend)
        self.sent = 0
        self.show_sent = self.gauge("sent")
        self.show_sent.set(0)
        for database in understanding(self, ReadOutbox):
            self.spawn(self.relay(database), self.cause)

    async def relay(self, database: str) -> None:
        """Look into the outbox again and again."""
        own = self.cause
        more = self.integer("batch")
        while True:
            self.cause = own
            found = 0
            try:
                reply: Records = await self.call(database, ReadOutbox(more), self.timeout_ms)
                found = len(reply.records)
                for record in reply.records:
                    done = Future()
                    self.spawn(self.publish_to_all(record, done), record.cause(self.incarnation))
                    await done
                if found:
                    self.cause = own
                    await self.call(database, MarkSent(reply.records[-1].number), self.timeout_ms)
            except Failure:
                found = 0
            if found < more:
                await self.sleep(to_ns(self.number("poll_interval_ms")))

    async def publish_to_all(self, record: Record, done: Future) -> None:
        """Publish an event, until every broker has accepted it."""
        own = self.cause
        for broker in self.brokers:
            self.cause = own
            body = Write(record.key, record.value, 0, record.token)
            await call_until_answered(self, broker, body, self.timeout_ms, to_ns(self.timeout_ms))
        self.sent += 1
        self.show_sent.set(self.sent)
        self.publish("events.sent", 1)
        self.publish("events.delay_ms", self.kernel.now - record.accepted_ns)
        done.resolve(None, None)
