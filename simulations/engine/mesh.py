"""Meshes: clusters whose members can all talk to each other, without a drawn link.

A thousand members have half a million links, of which few are ever used: each is laid when somebody first sends over
it, or when a fault is about it. What a link does depends on its name alone, so it does not matter when it is laid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Channel

if TYPE_CHECKING:
    from simulations.engine.host import Host

Connect = Callable[[str, "Host", "Host", dict[str, Any], None], None]


@mypyc_attr(native_class=False)
class Channels(dict[str, Channel]):
    """A member's channels by neighbour, those of its mesh laid when they are asked for."""

    def __init__(self, host: Host, mesh: Mesh, laid: dict[str, Channel]) -> None:
        super().__init__(laid)
        self.host = host
        self.mesh = mesh

    def __missing__(self, to: str) -> Channel:
        self.mesh.lay(self.host.id, to)
        return self[to]


class Mesh:
    """Joins the members of a cluster that nothing else joins yet. `latencies` are those between zones, by their names
    in order, where they differ from the cluster's.
    """

    def __init__(self, cluster: dict[str, Any], members: Sequence[Host], connect: Connect) -> None:
        self.id = str(cluster["id"])
        self.link: dict[str, Any] = cluster["link"]
        self.latencies: dict[str, Any] = {
            f"{row['a']} {row['b']}": row["latency"] for row in cluster.get("latencies", ())
        }
        self.members = {host.id: host for host in members}
        self.place = {host.id: number for number, host in enumerate(members)}
        self.connect = connect
        for host in members:
            known = frozenset(host.peers)
            host.peers += [name for name in self.members if name != host.id and name not in known]
            host.channels = Channels(host, self, host.channels)
            host.mesh = self
        if self.link.get("transport") == "stream":  # a crash ends streams in the order in which they were laid
            self.lay_all()

    def lay(self, one: str, other: str) -> None:
        """Lay the link between two members. Raises KeyError when one is no member."""
        a, b = (one, other) if self.place[one] < self.place[other] else (other, one)
        ends = (self.members[a], self.members[b])
        between = self.latencies.get(f"{min(ends[0].zone, ends[1].zone)} {max(ends[0].zone, ends[1].zone)}")
        params = self.link if between is None else {**self.link, "latency": between}
        self.connect(f"{self.id}:{a}-{b}", ends[0], ends[1], params, None)

    def lay_towards(self, host: Host) -> None:
        """Lay all links of a member that are not there yet."""
        for name in self.members:
            if name != host.id and name not in host.channels:
                self.lay(host.id, name)

    def lay_apart(self, id: str, group_of: dict[str, int]) -> None:
        """Lay the links from a member to those members that are in other groups."""
        for name in group_of:
            if name in self.members and group_of[name] != group_of[id] and name not in self.members[id].channels:
                self.lay(id, name)

    def lay_all(self) -> None:
        """Lay every link that is not there yet."""
        for host in self.members.values():
            self.lay_towards(host)

    def lay_named(self, pair: str) -> None:
        """Lay the link between two members whose names stand with a dash between them, unless it is there."""
        words = pair.split("-")
        for cut in range(1, len(words)):
            a, b = "-".join(words[:cut]), "-".join(words[cut:])
            if a in self.members and b in self.members and b not in self.members[a].channels:
                self.lay(a, b)
