"""Disks: what outlives a crash, and what does not.

`write` is not `fsync`: a crash keeps a seeded prefix of what was written and not yet synced (Pillai et al., "All File
Systems Are Not Created Equal", OSDI 2014, section 2). A process that dies on a machine that lives leaves its writes in
the machine's page cache, where the next one finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mypy_extensions import i64

from simulations.engine.declare import Param
from simulations.engine.distributions import LONGEST_NS, Distribution
from simulations.engine.kernel import Kernel
from simulations.engine.streams import below, nth
from simulations.engine.tasks import Future, Refused

EACH: Final = "each"  # every fsync by itself and at once
QUEUE: Final = "queue"  # one after another
GROUP: Final = "group"  # one after another, and all that wait share the next one


def fsync_param(help: str, takes_ms: int | float = 0.5, section: str = "Disk", *when: Any) -> Param:
    """The parameter `fsync_time`: how long an fsync takes if nothing else is said; `help` says what waits for it. The
    union keeps an integer what it is, also where this is compiled.
    """
    takes = {"kind": "constant", "value_ms": takes_ms}
    return Param(
        "fsync_time", "fsync takes", "distribution", takes, "ms", 0, 3_600_000, help=help, section=section, when=when
    )


def stretched(duration_ns: int, factor: float) -> int:
    """A duration at another pace, rounded to a whole nanosecond."""
    return duration_ns if factor == 1.0 else int(min(duration_ns * factor + 0.5, LONGEST_NS))


class Sync(Future):
    """An fsync under way: when it ends, the writes that stood before it are durable."""

    def __init__(self, disk: Disk, takes: Distribution, queued: bool) -> None:
        super().__init__()
        self.disk = disk
        self.takes = takes
        self.queued = queued
        self.writes = disk.written
        self.incarnation = disk.incarnation
        self.sharing: list[Sync] = []  # others that end with it

    def fire(self) -> None:
        self.disk.synced(self)


class Together:
    """Values written as one: all of them outlive a crash, or none."""

    def __init__(self, values: dict[str, Any], kept: Callable[[], None] | None) -> None:
        self.values = values
        self.kept = kept  # told when they have become durable


class Disk:
    """Keys and values that survive a crash once synced."""

    def __init__(self, kernel: Kernel, key: i64) -> None:
        self.kernel = kernel
        self.key = key
        self.durable: dict[str, Any] = {}
        self.cached: list[tuple[str, Any]] = []
        self.written = 0  # writes ever made
        self.kept = 0  # writes ever made durable, or lost
        self.syncs = 0
        self.incarnation = 0
        self.waiting: list[Sync] = []
        self.flushing = False
        self.listener: Callable[[str], None] | None = None  # told of each write and each fsync that has ended
        # What faults do to it; a count of the faults, or their product.
        self.pace = 1.0
        self.full = 0
        self.lying = 0
        self.tearing = 0
        self.unguarded = 0  # torn writes go undetected
        self.torn: list[str] = []  # keys whose last write a crash has torn

    def write(self, key: str, value: Any) -> None:
        """Put a value into the page cache. Immutable values only. Raises Refused when the disk is full."""
        if self.full:
            raise Refused("disk full", False)
        self.cached.append((key, value))
        self.written += 1
        if self.listener is not None:
            self.listener("written")

    def write_together(self, values: dict[str, Any], kept: Callable[[], None] | None = None) -> None:
        """Put values into the page cache as one record: a crash keeps or takes them together. `kept` is called when
        they have become durable.
        """
        self.write(next(iter(values)), Together(values, kept))

    def fsync(self, takes: Distribution, how: str = EACH) -> Future:
        """Make all that was written until now durable; await it. `takes` is how long that lasts once it has begun;
        `how` is EACH, QUEUE or GROUP.
        """
        sync = Sync(self, takes, how != EACH)
        if how == EACH:
            self._start(sync)
        elif not self.flushing:
            self.flushing = True
            self._start(sync)
        elif how == GROUP and self.waiting:
            self.waiting[-1].writes = sync.writes
            self.waiting[-1].sharing.append(sync)
        else:
            self.waiting.append(sync)
        return sync

    def synced(self, sync: Sync) -> None:
        """An fsync has reached the platter, or the disk says so."""
        if sync.incarnation != self.incarnation:
            return
        if self.listener is not None:
            self.listener("fsync")
        if not self.lying:
            self._keep(sync.writes - self.kept)
        if sync.queued:
            self.flushing = bool(self.waiting)
            if self.waiting:
                self._start(self.waiting.pop(0))
        sync.resolve(None, None)
        for other in sync.sharing:
            other.resolve(None, None)

    def crash(self) -> None:
        """Lose the page cache but for a seeded prefix of it; the write that was being made may be torn."""
        self.incarnation += 1
        kept = below(self.key, nth(self.key, -self.incarnation), len(self.cached) + 1)
        self.torn = list(_entries(self.cached[kept : kept + 1])) if self.tearing else []
        self._keep(kept)
        if self.unguarded:
            for key in self.torn:
                self.durable.pop(key, None)
        self.kept = self.written
        self.cached = []
        self.waiting = []
        self.flushing = False

    def read(self) -> dict[str, Any]:
        """What a process finds there when it starts."""
        return {**self.durable, **_entries(self.cached)}

    def _start(self, sync: Sync) -> None:
        self.syncs += 1
        takes_ns = stretched(sync.takes.draw_ns(self.key, nth(self.key, self.syncs)), self.pace)
        self.kernel.after(takes_ns, sync)

    def _keep(self, count: int) -> None:
        if count <= 0:
            return
        kept = self.cached[:count]
        self.durable.update(_entries(kept))
        self.cached = self.cached[count:]
        self.kept += count
        for _, value in kept:
            if isinstance(value, Together) and value.kept is not None:
                value.kept()


def _entries(writes: list[tuple[str, Any]]) -> dict[str, Any]:
    """What stands under each key after these writes."""
    found: dict[str, Any] = {}
    for key, value in writes:
        if isinstance(value, Together):
            found.update(value.values)
        else:
            found[key] = value
    return found
