"""A replica's log and its promises to leaders, kept in a journal: what is added is in memory and on its way to disk."""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.disk import EACH, Disk
from simulations.engine.distributions import Distribution
from simulations.engine.journal import Journal
from simulations.engine.state_machine import Command
from simulations.engine.tasks import Refused


@dataclass(frozen=True)
class Entry:
    """A command, and the epoch of the leader that put it into the log."""

    epoch: int
    command: Command


@dataclass(frozen=True)
class Cut:
    """The log ends after so many entries; these follow."""

    after: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Promise:
    """From now on nobody of an earlier epoch is followed. `leader`: who leads in this one; "" while nobody does."""

    epoch: int
    leader: str


class JournaledLog:
    """The log and the last promise. What is written is in them at once, and durable after `durable`."""

    def __init__(self, disk: Disk, takes: Distribution, promise: Promise) -> None:
        self.journal = Journal(disk, takes)
        self.entries: list[Entry] = []
        self.promise = promise
        for record in self.journal.records:
            self._replay(record)

    def add(self, record: Cut | Promise) -> None:
        """Write a record. Raises Refused when the disk is full; then nothing has changed."""
        if not self.journal.write(record):
            raise Refused("disk full", False)
        self._replay(record)

    async def durable(self) -> None:
        """Await that all of it is on the platter."""
        if self.journal.disk.cached:
            await self.journal.synced(EACH)

    def epoch_at(self, length: int) -> int:
        """The epoch of the last of so many entries; 0 of none, −1 where there are fewer."""
        if length > len(self.entries):
            return -1
        return self.entries[length - 1].epoch if length else 0

    def _replay(self, record: Cut | Promise) -> None:
        if isinstance(record, Cut):
            del self.entries[record.after :]
            self.entries += record.entries
        else:
            self.promise = record
