"""A participant in atomic commitment: it has accounts, and parts in transactions that span several participants.

Asked to prepare its part, it votes. Before a yes it locks what the part touches and writes it to disk, for a yes is a
promise: from then on only the outcome decides, also after a crash (Gray, "Notes on Data Base Operating Systems", 1978;
Bernstein, Hadzilacos, Goodman, "Concurrency Control and Recovery in Database Systems", 1987, chapter 7). What is locked
already is not waited for: the vote is no, and no deadlock can come about.

A participant that has voted yes and hears nothing asks: its coordinator, and then the other participants. In
**two-phase commit** one that knows the outcome, or has not voted, ends the wait (section 7.4); where all are as
uncertain as it is, it stays *blocked*, its locks held. In **three-phase commit** (Skeen, "Nonblocking Commit
Protocols", SIGMOD 1981; section 7.5) the first participant that is left leads a termination: if nobody has been told
that all voted yes, they abort, for nobody can have committed; otherwise they commit. That blocks nobody while somebody
is left, and rests on one assumption: who does not answer in time is down, not cut off.

Without commitment a part is carried out as soon as it is asked for, locks nothing, and asks nobody afterwards.

An increment moves money into an account of that name here from one of that name at another participant. Written values
are kept by all participants alike, and are apart from the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.commitment import (
    ABORTED,
    ATOMICITY,
    COMMITTED,
    PRE_COMMITTED,
    PREPARED,
    UNKNOWN,
    Apply,
    Decide,
    Inquire,
    Part,
    PreCommit,
    Prepare,
    Standing,
    Yes,
    outcome,
)
from simulations.engine.declare import Invariant, Metric, Neighbour, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Read, Refusal, Value
from simulations.engine.node import Node
from simulations.engine.state_machine import fingerprint
from simulations.engine.tasks import Failure, Refused

STATE_KEY = "state "
DECISION_KEY = "decision "
STAGGER = 0.5  # a later member lets the earlier ones end a transaction first: so much longer it waits, of the patience


@dataclass(frozen=True)
class Decision:
    """An outcome on disk, and how many outcomes stood there before it."""

    commit: bool
    number: int


@mypyc_attr(allow_interpreted_subclasses=True)
class Participant(Node):
    """Votes on its parts of transactions, and does what was decided."""

    TYPE: ClassVar[str] = "participant"
    TITLE: ClassVar[str] = "Participant"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Holds accounts and votes on transactions that span several of its kind"
    ICON: ClassVar[str] = "participant"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "opening_balance",
            "Opening balance",
            "integer",
            100,
            "",
            0,
            1_000_000_000,
            help="What each account holds at first. Nothing is paid out of what is not there: the vote is no.",
            section="Accounts",
        ),
        Param(
            "patience_ms",
            "Patience",
            "number",
            200,
            "ms",
            0.1,
            3_600_000,
            help="So long after its yes it asks what has become of a transaction; later members wait longer.",
            section="Commitment",
        ),
        Param(
            "answer_timeout_ms",
            "Answer timeout",
            "number",
            50,
            "ms",
            0.1,
            3_600_000,
            help="How long it waits for answers when it asks; who does not answer by then is taken to be down.",
            section="Commitment",
        ),
        fsync_param("No vote leaves before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("decision", "Decision"),
        Show("in_doubt", "In doubt", "transactions"),
        Show("blocked", "Blocked", "transactions"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("locks.held", "keys", "Keys locked by transactions whose outcome is not known here.", "gauge"),
        Metric("transactions.in_doubt_ms", "ms", "From a vote of yes to the outcome.", "duration"),
        Metric("transactions.blocked", "", "Transactions in doubt after asking in vain for the outcome.", "gauge"),
        Metric("transactions.blocked_ms", "ms", "From the first vain question for an outcome to it.", "duration"),
        Metric("transactions.committed", "", "Transactions whose part was carried out.", "count"),
        Metric("accounts.net", "", "What transfers have brought into all accounts less what they took.", "gauge"),
        Metric("accounts.overdrawn", "", "Times that an account fell below nothing.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Prepare, PreCommit, Decide, Inquire, Apply)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (ATOMICITY,)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if float(params["patience_ms"]) >= float(params["answer_timeout_ms"]):
            return []
        words = "It asks again before an answer may have come. Use at least the answer timeout."
        return [("patience_ms", words)]

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        if any(one.type == "coordinator" for one in neighbours.values()):
            return []
        return [("", "Nobody asks it to take part in a transaction. Link a coordinator to it.")]

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        self.timeout_ms = self.number("answer_timeout_ms")
        self.states: dict[str, str] = {}
        self.prepared: dict[str, Prepare] = {}
        self.voted_ns: dict[str, int] = {}
        self.blocked_ns: dict[str, int] = {}
        self.locks: dict[str, str] = {}
        self.led: dict[str, int] = {}  # by transaction: the place of who leads its termination
        self.recovered: dict[str, bool] = {}
        self.decided = 0
        self.values: dict[str, int] = {}
        self.accounts: dict[str, int] = {}
        self.net = 0
        self.digest = 0
        self.recover(self.disk.read())
        self.show_state()

    # Recovery

    def recover(self, disk: dict[str, Any]) -> None:
        """Carry out again what was decided, in its order, and take up what is in doubt, locks and all."""
        decisions: list[tuple[int, str, bool]] = []
        for key, record in disk.items():
            if isinstance(record, Decision):
                decisions.append((record.number, key.removeprefix(DECISION_KEY), record.commit))
            elif isinstance(record, Prepare):
                self.prepared[record.transaction] = record
        for number, transaction, commit in sorted(decisions):
            self.decided = number + 1
            self.states[transaction] = COMMITTED if commit else ABORTED
            body = self.prepared.pop(transaction, None)
            if commit and body is not None:
                self.carry_out(body.part)
        for transaction, body in self.prepared.items():
            self.states[transaction] = str(disk.get(f"{STATE_KEY}{transaction}", PREPARED))
            self.recovered[transaction] = True
            self.locks[lock_of(body.part)] = transaction
            self.voted_ns[transaction] = self.now_ns
            self.spawn(self.see_through(body), self.cause)

    # The vote

    async def on_prepare(self, body: Prepare, message: Message) -> Body:
        """Phase one (section 7.4): the promise is on disk before it is given. A no binds nobody and is forgotten."""
        transaction = body.transaction
        if transaction not in self.states:
            self.promise(body)
            self.spawn(self.see_through(body), message)
        await self.synced()
        if self.states.get(transaction) == ABORTED:
            raise Refused("aborted", False)
        return Yes()

    def examine(self, part: Part) -> None:
        """Raises Refused where a part cannot be carried out now."""
        if lock_of(part) in self.locks:
            raise Refused("locked", False)
        if not part.sets and part.amount < 0 and self.balance(part.key) + part.amount < 0:
            raise Refused("insufficient funds", False)

    def promise(self, body: Prepare) -> None:
        """Lock what the part touches, and put the promise on its way to disk. Raises Refused for a no."""
        part = body.part
        self.examine(part)
        self.disk.write(f"prepare {body.transaction}", body)
        self.states[body.transaction] = PREPARED
        self.prepared[body.transaction] = body
        self.locks[lock_of(part)] = body.transaction
        self.voted_ns[body.transaction] = self.now_ns
        self.show_state()

    async def on_pre_commit(self, body: PreCommit, message: Message) -> Body:
        """Phase two of three: all have voted yes. Whoever has joined a termination no longer heeds the coordinator, nor
        a member who no longer leads it (section 7.5).
        """
        transaction = body.transaction
        if self.led.get(transaction, -1) != body.place:
            raise Refused("termination under way", True)
        if self.states.get(transaction) == PREPARED:
            self.disk.write(f"{STATE_KEY}{transaction}", PRE_COMMITTED)
            self.states[transaction] = PRE_COMMITTED
        await self.synced()
        return Standing(self.states.get(transaction, ABORTED))

    # The outcome

    async def on_apply(self, body: Apply, message: Message) -> Body:
        """No commitment: carry the part out at once, and confirm it when it is on disk. Asked again, confirm again."""
        prepare = body.prepare
        transaction = prepare.transaction
        if transaction not in self.states:
            self.examine(prepare.part)
            self.disk.write(f"prepare {transaction}", prepare)
            self.disk.write(f"{DECISION_KEY}{transaction}", Decision(True, self.decided))
            self.decided += 1
            self.states[transaction] = COMMITTED
            self.carry_out(prepare.part)
            self.publish("transactions.committed", 1)
            self.show_state()
        await self.synced()
        self.show("decision", outcome(transaction, self.states[transaction] == COMMITTED))
        return Standing(self.states[transaction])

    async def on_decide(self, body: Decide, message: Message) -> Body:
        """The last phase. The acknowledgement lets the coordinator forget, so the outcome is on disk before it."""
        await self.settle(body.transaction, body.commit)
        return Standing(self.states[body.transaction])

    async def settle(self, transaction: str, commit: bool) -> None:
        """Put the outcome on disk, do what it says, and let go of the locks. An outcome once known here stays. Raises
        Refused when the disk is full.
        """
        if self.states.get(transaction) not in (COMMITTED, ABORTED):
            commit = commit and transaction in self.prepared  # what it never promised it cannot do
            self.disk.write(f"{DECISION_KEY}{transaction}", Decision(commit, self.decided))
            self.decided += 1
            self.states[transaction] = COMMITTED if commit else ABORTED
        await self.synced()
        self.finish(transaction)

    def finish(self, transaction: str) -> None:
        """The outcome is on disk."""
        body = self.prepared.pop(transaction, None)
        commit = self.states[transaction] == COMMITTED
        self.show("decision", outcome(transaction, commit))
        if body is None:
            return
        del self.locks[lock_of(body.part)]
        if commit:
            self.carry_out(body.part)
            self.publish("transactions.committed", 1)
        self.publish("transactions.in_doubt_ms", self.now_ns - self.voted_ns.pop(transaction))
        if transaction in self.blocked_ns:
            self.publish("transactions.blocked_ms", self.now_ns - self.blocked_ns.pop(transaction))
        self.show_state()

    def carry_out(self, part: Part) -> None:
        """Do a part."""
        if part.sets:
            if part.key in self.values:
                self.digest ^= fingerprint(part.key, self.values[part.key])
            self.values[part.key] = part.amount
            self.digest ^= fingerprint(part.key, part.amount)
            return
        self.accounts[part.key] = self.balance(part.key) + part.amount
        self.net += part.amount
        if self.accounts[part.key] < 0:
            self.publish("accounts.overdrawn", 1)

    # In doubt

    async def see_through(self, body: Prepare) -> None:
        """Ask, again and again, while the outcome is not known; each member a while after the one before it."""
        transaction = body.transaction
        patience_ns = to_ns(self.number("patience_ms"))
        place = body.members.index(self.id)
        pause_ns = 0 if transaction in self.recovered else int(patience_ns * (1 + STAGGER * place))
        while True:
            await self.sleep(pause_ns)
            if transaction not in self.prepared:
                return
            pause_ns = int(patience_ns * (0.5 + self.draw("pause")))  # of two who ask at once each makes way
            try:
                await self.inquire(body, place)
            except Failure:  # the disk is full
                continue
            if transaction in self.prepared and transaction not in self.blocked_ns:
                self.blocked_ns[transaction] = self.now_ns
                self.show_state()

    async def inquire(self, body: Prepare, place: int) -> None:
        """Cooperative termination: ask the coordinator; where it is down or knows nothing, the others."""
        transaction, three_phase = body.transaction, body.three_phase
        standings = await self.ask([body.coordinator], Inquire(transaction, -1))
        coordinator_up = bool(standings)
        if all(standing.state == UNKNOWN for standing in standings.values()):
            if three_phase:
                self.led[transaction] = place
            others = [member for member in body.members if member != self.id]
            standings = await self.ask(others, Inquire(transaction, place if three_phase else -1))
            if three_phase and not decisive(standings):
                await self.terminate(body, place, standings, coordinator_up)
        outcome = decisive(standings)
        if outcome:
            await self.settle(transaction, outcome == COMMITTED)

    async def ask(self, whom: Sequence[str], body: Body) -> dict[str, Standing]:
        """The answers of those who can be reached."""
        reachable = [who for who in whom if self.host.reaches(who)]
        calls = self.call_each(reachable, body, self.timeout_ms)
        answers: dict[str, Standing] = {}
        for who, call in zip(reachable, calls, strict=True):
            try:
                standing: Standing = await call
                answers[who] = standing
            except Failure:
                continue
        return answers

    async def terminate(self, body: Prepare, place: int, standings: dict[str, Standing], coordinator_up: bool) -> None:
        """Skeen's termination, by the rules of section 7.5, led by the first member that is left. Who has recovered
        from a crash knows only an old state and does not count, unless nobody is missing.
        """
        transaction, members = body.transaction, body.members
        everybody = coordinator_up and len(standings) == len(members) - 1
        if transaction in self.recovered and not everybody:
            return
        left = [who for who in members if who in standings and (everybody or not standings[who].recovered)]
        if any(members.index(who) < place for who in left) or not self.leads(transaction, place):
            return
        states = [self.states[transaction], *(standings[who].state for who in left)]
        commit = PRE_COMMITTED in states
        if commit:
            uncertain = [who for who in left if standings[who].state == PREPARED]
            await self.ask(uncertain, PreCommit(transaction, place))
        if self.leads(transaction, place):
            await self.settle(transaction, commit)
            for who in left:
                self.send(who, Decide(transaction, commit))

    def leads(self, transaction: str, place: int) -> bool:
        """Whether it still leads the termination of a transaction, and that has no outcome yet."""
        return transaction in self.prepared and self.led.get(transaction) == place

    async def on_inquire(self, body: Inquire, message: Message) -> Body:
        """Tell what is known. Who has not voted yes gives up the right to: nobody waits for it (section 7.4)."""
        transaction = body.transaction
        if transaction not in self.states:
            await self.settle(transaction, False)
        elif body.place >= 0 and transaction in self.prepared:
            self.led[transaction] = body.place
        await self.synced()
        return Standing(self.states[transaction], transaction in self.recovered)

    # Reading, and what is shown

    def on_read(self, body: Read, message: Message) -> Body:
        """Read what was written last. What is locked may have changed already elsewhere: nobody is told."""
        if f"value {body.key}" in self.locks:
            return Refusal("locked", False)
        return Value(self.values.get(body.key))

    def balance(self, key: str) -> int:
        """What an account holds."""
        return self.accounts.get(key, self.integer("opening_balance"))

    async def synced(self) -> None:
        """Wait until all that was written so far is on disk."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)

    def show_state(self) -> None:
        """Show what is in doubt, and of what."""
        self.show("in_doubt", len(self.prepared))
        self.show("blocked", len(self.blocked_ns))
        self.show("digest", f"{self.digest:08x}")
        self.publish("locks.held", len(self.locks))
        self.publish("transactions.blocked", len(self.blocked_ns))
        self.publish("accounts.net", self.net)


def lock_of(part: Part) -> str:
    """What a part locks."""
    return f"{'value' if part.sets else 'account'} {part.key}"


def decisive(standings: dict[str, Standing]) -> str:
    """The outcome, if anybody knows it."""
    for standing in standings.values():
        if standing.state in (COMMITTED, ABORTED):
            return standing.state
    return ""
