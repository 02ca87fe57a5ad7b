"""The network: messages, the channels they travel, and what keeps them from arriving.

A channel is one direction of a link. A message is one row of the trace when it is sent and one when it is settled:
delivered, or dropped and why. Silence is all that a sender learns of a drop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulations.engine.distributions import Distribution
from simulations.engine.kernel import Kernel
from simulations.engine.messages import Body
from simulations.engine.streams import GAMMA, descend, stream_key, uniform
from simulations.engine.tasks import Cause, Task
from simulations.engine.trace import DELIVERED, Trace

if TYPE_CHECKING:
    from simulations.engine.host import Host


class Message(Cause):
    """A body under way. `reply_to` is the id of the request it answers, −1 for none."""

    def __init__(
        self, channel: Channel, body: Body, id: int, cause: Cause, lineage: int, reply_to: int, sent_ns: int
    ) -> None:
        super().__init__(id, cause.op, lineage)
        self.cause_id = cause.id
        self.channel = channel
        self.body = body
        self.reply_to = reply_to
        self.sent_ns = sent_ns
        self.lost = False

    def fire(self) -> None:
        """Arrive, or be dropped."""
        self.channel.arrive(self)


class Channel:
    """One direction of a link: latency, loss, and what blocks it at the moment."""

    def __init__(self, network: Network, link: str, src: Host, dst: Host, latency: Distribution, loss: float) -> None:
        self.network = network
        self.link = link
        self.src = src
        self.dst = dst
        self.latency = latency
        self.own_loss = loss
        self.faulty_loss: list[float] = []
        self.loss = loss
        direction = f"{link}:{src.id}>{dst.id}"
        self.latency_key = stream_key(network.seed, direction, "latency")
        self.loss_key = stream_key(network.seed, direction, "loss")
        self.salt = stream_key(network.seed, direction, "lineage")
        self.blocks: list[str] = []
        self.blocked_from_ns = -1
        self.block_reason = ""
        self.past_blocks: list[tuple[int, int, str]] = []  # from, to, reason

    def block(self, reason: str) -> None:
        """Let nothing arrive or cross from now on."""
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
            return "lost"
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
        reason = self.obstacle(message)
        if reason:
            network.trace.settled.extend((message.id, network.kernel.now, network.trace.code(reason)))
            network.dropped[reason] = network.dropped.get(reason, 0) + 1
            if reason == "refused":
                self.dst.refuse(message)
            return
        network.trace.settled.extend((message.id, network.kernel.now, DELIVERED))
        network.delivered += 1
        process = self.dst.process
        if process is None:
            return
        if process.alive:
            process.receive(message)
        else:
            process.put_off(message)


class Network:
    """Numbers messages and puts them on their way."""

    def __init__(self, kernel: Kernel, trace: Trace, seed: int) -> None:
        self.kernel = kernel
        self.trace = trace
        self.seed = seed
        self.hosts: dict[str, Host] = {}
        self.channels: dict[str, list[Channel]] = {}
        self.sent = 0
        self.delivered = 0
        self.dropped: dict[str, int] = {}
        self.operations = 0
        self.processes = 0
        self.workload_ends_ns = 0
        self.cancels = False  # some node cancels the calls that it gives up
        self.deadlines = False  # some node drops what has expired
        self.buried: list[set[Task]] = []  # what crashed processes were doing

    def connect(self, link: str, a: Host, b: Host, latency: Distribution, loss: float) -> None:
        """Lay a link: a channel each way."""
        forth = Channel(self, link, a, b, latency, loss)
        back = Channel(self, link, b, a, latency, loss)
        a.channels[b.id] = forth
        b.channels[a.id] = back
        self.channels.setdefault(link, []).extend((forth, back))

    def transmit(self, channel: Channel, body: Body, cause: Cause, effect: int, reply_to: int) -> Message:
        """Send a body; `effect` tells it from what else the same cause sends over the same channel."""
        id = self.sent
        self.sent = id + 1
        now = self.kernel.now
        lineage = descend(cause.lineage, channel.salt + effect * GAMMA)
        message = Message(channel, body, id, cause, lineage, reply_to, now)
        trace = self.trace
        trace.sent.extend(
            (id, now, channel.src.index, channel.dst.index, trace.kind(type(body)), cause.id, cause.op, body.size())
        )
        if channel.loss > 0.0 and uniform(channel.loss_key, lineage) < channel.loss:
            message.lost = True
        self.kernel.after(channel.latency.draw_ns(channel.latency_key, lineage), message)
        return message
