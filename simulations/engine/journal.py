"""Records on disk that are only ever added, as in the write-ahead logs of real stores: a write that a crash tears takes
nothing older with it. Replayed from its start, a journal gives back what stood there.
"""

from __future__ import annotations

from typing import Any, Final

from simulations.engine.disk import GROUP, Disk, fsync_param
from simulations.engine.distributions import Distribution
from simulations.engine.tasks import Future, Refused

FSYNC_PARAM: Final = fsync_param("No promise is given and no entry acknowledged before it is on disk.")


class Journal:
    """Records in the order in which they were written."""

    def __init__(self, disk: Disk, fsync_time: Distribution) -> None:
        self.disk = disk
        self.fsync_time = fsync_time
        found = disk.read()
        self.records: list[Any] = [found[name] for name in sorted(found, key=int)]
        self.written = 1 + max([int(name) for name in found], default=0)

    def write(self, record: Any) -> bool:
        """Append a record; it is durable after the next `synced`. False: the disk is full."""
        try:
            self.disk.write(str(self.written), record)
        except Refused:
            return False
        self.written += 1
        return True

    def synced(self, how: str = GROUP) -> Future:
        """Await that all written so far is durable; `how` as a disk has it. In a group, who waits shares an fsync."""
        return self.disk.fsync(self.fsync_time, how)
