"""The master of a chain: says who is in it, and in which order.

It asks every member over and over whether it is there. Who has been silent for longer than its patience is left out of
the next **version** of the chain, which is on the master's disk before anybody hears of it; who comes back is put at
the end, one at a time, and counts once it has all that the others have. The master knows nothing of the data and sees
no request (van Renesse and Schneider, "Chain Replication for Supporting High Throughput and Availability", OSDI 2004,
section 3). Members that have everything are never all left out: if none answers, the chain stays as it is.

With each question the master says which answer it last got, so that the tail knows how long it will not be given up.

In the paper the master is itself replicated, by Paxos. Here there is one; while it is down, nobody may answer reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from simulations.engine.chaining import Chain, Here, Watch
from simulations.engine.declare import Metric, Neighbour, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.tasks import Failure, Refused

ROUNDS: Final = 1_000_000_000  # of one incarnation, at most


class ChainMaster(Node):
    """Watches the members that it has links to."""

    TYPE: ClassVar[str] = "chain-master"
    TITLE: ClassVar[str] = "Chain master"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Says who is in a chain, and leaves out who falls silent"
    ICON: ClassVar[str] = "chain-master"
    SERVES: ClassVar[bool] = False
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("ping_ms", "Asks every", "number", 50, "ms", 0.1, 3_600_000, section="Detection", help="All members."),
        Param(
            "silence_ms",
            "Patience",
            "number",
            300,
            "ms",
            0.1,
            3_600_000,
            help="Who has not answered for so long is left out; longer than the members' lease.",
            section="Detection",
        ),
        fsync_param("A version is on disk before anybody hears of it."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("order", "Chain"), Show("last_version", "Version", title_first=True))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("chain.versions", "versions", "Versions of the chain after the first.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = ()

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if params["silence_ms"] <= params["ping_ms"]:
            words = "No longer than the pause between two questions: healthy members are left out. Several times that."
            return [("silence_ms", words)]
        return []

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        leases = [one.params["lease_ms"] for one in neighbours.values() if "lease_ms" in one.params]
        if max(leases, default=0) >= params["silence_ms"]:
            words = "No longer than the members' lease: a tail that is left out still answers. Longer than the lease."
            return [("silence_ms", words)]
        return []

    def start(self) -> None:
        stored = self.disk.read()
        self.chain: Chain = stored[max(stored)] if stored else Chain(1, tuple(sorted(self.targets)))
        self.fsync_time = self.duration("fsync_time")
        self.patience_ns = to_ns(self.number("silence_ms"))
        self.answered_ns = dict.fromkeys(self.targets, self.now_ns)
        self.heard = dict.fromkeys(self.targets, -1)
        self.round = self.incarnation * ROUNDS
        self.changing = False
        self.tell()
        self.spawn(self.begin_watch(), self.cause)

    async def begin_watch(self) -> None:
        """Nobody hears of what is not on disk, not even after a restart."""
        await self.disk.fsync(self.fsync_time)
        self.watch()

    def tell(self) -> None:
        """Show the chain."""
        self.show("order", " → ".join(self.chain.members))
        self.show("last_version", self.chain.version)

    def watch(self) -> None:
        """Ask all members, and leave out who has been silent for too long."""
        self.round += 1
        for member in self.targets:
            self.spawn(self.ask(member, self.round), self.cause)
        members = self.chain.members
        here = tuple([one for one in members if self.now_ns - self.answered_ns[one] <= self.patience_ns])
        if len(here) < len(members) and [one for one in here if one != self.chain.joining]:
            self.change(here, self.chain.joining if self.chain.joining in here else "")
        self.timer(to_ns(self.number("ping_ms")), "watch", self.watch)

    async def ask(self, member: str, number: int) -> None:
        """Ask one member."""
        reply: Body | None = None
        try:
            reply = await self.call(member, Watch(self.chain, number, self.heard[member]), self.number("silence_ms"))
        except Failure:
            pass
        if not isinstance(reply, Here):
            return
        self.answered_ns[member] = self.now_ns
        self.heard[member] = max(self.heard[member], number)
        chain = self.chain
        if member == chain.joining and reply.complete and reply.version == chain.version:
            self.change(chain.members, "")
        elif member not in chain.members and not chain.joining and reply.version == chain.version:
            self.change((*chain.members, member), member)

    def change(self, members: tuple[str, ...], joining: str) -> None:
        """A new version of the chain, unless one is being written down."""
        if not self.changing:
            chain = Chain(self.chain.version + 1, members, joining)
            try:
                self.disk.write(f"{chain.version:012}", chain)
            except Refused:  # the disk is full
                return
            self.changing = True
            self.spawn(self.announce(chain), self.cause)

    async def announce(self, chain: Chain) -> None:
        """Write it down, then tell."""
        await self.disk.fsync(self.fsync_time)
        self.chain = chain
        self.changing = False
        self.publish("chain.versions", 1)
        self.tell()
        for member in self.targets:
            self.spawn(self.ask(member, self.round), self.cause)
