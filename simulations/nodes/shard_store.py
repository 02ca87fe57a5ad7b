"""The sharded store: keys divided over many members, and moved while they are in use when one more joins.

Any member takes any request and forwards it to the key's owner, as Dynamo's and Cassandra's coordinators do. Whoever
wants to join asks the first of the founders, which lets in one at a time: it tells all members of the next ring. From
then on each hands over what is no longer its own, in batches. A key is served by its old owner until its batch leaves,
held back while the batch is on its way, and served by its new owner from its arrival on; whoever asks the wrong one of
the two is forwarded. So each key has one owner at any moment, and no request fails. The other way is to refuse what is
on the move until all of it has arrived (*stop and copy*).

A batch is marked on the sender's disk before it leaves and kept until the receiver has it on its own: a crash of either
sends it once more, and what has arrived before is left alone (DeCandia et al.: "Dynamo", SOSP 2007, section 4.9).
"""

from __future__ import annotations

from typing import ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.disk import GROUP
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.messages import DONE, Body, Read, Request, Value, Write
from simulations.engine.partitioning import PARTITIONING_PARAMS, Partitioning, partitioning
from simulations.engine.retries import call_until_answered
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.shards import JoinRing, Layout, NewRing, RingKnown, Taken, Transfer
from simulations.engine.tasks import Failure, Future, Refused

LIVE: Final = "live"
STOP: Final = "stop"
RING_KEY: Final = "ring of members"  # on disk; no key of a client has a blank
POLL_MS: Final = 100  # how often the first founder looks whether all is moved
AGAIN_MS: Final = 500  # how long a member waits for another before it tries once more


class ShardStore(Server):
    """Keeps the keys that are its own, and knows whose the others are."""

    TYPE: ClassVar[str] = "shard-store"
    TITLE: ClassVar[str] = "Sharded store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a store that divides its keys, and grows while it runs"
    ICON: ClassVar[str] = "shard-store"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *capacity(("Workers", 4), ("Request takes", 4, "What a request costs its owner besides the disk."), 1000),
        *PARTITIONING_PARAMS,
        Param(
            "founders",
            "Founders",
            "text",
            "",
            help="Who is a member from the start, with blanks between; empty: all of the cluster.",
            section="Growth",
        ),
        Param(
            "joins_at_ms",
            "Joins at",
            "number",
            0,
            "ms",
            0,
            86_400_000,
            help="For one that is no founder.",
            section="Growth",
        ),
        Param(
            "preloaded",
            "Keys at the start",
            "integer",
            0,
            "",
            0,
            100_000,
            help="k0, k1 and so on, nothing written to them yet; of the whole store.",
            section="Growth",
        ),
        Param(
            "handover",
            "Handover",
            "choice",
            LIVE,
            choices=(Choice(LIVE, "Live: forward what has left"), Choice(STOP, "Stop and copy: refuse what moves")),
            help="What becomes of requests for keys on the move.",
            section="Growth",
        ),
        Param("batch_keys", "Batch", "integer", 50, "keys", 1, 100_000, help="Moved at once.", section="Growth"),
        Param(
            "batch_pause_ms",
            "Pause between batches",
            "number",
            20,
            "ms",
            0,
            3_600_000,
            help="So that moving leaves room for work.",
            section="Growth",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            500,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the owner of a forwarded request.",
            section="Calls",
        ),
        Param(
            "fsync_time",
            "fsync takes",
            "distribution",
            {"kind": "constant", "value_ms": 0.5},
            "ms",
            0,
            3_600_000,
            help="Nothing is acknowledged before it is on disk; those that wait share one.",
            section="Disk",
        ),
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("keys", "Keys"),
        *load_shows("workers"),
        Show("state", "State", look="badge"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("shard.keys", "keys", "Keys that it has.", "gauge"),
        Metric("shard.keys_moved", "keys", "Keys that it has handed over to another member.", "count"),
        Metric("shard.forwarded", "requests", "Requests that it has forwarded.", "count"),
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, JoinRing, NewRing, Transfer)

    def start(self) -> None:
        self.open({})
        self.timeout_ms = self.number("timeout_ms")
        self.fsync_time = self.duration("fsync_time")
        self.stops = self.text("handover") == STOP
        self.batch_keys = self.integer("batch_keys")
        everybody = sorted([self.id, *self.peers])
        self.founders = [name for name in self.text("founders").split() if name in everybody] or everybody
        self.writing: dict[str, int] = {}  # writes under way
        self.sent: dict[str, bool] = {}  # keys given up; true once the new owner has them
        self.handed: list[str] = []  # members that have all that is theirs
        self.landing: list[Future] = []  # requests for keys on their way
        self.asking: list[str] = []  # who wants to join
        self.leading = False
        self.show_keys = self.gauge("keys")
        self.values: dict[str, int | None] = {}
        stored = self.disk.read()
        self.layout: Layout = stored.pop(RING_KEY, Layout(1, tuple(self.founders)))
        self.lay_out(self.layout)
        if not stored and self.layout.version == 1:
            self.preload()
        for key, entry in stored.items():
            if entry is not None and entry[1] in (0, self.layout.version):
                self.values[key] = entry[0]
                if entry[1]:
                    self.sent[key] = False
        self.count_keys()
        self.go_on()

    def preload(self) -> None:
        """Have one's share of the keys that there are from the start."""
        keys = [f"k{number}" for number in range(self.integer("preloaded"))]
        self.values = {key: None for key in keys if self.part.owner(key) == self.id}
        if self.values:
            self.disk.write_together(dict.fromkeys(self.values, (None, 0)))
            self.disk.fsync(self.fsync_time, GROUP)

    # Requests

    async def serve(self, body: Request, message: Message) -> Body:
        """Serve a key that is one's own, and forward the rest. Raises Refused where it moves and that stops it."""
        assert isinstance(body, (Read, Write))
        while True:
            owner = self.whereabouts(body.key)
            if not owner:
                arrival = Future()
                self.landing.append(arrival)
                await self.cancellable(message, arrival)
            elif owner != self.id:
                self.publish("shard.forwarded", 1)
                self.admission.begin(message)
                timeout_ms = self.admission.time_left_ms(message, self.timeout_ms)
                reply: Body = await self.cancellable(message, self.call(owner, body, timeout_ms))
                return reply
            else:
                answer = await self.serve_here(body, message)
                if answer is not None:
                    return answer

    async def serve_here(self, body: Read | Write, message: Message) -> Body | None:
        """Wait for a worker and work; None if the key has left meanwhile."""
        came_ns = self.kernel.now
        await self.cancellable(message, self.workers.acquire(body.rank()))
        self.admission.waited(self.kernel.now - came_ns)
        try:
            self.admission.begin(message)
            await self.cancellable(message, self.work(self.service_time, "service time"))
            if self.whereabouts(body.key) != self.id:
                return None
            return await self.carry_out(body, message)
        finally:
            self.workers.release()

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Read or write. Raises Refused when the disk is full."""
        if isinstance(body, Read):
            return Value(self.values.get(body.key))
        if isinstance(body, Write):
            self.disk.write(body.key, (body.value, 0))
            self.writing[body.key] = self.writing.get(body.key, 0) + 1
            await self.disk.fsync(self.fsync_time, GROUP)
            self.values[body.key] = body.value
            self.writing[body.key] -= 1
            if not self.writing[body.key]:
                del self.writing[body.key]
            self.count_keys()
        return DONE

    def whereabouts(self, key: str) -> str:
        """Who serves a key now, or knows it better than this member; "" while it is on its way from here. Raises
        Refused for a key on the move where that stops it.
        """
        now = self.part.owner(key)
        if self.old is None:
            return now
        before = self.old.owner(key)
        if before == now or self.id not in (before, now):
            return now
        if self.stops and (now not in self.handed if before == self.id else before in self.layout.awaited):
            raise Refused("key is being moved", False)
        if now == self.id:
            return self.id if key in self.values or before not in self.layout.awaited else before
        if now in self.handed or self.sent.get(key, False):
            return now
        return "" if key in self.sent or now in self.layout.closed else self.id

    # The ring

    def lay_out(self, layout: Layout) -> None:
        """Know who the members are."""
        self.layout = layout
        kind, points = self.text("partitioning"), self.integer("virtual_nodes")
        self.part = partitioning(kind, layout.members, points)
        self.old: Partitioning | None = partitioning(kind, layout.before, points) if layout.before else None

    def go_on(self) -> None:
        """Do what is to be done in the present ring: join it, move what is not one's own, let others in."""
        layout = self.layout
        self.show_state()
        if self.id not in layout.members:
            self.timer(max(1, to_ns(self.number("joins_at_ms")) - self.now_ns), "join", self.join)
        elif self.id in layout.before:
            for member in layout.members:
                if member != self.id:
                    self.spawn(self.hand_over(member), self.cause)
        if self.id == self.founders[0] and layout.version > 1:
            self.lead()

    def join(self) -> None:
        """Ask to be let in, until it is so."""
        self.show_state("joining")
        self.spawn(self.ask_to_join(), self.cause)

    async def ask_to_join(self) -> None:
        """Ask the first founder, again and again."""
        while self.id not in self.layout.members:
            try:
                await self.call(self.founders[0], JoinRing(), AGAIN_MS)
            except Failure:
                pass
            await self.sleep(AGAIN_MS * NS_PER_MS)

    def on_join_ring(self, body: JoinRing, message: Message) -> Body:
        """Somebody wants to join: in turn."""
        who = message.channel.src.id
        if who not in self.layout.members and who not in self.asking:
            self.asking.append(who)
            self.lead()
        return DONE

    def lead(self) -> None:
        """As the first founder, see to it that everybody gets where they belong."""
        if not self.leading:
            self.leading = True
            self.spawn(self.let_in(), self.cause)

    async def let_in(self) -> None:
        """Let in who asks, one at a time, each when all the keys are where the last one left them."""
        while True:
            await self.all_settled()
            if not self.asking:
                self.leading = False
                return
            if not self.adopt_with(self.asking[0]):  # the disk is full
                await self.sleep(AGAIN_MS * NS_PER_MS)

    def adopt_with(self, newcomer: str) -> bool:
        """Adopt the ring with one member more, the first who asks. Returns whether there is room on the disk for it."""
        layout = self.layout
        try:
            self.adopt(NewRing(layout.version + 1, (*layout.members, newcomer), layout.members))
        except Refused:
            return False
        self.note(f"{self.asking.pop(0)} joins")
        return True

    async def all_settled(self) -> None:
        """Tell the members of the ring, and wait until all keys are moved."""
        unsettled = [member for member in self.layout.members if member != self.id]
        while unsettled or self.old is not None:
            ring = self.ring()
            for member in list(unsettled):
                try:
                    reply = await self.call(member, ring, AGAIN_MS)
                except Failure:
                    continue
                if isinstance(reply, RingKnown) and reply.settled:
                    unsettled.remove(member)
            await self.sleep(POLL_MS * NS_PER_MS)

    def ring(self) -> NewRing:
        """The present ring, as told to others."""
        return NewRing(self.layout.version, self.layout.members, self.layout.before)

    def on_new_ring(self, body: NewRing, message: Message) -> Body:
        """There is a new ring."""
        self.adopt(body)
        return RingKnown(self.old is None)

    def adopt(self, ring: NewRing) -> None:
        """Follow a newer ring. Raises Refused when the disk is full."""
        if ring.version <= self.layout.version:
            return
        others = tuple([member for member in ring.before if member != self.id])
        layout = Layout(ring.version, ring.members, ring.before, others)
        self.disk.write(RING_KEY, layout)
        self.disk.fsync(self.fsync_time, GROUP)
        self.sent = {}
        self.handed = []
        self.lay_out(layout)
        self.go_on()

    def settle(self) -> None:
        """Forget the ring before, once everything has come and gone."""
        layout = self.layout
        others = len(layout.members) - 1
        if self.old is None or layout.awaited or (self.id in layout.before and len(self.handed) < others):
            return
        try:
            self.disk.write(RING_KEY, Layout(layout.version, layout.members))
        except Refused:  # the disk is full
            self.timer(AGAIN_MS * NS_PER_MS, "settle", self.settle)
            return
        self.disk.fsync(self.fsync_time, GROUP)
        self.lay_out(Layout(layout.version, layout.members))
        self.show_state()
        self.wake()

    # Moving keys

    async def hand_over(self, receiver: str) -> None:
        """Give a member the keys that are its own now, batch by batch."""
        pause_ns = to_ns(self.number("batch_pause_ms"))
        while receiver not in self.handed:
            keys, last = self.next_batch(receiver)
            given_up = bool(keys) or last  # otherwise all that is left is being written
            if given_up:
                try:
                    await self.give_up(receiver, keys, last)
                except Refused:
                    given_up = False
            if not given_up:
                await self.sleep(NS_PER_MS)
                continue
            entries = tuple([(key, self.values[key]) for key in keys])
            batch = Transfer(self.ring(), entries, last)
            await call_until_answered(self, receiver, batch, AGAIN_MS, NS_PER_MS)
            self.landed(receiver, keys, last)
            await self.sleep(pause_ns)

    def next_batch(self, receiver: str) -> tuple[list[str], bool]:
        """Keys of a member that nobody is writing, and whether there are no others."""
        keys = [key for key in self.values if self.part.owner(key) == receiver]
        batch = [key for key in keys if key not in self.writing][: self.batch_keys]
        return batch, len(batch) == len(keys) and all(self.part.owner(key) != receiver for key in self.writing)

    async def give_up(self, receiver: str, keys: list[str], last: bool) -> None:
        """Mark keys as no longer one's own. Raises Refused when the disk is full."""
        marks: dict[str, object] = {key: (self.values[key], self.layout.version) for key in keys}
        layout = self.layout
        if last and receiver not in layout.closed:
            closed = (*layout.closed, receiver)
            layout = Layout(layout.version, layout.members, layout.before, layout.awaited, closed)
            marks[RING_KEY] = layout
        if marks:
            self.disk.write_together(marks)
        self.layout = layout
        for key in keys:
            self.sent[key] = False
        await self.disk.fsync(self.fsync_time, GROUP)

    def landed(self, receiver: str, keys: list[str], last: bool) -> None:
        """A batch is on its new owner's disk."""
        for key in keys:
            self.sent[key] = True
            del self.values[key]
        if keys:
            self.publish("shard.keys_moved", len(keys))
            self.count_keys()
            try:
                self.disk.write_together(dict.fromkeys(keys))
            except Refused:
                pass  # the disk is full: the marks say as much
        if last:
            self.handed.append(receiver)
        self.wake()
        self.settle()

    async def on_transfer(self, body: Transfer, message: Message) -> Body:
        """Keys have come. What is here already has come before. Raises Refused when the disk is full."""
        self.adopt(body.ring)
        sender = message.channel.src.id
        if body.ring.version < self.layout.version or sender not in self.layout.awaited:
            return Taken()
        entries = {key: value for key, value in body.entries if key not in self.values}
        if entries:
            self.disk.write_together({key: (value, 0) for key, value in entries.items()})
        await self.disk.fsync(self.fsync_time, GROUP)
        for key, value in entries.items():
            self.values.setdefault(key, value)
        self.count_keys()
        if body.last and sender in self.layout.awaited:
            self.no_longer_await(sender)
            await self.disk.fsync(self.fsync_time, GROUP)
            self.settle()
        return Taken()

    def no_longer_await(self, sender: str) -> None:
        """All that was a member's and is one's own has come. Raises Refused when the disk is full."""
        layout = self.layout
        awaited = tuple([member for member in layout.awaited if member != sender])
        layout = Layout(layout.version, layout.members, layout.before, awaited, layout.closed)
        self.disk.write(RING_KEY, layout)
        self.layout = layout

    def wake(self) -> None:
        """Let those look again who wait for a key on its way."""
        landing, self.landing = self.landing, []
        for arrival in landing:
            arrival.resolve(None, None)

    def count_keys(self) -> None:
        """There are more keys, or fewer."""
        self.show_keys.set(len(self.values))
        self.publish("shard.keys", len(self.values))

    def show_state(self, state: str = "") -> None:
        """Show what it is doing."""
        member = self.id in self.layout.members
        self.show("state", state or ("moving" if self.old is not None else "member" if member else "outside"))
