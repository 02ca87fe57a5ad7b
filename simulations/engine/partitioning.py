"""Partitioning: which of several members a key belongs to.

By *modulo* the key's hash, divided by the number of members, leaves the owner's number; with one member more nearly
every key gets another owner. *Consistent hashing* puts members and keys on a circle, each member at many points, and a
key belongs to the member whose point comes next; one member more takes keys from all the others, about 1 ÷ n of all,
and no key moves between those that were there (Karger et al.: "Consistent Hashing and Random Trees", STOC 1997; many
points a member: Stoica et al.: "Chord", SIGCOMM 2001, section 6.1; DeCandia et al.: "Dynamo", SOSP 2007, section 4.2).
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

PARTITIONING_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "partitioning",
        "Keys go",
        "choice",
        RING,
        choices=(Choice(RING, "By a hash ring"), Choice(MODULO, "By hash modulo members")),
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
)


def position(text: str) -> int:
    """Where a text stands on the circle of 2^64 points."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


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


def partitioning(kind: str, members: Sequence[str], virtual_nodes: int) -> Partitioning:
    """The partitioning of a kind over these members."""
    return Ring(members, virtual_nodes) if kind == RING else Partitioning(members)
