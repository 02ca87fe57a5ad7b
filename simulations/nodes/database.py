"""The database: one copy of keys and values on one disk.

A write is acknowledged once it is synced, so that a crash loses nothing acknowledged; with durability off it is
acknowledged from memory, faster, and a crash takes back what the disk had not yet seen. Many writes at once cost one
disk less with group commit: those that wait share the next fsync (Gawlick and Kinkade, "Varieties of Concurrency
Control in IMS/VS Fast Path", IEEE Database Engineering 8(2), 1985).
"""

from __future__ import annotations

from typing import ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Param, Show
from simulations.engine.disk import EACH, GROUP, QUEUE
from simulations.engine.distributions import to_ns
from simulations.engine.marshalling import MARSHAL_METRICS, MARSHAL_PARAMS
from simulations.engine.messages import DONE, Body, Increment, Read, Request, Value, Work, Write
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Cause

RESULT: Final = "result of "  # before the idempotency key, on disk; no key of a client has a blank


class Database(Server):
    """Stores values by key."""

    TYPE: ClassVar[str] = "database"
    TITLE: ClassVar[str] = "Database"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Keeps keys and values on one disk"
    ICON: ClassVar[str] = "database"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *capacity(("Connections", 8), ("Query time", 4, "What a query costs besides the disk."), queue_max=1000),
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
        *SERVER_PARAMS,
        *MARSHAL_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (*SERVER_METRICS, *MARSHAL_METRICS)
    SHOWS: ClassVar[tuple[Show, ...]] = (
        *load_shows("connections"),
        Show("value", "Last write"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("wrong answers", "Answers with wrong values", "Reads get values that nobody wrote."),
        Lie("false acknowledgements", "Says done and does nothing", "Writes are acknowledged and not kept."),
    )

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        self.fsyncs = self.text("fsyncs")
        self.durable = self.boolean("durable")
        self.flush_every_ns = to_ns(self.number("flush_every_ms"))
        stored = self.disk.read()
        self.values: dict[str, int] = {key: value for key, value in stored.items() if not key.startswith(RESULT)}
        self.newest = dict(self.values)  # also what is not on disk yet
        self.versions: dict[str, int] = {}
        answers = {int(key[len(RESULT) :]): answer for key, answer in stored.items() if key.startswith(RESULT)}
        self.open(answers)
        if not self.durable and self.flush_every_ns > 0:
            self.timer(self.flush_every_ns, "flush", self.flush)

    def flush(self) -> None:
        """Send to the disk what is only in memory, and again after the interval."""
        self.timer(self.flush_every_ns, "flush", self.flush)
        if self.disk.cached:
            self.disk.fsync(self.fsync_time, self.fsyncs)

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Read or write. Raises Refused when the disk is full."""
        if isinstance(body, Read):
            return Value(self.values.get(body.key))
        if isinstance(body, Write):
            await self.store(body.key, body.value, body.token)
        elif isinstance(body, Increment):
            await self.store(body.key, (self.newest.get(body.key) or 0) + body.amount, body.token)
            self.effect()
        return DONE

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
