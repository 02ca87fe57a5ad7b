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

from simulations.engine.admission import ADMISSION_METRICS, ADMISSION_PARAMS, Admission
from simulations.engine.call_params import CALL_METRICS, CALL_SHOWS, LONE_PARAMS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.messages import DONE, Body, Increment, Refusal, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.queueing import Post
from simulations.engine.tasks import Cancelled, Failure, Future, Refused
from simulations.engine.waiting import give_up

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
        *LONE_PARAMS,
        *ADMISSION_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("exchange.copies", "messages", "Copies sent to queues.", "count"),
        Metric("exchange.failed", "messages", "Messages that not every queue has confirmed in time.", "count"),
        *CALL_METRICS,
        *ADMISSION_METRICS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("copies", "Copies each", "messages"), *CALL_SHOWS)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Write, Increment, Post)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return call_doubts(params, neighbours)

    def start(self) -> None:
        self.confirms = self.boolean("confirms")
        self.calls = Calls(self)
        self.admission = self.calls.admission = Admission(self)
        self.queues = self.calls.targets
        self.show("copies", len(self.queues))

    def on_request(self, body: Request, message: Message) -> Any:
        """Copy a message."""
        if not self.queues:
            return NO_QUEUE
        refusal = None if self.admission.open else self.admission.refusal(message, self.calls.queued())
        if refusal is not None:
            return refusal
        self.publish("exchange.copies", len(self.queues))
        if self.confirms:
            return self.copy(body, message)
        self.broadcast(self.queues, body)
        return DONE

    async def copy(self, body: Request, message: Message) -> Body:
        """Give every queue its copy. Raises Refused where one does not confirm it; others may have theirs."""
        calls: list[Future] = []
        deadline_ns = self.calls.until_ns(message)
        if self.calls.plain:
            calls = self.call_each(self.queues, body, self.calls.time_left_ms(deadline_ns))
        else:
            for queue in self.queues:
                calls.append(self.calls.ask_beside(body, deadline_ns, [queue]))
        try:
            await self.cancellable(message, self.quorum(calls, len(calls), []))
        except Cancelled:
            give_up(self, calls)
            raise
        except Failure:
            self.publish("exchange.failed", 1)
            raise Refused("not copied to all", True) from None
        return DONE
