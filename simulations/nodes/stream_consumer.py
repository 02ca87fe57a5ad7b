"""The stream consumer: it takes what producers send into a buffer, and works it off.

With flow control by credit it tells a producer how many items it may send: as many as the buffer is to hold, those on
their way and those in work counted. Each item that is done makes room for another, and when half of the room is free
again the consumer says so. Without, it takes what comes: a buffer without a bound grows as long as items come faster
than they go, one with a bound drops what it has no room for.

Credit is spent by what is sent, whether it arrives or not: over a link that loses messages, use a stream (RFC 9113,
section 5.2, counts on TCP).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.flow import UNKNOWN, UNLIMITED, Anew, Credit, Item
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.publishing import understanding
from simulations.engine.server import capacity, load_shows
from simulations.engine.tasks import Failure
from simulations.engine.workers import workers_of

BY_CREDIT: Final = "credit"


class Intake:
    """What comes from one producer."""

    def __init__(self) -> None:
        self.epoch = UNKNOWN
        self.seen = 0  # one more than the highest number that came
        self.in_hand = 0  # in the buffer or in work
        self.granted = 0


class StreamConsumer(Node):
    """Works off a stream of items."""

    TYPE: ClassVar[str] = "stream-consumer"
    TITLE: ClassVar[str] = "Stream consumer"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Works off a stream of items, and says how many it is ready for"
    ICON: ClassVar[str] = "stream-consumer"
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "flow_control",
            "Flow control",
            "choice",
            BY_CREDIT,
            choices=(Choice(BY_CREDIT, "By credit"), Choice("none", "None: it takes what comes")),
            section="Stream",
        ),
        Param(
            "credits",
            "Credits",
            "integer",
            32,
            "items",
            1,
            1_000_000,
            help="Items on their way, in the buffer and in work, from one producer.",
            section="Stream",
            when=("flow_control", BY_CREDIT),
        ),
        Param(
            "repeat_ms",
            "Credit repeated every",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="So that one lost on the way does not end the stream.",
            section="Stream",
        ),
        *capacity(queue_max=1000),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = load_shows("workers")
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("items.processed", "items", "Items that it has worked on.", "count"),
        Metric("items.dropped", "items", "Items that the buffer had no room for.", "count"),
        Metric("items.delay_ms", "ms", "From an item's making until the work on it was done.", "duration"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Item, Anew)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        room = params["queue_max"] + params["concurrency"]
        if params["flow_control"] == BY_CREDIT and params["queue_limit"] == "bounded" and params["credits"] > room:
            return [("credits", f"More than there is room for: the buffer and the workers take {room:,}. Give fewer.")]
        return []

    def start(self) -> None:
        self.workers = workers_of(self)
        self.service_time = self.duration("service_time")
        self.credits = self.integer("credits") if self.text("flow_control") == BY_CREDIT else 0
        self.intakes: dict[str, Intake] = {}
        for producer in understanding(self, Credit):
            self.intakes[producer] = Intake()
            self.intakes[producer].granted = self.credits if self.credits else UNLIMITED
        self.repeat()

    def repeat(self) -> None:
        """Tell every producer what it may send, and again after a time."""
        self.timer(to_ns(self.number("repeat_ms")), "repeat", self.repeat)
        for producer, intake in self.intakes.items():
            self.send(producer, Credit(self.incarnation, intake.epoch, intake.granted))

    def on_anew(self, body: Anew, message: Message) -> None:
        """A producer has started again: it counts from 0."""
        producer = message.channel.src.id
        intake = self.intakes[producer]
        if intake.epoch < body.epoch:
            intake.epoch = body.epoch
            intake.seen = 0
            intake.granted = self.credits - intake.in_hand if self.credits else UNLIMITED
            self.send(producer, Credit(self.incarnation, intake.epoch, intake.granted))

    async def on_item(self, body: Item, message: Message) -> None:
        """Work on an item; one meant for an earlier incarnation is none of ours."""
        producer = message.channel.src.id
        intake = self.intakes[producer]
        if body.stream != self.incarnation:
            return
        intake.epoch = max(intake.epoch, body.epoch)
        if body.epoch == intake.epoch:
            intake.seen = max(intake.seen, body.number + 1)
        intake.in_hand += 1
        try:
            await self.workers.acquire()
        except Failure:
            self.publish("items.dropped", 1)
        else:
            await self.work(self.service_time, "service time")
            self.workers.release()
            self.publish("items.processed", 1)
            self.publish("items.delay_ms", self.kernel.now - body.made_ns)
        intake.in_hand -= 1
        if self.credits:
            self.grant(producer, intake)

    def grant(self, producer: str, intake: Intake) -> None:
        """Allow more, once half of the room is free."""
        up_to = intake.seen + self.credits - intake.in_hand
        if up_to - intake.granted >= max(1, self.credits // 2):
            intake.granted = up_to
            self.send(producer, Credit(self.incarnation, intake.epoch, up_to))
