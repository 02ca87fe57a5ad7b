"""A log of commands and configurations that replicas keep alike, and whose beginning can be compacted.

Each entry has a digest of the whole log up to it, so that two logs can be compared by one number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from simulations.engine.messages import Increment, Read, Request, Write
from simulations.engine.state_machine import Command, Snapshot


@dataclass(frozen=True)
class Configuration(Request):
    """In a command: from its entry on, these are the members."""

    members: tuple[str, ...]


@dataclass(frozen=True)
class Configured:
    """The members, and the index of the entry that made them so."""

    index: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A command, and the term in which a leader put it into the log."""

    term: int
    command: Command


@dataclass(frozen=True)
class Base:
    """All of a log up to an index, compacted: its last entry's term and digest, the state and members it led to."""

    index: int
    term: int
    digest: int
    state: Snapshot
    configuration: Configured


@dataclass(frozen=True)
class Appended:
    """A record of the journal: these entries follow from an index on, in place of whatever stood there."""

    index: int
    entries: tuple[Entry, ...]


class ReplicatedLog:
    """Entries by index, from 1 on; those up to `base` are no longer there."""

    def __init__(self, members: tuple[str, ...]) -> None:
        self.base = Base(0, 0, 0, Snapshot((), ()), Configured(0, members))
        self.entries: list[Entry] = []
        self.digests: list[int] = []
        self.changes: list[Configured] = []  # of the members, by these entries

    @property
    def last(self) -> int:
        """The last entry's index; 0: there never was one."""
        return self.base.index + len(self.entries)

    @property
    def configuration(self) -> Configured:
        """The last one in the log, committed or not."""
        return self.changes[-1] if self.changes else self.base.configuration

    def configuration_at(self, index: int) -> Configured:
        """The last one up to an index."""
        before = [one for one in self.changes if one.index <= index]
        return before[-1] if before else self.base.configuration

    def at(self, index: int) -> Entry:
        """An entry that has not been compacted."""
        return self.entries[index - self.base.index - 1]

    def term_at(self, index: int) -> int:
        """An entry's term; −1 where there is none, or none any more."""
        if index == self.base.index:
            return self.base.term
        return self.at(index).term if self.base.index < index <= self.last else -1

    def digest_at(self, index: int) -> int:
        """The digest of all up to an entry."""
        return self.base.digest if index == self.base.index else self.digests[index - self.base.index - 1]

    def slice(self, index: int, count: int) -> tuple[Entry, ...]:
        """At most so many entries from an index on."""
        start = index - self.base.index - 1
        return tuple(self.entries[start : start + count])

    def put(self, index: int, entries: Sequence[Entry]) -> None:
        """These follow from an index on; what stood there and after it goes."""
        kept = index - self.base.index - 1
        del self.entries[kept:]
        del self.digests[kept:]
        self.changes = [one for one in self.changes if one.index < index]
        for entry in entries:
            digest = digest_of(entry, self.digest_at(self.last))
            self.entries.append(entry)
            self.digests.append(digest)
            if isinstance(entry.command.request, Configuration):
                self.changes.append(Configured(self.last, entry.command.request.members))

    def compact(self, base: Base) -> None:
        """Let go of all up to an index; of everything, where the log goes on otherwise than from there."""
        kept = base.index - self.base.index if self.term_at(base.index) == base.term else len(self.entries)
        self.entries = self.entries[kept:]
        self.digests = self.digests[kept:]
        self.base = base
        self.changes = [one for one in self.changes if base.index < one.index <= self.last]


def digest_of(entry: Entry, before: int) -> int:
    """The digest of a log that ends with an entry, from that of the log before it."""
    request = entry.command.request
    what = ""
    if isinstance(request, Write):
        what = f"write {request.key} {request.value}"
    elif isinstance(request, Increment):
        what = f"increment {request.key} {request.amount}"
    elif isinstance(request, Read):
        what = f"read {request.key}"
    elif isinstance(request, Configuration):
        what = f"members {' '.join(request.members)}"
    return crc32(f"{entry.term} {entry.command.op} {what};".encode(), before)
