"""The machine: a node of a cluster that runs jobs which a scheduler places on it.

Most machines of a cluster are alike; a few are special: they have a GPU, much memory, a fast disk, and cost many times
as much. A special machine can run ordinary jobs too, an ordinary one no special job. A machine may belong to somebody,
which matters only where jobs are assigned by owner. It has no queue of its own: the scheduler knows what is free.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.jobs import AssignJob, MachineReport, PollMachine
from simulations.engine.messages import DONE, Body
from simulations.engine.name_lists import NODE
from simulations.engine.node import Node
from simulations.engine.tasks import Refused


class Machine(Node):
    """Runs jobs."""

    TYPE: ClassVar[str] = "machine"
    TITLE: ClassVar[str] = "Machine"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Runs jobs that a scheduler places on it"
    ICON: ClassVar[str] = "machine"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "concurrency",
            "Jobs at once",
            "integer",
            1,
            "",
            1,
            10_000,
            help="One more is refused.",
            section="Capacity",
        ),
        Param(
            "special",
            "Special",
            "boolean",
            False,
            help="It has a GPU, say. Special jobs run on special machines only.",
            section="Capacity",
        ),
        Param(
            "owner",
            "Owner",
            "text",
            "",
            help="The node whose jobs it runs where machines are assigned; empty: everybody's.",
            section="Capacity",
            names=NODE,
        ),
        Param(
            "service_time",
            "Ordinary job takes",
            "distribution",
            {"kind": "exponential", "mean_ms": 200},
            "ms",
            0,
            3_600_000,
            section="Jobs",
        ),
        Param(
            "special_time",
            "Special job takes",
            "distribution",
            {"kind": "exponential", "mean_ms": 800},
            "ms",
            0,
            3_600_000,
            section="Jobs",
            when=("special", True),
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("busy", "Running", "jobs", "bar", "concurrency"),
        Show("sort", "Machine", look="badge"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("machine.special_jobs", "jobs", "Special jobs that it has run.", "count"),
        Metric("machine.ordinary_jobs", "jobs", "Ordinary jobs that it has run.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (AssignJob, PollMachine)

    def start(self) -> None:
        self.slots = self.integer("concurrency")
        self.special = self.boolean("special")
        self.times = (self.duration("service_time"), self.duration("special_time"))
        self.running = 0
        self.show_busy = self.gauge("busy")
        self.show_busy.set(0)
        self.show("sort", "special" if self.special else "ordinary")

    def on_poll_machine(self, body: PollMachine, message: Message) -> Body:
        """Say what this machine is."""
        return MachineReport(self.slots, self.special, self.text("owner"), self.incarnation)

    async def on_assign_job(self, body: AssignJob, message: Message) -> Body:
        """One job, from its start to its end. Raises Refused when it cannot be run here, or not now."""
        if body.special and not self.special:
            raise Refused("not special", False)
        if self.running >= self.slots:
            raise Refused("machine full", False)
        self.running += 1
        self.show_busy.set(self.running)
        try:
            await self.cancellable(message, self.work(self.times[int(body.special)], "job"))
        finally:
            self.running -= 1
            self.show_busy.set(self.running)
        self.publish("machine.special_jobs" if body.special else "machine.ordinary_jobs", 1)
        return DONE
