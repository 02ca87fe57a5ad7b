"""The failover monitor: watches a store's leader, and puts another in its place when it falls silent.

It asks every member over and over whether it is there. When the leader has not answered for a while, nobody can tell
whether it is dead or cannot be reached; the monitor acts as if it were dead. It opens a new **epoch**, writes that down
before it says so to anybody, asks all members how far their logs are, and **promotes** the most advanced of those that
answer, or the one that it is told to prefer, which may lack what was acknowledged. Where a write is acknowledged by k
followers, it needs the answers of all members but k: then one of them has every acknowledged write. So do Orchestrator
for MySQL, Patroni for PostgreSQL and Redis Sentinel, each in its way.

What users notice is the sum of two times: until the silence is noticed, and until the new leader leads. A shorter
patience makes the first shorter, and takes slow leaders for dead ones.

There is one monitor. While it is down nothing is lost, but nobody is promoted either.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.declare import Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.doubting import unlinked
from simulations.engine.failing_over import Ping, Pong, Promote, Seal, Sealed
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.tasks import Failure, Refused

STATE: Final = "epoch"  # on disk, with a number: records are only added


class FailoverMonitor(Node):
    """Watches the members that it has links to."""

    TYPE: ClassVar[str] = "failover-monitor"
    TITLE: ClassVar[str] = "Failover monitor"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Promotes a follower when the leader falls silent"
    ICON: ClassVar[str] = "failover-monitor"
    SERVES: ClassVar[bool] = False
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("ping_ms", "Asks every", "number", 50, "ms", 0.1, 3_600_000, section="Detection", help="All members."),
        Param(
            "silence_ms",
            "Patience",
            "number",
            300,
            "ms",
            0.1,
            3_600_000,
            help="A leader that has not answered for so long is replaced.",
            section="Detection",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            150,
            "ms",
            0.001,
            3_600_000,
            help="How long it waits for a member.",
            section="Calls",
        ),
        Param(
            "preferred",
            "Prefers",
            "text",
            "",
            help="Promoted whenever it answers, however far its log has come. Empty: whoever has the longest.",
            section="Promotion",
        ),
        fsync_param("An epoch is on disk before anybody hears of it."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("leader", "Leader", look="badge"),
        Show("last_epoch", "Epoch", title_first=True),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("failover.detection_ms", "ms", "From a leader's last answer until it is taken for dead.", "duration"),
        Metric("failover.promotion_ms", "ms", "From then until another leads.", "duration"),
        Metric("failover.total_ms", "ms", "From a leader's last answer until another leads.", "duration"),
        Metric("failover.failed", "failovers", "Attempts that found too few members, or nobody to lead.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = ()

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found = unlinked(params, "preferred", neighbours, "Never promoted")
        if params["silence_ms"] <= params["ping_ms"]:
            words = "No longer than the pause between two questions: a healthy leader is replaced. Several times that."
            found.append(("silence_ms", words))
        return found

    def start(self) -> None:
        stored = self.disk.read()
        self.records = len(stored)
        self.epoch = max([1, *[record for record in stored.values() if isinstance(record, int)]])
        self.leader = min(self.targets, default="") if self.epoch == 1 else ""
        self.fsync_time = self.duration("fsync_time")
        self.timeout_ms = self.number("timeout_ms")
        self.preferred = self.text("preferred")
        self.patience_ns = to_ns(self.number("silence_ms"))
        self.answered_ns = self.now_ns  # when the leader last did
        self.late_ns = -1  # when it was taken for dead; −1: it is not
        self.failing_over = False
        self.tell()
        self.spawn(self.begin_watch(), self.cause)

    async def begin_watch(self) -> None:
        """Nobody hears of an epoch that is not on disk, not even after a restart."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)
        self.watch()

    def tell(self) -> None:
        """Show who leads, as far as it is known here."""
        self.show("leader", self.leader or "none")
        self.show("last_epoch", self.epoch)

    # Detection

    def watch(self) -> None:
        """Ask all members, and act where the leader has been silent for too long."""
        for member in self.targets:
            self.spawn(self.ask(member), self.cause)
        if not self.failing_over and self.now_ns - self.answered_ns > self.patience_ns:
            self.failing_over = True
            self.spawn(self.fail_over(), self.cause)
        self.timer(to_ns(self.number("ping_ms")), "watch", self.watch)

    async def ask(self, member: str) -> None:
        """Ask one member."""
        reply: Body | None = None
        try:
            reply = await self.call(member, Ping(self.epoch, self.leader), self.timeout_ms)
        except Failure:
            pass
        if not isinstance(reply, Pong):
            return
        if reply.leads and reply.epoch == self.epoch and not self.failing_over:
            if self.leader != member:
                self.leader = member
                self.tell()
            self.answered_ns = self.now_ns
            self.late_ns = -1

    # Promotion

    async def fail_over(self) -> None:
        """One attempt; the next one has an epoch of its own."""
        silent = self.leader
        if self.late_ns < 0:
            self.late_ns = self.now_ns
            self.publish("failover.detection_ms", self.late_ns - self.answered_ns)
            self.note(f"{silent or 'nobody'} is silent")
        promoted = False
        if await self.open_epoch():
            best = await self.seal(silent)
            promoted = best != "" and await self.promote(best)
        if promoted:
            self.publish("failover.promotion_ms", self.now_ns - self.late_ns)
            self.publish("failover.total_ms", self.now_ns - self.answered_ns)
            self.leader = best
            self.answered_ns = self.now_ns
            self.late_ns = -1
        else:
            self.publish("failover.failed", 1)
        self.failing_over = False
        self.tell()

    async def open_epoch(self) -> bool:
        """Write down the next epoch; false when the disk is full."""
        try:
            self.disk.write(f"{STATE} {self.records + 1}", self.epoch + 1)
        except Refused:
            return False
        self.records += 1
        await self.disk.fsync(self.fsync_time)
        self.epoch += 1
        self.leader = ""
        self.tell()
        return True

    async def seal(self, silent: str) -> str:
        """Tell all members of the epoch, and find the most advanced; "" when too few answer. Nobody waits for the one
        that is silent.
        """
        calls = self.call_each(self.targets, Seal(self.epoch), self.timeout_ms)
        for member, call in zip(self.targets, calls, strict=True):
            if member != silent:
                try:
                    await call
                except Failure:
                    continue
        best = ""
        furthest = (False, -1, -1)
        reached = need = 0
        for member, call in zip(self.targets, calls, strict=True):
            sealed = call.value
            if isinstance(sealed, Sealed):
                reached += 1
                need = max(need, sealed.need)
                rank = (member == self.preferred, sealed.epoch, sealed.length)
                if rank > furthest:
                    furthest = rank
                    best = member
        return best if reached >= need else ""

    async def promote(self, member: str) -> bool:
        """Have a member lead."""
        try:
            await self.call(member, Promote(self.epoch), self.timeout_ms)
        except Failure:
            return False
        return True
