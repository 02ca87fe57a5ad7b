"""The replicated register store: one value a key, on several replicas, in one of two ways.

**CP**: every read and write asks a majority (Attiya, Bar-Noy, Dolev: "Sharing Memory Robustly in Message-Passing
Systems", JACM 42(1), 1995; with many writers as in Lynch and Shvartsman, FTCS 1997). A write first learns the highest
tag from a majority, then stores its value under a higher one at a majority. A read learns the value with the highest
tag from a majority, and stores it back at a majority before it answers, so that no later read sees less. Any two
majorities share a replica: that is why operations look as if there were one copy. A side without a majority can
answer nothing.

**AP**: a replica answers reads and writes alone. Replicas tell each other what they have, one peer at a time
(anti-entropy, as in Dynamo and Cassandra); where two wrote the same key, the later timestamp wins, and the other
write is lost. Everybody gets an answer, perhaps an old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Param, QuorumRule, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Read, Replication, Reply, Value, Write, wrong_value
from simulations.engine.node import Node
from simulations.engine.state_machine import fingerprint
from simulations.engine.tasks import Cause, Failure, Refused


@dataclass(frozen=True)
class Stored:
    """A value and its tag: a counter (CP) or a wall-clock time in nanoseconds (AP), and the writer's number to break
    ties.
    """

    counter: int
    writer: int
    value: int | None


NOTHING = Stored(0, -1, None)


def corrupted(stored: Stored, draw: float) -> Stored:
    """The same tag over a value that nobody wrote; nothing stays nothing."""
    return Stored(stored.counter, stored.writer, wrong_value(draw)) if stored.counter else stored


def corrupted_entries(entries: tuple[tuple[str, Stored], ...], draw: float) -> tuple[tuple[str, Stored], ...]:
    """The same of many keys."""
    return tuple([(key, corrupted(stored, draw)) for key, stored in entries])


def newer(a: Stored, b: Stored) -> bool:
    """Whether a's tag is higher than b's."""
    return (a.counter, a.writer) > (b.counter, b.writer)


@dataclass(frozen=True)
class Query(Replication):
    """What do you have for this key?"""

    key: str


@dataclass(frozen=True)
class Have(Reply):
    """This."""

    stored: Stored

    def altered(self, draw: float) -> Body:
        return Have(corrupted(self.stored, draw))


@dataclass(frozen=True)
class Store(Replication):
    """Keep this, unless you have newer."""

    key: str
    stored: Stored

    def altered(self, draw: float) -> Body:
        return Store(self.key, corrupted(self.stored, draw))


@dataclass(frozen=True)
class Kept(Reply):
    """Kept, or had newer."""


@dataclass(frozen=True)
class Exchange(Replication):
    """All I have. Keep what is newer, and tell me what you have that is newer still."""

    entries: tuple[tuple[str, Stored], ...]

    def size(self) -> int:
        return 64 + 48 * len(self.entries)

    def altered(self, draw: float) -> Body:
        return Exchange(corrupted_entries(self.entries, draw))


@dataclass(frozen=True)
class Difference(Reply):
    """What you did not have."""

    entries: tuple[tuple[str, Stored], ...]

    def size(self) -> int:
        return 64 + 48 * len(self.entries)

    def altered(self, draw: float) -> Body:
        return Difference(corrupted_entries(self.entries, draw))


class Register(Node):
    """A replica of a store of registers."""

    TYPE: ClassVar[str] = "register"
    TITLE: ClassVar[str] = "Replicated store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A replica of a store that stays consistent or stays available"
    ICON: ClassVar[str] = "register"
    CLUSTERS: ClassVar[bool] = True
    QUORUM: ClassVar[QuorumRule] = QuorumRule(when=("mode", "cp"))
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "mode",
            "Under partition",
            "choice",
            "cp",
            choices=(Choice("cp", "CP: ask a majority"), Choice("ap", "AP: answer alone")),
            help="CP stays consistent and may refuse; AP always answers and may be out of date.",
            section="Replication",
        ),
        Param(
            "quorum_timeout_ms",
            "Quorum timeout",
            "number",
            200,
            "ms",
            0.001,
            3_600_000,
            help="CP only: how long to wait for a majority before refusing.",
            section="Replication",
        ),
        Param(
            "anti_entropy_ms",
            "Exchange every",
            "number",
            100,
            "ms",
            0.1,
            3_600_000,
            help="AP only: mean time between exchanges with a random peer.",
            section="Replication",
        ),
        fsync_param("Nothing is acknowledged before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Mode", look="badge"),
        Show("keys", "Keys"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = ()
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Query, Store, Exchange)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("old values", "Answers with old values", "Reads and queries get what it had when it first lied."),
        Lie("wrong values", "Answers with wrong values", "Reads and queries get values that nobody wrote."),
        Lie("false acknowledgements", "Says done and does nothing", "Writes are acknowledged and not kept."),
        Lie("equivocation", "Tells each another story", "Every second node gets values that nobody wrote."),
    )

    def start(self) -> None:
        self.entries: dict[str, Stored] = self.disk.read()
        self.issued: dict[str, int] = {}
        self.past: dict[str, Stored] | None = None  # what it had when it first lied about it
        self.digest = 0
        for key in self.entries:
            self.digest ^= share(key, self.entries[key])
        self.available = self.text("mode") == "ap"
        self.majority = (len(self.peers) + 1) // 2 + 1
        self.timeout_ms = self.number("quorum_timeout_ms")
        self.fsync_time = self.duration("fsync_time")
        self.show("role", "AP" if self.available else "CP")
        self.show_contents("")
        if self.available and self.peers:
            self.schedule_exchange()

    # Clients

    async def on_read(self, body: Read, message: Message) -> Body:
        if self.available:
            return Value(self.entries.get(body.key, NOTHING).value)
        found = await self.query_majority(body.key)
        await self.store_majority(body.key, found)
        return Value(found.value)

    async def on_write(self, body: Write, message: Message) -> Body:
        if self.available:
            current = self.entries.get(body.key, NOTHING)
            clock_ns = max(self.wall_ns, current.counter + 1)
            await self.keep(body.key, Stored(clock_ns, self.host.index, body.value))
            return DONE
        found = await self.query_majority(body.key)
        await self.store_majority(body.key, self.tagged(body, found))
        return DONE

    # CP: a majority for each phase

    async def query_majority(self, key: str) -> Stored:
        """Phase one: the highest tag that a majority knows, with its value. Failing here leaves no doubt: nothing was
        stored.
        """
        own = Have(self.entries.get(key, NOTHING))
        calls = self.call_each(self.peers, Query(key), self.timeout_ms)
        best = NOTHING
        try:
            for have in await self.quorum(calls, self.majority, [own]):
                if newer(have.stored, best):
                    best = have.stored
        except Failure as failure:
            raise Refused(failure.reason, False) from None
        return best

    async def store_majority(self, key: str, stored: Stored) -> None:
        """Phase two: a majority keeps the value."""
        calls = self.call_each(self.peers, Store(key, stored), self.timeout_ms)
        own = [Kept()]
        try:
            await self.keep(key, stored)
        except Failure:  # a majority of the others will do
            own = []
        await self.quorum(calls, self.majority, own)

    def tagged(self, body: Write, found: Stored) -> Stored:
        """The value under a tag above what was found, and like no other: not that of a write this replica coordinates
        meanwhile, nor of one that an earlier incarnation of it began and has forgotten.
        """
        counter = max(found.counter, self.issued.get(body.key, 0)) + 1
        self.issued[body.key] = counter
        writer = self.incarnation * len(self.network.hosts) + self.host.index
        return Stored(counter, writer, body.value)

    def on_query(self, body: Query, message: Message) -> Body:
        return Have(self.entries.get(body.key, NOTHING))

    async def on_store(self, body: Store, message: Message) -> Body:
        await self.keep(body.key, body.stored)
        return Kept()

    # AP: anti-entropy

    def schedule_exchange(self) -> None:
        """Set the timer of the next exchange: evenly within half to one and a half of the mean."""
        factor = 0.5 + self.draw("exchange delay")
        self.timer(int(to_ns(self.number("anti_entropy_ms")) * factor), "exchange", self.exchange)

    def exchange(self) -> None:
        """Tell one peer all we have."""
        peer = self.peers[int(self.draw("exchange peer") * len(self.peers))]
        entries = tuple([(key, self.entries[key]) for key in sorted(self.entries)])
        self.spawn(self.exchange_with(peer, entries), self.cause)
        self.schedule_exchange()

    async def exchange_with(self, peer: str, entries: tuple[tuple[str, Stored], ...]) -> None:
        """One exchange; a peer that does not answer is tried again some other time."""
        try:
            reply: Difference = await self.call(peer, Exchange(entries), self.number("anti_entropy_ms"))
            for key, stored in reply.entries:
                await self.keep(key, stored)
        except Failure:
            return

    async def on_exchange(self, body: Exchange, message: Message) -> Body:
        theirs = dict(body.entries)
        missing = [
            (key, self.entries[key])
            for key in sorted(self.entries)
            if key not in theirs or newer(self.entries[key], theirs[key])
        ]
        for key, stored in body.entries:
            await self.keep(key, stored)
        return Difference(tuple(missing))

    # State

    async def keep(self, key: str, stored: Stored) -> None:
        """Keep what is newer. Returns when all that was kept so far is on disk, also what somebody else is still
        syncing. Raises Refused when the disk is full.
        """
        current = self.entries.get(key, NOTHING)
        if newer(stored, current):
            self.disk.write(key, stored)
            self.entries[key] = stored
            self.digest ^= share(key, current) ^ share(key, stored)
            self.show_contents(f"{key} = {stored.value}")
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)

    def show_contents(self, change: str) -> None:
        """Show the last change and a digest of everything, by which copies can be compared."""
        if change:
            self.show("value", change)
        self.show("keys", len(self.entries))
        self.show("digest", f"{self.digest:08x}")

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        if behaviour == "old values":
            if self.past is None:
                self.past = dict(self.entries)
            if isinstance(body, Read):
                return Value(self.past.get(body.key, NOTHING).value)
            if isinstance(body, Query):
                return Have(self.past.get(body.key, NOTHING))
        if behaviour == "false acknowledgements":
            if isinstance(body, Write):
                return DONE
            if isinstance(body, Store):
                return Kept()
        return None

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        wrong = behaviour == "wrong values" and isinstance(body, (Value, Have))
        if behaviour == "equivocation":
            wrong = self.network.hosts[to].index % 2 == 1
        return body.altered(self.draw("lie")) if wrong else body


def share(key: str, stored: Stored) -> int:
    """An entry's share of the digest; nothing's is 0."""
    return fingerprint(key, stored.value) if stored.counter else 0
