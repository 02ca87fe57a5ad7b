"""What the classic elections share: members in an order, whom each follows, and finding out that a leader is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final
from zlib import crc32

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Heartbeat
from simulations.engine.node import Node
from simulations.engine.tasks import Failure

LEADER: Final = "leader"
FOLLOWER: Final = "follower"
ELECTING: Final = "electing"

ELECTION_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "check_every_ms",
        "Checks the leader every",
        "number",
        200,
        "ms",
        0,
        3_600_000,
        help="Asks the leader whether it still leads; a leader asks the others whom they follow. 0: never.",
        section="Election",
    ),
    Param(
        "timeout_ms",
        "Timeout",
        "number",
        100,
        "ms",
        0.001,
        3_600_000,
        help="Who has not answered by then counts as down. It must be longer than any round trip.",
        section="Election",
    ),
)
ELECTION_SHOWS: Final[tuple[Show, ...]] = (
    Show("follows", "Follows"),
    Show("role", "Role", look="badge"),
    Show("elected", "Last election", look="hidden"),
    Show("digest", "Digest", look="hidden"),
)


@dataclass(frozen=True)
class Whom(Heartbeat):
    """Whom do you follow?"""


@dataclass(frozen=True)
class Follows(Heartbeat):
    """This one; "": nobody."""

    leader: str


@mypyc_attr(allow_interpreted_subclasses=True)
class RankedElector(Node):
    """One of several processes in an order: it follows a leader, or leads. How one is elected, a subclass knows."""

    CLUSTERS: ClassVar[bool] = True
    ACTS: ClassVar[bool] = True
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "one_elected",
            "One winner an election",
            "All who hear how an election ended hear of the same winner.",
            "agreement",
            ("elected",),
        ),
    )

    def open(self) -> None:
        """Begin, knowing nobody."""
        hosts = self.network.hosts
        self.members = sorted([self.id, *self.peers], key=lambda name: hosts[name].index)
        self.place = self.members.index(self.id)
        self.timeout_ms = self.number("timeout_ms")
        self.check_ns = to_ns(self.number("check_every_ms"))
        self.leader = ""
        self.round = 0  # elections that it took part in
        self.wins = 0
        if self.check_ns:
            self.timer(self.check_ns, "check", self.check)

    def elect(self) -> None:
        """Begin an election."""

    def busy(self) -> bool:
        """Whether an election is under way, as far as it knows."""
        return False

    def next_election(self) -> str:
        """The name of an election that it has won; no other one has it."""
        self.wins += 1
        return f"{self.id}.{self.incarnation}.{self.wins}"

    def follow(self, leader: str, election: str) -> None:
        """An election has ended."""
        self.leader = leader
        self.show("elected", f"{election} = {leader}")
        self.show("role", LEADER if leader == self.id else FOLLOWER)
        self.show("follows", leader)
        self.show("digest", f"{crc32(leader.encode()):08x}")

    def lose(self) -> None:
        """Follow nobody while an election is under way."""
        self.leader = ""
        self.show("role", ELECTING)
        self.show("follows", "")

    def check(self) -> None:
        """Look whether the leader leads; a leader, whether all follow it."""
        self.timer(self.check_ns, "check", self.check)
        if not self.busy():
            for member in self.peers if self.leader == self.id else [self.leader]:
                if member:
                    self.spawn(self.ask(member, self.leader), self.cause)
            if not self.leader:
                self.elect()

    async def ask(self, member: str, leader: str) -> None:
        """Ask a member whom it follows, and elect if that is not as it should be."""
        try:
            reply: Follows = await self.call(member, Whom(), self.timeout_ms)
            wrong = reply.leader != leader
        except Failure:
            wrong = member == leader
        if wrong and self.leader == leader and not self.busy():
            self.elect()

    def on_whom(self, body: Whom, message: Message) -> Body:
        return Follows(self.leader)
