"""A worker that takes a lock before it changes what others change too: it reads, works, and writes back.

It counts its lease from the moment at which it asked, so that on good clocks it never believes in it for longer than
the lock service does (Gray and Cheriton, "Leases", SOSP 1989, section 2), renews it when half of it is gone, and begins
nothing once it has ended. None of that helps where the worker stands still, or its message does, between the look at
the clock and the write: a garbage collection, a virtual machine that is moved, a full queue (Kleppmann, "How to do
distributed locking", 2016). Only the store can tell: it sees the token that comes with each read and write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.declare import Metric, Neighbour, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.leases import Acquire, FencedRead, FencedWrite, GiveUp, Lease, Renew
from simulations.engine.messages import Value
from simulations.engine.node import Node
from simulations.engine.publishing import understanding
from simulations.engine.tasks import Failure

LOCK = "job"
KEY = "file"


@mypyc_attr(allow_interpreted_subclasses=True)
class LockHolder(Node):
    """Takes a lock, changes something some times, and gives the lock back."""

    TYPE: ClassVar[str] = "lock-holder"
    TITLE: ClassVar[str] = "Lock holder"
    CATEGORY: ClassVar[str] = "Workload"
    SUMMARY: ClassVar[str] = "Reads, works and writes back, while it believes that it holds the lock"
    ICON: ClassVar[str] = "lock-holder"
    SERVES: ClassVar[bool] = False
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "changes",
            "Changes a turn",
            "integer",
            10,
            "",
            1,
            1_000_000,
            help="After so many it gives the lock back, and asks for it again.",
            section="Work",
        ),
        Param(
            "work_time",
            "A change takes",
            "distribution",
            {"kind": "exponential", "mean_ms": 30},
            "ms",
            0,
            3_600_000,
            help="Between reading and writing back.",
            section="Work",
        ),
        Param(
            "looks_again",
            "Look at the clock before writing",
            "boolean",
            False,
            help="Work that has outlasted the lease is thrown away. What is on its way is not.",
            section="Work",
        ),
        Param(
            "retry_ms",
            "Ask again after",
            "number",
            50,
            "ms",
            0.1,
            3_600_000,
            help="While somebody else has the lock; evenly within half to one and a half of this.",
            section="Lock",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            500,
            "ms",
            0.1,
            3_600_000,
            help="How long to wait for the lock service and the store.",
            section="Lock",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("role", "Role", look="badge"),
        Show("token", "Token", title_first=True),
        Show("written", "Written", "changes"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("lock.turns", "", "Times that it was lent the lock.", "count"),
        Metric("lock.late", "", "Writes that it sent after its lease.", "count"),
        Metric("lock.written", "", "Writes that the store has confirmed.", "count"),
        Metric("lock.fenced", "", "Reads and writes that the store has refused for an old token.", "count"),
    )

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        types = [one.type for one in neighbours.values()]
        missing = [name for name in ("lock-service", "fenced-store") if name not in types]
        return [("", f"It does nothing without a {name}. Link it to one.") for name in missing]

    def start(self) -> None:
        self.timeout_ms = self.number("timeout_ms")
        self.work_time = self.duration("work_time")
        self.until_ns = self.lease_ns = 0
        self.token = -1
        self.renewing = False
        self.written = 0
        self.show("role", "waiting")
        services, stores = understanding(self, Acquire), understanding(self, FencedWrite)
        if services and stores:
            self.service, self.store = services[0], stores[0]
            self.spawn(self.take_turns(), self.cause)

    async def take_turns(self) -> None:
        """Ask for the lock, use it, and so on."""
        own = self.cause
        retry_ns = to_ns(self.number("retry_ms"))
        while self.kernel.now < self.network.workload_ends_ns:
            self.cause = own
            token = await self.acquire()
            if token >= 0:
                await self.use(token)
            await self.sleep(int(retry_ns * (0.5 + self.draw("retry"))))

    async def acquire(self) -> int:
        """Ask for the lock; its token, or −1."""
        asked_ns = self.now_ns
        try:
            lease: Lease = await self.call(self.service, Acquire(LOCK), self.timeout_ms)
        except Failure:
            return -1
        self.believe(lease, asked_ns)
        self.publish("lock.turns", 1)
        return lease.token

    def believe(self, lease: Lease, asked_ns: int) -> None:
        """Know until when the lock is one's own: the lease began after it was asked for."""
        self.lease_ns = to_ns(lease.lease_ms)
        self.until_ns = asked_ns + self.lease_ns

    async def use(self, token: int) -> None:
        """Make changes as long as the lease lasts, and give the lock back."""
        self.token = token
        self.show("role", "holder")
        self.show("token", token)
        for _ in range(self.integer("changes")):
            if not self.renewing and self.until_ns - self.now_ns < self.lease_ns // 2:
                self.spawn(self.renew(token), self.cause)
            if self.now_ns >= self.until_ns or not await self.change(token):
                break
        self.token = -1
        self.show("role", "waiting")
        try:
            await self.call(self.service, GiveUp(LOCK, token), self.timeout_ms)
        except Failure:
            return

    async def renew(self, token: int) -> None:
        """Ask for more time, beside the work. Where that fails, the lease ends when it ends."""
        asked_ns = self.now_ns
        self.renewing = True
        try:
            lease: Lease = await self.call(self.service, Renew(LOCK, token), self.timeout_ms)
            if token == self.token:
                self.believe(lease, asked_ns)
        except Failure as failure:
            self.note(f"no more time: {failure.reason}")
        self.renewing = False

    async def change(self, token: int) -> bool:
        """Read, work, write back one more. Returns whether the store took it."""
        try:
            value: Value = await self.call(self.store, FencedRead(KEY, token), self.timeout_ms)
            await self.work(self.work_time, "work")
            if self.now_ns >= self.until_ns:
                if self.boolean("looks_again"):
                    return False
                self.publish("lock.late", 1)
            await self.call(self.store, FencedWrite(KEY, (value.value or 0) + 1, token), self.timeout_ms)
        except Failure as failure:
            if failure.reason == "old token":
                self.publish("lock.fenced", 1)
            return False
        self.written += 1
        self.publish("lock.written", 1)
        self.show("written", self.written)
        return True
