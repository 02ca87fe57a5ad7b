"""The database: one copy of keys and values on one disk.

A write is acknowledged once it is synced, so that a crash loses nothing acknowledged; with durability off it is
acknowledged from memory, faster, and a crash takes back what the disk had not yet seen. Many writes at once cost one
disk less with group commit: those that wait share the next fsync (Gawlick and Kinkade, "Varieties of Concurrency
Control in IMS/VS Fast Path", IEEE Database Engineering 8(2), 1985).

A change can come with an event of it, which goes into an outbox in the same transaction: a crash keeps both or neither.
The outbox is read and emptied in the order of the changes.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Param, Show
from simulations.engine.disk import EACH, GROUP, QUEUE, fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.marshalling import MARSHAL_METRICS, MARSHAL_PARAMS
from simulations.engine.messages import DONE, Body, Increment, Read, Request, Value, Work, Write
from simulations.engine.publishing import Change, MarkSent, ReadOutbox, Record, Records, record_of
from simulations.engine.readiness import ready_once_durable
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Cause

RESULT: Final = "result of "  # before the idempotency key, on disk; no key of a client has a blank
OUTBOX: Final = "outbox "  # before an event's number, on disk; None once it has been sent


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
        fsync_param("From memory to disk.", 1),
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
        Param(
            "results_durable",
            "Results go to disk",
            "boolean",
            True,
            help="In one write with what was done. Off: a crash forgets who was answered, and not what was done.",
            section="Effects",
            when=("keeps_results", True),
        ),
        *MARSHAL_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        *SERVER_METRICS,
        *MARSHAL_METRICS,
        Metric("changes.stored", "changes", "Changes that an announcing service had stored.", "count"),
        Metric("outbox.waiting", "events", "Events in the outbox that are not marked as sent.", "gauge"),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        *load_shows("connections"),
        Show("value", "Last write"),
        Show("outbox", "Outbox", "events", title_first=True),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment, Change, ReadOutbox, MarkSent)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("wrong answers", "Answers with wrong values", "Reads get values that nobody wrote."),
        Lie("false acknowledgements", "Says done and does nothing", "Writes are acknowledged and not kept."),
    )

    def start(self) -> None:
        self.results_durable = self.boolean("results_durable")
        self.fsync_time = self.duration("fsync_time")
        self.fsyncs = self.text("fsyncs")
        self.durable = self.boolean("durable")
        self.flush_every_ns = to_ns(self.number("flush_every_ms"))
        stored = self.disk.read()
        self.values: dict[str, int] = {
            key: value for key, value in stored.items() if not key.startswith((RESULT, OUTBOX))
        }
        self.newest = dict(self.values)  # also what is not on disk yet
        self.versions: dict[str, int] = {}
        answers = {int(key[len(RESULT) :]): answer for key, answer in stored.items() if key.startswith(RESULT)}
        self.open(answers)
        numbers = sorted(int(key[len(OUTBOX) :]) for key in stored if key.startswith(OUTBOX))
        self.outbox: dict[int, Record] = {
            number: stored[f"{OUTBOX}{number}"] for number in numbers if stored[f"{OUTBOX}{number}"] is not None
        }
        self.announced = numbers[-1] if numbers else 0  # the last event's number
        self.visible = self.announced  # the last one that is stored
        self.show_outbox = self.gauge("outbox")
        if self.durable:
            ready_once_durable(self, self.fsync_time)
        elif self.flush_every_ns > 0:
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
        if isinstance(body, Change):
            await self.change(body, message)
        elif isinstance(body, ReadOutbox):
            found = [record for record in self.outbox.values() if record.number <= self.visible]
            return Records(tuple(found[: body.most]), self.visible)
        elif isinstance(body, MarkSent):
            await self.mark_sent(body.number)
        elif isinstance(body, Write):
            await self.store(body.key, body.value, body.token)
        elif isinstance(body, Increment):
            await self.store(body.key, (self.newest.get(body.key) or 0) + body.amount, body.token, counts=True)
        return DONE

    async def store(self, key: str, value: int, token: int, event: Record | None = None, counts: bool = False) -> None:
        """Write, and sync if that is promised; with an idempotency key, the result goes to disk with the effect. What
        `counts` is an effect of its operation.
        """
        values: dict[str, Any] = {key: value}
        if self.results is not None and self.results_durable and token >= 0:
            values[f"{RESULT}{token}"] = DONE
        if event is not None:
            values[f"{OUTBOX}{event.number}"] = event
        if counts and self.durable:
            self.effect_kept(values)
        elif len(values) == 1:
            self.disk.write(key, value)
        else:
            self.disk.write_together(values)
        if event is not None:
            self.outbox[event.number] = event
        self.newest[key] = value
        version = self.disk.written
        if self.durable:
            await self.disk.fsync(self.fsync_time, self.fsyncs)
        if version > self.versions.get(key, 0):  # the disk's order, though one fsync may overtake another
            self.versions[key] = version
            self.values[key] = value
            self.show("value", f"{key} = {value}")
        if counts and not self.durable:
            self.effect()

    # The outbox

    async def change(self, body: Change, message: Message) -> None:
        """Write or add, and put the event into the outbox with it."""
        request = body.request
        value = request.value if isinstance(request, Write) else (self.newest.get(request.key) or 0) + request.amount
        event: Record | None = None
        if body.outbox:
            self.announced += 1
            event = record_of(request, message, self.announced, self.kernel.now)
        await self.store(request.key, value, request.token, event)
        self.publish("changes.stored", 1)
        if event is not None:
            self.visible = max(self.visible, event.number)  # the disk keeps all that stood before it too
            self.tell_outbox()

    async def mark_sent(self, number: int) -> None:
        """Let go of the events up to a number."""
        sent = [one for one in self.outbox if one <= number]
        if not sent:
            return
        self.disk.write_together({f"{OUTBOX}{one}": None for one in sent})
        for one in sent:
            del self.outbox[one]
        self.tell_outbox()
        if self.durable:
            await self.disk.fsync(self.fsync_time, self.fsyncs)

    def tell_outbox(self) -> None:
        """How many events wait."""
        self.show_outbox.set(len(self.outbox))
        self.publish("outbox.waiting", len(self.outbox))

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        return DONE if behaviour == "false acknowledgements" and isinstance(body, (Write, Increment, Change)) else None

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        wrong = behaviour == "wrong answers" and isinstance(body, Value)
        return body.altered(self.draw("lie")) if wrong else body
