"""A CPU that the processes of one machine share, by processor sharing.

All work that is under way gets an equal part of the cores, and no piece of work more than one core (Kleinrock,
"Queueing Systems", volume 2, 1976, section 4.4). Every piece that runs makes the same progress, so one number says how
far all of them are: the virtual time, which a piece of work reaches its end at. It is kept in parts of a nanosecond and
rounded down at each change; an event is put off to the next whole nanosecond.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from simulations.engine.distributions import LONGEST_NS
from simulations.engine.kernel import Event, Kernel
from simulations.engine.tasks import Cause, Failure, Future

if TYPE_CHECKING:
    from simulations.engine.host import Host

PARTS: Final = 1 << 16  # of a nanosecond, in virtual time
RUNNING: Final = "running"  # the field that shows how much work of a process is on the CPU


class Job(Future):
    """A piece of work, on the CPU or taken off it. Whoever gives up waiting for it takes it away."""

    __slots__ = ("cpu", "due", "host", "left", "number", "running", "turn")

    def __init__(self, cpu: Cpu, host: Host, number: int, left: int) -> None:
        super().__init__()
        self.cpu = cpu
        self.host = host
        self.number = number
        self.left = left  # while it is off the CPU: what is left of it, in parts
        self.due = 0  # while it is on it: the virtual time at which it ends
        self.turn = 0  # which putting on the CPU that was
        self.running = False

    def fail(self, error: Failure, cause: Cause | None) -> None:
        if not self.done:
            self.cpu.leave(self)
        super().fail(error, cause)


class Cpu(Event):
    """The cores of a machine. As an event it is the next end of a piece of work."""

    def __init__(self, kernel: Kernel, cores: int) -> None:
        self.kernel = kernel
        self.cores = cores
        self.jobs: dict[int, Job] = {}  # by number: on the CPU or taken off it
        self.active = 0  # how many are on it
        self.begun = 0
        self.turns = 0
        self.virtual = 0  # how far a piece of work has come that has been on it since it was idle, in parts
        self.since_ns = 0
        self.armed_ns = -1
        self.queue: list[tuple[int, int, Job]] = []  # due, turn; some may have left

    def begin(self, host: Host, work_ns: int) -> Job:
        """Work that takes so long on a core of its own; await its end."""
        self._advance()
        self.begun += 1
        job = self.jobs[self.begun] = Job(self, host, self.begun, work_ns * PARTS)
        self._put_on(job)
        self._arm()
        return job

    def leave(self, job: Job) -> None:
        """A piece of work is given up."""
        if self.jobs.pop(job.number, None) is not None and job.running:
            self._advance()
            self._take_off(job)
            self._arm()

    def freeze(self, host: Host) -> None:
        """Take a process off the CPU, as SIGSTOP does; the others get its part."""
        self._advance()
        for job in self.jobs.values():
            if job.host is host and job.running:
                self._take_off(job)
        self._arm()

    def thaw(self, host: Host) -> None:
        """Let a process go on with what is left of its work."""
        self._advance()
        for job in self.jobs.values():
            if job.host is host and not job.running:
                self._put_on(job)
        self._arm()

    def evict(self, host: Host) -> None:
        """A process is gone, and its work with it."""
        self.freeze(host)
        for number in [number for number, job in self.jobs.items() if job.host is host]:
            del self.jobs[number]

    def fire(self) -> None:
        if self.kernel.now == self.armed_ns:
            self.armed_ns = -1
        self._advance()
        queue = self.queue
        ended: list[Job] = []
        while queue and (queue[0][0] <= self.virtual or not self._is_on(queue[0])):
            entry = heappop(queue)
            if self._is_on(entry):
                job = entry[2]
                self._take_off(job)
                del self.jobs[job.number]
                ended.append(job)
        for job in ended:
            job.resolve(None, None)
        self._arm()

    def _is_on(self, entry: tuple[int, int, Job]) -> bool:
        job = entry[2]
        return job.running and job.turn == entry[1]

    def _put_on(self, job: Job) -> None:
        self.turns += 1
        job.turn = self.turns
        job.due = self.virtual + job.left
        job.running = True
        self.active += 1
        heappush(self.queue, (job.due, job.turn, job))
        job.host.count_running(1)

    def _take_off(self, job: Job) -> None:
        job.left = max(0, job.due - self.virtual)
        job.running = False
        self.active -= 1
        job.host.count_running(-1)

    def _advance(self) -> None:
        """Make the progress of the time since the last change."""
        passed = (self.kernel.now - self.since_ns) * PARTS
        self.since_ns = self.kernel.now
        if not self.active:
            self.virtual = 0
            self.queue.clear()
        elif self.active <= self.cores:
            self.virtual += passed
        else:
            self.virtual += passed * self.cores // self.active

    def _arm(self) -> None:
        """Wait for the end that comes next, unless it is waited for already. An event that comes too early is one more
        look.
        """
        queue = self.queue
        while queue and not self._is_on(queue[0]):
            heappop(queue)
        if not queue:
            return
        left = max(0, queue[0][0] - self.virtual)
        if self.active <= self.cores:
            wait_ns = -(-left // PARTS)
        else:
            wait_ns = min(LONGEST_NS, -(-left * self.active // (PARTS * self.cores)))
        if self.armed_ns < 0 or self.kernel.now + wait_ns < self.armed_ns:
            self.armed_ns = self.kernel.now + wait_ns
            self.kernel.after(wait_ns, self)
