"""The database: one copy of keys and values on one disk.

A write is acknowledged once it is synced, so that a crash loses nothing acknowledged; with durability off it is
acknowledged from memory, faster, and a crash takes back what the disk had not yet seen. Many writes at once cost one
disk less with group commit: those that wait share the next fsync (Gawlick and Kinkade, "Varieties of Concurrency
Control in IMS/VS Fast Path", IEEE Database Engineering 8(2), 1985).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.admission import ADMISSION_METRICS, ADMISSION_PARAMS, Admission
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Param, Show
from simulations.engine.disk import EACH, GROUP, QUEUE
from simulations.engine.distributions import to_ns
from simulations.engine.idempotency import IDEMPOTENCY_METRICS, IDEMPOTENCY_PARAMS, results
from simulations.engine.messages import DONE, Body, Increment, Read, Request, Value, Work, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Cause, Failure
from simulations.engine.workers import QUEUE_PARAMS, workers_of

RESULT: Final = "result of "  # before the idempotency key, on disk; no key of a client has a blank


class Database(Node):
    """Stores values by key."""

    TYPE: ClassVar[str] = "database"
    TITLE: ClassVar[str] = "Database"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Keeps keys and values on one disk"
    ICON: ClassVar[str] = "database"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "concurrency",
            "Connections",
            "integer",
            8,
            "",
            1,
            10_000,
            help="Requests worked on at once.",
            section="Capacity",
        ),
        Param(
            "service_time",
            "Query time",
            "distribution",
            {"kind": "exponential", "mean_ms": 4},
            "ms",
            0,
            3_600_000,
            help="What a query costs besides the disk.",
            section="Capacity",
        ),
        Param(
            "queue_max",
            "Queue",
            "integer",
            1000,
            "requests",
            0,
            1_000_000,
            help="Requests that may wait; one more is refused.",
            section="Capacity",
        ),
        *QUEUE_PARAMS,
        Param(
            "durable",
            "Sync before answering",
            "boolean",
            True,
            help="Off: a write is acknowledged from memory, and a crash may lose it.",
            section="Disk",
        ),
        Param(
            "fsync_time",
            "fsync takes",
            "distribution",
            {"kind": "constant", "value_ms": 1},
            "ms",
            0,
            3_600_000,
            help="From memory to disk.",
            section="Disk",
        ),
        Param(
            "fsyncs",
            "fsyncs at once",
            "choice",
            EACH,
            choices=(
                Choice(EACH, "Each by itself"),
                Choice(QUEUE, "One after another"),
                Choice(GROUP, "Group commit: those that wait share one"),
            ),
            help="What the disk does with several fsyncs at the same time.",
            section="Disk",
        ),
        Param(
            "flush_every_ms",
            "Flush every",
            "number",
            1000,
            "ms",
            0,
            3_600_000,
            help="Without syncing only: how often writes go from memory to disk; 0: never.",
            section="Disk",
        ),
        *ADMISSION_PARAMS,
        *IDEMPOTENCY_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (*ADMISSION_METRICS, *IDEMPOTENCY_METRICS)
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("busy", "Busy", "connections", "bar", "concurrency"),
        Show("queue", "Queue", "requests"),
        Show("value", "Last write"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("wrong answers", "Answers with wrong values", "Reads get values that nobody wrote."),
        Lie("false acknowledgements", "Says done and does nothing", "Writes are acknowledged and not kept."),
    )

    def start(self) -> None:
        self.workers = workers_of(self)
        self.service_time = self.duration("service_time")
        self.fsync_time = self.duration("fsync_time")
        self.fsyncs = self.text("fsyncs")
        self.durable = self.boolean("durable")
        self.flush_every_ns = to_ns(self.number("flush_every_ms"))
        stored = self.disk.read()
        self.values: dict[str, int] = {key: value for key, value in stored.items() if not key.startswith(RESULT)}
        self.newest = dict(self.values)  # also what is not on disk yet
        self.versions: dict[str, int] = {}
        answers = {int(key[len(RESULT) :]): answer for key, answer in stored.items() if key.startswith(RESULT)}
        self.results = results(self, answers)
        self.admission = Admission(self)
        if not self.durable and self.flush_every_ns > 0:
            self.timer(self.flush_every_ns, "flush", self.flush)

    def flush(self) -> None:
        """Send to the disk what is only in memory, and again after the interval."""
        self.timer(self.flush_every_ns, "flush", self.flush)
        if self.disk.cached:
            self.disk.fsync(self.fsync_time, self.fsyncs)

    def on_request(self, body: Request, message: Message) -> Any:
        """Let the request in, and carry it out unless that was done."""
        refusal = None if self.admission.open else self.admission.refusal(message, self.workers.queued)
        if refusal is not None:
            return refusal
        key = -1 if self.results is None else body.idempotency_key()
        if self.results is None or key < 0:
            return self.serve(body, message)
        return self.results.once(key, lambda: self.serve(body, message))

    async def serve(self, body: Request, message: Message) -> Body:
        """Wait for a connection, and do what is asked. Raises Refused when the disk is full."""
        came_ns = self.kernel.now
        await self.cancellable(message, self.workers.acquire(body.rank()))
        self.admission.waited(self.kernel.now - came_ns)
        await self.work(self.service_time, "service time")
        answer: Body = DONE
        try:
            if isinstance(body, Read):
                answer = Value(self.values.get(body.key))
            elif isinstance(body, Write):
                await self.store(body.key, body.value, body.token)
            elif isinstance(body, Increment):
                await self.store(body.key, (self.newest.get(body.key) or 0) + body.amount, body.token)
                self.effect()
        except Failure:
            self.workers.release()
            raise
        self.workers.release()
        return answer

    async def store(self, key: str, value: int, token: int) -> None:
        """Write, and sync if that is promised; with an idempotency key, the result goes to disk with the effect."""
        if self.results is None or token < 0:
            self.disk.write(key, value)
        else:
            self.disk.write_together({key: value, f"{RESULT}{token}": DONE})
        self.newest[key] = value
        version = self.disk.written
        if self.durable:
            await self.disk.fsync(self.fsync_time, self.fsyncs)
        if version > self.versions.get(key, 0):  # the disk's order, though one fsync may overtake another
            self.versions[key] = version
            self.values[key] = value
            self.show("value", f"{key} = {value}")

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        return DONE if behaviour == "false acknowledgements" and isinstance(body, (Write, Increment)) else None

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        wrong = behaviour == "wrong answers" and isinstance(body, Value)
        return body.altered(self.draw("lie")) if wrong else body
