"""What a stream puts on the wire: segments, each a message of the trace, and those that only keep the connection.

A segment carries one message whole. It is numbered by messages, not by bytes; else its header is that of RFC 9293,
section 3.1, with the number of each side's connection in place of ports and initial sequence numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from simulations.engine.channel import Channel, Message
from simulations.engine.messages import Body, Occurrence
from simulations.engine.tasks import Call, Cause, Failure, TimedOut

if TYPE_CHECKING:
    from simulations.engine.connections import Connection
    from simulations.engine.endpoints import End
    from simulations.engine.node import Node

HEADER_BYTES: Final = 40  # of IP and of TCP, without options
NO_DATA: Final = -1


class Disconnected(Failure):
    """The connection over which an answer was to come has broken."""


@dataclass(frozen=True)
class Syn(Occurrence):
    """Asks to open a connection."""

    def size(self) -> int:
        return HEADER_BYTES


@dataclass(frozen=True)
class SynAck(Occurrence):
    """Agrees to open a connection."""

    def size(self) -> int:
        return HEADER_BYTES


@dataclass(frozen=True)
class Ack(Occurrence):
    """Tells up to where all has arrived, and how much room there is."""

    def size(self) -> int:
        return HEADER_BYTES


@dataclass(frozen=True)
class Reset(Occurrence):
    """Tells that there is no such connection."""

    def size(self) -> int:
        return HEADER_BYTES


class Segment(Message):
    """A message with a header: the numbers that its sender (`number`) and its receiver (`to`) have for the connection,
    its place among the data (`seq`), which data its sender awaits next (`ack`), and its sender's room in bytes.
    """

    __slots__ = ("ack", "number", "seq", "to", "window")

    def __init__(
        self, channel: Channel, body: Body, id: int, cause: Cause, lineage: i64, call: Call | None, replies: bool
    ) -> None:
        super().__init__(channel, body, id, cause, lineage, call, replies)
        self.number = 0
        self.to = 0
        self.seq = NO_DATA
        self.ack = 0
        self.window = 0


class Parcel:
    """A message in a send buffer, or waiting for room there. `first_id` is the row of its first sending, −1: none."""

    __slots__ = ("body", "call", "cause_id", "first_id", "lineage", "op", "replies", "sent_ns", "seq", "size", "tries")

    def __init__(self, body: Body, cause: Cause, lineage: i64, call: Call | None, replies: bool) -> None:
        self.body = body
        self.size = body.size()
        self.cause_id = cause.id
        self.op = cause.op
        self.lineage = lineage
        self.call = call
        self.replies = replies
        self.seq = NO_DATA
        self.first_id = -1
        self.sent_ns = -1
        self.tries = 0

    def expired(self, now: int) -> bool:
        """Whether it asks for something that nobody waits for any longer."""
        call = self.call
        return call is not None and not self.replies and 0 <= call.deadline_ns <= now


class StreamCall(Call):
    """A call over a stream. It fails with its connection, and is certain to have had no effect while it waits for room.

    `over` is the connection, on the other side, over which the request came: the answer goes back over that one.
    """

    __slots__ = ("end", "over", "parcel")

    def __init__(self, end: End, node: Node, deadline_ns: int) -> None:
        super().__init__(node, deadline_ns)
        self.end = end
        self.parcel: Parcel | None = None
        self.over: Connection | None = None

    def fire(self) -> None:
        if not self.done and self.node.alive and self.end.withdraw(self):
            self.fail(TimedOut(False), None)
        else:
            super().fire()

    def fail(self, error: Failure, cause: Cause | None) -> None:
        self.end.hang_up(self)
        super().fail(error, cause)
