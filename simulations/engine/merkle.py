"""Anti-entropy by Merkle trees: two replicas find where they differ by comparing few hashes, and exchange only that.

The leaves are the keys of equal parts of the hash ring; a node above hashes its children's hashes. Comparing goes from
the root down, only where hashes differ (DeCandia et al.: "Dynamo", SOSP 2007, section 4.7; Merkle: "A Digital Signature
Based on a Conventional Encryption Function", CRYPTO 1987).
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Final

from simulations.engine.declare import Metric
from simulations.engine.messages import Replication, Reply
from simulations.engine.node import Node
from simulations.engine.partitioning import position
from simulations.engine.state_machine import fingerprint
from simulations.engine.versions import Versions, VersionStore, bytes_of, digest_of, reconciled

FAN: Final = 4  # children of a node
LEAF_BITS: Final = 6  # 64 leaves

Entries = tuple[tuple[str, Versions], ...]

TREE_METRICS: Final[tuple[Metric, ...]] = (
    Metric("trees.compared", "hashes", "Hashes that it sent to compare Merkle trees.", "count"),
    Metric("trees.synced", "keys", "Keys that it got newer versions of in exchanges of leaves.", "count"),
)


@dataclass(frozen=True)
class CompareTrees(Replication):
    """These are hashes of one level of my Merkle tree of the keys that we share, by their place."""

    level: int
    hashes: tuple[tuple[int, int], ...]

    def size(self) -> int:
        return 64 + 8 * len(self.hashes)


@dataclass(frozen=True)
class TreesDiffer(Reply):
    """These differ from mine."""

    places: tuple[int, ...]


@dataclass(frozen=True)
class SwapLeaves(Replication):
    """What I have in these leaves. Keep it, and tell me what you have there."""

    leaves: tuple[int, ...]
    entries: Entries

    def size(self) -> int:
        return 64 + sum([16 + bytes_of(versions) for _, versions in self.entries])


@dataclass(frozen=True)
class LeavesSwapped(Reply):
    """What I have there that you have not."""

    entries: Entries

    def size(self) -> int:
        return 64 + sum([16 + bytes_of(versions) for _, versions in self.entries])


class TreeExchange:
    """One replica's part in comparing trees. `shares` tells whether it and another both keep a key."""

    def __init__(self, node: Node, store: VersionStore, shares: Callable[[str, str], bool], timeout_ms: float) -> None:
        self.node = node
        self.store = store
        self.shares = shares
        self.timeout_ms = timeout_ms

    async def reconcile(self, peer: str) -> bool:
        """Compare with another from the root down, and exchange the leaves that differ. Whether it got anything, which
        an fsync makes durable. Raises Failure.
        """
        levels = self.levels(peer)
        places = [0]
        for level in range(len(levels) - 1, -1, -1):
            hashes = tuple([(place, levels[level][place]) for place in places])
            self.node.publish("trees.compared", len(hashes))
            found: TreesDiffer = await self.node.call(peer, CompareTrees(level, hashes), self.timeout_ms)
            if not found.places:
                return False
            places = list(found.places)
            if level > 0:
                places = [FAN * place + child for place in places for child in range(FAN)]
        mine = SwapLeaves(tuple(places), self.entries(peer, places))
        swapped: LeavesSwapped = await self.node.call(peer, mine, self.timeout_ms)
        return self.take_in(swapped.entries)

    def compared(self, body: CompareTrees, peer: str) -> TreesDiffer:
        """What differs of another's hashes."""
        level = self.levels(peer)[body.level]
        return TreesDiffer(tuple([place for place, hash in body.hashes if level[place] != hash]))

    def swapped(self, body: SwapLeaves, peer: str) -> LeavesSwapped:
        """Keep another's entries, to be made durable by an fsync; what it lacks."""
        theirs = dict(body.entries)
        news: list[tuple[str, Versions]] = []
        for key, versions in self.entries(peer, body.leaves):
            there = theirs.get(key, ())
            if reconciled(there, versions, self.store.by_vector) != there:
                news.append((key, versions))
        self.take_in(body.entries)
        return LeavesSwapped(tuple(news))

    def take_in(self, entries: Entries) -> bool:
        """Keep what is newer of these; whether anything was."""
        kept = 0
        for key, versions in entries:
            if self.store.keep(key, versions):
                kept += 1
        self.node.publish("trees.synced", kept)
        return kept > 0

    def levels(self, peer: str) -> list[list[int]]:
        """The levels of the tree over the keys that both keep, leaves first."""
        leaves = [0] * (1 << LEAF_BITS)
        for key, versions in self.entries(peer, range(1 << LEAF_BITS)):
            leaves[leaf_of(key)] ^= digest_of(key, versions)
        levels = [leaves]
        while len(levels[-1]) > 1:
            below = levels[-1]
            levels.append([fingerprint(str(below[at : at + FAN]), None) for at in range(0, len(below), FAN)])
        return levels

    def entries(self, peer: str, leaves: Container[int]) -> Entries:
        """What it has in some leaves of the keys that both keep."""
        return tuple(
            [
                (key, self.store.held(key))
                for key in sorted(self.store.entries)
                if leaf_of(key) in leaves and self.shares(key, peer)
            ]
        )


def leaf_of(key: str) -> int:
    """The leaf of a key: a part of the ring."""
    return position(key) >> (64 - LEAF_BITS)
