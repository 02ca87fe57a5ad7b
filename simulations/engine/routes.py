"""Routes: the ways of lowest latency from switches and routers to hosts, over the links that were up at a moment."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from simulations.engine.distributions import distribution, to_ns
from simulations.engine.streams import stream_key

if TYPE_CHECKING:
    from simulations.engine.channel import Channel
    from simulations.engine.host import Host


class Route:
    """A forwarder's way to a host: what it costs, and the link it begins with."""

    def __init__(self, cost_ns: int, hops: int, hop: Channel) -> None:
        self.cost_ns = cost_ns
        self.hops = hops
        self.hop = hop


class Forwarder:
    """A host that passes messages on."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.index = host.index
        self.takes = distribution(host.params["forwarding_time"])
        self.key = stream_key(host.network.seed, host.id, "forwarding")
        self.convergence_ns = to_ns(host.params.get("convergence_ms", 0))
        self.links = list(host.channels.values())
        self.map: Map | None = None  # None: it knows no way yet

    def route(self, dst: int) -> Route | None:
        """The way to a host by the map that this forwarder goes by."""
        return None if self.map is None else self.map.routes(dst).get(self.index)


class Map:
    """The links and forwarders that were up at one moment. Ways are worked out when they are first asked for."""

    def __init__(self, forwarders: dict[int, Forwarder]) -> None:
        self.forwarders = forwarders
        self._into: dict[int, list[Channel]] = {}
        self._routes: dict[int, dict[int, Route]] = {}
        for forwarder in forwarders.values():
            if forwarder.host.process is not None:
                for hop in forwarder.links:
                    if not hop.blocks:
                        self._into.setdefault(hop.dst_index, []).append(hop)

    def routes(self, dst: int) -> dict[int, Route]:
        """Every forwarder's way to a host, by the forwarder's index.

        Dijkstra's algorithm, from the host backwards ("A Note on Two Problems in Connexion with Graphs", Numerische
        Mathematik 1, 1959). A link costs its mean latency, a forwarder its mean time; of equally long ways the one with
        fewer hops wins, then the one whose next node comes first in the document.
        """
        found = self._routes.get(dst)
        if found is not None:
            return found
        found = self._routes[dst] = {}
        queue: list[tuple[int, int, int, int]] = []  # cost, hops, next, forwarder
        by_ends = {(hop.src_index, hop.dst_index): hop for hop in self._into.get(dst, ())}
        for hop in self._into.get(dst, ()):
            heappush(queue, (hop.latency.mean_ns, 1, dst, hop.src_index))
        while queue:
            cost_ns, hops, following, index = heappop(queue)
            if index in found:
                continue
            found[index] = Route(cost_ns, hops, by_ends[index, following])
            cost_ns += self.forwarders[index].takes.mean_ns
            for hop in self._into.get(index, ()):
                if hop.src_index not in found:
                    by_ends[hop.src_index, index] = hop
                    heappush(queue, (cost_ns + hop.latency.mean_ns, hops + 1, index, hop.src_index))
        return found
