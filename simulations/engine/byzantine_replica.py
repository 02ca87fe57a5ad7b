"""The part of a replica that carries out what was agreed on although some replicas lie.

It answers clients, compares states with others, drops its log, and takes over a state when it has fallen behind.

Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999, sections 4.1 and 4.3.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from simulations.engine.byzantine import (
    Answers,
    Asked,
    Checkpoint,
    Outcome,
    Reached,
    Slot,
    Status,
    Submit,
)
from simulations.engine.certificates import (
    Judge,
    Order,
    Stable,
    digest_of,
    genuine,
    make_order,
    reached,
    seal,
)
from simulations.engine.channel import Message
from simulations.engine.declare import QuorumRule
from simulations.engine.disk import GROUP
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Request
from simulations.engine.node import Node
from simulations.engine.state_machine import Command, StateMachine
from simulations.engine.tasks import Cause, Failure, Refused

RESENT_MAX: Final = 8  # of each kind, to one replica at one time
NOWHERE: Final = Stable(0, "", ())  # the start, where all are alike


@mypyc_attr(allow_interpreted_subclasses=True)
class ByzantineReplica(Node):
    """Carries out orders. How they are agreed on, a subclass knows, which has the parameters that are read here."""

    QUORUM: ClassVar[QuorumRule] = QuorumRule(faulty="faulty")

    def open(self) -> None:
        """Begin with nothing."""
        hosts = self.network.hosts
        self.members = sorted([self.id, *self.peers], key=lambda name: hosts[name].index)
        count = len(self.members)
        self.faulty = self.integer("faulty") or (count - 1) // 3
        self.every = self.integer("checkpoint_every")
        self.judge = self.make_judge((count + self.faulty) // 2 + 1)
        self.fsync_time = self.duration("fsync_time")
        self.view = 0
        self.active = True  # the view has begun
        self.numbers = 0
        self.asked: dict[int, Asked] = {}
        self.pending: dict[str, Order] = {}  # by digest: not carried out yet
        self.awaited = ""  # the one whose time is taken
        self.attempts = 0  # views since what was awaited was carried out
        self.slots: dict[int, Slot] = {}
        self.records: dict[str, int] = {}  # on disk, of which sequence number
        self.executed = 0
        self.machine = StateMachine()
        self.answers: dict[str, Answers] = {}
        self.stable = NOWHERE
        self.state = Reached(NOWHERE, self.machine.snapshot(), ())
        self.taken: dict[int, Reached] = {}  # own checkpoints that are not stable yet
        self.checkpoints: dict[int, dict[str, Checkpoint]] = {}
        self.heard: dict[str, Status] = {}
        if count < 3 * self.faulty + 1:
            self.shut = "too few replicas"

    def make_judge(self, quorum: int) -> Judge:
        """Who checks what others say."""
        return Judge(self.members, quorum, 2 * self.every)

    def propose(self) -> None:
        """There may be something to order."""

    def watch(self) -> None:
        """There may be something to wait for."""

    # Clients: the part of the client in section 4.1

    async def on_request(self, body: Request, message: Message) -> Body:
        number = self.incarnation * 1_000_000 + self.numbers
        self.numbers += 1
        asked = self.asked[number] = Asked()
        future = asked.future
        order = make_order(self.id, number, Command(body, self.cause.op))
        failure = Refused("no agreement in time", True)
        self.timer(to_ns(self.number("answer_timeout_ms")), "answer", lambda: future.fail(failure, None))
        self.broadcast(self.peers, Submit(order))
        self.take(order)
        answer: Body = await self.cancellable(message, future)
        return answer

    def on_outcome(self, body: Outcome, message: Message) -> None:
        self.hear_outcome(message.channel.src.id, body, message)

    def hear_outcome(self, who: str, body: Outcome, cause: Cause) -> None:
        """Answer the client once f + 1 replicas tell the same: one of them is honest."""
        asked = self.asked.get(body.number)
        if asked is None or who not in self.members:
            return
        asked.told[who] = body.answer
        if len([one for one in asked.told.values() if one == body.answer]) > self.faulty:
            del self.asked[body.number]
            asked.future.resolve(body.answer, cause)

    def on_submit(self, body: Submit, message: Message) -> None:
        if genuine(body.order, self.members):
            self.take(body.order)

    def take(self, order: Order) -> None:
        """Wait for an order to be carried out; if it was, tell again what came of it (4.1)."""
        answers = self.answers.get(order.contact)
        if answers is not None and answers.has(order.number):
            answer = answers.kept.get(order.number)
            if answer is not None and order.contact != self.id:
                self.send(order.contact, Outcome(order.number, answer))
            return
        self.pending.setdefault(order.digest, order)
        self.propose()
        self.watch()

    # What is settled is carried out

    def carry_out_all(self) -> None:
        """Carry out what is settled, in the order of the numbers."""
        while True:
            slot = self.slots.get(self.executed + 1)
            if slot is None or slot.decision is None:
                return
            self.executed += 1
            if self.host.liar is None:  # a liar's word counts for nothing, and what it shows is no breach
                self.show("executed", f"{self.executed} = {digest_of(slot.decision.order)}")
            self.publish("pbft.executed", 1)
            if slot.decision.order is not None:
                self.carry_out(slot.decision.order)
            if self.executed % self.every == 0:
                self.take_checkpoint()

    def carry_out(self, order: Order) -> None:
        """Carry out one order, once, and tell the one who asked."""
        self.settled(order)
        answers = self.answers.setdefault(order.contact, Answers(-(1 << 60), ()))
        if answers.has(order.number):
            return
        answer = self.machine.apply(order.command)
        answers.add(order.number, answer)
        self.machine.show(self, order.command)
        if order.contact == self.id:
            self.hear_outcome(self.id, Outcome(order.number, answer), self.cause)
        else:
            self.send(order.contact, Outcome(order.number, answer))

    def settled(self, order: Order) -> None:
        """Wait no longer for an order; patience begins anew for another one (4.4)."""
        self.pending.pop(order.digest, None)
        if self.awaited == order.digest:
            self.attempts = 0
            self.awaited = ""
            self.watch()
        elif not self.pending:
            self.attempts = 0

    # Checkpoints: section 4.3

    def take_checkpoint(self) -> None:
        """Tell everybody the digest of the state."""
        kept = [(who, one.floor, tuple(one.kept.items())) for who, one in sorted(self.answers.items())]
        state = Reached(NOWHERE, self.machine.snapshot(), tuple(kept))
        self.taken[self.executed] = state
        self.tell_checkpoint(self.executed)

    def tell_checkpoint(self, seq: int) -> None:
        """Say what was reached, and hear oneself."""
        digest = self.taken[seq].digest()
        said = Checkpoint(seq, digest, self.id, seal(self.id, reached(seq, digest)))
        self.checkpoints.setdefault(seq, {})[self.id] = said
        self.broadcast(self.peers, said)
        self.count_checkpoints(seq)

    def on_checkpoint(self, body: Checkpoint, message: Message) -> None:
        if self.within(body.seq) and body.genuine(self.members):
            self.checkpoints.setdefault(body.seq, {})[body.who] = body
            self.count_checkpoints(body.seq)

    def count_checkpoints(self, seq: int) -> None:
        """A quorum in the same state makes it stable."""
        state = self.taken.get(seq)
        if state is None:
            return
        digest = state.digest()
        seals = [(one.who, one.seal) for one in self.checkpoints.get(seq, {}).values() if one.digest == digest]
        if len(seals) >= self.judge.quorum:
            self.spawn(self.settle(state.proven(Stable(seq, digest, tuple(seals)))), self.cause)

    async def settle(self, state: Reached) -> None:
        """Keep a stable checkpoint, then drop the log up to there."""
        seq = state.stable.seq
        if seq <= self.stable.seq or not await self.keep({f"checkpoint {seq}": state}, seq - 1):
            return
        if seq <= self.stable.seq:
            return
        if seq > self.executed:
            self.restore(state)
        self.stable, self.state = state.stable, state
        self.slots = {number: slot for number, slot in self.slots.items() if number > seq}
        self.taken = {number: one for number, one in self.taken.items() if number > seq}
        self.checkpoints = {number: said for number, said in self.checkpoints.items() if number > seq}
        self.drop_records(seq)
        self.carry_out_all()
        self.propose()

    def drop_records(self, seq: int) -> None:
        """Take off the disk what a stable checkpoint stands for; what a crash leaves of it does no harm."""
        old = [record for record, number in self.records.items() if number <= seq and record != f"checkpoint {seq}"]
        try:
            if old:
                self.disk.write_together(dict.fromkeys(old))
        except Failure:  # the disk is full
            return
        for record in old:
            del self.records[record]

    def on_reached(self, body: Reached, message: Message) -> Any:
        """State transfer: the state at a later checkpoint (4.3), if its digest is the one that a quorum vouches for."""
        stable = body.stable
        if stable.seq <= self.stable.seq or stable.digest != body.digest() or not self.judge.accepts_stable(stable):
            return None
        return self.settle(body)

    def restore(self, state: Reached) -> None:
        """Take over a state."""
        self.machine.restore(state.snapshot)
        self.answers = {who: Answers(floor, kept) for who, floor, kept in state.answers}
        self.executed = state.stable.seq
        self.machine.show_all(self)
        for order in list(self.pending.values()):
            answers = self.answers.get(order.contact)
            if answers is not None and answers.has(order.number):
                self.settled(order)

    def catch_up(self, who: str, status: Status) -> None:
        """Send somebody who stands still what he has missed: a state, or what a quorum has committed."""
        if status.stable < self.stable.seq:
            self.send(who, self.state)
            return
        for seq in range(status.executed + 1, status.executed + 1 + RESENT_MAX):
            slot = self.slots.get(seq)
            if slot is not None and slot.decision is not None:
                self.send(who, slot.decision)

    # State

    def slot(self, seq: int) -> Slot | None:
        """What is known of a number; None outside the watermarks."""
        return self.slots.setdefault(seq, Slot()) if self.within(seq) else None

    async def keep(self, values: dict[str, Any], seq: int) -> bool:
        """Put a record on disk; whether that succeeded. Each is written once, so that none can be torn later."""
        try:
            self.disk.write_together(values)
            await self.disk.fsync(self.fsync_time, GROUP)
        except Failure:  # the disk is full
            return False
        if seq >= 0:
            self.records.update(dict.fromkeys(values, seq))
        return True

    def within(self, seq: int) -> bool:
        """Whether a number is between the watermarks (4.2, 4.3)."""
        return self.stable.seq < seq <= self.stable.seq + 2 * self.every
