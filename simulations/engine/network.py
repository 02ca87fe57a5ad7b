"""The network: messages, the channels they travel, and what keeps them from arriving.

A channel is one direction of a link. A message is one row of the trace when it is sent and one when it is settled:
delivered, or dropped and why. Silence is all that a sender learns of a drop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from simulations.engine.distributions import Distribution
from simulations.engine.kernel import Kernel
from simulations.engine.links import QUEUE_BYTES, Carrier, Conditions
from simulations.engine.messages import Body
from simulations.engine.streams import descend, stream_key, uniform
from simulations.engine.tasks import Call, Cause, Task
from simulations.engine.timers import Deadlines
from simulations.engine.trace import DELIVERED, Trace

if TYPE_CHECKING:
    from simulations.engine.host import Host
    from simulations.engine.machine import Machine

TIMEOUTS_SHARED_MAX: Final = 256


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

    def fire(self) -> None:
        """Arrive, or be dropped."""
        self.channel.arrive(self)


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
        self.queue_bytes = QUEUE_BYTES
        self.latency_key = stream_key(network.seed, direction, "latency")
        self.loss_key = stream_key(network.seed, direction, "loss")
        self.salt = stream_key(network.seed, direction, "lineage")
        self.clear = True  # never blocked so far
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

    def unblock(self, reason: str) -> None:
        """Take one block of that reason away."""
        self.blocks.remove(reason)
        if not self.blocks:
            self.past_blocks.append((self.blocked_from_ns, self.network.kernel.now, self.block_reason))

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
        if self.blocks:
            return self.blocks[0]
        if self.past_blocks:
            crossed_ns = (message.sent_ns + self.network.kernel.now) // 2
            for from_ns, to_ns, reason in self.past_blocks:
                if from_ns <= crossed_ns < to_ns:
                    return reason
        if not self.dst.up:
            return "node down"
        if self.dst.stopped:
            return "refused"
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
            self.dst.refuse(message)


class Network:
    """Numbers messages and puts them on their way."""

    def __init__(self, kernel: Kernel, trace: Trace, seed: int) -> None:
        self.kernel = kernel
        self.trace = trace
        self.seed = seed
        self.hosts: dict[str, Host] = {}
        self.machines: dict[str, Machine] = {}  # those that the document names
        self.channels: dict[str, list[Channel]] = {}
        self.sent = 0
        self.delivered = 0
        self.dropped: dict[str, int] = {}
        self.doomed: dict[int, str] = {}  # under way in name only → why
        self.operations = 0
        self.processes = 0
        self.workload_ends_ns = 0
        self.deadlines: dict[int, Deadlines] = {}  # by timeout
        self.cancels = False  # some node cancels the calls that it gives up
        self.idle_tasks: list[Task] = []
        self.buried: list[set[Task]] = []  # what crashed processes were doing

    def connect(self, link: str, a: Host, b: Host, latency: Distribution, loss: float) -> None:
        """Lay a link: a channel each way."""
        forth = Channel(self, link, a, b, latency, loss)
        back = Channel(self, link, b, a, latency, loss)
        a.channels[b.id] = forth
        b.channels[a.id] = back
        self.channels.setdefault(link, []).extend((forth, back))

    def await_reply(self, call: Call, timeout_ns: int) -> None:
        """Let the call fail when it has no reply by its deadline."""
        deadlines = self.deadlines.get(timeout_ns)
        if deadlines is None:
            if len(self.deadlines) >= TIMEOUTS_SHARED_MAX:  # they are worked out request by request: nothing to share
                self.kernel.after(timeout_ns, call)
                return
            deadlines = self.deadlines[timeout_ns] = Deadlines(self.kernel)
        deadlines.add(call)

    def transmit(
        self, channel: Channel, body: Body, cause: Cause, effect: int, call: Call | None, replies: bool
    ) -> None:
        """Send a body; `effect` tells it from what else the same cause sends over the same channel."""
        id = self.sent
        self.sent = id + 1
        lineage = descend(cause.lineage, channel.salt, effect)
        message = Message(channel, body, id, cause, lineage, call, replies)
        self.trace.sent.append(message)
        self.launch(message)

    def launch(self, message: Message) -> None:
        """Put a message on its way."""
        channel = message.channel
        if channel.carrier is not None:
            channel.carrier.dispatch(message)
            return
        lineage = message.lineage
        if channel.loss > 0.0 and uniform(channel.loss_key, lineage) < channel.loss:
            message.lost = True
        self.kernel.after(channel.latency.draw_ns(channel.latency_key, lineage), message)

    def doom(self, message: Message, reason: str) -> None:
        """Drop a message before it leaves. It is settled when it would have arrived."""
        channel = message.channel
        message.lost = True
        self.doomed[message.id] = reason
        self.kernel.after(channel.latency.draw_ns(channel.latency_key, message.lineage), message)

    def duplicate(self, original: Message) -> Message:
        """A copy of a message, with a row of its own that names the original as its cause. An answer to it counts as
        one to the original.
        """
        id = self.sent
        self.sent = id + 1
        channel = original.channel
        lineage = descend(original.lineage, channel.salt, 0)
        copy = Message(channel, original.body, id, original, lineage, original.call, original.replies)
        self.trace.sent.append(copy)
        return copy
