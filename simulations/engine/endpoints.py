"""The ends of a stream: what a host keeps for a neighbour, whichever connections come and go.

Two hosts that a link joins have one connection, for both directions, opened by the first message and opened anew by the
next one after it has broken. It belongs to a pair of incarnations: what names another is dropped as "stale incarnation"
and answered with a reset (RFC 9293, section 3.10.7). A side that has crashed says nothing; the other one keeps its half
open until it sends and is told, or hears nothing for too long (section 3.5.1). A connection that a new incarnation
opens takes the old one's place, as there is one between two hosts.

The send buffer is bounded. When it is full a remark is dropped ("buffer full"), a call or an answer waits for room.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import i64

from simulations.engine.channel import Channel, Message
from simulations.engine.connections import SYN_RECEIVED, SYN_SENT, Connection
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body
from simulations.engine.segments import Disconnected, Parcel, Reset, Segment, StreamCall, Syn, SynAck
from simulations.engine.streams import descend, nth, stream_key
from simulations.engine.tasks import Call, Cause, Future, Refused
from simulations.engine.wire import Wire

if TYPE_CHECKING:
    from simulations.engine.node import Node

SEND_BUFFER_BYTES: Final = 65_536
WINDOW_BYTES: Final = 65_536
RTO_MIN_MS: Final = 200
GAUGE_STEPS: Final = 16  # a send buffer is shown by sixteenths, so that it is shown rarely
RETRANSMISSIONS_MAX: Final = 8  # at 200 ms and doubled each time, 102 s: RFC 9293, section 3.8.3, asks for 100


class End(Wire):
    """A host's end of a stream, towards `other`. The parameters are those of the way there."""

    def __init__(self, channel: Channel, params: dict[str, Any]) -> None:
        super().__init__(channel)
        self.other = self
        self.buffer_bytes = int(params.get("send_buffer_bytes", SEND_BUFFER_BYTES))
        self.window_bytes = int(params.get("window_bytes", WINDOW_BYTES))  # the other end's, for what goes this way
        self.rto_min_ns = to_ns(params.get("rto_min_ms", RTO_MIN_MS))
        self.retransmissions_max = int(params.get("retransmissions_max", RETRANSMISSIONS_MAX))
        self.drop_expired = bool(params.get("drop_expired", False))
        self.handshake_key = stream_key(self.network.seed, channel.direction, "handshake")
        self.reset_key = stream_key(self.network.seed, channel.direction, "reset")
        self.window_key = stream_key(self.network.seed, channel.direction, "window")
        self.connection: Connection | None = None
        self.opened = 0  # connections so far; as initial sequence numbers do, they outlive a crash (section 3.4.1)
        self.latest = 0  # the last connection that the other side has asked for
        self.waiting: deque[Parcel | Future] = deque()  # for room

    # What the process does

    def call(self, node: Node, deadline_ns: int) -> Call:
        """A call that is to go over this stream. What names it in a cancellation is no row's number: it may have many
        rows, or none.
        """
        call = StreamCall(self, node, deadline_ns)
        self.network.stream_calls += 1
        call.request = -1 - self.network.stream_calls
        return call

    def offer(self, body: Body, cause: Cause, effect: i64, call: Call | None, replies: bool) -> None:
        """Send a body, or let it wait for room."""
        parcel = Parcel(body, cause, descend(cause.lineage, self.channel.salt, effect), call, replies)
        if isinstance(call, StreamCall):
            if not replies:
                call.parcel = parcel
            elif call.over is not None and call.over is not self.connection:
                self.discard(parcel, "connection reset")
                return
        if not self.waiting and self._fits(parcel.size):
            self._push(parcel)
        elif call is None and not replies:
            self.discard(parcel, "buffer full")
        else:
            self.waiting.append(parcel)
            self.gauge("blocked", len(self.waiting))

    def withhold(self, body: Body, cause: Cause, effect: i64, call: Call | None, replies: bool) -> None:
        """A row for a body that its sender keeps to itself."""
        parcel = Parcel(body, cause, descend(cause.lineage, self.channel.salt, effect), call, replies)
        self.discard(parcel, "withheld")

    def ready(self) -> Future:
        """A future that is done when there is room."""
        future = Future()
        if not self.waiting and self._fits(1):
            future.done = True
        else:
            self.waiting.append(future)
            self.gauge("blocked", len(self.waiting))
        return future

    def withdraw(self, call: StreamCall) -> bool:
        """A caller gives up. True if its request was still waiting for room: it is never sent."""
        parcel = call.parcel
        if parcel is None or parcel not in self.waiting:
            return False
        self.waiting.remove(parcel)
        self.discard(parcel, "buffer full")
        self.gauge("blocked", len(self.waiting))
        return True

    def hang_up(self, call: StreamCall) -> None:
        """A caller gives up on an answer: it is not to be told when the connection breaks."""
        if self.connection is not None:
            self.connection.calls.pop(call.request, None)

    # What comes from the other end

    def arrive(self, message: Message) -> None:
        """A segment has come to this end's machine, where a process runs."""
        if not isinstance(message, Segment):  # forged by somebody who does not see the connection
            message.channel.drop(message, "no connection")
            return
        connection = self.connection
        if isinstance(message.body, Syn):
            self._asked(message)
        elif isinstance(message.body, Reset):
            if connection is None or message.to != connection.number:
                self.settle(message, "stale incarnation")
                return
            self.settle(message, "")
            self.lose("refused" if connection.state == SYN_SENT else "connection reset", message)
        elif connection is None or message.to != connection.number or not self._knows(connection, message):
            self.settle(message, "stale incarnation")
            self.refuse(message)
        elif isinstance(message.body, SynAck):
            connection.agree(message)
        else:
            connection.receive(message)

    def refuse(self, message: Message) -> None:
        """Answer what belongs to no connection with a reset; never a reset itself (section 3.10.7.1)."""
        if isinstance(message, Segment) and not isinstance(message.body, Reset):
            lineage = descend(message.lineage, self.channel.salt, 0)
            self.reset(message.number, Cause(message.id, message.op, lineage))

    def _knows(self, connection: Connection, segment: Segment) -> bool:
        """Whether a segment comes from the other side of the connection, or may name it for the first time."""
        if connection.remote:
            return segment.number == connection.remote
        return isinstance(segment.body, SynAck)

    def _asked(self, syn: Segment) -> None:
        """The other side wants to connect."""
        connection = self.connection
        if connection is not None and connection.remote == syn.number:
            if connection.state == SYN_RECEIVED:
                self.settle(syn, "")
                connection.tries = max(1, connection.tries)  # nobody knows which answer is answered: no round trip
                connection.shake(syn)
            else:
                self.settle(syn, "duplicate")
                connection.report(Cause(syn.id, -1, descend(syn.lineage, self.channel.salt, 0)))
            return
        if syn.number <= self.latest:
            self.settle(syn, "stale incarnation")
            self.refuse(syn)
            return
        self.latest = syn.number
        self.settle(syn, "")
        if connection is not None and connection.state != SYN_SENT:
            self.lose("connection reset", syn)
        if self.connection is not None:  # the callers that have just been told may have opened one already
            self.connection.cross(syn)
        else:
            self._open(syn.number, syn.window).shake(syn)

    # What the machine does

    def lose(self, reason: str, cause: Segment | None) -> None:
        """The connection is over. What has not left is dropped, and who waits for an answer is told."""
        connection = self.connection
        if connection is None:
            return
        connection.close()
        self.connection = None
        waiting = self.waiting
        self.waiting = deque()
        parcels = [*connection.unsent, *(one for one in waiting if isinstance(one, Parcel))]
        calls: dict[int, StreamCall] = dict(connection.calls)
        for parcel in parcels:
            self.discard(parcel, "never sent")
            if isinstance(parcel.call, StreamCall) and not parcel.replies:
                calls[parcel.call.request] = parcel.call
        text = f"{self.channel.dst.id}: {reason}"
        self.network.trace.note(self.network.kernel.now, self.host.index, text, -1 if cause is None else cause.id)
        for gauge in ("held", "blocked", "buffered"):
            self.gauge(gauge, 0)
        for call in calls.values():
            uncertain = call.parcel is not None and call.parcel.first_id >= 0
            call.fail(Refused(reason, False) if reason == "refused" else Disconnected(reason, uncertain), cause)
        for one in waiting:
            if isinstance(one, Future):
                one.resolve(None, None)

    def forget(self) -> None:
        """The process is gone, and its connection with it; the other side is not told."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.latest = 0
        self.waiting.clear()
        self.gauges = {}

    def abort(self) -> None:
        """The process ends on a machine that lives: the other side is told."""
        connection = self.connection
        if connection is not None and connection.remote:
            self.reset(connection.remote, Cause(-1, -1, nth(self.reset_key, connection.number)))

    def resume(self) -> None:
        """The process is let go, and takes what has come: there is room again."""
        connection = self.connection
        if connection is not None and connection.inbox.unread:
            connection.inbox.unread = 0
            connection.report(Cause(-1, -1, nth(self.window_key, connection.inbox.expected)))

    def show_buffered(self, connection: Connection) -> None:
        """Show how full the send buffer is, by sixteenths."""
        limit = max(1, self.buffer_bytes)
        self.gauge("buffered", connection.buffered * GAUGE_STEPS // limit * limit // GAUGE_STEPS)

    def read(self, segment: Segment) -> bool:
        """Give a message to the process. False if it is held still, and the message waits."""
        process = self.host.process
        if process is None:
            return True
        if process.alive:
            process.receive(segment)
            return True
        process.put_off(segment)
        backlog = process.backlog
        return backlog is None or not backlog.missed or backlog.missed[-1] is not segment

    def admit(self) -> None:
        """Let in who waits for room, in turn."""
        if not self.waiting:
            return
        while self.waiting:
            first = self.waiting[0]
            if not self._fits(first.size if isinstance(first, Parcel) else 1):
                break
            self.waiting.popleft()
            if isinstance(first, Parcel):
                if first.call is not None and first.call.done:  # cancelled meanwhile
                    self.discard(first, "expired")
                else:
                    self._push(first)
            else:
                first.resolve(None, None)
        self.gauge("blocked", len(self.waiting))

    def _fits(self, size: int) -> bool:
        """Whether so many bytes have room; what is larger than the buffer goes into an empty one."""
        buffered = 0 if self.connection is None else self.connection.buffered
        return buffered == 0 or buffered + size <= self.buffer_bytes

    def _push(self, parcel: Parcel) -> None:
        connection = self.connection
        if connection is None:
            connection = self._open(0, 0)
            connection.shake(None)
        connection.push(parcel)

    def _open(self, remote: int, window: int) -> Connection:
        self.opened += 1
        connection = self.connection = Connection(self, self.opened, remote, window)
        return connection


def lay_stream(forth: Channel, back: Channel, params: dict[str, Any], params_back: dict[str, Any]) -> None:
    """Put a stream on the two channels between two hosts, if their link asks for one."""
    if params.get("transport") != "stream" or forth.stream is not None:
        return
    end, other = End(forth, params), End(back, params_back)
    end.other, other.other = other, end
    for one in (end, other):
        one.channel.stream = one
        one.host.ends.append(one)
