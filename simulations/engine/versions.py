"""Versions of what several may write at once: which came after which, which stand side by side, and the store of them.

The versions of a key are a *register* that merges, of one of two kinds. Of the **last-writer-wins register** the latest
stamp remains and the rest is thrown away (Johnson, Thomas: "The Maintenance of Duplicate Databases", RFC 677, 1975;
Shapiro, Preguiça, Baquero, Zawirski: "A comprehensive study of Convergent and Commutative Replicated Data Types", INRIA
RR-7506, 2011, section 3.2.1). Copies come to agree by any stamps that are unlike each other; that what came later wins
takes stamps consistent with cause and effect, which wall clocks are only where they differ by less than news travel. A
*hybrid* clock goes beyond each stamp that it has seen (Kulkarni et al.: "Logical Physical Clocks", OPODIS 2014).

The **multi-value register** (section 3.2.2) has a version vector in each version, which counts the writes of each
writer that it has seen: of two versions one has seen the other, or neither has, and then both are kept as siblings
until a write that has seen both replaces them (Parker et al.: "Detection of Mutual Inconsistency in Distributed
Systems", IEEE Transactions on Software Engineering 9(3), 1983; DeCandia et al.: "Dynamo", SOSP 2007, section 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from simulations.engine.crdt_sets import Entries, text_of, united
from simulations.engine.declare import Invariant
from simulations.engine.node import Node
from simulations.engine.state_machine import fingerprint

Vector = tuple[tuple[int, int], ...]  # writers and their counts, by writer


@dataclass(frozen=True)
class Version:
    """A value, the wall-clock time and the number of who wrote it, and what it has seen, itself included. The value is
    a number, or a set or map that was written as a whole.
    """

    wall_ns: int
    writer: int
    vector: Vector
    value: int | None
    whole: Entries | None = None

    @property
    def text(self) -> str:
        """Its value as it is shown."""
        return str(self.value) if self.whole is None else text_of(self.whole)

    @property
    def stamp(self) -> tuple[int, int]:
        """Unlike that of any other version of a key."""
        return self.wall_ns, self.writer


Versions = tuple[Version, ...]  # siblings, by stamp
LONG_AGO_NS: Final = -(1 << 62)  # before any wall clock, however far behind
BESIDE: Final = " | "  # between siblings where they are shown

ONE_VALUE = Invariant(
    "version_values",
    "A version has one value",
    "Under one version of a key all members hold the same value.",
    "agreement",
    ("version",),
)


def covers(one: Vector, other: Vector) -> bool:
    """Whether who has seen the one has seen the other."""
    counts = dict(one)
    return all(counts.get(writer, 0) >= count for writer, count in other)


def joined(vectors: Iterable[Vector]) -> Vector:
    """What has been seen by any of them."""
    counts: dict[int, int] = {}
    for vector in vectors:
        for writer, count in vector:
            counts[writer] = max(counts.get(writer, 0), count)
    return tuple(sorted(counts.items()))


def advanced(vector: Vector, writer: int) -> Vector:
    """The same and one more write of a writer."""
    counts = dict(vector)
    counts[writer] = counts.get(writer, 0) + 1
    return tuple(sorted(counts.items()))


def latest(versions: Versions) -> int | None:
    """The value with the latest stamp; None of none."""
    return versions[-1].value if versions else None


def whole_of(versions: Versions) -> Entries:
    """What the sets or maps that were written as a whole hold, siblings taken together."""
    return united([version.whole or () for version in versions])


def reconciled(some: Versions, others: Versions, by_vector: bool) -> Versions:
    """What remains of both registers: the latest stamp, or all that none of the others has seen."""
    together = {version.stamp: version for version in (*some, *others)}
    found = [together[stamp] for stamp in sorted(together)]
    if not by_vector:
        return tuple(found[-1:])
    return tuple([one for one in found if not any(two is not one and covers(two.vector, one.vector) for two in found)])


def bytes_of(versions: Versions) -> int:
    """What they take on the wire."""
    total = 0
    for version in versions:
        total += 24 + 12 * len(version.vector) + 24 * len(version.whole or ())
    return total


def digest_of(key: str, versions: Versions) -> int:
    """A key's share of a digest of many."""
    digest = 0
    for version in versions:
        digest ^= fingerprint(f"{key} {version.wall_ns} {version.writer}", version.value)
    return digest


class VersionStore:
    """The versions that a process keeps, on its disk once synced. Keys with a blank are the process's own affairs.
    `comparable`: all copies are to hold the same, and a digest is shown to compare them by. `hybrid`: a version's stamp
    is later than those that it has seen, whatever the wall clock says.
    """

    def __init__(self, node: Node, by_vector: bool, comparable: bool, hybrid: bool = False) -> None:
        self.node = node
        self.by_vector = by_vector
        self.comparable = comparable
        self.hybrid = hybrid
        self.writer = node.incarnation * len(node.network.hosts) + node.host.index  # unlike any incarnation's before
        self.issued: dict[str, Vector] = {}
        self.issued_ns = LONG_AGO_NS
        self.entries: dict[str, Versions] = {}
        self.digest = 0
        self.beside = 0  # the digest of what the process keeps beside,
        self.keys_beside = 0  # and of how many keys
        on_disk = node.disk.read()
        for key in sorted(on_disk):
            if " " not in key:
                self.entries[key] = on_disk[key]
                self.digest ^= digest_of(key, on_disk[key])
        self.show()

    def held(self, key: str) -> Versions:
        """What there is under a key."""
        return self.entries.get(key, ())

    def issue(self, key: str, value: int | None, seen: Versions) -> Version:
        """A new version that has seen these, and all that this process has issued for the key before."""
        self.issued_ns = max(self.node.wall_ns, self.issued_ns + 1)
        if self.hybrid:
            self.issued_ns = max([self.issued_ns, *[version.wall_ns + 1 for version in seen]])
        vectors = [version.vector for version in seen]
        vector = advanced(joined([*vectors, self.issued.get(key, ())]), self.writer)
        self.issued[key] = vector
        return Version(self.issued_ns, self.writer, vector, value)

    def keep(self, key: str, versions: Versions) -> bool:
        """Reconcile what there is with these; whether that changed anything. It is durable after an fsync. Raises
        Refused when the disk is full.
        """
        before = self.held(key)
        after = reconciled(before, versions, self.by_vector)
        if after == before:
            return False
        self.node.disk.write(key, after)
        self.entries[key] = after
        self.digest ^= digest_of(key, before) ^ digest_of(key, after)
        for version in after:
            if version not in before:
                self.node.show("version", f"{key}@{version.wall_ns}.{version.writer} = {version.text}")
        self.node.show("value", f"{key} = {BESIDE.join([version.text for version in after])}")
        self.show()
        return True

    def show(self) -> None:
        """Show how much there is."""
        self.node.show("keys", len(self.entries) + self.keys_beside)
        if self.comparable:
            self.node.show("digest", f"{self.digest ^ self.beside:08x}")
