"""The log broker: events in the order of their coming, kept, and read at each reader's own pace.

A log is cut into partitions. What has one key goes to one partition and is read in its order; over the partitions there
is none. Records are appended, are accepted once they are on disk, and stay, read or not, until the retention ends. A
reader remembers an offset and no more: reading takes nothing away, and can be done again (Kreps, Narkhede, Rao: "Kafka:
a Distributed Messaging System for Log Processing", NetDB 2011).

Consumers in one group share the partitions; each group reads everything. The broker keeps the offsets that groups
commit beside the records, and shares the partitions out anew when a member joins, leaves, or is not heard of for longer
than its session. How far groups are behind is their lag.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Lie, Metric, Param, Show
from simulations.engine.disk import GROUP, fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.groups import Group
from simulations.engine.messages import DONE, Body, Increment, Refusal, Request, Work, Write
from simulations.engine.publishing import Assigned, Attend, Commit, Fetch, Record, Records, record_of
from simulations.engine.readiness import ready_once_durable
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.streams import stream_key
from simulations.engine.tasks import Cause, Future

RECORD: Final = "record"  # on disk: record <partition> <offset>
OFFSET: Final = "offset"  # offset <partition> <group>
RESULT: Final = "result"  # result <idempotency key>
NOT_ITS_OWNER: Final = Refusal("not its owner", False)


class Partition:
    """Records by offset, from `start` on; those before `high` are on disk and may be read."""

    def __init__(self) -> None:
        self.start = 0
        self.high = 0
        self.records: list[Record] = []
        self.reading: list[Future] = []  # who waits for more

    @property
    def end(self) -> int:
        """The offset of the next record."""
        return self.start + len(self.records)

    def beyond(self, offset: int) -> int:
        """How many records may be read from an offset on."""
        return max(0, self.high - max(self.start, offset))

    def recover(self, stored: dict[int, Record | None]) -> None:
        """Take up what the disk has; what the retention took away is None there."""
        for offset in sorted(stored):
            record = stored[offset]
            if record is None:
                self.start = offset + 1
            else:
                self.records.append(record)
        self.high = self.end


class LogBroker(Server):
    """Keeps events in partitions for whoever reads them."""

    TYPE: ClassVar[str] = "log-broker"
    TITLE: ClassVar[str] = "Log broker"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Keeps events in partitioned logs that groups of consumers read"
    ICON: ClassVar[str] = "log-broker"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "partitions",
            "Partitions",
            "integer",
            4,
            "",
            1,
            1000,
            help="At most so many consumers of a group have something to do.",
            section="Log",
        ),
        Param(
            "retention_ms",
            "Kept for",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="Older records go, read or not. 0: none does.",
            section="Log",
        ),
        Param(
            "rebalance_delay_ms",
            "Await members for",
            "number",
            500,
            "ms",
            0,
            3_600_000,
            help="From a group's first member on, before its partitions are shared out.",
            section="Groups",
        ),
        *capacity(("Threads", 8), ("Time a record", 0.5, "What appending costs besides the disk."), queue_max=1000),
        fsync_param("Records and offsets count once they are on disk; those that wait share an fsync.", 1),
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        *load_shows("threads"),
        Show("lag", "Lag", "records", title_first=True),
        Show("groups", "Groups", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("records.appended", "records", "Records that were appended and are on disk.", "count"),
        Metric("records.expired", "records", "Records that the retention took away.", "count"),
        Metric("records.lag", "records", "Records that groups have not committed yet, over all groups.", "gauge"),
        Metric("groups.rebalances", "rebalances", "How often partitions were shared out.", "count"),
        Metric("commits.refused", "commits", "Offsets committed by who no longer held the partition.", "count"),
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Write, Increment, Attend, Fetch, Commit)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("false acknowledgements", "Says accepted and keeps nothing", "Events are acknowledged and go nowhere."),
    )

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        self.retention_ns = to_ns(self.number("retention_ms"))
        self.logs = [Partition() for _ in range(self.integer("partitions"))]
        self.groups: dict[str, Group] = {}
        self.offsets: dict[str, dict[int, int]] = {}  # by group, as on disk
        self.turn = 0
        self.show_lag = self.gauge("lag")
        self.open(self.recover(self.disk.read()))
        ready_once_durable(self, self.fsync_time)
        self.count_lag()
        if self.retention_ns > 0:
            self.timer(self.look_every_ns(), "retention", self.expire)

    def recover(self, stored: dict[str, Any]) -> dict[int, Body]:
        """Take up what the disk has; returns the results by idempotency key."""
        answers: dict[int, Body] = {}
        found: dict[int, dict[int, Record | None]] = {}
        for key, value in stored.items():
            what, _, name = key.partition(" ")
            first, _, rest = name.partition(" ")
            if what == RECORD:
                found.setdefault(int(first), {})[int(rest)] = value
            elif what == OFFSET:
                self.offsets.setdefault(rest, {})[int(first)] = value
            else:
                answers[int(first)] = value
        for partition, records in found.items():
            self.logs[partition].recover(records)
        return answers

    # Appending

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Append a record. Raises Refused when the disk is full."""
        number = self.partition_of(body.key if isinstance(body, (Write, Increment)) else "")
        log = self.logs[number]
        record = record_of(body, message, log.end, self.kernel.now)
        values: dict[str, Any] = {f"{RECORD} {number} {record.number}": record}
        if self.results is not None and record.token >= 0:
            values[f"{RESULT} {record.token}"] = DONE
        self.disk.write_together(values)
        log.records.append(record)
        await self.disk.fsync(self.fsync_time, GROUP)
        log.high = record.number + 1
        self.publish("records.appended", 1)
        self.lag += len(self.groups)
        self.tell_lag()
        reading, log.reading = log.reading, []
        for reader in reading:
            reader.resolve(None, self.cause)
        return DONE

    def partition_of(self, key: str) -> int:
        """By the key; what has none goes to each in turn."""
        if key:
            return int(stream_key(0, key, "partition") % len(self.logs))
        self.turn += 1
        return self.turn % len(self.logs)

    def look_every_ns(self) -> int:
        """How often it looks for what is too old."""
        return max(self.retention_ns // 4, to_ns(1))

    def expire(self) -> None:
        """Take away what is older than the retention."""
        self.timer(self.look_every_ns(), "retention", self.expire)
        for number, log in enumerate(self.logs):
            old = 0
            while log.start + old < log.high and log.records[old].accepted_ns < self.kernel.now - self.retention_ns:
                old += 1
            if old and not self.disk.full:
                for offset in range(log.start, log.start + old):
                    self.disk.write(f"{RECORD} {number} {offset}", None)
                del log.records[:old]
                log.start += old
                self.publish("records.expired", old)
                self.count_lag()

    # Reading

    async def on_fetch(self, body: Fetch, message: Message) -> Body:
        """Hand out records, or wait for some."""
        log = self.logs[body.partition]
        if log.high <= body.offset and body.wait_ms > 0:
            more = Future()
            log.reading.append(more)
            await self.race([more, self.sleep(to_ns(body.wait_ms))])
            if not more.done:
                log.reading.remove(more)
        first = max(0, body.offset - log.start)
        last = min(first + body.most, log.high - log.start)
        return Records(tuple(log.records[first:last]), log.high)

    # Groups

    async def on_attend(self, body: Attend, message: Message) -> Body:
        """A member is there: tell it what to read."""
        who = message.channel.src.id
        group = await self.group(body)
        if body.leaves:
            if who in group.members:
                group.remove(who)
                self.rebalance(group)
            return Assigned(group.generation, ())
        session_ns = to_ns(body.session_ms)
        self.timer(session_ns, "session", lambda: self.look_after(group))
        if group.renew(who, body.held, self.now_ns + session_ns) and self.now_ns >= group.begins_ns:
            self.rebalance(group)
        return Assigned(group.generation, group.assigned(who))

    async def group(self, body: Attend) -> Group:
        """The group; it begins with its first member."""
        found = self.groups.get(body.group)
        if found is None:
            committed = {number: log.start if body.from_start else log.high for number, log in enumerate(self.logs)}
            committed |= self.offsets.get(body.group, {})
            delay_ns = to_ns(self.number("rebalance_delay_ms"))
            found = self.groups[body.group] = Group(body.group, len(self.logs), committed, self.now_ns + delay_ns)
            self.timer(delay_ns, "begin", lambda: self.rebalance(self.groups[body.group]))
            self.count_lag()
            for number, offset in committed.items():
                self.disk.write(f"{OFFSET} {number} {body.group}", offset)
            await self.disk.fsync(self.fsync_time, GROUP)
        return found

    def look_after(self, group: Group) -> None:
        """Remove the members whose session has ended."""
        gone = [member for member, until_ns in group.members.items() if until_ns <= self.now_ns]
        for member in gone:
            self.note(f"the session of {member} has ended")
            group.remove(member)
        if gone:
            self.rebalance(group)

    def rebalance(self, group: Group) -> None:
        """Share a group's partitions out."""
        self.publish("groups.rebalances", 1)
        words = group.rebalance()
        self.note(words)
        self.show("groups", words)

    async def on_commit(self, body: Commit, message: Message) -> Body:
        """A member has come to an offset; only who holds the partition may say so. Raises Refused when the disk is
        full.
        """
        group = self.groups.get(body.group)
        if group is None or group.holder.get(body.partition) != message.channel.src.id:
            self.publish("commits.refused", 1)
            return NOT_ITS_OWNER
        self.disk.write(f"{OFFSET} {body.partition} {body.group}", body.offset)
        log = self.logs[body.partition]
        self.lag += log.beyond(body.offset) - log.beyond(group.committed[body.partition])
        group.committed[body.partition] = body.offset
        self.tell_lag()
        await self.disk.fsync(self.fsync_time, GROUP)
        return DONE

    def count_lag(self) -> None:
        """Count how many records all groups are behind, from scratch."""
        self.lag = 0
        for group in self.groups.values():
            for number, log in enumerate(self.logs):
                self.lag += log.beyond(group.committed[number])
        self.tell_lag()

    def tell_lag(self) -> None:
        """Show how many records all groups are behind."""
        self.show_lag.set(self.lag)
        self.publish("records.lag", self.lag)

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        return DONE if behaviour == "false acknowledgements" and isinstance(body, (Work, Write, Increment)) else None
