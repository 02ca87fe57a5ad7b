"""Messages and the channels they travel: what keeps them from arriving.

A channel is one direction of a link. A message is one row of the trace when it is sent and one when it is settled:
delivered, or dropped and why. Silence is all that a sender learns of a drop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy_extensions import i64

from simulations.engine.distributions import Distribution
from simulations.engine.links import QUEUE_BYTES, Carrier, Conditions
from simulations.engine.messages import Body
from simulations.engine.streams import stream_key
from simulations.engine.tasks import Call, Cause
from simulations.engine.trace import DELIVERED

if TYPE_CHECKING:
    from simulations.engine.endpoints import End
    from simulations.engine.host import Host
    from simulations.engine.network import Network
    from simulations.engine.taps import Guard, Outlet


class Message(Cause):
    """A body under way. `call` is the call that awaits its reply or, for a reply, the one that it answers."""

    __slots__ = ("body", "call", "cause_id", "channel", "lost", "outcome", "replies", "sent_ns", "settled_ns")

    def __init__(
        self, channel: Channel, body: Body, id: int, cause: Cause, lineage: i64, call: Call | None, replies: bool
    ) -> None:
        self.id = id
        self.op = cause.op
        self.lineage = lineage
        self.effects = 0
        self.drawn = ""
        self.drawn_again = None
        self.cause_id = cause.id
        self.channel = channel
        self.body = body
        self.call = call
        self.replies = replies
        self.sent_ns = channel.network.kernel.now
        self.lost = False
        self.settled_ns = -1
        self.outcome = DELIVERED

    @property
    def deadline_ns(self) -> int:
        """When whoever asked gives up; −1: never, or not said."""
        return -1 if self.call is None else self.call.deadline_ns

    @property
    def ticket(self) -> int:
        """What a cancellation names it by. Over a stream it may have many rows."""
        call = self.call
        return self.id if call is None or self.channel.stream is None else call.request

    def fire(self) -> None:
        """Arrive, or be dropped."""
        self.channel.arrive(self)

    def whole(self) -> Message:
        """The message that the trace knows: this one, the one of which this is the way over one link, or the row that a
        forged one left.
        """
        return self

    def twin(self) -> Message:
        """A copy that leaves when this one does."""
        return self.channel.network.duplicate(self)


class Channel:
    """One direction of a link: latency, loss, what blocks it at the moment, and conditions beyond (None: none)."""

    def __init__(self, network: Network, link: str, src: Host, dst: Host, latency: Distribution, loss: float) -> None:
        self.network = network
        self.link = link
        self.src = src
        self.dst = dst
        self.src_index = src.index
        self.dst_index = dst.index
        self.latency = latency
        self.own_loss = loss
        self.faulty_loss: list[float] = []
        self.loss = loss
        self.direction = direction = f"{link}:{src.id}>{dst.id}"
        self.conditions: Conditions | None = None
        self.carrier: Carrier | None = None  # who puts messages on their way; None: the plain path
        self.outlet: Outlet | None = None  # what its sender says passes here first
        self.guard: Guard | None = None  # who looks at what arrives
        self.stream: End | None = None  # the sender's end of a stream; None: each message is a datagram
        self.queue_bytes = QUEUE_BYTES
        self.latency_key = stream_key(network.seed, direction, "latency")
        self.loss_key = stream_key(network.seed, direction, "loss")
        self.salt = stream_key(network.seed, direction, "lineage")
        self.clear = True  # never blocked or guarded so far
        self.blocks: list[str] = []
        self.blocked_from_ns = -1
        self.block_reason = ""
        self.past_blocks: list[tuple[int, int, str]] = []  # from, to, reason

    def replace(self, latency: Distribution, loss: float) -> None:
        """Take other parameters than the link's other direction."""
        self.latency = latency
        self.own_loss = loss
        self.loss = loss

    def condition(self, conditions: Conditions | None) -> None:
        """Carry messages under these conditions from now on."""
        self.conditions = conditions
        self.carrier = conditions

    def block(self, reason: str) -> None:
        """Let nothing arrive or cross from now on."""
        self.clear = False
        if not self.blocks:
            self.blocked_from_ns = self.network.kernel.now
            self.block_reason = reason
        self.blocks.append(reason)
        self._tell_routing()

    def unblock(self, reason: str) -> None:
        """Take one block of that reason away."""
        self.blocks.remove(reason)
        if not self.blocks:
            self.past_blocks.append((self.blocked_from_ns, self.network.kernel.now, self.block_reason))
        self._tell_routing()

    def _tell_routing(self) -> None:
        routing = self.network.routing
        if routing is not None and self.link:
            routing.changed(None)

    def settle_loss(self) -> None:
        """Work out the probability of loss: a message must survive the link's own loss and every fault's."""
        survives = 1.0 - self.own_loss
        for probability in self.faulty_loss:
            survives *= 1.0 - probability
        self.loss = 1.0 - survives

    def obstacle(self, message: Message) -> str:
        """Why the message cannot arrive now, or "". One that was half-way while the channel was blocked has been
        dropped there.
        """
        if message.lost:
            return self.network.doomed.pop(message.id, "lost")
        reason = self.barrier(message.sent_ns)
        if reason:
            return reason
        if not self.dst.up:
            return "node down"
        if self.dst.stopped:
            return "refused"
        return "" if self.guard is None else self.guard.objection(message)

    def barrier(self, sent_ns: int) -> str:
        """What blocks the channel now or did so when a message that left at `sent_ns` was half-way, or ""."""
        if self.blocks:
            return self.blocks[0]
        if self.past_blocks:
            crossed_ns = (sent_ns + self.network.kernel.now) // 2
            for from_ns, to_ns, reason in self.past_blocks:
                if from_ns <= crossed_ns < to_ns:
                    return reason
        return ""

    def arrive(self, message: Message) -> None:
        """Settle the message; hand it to the host behind the channel if nothing is in its way."""
        network = self.network
        process = self.dst.process
        if process is None or not process.alive or message.lost or not self.clear:
            reason = self.obstacle(message)
            if reason:
                self.drop(message, reason)
                return
        if self.stream is not None:
            self.stream.other.arrive(message)
            return
        message.settled_ns = network.kernel.now
        network.trace.settled.append(message)
        network.delivered += 1
        if process is None:
            return
        if process.alive:
            process.receive(message)
        else:
            process.put_off(message)

    def drop(self, message: Message, reason: str) -> None:
        """Settle a message that does not arrive. Only a live machine without the process says so."""
        network = self.network
        message.settled_ns = network.kernel.now
        message.outcome = network.trace.code(reason)
        network.trace.settled.append(message)
        network.dropped[reason] = network.dropped.get(reason, 0) + 1
        if reason == "refused":
            if self.stream is not None:
                self.stream.other.refuse(message)
            else:
                self.dst.refuse(message)
