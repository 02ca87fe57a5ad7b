"""Node types of the reference workloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Heartbeat, Occurrence, Replication, Reply
from simulations.engine.node import Node
from simulations.engine.tasks import Failure


@dataclass(frozen=True)
class Token(Occurrence):
    """Something that is handed on."""


class Holder(Node):
    """Hands every token on to a neighbour drawn by chance (Fujimoto's PHOLD, "Performance of Time Warp", 1990)."""

    TYPE: ClassVar[str] = "holder"
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Token,)

    def start(self) -> None:
        self.neighbours = list(self.host.channels)
        for number in range(self.integer("tokens")):
            self.send(self.neighbours[number % len(self.neighbours)], Token())

    def on_token(self, body: Token, message: Message) -> None:
        self.send(self.neighbours[int(self.draw("next") * len(self.neighbours))], body)


@dataclass(frozen=True)
class Rumour(Occurrence):
    """All the rumours a node knows, as a bit set."""

    known: int


class Gossiper(Node):
    """Tells what it knows to a neighbour drawn by chance, again and again."""

    TYPE: ClassVar[str] = "gossiper"
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Rumour,)

    def start(self) -> None:
        self.neighbours = list(self.host.channels)
        self.known = 1 << self.host.index
        self.tell()

    def tell(self) -> None:
        """One round."""
        neighbour = self.neighbours[int(self.draw("neighbour") * len(self.neighbours))]
        self.send(neighbour, Rumour(self.known))
        self.timer(to_ns(self.number("period_ms")), "round", self.tell)

    def on_rumour(self, body: Rumour, message: Message) -> None:
        self.known |= body.known


@dataclass(frozen=True)
class Entry(Replication):
    """An entry of the log, and how far the leader has committed."""

    index: int
    committed: int


@dataclass(frozen=True)
class Written(Reply):
    """The follower has it on disk."""

    index: int


@dataclass(frozen=True)
class Beat(Heartbeat):
    """The leader is alive and has committed this far."""

    committed: int


class LogMember(Node):
    """A member of a replicated log whose leader is the first: entries go to all and are committed at a majority."""

    TYPE: ClassVar[str] = "log-member"
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Entry, Beat)

    def start(self) -> None:
        self.index = 0
        self.committed = 0
        self.fsync_time = self.duration("fsync_time")
        if self.host.index == 0:
            self.beat()
            for _ in range(self.integer("writers")):
                self.spawn(self.write(), self.cause)

    def beat(self) -> None:
        """Tell the followers that the leader lives."""
        self.broadcast(self.peers, Beat(self.committed))
        self.timer(to_ns(self.number("heartbeat_ms")), "beat", self.beat)

    async def write(self) -> None:
        """One writer: an entry after the other."""
        while True:
            self.index += 1
            index = self.index
            calls = self.call_each(self.peers, Entry(index, self.committed), 100.0)
            self.disk.write("log", index)
            await self.disk.fsync(self.fsync_time)
            try:
                await self.quorum(calls, len(self.peers) // 2 + 1, [Written(index)])
            except Failure:
                continue
            self.committed = max(self.committed, index)
            self.show("committed", self.committed)

    async def on_entry(self, body: Entry, message: Message) -> Body:
        self.disk.write("log", body.index)
        await self.disk.fsync(self.fsync_time)
        self.show("committed", body.committed)
        return Written(body.index)

    def on_beat(self, body: Beat, message: Message) -> None:
        self.show("committed", body.committed)
