"""The consumer: a member of a group that reads a log together.

It says at intervals that it is there, is told which partitions are its own, fetches their records from the offset that
the group has come to, works on them in their order, and commits how far it has come. Where it commits *after* the work,
a crash means that the next holder does some of it again: at least once. Where it commits *before*, that some is never
done: at most once. A partition that is taken from it is given back when the record in hand is done and committed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.node import Node
from simulations.engine.publishing import Assigned, Attend, Commit, Fetch, Record, Records, understanding
from simulations.engine.tasks import Failure, Future, Refused
from simulations.engine.workers import UNBOUNDED, Workers


class Holding:
    """A partition in hand: the offset of the next record, and whether to give it back."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.committed = offset
        self.behind = 0
        self.ends = False


class Consumer(Node):
    """Reads its share of a log."""

    TYPE: ClassVar[str] = "consumer"
    TITLE: ClassVar[str] = "Consumer"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Reads a log's partitions together with the others of its group"
    ICON: ClassVar[str] = "consumer"
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "group",
            "Group",
            "text",
            "consumers",
            help="Consumers of one group share the partitions; each group reads everything.",
            section="Group",
        ),
        Param(
            "begins",
            "A new group begins",
            "choice",
            "start",
            choices=(Choice("start", "At the start of the log"), Choice("end", "With what comes from now on")),
            section="Group",
        ),
        Param(
            "heartbeat_ms",
            "Heartbeat every",
            "number",
            300,
            "ms",
            0.001,
            3_600_000,
            help="How often it says that it is there.",
            section="Group",
        ),
        Param(
            "session_ms",
            "Session",
            "number",
            1500,
            "ms",
            0.001,
            3_600_000,
            help="Silent for longer, it loses its partitions to the others.",
            section="Group",
        ),
        Param("connects_ms", "Joins at", "number", 0, "ms", 0, 3_600_000, help="Of the run.", section="Group"),
        Param(
            "leaves_ms", "Leaves at", "number", 0, "ms", 0, 3_600_000, help="In good order. 0: never.", section="Group"
        ),
        Param(
            "commits",
            "Commits",
            "choice",
            "after",
            choices=(Choice("after", "After the work"), Choice("before", "Before the work")),
            section="Reading",
        ),
        Param("fetch_max", "Fetches at most", "integer", 20, "records", 1, 100_000, section="Reading"),
        Param(
            "wait_ms",
            "Answers wait for",
            "number",
            500,
            "ms",
            1,
            3_600_000,
            help="While there is nothing to read.",
            section="Reading",
        ),
        Param("timeout_ms", "Timeout", "number", 1000, "ms", 0.001, 3_600_000, section="Reading"),
        Param(
            "concurrency",
            "Threads",
            "integer",
            4,
            "",
            1,
            10_000,
            help="Partitions worked on at once; one after another within each.",
            section="Capacity",
        ),
        Param(
            "service_time",
            "Service time",
            "distribution",
            {"kind": "exponential", "mean_ms": 20},
            "ms",
            0,
            3_600_000,
            help="How long a record takes.",
            section="Capacity",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("busy", "Busy", "threads", "bar", "concurrency"),
        Show("queue", "Partitions that wait", look="hidden"),
        Show("partitions", "Partitions"),
        Show("behind", "Behind", "records"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("events.processed", "events", "Records that it has worked on.", "count"),
        Metric("events.skipped", "events", "Records that had expired before it came to them.", "count"),
        Metric(
            "events.delay_ms", "ms", "From the broker's accepting a record until the work on it is done.", "duration"
        ),
        Metric("events.behind", "events", "Records of its partitions that it has yet to read.", "gauge"),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if params["session_ms"] <= params["heartbeat_ms"]:
            words = "Ends between two heartbeats: the partitions change hands all the time. Make it three heartbeats."
            return [("session_ms", words)]
        return []

    def start(self) -> None:
        self.workers = Workers(self, self.integer("concurrency"), UNBOUNDED)
        self.service_time = self.duration("service_time")
        self.timeout_ms = self.number("timeout_ms")
        self.wait_ms = self.number("wait_ms")
        self.group = self.text("group")
        self.first = self.text("commits") == "before"
        self.leaves_ns = to_ns(self.number("leaves_ms"))
        self.held: dict[int, Holding] = {}
        self.shown = ""
        self.show_behind = self.gauge("behind")
        for broker in understanding(self, Attend):
            self.spawn(self.attend(broker), self.cause)

    # Membership

    async def attend(self, broker: str) -> None:
        """Be a member of the group until it is time to leave."""
        own = self.cause
        connects_ns = to_ns(self.number("connects_ms"))
        if self.now_ns < connects_ns:
            await self.sleep(connects_ns - self.now_ns)
        while not self.leaving() or self.held:
            self.cause = own
            try:
                self.take_on(broker, await self.call(broker, self.presence(False), self.timeout_ms))
            except Failure:
                pass
            await self.sleep(to_ns(self.number("heartbeat_ms")))
        self.cause = own
        self.send(broker, self.presence(True))

    def leaving(self) -> bool:
        """Whether it is time to leave."""
        return 0 < self.leaves_ns <= self.now_ns

    def presence(self, leaves: bool) -> Attend:
        """What it says to the broker."""
        from_start = self.text("begins") == "start"
        return Attend(self.group, tuple(sorted(self.held)), from_start, self.number("session_ms"), leaves)

    def take_on(self, broker: str, told: Assigned) -> None:
        """Begin to read what is given, and end reading what is not."""
        given = {} if self.leaving() else dict(told.partitions)
        for partition, holding in self.held.items():
            holding.ends = holding.ends or partition not in given
        own = self.cause
        for partition, offset in given.items():
            if partition not in self.held:
                self.held[partition] = Holding(offset)
                self.spawn(self.read(broker, partition, self.held[partition]), own)
        self.show_partitions()

    def show_partitions(self) -> None:
        """Tell the stage what it has in hand."""
        words = ", ".join(str(one) for one in sorted(self.held)) or "none"
        if words != self.shown:
            self.shown = words
            self.show("partitions", words)
        behind = sum([holding.behind for holding in self.held.values()])
        self.show_behind.set(behind)
        self.publish("events.behind", behind)

    # Reading

    async def read(self, broker: str, partition: int, holding: Holding) -> None:
        """Read a partition until it is taken away."""
        own = self.cause
        while not holding.ends:
            self.cause = own
            body = Fetch(partition, holding.offset, self.integer("fetch_max"), self.wait_ms)
            reply: Records | None = None
            try:
                reply = await self.call(broker, body, self.timeout_ms + self.wait_ms)
            except Failure:
                pass
            if reply is None:
                await self.sleep(to_ns(self.timeout_ms))
                continue
            if reply.records and not holding.ends:
                self.publish("events.skipped", reply.records[0].number - holding.offset)
                await self.work_through(broker, partition, holding, reply)
            holding.behind = max(0, reply.end - holding.offset)
            self.show_partitions()
        if holding.committed < holding.offset:  # the broker did not answer
            self.cause = own
            await self.commit(broker, partition, holding, holding.offset)
        del self.held[partition]
        self.show_partitions()

    async def work_through(self, broker: str, partition: int, holding: Holding, found: Records) -> None:
        """Work on records in their order, and commit how far it has come."""
        if self.first:
            await self.commit(broker, partition, holding, found.records[-1].number + 1)
        for record in found.records:
            if holding.ends and not self.first:
                break
            done = Future()
            self.spawn(self.process(record, done), record.cause(0))
            await done
            holding.offset = record.number + 1
            holding.behind = max(0, found.end - holding.offset)
        if not self.first:
            await self.commit(broker, partition, holding, holding.offset)

    async def commit(self, broker: str, partition: int, holding: Holding, offset: int) -> None:
        """Tell the broker. Who no longer holds the partition is told so."""
        try:
            await self.call(broker, Commit(self.group, partition, offset), self.timeout_ms)
            holding.committed = offset
        except Refused as failure:
            holding.ends = holding.ends or failure.reason == "not its owner"
        except Failure:
            pass  # the next one says as much

    async def process(self, record: Record, done: Future) -> None:
        """Work on one record."""
        await self.workers.acquire()
        await self.work(self.service_time, "service time")
        self.effect(self.group)
        self.publish("events.processed", 1)
        self.publish("events.delay_ms", self.kernel.now - record.accepted_ns)
        self.workers.release()
        done.resolve(None, None)
