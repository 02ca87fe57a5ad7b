"""A connection as one of its sides sees it: a TCP that is simple but right (RFC 9293).

It delivers in order: what comes after a gap is acknowledged by repeating where the gap is, and waits for the gap to be
filled, so that one lost segment holds up all behind it. What is not acknowledged in time is sent again (RFC 6298), the
first missing segment also after three repeated acknowledgements (fast retransmit, RFC 5681, section 3.2), and the next
one as soon as an acknowledgement fills the gap in part (RFC 6582, section 3.2). No more is sent than the other side has
room for (section 3.8.6). Left out: congestion control, delayed and selective acknowledgements, keep-alive, and the
orderly close, which nobody needs whose processes end by faults.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from simulations.engine.countdown import Countdown
from simulations.engine.messages import Body
from simulations.engine.receive_buffer import ReceiveBuffer
from simulations.engine.round_trips import RoundTrips
from simulations.engine.segments import NO_DATA, Ack, Parcel, Segment, StreamCall, Syn, SynAck
from simulations.engine.streams import descend, nth
from simulations.engine.tasks import Cause

if TYPE_CHECKING:
    from simulations.engine.endpoints import End

SYN_SENT: Final = 0
SYN_RECEIVED: Final = 1
OPEN: Final = 2
REPEATS: Final = 3  # repeated acknowledgements that tell of a loss
TRIES_MAX: Final = 64  # of a handshake


class Connection:
    """One side of a connection. `number` is its own name for it, `remote` the other side's (0: not known yet)."""

    def __init__(self, end: End, number: int, remote: int, window: int) -> None:
        self.end = end
        self.kernel = end.network.kernel
        self.number = number
        self.remote = remote
        self.state = SYN_RECEIVED if remote else SYN_SENT
        self.trips = RoundTrips(end.rto_min_ns)
        self.tries = 0  # retransmissions in a row that nothing came of
        self.began_ns = self.kernel.now
        # What it sends
        self.unacked: deque[Parcel] = deque()
        self.unsent: deque[Parcel] = deque()
        self.buffered = 0  # bytes of both
        self.flight = 0  # bytes of the former
        self.next = 0  # the number of the next segment with data
        self.window = window  # the other side's room
        self.probing = False  # what was sent last exceeds that room
        self.repeats = 0
        self.recover = 0  # up to where a loss is being mended
        self.calls: dict[int, StreamCall] = {}  # requests without an answer yet
        self.inbox = ReceiveBuffer(end)
        self.owes_ack = False
        self.countdown = Countdown(self)

    # Opening

    def shake(self, cause: Segment | None) -> None:
        """Send one's part of the handshake, because of the other's or because the time has come."""
        body: Body = Syn() if self.state == SYN_SENT else SynAck()
        end = self.end
        lineage = nth(end.handshake_key, self.number * TRIES_MAX + self.tries)
        if cause is not None:
            lineage = descend(cause.lineage, end.channel.salt, 0)
        self._put(body, Cause(-1 if cause is None else cause.id, -1, lineage), NO_DATA)
        self._arm()

    def cross(self, syn: Segment) -> None:
        """The other side has asked at the same time: there is to be one connection (RFC 9293, section 3.5)."""
        self.remote = syn.number
        self.window = syn.window
        self.state = SYN_RECEIVED
        self.shake(syn)

    def agree(self, segment: Segment) -> None:
        """The other side agrees. The first data acknowledge that, else an acknowledgement of its own does."""
        if self.state == OPEN:
            self.end.settle(segment, "duplicate")
        else:
            self.end.settle(segment, "")
            self.remote = segment.number
            self._open(segment)
        self.owes_ack = True
        self.pump()
        self.end.admit()
        self._pay(segment)

    def _open(self, segment: Segment) -> None:
        self.trips.open(self.tries, self.kernel.now - self.began_ns)
        self.state = OPEN
        self.window = segment.window
        self.tries = 0
        self.countdown.stop()

    # Sending

    def push(self, parcel: Parcel) -> None:
        """Take a message into the send buffer, and send what may be sent."""
        self.buffered += parcel.size
        self.unsent.append(parcel)
        if isinstance(parcel.call, StreamCall) and not parcel.replies:
            self.calls[parcel.call.request] = parcel.call
        self.pump()
        self.end.show_buffered(self)

    def pump(self) -> None:
        """Send what the other side has room for."""
        if self.state != OPEN:
            return
        while self.unsent:
            parcel = self.unsent[0]
            if self.end.drop_expired and parcel.expired(self.kernel.now):
                self.unsent.popleft()
                self.buffered -= parcel.size
                self.end.discard(parcel, "expired")
            elif self._has_room(parcel.size):
                self._send_next()
            else:
                break
        if not self.unacked and not self.unsent:
            self.countdown.stop()
        elif self.countdown.due_ns < 0:
            self._arm()

    def _has_room(self, size: int) -> bool:
        """Whether the other side has room for so many bytes more; what is larger than its window goes alone."""
        if self.flight == 0 and self.window >= self.end.window_bytes:
            return True
        return self.flight + size <= self.window

    def _send_next(self) -> None:
        parcel = self.unsent.popleft()
        parcel.seq = self.next
        self.next += 1
        self.flight += parcel.size
        self.unacked.append(parcel)
        self._send(parcel)

    def _send(self, parcel: Parcel) -> None:
        """Send a message. Sent again, it is a row of its own, whose cause is the first."""
        end = self.end
        tries = parcel.tries
        parcel.tries = tries + 1
        if tries:
            lineage = descend(parcel.lineage, end.channel.salt, tries)
            self._carry(parcel, Cause(parcel.first_id, parcel.op, lineage))
        else:
            parcel.sent_ns = self.kernel.now
            parcel.first_id = self._carry(parcel, Cause(parcel.cause_id, parcel.op, parcel.lineage))

    def acknowledge(self, segment: Segment) -> None:
        """Take in what a segment says of one's own data."""
        news = segment.ack - self.next + len(self.unacked)
        if news < 0:
            return
        changed = segment.window != self.window
        self.window = segment.window
        if self.probing:
            self.tries = 0  # it is there, and may refuse for as long as it wants (section 3.8.6.1)
        if news > 0:
            self._forward(news)
        elif self.probing and self.unacked:
            if self.unacked[0].size <= self.window or self.window >= self.end.window_bytes:
                self.probing = False
                self._send(self.unacked[0])
        elif segment.seq == NO_DATA and self.unacked and not changed:
            self.repeats += 1
            if self.repeats == REPEATS and segment.ack >= self.recover:
                self.recover = self.next
                self._send(self.unacked[0])
        self.pump()
        self.end.admit()
        self.end.show_buffered(self)

    def _forward(self, news: int) -> None:
        """So many segments more have arrived."""
        first = self.unacked[0]
        clean = True
        for _ in range(news):
            parcel = self.unacked.popleft()
            self.flight -= parcel.size
            self.buffered -= parcel.size
            clean = clean and parcel.tries == 1
        if clean:
            self.trips.sample(self.kernel.now - first.sent_ns)
        self.tries = 0
        self.repeats = 0
        self.probing = False
        self.countdown.stop()
        if self.unacked:
            if self.unacked[0].seq < self.recover:
                self._send(self.unacked[0])
            self._arm()

    # Receiving

    def receive(self, segment: Segment) -> None:
        """A segment of this connection has come."""
        if self.state != OPEN:
            self._open(segment)
        if segment.seq != NO_DATA:
            self.owes_ack = True
            handed = self.inbox.take(segment)
            self.acknowledge(segment)
            for one in handed:
                self._hand_over(one)
            self._pay(segment)
        else:
            self.end.settle(segment, "")
            self.acknowledge(segment)

    def _hand_over(self, segment: Segment) -> None:
        """Give a message to the process; a process that is held still finds it later."""
        call = segment.call
        if isinstance(call, StreamCall):
            if segment.replies:
                self.calls.pop(call.request, None)
            else:
                call.over = self
        if not self.end.read(segment):
            self.inbox.unread += segment.body.size()

    def _pay(self, segment: Segment) -> None:
        """Acknowledge, unless data that went meanwhile have done so."""
        if self.owes_ack:
            self.report(Cause(segment.id, -1, descend(segment.lineage, self.end.channel.salt, 0)))

    def report(self, cause: Cause) -> None:
        """Tell the other side up to where all has arrived, and how much room there is."""
        self._put(Ack(), cause, NO_DATA)

    # Giving up

    def close(self) -> None:
        """It is over: nothing of it is to happen any more."""
        self.countdown.stop()

    def expire(self) -> None:
        """Nothing was acknowledged in time: try again, or give up."""
        if self.tries >= self.end.retransmissions_max:
            self.end.lose("connection timed out", None)
            return
        self.tries += 1
        self.trips.back_off()
        if self.state != OPEN:
            self.shake(None)
            return
        if self.unacked:
            self.recover = self.next
            self.repeats = 0
            self._send(self.unacked[0])
        else:
            self.probing = True
            self._send_next()
        self._arm()

    def _arm(self) -> None:
        """Set the timer anew. The machine's clock counts."""
        self.countdown.set(self.end.host.real_ns(self.trips.rto_ns))

    def _carry(self, parcel: Parcel, cause: Cause) -> int:
        segment = self.end.make(parcel.body, cause, parcel.call, parcel.replies)
        return self._launch(segment, parcel.seq)

    def _put(self, body: Body, cause: Cause, seq: int) -> int:
        return self._launch(self.end.make(body, cause, None, False), seq)

    def _launch(self, segment: Segment, seq: int) -> int:
        segment.number = self.number
        segment.to = self.remote
        segment.seq = seq
        segment.ack = self.inbox.expected
        segment.window = self.inbox.window()
        self.owes_ack = False
        self.end.launch(segment)
        return segment.id
