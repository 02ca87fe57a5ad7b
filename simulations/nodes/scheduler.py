"""The scheduler: it places jobs on the machines of a cluster.

Jobs are ordinary, or special: these need a special machine, with a GPU, say. Under *static assignment* each user's jobs
go to that user's machines alone, ordinary ones to ordinary machines and special ones to special machines; what is free
elsewhere stays free. In a *pool* a job may go to any machine that can run it: to the first that is free (*first fit*),
or to the one that it wastes least of (*best fit*): an ordinary job takes a special machine only when no ordinary one is
free, and among machines of one sort the one with the least room; a special job does not wait behind ordinary ones.
Machines are polled; one that no longer answers has gone, and its jobs are placed again (Verma et al.: "Large-scale
cluster management at Google with Borg", EuroSys 2015; Grandl et al.: "Multi-resource Packing for Cluster Schedulers",
SIGCOMM 2014).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.jobs import AssignJob, MachineReport, PollMachine
from simulations.engine.messages import Body, Refusal, Work
from simulations.engine.node import Node
from simulations.engine.tasks import Call, Cancelled, Failure, Future, Refused

STATIC: Final = "static"
FIRST_FIT: Final = "first-fit"
BEST_FIT: Final = "best-fit"
GONE: Final = "machine gone"
QUEUE_FULL: Final = Refusal("queue full", False)


class Known:
    """What the scheduler knows of a machine; `jobs` are those that run there."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.slots = 0  # until it has been heard of
        self.special = False
        self.owner = ""
        self.incarnation = -1
        self.missed = 0
        self.jobs: list[Call] = []

    def free(self) -> int:
        """How many more jobs it can take."""
        return self.slots - len(self.jobs)


class Waiting(Future):
    """A job that waits for a machine."""

    def __init__(self, owner: str, special: bool) -> None:
        super().__init__()
        self.owner = owner
        self.special = special


class Scheduler(Node):
    """Places jobs on machines."""

    TYPE: ClassVar[str] = "scheduler"
    TITLE: ClassVar[str] = "Scheduler"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Places jobs on the machines of a cluster"
    ICON: ClassVar[str] = "scheduler"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "policy",
            "Policy",
            "choice",
            BEST_FIT,
            choices=(
                Choice(STATIC, "Static: each user's own machines"),
                Choice(FIRST_FIT, "Pool, first fit"),
                Choice(BEST_FIT, "Pool, best fit"),
            ),
            help="Which machine a job may have, and which it gets.",
            section="Placement",
        ),
        Param(
            "special_class",
            "Special class",
            "text",
            "special",
            help="Jobs of this class need a special machine; all others are ordinary.",
            section="Placement",
        ),
        Param(
            "queue_max",
            "Queue",
            "integer",
            10_000,
            "jobs",
            0,
            1_000_000,
            help="Jobs that may wait; one more is refused.",
            section="Placement",
        ),
        Param(
            "poll_interval_ms",
            "Poll every",
            "number",
            1000,
            "ms",
            1,
            3_600_000,
            help="How often each machine is asked what it is.",
            section="Machines",
        ),
        Param(
            "poll_failures",
            "Polls to give up",
            "integer",
            3,
            "",
            1,
            100,
            help="A machine that has missed so many in a row has gone.",
            section="Machines",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("running", "Running", "jobs"),
        Show("queue", "Queue", "jobs", title_first=True),
        Show("machines", "Machines"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("scheduler.wait_ms", "ms", "From a job's arrival to its placement.", "duration"),
        Metric("scheduler.special_wait_ms", "ms", "The same of special jobs.", "duration"),
        Metric("scheduler.ordinary_wait_ms", "ms", "The same of ordinary jobs.", "duration"),
        Metric("scheduler.placed_again", "jobs", "Jobs placed again because their machine had gone.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work,)

    def start(self) -> None:
        self.policy = self.text("policy")
        self.special_class = self.text("special_class")
        self.queue_max = self.integer("queue_max")
        self.machines = [Known(target) for target in self.targets]
        self.waiting: list[Waiting] = []  # in the order of arrival
        self.running = 0
        self.show_running = self.gauge("running")
        self.show_queue = self.gauge("queue")
        self.show_machines = self.gauge("machines")
        self.show_load()
        self.show_machines.set(0)
        self.poll()

    # Jobs

    def on_work(self, body: Work, message: Message) -> Any:
        """A job has come."""
        if len(self.waiting) >= self.queue_max:
            return QUEUE_FULL
        return self.carry(Waiting(message.channel.src.id, body.header().path == self.special_class), message)

    async def carry(self, job: Waiting, message: Message) -> Body:
        """See a job through: from machine to machine, if one goes meanwhile."""
        came_ns = self.kernel.now
        while True:
            machine = await self.place(job, message)
            self.tell_wait(self.kernel.now - came_ns, job.special)
            call = self.call(machine.id, AssignJob(job.special), 0)
            machine.jobs.append(call)
            self.running += 1
            self.show_load()
            try:
                reply: Body = await self.cancellable(message, call)
                return reply
            except Cancelled:
                raise
            except Failure as failure:
                if failure.reason != GONE:
                    raise
            finally:
                self.running -= 1
                machine.jobs.remove(call)
                self.show_load()
                self.place_waiting()
            self.publish("scheduler.placed_again", 1)
            came_ns = self.kernel.now
            job = Waiting(job.owner, job.special)

    async def place(self, job: Waiting, message: Message) -> Known:
        """The machine for a job, once there is one: nobody who waits could have it, or it would not be free."""
        found = self.fit(job)
        if found is not None:
            return found
        self.waiting.append(job)
        self.show_load()
        try:
            machine: Known = await self.cancellable(message, job)
        except Failure:
            if job in self.waiting:
                self.waiting.remove(job)
            self.show_load()
            raise
        return machine

    def place_waiting(self) -> None:
        """Give what is free to those that wait: in the order of arrival, under best fit special jobs first."""
        jobs = list(self.waiting)
        if self.policy == BEST_FIT:
            jobs = [job for job in jobs if job.special] + [job for job in jobs if not job.special]
        for job in jobs:
            if not any(machine.free() > 0 for machine in self.machines):
                break
            machine = self.fit(job)
            if machine is not None:
                self.waiting.remove(job)
                job.resolve(machine, None)
        self.show_load()

    def fit(self, job: Waiting) -> Known | None:
        """The machine that a job would get now; None while there is none."""
        able = [machine for machine in self.machines if machine.free() > 0 and self.allowed(job, machine)]
        if not able:
            return None
        best = able[0]
        if self.policy == BEST_FIT:
            for machine in able:
                if (machine.special, machine.free()) < (best.special, best.free()):
                    best = machine
        return best

    def allowed(self, job: Waiting, machine: Known) -> bool:
        """Whether a job may have a machine."""
        if self.policy == STATIC:
            return machine.special == job.special and machine.owner in ("", job.owner)
        return machine.special or not job.special

    def tell_wait(self, waited_ns: int, special: bool) -> None:
        """A job has got a machine after so long."""
        self.publish("scheduler.wait_ms", waited_ns)
        self.publish("scheduler.special_wait_ms" if special else "scheduler.ordinary_wait_ms", waited_ns)

    def show_load(self) -> None:
        """Show what runs and what waits."""
        self.show_running.set(self.running)
        self.show_queue.set(len(self.waiting))

    # Machines

    def poll(self) -> None:
        """Ask every machine what it is, and again after the interval."""
        self.timer(to_ns(self.number("poll_interval_ms")), "poll", self.poll)
        for machine in self.machines:
            self.spawn(self.ask(machine), self.cause)

    async def ask(self, machine: Known) -> None:
        """Ask one machine what it is."""
        try:
            report = await self.call(machine.id, PollMachine(), self.number("poll_interval_ms"))
        except Failure:
            machine.missed += 1
            if machine.missed == self.integer("poll_failures"):
                self.note(f"{machine.id} has gone")
                self.forget(machine)
        else:
            self.learn(machine, report)

    def learn(self, machine: Known, report: Body) -> None:
        """A machine has said what it is. A new process has none of the jobs of the old one."""
        machine.missed = 0
        if not isinstance(report, MachineReport):
            return
        if report.incarnation != machine.incarnation and machine.slots:
            self.forget(machine)
        machine.slots = report.slots
        machine.special = report.special
        machine.owner = report.owner
        machine.incarnation = report.incarnation
        self.count_machines()
        self.place_waiting()

    def forget(self, machine: Known) -> None:
        """A machine has gone: place its jobs elsewhere."""
        machine.slots = 0
        self.count_machines()
        for call in list(machine.jobs):
            call.fail(Refused(GONE, True), None)

    def count_machines(self) -> None:
        """Show how many machines there are."""
        self.show_machines.set(len([machine for machine in self.machines if machine.slots]))
