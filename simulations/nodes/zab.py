"""ZooKeeper's atomic broadcast: a primary orders all changes, and a new one finishes what the last one began.

Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup systems", DSN 2011, section 4. A
replica that knows no leader is *looking*: all tell each other whom they would have, preferring who has the latest
history, until a majority is of one mind (phase 0; any oracle would do). Whoever that is becomes leader in three phases:

1. **Discovery**: a majority tells the last epoch it has accepted. The leader proposes a higher one; those who accept it
   take part in no lower one any more, and hand over their histories.
2. **Synchronisation**: the leader takes the latest of those histories as its own and has a majority adopt it. Only then
   is the epoch established, and that history committed.
3. **Broadcast**: each change gets the next identifier of the epoch (a *zxid*: epoch and counter), and is committed when
   a majority has it on disk; all apply changes in that order.

A leader that hears of no majority, and a follower that hears of no leader, look again. Reads go through the log here,
which is ZooKeeper's `sync` before a read. Epochs and histories are on disk before anybody hears of them.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.atomic_broadcast import (
    Ack,
    Change,
    EpochAccepted,
    FollowerInfo,
    History,
    Merit,
    NewEpoch,
    NewLeader,
    Preference,
    Propose,
    Stale,
)
from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Param, QuorumRule, Show
from simulations.engine.distributions import to_ns
from simulations.engine.forwarding import CLIENT_BODIES, FORWARDING_PARAMS, Forward, Forwarding
from simulations.engine.leading import LEADER_PARAMS, hasty
from simulations.engine.messages import Body, Request
from simulations.engine.node import Node
from simulations.engine.state_machine import Command, StateMachine
from simulations.engine.tasks import Failure, Future, Refused

LOOKING: Final = "looking"
FOLLOWER: Final = "follower"
ELECTED: Final = "elected"  # in phases 1 and 2
LEADER: Final = "leader"  # of an established epoch
BATCH: Final = 100  # changes that are repeated at once
PER_EPOCH: Final = 1_000_000_000  # changes, for a zxid as a number


class Zab(Node):
    """A replica."""

    TYPE: ClassVar[str] = "zab"
    TITLE: ClassVar[str] = "Zab replica"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A replica of a store whose changes one primary an epoch orders, as in ZooKeeper"
    ICON: ClassVar[str] = "zab"
    CLUSTERS: ClassVar[bool] = True
    QUORUM: ClassVar[QuorumRule] = QuorumRule()
    PARAMS: ClassVar[tuple[Param, ...]] = (*LEADER_PARAMS, *FORWARDING_PARAMS)
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Role", look="badge"),
        Show("epoch", "Epoch", title_first=True),
        Show("delivered", "Delivered", look="hidden"),
        Show("zxid", "Last zxid", look="hidden"),
        Show("entry", "History", look="hidden"),
        Show("keys", "Keys", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (
        *CLIENT_BODIES, Preference, FollowerInfo, NewEpoch, EpochAccepted, NewLeader, Propose, Ack,
        Stale,
    )  # fmt: skip
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "zab_total_order",
            "Total order",
            "What is delivered in a place, its zxid included, is the same on all replicas, for ever.",
            "agreement",
            ("delivered",),
        ),
        Invariant(
            "zab_primary_order",
            "Primary order",
            "The zxids that a replica delivers rise: by epoch, and in an epoch as its primary counted.",
            "monotonic",
            ("zxid",),
        ),
        Invariant(
            "zab_primary_integrity",
            "Primary integrity",
            "Whoever leads has in its history what was delivered before: synchronisation comes before broadcast.",
            "completeness",
            ("role", "entry", "delivered"),
            LEADER,
        ),
        Invariant(
            "zab_one_primary_per_epoch",
            "One primary an epoch",
            "In any one epoch at most one replica leads.",
            "one-per-term",
            ("role", "epoch"),
            LEADER,
        ),
        Invariant(
            "zab_epochs_rise",
            "Epochs rise",
            "The epoch that a replica has accepted never falls, not by a crash either.",
            "monotonic",
            ("epoch",),
            durable=True,
        ),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return hasty(params)

    def start(self) -> None:
        self.rank = sorted([self.id, *self.peers]).index(self.id)
        self.majority = (len(self.peers) + 1) // 2 + 1
        self.fsync_time = self.duration("fsync_time")
        self.timeout_ns = to_ns(self.number("election_timeout_ms"))
        self.machine = StateMachine()
        self.applied = 0
        self.role = ""
        self.leader = ""
        self.epoch = 0  # that this replica leads, or is about to
        self.shown = -1
        self.waiting: dict[int, Future] = {}  # by place: the client's answer
        self.restore()
        self.forwarding = Forwarding(self, self.accepted[0], self.number("forward_timeout_ms"))
        self.look()
        self.spawn(self.sync(), self.cause)
        self.tick_over()

    def restore(self) -> None:
        """Take up what is on disk: the last history that was adopted, and what was appended to it."""
        self.accepted = (0, "")  # the last epoch accepted, and whose (f.p)
        self.current = 0  # the last epoch whose history was adopted (f.a)
        self.history: list[Change] = []
        stored = self.disk.read()
        for key, entry in stored.items():
            if key.startswith("epoch "):
                self.accepted = max(self.accepted, entry)
            elif key.startswith("history "):
                self.current = max(self.current, int(key.split()[1]))
        self.history = list(stored.get(f"history {self.current}", ()))
        while f"change {self.current} {len(self.history)}" in stored:
            self.history.append(stored[f"change {self.current} {len(self.history)}"])
        self.durable = 0  # so much of the history is known to be on disk
        self.machine.show_all(self)
        self.show_entries(0)

    # Clients

    async def on_request(self, body: Request, message: Message) -> Body:
        if self.role == LEADER:
            return await self.order(body)
        epoch, leader = self.accepted
        return await self.forwarding.ask(leader if leader == self.leader != self.id else "", epoch, body)

    async def on_forward(self, body: Forward, message: Message) -> Body | None:
        leads = self.epoch if self.role == LEADER else 0
        return await self.order(body.request) if self.forwarding.takes(body, message, leads) else None

    async def order(self, request: Request) -> Body:
        """Phase 3, the leader's part: give the change the next zxid, and answer when it is committed and applied."""
        place = len(self.history)
        change = Change(self.epoch, self.counter + 1, Command(request, self.cause.op))
        self.append(change)
        self.counter += 1
        answer = self.waiting[place] = Future()
        self.broadcast(self.synced, Propose(self.epoch, place, (change,), self.committed))
        self.spawn(self.acknowledge_own(self.epoch), self.cause)
        body: Body = await answer
        return body

    # Phase 0: whom to follow

    def look(self) -> None:
        """Know no leader, and ask who should be."""
        self.set_role(LOOKING)
        self.leader = ""
        unanswered = list(self.waiting.values())
        self.waiting = {}
        self.preferences: dict[str, str] = {}
        self.heard: dict[str, int] = {}  # by follower: when
        self.infos: dict[str, int] = {}
        self.histories: dict[str, tuple[tuple[int, int, int], History]] = {}
        self.lengths: dict[str, int] = {}  # by synchronised follower: what it has on disk
        self.synced: list[str] = []
        self.committed = 0
        self.counter = 0
        self.epoch = 0
        last = self.history[-1] if self.history else Change(0, 0, Command(None, -1))
        self.prefer(self.id, (self.current, last.epoch, last.counter, self.rank))
        for future in unanswered:
            future.fail(Refused("no longer leader", True), None)

    def prefer(self, candidate: str, merit: Merit) -> None:
        """Have a candidate, and say so."""
        self.candidate, self.merit = candidate, merit
        self.preferences[self.id] = candidate
        self.looking_ns = self.now_ns
        self.broadcast(self.peers, Preference(candidate, merit, LOOKING))

    def on_preference(self, body: Preference, message: Message) -> None:
        other = message.channel.src.id
        if self.role != LOOKING:
            if body.role == LOOKING:
                self.send(other, Preference(self.leader, self.merit, self.role))
            return
        if body.role in (ELECTED, LEADER):
            self.follow(other)
        if self.role != LOOKING or body.role != LOOKING:
            return
        self.preferences[other] = body.candidate
        if body.merit > self.merit:
            self.prefer(body.candidate, body.merit)
        self.settle()

    def settle(self) -> None:
        """Whether a majority is of one mind."""
        agreed = [one for one in self.preferences.values() if one == self.candidate]
        if len(agreed) < self.majority:
            return
        if self.candidate != self.id:
            self.follow(self.candidate)
            return
        self.set_role(ELECTED)
        self.leader = self.id
        self.heard = dict.fromkeys(self.peers, self.now_ns)
        self.informed(self.id, self.accepted[0])

    def follow(self, leader: str) -> None:
        """Follow somebody, and tell it the last epoch accepted."""
        self.set_role(FOLLOWER)
        self.leader = leader
        self.heard_ns = self.now_ns
        self.send(leader, FollowerInfo(self.accepted[0]))

    def tick_over(self) -> None:
        """Say again what may have been lost, and give up whoever is not heard of."""
        pause_ns = to_ns(self.number("heartbeat_ms"))
        self.timer(pause_ns, "heartbeat", self.tick_over)
        if self.role == LOOKING:
            if not self.peers:
                self.settle()
            elif self.now_ns - self.looking_ns > self.timeout_ns:
                self.look()
            else:
                self.broadcast(self.peers, Preference(self.candidate, self.merit, LOOKING))
        elif self.role == FOLLOWER:
            if self.now_ns - self.heard_ns > self.timeout_ns * (1 + self.draw("election timeout")):
                self.look()
            elif self.current != self.accepted[0] or self.accepted[1] != self.leader:
                self.send(self.leader, FollowerInfo(self.accepted[0]))
        else:
            self.beat()

    def beat(self) -> None:
        """The leader's signs of life, with what a follower has not acknowledged; it gives up without a majority."""
        heard = [peer for peer in self.peers if self.now_ns - self.heard[peer] <= self.timeout_ns]
        if 1 + len(heard) < self.majority:
            self.look()
            return
        for peer in self.synced:
            place = self.lengths[peer]
            changes = tuple(self.history[place : place + BATCH])
            self.send(peer, Propose(self.epoch, place, changes, self.committed))

    # Phase 1: discovery

    def on_follower_info(self, body: FollowerInfo, message: Message) -> None:
        follower = message.channel.src.id
        if self.role not in (ELECTED, LEADER):
            return
        self.heard[follower] = self.now_ns
        if self.epoch and body.epoch > self.epoch:
            self.look()
        elif self.epoch:
            self.send(follower, NewEpoch(self.epoch))
        else:
            self.informed(follower, body.epoch)

    def informed(self, follower: str, epoch: int) -> None:
        """With the infos of a majority, the leader proposes an epoch higher than all of theirs."""
        self.infos[follower] = epoch
        if self.id in self.infos and len(self.infos) >= self.majority:
            self.epoch = max(self.infos.values()) + 1
            self.broadcast([peer for peer in self.infos if peer != self.id], NewEpoch(self.epoch))
            self.spawn(self.accept_own_epoch(self.epoch), self.cause)

    async def accept_own_epoch(self, epoch: int) -> None:
        """The leader is a follower too."""
        try:
            self.accept_epoch(epoch, self.id)
        except Failure:
            self.look()  # the disk is full
            return
        await self.sync()
        if self.epoch == epoch:
            self.collect(self.id, EpochAccepted(epoch, self.current, tuple(self.history)))

    async def on_new_epoch(self, body: NewEpoch, message: Message) -> None:
        leader = message.channel.src.id
        if leader != self.leader or self.role != FOLLOWER:
            return
        self.heard_ns = self.now_ns
        if body.epoch > self.accepted[0]:
            self.accept_epoch(body.epoch, leader)
        await self.sync()
        if self.accepted == (body.epoch, leader):
            self.send(leader, EpochAccepted(body.epoch, self.current, tuple(self.history)))
        elif self.accepted[0] >= body.epoch:
            self.send(leader, Stale(self.accepted[0]))

    def accept_epoch(self, epoch: int, leader: str) -> None:
        """Take part in no lower epoch from now on."""
        self.disk.write(f"epoch {epoch}", (epoch, leader))
        self.accepted = (epoch, leader)

    def on_stale(self, body: Stale, message: Message) -> None:
        if self.role in (ELECTED, LEADER) and body.epoch >= self.epoch > 0:
            self.look()

    def on_epoch_accepted(self, body: EpochAccepted, message: Message) -> None:
        follower = message.channel.src.id
        if self.role not in (ELECTED, LEADER) or body.epoch != self.epoch:
            return
        self.heard[follower] = self.now_ns
        if self.current == self.epoch:
            self.send(follower, NewLeader(self.epoch, tuple(self.history)))
        else:
            self.collect(follower, body)

    # Phase 2: synchronisation

    def collect(self, follower: str, body: EpochAccepted) -> None:
        """With the histories of a majority, the latest becomes the epoch's first."""
        last = body.history[-1] if body.history else Change(0, 0, Command(None, -1))
        self.histories[follower] = ((body.current, last.epoch, last.counter), body.history)
        if self.id in self.histories and len(self.histories) >= self.majority and self.current != self.epoch:
            self.spawn(self.begin_epoch(self.epoch), self.cause)

    async def begin_epoch(self, epoch: int) -> None:
        """Adopt the history and have the others adopt it."""
        history = self.latest()
        try:
            self.adopt(epoch, history)
        except Failure:
            self.look()
            return
        self.broadcast([peer for peer in self.histories if peer != self.id], NewLeader(epoch, history))
        self.opening = len(history)
        await self.acknowledge_own(epoch)

    def latest(self) -> History:
        """The history of who was in the highest epoch, and of those the longest."""
        best = max(self.histories.values(), key=lambda entry: entry[0])
        return best[1]

    def adopt(self, epoch: int, history: History) -> None:
        """Let this be the history. Written as one: a crash keeps the one before, or this one."""
        self.disk.write(f"history {epoch}", history)
        same = 0
        while same < min(len(history), len(self.history)) and history[same] == self.history[same]:
            same += 1
        self.current = epoch
        self.history = list(history)
        self.durable = 0
        self.show_entries(max(min(same, len(history) - 1), 0))  # the last one again: what came after it is dropped

    async def on_new_leader(self, body: NewLeader, message: Message) -> None:
        leader = message.channel.src.id
        if not self.takes_part(body.epoch, leader):
            return
        self.heard_ns = self.now_ns
        if self.current != body.epoch:
            self.adopt(body.epoch, body.history)
        await self.acknowledge(leader, body.epoch)

    # Phase 3: broadcast

    def takes_part(self, epoch: int, leader: str) -> bool:
        """Whether this is the epoch that was accepted last, and its leader."""
        return self.accepted == (epoch, leader) and self.leader == leader and self.role == FOLLOWER

    async def on_propose(self, body: Propose, message: Message) -> None:
        leader = message.channel.src.id
        if not self.takes_part(body.epoch, leader) or self.current != body.epoch:
            if body.epoch < self.accepted[0]:
                self.send(leader, Stale(self.accepted[0]))
            return
        self.heard_ns = self.now_ns
        if body.place <= len(self.history):  # otherwise something before it was lost, and will be said again
            for change in body.changes[len(self.history) - body.place :]:
                self.append(change)
        self.deliver(min(body.committed, len(self.history)))
        await self.acknowledge(leader, body.epoch)

    def append(self, change: Change) -> None:
        """Write a change at the history's end."""
        self.disk.write(f"change {self.current} {len(self.history)}", change)
        self.history.append(change)
        self.show_entries(len(self.history) - 1)

    async def acknowledge(self, leader: str, epoch: int) -> None:
        """Tell the leader what of the epoch's history is on disk."""
        length = len(self.history)
        await self.sync()
        if self.current == epoch:
            self.send(leader, Ack(epoch, length))

    async def acknowledge_own(self, epoch: int) -> None:
        """The leader has it on disk as well."""
        length = len(self.history)
        await self.sync()
        if self.epoch == epoch and self.current == epoch:
            self.durable = max(self.durable, length)
            self.commit()

    def on_ack(self, body: Ack, message: Message) -> None:
        follower = message.channel.src.id
        if self.role not in (ELECTED, LEADER) or body.epoch != self.epoch or self.current != self.epoch:
            return
        self.heard[follower] = self.now_ns
        if follower not in self.synced:
            self.synced.append(follower)
        self.lengths[follower] = max(self.lengths.get(follower, 0), body.length)
        self.commit()

    def commit(self) -> None:
        """What a majority has on disk is committed; the first such moment establishes the epoch."""
        lengths = sorted([self.durable, *self.lengths.values()], reverse=True)
        if len(lengths) < self.majority:
            return
        committed = lengths[self.majority - 1]
        if self.role == ELECTED and committed >= self.opening:
            self.set_role(LEADER)
        if self.role == LEADER and committed > self.committed:
            self.committed = committed
            self.deliver(committed)

    def deliver(self, committed: int) -> None:
        """Apply what is committed, in order, and answer whoever waits for it."""
        while self.applied < committed:
            place = self.applied
            change = self.history[place]
            answer = self.machine.apply(change.command)
            self.applied = place + 1
            self.show("delivered", self.entry(place))
            self.show("zxid", change.epoch * PER_EPOCH + change.counter)
            self.machine.show(self, change.command)
            waiting = self.waiting.pop(place, None)
            if waiting is not None:
                waiting.resolve(answer, self.cause if self.cause.op == change.command.op else None)

    # State

    def entry(self, place: int) -> str:
        """What the history has in a place."""
        change = self.history[place]
        return f"{place} = {change.epoch}.{change.counter}: {change.command.words()}"

    def show_entries(self, place: int) -> None:
        """Show the history from a place on."""
        for one in range(place, len(self.history)):
            self.show("entry", self.entry(one))

    async def sync(self) -> None:
        """Returns when all that was written so far is on disk, the epoch accepted among it."""
        epoch = self.accepted[0]
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)
        if epoch > self.shown:
            self.shown = epoch
            self.show("epoch", epoch)

    def set_role(self, role: str) -> None:
        """Change the role, and show it."""
        if role != self.role:
            self.role = role
            self.show("role", role)
