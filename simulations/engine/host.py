"""Hosts: what a process runs on, and what outlives its crash.

A machine and its process fail apart. A machine that crashes is silent; one whose process has stopped answers for it
that nobody is there. A process that is held still does nothing until it is let go, and then all it missed at once. A
restart is a new incarnation: a new process, which finds only the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulations.engine.backlog import unanswered
from simulations.engine.clocks import Clock
from simulations.engine.cpu import RUNNING, Cpu
from simulations.engine.disk import Disk
from simulations.engine.kernel import Event
from simulations.engine.messages import Occurrence, Refusal
from simulations.engine.readiness import warm_up
from simulations.engine.streams import stream_key
from simulations.engine.tasks import NodeBug

if TYPE_CHECKING:
    from simulations.engine.channel import Channel, Message
    from simulations.engine.endpoints import End
    from simulations.engine.lies import Liar
    from simulations.engine.machine import Machine
    from simulations.engine.mesh import Mesh
    from simulations.engine.network import Network
    from simulations.engine.node import Node
    from simulations.engine.observing import Observer

PACE_MAX: Final = 1e12  # however many faults make a machine slow


class Start(Event):
    """A process begins."""

    def __init__(self, process: Node) -> None:
        self.process = process

    def fire(self) -> None:
        self.process.begin()


def born(node_type: type[Node], host: Host) -> Node:
    """A process of a type. Of a compiled type, `__new__` runs `__init__` as well, and calling the type would run it
    twice: what the first run had set would never be freed.
    """
    kind: Any = node_type
    process: Any = kind.__new__(kind, host, host.params)
    if not hasattr(process, "host"):
        process.__init__(host, host.params)
    new: Node = process
    return new


class Host:
    """A process's place on a machine: up or down, with a disk, clocks and channels to its neighbours. Only a CPU that
    it shares with other processes has a `machine` of its own.
    """

    def __init__(self, network: Network, index: int, id: str, zone: str) -> None:
        self.network = network
        self.index = index
        self.id = id
        self.zone = zone
        self.up = False
        self.stopped = False  # up, without a process
        self.boots = 0
        self.crashes = 0  # crash faults that last; the same for what follows
        self.stops = 0
        self.pauses = 0
        self.hangs = 0
        self.slows: list[float] = []
        self.slow_disks: list[float] = []
        self.pace = 1.0  # how many times as long work takes
        self.conditions: list[str] = []  # what faults have done to it, in words
        self.clock: Clock | None = None
        self.machine: Machine | None = None
        self.cpu: Cpu | None = None  # shared with other processes; None: work takes what it takes
        self.running = 0  # how much work of the process is on that CPU
        self.liar: Liar | None = None
        self.disk = Disk(network.kernel, stream_key(network.seed, id, "disk"))
        self.channels: dict[str, Channel] = {}
        self.mesh: Mesh | None = None  # lays further channels when they are used
        self.ends: list[End] = []  # of streams
        self.targets: list[str] = []
        self.peers: list[str] = []
        self.firings: dict[str, int] = {}
        self.node_type: type[Node] | None = None
        self.params: dict[str, Any] = {}
        self.process: Node | None = None
        self.observer: Observer | None = None  # of its processes

    def clusters(self) -> bool:
        """Whether nodes of this type that are linked are peers, not caller and callee."""
        return self.node_type is not None and self.node_type.CLUSTERS

    def serves(self) -> bool:
        """Whether this type answers requests, so that whoever is linked to it may ask it."""
        return self.node_type is not None and self.node_type.SERVES

    def resolves(self) -> bool:
        """Whether this type answers look-ups of names, so that whoever is linked to it may ask it for them."""
        return self.node_type is not None and self.node_type.RESOLVES

    def initiates(self) -> bool:
        """Whether this type starts client operations, whichever way its links were drawn."""
        return self.node_type is not None and self.node_type.INITIATES

    def forwards(self) -> bool:
        """Whether this type passes on what is addressed to others."""
        return self.node_type is not None and self.node_type.FORWARDS

    def reaches(self, neighbour: str) -> bool:
        """Whether it can send to a node."""
        return neighbour in self.channels or (self.mesh is not None and neighbour in self.mesh.members)

    def lay_channels(self) -> None:
        """Have all channels at hand, also those that nobody has used yet."""
        if self.mesh is not None:
            self.mesh.lay_towards(self)

    def boot(self) -> None:
        """Start the machine, unless a crash lasts, and the process with nothing but the disk."""
        if self.up or self.node_type is None:
            return
        if self.crashes:
            self._show("up", False)
            return
        self.up = True
        self.start()

    def start(self) -> None:
        """Start the process, unless a fault keeps it stopped."""
        self.stopped = self.stops > 0
        if self.stopped or self.node_type is None:
            self._show("up", False)
            self.show_conditions()
            return
        self.boots += 1
        self._show("up", True)
        if self.conditions:
            self.show_conditions()
        if self.cpu is not None:
            self._show(RUNNING, 0)
        for key in self.disk.torn:
            found = "left nothing of it" if self.disk.unguarded else "was found by its checksum and dropped"
            self.note(f"the torn write of {key} {found}")
        self.disk.torn = []
        try:
            process = self.process = born(self.node_type, self)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise NodeBug(f"Node bug in {self.node_type.TYPE} {self.id!r}, being set up: {what}") from error
        if self.liar is not None:
            self.liar.possess(process)
        if self.network.routing is not None:
            self.network.routing.changed(self)
        warm_up(process)
        if self.pauses or self.hangs:
            process.hold()
            process.put_off(Start(process))
        else:
            process.begin()

    def crash(self) -> None:
        """Stop at once, and silently: the process, its timers, its waiting calls and the unsynced part of the disk
        are gone.
        """
        if not self.up:
            return
        self.up = False
        self.stopped = False
        self._forget()
        self.disk.crash()

    def stop(self) -> None:
        """End the process, not the machine: who waits for an answer is told that the connection is gone."""
        if not self.up or self.stopped:
            return
        self.stopped = True
        waiting = unanswered(self.process) if self.process is not None else []
        for end in self.ends:
            end.abort()
        self._forget()
        self.show_conditions()
        for message in waiting:
            if message.channel.stream is None:
                self._reset(message, "connection reset", True)

    def refuse(self, message: Message) -> None:
        """What a live machine answers for a process that is not there: a reset (RFC 9293, section 3.10.7.1)."""
        if not message.replies and not isinstance(message.body, Occurrence):
            self._reset(message, "refused", False)

    def real_ns(self, local_ns: int) -> int:
        """How long it really takes until this much has passed on the monotonic clock."""
        return local_ns if self.clock is None else self.clock.real_ns(local_ns)

    def settle(self) -> None:
        """Hold the process still or let it go, as the faults that last demand."""
        process = self.process
        if process is None:
            return
        if not (self.pauses or self.hangs):
            if self.cpu is not None:
                self.cpu.thaw(self)
            for end in self.ends:
                end.resume()
            process.let_go()
        elif process.backlog is None:
            process.hold()
            if self.cpu is not None:
                self.cpu.freeze(self)
        elif self.pauses == 0:
            process.backlog.look_through()

    def settle_pace(self) -> None:
        """Work out how slow the machine and its disk are."""
        self.pace = 1.0
        for factor in self.slows:
            self.pace = min(PACE_MAX, self.pace * factor)
        self.disk.pace = self.pace
        for factor in self.slow_disks:
            self.disk.pace = min(PACE_MAX, self.disk.pace * factor)

    def show_conditions(self) -> None:
        """Show what faults have done to the machine, and whether its process is starting or draining."""
        if not self.up:
            return
        words = list(self.conditions)
        if self.process is not None and self.process.unready:
            words.append(self.process.unready)
        self._show("condition", ", ".join(words) or None)

    def count_running(self, change: int) -> None:
        """Work of the process has come onto the shared CPU, or off it."""
        self.running += change
        self._show(RUNNING, self.running)

    def note(self, text: str) -> None:
        """Write a remark on the machine into the trace."""
        self.network.trace.note(self.network.kernel.now, self.index, text, -1)

    def _show(self, field: str, value: Any) -> None:
        self.network.trace.show(self.network.kernel.now, self.index, field, value)

    def _forget(self) -> None:
        """The process is gone, and what it showed."""
        if self.cpu is not None:
            self.cpu.evict(self)
        self._show("up", False)
        for field in list(self.network.trace.shown[self.index]):
            if field != "up":
                self._show(field, None)
        for end in self.ends:
            end.forget()
        if self.process is not None:
            self.process.die()
            self.process = None
        if self.network.routing is not None:
            self.network.routing.changed(self)

    def _reset(self, message: Message, reason: str, uncertain: bool) -> None:
        message.effects += 1
        back = self.channels[message.channel.src.id]
        self.network.transmit(back, Refusal(reason, uncertain), message, message.effects, message.call, True)
