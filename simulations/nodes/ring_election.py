"""A process that elects its leader on a ring: the highest number that comes all the way round wins.

Chang and Roberts, "An Improved Algorithm for Decentralized Extrema-Finding in Circular Configurations of Processes",
CACM 22(5), 1979. Each process knows the next one only. Who wants an election sends its own number on (*candidate*). Who
gets a higher number than its own passes it on; a lower one it lets drop, and sends its own in its place, unless it has
done so already. Who gets its own number back has won, and tells so around the ring (*elected*).

When all n begin at once, that takes n (n + 1) / 2 candidates if the numbers fall along the ring, 2 n − 1 if they rise,
n (1 + 1/2 + … + 1/n) on average over all orders; and n messages to tell.

The paper knows no failures. Here what is passed on is confirmed, and who does not confirm in time is passed over; what
comes twice is passed on once; an election that comes to nothing begins anew. A partition makes two rings of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.classic_elections import ELECTION_PARAMS, ELECTION_SHOWS, RankedElector, Whom
from simulations.engine.declare import Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Reply, Vote
from simulations.engine.tasks import Failure


@dataclass(frozen=True)
class Candidate(Vote):
    """The highest number so far, whose it is, in which of the elections that it began, and how far it has come."""

    number: int
    who: str
    round: int
    hops: int


@dataclass(frozen=True)
class Elected(Vote):
    """Who has won."""

    who: str
    election: str
    hops: int


@dataclass(frozen=True)
class Passed(Reply):
    """I have it."""


class RingElection(RankedElector):
    """One of those that elect the highest number on a ring."""

    TYPE: ClassVar[str] = "ring-election"
    TITLE: ClassVar[str] = "Ring election"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A process on a ring that elects the highest number that comes round"
    ICON: ClassVar[str] = "ring-election"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "number",
            "Number",
            "integer",
            0,
            "",
            0,
            1_000_000,
            help="The highest wins; of equal ones the later member. 0: its place among the members, from 1.",
            section="Election",
        ),
        *ELECTION_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = ELECTION_SHOWS
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Candidate, Elected, Whom)

    def start(self) -> None:
        self.open()
        self.own = (self.integer("number") or self.place + 1, self.place)
        self.following = [*self.members[self.place + 1 :], *self.members[: self.place]]
        self.taking_part = False
        self.telling = ""  # the election that it has won, until all know
        self.latest = dict.fromkeys(self.members, 0)  # by member: the last election of its that it has heard of
        self.ended: dict[str, bool] = {}  # elections of which it has heard how they ended
        self.longest_ns = 3 * len(self.members) * to_ns(self.timeout_ms)
        self.elect()

    def busy(self) -> bool:
        return self.taking_part

    def elect(self) -> None:
        """Send one's own number on."""
        if not self.taking_part:
            self.take_part()
            round = (self.incarnation << 32) + self.round
            self.spawn(self.pass_on(Candidate(self.own[0], self.id, round, 1)), self.cause)

    def take_part(self) -> None:
        """An election is under way; if nothing comes of it, begin anew."""
        self.taking_part = True
        self.telling = ""
        self.round += 1
        round = self.round
        self.lose()
        self.timer(self.longest_ns, "election", lambda: self.give_up(round))

    def give_up(self, round: int) -> None:
        """The election has come to nothing."""
        if self.taking_part and self.round == round:
            self.taking_part = False
            self.elect()

    async def pass_on(self, body: Candidate | Elected) -> None:
        """Give something to the next who is there. Who is alone has won."""
        for member in self.following:
            try:
                await self.call(member, body, self.timeout_ms)
            except Failure:
                continue
            return
        if isinstance(body, Candidate) and body.who == self.id:
            self.win()

    def on_candidate(self, body: Candidate, message: Message) -> Body:
        number = (body.number, self.members.index(body.who))
        if not self.is_new(body):
            return Passed()
        if body.who == self.id:
            if self.taking_part:
                self.win()
        elif number > self.own and body.hops <= len(self.members):
            if not self.taking_part:
                self.take_part()
            self.spawn(self.pass_on(Candidate(body.number, body.who, body.round, body.hops + 1)), self.cause)
        elif not self.telling:
            self.elect()
        return Passed()

    def is_new(self, body: Candidate | Elected) -> bool:
        """Whether this has not come before. Who is passed over for being slow gets it nevertheless, and passes it on,
        too: if everybody did so with what comes twice, there would be more at each step.
        """
        if isinstance(body, Elected):
            is_new = body.election not in self.ended
            self.ended[body.election] = True
        else:
            is_new = body.round > self.latest[body.who]
            self.latest[body.who] = max(self.latest[body.who], body.round)
        return is_new

    def win(self) -> None:
        """Lead, and tell so around the ring."""
        self.taking_part = False
        self.telling = election = self.next_election()
        self.timer(self.longest_ns, "told", lambda: self.told(election))
        self.follow(self.id, election)
        self.spawn(self.pass_on(Elected(self.id, election, 1)), self.cause)

    def told(self, election: str) -> None:
        """All know who has won, or should."""
        if self.telling == election:
            self.telling = ""

    def on_elected(self, body: Elected, message: Message) -> Body:
        if not self.is_new(body):
            return Passed()
        if body.who != self.id and body.hops <= len(self.members):
            self.taking_part = False
            self.follow(body.who, body.election)
            self.spawn(self.pass_on(Elected(body.who, body.election, body.hops + 1)), self.cause)
        else:
            self.told(body.election)
        return Passed()
