"""Names and what they stand for: a node with a `count` is many, and so is every link or fault that names it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Protocol


class Counted(Protocol):
    """What expansion needs to know of a node entry."""

    @property
    def id(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def host(self) -> str | None: ...


class Wired(Protocol):
    """What expansion needs to know of a link entry."""

    @property
    def id(self) -> str: ...
    @property
    def a(self) -> str: ...
    @property
    def b(self) -> str: ...


class Clustered(Protocol):
    """What expansion needs to know of a cluster entry."""

    @property
    def id(self) -> str: ...
    @property
    def members(self) -> list[str]: ...


class Names:
    """Which nodes and links of the physical document a name stands for, in document order."""

    def __init__(
        self, nodes: Iterable[Counted], links: Iterable[Wired] = (), clusters: Iterable[Clustered] = ()
    ) -> None:
        self.nodes: dict[str, tuple[str, ...]] = {}
        self.links: dict[str, tuple[str, ...]] = {}
        self.hosts: dict[str, list[str]] = {}  # machines and the nodes on them
        self.hosted: set[str] = set()
        for node in nodes:
            self._add(self.nodes, node.id, numbered(node.id, node.count))
            if node.host is not None:
                self.hosts.setdefault(node.host, []).extend(self.nodes[node.id])
                self.hosted.update(self.nodes[node.id])
        self.drawn: set[tuple[str, str]] = set()
        self.members: dict[str, list[str]] = {}  # of clusters
        for cluster in clusters:
            self.members.setdefault(cluster.id, [name for ref in cluster.members for name in self.nodes.get(ref, ())])
        for link in links:
            ends = self.ends(link)
            self.drawn.update((min(pair), max(pair)) for pair in ends)
            self._add(self.links, link.id, numbered(link.id, len(ends)))

    @staticmethod
    def _add(names: dict[str, tuple[str, ...]], name: str, members: tuple[str, ...]) -> None:
        names.setdefault(name, members)
        for member in members:
            names.setdefault(member, (member,))

    def along(self, target: str) -> tuple[str, ...]:
        """The links that a fault's target stands for: drawn ones; `<cluster>:<a>-<b>`, the one between two members, in
        the order of the members; or `cluster:<id>`, which stands for all between its members, and for itself.
        """
        found = self.links.get(target, ())
        cluster, colon, rest = target.partition(":")
        if found or not colon:
            return found
        if cluster == "cluster" and len(self.members.get(rest, ())) > 1:
            return (target,)
        place = {name: number for number, name in enumerate(self.members.get(cluster, ()))}
        words = rest.split("-")
        pairs = [("-".join(words[:cut]), "-".join(words[cut:])) for cut in range(1, len(words))]
        meshed = any(
            a in place and b in place and place[a] < place[b] and (min(a, b), max(a, b)) not in self.drawn
            for a, b in pairs
        )
        return (target,) if meshed else ()

    def linked(self, a: str, b: str) -> bool:
        """Whether two nodes of the run have a link between them, drawn or in a cluster."""
        both = any(a in members and b in members for members in self.members.values())
        return both or (min(a, b), max(a, b)) in self.drawn

    def ends(self, link: Wired) -> Sequence[tuple[str, str]]:
        """The pairs of nodes that a link entry joins."""
        return list(product(self.nodes.get(link.a, ()), self.nodes.get(link.b, ())))


def numbered(name: str, count: int) -> tuple[str, ...]:
    """The ids that an entry with a count stands for: itself, or `name-1` … `name-n`."""
    return (name,) if count == 1 else tuple(f"{name}-{number}" for number in range(1, count + 1))
