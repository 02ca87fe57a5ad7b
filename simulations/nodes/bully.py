"""A process that elects its leader by the bully algorithm: the highest that lives wins.

Garcia-Molina, "Elections in a Distributed Computing System", IEEE Transactions on Computers C-31(1), 1982, in the form
of the textbooks. Every process knows all others and their order. Who finds the leader gone asks all that are higher
(*election*). Who hears that says that it is up (*alive*) and asks those above it in turn; a leader says so instead.
Who hears from nobody above it in time is the highest, and tells all below (*coordinator*). Who comes back asks anew: if
it is the highest, it takes the lead from whoever has it, hence the name.

Among n processes of which the highest has died, the lowest that notices costs n² − n − 1 messages, the highest n − 1.

The algorithm believes that who does not answer in time is dead. A slow network makes it elect again and again, and a
partition gives each side a leader; when the sides meet, the leaders find each other out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.classic_elections import ELECTION_PARAMS, ELECTION_SHOWS, RankedElector, Whom
from simulations.engine.declare import Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Vote


@dataclass(frozen=True)
class Election(Vote):
    """Is anybody up who is higher than I?"""


@dataclass(frozen=True)
class Alive(Vote):
    """I am, and see to it."""


@dataclass(frozen=True)
class Coordinator(Vote):
    """I lead."""

    election: str


class Bully(RankedElector):
    """One of those that elect the highest."""

    TYPE: ClassVar[str] = "bully"
    TITLE: ClassVar[str] = "Bully election"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A process that elects the highest as leader, each against those above it"
    ICON: ClassVar[str] = "bully"
    PARAMS: ClassVar[tuple[Param, ...]] = ELECTION_PARAMS
    SHOWS: ClassVar[tuple[Show, ...]] = ELECTION_SHOWS
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Election, Alive, Coordinator, Whom)

    def start(self) -> None:
        self.open()
        self.electing = False
        self.answered = False
        self.election = ""  # the last that it has won
        self.higher = self.members[self.place + 1 :]
        self.lower = self.members[: self.place]
        self.elect()

    def busy(self) -> bool:
        return self.electing

    def elect(self) -> None:
        """Ask all that are higher. Who has come back does so, too: it may be the highest."""
        if self.electing:
            return
        self.electing = True
        self.answered = False
        self.round += 1
        round = self.round
        self.lose()
        if not self.higher:
            self.win()
            return
        self.broadcast(self.higher, Election())
        self.timer(to_ns(self.timeout_ms), "answers", lambda: self.judge(round))

    def on_election(self, body: Election, message: Message) -> None:
        who = message.channel.src.id
        if who not in self.lower:
            return
        if self.leader == self.id:
            self.send(who, Coordinator(self.election))
        else:
            self.send(who, Alive())
            self.elect()

    def on_alive(self, body: Alive, message: Message) -> None:
        self.answered = self.answered or message.channel.src.id in self.higher

    def judge(self, round: int) -> None:
        """Time is up: nobody higher is there, or one of them will tell how it ends."""
        if not self.electing or self.round != round:
            return
        if not self.answered:
            self.win()
        else:
            self.timer(2 * to_ns(self.timeout_ms), "coordinator", lambda: self.give_up(round))

    def give_up(self, round: int) -> None:
        """Whoever wanted to see to it has died meanwhile: begin anew."""
        if self.electing and self.round == round:
            self.electing = False
            self.elect()

    def win(self) -> None:
        """Lead, and tell all that are lower."""
        self.electing = False
        self.election = self.next_election()
        self.broadcast(self.lower, Coordinator(self.election))
        self.follow(self.id, self.election)

    def on_coordinator(self, body: Coordinator, message: Message) -> None:
        if message.channel.src.id in self.higher:
            self.electing = False
            self.follow(message.channel.src.id, body.election)
        else:
            self.elect()
