"""Routing: messages go from host to host through switches and routers, by the lowest latency over links that are up.

A channel between two hosts that forwarders join has a course: each message is carried leg by leg over the channels of
the drawn links, which do to a leg what they do to any message. A forwarder goes by a map of the fabric: the links and
forwarders that were up when it was surveyed. Every change is surveyed once, and a forwarder follows the new map when it
has converged; until then it sends messages where they are lost, or round in circles until their hops are spent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import i64

from simulations.engine.channel import Channel, Message
from simulations.engine.disk import stretched
from simulations.engine.distributions import distribution
from simulations.engine.kernel import Event
from simulations.engine.links import Carrier
from simulations.engine.network import Network
from simulations.engine.routes import Forwarder, Map
from simulations.engine.streams import descend

if TYPE_CHECKING:
    from simulations.engine.host import Host
    from simulations.engine.node import Node

HOPS_MAX: Final = 64  # IPv4's default time to live: RFC 1122, section 3.2.1.7, and RFC 1700


class Leg(Message):
    """A message on one link of its way; `inside` is the forwarder's process that has it, once it is there."""

    def __init__(self, hop: Channel, carried: Message, lineage: i64, hops: int) -> None:
        super().__init__(hop, carried.body, carried.id, carried, lineage, carried.call, carried.replies)
        self.carried = carried
        self.hops = hops
        self.inside: Node | None = None

    def fire(self) -> None:
        """Come to the link's end, or leave the forwarder."""
        routing = self.channel.network.routing
        assert routing is not None
        if self.inside is None:
            routing.reach(self)
        else:
            routing.forward(self)

    def whole(self) -> Message:
        return self.carried.whole()

    def twin(self) -> Message:
        """A copy made on this link: it is a message of its own from here on."""
        network = self.channel.network
        copy = network.duplicate(self.carried)
        assert network.routing is not None
        return network.routing.leg(copy, self.channel, self.hops)


class Course(Carrier):
    """Carries what one host sends to another: keeps the link to begin with, until something has changed."""

    def __init__(self, routing: Routing, channel: Channel) -> None:
        self.routing = routing
        self.channel = channel
        self.age = -1
        self.hop: Channel | None = None

    def dispatch(self, message: Message) -> None:
        """Put a message on its first link; without one it is dropped at once."""
        routing = self.routing
        if self.age != routing.age:
            self.age = routing.age
            self.hop = routing.first_hop(self.channel)
        if self.hop is None:
            routing.drop(message, "unreachable")
        else:
            routing.send(message, self.hop, 1)


class Survey(Event):
    """Something has changed at this instant: draw a new map, and let the forwarders follow it in their time."""

    def __init__(self, routing: Routing) -> None:
        self.routing = routing

    def fire(self) -> None:
        self.routing.survey()


class Converged(Event):
    """A forwarder comes to follow a map, unless it is another incarnation by now."""

    def __init__(self, forwarder: Forwarder, map: Map, process: Node) -> None:
        self.forwarder = forwarder
        self.map = map
        self.process = process

    def fire(self) -> None:
        process = self.process
        if self.forwarder.host.process is not process:
            return
        if not process.alive:  # held still: it follows when it is let go
            process.put_off(self)
            return
        assert process.network.routing is not None
        process.network.routing.follow(self.forwarder, self.map)


class Routing:
    """The forwarders of a run, what they know, and the legs of messages under way."""

    def __init__(self, network: Network) -> None:
        self.network = network
        hosts = [host for host in network.hosts.values() if host.forwards()]
        self.forwarders = {host.index: Forwarder(host) for host in hosts}
        self.links: dict[int, list[Channel]] = {}  # by the host at their beginning
        self.map: Map | None = None
        self.age = 0
        self.surveying = False

    def join(self, a: Host, b: Host) -> None:
        """Give two hosts that forwarders join a channel each way, on top of a link that joins them directly."""
        for src, dst in ((a, b), (b, a)):
            present = src.channels.get(dst.id)
            if present is not None and isinstance(present.carrier, Course):
                continue
            if src.index not in self.links:
                self.links[src.index] = list(src.channels.values())
            channel = Channel(self.network, "", src, dst, distribution(0), 0.0)
            channel.carrier = Course(self, channel)
            src.channels[dst.id] = channel

    # What forwarders know

    def begin(self) -> None:
        """Boot the forwarders; they start converged, before anybody sends."""
        for forwarder in self.forwarders.values():
            forwarder.host.boot()
        self.map = Map(self.forwarders)
        for forwarder in self.forwarders.values():
            self.follow(forwarder, self.map)

    def changed(self, host: Host | None) -> None:
        """A link is blocked or free again, or a host's process has come or gone."""
        if self.map is None or (host is not None and host.index not in self.forwarders):
            return
        self.age += 1
        if not self.surveying:
            self.surveying = True
            kernel = self.network.kernel
            kernel.at_fault(kernel.now, Survey(self))

    def survey(self) -> None:
        """Draw a map of what is up now. Who has just booted knows nothing until it has converged."""
        self.surveying = False
        kernel = self.network.kernel
        new = self.map = Map(self.forwarders)
        for forwarder in self.forwarders.values():
            process = forwarder.host.process
            if process is None:
                forwarder.map = None
                continue
            self._show_links(forwarder)
            event = Converged(forwarder, new, process)
            if forwarder.convergence_ns == 0:
                event.fire()
            else:
                process.show("table", "converging")
                kernel.at_fault(kernel.now + forwarder.convergence_ns, event)

    def follow(self, forwarder: Forwarder, map: Map) -> None:
        """A forwarder goes by a map from now on."""
        forwarder.map = map
        self.age += 1
        process = forwarder.host.process
        if process is None:
            return
        if map is self.map:
            self._show_links(forwarder)
            if forwarder.convergence_ns:
                process.show("table", "converged")

    def _show_links(self, forwarder: Forwarder) -> None:
        process = forwarder.host.process
        if process is not None:
            process.show("links", len([hop for hop in forwarder.links if not hop.blocks]))

    def first_hop(self, channel: Channel) -> Channel | None:
        """The link that a host begins with. It sees at once which of its own links are up, and goes by its forwarders'
        ways for the rest; when none of them has one, what it sends goes to the nearest. None: no link is up.
        """
        best: tuple[int, int, int, int] | None = None  # no way known, cost, hops, next
        chosen: Channel | None = None
        for hop in self.links[channel.src_index]:
            next_index = hop.dst_index
            if hop.blocks:
                continue
            cost_ns = hop.latency.mean_ns
            rank = (0, cost_ns, 1, next_index)
            if next_index != channel.dst_index:
                forwarder = self.forwarders.get(next_index)
                if forwarder is None or forwarder.host.process is None:
                    continue
                route = forwarder.route(channel.dst_index)
                if route is None:
                    rank = (1, cost_ns, 1, next_index)
                else:
                    cost_ns += forwarder.takes.mean_ns + route.cost_ns
                    rank = (0, cost_ns, route.hops + 1, next_index)
            if best is None or rank < best:
                best = rank
                chosen = hop
        return chosen

    # Messages under way

    def send(self, message: Message, hop: Channel, hops: int) -> None:
        """Put a message on the next link of its way, its `hops`-th."""
        self.network.launch(self.leg(message, hop, hops))

    def leg(self, message: Message, hop: Channel, hops: int) -> Leg:
        """A message's way over one link. What chance does to it is the message's own, and another in each circle."""
        rounds = hops // (len(self.forwarders) + 2)
        lineage = message.lineage if rounds == 0 else descend(message.lineage, hop.salt, rounds)
        if hops > 1 or hop.dst_index != message.channel.dst_index:
            self.network.trace.hops.extend((message.id, self.network.kernel.now, hop.src_index, hop.dst_index))
        return Leg(hop, message, lineage, hops)

    def reach(self, leg: Leg) -> None:
        """A message comes to the end of a link: to its receiver, or into a forwarder."""
        hop, message = leg.channel, leg.carried
        network = self.network
        if leg.lost:
            self.drop(message, network.doomed.pop(leg.id, "lost"))
            return
        if not (hop.clear and message.channel.clear):
            reason = message.channel.barrier(leg.sent_ns) or hop.barrier(leg.sent_ns)
            if not reason and hop.guard is not None:
                reason = hop.guard.objection(message)
            if reason:
                self.drop(message, reason)
                return
        if hop.dst_index == message.channel.dst_index:
            message.fire()
            return
        leg.inside = hop.dst.process
        if leg.inside is None:
            self.drop(message, "node down")
            return
        forwarder = self.forwarders[hop.dst_index]
        network.kernel.after(stretched(forwarder.takes.draw_ns(forwarder.key, leg.lineage), hop.dst.pace), leg)

    def forward(self, leg: Leg) -> None:
        """A forwarder has looked at a message: on to the next link."""
        host, message = leg.channel.dst, leg.carried
        if host.process is not leg.inside:  # it went down with what it had
            self.drop(message, "node down")
            return
        if leg.hops >= HOPS_MAX:
            self.drop(message, "expired")
            return
        route = self.forwarders[host.index].route(message.channel.dst_index)
        if route is None:
            self.drop(message, "unreachable")
        else:
            self.send(message, route.hop, leg.hops + 1)

    def drop(self, message: Message, reason: str) -> None:
        """Settle a message that goes no further. Between the sides of a partition that is the reason."""
        channel = message.channel
        if channel.blocks and reason in ("unreachable", "expired"):
            reason = channel.blocks[0]
        channel.drop(message, reason)

    def flight(self, messages: list[Message]) -> list[int]:
        """The rows of hops that these messages under way are on, flat, in their order."""
        rows: list[int] = []
        for message in messages:
            if isinstance(message, Leg):
                hop = message.channel
                if message.hops > 1 or hop.dst_index != message.carried.channel.dst_index:
                    rows.extend((message.id, message.sent_ns, hop.src_index, hop.dst_index))
        return rows
