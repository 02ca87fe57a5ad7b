"""Partitioning: which of several members a key belongs to.

By *modulo* the key's hash, divided by the number of members, leaves the owner's number; with one member more nearly
every key gets another owner. *Consistent hashing* puts members and keys on a circle, each member at many points, and a
key belongs to the member whose point comes next; one member more takes keys from all the others, about 1 ÷ n of all,
and no key moves between those that were there (Karger et al.: "Consistent Hashing and Random Trees", STOC 1997; many
points a member: Stoica et al.: "Chord", SIGCOMM 2001, section 6.1; DeCandia et al.: "Dynamo", SOSP 2007, section 4.2).

By a *table* somebody has written down whose each part is. The parts are *ranges* of keys in their order (Chang et al.:
"Bigtable", OSDI 2006, section 5.1), or *buckets*, numbered, into which keys fall by their hashes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from mypy_extensions import mypyc_attr

from simulations.engine.declare import Choice, Param

RING: Final = "ring"
MODULO: Final = "modulo"
RANGE: Final = "range"
DIRECTORY: Final = "directory"

PARTITIONING_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "partitioning",
        "Keys go",
        "choice",
        RING,
        choices=(
            Choice(RING, "By a hash ring"),
            Choice(MODULO, "By hash modulo members"),
            Choice(RANGE, "By ranges of keys"),
            Choice(DIRECTORY, "By a directory's table"),
        ),
        help="Who has a key. The same for all members.",
        section="Partitioning",
    ),
    Param(
        "virtual_nodes",
        "Virtual nodes",
        "integer",
        100,
        "",
        1,
        10_000,
        help="Points on the ring for each member; with few, shares differ much.",
        section="Partitioning",
        when=("partitioning", RING),
    ),
    Param(
        "split_points",
        "Ranges begin at",
        "text",
        "",
        help="Keys in order, with commas or blanks between, for the founders in turn; empty: the first has all.",
        section="Partitioning",
        when=("partitioning", RANGE),
    ),
    Param(
        "directory",
        "Directory",
        "text",
        "",
        help="The node that keeps the table; it has a link to each member.",
        section="Partitioning",
        when=("partitioning", DIRECTORY),
    ),
)

Table = tuple[tuple[str, str], ...]  # (a range's first key or a bucket's number, whose it is)


def position(text: str) -> int:
    """Where a text stands on the circle of 2^64 points."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def natural(key: str) -> tuple[str, int]:
    """By what keys stand in order: numbers at their ends count as numbers, k2 before k10."""
    stem = key.rstrip("0123456789")
    return stem, int(key[len(stem) :]) if len(stem) < len(key) else -1


@mypyc_attr(allow_interpreted_subclasses=True)
class Partitioning:
    """Owners of keys, by modulo; subclasses differ."""

    def __init__(self, members: Sequence[str]) -> None:
        self.members = list(members)
        self.known: dict[str, str] = {}

    def owner(self, key: str) -> str:
        """The member that a key belongs to."""
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self.find(position(key))
        return found

    def find(self, at: int) -> str:
        """The member that a position belongs to."""
        return self.members[at % len(self.members)]


class Ring(Partitioning):
    """Owners of keys, by consistent hashing."""

    def __init__(self, members: Sequence[str], virtual_nodes: int) -> None:
        super().__init__(members)
        points = sorted(
            (position(f"{member} {number}"), member) for member in members for number in range(virtual_nodes)
        )
        self.points = [point for point, _ in points]
        self.owners = [member for _, member in points]

    def find(self, at: int) -> str:
        return self.owners[bisect_right(self.points, at) % len(self.owners)]

    def preference(self, key: str) -> list[str]:
        """All members, each once, as one meets them going round the circle from a key ("Dynamo", section 4.6)."""
        first = bisect_right(self.points, position(key))
        return list(dict.fromkeys([*self.owners[first:], *self.owners[:first]]))


class Ranges(Partitioning):
    """Owners of keys, by ranges in their order; the first range holds also what comes before its first key."""

    def __init__(self, table: Table) -> None:
        super().__init__([owner for _, owner in table])
        self.starts = [natural(start) for start, _ in table]

    def owner(self, key: str) -> str:
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self.members[self.number(key)]
        return found

    def number(self, key: str) -> int:
        """In which of the ranges a key lies."""
        return max(0, bisect_right(self.starts, natural(key)) - 1)


def partitioning(kind: str, members: Sequence[str], virtual_nodes: int, table: Table = ()) -> Partitioning:
    """The partitioning of a kind over these members."""
    if kind == RING:
        return Ring(members, virtual_nodes)
    if kind == RANGE:
        return Ranges(table)
    return Partitioning(members if kind == MODULO else [owner for _, owner in table])


def first_ranges(split_points: Sequence[str], members: Sequence[str]) -> Table:
    """Ranges that begin at these keys, and the one before, for the members in turn."""
    starts = ["", *sorted(dict.fromkeys(split_points), key=natural)]
    return tuple([(start, members[number % len(members)]) for number, start in enumerate(starts)])


def buckets(count: int, members: Sequence[str]) -> Table:
    """So many buckets, for the members in turn; none without members."""
    return tuple([(str(number), members[number % len(members)]) for number in range(count if members else 0)])


def with_share(table: Table, members: Sequence[str], newcomer: str) -> Table:
    """The table once a newcomer among the members has its share: part by part the last of whoever has most."""
    owners = [owner for _, owner in table]
    for _ in range(len(owners) // len(members)):
        most = max(members, key=owners.count)
        last = max([number for number, owner in enumerate(owners) if owner == most])
        owners[last] = newcomer
    return tuple([(part, owners[number]) for number, (part, _) in enumerate(table)])


def with_split(table: Table, at: str, owner: str) -> Table:
    """The table once the range that a key lies in is split there; the upper part is somebody's."""
    return tuple(sorted([*table, (at, owner)], key=lambda part: natural(part[0])))
