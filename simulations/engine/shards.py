"""Shards: what members of a sharded store, their directory and their routers know of who has what, and say to each
other, also when keys move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulations.engine.headers import Header
from simulations.engine.messages import Body, Heartbeat, Read, Replication, Reply, Request, Write
from simulations.engine.partitioning import DIRECTORY, RANGE, Table, first_ranges


@dataclass(frozen=True)
class ShardMap:
    """Who is a member now, and was before; where a table says whose the keys are, that of now and that of before."""

    version: int
    members: tuple[str, ...]
    before: tuple[str, ...] = ()
    table: Table = ()
    table_before: Table = ()

    def settled(self) -> ShardMap:
        """The same, once all keys are where they belong."""
        return ShardMap(self.version, self.members, (), self.table)

    def wire_bytes(self) -> int:
        """Its size on the wire."""
        return 16 * len(self.members) + 16 * len(self.table)


def first_map(kind: str, founders: Sequence[str], split_points: Sequence[str]) -> ShardMap:
    """Whose the keys are at the start; where there is a directory, that is the one to say so, in version 1."""
    if kind == DIRECTORY:
        return ShardMap(0, ())
    return ShardMap(1, tuple(founders), (), first_ranges(split_points, founders) if kind == RANGE else ())


@dataclass(frozen=True)
class Layout:
    """The map that a member goes by; from whom keys may still come, and to whom all have been given up."""

    map: ShardMap
    awaited: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True)
class JoinStore(Request):
    """I want to be a member."""


@dataclass(frozen=True)
class NewMap(Replication):
    """These are the members from now on, and this is whose the keys are."""

    map: ShardMap

    def size(self) -> int:
        return 64 + self.map.wire_bytes()


@dataclass(frozen=True)
class MapAdopted(Reply):
    """I know. `settled`: and all keys are where they belong, as far as I am concerned."""

    settled: bool


@dataclass(frozen=True)
class Transfer(Replication):
    """These keys are yours now, of so many bytes each. `last`: and whatever else belongs to you and was mine."""

    map: ShardMap
    entries: tuple[tuple[str, int | None], ...]
    last: bool
    bytes_each: int

    def size(self) -> int:
        return 128 + self.bytes_each * len(self.entries)


@dataclass(frozen=True)
class Taken(Reply):
    """They are on my disk."""


# Routers


@dataclass(frozen=True)
class AskMap(Request):
    """Whose are the keys?"""


@dataclass(frozen=True)
class MapKnown(Reply):
    """This is whose they are. In answer to a routed request: and you have asked the wrong one, by an old map."""

    partitioning: str
    virtual_nodes: int
    map: ShardMap

    def size(self) -> int:
        return 64 + self.map.wire_bytes()


@dataclass(frozen=True)
class Locate(Request):
    """Whose is this key?"""

    key: str


@dataclass(frozen=True)
class Located(Reply):
    """It is this member's, by the table of this version."""

    owner: str
    version: int


@dataclass(frozen=True)
class Routed(Request):
    """A client's request, for the member that has its key by the map of this version."""

    request: Read | Write
    version: int

    def header(self) -> Header:
        return self.request.header()

    def with_header(self, header: Header) -> Body:
        request = self.request.with_header(header)
        assert isinstance(request, (Read, Write))
        return Routed(request, self.version)

    def rank(self) -> int:
        return self.request.rank()

    def idempotency_key(self) -> int:
        return self.request.idempotency_key()

    def altered(self, draw: float) -> Body:
        request = self.request.altered(draw)
        assert isinstance(request, (Read, Write))
        return Routed(request, self.version)


# Splits


@dataclass(frozen=True)
class RangeLoad:
    """A range of a member's: how many keys it has and requests it has had; where it would be split by keys and by
    requests ("": it cannot be).
    """

    keys: int
    requests: int
    middle_key: str
    middle_request: str


@dataclass(frozen=True)
class RangeReport(Heartbeat):
    """My ranges by the map of this version, and what they had to do of late."""

    version: int
    ranges: tuple[RangeLoad, ...]

    def size(self) -> int:
        return 64 + 40 * len(self.ranges)
