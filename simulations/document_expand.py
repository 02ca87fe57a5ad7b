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


class Names:
    """Which nodes and links of the physical document a name stands for, in document order."""

    def __init__(self, nodes: Iterable[Counted], links: Iterable[Wired] = ()) -> None:
        self.nodes: dict[str, tuple[str, ...]] = {}
        self.links: dict[str, tuple[str, ...]] = {}
        self.hosts: dict[str, list[str]] = {}  # machines and the nodes on them
        self.hosted: set[str] = set()
        for node in nodes:
            self._add(self.nodes, node.id, numbered(node.id, node.count))
            if node.host is not None:
                self.hosts.setdefault(node.host, []).extend(self.nodes[node.id])
                self.hosted.update(self.nodes[node.id])
        for link in links:
            ends = self.ends(link)
            self._add(self.links, link.id, numbered(link.id, len(ends)))

    @staticmethod
    def _add(names: dict[str, tuple[str, ...]], name: str, members: tuple[str, ...]) -> None:
        names.setdefault(name, members)
        for member in members:
            names.setdefault(member, (member,))

    def ends(self, link: Wired) -> Sequence[tuple[str, str]]:
        """The pairs of nodes that a link entry joins."""
        return list(product(self.nodes.get(link.a, ()), self.nodes.get(link.b, ())))


def numbered(name: str, count: int) -> tuple[str, ...]:
    """The ids that an entry with a count stands for: itself, or `name-1` … `name-n`."""
    return (name,) if count == 1 else tuple(f"{name}-{number}" for number in range(1, count + 1))
