"""A lock service: it lends each lock to one holder at a time, for a time, with a token that grows.

A *lease* ends by itself, so that a holder that has crashed does not keep the lock for ever (Gray and Cheriton,
"Leases", SOSP 1989). Who wants to keep it renews it. Each loan has a higher token than the one before, also across
crashes: it is on disk before the lease is granted. After a crash the service does not know whom it has lent what, and
waits for as long as a lease lasts before it lends anything (section 2 of the paper).

In practice the service is a replicated one: Chubby, ZooKeeper, etcd, Consul. That makes it available. It does not make
locks safer than they are: a holder may believe in its lease for longer than it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import LONGEST_NS, to_ns
from simulations.engine.leases import Acquire, GiveUp, Lease, Renew
from simulations.engine.messages import DONE, Body, Refusal
from simulations.engine.node import Node
from simulations.engine.tasks import Refused


@dataclass(frozen=True)
class Loan:
    """Who has a lock, and until when."""

    token: int
    holder: str
    until_ns: int


@mypyc_attr(allow_interpreted_subclasses=True)
class LockService(Node):
    """Lends locks."""

    TYPE: ClassVar[str] = "lock-service"
    TITLE: ClassVar[str] = "Lock service"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Lends locks for a time, each time with a higher token"
    ICON: ClassVar[str] = "lock-service"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "lease_ms",
            "A lease lasts",
            "number",
            1000,
            "ms",
            0.1,
            3_600_000,
            help="Short: a crashed holder is soon replaced. Long: few renewals, and slow holders keep what they have.",
            section="Leases",
        ),
        fsync_param("A token is on disk before it is given to anybody."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("holder", "Lent to"), Show("token", "Token", title_first=True))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("leases.granted", "", "Locks lent; renewals do not count.", "count"),
        Metric("leases.renewed", "", "Leases renewed.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Acquire, Renew, GiveUp)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "token_grows", "Tokens grow", "No token is lower than one before.", "monotonic", ("token",), True, True
        ),
    )

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        self.lease_ns = to_ns(self.number("lease_ms"))
        stored: dict[str, Any] = self.disk.read()
        self.tokens: dict[str, int] = stored
        self.loans: dict[str, Loan] = {}
        self.opens_ns = self.opening_ns(bool(stored))
        self.show("holder", "")

    def opening_ns(self, lent_before: bool) -> int:
        """From when on it lends: at once, or when all that it may have lent before a crash has run out."""
        return self.now_ns + self.lease_ns if lent_before else self.now_ns

    def syncing_until_ns(self) -> int:
        """How long a lock is lent to nobody else whose token is on its way to disk: however long that takes."""
        return LONGEST_NS

    async def on_acquire(self, body: Acquire, message: Message) -> Body:
        """Lend the lock, if nobody has it. Raises Refused otherwise, and when the disk is full."""
        loan = self.loans.get(body.name)
        if self.now_ns < self.opens_ns or (loan is not None and self.now_ns < loan.until_ns):
            raise Refused("held", False)
        token = self.tokens.get(body.name, 0) + 1
        holder = message.channel.src.id
        self.disk.write(body.name, token)
        self.tokens[body.name] = token
        self.loans[body.name] = Loan(token, holder, self.syncing_until_ns())
        await self.disk.fsync(self.fsync_time)
        self.loans[body.name] = Loan(token, holder, self.now_ns + self.lease_ns)
        self.publish("leases.granted", 1)
        self.show("holder", holder)
        self.show("token", token)
        return Lease(token, self.number("lease_ms"))

    def on_renew(self, body: Renew, message: Message) -> Body:
        """Lend it for longer, if it has not been lent to anybody else and has not run out."""
        loan = self.loans.get(body.name)
        if loan is None or loan.token != body.token or self.now_ns >= loan.until_ns:
            return Refusal("lease has ended", False)
        self.loans[body.name] = Loan(loan.token, loan.holder, self.now_ns + self.lease_ns)
        self.publish("leases.renewed", 1)
        return Lease(loan.token, self.number("lease_ms"))

    def on_give_up(self, body: GiveUp, message: Message) -> Body:
        """It is back before its time."""
        loan = self.loans.get(body.name)
        if loan is not None and loan.token == body.token:
            del self.loans[body.name]
            self.show("holder", "")
        return DONE
