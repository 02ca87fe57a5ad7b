"""Multi-Paxos: replicas agree on a log, slot by slot, under a leader that may change at any time.

Each slot of the log is decided by Paxos (Lamport, "Paxos Made Simple", 2001, section 2). A proposer first has a
majority **promise** to take no part in lower ballots, and learns from it what has been accepted so far. Then it asks
all to **accept** a value in its ballot: the one that was accepted in the highest ballot, if there is any, otherwise
its own. What a majority has accepted is **chosen**, and stays so: any later majority shares a replica with that one.

Here one prepare covers all slots (section 3): the replica that a majority has promised to is the leader, and from then
on a command costs one round trip. Slots that nobody proposed anything for get a command that does nothing. Followers
learn from the leader how far the log is chosen, and fetch what they have missed. Reads go through the log too. A
leader that is not heard of for a randomised time is replaced by whoever notices first, in a higher ballot; one that
hears of no majority gives up by itself (van Renesse and Altinbuken, "Paxos Made Moderately Complex", ACM Computing
Surveys 47(3), 2015). Promises and accepted values are on disk before anybody hears of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from simulations.engine.ballots import PROPOSAL_BYTES, Accept, Accepted, Preempted, Prepare, Promise, Proposal
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Invariant, Param, QuorumRule, Show
from simulations.engine.distributions import to_ns
from simulations.engine.forwarding import CLIENT_BODIES, FORWARDING_PARAMS, Forward, Forwarding
from simulations.engine.leading import LEADER_PARAMS, hasty
from simulations.engine.messages import Body, Heartbeat, Replication, Reply, Request
from simulations.engine.node import Node
from simulations.engine.state_machine import NOOP, Command, StateMachine
from simulations.engine.tasks import Failure, Future, Refused
from simulations.engine.timers import Timer

FOLLOWER: Final = "follower"
CANDIDATE: Final = "candidate"
LEADER: Final = "leader"
BATCH: Final = 100  # slots that are fetched at once


@dataclass(frozen=True)
class Lead(Heartbeat):
    """I lead. All slots before `chosen` are decided."""

    ballot: int
    chosen: int


@dataclass(frozen=True)
class Following(Heartbeat):
    """I follow."""

    ballot: int


@dataclass(frozen=True)
class Missing(Replication):
    """What has been chosen from this slot on?"""

    first: int


@dataclass(frozen=True)
class Learnt(Reply):
    """This."""

    chosen: tuple[Proposal, ...]

    def size(self) -> int:
        return 64 + PROPOSAL_BYTES * len(self.chosen)


class MultiPaxos(Node):
    """A replica: proposer, acceptor and learner in one."""

    TYPE: ClassVar[str] = "multi-paxos"
    TITLE: ClassVar[str] = "Multi-Paxos replica"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A replica of a store whose log is agreed on slot by slot, under one leader at a time"
    ICON: ClassVar[str] = "multi-paxos"
    CLUSTERS: ClassVar[bool] = True
    QUORUM: ClassVar[QuorumRule] = QuorumRule()
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "prepare",
            "Prepares",
            "choice",
            "once",
            choices=(Choice("once", "Once, for all slots"), Choice("each", "For every command")),
            help="How often a leader asks for promises. Once makes a command cost one round trip in place of two.",
            section="Agreement",
        ),
        *LEADER_PARAMS,
        *FORWARDING_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Role", look="badge"),
        Show("ballot", "Ballot", title_first=True),
        Show("chosen", "Last chosen", look="hidden"),
        Show("keys", "Keys", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (
        *CLIENT_BODIES, Prepare, Promise, Accept, Accepted, Preempted, Lead, Following, Missing,
    )  # fmt: skip
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "paxos_agreement",
            "Agreement on the log",
            "What is chosen for a slot is the same on all replicas, for ever.",
            "agreement",
            ("chosen",),
        ),
        Invariant(
            "paxos_one_leader_per_ballot",
            "One leader a ballot",
            "In any one ballot at most one replica leads.",
            "one-per-term",
            ("role", "ballot"),
            LEADER,
        ),
        Invariant(
            "paxos_ballots_rise",
            "Promises are kept",
            "The ballot that a replica has promised itself to never falls, not by a crash either.",
            "monotonic",
            ("ballot",),
            durable=True,
        ),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return hasty(params)

    def start(self) -> None:
        self.count = 1 + len(self.peers)
        self.rank = sorted([self.id, *self.peers]).index(self.id)
        self.prepare_quorum = self.accept_quorum = self.count // 2 + 1
        self.fsync_time = self.duration("fsync_time")
        self.timeout_ns = to_ns(self.number("election_timeout_ms"))
        self.each = self.text("prepare") == "each"
        self.promised = 0  # as an acceptor
        self.shown = -1  # the highest promise that is on disk
        self.accepted: dict[int, Proposal] = {}
        self.end = 0  # nothing was accepted from this slot on
        self.machine = StateMachine()  # as a learner
        self.chosen = 0  # so many slots are known to be chosen, and applied
        self.fetching = False
        self.role = FOLLOWER  # as a proposer
        self.leader = ""
        self.led_in = 0  # the ballot of the last leader that was followed
        self.ballot = 0  # in which this replica campaigns or leads
        self.highest = 0  # ballot heard of
        self.next = 0  # the first slot that nothing was proposed for
        self.promises: dict[str, tuple[Proposal, ...]] = {}
        self.votes: dict[int, list[str]] = {}  # by slot under way: who has accepted
        self.decided: dict[int, bool] = {}  # slots chosen after one that is not
        self.preparing: dict[int, tuple[list[str], Future]] = {}
        self.waiting: dict[int, Future] = {}  # by slot: the client's answer
        self.heard: dict[str, int] = {}  # by follower: when
        self.pulse: Timer | None = None
        self.restore()
        self.forwarding = Forwarding(self, self.promised, self.number("forward_timeout_ms"))
        self.heard_ns = self.now_ns  # when there was last a leader, or somebody about to be
        self.show("role", self.role)
        self.spawn(self.sync(self.promised), self.cause)
        self.set_patience()

    def restore(self) -> None:
        """Take up what an earlier incarnation has left on disk."""
        stored = self.disk.read()
        for key, entry in stored.items():
            if isinstance(entry, Proposal):
                known = self.accepted.get(entry.slot)
                if known is None or known.ballot < entry.ballot:
                    self.keep(entry)
                self.promised = max(self.promised, entry.ballot)
            elif key != "chosen":
                self.promised = max(self.promised, entry)
        while self.chosen < stored.get("chosen", 0) and self.chosen in self.accepted:
            self.machine.apply(self.accepted[self.chosen].command)
            self.chosen += 1
        self.machine.show_all(self)

    # Clients

    async def on_request(self, body: Request, message: Message) -> Body:
        if self.role == LEADER:
            return await self.order(body)
        return await self.forwarding.ask(self.leader, self.led_in, body)

    async def on_forward(self, body: Forward, message: Message) -> Body | None:
        leads = self.ballot if self.role == LEADER else 0
        return await self.order(body.request) if self.forwarding.takes(body, message, leads) else None

    async def order(self, request: Request) -> Body:
        """Give a request the next slot, and answer it when all slots up to that one are chosen and applied."""
        slot = self.next
        self.next += 1
        command = Command(request, self.cause.op)
        if self.each:
            await self.prepare_slot(slot)
        answer = self.waiting[slot] = Future()
        self.propose(slot, command)
        body: Body = await answer
        return body

    # Phase 1: promises ("Paxos Made Simple", section 2.2; for all slots at once, section 3)

    def set_patience(self) -> None:
        """Wait for a leader, for a time that no other replica is likely to wait for as well."""
        patience_ns = self.timeout_ns + int(self.timeout_ns * self.draw("election timeout"))
        self.timer(patience_ns, "election", lambda: self.lose_patience(patience_ns))

    def lose_patience(self, patience_ns: int) -> None:
        """The time is over: campaign, unless somebody was heard of meanwhile."""
        left_ns = self.heard_ns + patience_ns - self.now_ns
        if self.role != LEADER and left_ns > 0:
            self.timer(left_ns, "election", lambda: self.lose_patience(patience_ns))
            return
        if self.role != LEADER:
            self.spawn(self.campaign(), self.cause)
        self.set_patience()

    async def campaign(self) -> None:
        """Ask for promises, in a ballot above all that were heard of: a replica has every n-th one to itself."""
        self.step_down()
        self.leader = ""
        self.set_role(CANDIDATE)
        ballot = (max(self.highest, self.promised) // self.count + 1) * self.count + self.rank
        self.ballot = ballot
        self.promises = {}
        try:
            await self.promise(ballot)
        except Failure:
            return  # the disk is full
        if self.promised == ballot and self.role == CANDIDATE and self.ballot == ballot:
            self.broadcast(self.peers, Prepare(ballot, self.chosen))
            self.promised_by(self.id, self.accepted_from(self.chosen))

    async def on_prepare(self, body: Prepare, message: Message) -> None:
        proposer = message.channel.src.id
        if body.ballot > self.promised:
            self.step_down()
            self.leader = ""
        if body.ballot >= self.promised:
            self.heard_ns = self.now_ns
            await self.promise(body.ballot)
        if body.ballot < self.promised:
            self.send(proposer, Preempted(self.promised))
        else:
            self.send(proposer, Promise(body.ballot, body.first, self.accepted_from(body.first)))

    async def promise(self, ballot: int) -> None:
        """Take no part in lower ballots from now on; returns when that is on disk."""
        if ballot > self.promised:
            self.disk.write(f"promised {ballot}", ballot)
            self.promised = ballot
        await self.sync(ballot)

    def on_promise(self, body: Promise, message: Message) -> None:
        follower = message.channel.src.id
        if body.ballot != self.ballot:
            return
        if self.role == CANDIDATE:
            self.promised_by(follower, body.accepted)
        elif self.role == LEADER and body.first in self.preparing:
            voters, prepared = self.preparing[body.first]
            if follower not in voters:
                voters.append(follower)
            if len(voters) >= self.prepare_quorum:
                del self.preparing[body.first]
                prepared.resolve(None, message)

    def promised_by(self, follower: str, accepted: tuple[Proposal, ...]) -> None:
        """One more promise: with those of a majority, this replica leads."""
        self.promises[follower] = accepted
        if len(self.promises) >= self.prepare_quorum:
            self.lead()

    def lead(self) -> None:
        """Propose anew all that may have been chosen, and nothing for the slots in between."""
        self.set_role(LEADER)
        self.leader = self.id
        self.heard = dict.fromkeys(self.peers, self.now_ns)
        found: dict[int, list[Proposal]] = {}
        for accepted in self.promises.values():
            for proposal in accepted:
                found.setdefault(proposal.slot, []).append(proposal)
        self.next = max([self.chosen, *[slot + 1 for slot in found]])
        for slot in range(self.chosen, self.next):
            if self.role == LEADER:
                self.propose(slot, self.safe(found.get(slot, [])))
        if self.role == LEADER:
            self.beat()

    def safe(self, accepted: list[Proposal]) -> Command:
        """What may be proposed for a slot: the command accepted in the highest ballot (section 2.2, phase 2a)."""
        best: Proposal | None = None
        for proposal in accepted:
            if best is None or proposal.ballot > best.ballot:
                best = proposal
        return NOOP if best is None else best.command

    async def prepare_slot(self, slot: int) -> None:
        """Ask for promises for one slot alone, as plain Paxos does. Raises Refused when the lead is lost meanwhile."""
        if self.prepare_quorum > 1:
            prepared = Future()
            self.preparing[slot] = ([self.id], prepared)
            self.broadcast(self.peers, Prepare(self.ballot, slot))
            await prepared

    # Phase 2: acceptance

    def propose(self, slot: int, command: Command) -> None:
        """Ask all to accept a command."""
        proposal = Proposal(slot, self.ballot, command)
        self.votes[slot] = []
        self.spawn(self.accept_own(proposal), self.cause)
        if self.role == LEADER:
            self.broadcast(self.peers, Accept(proposal, self.chosen))

    async def accept_own(self, proposal: Proposal) -> None:
        """The leader is an acceptor like the others, and syncs while they do. Without a disk it cannot lead."""
        try:
            self.record(proposal)
        except Failure:
            self.step_down()
            return
        await self.sync(proposal.ballot)
        if self.role == LEADER and self.ballot == proposal.ballot:
            self.accepted_by(self.id, proposal.slot)

    async def on_accept(self, body: Accept, message: Message) -> None:
        leader, proposal = message.channel.src.id, body.proposal
        if not self.admits(proposal.ballot):
            self.send(leader, Preempted(self.promised))
            return
        self.follow(leader, proposal.ballot)
        self.record(proposal)
        self.learn(leader, proposal.ballot, body.chosen)
        await self.sync(proposal.ballot)
        self.send(leader, Accepted(proposal.ballot, proposal.slot))

    def admits(self, ballot: int) -> bool:
        """Whether a promise leaves room for this ballot (section 2.2, phase 2b)."""
        return ballot >= self.promised

    def record(self, proposal: Proposal) -> None:
        """Accept, which is a promise too. Every record has its own key: a write that is torn destroys no older one."""
        known = self.accepted.get(proposal.slot)
        if known is None or known.ballot < proposal.ballot:
            record = {f"{proposal.slot} in {proposal.ballot}": proposal, "chosen": self.chosen}
            self.disk.write_together(record)
            self.keep(proposal)
        self.promised = max(self.promised, proposal.ballot)

    def keep(self, proposal: Proposal) -> None:
        """Have accepted a proposal."""
        self.accepted[proposal.slot] = proposal
        self.end = max(self.end, proposal.slot + 1)

    def on_accepted(self, body: Accepted, message: Message) -> None:
        if self.role == LEADER and body.ballot == self.ballot:
            follower = message.channel.src.id
            self.heard[follower] = self.now_ns
            self.accepted_by(follower, body.slot)

    def accepted_by(self, member: str, slot: int) -> None:
        """One more acceptance: with those of a majority, the slot is chosen."""
        voters = self.votes.get(slot)
        if voters is None or member in voters:
            return
        voters.append(member)
        if len(voters) < self.accept_quorum:
            return
        del self.votes[slot]
        self.decided[slot] = True
        while self.chosen in self.decided:
            del self.decided[self.chosen]
            self.apply_next()

    def on_preempted(self, body: Preempted, message: Message) -> None:
        self.highest = max(self.highest, body.ballot)
        if self.role != FOLLOWER and body.ballot > self.ballot:
            self.step_down()

    # Leading and following

    def beat(self) -> None:
        """Tell all that there is a leader, and repeat what is not accepted yet; give up without a majority."""
        since_ns = self.now_ns - self.timeout_ns
        if 1 + len([peer for peer in self.peers if self.heard[peer] >= since_ns]) < self.accept_quorum:
            self.step_down()
            return
        for slot, voters in self.votes.items():
            late = [peer for peer in self.peers if peer not in voters]
            self.broadcast(late, Accept(self.accepted[slot], self.chosen))
        for slot, (voters, _) in self.preparing.items():
            self.broadcast([peer for peer in self.peers if peer not in voters], Prepare(self.ballot, slot))
        self.broadcast(self.peers, Lead(self.ballot, self.chosen))
        self.pulse = self.timer(to_ns(self.number("heartbeat_ms")), "heartbeat", self.beat)

    def on_lead(self, body: Lead, message: Message) -> None:
        leader = message.channel.src.id
        if body.ballot < self.promised:
            self.send(leader, Preempted(self.promised))
            return
        self.follow(leader, body.ballot)
        self.send(leader, Following(body.ballot))
        self.learn(leader, body.ballot, body.chosen)

    def on_following(self, body: Following, message: Message) -> None:
        if self.role == LEADER and body.ballot == self.ballot:
            self.heard[message.channel.src.id] = self.now_ns

    def follow(self, leader: str, ballot: int) -> None:
        """Somebody leads in a ballot that is not below what was promised."""
        if self.role != FOLLOWER:
            self.step_down()
        self.highest = max(self.highest, ballot)
        self.leader = leader
        self.led_in = ballot
        self.heard_ns = self.now_ns

    def step_down(self) -> None:
        """Lead or campaign no longer. What is under way may be chosen yet, by whoever leads next."""
        if self.pulse is not None:
            self.pulse.cancel()
        self.set_role(FOLLOWER)
        if self.leader == self.id:
            self.leader = ""
        unproposed = [prepared for _, prepared in self.preparing.values()]
        unanswered = list(self.waiting.values())
        self.votes, self.decided, self.preparing, self.waiting = {}, {}, {}, {}
        for future in unproposed:
            future.fail(Refused("no longer leader", False), None)
        for future in unanswered:
            future.fail(Refused("no longer leader", True), None)

    def set_role(self, role: str) -> None:
        """Change the role, and show it."""
        if role != self.role:
            self.role = role
            self.show("role", role)

    # Learning what is chosen

    def learn(self, leader: str, ballot: int, chosen: int) -> None:
        """All slots before `chosen` are decided. What was accepted in the leader's own ballot is what was chosen."""
        while self.chosen < chosen:
            known = self.accepted.get(self.chosen)
            if known is None or known.ballot != ballot:
                break
            self.apply_next()
        if self.chosen < chosen and not self.fetching:
            self.spawn(self.fetch(leader), self.cause)

    async def fetch(self, leader: str) -> None:
        """Ask for what was missed. A chosen command is safe to accept in any ballot in which another replica did."""
        self.fetching = True
        try:
            learnt: Learnt = await self.call(leader, Missing(self.chosen), self.number("election_timeout_ms"))
            for proposal in learnt.chosen:
                if proposal.slot == self.chosen and self.role == FOLLOWER:
                    self.record(proposal)
                    self.apply_next()
        except Failure:
            pass  # the next heartbeat tells again
        self.fetching = False

    def on_missing(self, body: Missing, message: Message) -> Body:
        end = min(self.chosen, body.first + BATCH)
        return Learnt(tuple([self.accepted[slot] for slot in range(body.first, end)]))

    def apply_next(self) -> None:
        """Apply the next slot, which is chosen, and answer whoever waits for it."""
        slot = self.chosen
        command = self.accepted[slot].command
        answer = self.machine.apply(command)
        self.chosen = slot + 1
        self.show("chosen", f"{slot} = {command.words()}")
        self.machine.show(self, command)
        waiting = self.waiting.pop(slot, None)
        if waiting:
            waiting.resolve(answer, self.cause if self.cause.op == command.op else None)

    # Disk

    async def sync(self, ballot: int) -> None:
        """Returns when all that was written so far is on disk, with which the promise of this ballot is, too."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)
        if ballot > self.shown:
            self.shown = ballot
            self.show("ballot", ballot)

    def accepted_from(self, first: int) -> tuple[Proposal, ...]:
        """All that was accepted from a slot on."""
        return tuple([self.accepted[slot] for slot in range(first, self.end) if slot in self.accepted])
