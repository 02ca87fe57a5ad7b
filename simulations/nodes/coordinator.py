"""The coordinator of atomic commitment: it makes a transaction of a request, and has all participants end it alike.

**Two-phase commit** (Gray, "Notes on Data Base Operating Systems", 1978; Bernstein, Hadzilacos, Goodman, "Concurrency
Control and Recovery in Database Systems", 1987, section 7.4): every participant is asked to prepare; when all have
voted yes, the commit goes to disk, and only then is anybody told. One no, or no answer in time, and all abort. An abort
leaves nothing on disk: a coordinator that knows nothing of a transaction says that it was aborted (presumed abort:
Mohan, Lindsay, Obermarck, "Transaction Management in the R* Distributed Database Management System", ACM TODS 11(4),
1986). Between its vote and the outcome a participant is at the coordinator's mercy.

**Three-phase commit** (Skeen, "Nonblocking Commit Protocols", SIGMOD 1981; section 7.5) tells all participants that all
have voted yes before anybody commits. Then those who are left can end a transaction without the coordinator; when it
comes back, it tells what it had decided, and leaves to them what it had not.

**One by one** is no commitment at all: each part is carried out before the next one is asked for. It needs half the
messages and locks nothing meanwhile, and what a crash or a refusal interrupts stays half done.

An increment becomes a transfer between accounts at two participants, chosen by chance. A write gives the key its value
at all participants. A read asks one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.commitment import (
    ABORTED,
    ATOMICITY,
    COMMITTED,
    UNDECIDED,
    UNKNOWN,
    Apply,
    Decide,
    Inquire,
    Part,
    PreCommit,
    Prepare,
    Standing,
    outcome,
)
from simulations.engine.declare import Choice, Invariant, Metric, Neighbour, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Increment, Read, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Failure, Refused

COMMIT_KEY = "commit "
END_KEY = "end "
PROTOCOLS = {"2pc": "2PC", "3pc": "3PC", "one-by-one": "one by one"}  # as the badge has them

Parts = list[tuple[str, Part]]


@mypyc_attr(allow_interpreted_subclasses=True)
class Coordinator(Node):
    """Turns requests into transactions of several participants."""

    TYPE: ClassVar[str] = "coordinator"
    TITLE: ClassVar[str] = "Transaction coordinator"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Commits transactions at several participants, or aborts them at all"
    ICON: ClassVar[str] = "coordinator"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "protocol",
            "Protocol",
            "choice",
            "2pc",
            choices=(
                Choice("2pc", "Two-phase commit"),
                Choice("3pc", "Three-phase commit"),
                Choice("one-by-one", "None: one part after another"),
            ),
            help="Two phases may block; three do not, and break under a partition; none leaves things half done.",
            section="Commitment",
        ),
        Param(
            "answer_timeout_ms",
            "Answer timeout",
            "number",
            100,
            "ms",
            0.1,
            3_600_000,
            help="How long it waits for votes and acknowledgements. A vote that does not come is a no.",
            section="Commitment",
        ),
        fsync_param("Nobody is told of a commit before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("decision", "Decision"),
        Show("protocol", "Protocol", look="badge"),
        Show("open", "Undecided", "transactions"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("transactions.committed", "", "Transactions that it committed.", "count"),
        Metric("transactions.aborted", "", "Transactions that it aborted.", "count"),
        Metric("transactions.half_done", "", "Those given up with some parts carried out (one by one).", "count"),
        Metric("transactions.takes_ms", "ms", "From the request to the decision to commit.", "duration"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Increment, Inquire)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (ATOMICITY,)

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        count = len([one for one in neighbours.values() if one.type == "participant" and one.asked])
        if count >= 2:
            return []
        some = "is only one to agree with itself" if count else "is nobody to commit anything"
        return [("", f"There {some}. Link it to two participants or more.")]

    def start(self) -> None:
        self.timeout_ms = self.number("answer_timeout_ms")
        self.fsync_time = self.duration("fsync_time")
        protocol = self.text("protocol")
        self.three_phase = protocol == "3pc"
        self.one_by_one = protocol == "one-by-one"
        self.number_of = 0
        self.undecided: dict[str, bool] = {}
        self.decided: dict[str, bool] = {}
        self.show("protocol", PROTOCOLS[protocol])
        self.show("open", 0)
        stored: dict[str, Any] = self.disk.read()
        commits = {key.removeprefix(COMMIT_KEY): stored[key] for key in stored if key.startswith(COMMIT_KEY)}
        self.undecided = dict.fromkeys(commits, True)
        self.spawn(self.resume({one: f"{END_KEY}{one}" in stored for one in commits}, commits), self.cause)

    async def resume(self, told: dict[str, bool], commits: dict[str, tuple[str, ...]]) -> None:
        """Go on with what an earlier incarnation has committed, as soon as that is on disk for certain: what its
        process left in the page cache nobody has been told.
        """
        if self.disk.cached:
            await self.durable()
        for transaction, members in commits.items():
            del self.undecided[transaction]
            self.decided[transaction] = True
            if not told[transaction]:
                self.show("decision", outcome(transaction, True))
                self.spawn(self.tell(transaction, members), self.cause)

    # Requests

    async def on_increment(self, body: Increment, message: Message) -> Body:
        """Move an amount into an account at one participant, from the account of that name at another."""
        if len(self.targets) < 2:
            raise Refused("no two participants", False)
        payee = int(self.draw("payee") * len(self.targets))
        payer = (payee + 1 + int(self.draw("payer") * (len(self.targets) - 1))) % len(self.targets)
        parts = [
            (self.targets[payer], Part(body.key, -body.amount, False)),
            (self.targets[payee], Part(body.key, body.amount, False)),
        ]
        return await self.transact(parts)

    async def on_write(self, body: Write, message: Message) -> Body:
        """Give a key its value at all participants."""
        return await self.transact([(target, Part(body.key, body.value, True)) for target in self.targets])

    async def on_read(self, body: Read, message: Message) -> Body:
        """Read at one participant, which is as good as any other."""
        if not self.targets:
            raise Refused("no participant", False)
        target = self.targets[int(self.draw("read at") * len(self.targets))]
        value: Body = await self.call(target, body, self.timeout_ms)
        return value

    # Commitment

    async def transact(self, parts: Parts) -> Body:
        """One transaction, from the question to the decision. Raises Refused where it is aborted."""
        began_ns = self.now_ns
        transaction = f"{self.id}.{self.incarnation}.{self.number_of}"
        members = tuple([who for who, _ in parts])
        self.number_of += 1
        self.undecided[transaction] = True
        self.show("open", len(self.undecided))
        if self.one_by_one:
            await self.carry_out(transaction, parts, members)
        else:
            await self.agree(transaction, parts, members)
        self.publish("transactions.takes_ms", self.now_ns - began_ns)
        return DONE

    async def agree(self, transaction: str, parts: Parts, members: tuple[str, ...]) -> None:
        """By the phases of the protocol. Raises Refused where the transaction is aborted."""
        objection, bound = await self.votes(transaction, parts, members)
        if objection:
            self.abort(transaction, bound)
            raise Refused(objection, False)
        if self.three_phase and not await self.pre_committed(transaction, members):
            del self.undecided[transaction]
            raise Refused("left to the participants", True)
        await self.commit(transaction, members)

    async def carry_out(self, transaction: str, parts: Parts, members: tuple[str, ...]) -> None:
        """One part after another, without any commitment: nothing on disk tells the next incarnation how far it came.
        Raises Refused for the first part that is not confirmed; those before it stay.
        """
        for done, (who, part) in enumerate(parts):
            prepare = Prepare(transaction, part, self.id, members, False)
            try:
                await self.call(who, Apply(prepare), self.timeout_ms)
            except Failure as failure:
                self.decide(transaction, False)
                if done:
                    self.publish("transactions.half_done", 1)
                raise Refused(failure.reason, done > 0 or failure.uncertain) from None
        self.decide(transaction, True)

    async def votes(self, transaction: str, parts: Parts, members: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Phase one: why not to commit, or "" when all have voted yes (section 7.4, step 1); and whom a yes binds, or
        may bind: whoever said no has aborted and hears no more of it.
        """
        calls = [
            self.call(who, Prepare(transaction, part, self.id, members, self.three_phase), self.timeout_ms)
            for who, part in parts
        ]
        objection = "" if calls else "no participant"
        bound: list[str] = []
        for who, call in zip(members, calls, strict=True):
            try:
                await call
                bound.append(who)
            except Failure as failure:
                objection = objection or failure.reason
                if failure.uncertain:
                    bound.append(who)
        return objection, tuple(bound)

    async def pre_committed(self, transaction: str, members: tuple[str, ...]) -> bool:
        """Phase two of three: who does not answer in time is taken to be down, and hears of the outcome when it is up
        again. False where participants have begun to end the transaction without the coordinator.
        """
        calls = self.call_each(members, PreCommit(transaction, -1), self.timeout_ms)
        goes_on = True
        for call in calls:
            try:
                standing: Standing = await call
                goes_on = goes_on and standing.state != ABORTED
            except Failure as failure:
                goes_on = goes_on and failure.reason == "timed out"
        return goes_on

    async def commit(self, transaction: str, members: tuple[str, ...]) -> None:
        """The decision is on disk before anybody is told (section 7.4, step 3). Raises Refused when the disk is full:
        then it is an abort.
        """
        try:
            self.disk.write(f"{COMMIT_KEY}{transaction}", members)
        except Refused as failure:
            if self.three_phase:  # others may end it as they see fit
                del self.undecided[transaction]
                raise Refused(failure.reason, True) from None
            self.abort(transaction, members)
            raise
        await self.durable()
        self.decide(transaction, True)
        self.spawn(self.tell(transaction, members), self.cause)

    async def durable(self) -> None:
        """Wait until the decision is on disk."""
        await self.disk.fsync(self.fsync_time)

    def abort(self, transaction: str, members: tuple[str, ...]) -> None:
        """Decide against it. Whoever does not hear of that will ask, and nothing on disk means abort."""
        self.decide(transaction, False)
        for who in members:
            self.send(who, Decide(transaction, False))

    def decide(self, transaction: str, commit: bool) -> None:
        """The decision is made."""
        del self.undecided[transaction]
        self.decided[transaction] = commit
        self.publish("transactions.committed" if commit else "transactions.aborted", 1)
        self.show("decision", outcome(transaction, commit))
        self.show("open", len(self.undecided))

    async def tell(self, transaction: str, members: Sequence[str]) -> None:
        """Tell everybody of a commit until all have acknowledged it. Then it need not be told again (section 7.4)."""
        own = self.cause
        pending = list(members)
        while pending:
            calls = self.call_each(pending, Decide(transaction, True), self.timeout_ms)
            silent: list[str] = []
            for who, call in zip(pending, calls, strict=True):
                try:
                    await call
                except Failure:
                    silent.append(who)
            pending = silent
            if pending:
                await self.sleep(to_ns(self.timeout_ms))
            self.cause = own
        try:
            self.disk.write(f"{END_KEY}{transaction}", True)
        except Refused:  # the disk is full: the next incarnation tells once more
            return

    def on_inquire(self, body: Inquire, message: Message) -> Body:
        """Tell a participant in doubt. With two phases, nothing known means abort: a commit would be on disk."""
        if body.transaction in self.undecided:
            return Standing(UNDECIDED)
        if body.transaction in self.decided:
            return Standing(COMMITTED if self.decided[body.transaction] else ABORTED)
        return Standing(UNKNOWN if self.three_phase else ABORTED)
