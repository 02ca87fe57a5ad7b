"""Members that join and leave while the cluster works: one at a time, as entries of the log.

Ongaro, "Consensus: Bridging Theory and Practice", Stanford, 2014, chapter 4, whose sections are named. Any majority of
a configuration and any majority of one that differs by a single server share a member; so a configuration can count
from the moment when it is appended (4.1), and no second kind of majority is needed, as joint consensus (4.3) has it.
That holds only of configurations that follow each other: the next change waits until the last is committed, and with it
an entry of the leader's own term (Ongaro's correction on the list raft-dev, 10 July 2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Param
from simulations.engine.distributions import to_ns
from simulations.engine.founding import founding_params
from simulations.engine.journal import Journal
from simulations.engine.log_replication import Progress
from simulations.engine.messages import Body, Reply, Request
from simulations.engine.replicated_log import Configuration, ReplicatedLog
from simulations.engine.state_machine import Command
from simulations.engine.tasks import Failure, Refused
from simulations.engine.term_elections import Promise, Voter

MEMBERSHIP_PARAMS: Final[tuple[Param, ...]] = (
    *founding_params("Membership"),
    Param(
        "leaves_at_ms",
        "Leaves at",
        "number",
        0,
        "ms",
        0,
        86_400_000,
        help="From then on it asks to be let go. 0: never.",
        section="Membership",
    ),
    Param(
        "catch_up",
        "Catch up first",
        "boolean",
        True,
        help="Who joins gets the log before it has a vote. Without, it counts at once, with an empty log.",
        section="Membership",
    ),
)


@dataclass(frozen=True)
class ChangeMembers(Request):
    """Let this one in, or go."""

    member: str
    joins: bool


@dataclass(frozen=True)
class Membership(Reply):
    """It is so, or not yet; and who leads, as far as I know."""

    done: bool
    leader: str


@dataclass(frozen=True)
class Round:
    """Of catching up: all that was in the log when it began (4.2.1)."""

    target: int
    began_ns: int


def membership_doubts(params: dict[str, Any]) -> list[tuple[str, str]]:
    """Doubts about when somebody joins and leaves."""
    joins, leaves = float(params["joins_at_ms"]), float(params["leaves_at_ms"])
    found = []
    if joins and not params["founders"]:
        words = "Nobody joins, for all are members from the start. The founders should be named."
        found.append(("joins_at_ms", words))
    if 0 < leaves <= joins:
        found.append(("leaves_at_ms", "It never joins, for it leaves before. It should leave later."))
    if (joins or leaves) and not params["pre_vote"]:
        words = "Who does not hear how a change ended stands again and again, in ever higher terms. It should be on."
        found.append(("pre_vote", words))
    return found


@mypyc_attr(allow_interpreted_subclasses=True)
class Member(Voter):
    """Who elects, and is elected, in a cluster whose members change. How a log is replicated, a subclass says."""

    def start_membership(self, journal: Journal, promised: Promise, log: ReplicatedLog) -> None:
        """Begin with the log that an earlier incarnation has written."""
        self.log = log
        self.commit = log.base.index
        self.first = 0  # as leader: the first entry of its term
        self.progress: dict[str, Progress] = {}  # as leader: of all that entries are sent to
        self.wishes: list[ChangeMembers] = []
        self.catching_up: dict[str, Round] = {}  # those who get entries and have no vote yet
        self.leaving = self.removed = False
        self.start_electing(journal, promised, log.configuration.members)
        joins_ns, leaves_ns = to_ns(self.number("joins_at_ms")), to_ns(self.number("leaves_at_ms"))
        if leaves_ns and self.peers:
            self.timer(max(1, leaves_ns - self.now_ns), "leave", lambda: self.wish(False))
        if self.id not in self.members and not 0 < leaves_ns <= self.now_ns:
            self.timer(max(1, joins_ns - self.now_ns), "join", lambda: self.wish(True))

    # What a subclass says

    def propose(self, command: Command) -> int:
        """Append a command as the leader, and give its index. Raises Refused when the disk is full."""
        return 0

    def replicate(self, peer: str, one: Progress) -> None:
        """Send somebody entries."""

    async def confirm(self) -> None:
        """Await that one leads still, by the word of a majority. Raises Refused if not."""

    # Who has a vote

    def agreed(self, reached: Mapping[str, int]) -> int:
        """What a majority of the members has reached."""
        return sorted([reached.get(member, 0) for member in self.members], reverse=True)[self.majority - 1]

    def standing(self) -> str:
        if self.id in self.members and not self.removed:
            return "follower"
        return "learner" if self.leader else "outside"

    def may_stand(self) -> bool:
        """A member may; so may one whose removal is not committed yet, for it may be needed until then (4.2.2)."""
        before = self.log.configuration_at(self.commit)
        return not self.removed and (self.id in self.members or self.id in before.members)

    def turn(self, role: str) -> None:
        super().turn(role)
        if role == "outside":
            self.show("digest", None)  # it has no copy that anybody keeps

    def reconfigure(self) -> None:
        """A configuration counts as soon as it is in the log, and no longer than that (4.1)."""
        members = self.log.configuration.members
        if members == self.members:
            return
        self.configure(members)
        if self.role == "leader":
            known = self.progress
            sent_to = [*self.voters, *[one for one in self.catching_up if one not in self.voters]]
            self.progress = {one: known[one] if one in known else Progress(self.log.last) for one in sent_to}
        elif self.removed and self.id in members:  # somebody has acted on what it asked for earlier
            self.removed = False
            self.wish(False)
        if self.role not in ("leader", self.standing()):
            self.turn(self.standing())

    # Who wants to join or leave

    def wish(self, joins: bool) -> None:
        """The time has come to join, or to leave."""
        self.leaving = not joins
        self.spawn(self.ask_to_change(joins), self.cause)

    async def ask_to_change(self, joins: bool) -> None:
        """Ask who leads, until it is so, or the opposite is wanted."""
        change = ChangeMembers(self.id, joins)
        leader, asked = "", 0
        while self.leaving is not joins:
            whom = self.leader or leader or self.peers[asked % len(self.peers)]
            asked += 1
            answer = Membership(False, "")
            try:
                if self.role == "leader":
                    answer = await self.decide(change)
                else:
                    answer = await self.call(whom, change, self.shortest_ms)
            except Failure:
                pass  # it is down, or cut off, or does not lead any more
            if answer.done:
                break
            leader = answer.leader
            await self.sleep(self.shortest_ns)
        if not joins:
            self.removed = True
            self.follow("")

    # The leader

    async def on_change_members(self, body: ChangeMembers, message: Message) -> Body:
        return await self.decide(body)

    async def decide(self, wish: ChangeMembers) -> Membership:
        """Take up a wish, and say whether it is fulfilled: committed, and by one who leads still."""
        if self.role != "leader":
            return Membership(False, self.leader)
        self.wishes = [one for one in self.wishes if one.member != wish.member or one == wish]
        if (wish.member in self.members) is not wish.joins:
            if wish not in self.wishes:
                self.wishes.append(wish)
            self.change()
            return Membership(False, self.id)
        if not wish.joins and self.catching_up.pop(wish.member, None) is not None:
            del self.progress[wish.member]
        done = self.log.configuration.index <= self.commit
        if done:
            await self.confirm()
        return Membership(done, self.id)

    def may_change(self) -> bool:
        """Whether the last change is committed, and an entry of the own term: without that, another leader's change
        could be about that shares no majority with the next (4.1, as corrected).
        """
        return self.role == "leader" and self.commit >= max(self.first, self.log.configuration.index)

    def change(self) -> None:
        """Begin the next change that somebody wants, if there may be one now."""
        if self.may_change():
            for wish in self.wishes:
                if not wish.joins or self.caught_up(wish.member):
                    self.begin_change(wish)
                    return

    def begin_change(self, wish: ChangeMembers) -> None:
        """Append the new configuration."""
        members = [member for member in self.members if member != wish.member]
        if wish.joins:
            members = sorted([*members, wish.member])
        if not members:
            self.note("the last member stays")
            self.wishes.remove(wish)
            return
        try:
            self.propose(Command(Configuration(tuple(members)), -1))
        except Refused:
            return  # the disk is full: somebody will ask again
        self.wishes.remove(wish)
        self.catching_up.pop(wish.member, None)

    def caught_up(self, member: str) -> bool:
        """Whether somebody has the log, so that the cluster need not wait for it as a member: a round of catching up
        has taken less than an election timeout (4.2.1). Rounds begin until one does.
        """
        if not self.boolean("catch_up"):
            return True
        one = self.catching_up.get(member)
        if one is None:
            self.progress[member] = Progress(self.log.last + 1)
            self.replicate(member, self.progress[member])
        elif self.progress[member].match < one.target:
            return False
        elif self.now_ns - one.began_ns < self.shortest_ns:
            return True
        self.catching_up[member] = Round(self.log.last, self.now_ns)
        return False

    def after_commit(self) -> None:
        """A leader that has removed itself has led until that was committed, and goes (4.2.2)."""
        if self.id in self.members or self.log.configuration.index > self.commit:
            self.change()
        elif self.role == "leader":
            self.note("is no member any more: steps down")
            self.follow("")

    def retire(self) -> None:
        """What others wish for, they ask of the next leader."""
        self.wishes = []
        self.catching_up = {}
