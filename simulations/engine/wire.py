"""What a stream writes into the trace: its segments, how they are settled, and how full it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy_extensions import i64

from simulations.engine.channel import Channel, Message
from simulations.engine.messages import Body
from simulations.engine.segments import Parcel, Reset, Segment
from simulations.engine.tasks import Call, Cause

if TYPE_CHECKING:
    from simulations.engine.host import Host


class Wire:
    """The way to the other end, as rows of the trace.

    A node shows, over all its streams: the segments `held` behind a gap, how many are `blocked` by a full send buffer,
    and the bytes that are `buffered` to be sent or acknowledged.
    """

    def __init__(self, channel: Channel) -> None:
        self.network = channel.network
        self.host: Host = channel.src
        self.channel = channel
        self.gauges: dict[str, int] = {}

    def make(self, body: Body, cause: Cause, call: Call | None, replies: bool) -> Segment:
        """A segment to be sent now; the cause's lineage is its own."""
        id = self.network.sent
        self.network.sent = id + 1
        return Segment(self.channel, body, id, cause, cause.lineage, call, replies)

    def twin(self, original: Message, id: int, lineage: i64) -> Message:
        """A copy of a segment that the link makes."""
        copy = Segment(self.channel, original.body, id, original, lineage, original.call, original.replies)
        if isinstance(original, Segment):
            copy.number, copy.to, copy.seq = original.number, original.to, original.seq
            copy.ack, copy.window = original.ack, original.window
        return copy

    def launch(self, segment: Segment) -> None:
        """Send a segment."""
        self.network.trace.sent.append(segment)
        self.network.launch(segment)

    def reset(self, to: int, cause: Cause) -> None:
        """Tell the other side that a connection of its is none."""
        segment = self.make(Reset(), cause, None, False)
        segment.to = to
        self.launch(segment)

    def settle(self, segment: Segment, reason: str) -> None:
        """Settle a segment: it was dropped for a reason, or delivered ("")."""
        network = self.network
        segment.settled_ns = network.kernel.now
        network.trace.settled.append(segment)
        if reason:
            segment.outcome = network.trace.code(reason)
            network.dropped[reason] = network.dropped.get(reason, 0) + 1
        else:
            network.delivered += 1

    def discard(self, parcel: Parcel, reason: str) -> None:
        """Drop a message that has never left: it has a row, and is settled at once."""
        cause = Cause(parcel.cause_id, parcel.op, parcel.lineage)
        segment = self.make(parcel.body, cause, parcel.call, parcel.replies)
        self.network.trace.sent.append(segment)
        self.settle(segment, reason)

    def gauge(self, field: str, value: int) -> None:
        """Show a figure of this end, added to those of the host's other ends."""
        gauges = self.gauges
        if gauges.get(field, 0) != value:
            gauges[field] = value
            total = 0
            for end in self.host.ends:
                total += end.gauges.get(field, 0)
            self.network.trace.show(self.network.kernel.now, self.host.index, field, total)
