"""Hosts: what a process runs on, and what outlives its crash.

`write` is not `fsync`: a crash keeps a seeded prefix of what was written and not yet synced. A restart is a new
incarnation: a new process, which finds only the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mypy_extensions import i64

from simulations.engine.distributions import Distribution
from simulations.engine.kernel import Kernel
from simulations.engine.streams import below, nth, stream_key
from simulations.engine.tasks import Future, NodeBug

if TYPE_CHECKING:
    from simulations.engine.network import Channel, Network
    from simulations.engine.node import Node


class Sync(Future):
    """An fsync under way: when it ends, the writes that stood before it are durable."""

    def __init__(self, disk: Disk, writes: int, incarnation: int) -> None:
        super().__init__()
        self.disk = disk
        self.writes = writes
        self.incarnation = incarnation

    def fire(self) -> None:
        self.disk.synced(self)


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

    def write(self, key: str, value: Any) -> None:
        """Put a value into the page cache. Immutable values only."""
        self.cached.append((key, value))
        self.written += 1

    def fsync(self, takes: Distribution) -> Future:
        """Make all that was written until now durable; await it. `takes` is how long that lasts."""
        self.syncs += 1
        sync = Sync(self, self.written, self.incarnation)
        self.kernel.after(takes.draw_ns(self.key, nth(self.key, self.syncs)), sync)
        return sync

    def synced(self, sync: Sync) -> None:
        """An fsync has reached the platter."""
        if sync.incarnation != self.incarnation:
            return
        self._keep(sync.writes - self.kept)
        sync.resolve(None, None)

    def crash(self) -> None:
        """Lose the page cache but for a seeded prefix of it."""
        self.incarnation += 1
        self._keep(below(self.key, nth(self.key, -self.incarnation), len(self.cached) + 1))
        self.kept = self.written
        self.cached = []

    def read(self) -> dict[str, Any]:
        """What is there after a restart."""
        return dict(self.durable)

    def _keep(self, count: int) -> None:
        if count <= 0:
            return
        for key, value in self.cached[:count]:
            self.durable[key] = value
        self.cached = self.cached[count:]
        self.kept += count


class Host:
    """A machine: up or down, with a disk, channels to its neighbours and one process."""

    def __init__(self, network: Network, index: int, id: str, zone: str) -> None:
        self.network = network
        self.index = index
        self.id = id
        self.zone = zone
        self.up = False
        self.crashes = 0  # crash faults that last
        self.disk = Disk(network.kernel, stream_key(network.seed, id, "disk"))
        self.channels: dict[str, Channel] = {}
        self.targets: list[str] = []
        self.peers: list[str] = []
        self.firings: dict[str, int] = {}
        self.node_type: type[Node] | None = None
        self.params: dict[str, Any] = {}
        self.process: Node | None = None

    def clusters(self) -> bool:
        """Whether nodes of this type that are linked are peers, not caller and callee."""
        return self.node_type is not None and self.node_type.CLUSTERS

    def serves(self) -> bool:
        """Whether this type answers requests, so that whoever is linked to it may ask it."""
        return self.node_type is not None and self.node_type.SERVES

    def initiates(self) -> bool:
        """Whether this type starts client operations, whichever way its links were drawn."""
        return self.node_type is not None and self.node_type.INITIATES

    def boot(self) -> None:
        """Start the process, with nothing but the disk."""
        if self.up or self.node_type is None:
            return
        self.up = True
        self.network.trace.show(self.network.kernel.now, self.index, "up", True)
        try:
            self.process = self.node_type(self, self.params)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise NodeBug(f"Node bug in {self.node_type.TYPE} {self.id!r}, being set up: {what}") from error
        self.process.begin()

    def crash(self) -> None:
        """Stop at once, and silently: the process, its timers, its waiting calls and the unsynced part of the disk
        are gone.
        """
        if not self.up:
            return
        self.up = False
        trace = self.network.trace
        now = self.network.kernel.now
        trace.show(now, self.index, "up", False)
        for field in list(trace.shown[self.index]):
            if field != "up":
                trace.show(now, self.index, field, None)
        self.disk.crash()
        if self.process is not None:
            self.process.die()
            self.process = None
