"""The coordinator of sagas: a request becomes a row of steps at several services, and a failed one is undone.

A saga is a long transaction cut into short ones, each with a *compensation* that undoes what it means (Garcia-Molina
and Salem, "Sagas", SIGMOD 1987). Steps are taken one after another, each committed as it is done; nothing stays locked
meanwhile, and everybody sees what is there so far. Where a step cannot be done, the ones before it are compensated,
last first. In the end either all of a saga stands or nothing does; in between that is not so.

What is to be done outlives a crash, because it is on disk before the first step is asked for. A coordinator that comes
back finds which sagas had begun and not ended, and takes them back (*backward recovery*, section 4) or to the end
(*forward recovery*, section 5). Steps and compensations are asked for again until they are answered, so services must
bear repetition.

An increment is a saga: so many units of a key, at each of its targets, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Invariant, Metric, Neighbour, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Increment
from simulations.engine.node import Node
from simulations.engine.retries import call_until_answered
from simulations.engine.sagas import Release, Reserve
from simulations.engine.tasks import Failure, Refused

BEGIN_KEY = "begin "
END_KEY = "end "
ABORT_KEY = "abort "


@dataclass(frozen=True)
class Plan:
    """A saga on disk: what its steps do, and where."""

    key: str
    amount: int
    services: tuple[str, ...]


@mypyc_attr(allow_interpreted_subclasses=True)
class Saga(Node):
    """Takes steps, and takes them back."""

    TYPE: ClassVar[str] = "saga"
    TITLE: ClassVar[str] = "Saga coordinator"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Takes steps at several services, and undoes them when one fails"
    ICON: ClassVar[str] = "saga"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "compensates",
            "Compensate",
            "boolean",
            True,
            help="When a step fails, the ones before it are undone. Without, they stand.",
            section="Sagas",
        ),
        Param(
            "keeps_log",
            "Keep a log",
            "boolean",
            True,
            help="Sagas under way are on disk. Without, a crash forgets them, half done.",
            section="Sagas",
        ),
        Param(
            "recovery",
            "After a crash",
            "choice",
            "backward",
            choices=(Choice("backward", "Undo what had begun"), Choice("forward", "Finish what had begun")),
            help="What becomes of sagas that had begun and not ended.",
            section="Sagas",
            when=("keeps_log", True),
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            200,
            "ms",
            0.1,
            3_600_000,
            help="How long to wait for a service, and between two attempts to compensate.",
            section="Sagas",
        ),
        Param(
            "attempts_max",
            "Attempts at a step",
            "integer",
            3,
            "",
            1,
            1_000,
            help="A step that is not answered after so many has failed. Compensations are never given up.",
            section="Sagas",
        ),
        fsync_param("No step is asked for before the saga is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("open", "Under way", "sagas"),
        Show("outcome", "Last outcome"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("sagas.completed", "", "Sagas of which all steps were done.", "count"),
        Metric("sagas.compensated", "", "Sagas that failed, and were undone unless that is switched off.", "count"),
        Metric("sagas.recovered", "", "Sagas found on disk after a crash, begun and not ended.", "count"),
        Metric("sagas.open", "", "Sagas under way.", "gauge"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Increment,)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "saga_outcome",
            "Outcome of sagas",
            "A saga that was completed is never undone, nor one that was undone completed.",
            "agreement",
            ("outcome",),
        ),
    )

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        if any(one.type == "inventory" and one.asked for one in neighbours.values()):
            return []
        return [("", "There is no service to take a step at. Link it to one or more.")]

    def start(self) -> None:
        self.timeout_ms = self.number("timeout_ms")
        self.fsync_time = self.duration("fsync_time")
        self.logs = self.boolean("keeps_log")
        self.begun_here = 0
        self.under_way = 0
        self.count(0)
        stored: dict[str, Any] = self.disk.read()
        for key, plan in stored.items():
            saga = key.removeprefix(BEGIN_KEY)
            if key.startswith(BEGIN_KEY) and f"{END_KEY}{saga}" not in stored:
                self.publish("sagas.recovered", 1)
                forward = self.text("recovery") == "forward" and f"{ABORT_KEY}{saga}" not in stored
                self.spawn(self.recover(saga, plan, forward), self.cause)

    # A saga

    async def on_increment(self, body: Increment, message: Message) -> Body:
        """All steps, or none in the end."""
        if body.amount < 0:
            raise Refused("nothing is taken back", False)
        saga = f"{self.id}.{self.incarnation}.{self.begun_here}"
        self.begun_here += 1
        plan = Plan(body.key, body.amount, tuple(self.targets))
        objection = await self.log(f"{BEGIN_KEY}{saga}", plan)
        if objection:
            raise Refused(objection, False)
        self.count(1)
        return await self.carry_out(saga, plan)

    async def carry_out(self, saga: str, plan: Plan) -> Body:
        """The steps in their order. Raises Refused where one fails: what was done is being undone then."""
        objection = ""
        for service in plan.services:
            objection = objection or await self.step(service, Reserve(saga, plan.key, plan.amount))
        objection = objection or await self.log(f"{END_KEY}{saga}", True)
        if objection:
            await self.log(f"{ABORT_KEY}{saga}", True)
            self.spawn(self.undo(saga, plan), self.cause)
            raise Refused(objection, not self.boolean("compensates"))
        self.ended(saga, "completed")
        return DONE

    async def step(self, service: str, body: Reserve) -> str:
        """One step; why it failed, or ""."""
        objection = ""
        for _ in range(self.integer("attempts_max")):
            try:
                await self.call(service, body, self.timeout_ms)
                return ""
            except Failure as failure:
                objection = failure.reason
                if not failure.uncertain:
                    return objection
        return objection

    async def undo(self, saga: str, plan: Plan) -> None:
        """The compensations, last first, also of a step that nobody knows to have been done. They are never given up:
        there is nothing else to be done then (section 4).
        """
        if self.boolean("compensates"):
            pause_ns = to_ns(self.timeout_ms)
            for service in reversed(plan.services):
                await call_until_answered(self, service, Release(saga), self.timeout_ms, pause_ns)
        await self.log(f"{END_KEY}{saga}", True)  # where the disk is full, it is undone once more after a crash
        self.ended(saga, "compensated" if self.boolean("compensates") else "given up")

    async def recover(self, saga: str, plan: Plan, forward: bool) -> None:
        """Take up a saga that a crash has left half done, once it is on disk for certain."""
        self.count(1)
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)
        if not forward:
            await self.undo(saga, plan)
            return
        try:
            await self.carry_out(saga, plan)
        except Failure:
            return

    # State

    async def log(self, key: str, record: Any) -> str:
        """Put a record on disk; why that cannot be done, or ""."""
        if self.logs:
            try:
                self.disk.write(key, record)
            except Refused as failure:
                return failure.reason
            await self.disk.fsync(self.fsync_time)
        return ""

    def ended(self, saga: str, outcome: str) -> None:
        """A saga is over."""
        self.publish("sagas.completed" if outcome == "completed" else "sagas.compensated", 1)
        self.show("outcome", f"{saga} = {outcome}")
        self.count(-1)

    def count(self, change: int) -> None:
        """There are more sagas under way, or fewer."""
        self.under_way += change
        self.show("open", self.under_way)
        self.publish("sagas.open", self.under_way)
