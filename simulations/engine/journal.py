"""A replica's log on disk: entries of commands, and promises to leaders, as records that are only ever added.

Replayed from its start, the journal gives back what stood there. A record is never overwritten, so that a crash costs
the last records and no older ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.disk import Disk
from simulations.engine.distributions import Distribution
from simulations.engine.state_machine import Command


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


class Journal:
    """The log and the last promise. What is written is in them at once, and durable after `durable`."""

    def __init__(self, disk: Disk, takes: Distribution, promise: Promise) -> None:
        self.disk = disk
        self.takes = takes
        self.entries: list[Entry] = []
        self.promise = promise
        self.records = 0
        stored = disk.read()
        for key in sorted(stored):
            self._replay(stored[key])
            self.records = int(key)

    def add(self, record: Cut | Promise) -> None:
        """Write a record. Raises Refused when the disk is full; then nothing has changed."""
        self.disk.write(f"{self.records + 1:012}", record)
        self.records += 1
        self._replay(record)

    async def durable(self) -> None:
        """Await that all of it is on the platter."""
        if self.disk.cached:
            await self.disk.fsync(self.takes)

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
