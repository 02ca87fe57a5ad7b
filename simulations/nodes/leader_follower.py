"""Leader–follower replication: one member takes all writes into its log, the others copy the log and apply it.

The leader puts a write into its log and on its disk, sends it on, and **acknowledges** it when the configuration says
so: at once (*asynchronous*: what has not left the leader when it dies is lost), when at least one follower has it on
disk (*semi-synchronous*, and never less than that unless it is told to fall back, as MySQL's does after
rpl_semi_sync_source_timeout), or when all have (*synchronous*: the slowest decides, and one that is down stops all
writes). This is how PostgreSQL, MySQL and MongoDB replicate; Kleppmann, "Designing Data-Intensive Applications",
chapter 5, compares the three.

A follower that was away or behind is sent what it lacks. Logs are matched at the epoch of an entry, and where they
differ the leader's counts: the tail that a deposed leader never got to others is dropped (Ongaro and Ousterhout, "In
Search of an Understandable Consensus Algorithm", USENIX ATC 2014, section 5.3). So too a leader counts copies only
once one of its own epoch is among them (section 5.4.2), for which it begins its time with an empty entry.

Who leads is for a **failover monitor** to say, which gives each leader a new epoch. With **fencing**, members follow
nobody of an epoch before the last that they promised to a monitor: as a write is on 1 + k members and a monitor asks
all but k of them, an old leader cannot acknowledge anything any more. Without it two may lead at once.

Reads are answered by the leader once it has heard from k followers that it still leads; by the leader as it is; or by
any member from its own copy. A client that sends a version token gets an answer no older than that token: a follower
that is behind waits, or passes the read to the leader (Terry et al., "Session Guarantees for Weakly Consistent
Replicated Data", PDIS 1994).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Metric, Neighbour, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.doubting import lonely
from simulations.engine.failing_over import Ping, Pong, Promote, Seal, Sealed
from simulations.engine.following import (
    ANY,
    ASYNC,
    CONFIRMED,
    FOLLOWING_PARAMS,
    FOLLOWING_RULES,
    SEMI,
    SYNC,
    Append,
    Appended,
    Confirm,
)
from simulations.engine.forwarding import CLIENT_BODIES, Forward, Forwarding
from simulations.engine.headers import Header
from simulations.engine.journaled_log import Cut, Entry, JournaledLog, Promise
from simulations.engine.messages import DONE, Body, Increment, Read, Refusal, Request, Write
from simulations.engine.node import Node
from simulations.engine.state_machine import NOOP, Command, StateMachine
from simulations.engine.tasks import Failure, Future, Refused

BATCH: Final = 200  # entries sent at once
AGAIN_MS: Final = 100  # when the disk is full


class LeaderFollower(Node):
    """A member of a store with one leader."""

    TYPE: ClassVar[str] = "leader-follower"
    TITLE: ClassVar[str] = "Leader–follower store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a store whose leader takes all writes"
    ICON: ClassVar[str] = "leader-follower"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = FOLLOWING_PARAMS
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Role", look="badge"),
        Show("epoch", "Epoch", title_first=True),
        Show("length", "Log", "entries", title_first=True),
        Show("keys", "Keys", look="hidden"),
        Show("digest", "Digest", look="hidden"),
        Show("promised", "Acknowledged", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("replication.lag", "entries", "Entries that the leader had and the follower had not.", "gauge"),
        Metric("replication.dropped", "entries", "Entries dropped because a later leader did not have them.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (*CLIENT_BODIES, Append, Confirm, Ping, Seal, Promote)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = FOLLOWING_RULES

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        kinds = [neighbour.type for neighbour in neighbours.values()]
        if kinds.count("failover-monitor") > 1:
            found.append(("fencing", "Two monitors give out the same epochs to different leaders; one is right."))
        return found

    @classmethod
    def cluster_doubts(cls, params: dict[str, Any], members: Sequence[str]) -> list[tuple[str, str]]:
        if len(members) > 1 or params["acknowledge"] != SEMI:
            return lonely(len(members))
        words = "No write is ever acknowledged: each waits for a follower, and there is none. Add one to the cluster."
        return [("acknowledge", words)]

    def start(self) -> None:
        members = sorted([self.id, *self.peers])
        acknowledge = self.text("acknowledge")
        self.followers_needed = {ASYNC: 0, SEMI: 1, SYNC: len(self.peers)}[acknowledge]
        self.falls_back_ns = to_ns(self.number("falls_back_ms")) if acknowledge == SEMI else 0
        self.alone = False  # as leader: it has fallen back, and acknowledges what it alone has
        self.gathers_ns = to_ns(self.number("ship_ms")) if acknowledge == ASYNC else 0
        self.fencing = self.boolean("fencing")
        self.reads = self.text("reads")
        self.waits = self.text("behind") == "wait"
        self.timeout_ms = self.number("timeout_ms")
        self.journal = JournaledLog(self.disk, self.duration("fsync_time"), Promise(1, members[0]))
        self.machine = StateMachine()
        self.applied = 0
        self.leads = False
        self.leader, self.life = self.journal.promise.leader, 0  # who leads, and in which life, once it has said so
        self.forwarding = Forwarding(self, self.incarnation, self.timeout_ms)
        self.gathering = False
        self.own = 0  # entries on the own disk
        self.due = 0  # and of these, those to be sent on
        self.barrier = 0  # as leader: the entry with which its time began
        self.match: dict[str, int] = {}  # entries that a follower is known to have on disk
        self.next: dict[str, int] = {}  # entries that it is taken to have
        self.silent: dict[str, bool] = {}
        self.waiting: dict[int, Future] = {}  # writes, by their place in the log
        self.waiting_reads: list[tuple[int, Future]] = []
        self.show("role", "follower")
        self.show("epoch", self.journal.promise.epoch)
        self.show("length", len(self.journal.entries))
        self.machine.show_all(self)
        if self.followers_needed > len(self.peers):
            self.note("has no follower: no write is ever acknowledged")
        if self.leader == self.id:
            self.resume()
        else:
            self.apply_to(len(self.journal.entries))

    # Clients

    async def on_write(self, body: Write, message: Message) -> Body:
        return await self.change(body, message)

    async def on_increment(self, body: Increment, message: Message) -> Body:
        return await self.change(body, message)

    async def on_read(self, body: Read, message: Message) -> Body:
        """Answered here, or by the leader."""
        if self.reads == ANY and not self.leads:
            if self.waits and body.head.seen > self.applied:
                await self.until(body.head.seen)
            if body.head.seen <= self.applied:
                return self.answer_of(self.machine.read(body.key), self.applied)
        if not self.leads:
            return await self.pass_on(body)
        epoch = self.epoch
        if self.applied < self.barrier:
            await self.until(self.barrier)
        if self.reads == CONFIRMED and self.followers_needed:
            await self.confirm(epoch)
        if not self.leads or self.epoch != epoch or self.applied < self.barrier:
            raise Refused("not in charge", False)
        return self.answer_of(self.machine.read(body.key), self.applied)

    async def change(self, body: Request, message: Message) -> Body:
        """A write: into the log, on the disk, to the followers, and acknowledged as configured."""
        if not self.leads:
            return await self.pass_on(body)
        epoch = self.epoch
        index = self.append(Command(body, message.op))
        written = Future()
        self.waiting[index] = written
        if self.falls_back_ns:
            self.timer(self.falls_back_ns, "falls back", lambda: self.fall_back(index, epoch))
        await self.journal.durable()
        self.stored(index, epoch)
        answer: Body = await written
        return self.answer_of(answer, index)

    async def pass_on(self, body: Request) -> Body:
        """Have the leader answer. Raises Refused where none is known."""
        return await self.forwarding.ask("" if self.leader == self.id else self.leader, self.life, body)

    async def on_forward(self, body: Forward, message: Message) -> Body | None:
        if not self.forwarding.takes(body, message, self.incarnation + 1 if self.leads else 0):
            return None
        request = body.request
        return await (self.on_read(request, message) if isinstance(request, Read) else self.change(request, message))

    def answer_of(self, answer: Body, seen: int) -> Body:
        """An answer with its version token."""
        return answer.with_header(Header(seen=seen))

    async def confirm(self, epoch: int) -> None:
        """Hear from enough followers that nobody else leads. Raises Refused otherwise."""
        calls = self.call_each(self.peers, Confirm(epoch), self.timeout_ms)
        confirmed = True
        try:
            await self.quorum(calls, self.followers_needed, [])
        except Failure:
            confirmed = False
        if not confirmed:
            raise Refused("not confirmed", False)

    def until(self, index: int) -> Future:
        """Await that so much of the log is applied, as long as a member waits for another."""
        future = Future()
        self.waiting_reads.append((index, future))
        self.timer(to_ns(self.timeout_ms), "behind", lambda: future.resolve(None, None))
        return future

    # The leader

    @property
    def epoch(self) -> int:
        """The highest epoch that this member has heard of."""
        return self.journal.promise.epoch

    def resume(self) -> None:
        """Lead on after a restart: nobody else can have led in this epoch."""
        try:
            self.lead(self.epoch)
        except Refused:  # the disk is full
            self.timer(to_ns(AGAIN_MS), "resume", self.resume)

    def lead(self, epoch: int) -> None:
        """Begin to lead, with an empty entry. Raises Refused when the disk is full."""
        self.pledge(epoch, self.id)
        length = len(self.journal.entries)
        self.barrier = self.append(NOOP)
        self.leads = True
        self.own = self.due = 0
        self.match = dict.fromkeys(self.peers, 0)
        self.next = dict.fromkeys(self.peers, length)
        self.silent = dict.fromkeys(self.peers, False)
        self.alone = False
        self.show("role", "leader")
        self.note(f"leads in epoch {epoch}")
        self.spawn(self.begin_time(self.barrier, epoch), self.cause)

    async def begin_time(self, index: int, epoch: int) -> None:
        """Send the empty entry, then heartbeats."""
        await self.journal.durable()
        self.stored(index, epoch)
        self.beat(epoch)

    def append(self, command: Command) -> int:
        """Put a command into the log; returns its place. Raises Refused when the disk is full."""
        length = len(self.journal.entries)
        self.journal.add(Cut(length, (Entry(self.epoch, command),)))
        self.show("length", length + 1)
        return length + 1

    def stored(self, index: int, epoch: int) -> None:
        """The log is on the own disk up to here: send it on."""
        if not self.leads or self.epoch != epoch:
            return
        self.own = max(self.own, index)
        self.advance()
        if not self.gathers_ns:
            self.ship_all()
        elif not self.gathering:
            self.gathering = True
            self.timer(self.gathers_ns, "ship", self.ship_gathered)

    def ship_gathered(self) -> None:
        """Send what has come together."""
        self.gathering = False
        self.ship_all()

    def ship_all(self) -> None:
        """Send to each follower what it lacks, but for those that do not answer: they get a heartbeat."""
        self.due = self.own
        if self.leads:
            for peer in self.peers:
                if not self.silent[peer]:
                    self.spawn(self.ship(peer), self.cause)

    def beat(self, epoch: int) -> None:
        """Send to each follower what it lacks, over and over."""
        if self.leads and self.epoch == epoch:
            for peer in self.peers:
                self.spawn(self.ship(peer), self.cause)
            self.timer(to_ns(self.number("heartbeat_ms")), "heartbeat", lambda: self.beat(epoch))

    async def ship(self, to: str) -> None:
        """Send a follower all that it is not known to have; what comes twice does no harm."""
        epoch = self.epoch
        after = self.next[to]
        last = max(after, min(self.due, after + BATCH))
        entries = tuple(self.journal.entries[after:last])
        reply: Body | None = None
        try:
            reply = await self.call(
                to,
                Append(epoch, self.incarnation + 1, after, self.journal.epoch_at(after), entries, self.own),
                self.timeout_ms,
            )
        except Failure:
            pass
        if not self.leads or self.epoch != epoch:
            return
        self.silent[to] = reply is None
        if isinstance(reply, Appended):
            self.heard(to, reply, after)

    def heard(self, to: str, reply: Appended, after: int) -> None:
        """A follower has answered: it has more now, has less than was thought, or follows somebody else."""
        if reply.epoch > self.epoch:
            self.step_down()
        elif reply.fits:
            self.match[to] = max(self.match[to], reply.length)
            self.next[to] = max(self.next[to], reply.length)
            self.advance()
            if reply.length - after == BATCH:
                self.spawn(self.ship(to), self.cause)
        elif self.next[to] == after:
            self.next[to] = min(reply.length, max(0, after - 1))
            self.spawn(self.ship(to), self.cause)

    def advance(self) -> None:
        """Acknowledge what enough members have on disk. Entries of earlier epochs count with the first of one's own."""
        reached = self.own
        if self.followers_needed:
            copies = sorted(self.match.values(), reverse=True)
            held = copies[self.followers_needed - 1] if copies else 0
            if self.alone and held >= self.own:
                self.alone = False
                self.note("waits for followers again")
            reached = reached if self.alone else min(reached, held)
        if self.journal.epoch_at(reached) == self.epoch:
            self.apply_to(reached)

    def fall_back(self, index: int, epoch: int) -> None:
        """Nobody has acknowledged an entry in time: do without followers until one has all there is."""
        if self.leads and self.epoch == epoch and index in self.waiting and not self.alone:
            self.alone = True
            self.note("falls back to asynchronous")
            self.advance()

    # The followers

    async def on_append(self, body: Append, message: Message) -> Body:
        """Take over the leader's log from where both agree (Raft, section 5.3)."""
        leader = message.channel.src.id
        if self.fenced(body.epoch):
            return Appended(self.epoch, False, 0)
        if self.leads and (body.epoch <= self.epoch or not self.fencing):
            raise Refused("leads itself", False)
        if body.epoch > self.epoch or self.leader != leader:
            self.follow(body.epoch, leader)
        self.life = max(self.life, body.life)
        journal = self.journal
        if journal.epoch_at(body.after) != body.after_epoch:
            return Appended(body.epoch, False, self.earlier(body.after))
        self.take(body)
        last = body.after + len(body.entries)
        last_epoch = journal.epoch_at(last)
        await journal.durable()
        if journal.epoch_at(last) != last_epoch:
            raise Refused("replaced meanwhile", False)
        if not self.leads:
            self.apply_to(last)
            self.publish("replication.lag", max(0, body.length - self.applied))
        return Appended(body.epoch, True, last)

    def fenced(self, epoch: int) -> bool:
        """Whether nobody of that epoch is followed any more."""
        return self.fencing and epoch < self.epoch

    def earlier(self, after: int) -> int:
        """Where the leader's log may agree with this one: before all entries of the epoch that does not fit."""
        journal = self.journal
        place = min(after, len(journal.entries))
        if place == after:
            epoch = journal.epoch_at(place)
            while place and journal.epoch_at(place) == epoch:
                place -= 1
        return place

    def take(self, body: Append) -> None:
        """Keep what is new; what differs goes, with all that follows it. Raises Refused when the disk is full."""
        journal = self.journal
        for place, entry in enumerate(body.entries, body.after + 1):
            if journal.epoch_at(place) != entry.epoch:
                dropped = len(journal.entries) - place + 1
                journal.add(Cut(place - 1, body.entries[place - 1 - body.after :]))
                if dropped:
                    self.publish("replication.dropped", dropped)
                    self.note(f"dropped {dropped} entries of a log that nobody follows")
                if place <= self.applied:
                    self.rebuild(place - 1)
                self.show("length", len(journal.entries))
                return

    def rebuild(self, length: int) -> None:
        """Start anew, and apply the log up to here."""
        self.machine = StateMachine()
        self.applied = 0
        self.apply_to(length)
        self.machine.show_all(self)

    def on_confirm(self, body: Confirm, message: Message) -> Body:
        """As far as this member knows, whoever asks still leads."""
        return Refusal("deposed", False) if self.fenced(body.epoch) else DONE

    def apply_to(self, index: int) -> None:
        """Apply the log up to here, and answer who waits for it."""
        tells = self.leads and self.fencing and self.followers_needed > 0
        while self.applied < index:
            entry = self.journal.entries[self.applied]
            self.applied += 1
            answer = self.machine.apply(entry.command)
            self.machine.show(self, entry.command)
            if tells:
                self.show("promised", f"{self.applied} = epoch {entry.epoch}, operation {entry.command.op}")
            written = self.waiting.pop(self.applied, None)
            if written is not None:
                written.resolve(answer, None)
        ready = [future for place, future in self.waiting_reads if place <= self.applied]
        self.waiting_reads = [one for one in self.waiting_reads if one[0] > self.applied and not one[1].done]
        for future in ready:
            future.resolve(None, None)

    # Failover

    def pledge(self, epoch: int, leader: str) -> None:
        """Write down whom to follow. Raises Refused when the disk is full."""
        if self.journal.promise != Promise(epoch, leader):
            self.journal.add(Promise(epoch, leader))
        self.leader, self.life = leader, 0
        self.show("epoch", self.epoch)

    def follow(self, epoch: int, leader: str) -> None:
        """Follow somebody, or nobody yet, in an epoch not before the last one. Raises Refused when the disk is full."""
        if epoch > self.epoch:
            self.pledge(epoch, leader)
        self.step_down()
        self.leader, self.life = leader, 0

    def step_down(self) -> None:
        """Lead no more, if one did; what waits for an acknowledgement may still come about."""
        if not self.leads:
            return
        self.leads = False
        self.leader = ""
        self.show("role", "follower")
        self.note("leads no more")
        for written in self.waiting.values():
            written.fail(Refused("deposed", True), None)
        self.waiting = {}

    async def on_ping(self, body: Ping, message: Message) -> Body:
        """The monitor asks, and says who leads."""
        if body.epoch > self.epoch and body.leader != self.id:
            self.follow(body.epoch, body.leader)
        elif body.epoch == self.epoch and not self.leader:
            self.leader, self.life = body.leader, 0
        await self.journal.durable()
        return Pong(self.epoch, self.leads)

    async def on_seal(self, body: Seal, message: Message) -> Body:
        """A new epoch: promise, on disk, and tell how long the log is, all of it on disk."""
        if self.fencing and body.epoch <= self.epoch:
            raise Refused("later epoch", False)
        if self.fencing:
            self.follow(body.epoch, "")
        await self.journal.durable()
        length = len(self.journal.entries)
        need = len(self.peers) + 1 - self.followers_needed if self.followers_needed else 1
        return Sealed(self.journal.epoch_at(length), length, need)

    async def on_promote(self, body: Promote, message: Message) -> Body:
        """Lead. The promise is on disk before anybody hears of it."""
        if body.epoch < self.epoch or (body.epoch == self.epoch and self.journal.promise.leader not in ("", self.id)):
            raise Refused("later epoch", False)
        if not self.leads or body.epoch > self.epoch:
            self.lead(body.epoch)
        await self.journal.durable()
        return DONE
