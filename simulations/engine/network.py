"""The network: who is joined to whom, and how messages are put on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulations.engine.channel import Channel, Message
from simulations.engine.distributions import Distribution
from simulations.engine.kernel import Kernel
from simulations.engine.messages import Body
from simulations.engine.streams import descend, uniform
from simulations.engine.tasks import Call, Cause, Task
from simulations.engine.timers import Deadlines
from simulations.engine.trace import Trace

if TYPE_CHECKING:
    from simulations.engine.host import Host
    from simulations.engine.machine import Machine
    from simulations.engine.mesh import Mesh
    from simulations.engine.routing import Routing

TIMEOUTS_SHARED_MAX: Final = 256


class Network:
    """Numbers messages and puts them on their way."""

    def __init__(self, kernel: Kernel, trace: Trace, seed: int) -> None:
        self.kernel = kernel
        self.trace = trace
        self.seed = seed
        self.hosts: dict[str, Host] = {}
        self.machines: dict[str, Machine] = {}  # those that the document names
        self.channels: dict[str, list[Channel]] = {}
        self.meshes: dict[str, Mesh] = {}  # by cluster
        self.sent = 0
        self.delivered = 0
        self.dropped: dict[str, int] = {}
        self.doomed: dict[int, str] = {}  # under way in name only → why
        self.operations = 0
        self.stream_calls = 0
        self.processes = 0
        self.workload_ends_ns = 0
        self.deadlines: dict[int, Deadlines] = {}  # by timeout
        self.cancels = False  # some node cancels the calls that it gives up
        self.idle_tasks: list[Task] = []
        self.buried: list[set[Task]] = []  # what crashed processes were doing
        self.routing: Routing | None = None  # None: nothing forwards

    def connect(self, link: str, a: Host, b: Host, latency: Distribution, loss: float) -> None:
        """Lay a link: a channel each way."""
        forth = Channel(self, link, a, b, latency, loss)
        back = Channel(self, link, b, a, latency, loss)
        a.channels[b.id] = forth
        b.channels[a.id] = back
        self.channels.setdefault(link, []).extend((forth, back))

    def along(self, target: str, direction: str) -> list[Channel]:
        """A link's channels in a direction; all links between the members of a cluster, where the target is
        `cluster:<id>`, or all of a node, where it is one.
        """
        cluster, _, rest = target.partition(":")
        if cluster in self.meshes:
            self.meshes[cluster].lay_named(rest)
        if target in self.channels:
            channels = self.channels[target]
        elif target in self.hosts:
            self.hosts[target].lay_channels()
            out = list(self.hosts[target].channels.values())
            channels = [one for channel in out for one in (channel, channel.dst.channels[target])]
        else:
            mesh = self.meshes[rest]
            mesh.lay_all()
            members = list(mesh.members.values())
            pairs = [(a, b) for place, a in enumerate(members) for b in members[place + 1 :] if b.id in a.channels]
            channels = [one for a, b in pairs for one in (a.channels[b.id], b.channels[a.id])]
        if direction == "both":
            return channels
        return channels[0::2] if direction == "a-to-b" else channels[1::2]

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
        if channel.outlet is not None:
            channel.outlet.transmit(body, cause, effect, call, replies)
            return
        if channel.stream is not None:
            channel.stream.offer(body, cause, effect, call, replies)
            return
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
        if channel.stream is None:
            copy = Message(channel, original.body, id, original, lineage, original.call, original.replies)
        else:
            copy = channel.stream.twin(original, id, lineage)
        self.trace.sent.append(copy)
        return copy
