"""The producer: a source of items that flow, one after another, to whoever has asked for them.

It makes items at its own pace and sends each on a stream of its own to every consumer. It never sends more than a
consumer has given it credit for: without credit it waits with the next item in hand, and makes no other. So a slow
consumer slows its source, and what waits, waits where it costs nothing. This is what Reactive Streams and the flow
control of HTTP/2 (RFC 9113, section 5.2) do above the transport.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.flow import UNKNOWN, UNLIMITED, Anew, Credit, Item
from simulations.engine.messages import Body
from simulations.engine.node import Node


class Flow:
    """The stream to one consumer."""

    def __init__(self, to: str, stream: int) -> None:
        self.to = to
        self.stream = stream
        self.sent = 0
        self.up_to = 0
        self.waits_since_ns = -1  # with an item in hand, for credit; −1: it does not

    def may_send(self) -> bool:
        """Whether there is credit for another item."""
        return self.up_to == UNLIMITED or self.sent < self.up_to


class Producer(Node):
    """Sends items as fast as consumers allow."""

    TYPE: ClassVar[str] = "producer"
    TITLE: ClassVar[str] = "Producer"
    CATEGORY: ClassVar[str] = "Workload"
    SUMMARY: ClassVar[str] = "A source of items, as fast as it can or as its consumer allows"
    ICON: ClassVar[str] = "producer"
    SERVES: ClassVar[bool] = False
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "item_every",
            "An item every",
            "distribution",
            {"kind": "constant", "value_ms": 5},
            "ms",
            0.001,
            3_600_000,
            help="When nothing holds it back.",
            section="Stream",
        ),
        Param("item_bytes", "Bytes an item", "integer", 1000, "bytes", 1, 100_000_000, section="Stream"),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("sent", "Sent", "items"), Show("state", "State", look="badge"))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("items.sent", "items", "Items sent.", "count"),
        Metric("items.held_ms", "ms", "How long an item that was made waited for credit.", "duration"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Credit,)

    def start(self) -> None:
        self.item_every = self.duration("item_every")
        self.item_bytes = self.integer("item_bytes")
        self.flows: dict[str, Flow] = {}
        self.total = 0
        self.show_sent = self.gauge("sent")
        self.show_sent.set(0)

    def on_credit(self, body: Credit, message: Message) -> None:
        """A consumer is ready for more, or begins."""
        who = message.channel.src.id
        flow = self.flows.get(who)
        if body.epoch not in (UNKNOWN, self.incarnation):
            self.send(who, Anew(self.incarnation))
        elif flow is None or body.stream > flow.stream:
            flow = self.flows[who] = Flow(who, body.stream)
            flow.up_to = body.up_to
            self.make(flow)
        elif body.stream == flow.stream and (body.up_to == UNLIMITED or flow.up_to < body.up_to):
            flow.up_to = body.up_to
            if flow.waits_since_ns >= 0:
                self.hand_over(flow)

    def make(self, flow: Flow) -> None:
        """Make the next item, which takes its time."""
        purpose = f"item for {flow.to}"
        takes_ns = self.next_ns(self.item_every, purpose)
        if self.now_ns + takes_ns < self.network.workload_ends_ns:
            self.timer(takes_ns, purpose, lambda: self.made(flow))

    def made(self, flow: Flow) -> None:
        """An item is ready to be sent."""
        if self.flows[flow.to] is not flow:
            return  # the consumer has begun anew
        flow.waits_since_ns = self.kernel.now
        if flow.may_send():
            self.hand_over(flow)
        else:
            self.show("state", "waits for credit")

    def hand_over(self, flow: Flow) -> None:
        """Send the item in hand, and make another."""
        self.publish("items.held_ms", self.kernel.now - flow.waits_since_ns)
        self.publish("items.sent", 1)
        self.show("state", "sends")
        self.send(flow.to, Item(flow.stream, self.incarnation, flow.sent, flow.waits_since_ns, self.item_bytes))
        flow.waits_since_ns = -1
        flow.sent += 1
        self.total += 1
        self.show_sent.set(self.total)
        self.make(flow)
