"""A replica that agrees with others of which some may lie: practical Byzantine fault tolerance.

Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999. Of 3 f + 1 replicas up to f may do anything at all:
keep silent, tell each another story, forge. Any two quorums of 2 f + 1 share f + 1 replicas, and so an honest one.

**Normal case** (4.2). The primary of the view gives a request a sequence number and says so (*pre-prepare*). Backups
tell everybody what they were given (*prepare*); a quorum of the same makes it *prepared*: no other request can be, in
this view and under this number. All tell everybody that (*commit*); a quorum of those, and the number is settled for
ever. Requests are carried out in the order of their numbers.

**Checkpoints** (4.3). Now and then replicas compare their states. What a quorum has reached is *stable*, and the log up
to there is dropped. Who has missed it is given the state with that proof, or what a quorum has committed since.

**View change** (4.4). Backups that wait too long for a request leave for the next view and prove what they have
prepared. The next primary shows a quorum's proofs, and orders all that again under the same numbers. Each view that
comes to nothing doubles the time waited for the next.

**Clients** here believe a single answer. So the replica that a client asks plays the client's part of the paper: it
seals the request, tells all replicas, and answers when f + 1 of them, one of which is honest, tell the same result. A
client whose own replica lies is lied to.

**Restarts.** The paper counts whoever loses its memory among the f faulty ones. Here what a replica promises is on its
disk before it says so, and a crash with a restart is only a silence. Seals stand for the paper's signatures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from simulations.engine.byzantine import (
    Checkpoint,
    Commit,
    Decided,
    Left,
    Outcome,
    Prepare,
    Reached,
    Slot,
    Status,
    Submit,
)
from simulations.engine.byzantine_params import BYZANTINE_LIES, BYZANTINE_PARAMS, member_doubts
from simulations.engine.byzantine_replica import RESENT_MAX, ByzantineReplica
from simulations.engine.certificates import (
    NewView,
    Order,
    Prepared,
    PrePrepare,
    ViewChange,
    committed,
    digest_of,
    ordered,
    prepared,
    seal,
)
from simulations.engine.channel import Message
from simulations.engine.collusion import Collusion
from simulations.engine.declare import Invariant, Lie, Metric, Neighbour, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Increment, Read, Write
from simulations.engine.tasks import Cause

DOUBLINGS_MAX: Final = 10


class Pbft(ByzantineReplica):
    """A replica among others of which some may lie."""

    TYPE: ClassVar[str] = "pbft"
    TITLE: ClassVar[str] = "PBFT replica"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A replica of a store that agrees although some replicas lie"
    ICON: ClassVar[str] = "pbft"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = BYZANTINE_PARAMS
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("executed", "Last carried out", title_first=True),
        Show("role", "Role", look="badge"),
        Show("view", "View", title_first=True),
        Show("value", "Last change", look="hidden"),
        Show("keys", "Keys", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("pbft.executed", "requests", "Sequence numbers that it has carried out, null requests too.", "count"),
        Metric("pbft.view_changes", "views", "Views for which it has left the one before.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (
        Read,
        Write,
        Increment,
        Submit,
        PrePrepare,
        Prepare,
        Commit,
        Decided,
        Checkpoint,
        Outcome,
        Status,
        Reached,
        ViewChange,
        NewView,
    )
    LIES: ClassVar[tuple[Lie, ...]] = BYZANTINE_LIES
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "pbft_agreement",
            "One request a number",
            "No two replicas that do not lie carry out different requests under one sequence number.",
            "agreement",
            ("executed",),
        ),
        Invariant("pbft_views", "Views rise", "A replica's view never falls.", "monotonic", ("view",), durable=True),
        Invariant(
            "pbft_primary", "One primary a view", "A view has one primary.", "one-per-term", ("role", "view"), "primary"
        ),
    )

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        mates = [one.type for one in neighbours.values()].count(cls.TYPE)
        return member_doubts(1 + mates, int(params["faulty"]))

    @classmethod
    def cluster_doubts(cls, params: dict[str, Any], members: Sequence[str]) -> list[tuple[str, str]]:
        return []  # each member counts its mates

    def start(self) -> None:
        self.open()
        self.waiting: dict[str, bool] = {}  # those that were pending at the last status
        self.given: dict[str, bool] = {}  # digests that have their number, as the primary knows
        self.next_seq = 1
        self.changes: dict[str, ViewChange] = {}  # the last of each replica
        self.new_view: NewView | None = None
        self.timed_view = -1
        self.begins = -1  # the view that it begins as its primary
        self.collusion = Collusion(self.id, self.members)
        self.recover()
        if not self.shut:
            self.timer(to_ns(self.number("status_ms")), "status", self.tell_status)

    # Normal case: section 4.2

    def leads(self) -> bool:
        """Whether this replica is the primary, and its view has begun."""
        return self.active and self.judge.primary(self.view) == self.id

    def propose(self) -> None:
        """As the primary, number what is pending, as far as the log reaches."""
        if not self.leads():
            return
        for digest in list(self.pending):
            self.next_seq = max(self.next_seq, self.executed + 1)
            if not self.within(self.next_seq):
                return
            if digest not in self.given:
                self.given[digest] = True
                seq, self.next_seq = self.next_seq, self.next_seq + 1
                said = self.pre_prepare(self.view, seq, self.pending[digest])
                self.spawn(self.accept(said, True), self.cause)

    def pre_prepare(self, view: int, seq: int, order: Order | None) -> PrePrepare:
        """The primary's word for a number."""
        return PrePrepare(view, seq, order, self.id, seal(self.id, ordered(view, seq, digest_of(order))))

    def own_prepare(self, said: PrePrepare) -> Prepare:
        """A backup's word that it was given this."""
        digest = digest_of(said.order)
        return Prepare(said.view, said.seq, digest, self.id, seal(self.id, prepared(said.view, said.seq, digest)))

    def own_commit(self, proof: Prepared) -> Commit:
        """A replica's word that this is prepared."""
        digest = digest_of(proof.order)
        return Commit(proof.view, proof.seq, digest, self.id, seal(self.id, committed(proof.view, proof.seq, digest)))

    async def on_pre_prepare(self, body: PrePrepare, message: Message) -> None:
        # The null request is ordered by new views alone, which have their own proof.
        new = self.new_view is not None and body in self.new_view.orders
        if body.view != self.view or not self.active or (body.order is None and not new):
            return
        if not self.judge.accepts_order(body) or self.judge.primary(self.view) == self.id:
            return
        await self.accept(body, False)

    async def accept(self, said: PrePrepare, announce: bool) -> None:
        """Keep what the primary has said, and then tell everybody. Never a second one for a number in a view."""
        slot = self.slot(said.seq)
        if slot is None or slot.accepted is not None:
            return
        slot.accepted = said
        if said.order is not None and said.order.digest not in self.pending:
            self.take(said.order)
        if not await self.keep({f"accepted {said.seq} in {said.view}": said}, said.seq):
            if slot.holds(said):
                slot.accepted = None
            return
        if not slot.holds(said) or not self.active:
            return
        slot.kept = True
        if said.who != self.id:
            slot.prepares[self.id] = self.own_prepare(said)
            self.broadcast(self.peers, slot.prepares[self.id])
        elif announce:
            self.broadcast(self.peers, said)
        self.count_prepares(said.seq, slot)

    def on_prepare(self, body: Prepare, message: Message) -> None:
        slot = self.slot(body.seq)
        if slot is None or body.view < self.view or not body.genuine(self.members):
            return
        before = slot.prepares.get(body.who)
        if before is None or before.view < body.view:
            slot.prepares[body.who] = body
            self.count_prepares(body.seq, slot)

    def count_prepares(self, seq: int, slot: Slot) -> None:
        """With the primary's word and matching prepares of others, a quorum in all: it is prepared."""
        said = slot.accepted
        if said is None or not slot.kept or (slot.proof is not None and slot.proof.view == said.view):
            return
        votes = slot.prepared_seals(said)
        if self.is_prepared(1 + len(votes)):
            proof = Prepared(said.view, seq, said.order, ((said.who, said.seal), *votes))
            self.spawn(self.commit(slot, proof), self.cause)

    def is_prepared(self, votes: int) -> bool:
        """Whether so many, the primary among them, make a request prepared."""
        return votes >= self.judge.quorum

    async def commit(self, slot: Slot, proof: Prepared) -> None:
        """Keep the proof that a number is prepared, and then tell everybody."""
        before, slot.proof = slot.proof, proof
        if not await self.keep({f"prepared {proof.seq} in {proof.view}": proof}, proof.seq):
            slot.withdraw(proof, before)
            return
        if self.view != proof.view or not self.active:
            return
        slot.commits[self.id] = self.own_commit(proof)
        self.broadcast(self.peers, slot.commits[self.id])
        self.count_commits(proof.seq, slot)

    def on_commit(self, body: Commit, message: Message) -> None:
        slot = self.slot(body.seq)
        if slot is None or body.view < self.view or not body.genuine(self.members):
            return
        before = slot.commits.get(body.who)
        if before is None or before.view < body.view:
            slot.commits[body.who] = body
            self.count_commits(body.seq, slot)

    def count_commits(self, seq: int, slot: Slot) -> None:
        """Prepared, and a quorum says that it is: settled for ever."""
        proof = slot.proof
        if proof is None or slot.decision is not None:
            return
        seals = slot.committed_seals(proof)
        if len(seals) >= self.judge.quorum:
            slot.decision = Decided(proof.view, seq, proof.order, seals)
            self.carry_out_all()

    def on_decided(self, body: Decided, message: Message) -> None:
        slot = self.slot(body.seq)
        if slot is None or slot.decision is not None:
            return
        if self.judge.accepts_committed(body.view, body.seq, body.order, body.seals):
            slot.decision = body
            self.carry_out_all()

    # View changes: section 4.4

    def watch(self) -> None:
        """As a backup, time how long the first pending order takes."""
        if self.active and not self.awaited and self.pending and self.judge.primary(self.view) != self.id:
            view, digest = self.view, next(iter(self.pending))
            self.awaited = digest
            self.timer(self.patience_ns(), "patience", lambda: self.lose_patience(view, digest))

    def patience_ns(self) -> int:
        """Twice as long after each view without progress."""
        return to_ns(self.number("patience_ms")) << min(self.attempts, DOUBLINGS_MAX)

    def lose_patience(self, view: int, digest: str) -> None:
        """The primary has not got an order carried out in time."""
        if self.active and self.view == view and self.awaited == digest:
            self.leave_for(view + 1)

    def leave_for(self, view: int) -> None:
        """Take no part in the present view any more."""
        self.attempts += 1
        self.view = view
        self.active = False
        self.awaited = ""
        self.publish("pbft.view_changes", 1)
        self.spawn(self.change(), self.cause)

    async def change(self) -> None:
        """Keep that one has left, then tell everybody, with proofs of what one has prepared."""
        view = self.view
        if not await self.keep({f"left for {view}": Left(view)}, -1) or self.view != view or self.active:
            return
        self.show_view()
        found = [self.slots[seq].proof for seq in sorted(self.slots) if seq > self.stable.seq]
        proofs = tuple([proof for proof in found if proof is not None])
        change = ViewChange(view, self.stable, proofs, self.id, 0).sealed()
        self.changes[self.id] = change
        self.broadcast(self.peers, change)
        self.count_changes()

    def on_view_change(self, body: ViewChange, message: Message) -> None:
        before = self.changes.get(body.who)
        if body.view < self.view or (body.view == self.view and self.active):
            return
        if (before is None or before.view < body.view) and self.judge.accepts_change(body):
            self.changes[body.who] = body
            self.count_changes()

    def count_changes(self) -> None:
        """Follow f + 1 who have left, for one of them is honest (4.5.2); with a quorum the next view can begin."""
        ahead = sorted([change.view for change in self.changes.values() if change.view > self.view])
        if len(ahead) > self.faulty:
            self.leave_for(ahead[0])
            return
        view = self.view
        here = [self.changes[who] for who in self.members if who in self.changes and self.changes[who].view == view]
        if self.active or len(here) < self.judge.quorum:
            return
        if self.timed_view < view:
            self.timed_view = view
            self.timer(self.patience_ns(), "new view", lambda: self.give_up(view))
        if self.judge.primary(view) == self.id and self.changes.get(self.id) in here and self.begins < view:
            self.begins = view  # once: a second one might order otherwise
            following = self.judge.following(here)
            orders = tuple([self.pre_prepare(view, seq, order) for seq, order in following])
            self.spawn(self.enter(NewView(view, tuple(here), orders, self.id, 0).sealed(), True), self.cause)

    def give_up(self, view: int) -> None:
        """A quorum has left for a view, and it has not begun in time."""
        if self.view == view and not self.active:
            self.leave_for(view + 1)

    def on_new_view(self, body: NewView, message: Message) -> Any:
        if self.has_entered(body.view) or not self.judge.accepts_new_view(body):
            return None
        return self.enter(body, False)

    def has_entered(self, view: int) -> bool:
        """Whether a view is past, or has begun here."""
        return view < self.view or (view == self.view and self.active)

    async def enter(self, new: NewView, announce: bool) -> None:
        """Begin a view: its orders run through all phases again."""
        if not await self.keep({f"view {new.view}": new}, -1):
            self.begins = min(self.begins, new.view - 1)
            return
        if self.has_entered(new.view):
            return
        self.view, self.active, self.new_view = new.view, True, new
        self.show_view()
        if announce:
            self.broadcast(self.peers, new)
        self.awaited = ""
        self.changes = {who: change for who, change in self.changes.items() if change.view > new.view}
        for slot in self.slots.values():
            slot.accepted, slot.kept = None, False
        self.resume(new)
        low = max([change.stable.seq for change in new.changes])
        for change in new.changes:
            own = self.taken.get(change.stable.seq)
            if change.stable.seq == low and own is not None and own.digest() == change.stable.digest:
                self.spawn(self.settle(own.proven(change.stable)), self.cause)
        self.accept_again(new)
        self.propose()
        self.watch()

    def resume(self, new: NewView) -> None:
        """Number on from where a view begins."""
        self.given = {digest_of(said.order): True for said in new.orders}
        self.next_seq = max([change.stable.seq for change in new.changes]) + len(new.orders) + 1

    def accept_again(self, new: NewView) -> None:
        """Accept what a view orders anew, as far as the log reaches."""
        for said in new.orders:
            slot = self.slot(said.seq)
            if slot is not None and slot.accepted is None:
                self.spawn(self.accept(said, False), self.cause)

    # What was lost is sent again

    def tell_status(self) -> None:
        """Tell how far one is, and what one waits for."""
        self.timer(to_ns(self.number("status_ms")), "status", self.tell_status)
        self.broadcast(self.peers, Status(self.view, self.active, self.stable.seq, self.executed))
        if not self.active:
            self.spawn(self.change(), self.cause)
        if self.taken:
            self.tell_checkpoint(max(self.taken))
        overdue = [order for order in self.pending.values() if order.digest in self.waiting]
        for order in overdue[:RESENT_MAX]:
            primary = self.judge.primary(self.view)
            to = self.peers if order.contact == self.id else [primary] if primary != self.id else []
            self.broadcast(to, Submit(order))
        self.waiting = dict.fromkeys(self.pending, True)
        if self.active and self.new_view is not None:
            self.accept_again(self.new_view)
        self.propose()

    def on_status(self, body: Status, message: Message) -> None:
        who = message.channel.src.id
        if who not in self.members:
            return
        before = self.heard.get(who)
        stands = before is not None and (before.stable, before.executed) == (body.stable, body.executed)
        self.heard[who] = body
        behind = body.view < self.view or (body.view == self.view and not body.active)
        if behind and self.active and self.new_view is not None:
            self.send(who, self.new_view)
        if stands:
            self.catch_up(who, body)
            for seq in range(body.executed + 1, body.executed + 1 + RESENT_MAX):
                if body.active and self.active and body.view == self.view:
                    self.repeat(who, seq)

    def repeat(self, who: str, seq: int) -> None:
        """Say again what one has said of a number in this view."""
        slot = self.slots.get(seq)
        if slot is None or slot.accepted is None or not slot.kept or slot.decision is not None:
            return
        self.send(who, slot.accepted)
        for said in (slot.prepares.get(self.id), slot.commits.get(self.id)):
            if said is not None and said.view == self.view:
                self.send(who, said)

    # State

    def recover(self) -> None:
        """Find on disk what an earlier incarnation has promised."""
        stored = self.disk.read()
        for value in stored.values():
            if isinstance(value, Reached) and value.stable.seq > self.stable.seq:
                self.stable, self.state = value.stable, value
            elif isinstance(value, NewView) and (self.new_view is None or value.view > self.new_view.view):
                self.new_view = value
            elif isinstance(value, Left):
                self.view = max(self.view, value.view)
        begun = 0 if self.new_view is None else self.new_view.view
        self.view = max(self.view, begun)
        self.active = self.view == begun
        if self.active and self.new_view is not None:
            self.resume(self.new_view)
        if self.stable.seq:
            self.restore(self.state)
        for record, value in stored.items():
            if isinstance(value, (PrePrepare, Prepared)):
                self.remember(record, value)
        for slot in self.slots.values():
            if slot.accepted is not None and slot.accepted.who != self.id:
                slot.prepares[self.id] = self.own_prepare(slot.accepted)
            if slot.proof is not None and slot.proof.view == self.view and self.active:
                slot.commits[self.id] = self.own_commit(slot.proof)
        self.show_view()
        self.show("digest", f"{self.machine.digest:08x}")

    def remember(self, record: str, value: PrePrepare | Prepared) -> None:
        """Take up what was accepted in the present view, and the latest proof of each number."""
        self.records[record] = value.seq
        slot = self.slot(value.seq)
        if slot is None:
            return
        if isinstance(value, Prepared):
            slot.proof = value if slot.proof is None or slot.proof.view < value.view else slot.proof
        elif value.view == self.view and self.active:
            slot.accepted, slot.kept = value, True
            self.next_seq = max(self.next_seq, value.seq + 1)

    def show_view(self) -> None:
        """Show the view and one's part in it."""
        role = "primary" if self.leads() else "backup" if self.active else "changing"
        self.show("role", role)
        self.show("view", self.view)

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        if behaviour == "collusion" and isinstance(body, Submit):
            self.collusion.learn(body.order, self.judge.primary(self.view))
        return None

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        if behaviour == "silence":
            return None
        if behaviour == "wrong answers" and isinstance(body, Outcome):
            return body.altered(self.draw("lie"))
        if behaviour == "equivocation" and to in self.members:
            return self.collusion.apart(body, to)
        if behaviour == "collusion" and to in self.members:
            return self.collusion.halves(body, to, self.judge.primary(self.view))
        if behaviour == "forged proofs" and isinstance(body, ViewChange):
            return self.collusion.forged(body, self.every)
        return body
