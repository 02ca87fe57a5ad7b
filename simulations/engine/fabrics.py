"""Fabrics: switches and routers that are joined to each other, and who may talk through them.

What a drawn link says holds through forwarders as well: who is the `a` end of a link to a forwarder asks through it,
who is the `b` end is asked through it. Which way the cables between forwarders were drawn says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulations.engine.node import Node


class Fabric:
    """Forwarders joined to each other; `ends` are the nodes linked to them, `asking` and `asked` by the link's way."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        self.asking: set[str] = set()
        self.asked: set[str] = set()


def fabrics(types: Mapping[str, type[Node]], links: Sequence[tuple[str, str]]) -> list[Fabric]:
    """The fabrics of a topology, their ends in node order. `types` holds every node in order, `links` their ends."""
    leader = {id: id for id, kind in types.items() if kind.FORWARDS}

    def find(id: str) -> str:
        while leader[id] != id:
            leader[id] = id = leader[leader[id]]
        return id

    for a, b in links:
        if a in leader and b in leader:
            leader[find(a)] = find(b)
    found: dict[str, Fabric] = {}
    for id in leader:
        found.setdefault(find(id), Fabric())
    for a, b in links:
        if a in leader and b not in leader:
            found[find(a)].asked.add(b)
        elif b in leader and a not in leader:
            found[find(b)].asking.add(a)
    for fabric in found.values():
        fabric.ends = [id for id in types if id in fabric.asking or id in fabric.asked]
    return list(found.values())


class Circle:
    """Who asks whom, and who are peers, through one fabric; pairs in node order."""

    def __init__(self, fabric: Fabric, types: Mapping[str, type[Node]], cluster_of: Mapping[str, str]) -> None:
        self.targets: list[tuple[str, str]] = []
        self.peers: list[tuple[str, str]] = []
        serving = [id for id in fabric.ends if types[id].SERVES]
        answering = [id for id in serving if id in fabric.asked]
        for a in fabric.ends:
            kind = types[a]
            own = [b for b in answering if b != a and not _alike(kind, types[b])] if a in fabric.asking else []
            if not own and kind.INITIATES:
                own = [b for b in serving if b != a]
            self.targets += [(a, b) for b in own]
        members = [id for id in fabric.ends if types[id].CLUSTERS]
        for position, a in enumerate(members):
            for b in members[position + 1 :]:
                if types[a] is types[b] and cluster_of.get(a, "") == cluster_of.get(b, ""):
                    self.peers.append((a, b))


def _alike(one: type[Node], other: type[Node]) -> bool:
    """Whether two types are the same one, whose nodes are peers."""
    return one is other and one.CLUSTERS


def clusters_by_member(clusters: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """The cluster that each member belongs to, of clusters given as (id, members)."""
    return {member: id for id, members in clusters for member in members}
