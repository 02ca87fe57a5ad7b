"""A member of a Raft cluster: a leader puts commands into a log, and what a majority has on disk is carried out.

Sources: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014 (the sections
named below); Ongaro, "Consensus: Bridging Theory and Practice", Stanford, 2014 (named as thesis).

**Elections** (5.2). Time is divided into *terms*. A follower that hears no leader for its election timeout, drawn at
random, becomes a candidate of the next term; whoever gets the votes of a majority leads it. Each member votes once a
term, and only for a log at least as up to date as its own (5.4.1). With *pre-vote* (thesis 9.6) it first asks whether
it could win, so that a member that was cut off does not disturb a working leader with a high term.

**Replication** (5.3). The leader appends a command and sends it on while its own disk still works. Followers check
that what comes before it agrees with their log. What a majority has on disk is *committed*: applied to the state and
answered. An entry of an earlier term is never committed by counting, only by a later one of the leader's own (5.4.2).

**Reads** go through the log, or wait until a majority has confirmed the leader (read index, thesis 6.4), or trust a
lease on the leader's clock. Answered from any copy at once, they may be stale.

**Stepping down** (thesis 6.2). With *check-quorum* a leader that hears no majority for an election timeout gives up.

**Members** come and go one at a time (thesis 4). Who they are is an entry of the log, which counts as soon as it is
there. Who joins catches up with the log before it has a vote; who leaves disturbs nobody, for those who hear a leader
do not vote against it; a leader that leaves steps down when that is committed.

**Compaction** (7). After enough entries the state is kept in place of the log; a follower that is too far behind gets
that snapshot.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.confirming import READING_PARAMS, Confirmations
from simulations.engine.declare import Invariant, Metric, Param, QuorumRule, Show
from simulations.engine.distributions import to_ns
from simulations.engine.forwarding import CLIENT_BODIES, FORWARDING_PARAMS, Forward, Forwarding
from simulations.engine.founding import founders
from simulations.engine.journal import FSYNC_PARAM, Journal
from simulations.engine.log_replication import LOG_RULES, AppendEntries, AppendReply, InstallSnapshot, Progress
from simulations.engine.membership import MEMBERSHIP_PARAMS, ChangeMembers, Member, membership_doubts
from simulations.engine.messages import Body, Read, Request
from simulations.engine.replicated_log import Appended, Base, Entry, ReplicatedLog
from simulations.engine.state_machine import NOOP, Command, StateMachine
from simulations.engine.streams import nth
from simulations.engine.tasks import Cause, Future, Refused
from simulations.engine.term_elections import ELECTION_BODIES, ELECTION_PARAMS, Promise


@mypyc_attr(allow_interpreted_subclasses=True)
class Raft(Member):
    """A replica of a log."""

    TYPE: ClassVar[str] = "raft"
    TITLE: ClassVar[str] = "Raft member"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A replica whose elected leader orders all commands"
    ICON: ClassVar[str] = "raft"
    CLUSTERS: ClassVar[bool] = True
    QUORUM: ClassVar[QuorumRule] = QuorumRule()
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *ELECTION_PARAMS,
        *MEMBERSHIP_PARAMS,
        *FORWARDING_PARAMS,
        *READING_PARAMS,
        Param(
            "batch_max",
            "Entries a message, at most",
            "integer",
            100,
            "",
            1,
            10_000,
            help="What has come in while a message was under way goes out together.",
            section="Log",
        ),
        Param(
            "snapshot_after",
            "Snapshot after",
            "integer",
            1000,
            "entries",
            0,
            1_000_000,
            help="Applied entries before the log is compacted. 0: never.",
            section="Log",
        ),
        FSYNC_PARAM,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Role", look="badge"),
        Show("term", "Term", title_first=True),
        Show("last", "Log ends at", title_first=True),
        Show("commit", "Committed up to", title_first=True),
        Show("members", "Members"),
        Show("keys", "Keys", look="hidden"),
        Show("digest", "Digest", look="hidden"),
        Show("entry", "Entry appended", look="hidden"),
        Show("applied", "Entry applied", look="hidden"),
        Show("led", "Log as leader ends at", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("elections", "elections", "Elections in which it stood.", "count"),
        Metric("committed", "entries", "Entries that it found committed as leader.", "count"),
        Metric("leads", "1 or 0", "1 while it takes itself for the leader.", "gauge"),
        Metric("members", "members", "Members by the last configuration in its log.", "gauge"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (
        *CLIENT_BODIES,
        *ELECTION_BODIES,
        AppendEntries,
        InstallSnapshot,
        AppendReply,
        ChangeMembers,
    )
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = LOG_RULES

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return Member.doubts(params, neighbours) + membership_doubts(params)

    def start(self) -> None:
        journal = Journal(self.disk, self.duration("fsync_time"))
        log = ReplicatedLog(tuple(founders(self, [self.id, *self.peers])))
        self.machine = StateMachine()
        promised = Promise(0, "")
        for record in journal.records:
            if isinstance(record, Promise):
                promised = record
            elif isinstance(record, Appended):
                log.put(record.index, record.entries)
            else:
                log.compact(record)
        self.machine.restore(log.base.state)
        self.heartbeat_ns = to_ns(self.number("heartbeat_ms"))
        self.pending: dict[int, Future] = {}
        self.machine.show_all(self)
        self.show("commit", log.base.index)
        self.forwarding = Forwarding(self, promised.term, self.number("forward_timeout_ms"))
        self.start_membership(journal, promised, log)
        self.show_entries(log.base.index)

    def last_entry(self) -> tuple[int, int]:
        return self.log.term_at(self.log.last), self.log.last

    # The leader (5.3)

    def lead(self) -> None:
        """Take office: an entry of the new term commits what earlier terms have left (5.4.2)."""
        self.leader = self.id
        self.turn("leader")
        self.show("led", self.log.last)
        self.progress = {peer: Progress(self.log.last + 1) for peer in self.voters}
        self.rounds = Confirmations(self.now_ns)
        self.synced_to = self.log.last
        self.first = self.log.last + 1
        if not self.append(self.first, (Entry(self.term, NOOP),)):
            self.follow("")
            return
        self.spawn(self.sync_own(self.term, self.first), self.cause)
        self.begin_round()
        self.pulse_timer(self.term)

    def retire(self) -> None:
        """Who waits for what one could do as leader is told; a write may still come to be committed."""
        super().retire()
        self.show("led", None)
        pending, self.pending = self.pending, {}
        waiting, self.rounds.waiting = self.rounds.waiting, []
        for future in pending.values():
            future.fail(Refused("lost leadership", True), None)
        for one in waiting:
            one.future.fail(Refused("lost leadership", False), None)

    def pulse_timer(self, term: int) -> None:
        self.timer(self.heartbeat_ns, "heartbeat", lambda: self.pulse(term))

    def pulse(self, term: int) -> None:
        """Heartbeats to all, unless it has become doubtful that one still leads (thesis 6.2)."""
        if self.role != "leader" or self.term != term:
            return
        if self.boolean("check_quorum") and self.now_ns - self.rounds.since_ns >= self.shortest_ns:
            self.note("no majority has answered for an election timeout: steps down")
            self.follow("")
            return
        self.begin_round()
        self.pulse_timer(term)

    def begin_round(self) -> None:
        """Ask everybody to confirm that one leads. Entries unanswered for a heartbeat go out again."""
        number = self.rounds.begin(self.now_ns)
        for peer, one in self.progress.items():
            if one.flight and self.now_ns - one.sent_ns < self.heartbeat_ns:
                index = one.match if one.match >= self.log.base.index else 0
                prev_term = self.log.term_at(index) if index else 0
                self.send(peer, AppendEntries(self.term, index, prev_term, (), self.commit, number))
            else:
                self.replicate(peer, one)
        self.count_rounds()

    def replicate(self, peer: str, one: Progress) -> None:
        """Send what a follower lacks as far as one knows: all that is pending, in one message."""
        before, number = one.next - 1, self.rounds.round
        if before < self.log.base.index:
            one.flight = self.log.base.index
            self.send(peer, InstallSnapshot(self.term, self.log.base, number))
        else:
            entries = self.log.slice(one.next, self.integer("batch_max"))
            one.flight = before + len(entries) if entries else 0
            prev_term = self.log.term_at(before)
            self.send(peer, AppendEntries(self.term, before, prev_term, entries, self.commit, number))
        one.sent_ns = self.now_ns

    def propose(self, command: Command) -> int:
        """Put a command into the log, and give its index. One's own disk and the others' work at the same time
        (thesis 10.2.1).
        """
        index = self.log.last + 1
        if not self.append(index, (Entry(self.term, command),)):
            raise Refused("disk full", False)
        self.spawn(self.sync_own(self.term, index), self.cause)
        for peer, one in self.progress.items():
            if not one.flight:
                self.replicate(peer, one)
        return index

    async def sync_own(self, term: int, index: int) -> None:
        """One's own copy counts when it is on disk."""
        await self.journal.synced()
        if self.role == "leader" and self.term == term and index > self.synced_to:
            self.synced_to = index
            self.advance()

    def on_append_reply(self, body: AppendReply, message: Message) -> None:
        self.observe(body.term)
        peer = message.channel.src.id
        one = self.progress.get(peer)
        if self.role != "leader" or body.term != self.term or one is None:
            return
        again = False
        if body.success:
            one.next = max(one.next, body.match + 1)
            if body.match >= one.flight:
                one.flight = 0
            if body.match > one.match:
                one.match = body.match
                self.advance()
        else:
            after = max(one.match, min(one.next - 1, body.match)) + 1
            again = after < one.next
            one.next = after
            one.flight = 0
        self.rounds.answer(peer, body.round)
        self.count_rounds()
        self.change()
        if self.role == "leader" and not one.flight and (again or one.next <= self.log.last):
            self.replicate(peer, one)

    def advance(self) -> None:
        """Commit what a majority has on disk, counting entries of one's own term only (5.4.2)."""
        index = self.agreed({peer: one.match for peer, one in self.progress.items()} | {self.id: self.synced_to})
        if index > self.commit and self.log.term_at(index) == self.term:
            self.publish("committed", index - self.commit)
            self.apply_to(index)
            self.let_read()
            self.after_commit()

    # Followers (5.3)

    def accept(self, term: int, leader: str) -> bool:
        """Whether somebody leads, as far as one knows: then that one is followed."""
        self.observe(term)
        if term != self.term:
            return False
        if leader != self.leader:
            self.wait_anew()
        self.follow(leader)
        self.since_ns = self.heard_ns = self.now_ns
        return True

    async def on_append_entries(self, body: AppendEntries, message: Message) -> None:
        leader = message.channel.src.id
        if not self.accept(body.term, leader):
            self.send(leader, AppendReply(self.term, False, 0, 0))
            return
        if not self.agrees(body.prev_index, body.prev_term):
            self.send(leader, AppendReply(body.term, False, self.agreed_before(body.prev_index), body.round))
            return
        for place, entry in enumerate(body.entries):
            index = body.prev_index + 1 + place
            if index > self.log.base.index and self.log.term_at(index) != entry.term:
                if not self.append(index, body.entries[place:]):
                    return
                break
        match = body.prev_index + len(body.entries)
        self.apply_to(min(body.commit, match))
        await self.settled()
        self.send(leader, AppendReply(body.term, True, match, body.round))

    def agrees(self, index: int, term: int) -> bool:
        """Whether the log has this entry; what has been compacted was committed, and is the same everywhere."""
        return index <= self.log.base.index or self.log.term_at(index) == term

    def agreed_before(self, index: int) -> int:
        """Where the leader had better try next: at the log's end, or before the whole term that conflicts (5.3)."""
        if index > self.log.last:
            return self.log.last
        term = self.log.term_at(index)
        while index > self.log.base.index and self.log.term_at(index) == term:
            index -= 1
        return index

    async def on_install_snapshot(self, body: InstallSnapshot, message: Message) -> None:
        leader = message.channel.src.id
        if not self.accept(body.term, leader):
            self.send(leader, AppendReply(self.term, False, 0, 0))
            return
        if body.base.index > self.commit:
            if not self.journal.write(body.base):
                return
            self.log.compact(body.base)
            self.reconfigure()
            self.machine.restore(body.base.state)
            self.commit = body.base.index
            self.machine.show_all(self)
            self.show_entries(body.base.index)
            self.show("applied", f"{self.commit} = {body.base.digest:08x}")
            self.show("commit", self.commit)
        await self.settled()
        self.send(leader, AppendReply(body.term, True, body.base.index, body.round))

    # The log

    def append(self, index: int, entries: tuple[Entry, ...]) -> bool:
        """These follow from an index on. False: the disk is full."""
        if not self.journal.write(Appended(index, entries)):
            return False
        self.log.put(index, entries)
        self.reconfigure()
        self.show_entries(index)
        return True

    def apply_to(self, commit: int) -> None:
        """Carry out what is committed, and answer who waits for it."""
        while self.commit < commit:
            self.commit += 1
            command = self.log.at(self.commit).command
            answer = self.machine.apply(command)
            self.show("applied", f"{self.commit} = {self.log.digest_at(self.commit):08x}")
            self.machine.show(self, command)
            waiting = self.pending.pop(self.commit, None)
            if waiting is not None:
                waiting.resolve(answer, self.because(command.op, self.commit))
        self.show("commit", self.commit)
        after = self.integer("snapshot_after")
        if after and self.commit - self.log.base.index >= after:
            term, digest = self.log.term_at(self.commit), self.log.digest_at(self.commit)
            configuration = self.log.configuration_at(self.commit)
            base = Base(self.commit, term, digest, self.machine.snapshot(), configuration)
            if self.journal.write(base):
                self.log.compact(base)

    def because(self, op: int, number: int) -> Cause:
        """Why somebody who waited goes on: what happens now, for the operation that it serves."""
        return Cause(self.cause.id, op, nth(self.cause.lineage, number))

    def show_entries(self, index: int) -> None:
        """Show all from an index on, with the digest of all before."""
        for one in range(max(index, 1), self.log.last + 1):
            self.show("entry", f"{one}/{self.log.term_at(one)} = {self.log.digest_at(one):08x}")
        self.show("last", self.log.last)
        if self.role == "leader":
            self.show("led", self.log.last)

    # Clients (8)

    async def on_request(self, body: Request, message: Message) -> Body:
        if isinstance(body, Read) and self.text("reads") == "stale":
            return self.machine.read(body.key)
        if self.role == "leader":
            return await self.carry_out(body)
        return await self.forwarding.ask(self.leader, self.term, body)

    async def on_forward(self, body: Forward, message: Message) -> Body | None:
        leads = self.term if self.role == "leader" else 0
        return await self.carry_out(body.request) if self.forwarding.takes(body, message, leads) else None

    async def carry_out(self, request: Request) -> Body:
        return await (self.read(request) if isinstance(request, Read) else self.agree(request))

    async def agree(self, request: Request) -> Body:
        """Put a request into the log, and answer when it has been carried out."""
        cause = self.cause
        index = self.propose(Command(request, cause.op))
        future = self.pending[index] = Future()
        answer: Body = await future
        return answer

    async def read(self, body: Read) -> Body:
        """A read by the leader, after all that was answered before it."""
        how = self.text("reads")
        if how == "log":
            return await self.agree(body)
        if how == "read-index" or not self.leased():
            await self.confirm()
        return self.machine.read(body.key)

    def leased(self) -> bool:
        """Whether nobody else can have been elected yet, by one's own clock (thesis 6.4.1)."""
        lease_ns = int(self.shortest_ns / (1 + self.number("clock_drift_max")))
        return self.rounds.confirmed > 0 and self.commit >= self.first and self.now_ns - self.rounds.since_ns < lease_ns

    async def confirm(self) -> None:
        """Await that a majority has confirmed, after now, that one leads, and that all is applied that was committed by
        now; in a new term, that its first entry is (thesis 6.4). Reads that come meanwhile share the next round.
        """
        future = self.rounds.wait(max(self.commit, self.first), self.cause)
        if self.rounds.wanted:
            self.begin_round()
        await future

    def count_rounds(self) -> None:
        """Note what a majority has confirmed, and let go on who waited for it."""
        if self.rounds.count(self.agreed(self.rounds.answered | {self.id: self.rounds.round})):
            self.heard_ns = self.rounds.since_ns
            self.let_read()
            if self.rounds.wanted:
                self.begin_round()

    def let_read(self) -> None:
        """Those reads go on whose round is confirmed and whose index applied."""
        for one in self.rounds.due(self.commit):
            one.future.resolve(None, self.because(one.cause.op, one.cause.id))
