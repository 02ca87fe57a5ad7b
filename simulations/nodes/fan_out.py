"""The fan-out exchange: copies each message to every queue behind it.

It keeps nothing. Whoever sends a message to it is told that it has been accepted once every queue has its copy; should
one of them not take it, the sender hears of a failure, tries again, and the others have it twice. Without confirmation
the sender is told at once, and a queue that is down misses the message unnoticed. From then on each queue lives by
itself: a slow consumer of one does not delay those of another.

RabbitMQ has such exchanges (AMQP 0-9-1, chapter 3), and SNS in front of several SQS queues is one. With queues
between, consumers need not be there when a message comes; they do not lose it as subscribers of a plain topic would.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.messages import DONE, Body, Increment, Refusal, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.queueing import Post
from simulations.engine.tasks import Failure, Refused

NO_QUEUE: Final = Refusal("no queue", False)


class FanOut(Node):
    """Copies messages to queues."""

    TYPE: ClassVar[str] = "fan-out"
    TITLE: ClassVar[str] = "Fan-out exchange"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Copies each message to every queue behind it"
    ICON: ClassVar[str] = "fan-out"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "confirms",
            "Confirm when all have it",
            "boolean",
            True,
            help="Off: the sender is told at once, and nobody notices a copy that did not arrive.",
            section="Copies",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long a queue has to take its copy.",
            section="Copies",
            when=("confirms", True),
        ),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("exchange.copies", "messages", "Copies sent to queues.", "count"),
        Metric("exchange.failed", "messages", "Messages that not every queue has confirmed in time.", "count"),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("copies", "Copies each", "messages"),)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Write, Increment, Post)

    def start(self) -> None:
        self.confirms = self.boolean("confirms")
        self.timeout_ms = self.number("timeout_ms")
        self.show("copies", len(self.targets))

    def on_request(self, body: Request, message: Message) -> Any:
        """Copy a message."""
        if not self.targets:
            return NO_QUEUE
        self.publish("exchange.copies", len(self.targets))
        if self.confirms:
            return self.copy(body)
        self.broadcast(self.targets, body)
        return DONE

    async def copy(self, body: Request) -> Body:
        """Give every queue its copy. Raises Refused where one does not confirm it; others may have theirs."""
        calls = self.call_each(self.targets, body, self.timeout_ms)
        try:
            await self.quorum(calls, len(calls), [])
        except Failure:
            self.publish("exchange.failed", 1)
            raise Refused("not copied to all", True) from None
        return DONE
