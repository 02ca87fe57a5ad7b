"""The log collector: takes in lines one by one and stores them many at a time.

Lines arrive one way; who sends them waits for nothing, so a slow log slows nobody down. The collector keeps them in a
buffer and writes a batch when it is full or when it is old enough, whichever comes first; a batch the store did not
take is tried again. The buffer is bounded: when the store is away for too long lines are dropped, and counted, sooner
than the machine's memory. A crash loses the buffer. Fluentd, Vector and Scribe are such collectors, and the agents of
"Photon" (Ananthanarayanan et al., SIGMOD 2013) on the way to a warehouse.
"""

from __future__ import annotations

from typing import Any, ClassVar

from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.collecting import Logged
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Failure
from simulations.engine.timers import Timer


class LogCollector(Node):
    """Gathers lines into batches, and has them stored."""

    TYPE: ClassVar[str] = "log-collector"
    TITLE: ClassVar[str] = "Log collector"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Takes in lines one by one, stores them many at a time"
    ICON: ClassVar[str] = "log-collector"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("batch_lines", "A batch has", "integer", 100, "lines", 1, 1_000_000, help="At most.", section="Batches"),
        Param(
            "batch_every_ms",
            "Or is so old",
            "number",
            500,
            "ms",
            1,
            3_600_000,
            help="Its first line waits no longer.",
            section="Batches",
        ),
        Param(
            "buffer_lines",
            "Room for",
            "integer",
            10_000,
            "lines",
            1,
            10_000_000,
            help="One more is dropped.",
            section="Batches",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the store.",
            section="Calls",
        ),
        *CALL_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("lines", "Buffer", "lines", "bar", "buffer_lines"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("log.received", "lines", "Lines that came.", "count"),
        Metric("log.stored", "lines", "Lines that the store has taken.", "count"),
        Metric("log.batches", "batches", "Batches that the store has taken.", "count"),
        Metric("log.dropped", "lines", "Lines dropped for want of room.", "count"),
        *CALL_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Logged,)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return call_doubts(params, neighbours)

    def start(self) -> None:
        self.calls = Calls(self)
        self.lines = 0
        self.batches = 0
        self.busy = False
        self.batch_lines = self.integer("batch_lines")
        self.buffer_lines = self.integer("buffer_lines")
        self.clock: Timer | None = None
        self.show_lines = self.gauge("lines")
        self.show_lines.set(0)

    def on_logged(self, body: Logged, message: Message) -> None:
        """Keep a line; the first one sets the clock, the last one that fits sends the batch."""
        self.publish("log.received", 1)
        if self.lines >= self.buffer_lines:
            self.publish("log.dropped", 1)
            return
        self.lines += 1
        self.show_lines.set(self.lines)
        self.see_to()

    def see_to(self) -> None:
        """Send a batch that is full; see to it that one that is not goes when it is old enough."""
        if self.lines >= self.batch_lines:
            self.batch()
        elif self.lines and self.clock is None:
            self.clock = self.timer(to_ns(self.number("batch_every_ms")), "batch", self.aged)

    def aged(self) -> None:
        """The first line has waited for long enough."""
        self.batch()

    def batch(self) -> None:
        """Send what there is, unless a batch is under way or there is no store."""
        if self.clock is not None:
            self.clock.cancel()
            self.clock = None
        if self.calls.targets and self.lines and not self.busy:
            self.busy = True
            self.spawn(self.store(min(self.lines, self.batch_lines)), self.cause)

    async def store(self, lines: int) -> None:
        """Have a batch stored; until that is done, its lines stay in the buffer."""
        self.batches += 1
        name = f"{self.id}.{self.incarnation}.{self.batches}"
        try:
            await self.calls.ask(Write(name, lines), None, first=self.batches)
            self.lines -= lines
            self.publish("log.stored", lines)
            self.publish("log.batches", 1)
            self.show_lines.set(self.lines)
        except Failure as failure:
            self.note(f"a batch was not stored: {failure.reason}")
        self.busy = False
        self.see_to()
