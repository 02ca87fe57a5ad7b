"""A run: build the world from a physical document, fire events, hand out chunks, end with a digest.

A run is a pure function of its document (which holds the seed), its limits and the engine: same input, same chunks,
byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgpack

from simulations.engine.channel import Message
from simulations.engine.distributions import distribution, to_ns
from simulations.engine.endpoints import lay_stream
from simulations.engine.fabrics import Circle, clusters_by_member, fabrics
from simulations.engine.fault import Fault, Turn
from simulations.engine.faults import fault
from simulations.engine.host import Host
from simulations.engine.kernel import new_kernel
from simulations.engine.links import furnish
from simulations.engine.machine import share_machines
from simulations.engine.mesh import Mesh
from simulations.engine.network import Network
from simulations.engine.node import Node
from simulations.engine.routing import Routing
from simulations.engine.taps import guarded
from simulations.engine.tasks import NodeBug
from simulations.engine.trace import Chunk, Trace
from simulations.engine.triggers import Trigger, Triggers, never_words

BATCH: Final = 64
EVENTS_AT_ONE_INSTANT_MAX: Final = 200_000


@dataclass(frozen=True)
class Limits:
    """What ends a run as `limited`: part of its key."""

    events_max: int = 20_000_000
    trace_bytes_max: int = 512 * 1024 * 1024
    simulated_ms_max: int = 3_600_000

    def as_dict(self) -> dict[str, int]:
        """The limits as the run's key holds them."""
        return {
            "events_max": self.events_max,
            "trace_bytes_max": self.trace_bytes_max,
            "simulated_ms_max": self.simulated_ms_max,
        }


@dataclass(frozen=True)
class Outcome:
    """How a run ended: finished, limited (by a named limit) or failed (a node bug). `reason` is in words; for a
    finished run it names the faults that waited for something that never came, else it is "".
    """

    status: str
    reason: str
    digest: str
    simulated_ns: int
    events: int
    chunks: int


class Simulation:
    """One run. Iterate over `chunks()`; then `outcome` says how it ended."""

    def __init__(self, document: dict[str, Any], node_types: Mapping[str, type[Node]], limits: Limits) -> None:
        self.limits = limits
        self.outcome: Outcome | None = None
        nodes: list[dict[str, Any]] = document["nodes"]
        self.kernel = new_kernel()
        self.trace = Trace([node["id"] for node in nodes])
        self.network = Network(self.kernel, self.trace, document["seed"])
        self.network.workload_ends_ns = to_ns(document["duration_ms"])
        self.end_ns = min(self.network.workload_ends_ns + to_ns(document["settle_ms"]), to_ns(limits.simulated_ms_max))
        self.cut_short = self.end_ns < self.network.workload_ends_ns + to_ns(document["settle_ms"])
        self.trace_bytes = 0
        self.streams: dict[str, dict[str, Any]] = {}  # what hosts ask for whose links to forwarders are streams
        self._hash = hashlib.sha256()
        self._instant_ns = -1
        self._instant_events = 0
        for index, node in enumerate(nodes):
            host = Host(self.network, index, node["id"], node.get("zone") or "")
            host.node_type = node_types[node["type"]]
            host.params = node["params"]
            self.network.hosts[host.id] = host
        share_machines(self.network, document)
        self.network.cancels = any(node["params"].get("propagate_cancellation", False) for node in nodes)
        self._lay_links(document["links"])
        self._lay_fabrics(document)
        for cluster in document["clusters"]:
            if cluster.get("cables", "mesh") == "mesh":
                self._lay_mesh(cluster)
        self.triggers = Triggers(self.network)
        for number, entry in enumerate(document["faults"]):
            self._schedule(number, entry)

    def chunks(self) -> Iterator[Chunk]:
        """Run; yield each chunk as soon as it is closed."""
        self.trace.open(0, [], [])
        status = "finished"
        reason = ""
        try:
            self.kernel.run(1, self.kernel.due(1))  # what is broken from the start is so before anything runs
            if self.network.routing is not None:
                self.network.routing.begin()
            for host in self.network.hosts.values():
                host.boot()
            while True:
                until_ns = min(self.trace.end_ns_max(), self.end_ns)
                quiet = self.kernel.run(until_ns, BATCH) < BATCH
                if quiet:
                    self.kernel.now = until_ns
                    if until_ns == self.end_ns:
                        break
                if quiet or self.trace.rows() >= self.trace.rows_max():
                    yield self._close()
                    self._open()
                reason = self._limit_reached()
                if reason:
                    break
        except NodeBug as bug:
            status = "failed"
            reason = str(bug)
        if status == "finished":
            if not reason and self.cut_short:
                reason = f"The limit of {self.limits.simulated_ms_max:,} ms of simulated time was reached."
            if reason:
                status = "limited"
            else:
                reason = self.triggers.never_came(self.end_ns)
            for op in sorted(self.trace.open_ops):
                self.trace.complete(op, self.kernel.now, "info", None, "run ended", self.trace.attempts.get(op, 1))
        yield self._close()
        self._conclude(status, reason)

    def _close(self) -> Chunk:
        chunk = self.trace.close(self.kernel.now)
        self._hash.update(chunk.data)
        self.trace_bytes += len(chunk.data)
        return chunk

    def _conclude(self, status: str, reason: str) -> None:
        now = self.kernel.now
        self._hash.update(msgpack.packb([status, reason, now]))
        digest = "" if status == "failed" else self._hash.hexdigest()
        self.outcome = Outcome(status, reason, digest, now, self.kernel.events, self.trace.number)

    def _limit_reached(self) -> str:
        """Which limit has been reached and where, in words; "" for none."""
        place = f"at {self.kernel.now / 1e6:,.3f} ms of simulated time"
        if self.kernel.events >= self.limits.events_max:
            return f"The limit of {self.limits.events_max:,} events was reached {place}."
        if self.trace_bytes >= self.limits.trace_bytes_max:
            return f"The limit of {self.limits.trace_bytes_max:,} bytes of trace was reached {place}."
        if self.kernel.now != self._instant_ns:
            self._instant_ns = self.kernel.now
            self._instant_events = 0
        self._instant_events += BATCH
        if self._instant_events > EVENTS_AT_ONE_INSTANT_MAX:
            what = f"More than {EVENTS_AT_ONE_INSTANT_MAX:,} events happened {place}"
            return f"{what}, at one instant: an endless loop without delay."
        return ""

    def _open(self) -> None:
        under_way = [event for event in self.kernel.waiting() if isinstance(event, Message)]
        under_way.sort(key=lambda message: message.id)
        routing = self.network.routing
        hops = [] if routing is None else routing.flight(under_way)
        self.trace.open(self.kernel.now, [message.whole() for message in under_way], hops)

    def _lay_links(self, links: list[dict[str, Any]]) -> None:
        hosts = self.network.hosts
        for link in links:
            a, b = hosts[link["a"]], hosts[link["b"]]
            self._connect(link["id"], a, b, link["params"], link.get("b_to_a"))
            if a.node_type is b.node_type and a.clusters():
                a.peers.append(b.id)
                b.peers.append(a.id)
                continue
            if a.forwards() or b.forwards():
                continue
            if b.serves() and not b.resolves():
                a.targets.append(b.id)
            if b.initiates() and not a.resolves():
                b.targets.append(a.id)

    def _lay_fabrics(self, document: dict[str, Any]) -> None:
        """Acquaint those whom switches and routers join."""
        hosts = self.network.hosts
        if not any(host.forwards() for host in hosts.values()):
            return
        types = {id: host.node_type for id, host in hosts.items() if host.node_type is not None}
        clusters = clusters_by_member([(cluster["id"], cluster["members"]) for cluster in document["clusters"]])
        meshed = {cluster["id"] for cluster in document["clusters"] if cluster.get("cables", "mesh") == "mesh"}
        routing = self.network.routing = Routing(self.network)
        self.trace.routed = True
        for fabric in fabrics(types, [(link["a"], link["b"]) for link in document["links"]]):
            circle = Circle(fabric, types, clusters)
            for a, b in circle.peers:
                if clusters.get(a, "") in meshed:
                    continue  # the mesh joins them
                if b not in hosts[a].peers:
                    hosts[a].peers.append(b)
                    hosts[b].peers.append(a)
                self._join(routing, hosts[a], hosts[b])
            for a, b in circle.targets:
                if b not in hosts[a].targets and not hosts[b].resolves():
                    hosts[a].targets.append(b)
                self._join(routing, hosts[a], hosts[b])
            for a in fabric.ends:
                for b in [id for id in fabric.ends if id in hosts[a].channels]:
                    self._join(routing, hosts[a], hosts[b])

    def _join(self, routing: Routing, a: Host, b: Host) -> None:
        """Join two hosts by way of forwarders: by a stream, where the links at both ends ask for one."""
        routing.join(a, b)
        if a.id in self.streams and b.id in self.streams:
            lay_stream(a.channels[b.id], b.channels[a.id], self.streams[a.id], self.streams[b.id])

    def _lay_mesh(self, cluster: dict[str, Any]) -> None:
        members = [self.network.hosts[id] for id in cluster["members"]]
        self.network.meshes[cluster["id"]] = Mesh(cluster, members, self._connect)

    def _connect(self, link: str, a: Host, b: Host, params: dict[str, Any], back: dict[str, Any] | None) -> None:
        self.network.connect(link, a, b, distribution(params["latency"]), float(params["loss"]))
        furnish(a.channels[b.id], params)
        if back is not None:
            b.channels[a.id].replace(distribution(back["latency"]), float(back["loss"]))
        furnish(b.channels[a.id], params if back is None else back)
        guarded(a.channels[b.id], params)
        guarded(b.channels[a.id], params if back is None else back)
        if not (a.forwards() or b.forwards()):
            lay_stream(a.channels[b.id], b.channels[a.id], params, params if back is None else back)
        elif params.get("transport") == "stream":
            self.streams.setdefault(b.id if a.forwards() else a.id, params)

    def _schedule(self, number: int, entry: dict[str, Any]) -> None:
        built = fault(self.network, number, entry)
        if entry.get("when") is not None:
            self._await(built, entry)
            return
        self.kernel.at_fault(to_ns(entry["at_ms"]), Turn(built, "start"))
        if entry.get("until_ms") is not None:
            self.kernel.at_fault(to_ns(entry["until_ms"]), Turn(built, "end"))

    def _await(self, built: Fault, entry: dict[str, Any]) -> None:
        when = entry["when"]
        lasts_ms = entry.get("lasts_ms")
        lasts_ns = -1 if lasts_ms is None else to_ns(lasts_ms)
        trigger = Trigger(built, when["event"], when["nth"], to_ns(when["after_ms"]), lasts_ns)
        self.triggers.add(self.network.hosts[when["node"]], trigger, never_words(entry))
