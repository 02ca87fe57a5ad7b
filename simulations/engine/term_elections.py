"""Electing one leader a term: votes, and who may ask for them.

The elections of Raft: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014,
sections 5.1, 5.2 and 5.4.1; pre-vote and the rest as in Ongaro, "Consensus: Bridging Theory and Practice", Stanford,
2014 (thesis).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Param
from simulations.engine.distributions import to_ns
from simulations.engine.doubting import slow_votes
from simulations.engine.journal import Journal
from simulations.engine.messages import Body, Vote
from simulations.engine.node import Node

ELECTION_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "election_timeout_ms_min",
        "Election timeout from",
        "number",
        150,
        "ms",
        1,
        3_600_000,
        help="A follower that hears no leader for a time drawn between the two stands for election. For the"
        " shorter of them nobody who has heard a leader votes against it.",
        section="Election",
    ),
    Param("election_timeout_ms_max", "to", "number", 300, "ms", 1, 3_600_000, section="Election"),
    Param("heartbeat_ms", "Heartbeat every", "number", 50, "ms", 0.1, 3_600_000, section="Election"),
    Param(
        "pre_vote",
        "Pre-vote",
        "boolean",
        True,
        help="Ask whether an election could be won before beginning a term.",
        section="Election",
    ),
    Param(
        "check_quorum",
        "Check quorum",
        "boolean",
        True,
        help="A leader that hears no majority for the shorter election timeout steps down.",
        section="Election",
    ),
)


@dataclass(frozen=True)
class Promise:
    """A record of the journal: the term, and who got the vote in it ("": nobody)."""

    term: int
    vote: str


@dataclass(frozen=True)
class PreVote(Vote):
    """Would you vote for me in this term, with a log that ends so? (thesis 9.6)"""

    term: int
    last_index: int
    last_term: int


@dataclass(frozen=True)
class PreVoteReply(Vote):
    """I would in that term; or not, and my term is this."""

    term: int
    granted: bool


@dataclass(frozen=True)
class VoteRequest(Vote):
    """I stand in this term, with a log that ends so (5.2)."""

    term: int
    last_index: int
    last_term: int


@dataclass(frozen=True)
class VoteReply(Vote):
    """You have my vote in this term, or not."""

    term: int
    granted: bool


ELECTION_BODIES: Final[tuple[type[Body], ...]] = (PreVote, PreVoteReply, VoteRequest, VoteReply)


@mypyc_attr(allow_interpreted_subclasses=True)
class Voter(Node):
    """A member of a cluster that elects its leader. What its log ends with, and what a leader does, a subclass says."""

    def start_electing(self, journal: Journal, promised: Promise, members: tuple[str, ...]) -> None:
        """Begin with the term and the vote that an earlier incarnation has written."""
        self.journal = journal
        self.term = promised.term
        self.vote = promised.vote
        self.configure(members)
        self.shortest_ms = self.number("election_timeout_ms_min")
        self.shortest_ns = to_ns(self.shortest_ms)
        self.leader = ""
        self.votes: list[str] = []
        self.heard_ns = self.now_ns  # a leader, as far as it can remember
        self.show("term", self.term)
        self.turn(self.standing())
        self.wait_anew()
        self.election_timer()

    def configure(self, members: tuple[str, ...]) -> None:
        """From now on these have a vote."""
        self.members = members
        self.voters = [member for member in members if member != self.id]
        self.majority = len(members) // 2 + 1
        self.show("members", " ".join(members))
        self.publish("members", len(members))

    # What a subclass says

    def last_entry(self) -> tuple[int, int]:
        """Term and index of the log's last entry."""
        return 0, 0

    def standing(self) -> str:
        """The role of one who neither leads nor would."""
        return "follower"

    def may_stand(self) -> bool:
        """Whether it may be elected."""
        return True

    def lead(self) -> None:
        """Take office."""

    def retire(self) -> None:
        """Leave it."""

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        shortest, longest = float(params["election_timeout_ms_min"]), float(params["election_timeout_ms_max"])
        found = slow_votes(params, "election_timeout_ms_min")
        if longest <= shortest:
            words = "All members time out alike and split their votes. It should be well above the shorter timeout."
            found.append(("election_timeout_ms_max", words))
        if float(params["heartbeat_ms"]) >= shortest:
            words = "Followers stand for election between two heartbeats. It should be well below the election timeout."
            found.append(("heartbeat_ms", words))
        return found

    # Elections (5.2)

    def wait_anew(self) -> None:
        """The time for which to wait for a leader begins now: drawn for each wait for a new one."""
        longest_ns = to_ns(self.number("election_timeout_ms_max"))
        spread = max(longest_ns - self.shortest_ns, 0)
        self.timeout_ns = self.shortest_ns + int(self.draw("election timeout") * spread)
        self.since_ns = self.now_ns

    def election_timer(self) -> None:
        """Look again when the timeout may have passed."""
        left_ns = max(self.since_ns + self.timeout_ns - self.now_ns, 1)
        self.timer(left_ns, "election", self.election_due)

    def election_due(self) -> None:
        if self.role == "leader":
            self.since_ns = self.now_ns
        elif self.now_ns - self.since_ns >= self.timeout_ns:
            self.leader = ""
            if not self.may_stand():
                self.wait_anew()
                self.follow("")
            elif self.boolean("pre_vote"):
                self.canvass()
            else:
                self.campaign()
        self.election_timer()

    def canvass(self) -> None:
        """Ask whether an election could be won (thesis 9.6)."""
        self.wait_anew()
        self.turn("pre-candidate")
        self.votes = []
        if self.won(self.id):
            self.campaign()
        else:
            last_term, last_index = self.last_entry()
            self.broadcast(self.voters, PreVote(self.term + 1, last_index, last_term))

    def on_pre_vote(self, body: PreVote, message: Message) -> None:
        granted = body.term > self.term and not self.hears_leader() and self.up_to_date(body.last_term, body.last_index)
        self.send(message.channel.src.id, PreVoteReply(body.term if granted else self.term, granted))

    def on_pre_vote_reply(self, body: PreVoteReply, message: Message) -> None:
        if not body.granted:
            self.observe(body.term)
        elif self.role == "pre-candidate" and body.term == self.term + 1 and self.won(message.channel.src.id):
            self.campaign()

    def campaign(self) -> None:
        """Begin a term and stand in it, for an election timeout of its own (figure 2), however long canvassing took."""
        self.wait_anew()
        if not self.promise(self.term + 1, self.id):
            return
        self.turn("candidate")
        self.votes = [self.id]
        self.publish("elections", 1)
        self.spawn(self.ask_for_votes(self.term), self.cause)

    async def ask_for_votes(self, term: int) -> None:
        """One's own vote is on disk before others are asked for theirs."""
        await self.journal.synced()
        if self.role != "candidate" or self.term != term:
            return
        if self.won(self.id):
            self.lead()
        else:
            last_term, last_index = self.last_entry()
            self.broadcast(self.voters, VoteRequest(term, last_index, last_term))

    async def on_vote_request(self, body: VoteRequest, message: Message) -> None:
        if self.hears_leader():  # thesis 4.2.3: whoever hears a leader takes no part in replacing it
            return
        candidate = message.channel.src.id
        self.observe(body.term)
        term = self.term
        free = body.term == term and self.vote in ("", candidate)
        granted = free and self.up_to_date(body.last_term, body.last_index) and self.promise(term, candidate)
        if granted:
            self.wait_anew()  # a candidate for whom there is no vote delays nobody (figure 2)
        await self.settled()
        self.send(candidate, VoteReply(term, granted))

    def on_vote_reply(self, body: VoteReply, message: Message) -> None:
        self.observe(body.term)
        if body.granted and self.role == "candidate" and body.term == self.term and self.won(message.channel.src.id):
            self.lead()

    def won(self, voter: str) -> bool:
        """Whether this vote makes a majority of the members; who is none does not count itself (thesis 4.2.2)."""
        if voter not in self.votes:
            self.votes.append(voter)
        return len([one for one in self.votes if one in self.members]) >= self.majority

    def up_to_date(self, last_term: int, last_index: int) -> bool:
        """Whether a log that ends so is at least as up to date as one's own (5.4.1)."""
        return (last_term, last_index) >= self.last_entry()

    def hears_leader(self) -> bool:
        """Whether there was a leader less than the shortest election timeout ago. A leader hears itself while a
        majority confirms it. After a restart one may have forgotten, and waits.
        """
        return self.now_ns - self.heard_ns < self.shortest_ns

    def observe(self, term: int) -> None:
        """A higher term makes a follower of everybody (5.1)."""
        if term > self.term and self.promise(term, ""):
            self.follow("")

    def promise(self, term: int, vote: str) -> bool:
        """Write the term and the vote in it; they are durable after `settled`. False: the disk is full."""
        if (term, vote) != (self.term, self.vote):
            if not self.journal.write(Promise(term, vote)):
                return False
            self.term = term
            self.vote = vote
            self.show("term", term)
        return True

    async def settled(self) -> None:
        """All that was written is on disk."""
        if self.disk.cached:
            await self.journal.synced()

    def turn(self, role: str) -> None:
        """Take a role."""
        self.role = role
        self.show("role", role)
        self.publish("leads", 1 if role == "leader" else 0)

    def follow(self, leader: str) -> None:
        """Be a follower, of a leader if one is known."""
        self.leader = leader
        before = self.role
        if before != self.standing():
            self.turn(self.standing())
        if before == "leader":
            self.retire()
            self.wait_anew()
