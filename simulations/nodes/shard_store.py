"""The sharded store: keys divided over many members, and moved while they are in use when one more joins.

Keys are divided by their hashes, on a ring or modulo the number of members; by **ranges** in their order, so that
neighbours lie together; or by a **directory**, a node whose table says where each is. Any member takes any request and
forwards it to the key's owner, as Dynamo's and Cassandra's coordinators do; a *shard router* asks the owner at once,
and is told when its map is old. With a directory a member knows only what it has itself.

The first of the founders decides, or the directory: it lets in who wants to join, one at a time, and tells all members
whose the keys are from then on. A range that has grown too large or too hot is split, and its upper part goes to
whoever has least (Chang et al.: "Bigtable", OSDI 2006, section 5.1; by load: CockroachDB). In each case every member
hands over what is no longer its own, in batches. A key is served by its old owner until its batch leaves, held back
while the batch is on its way, and served by its new owner from its arrival on; whoever asks the wrong one of the two is
forwarded. So each key has one owner at any moment, and no request fails. The other way is to refuse what is on the move
until all of it has arrived (*stop and copy*). To move keys takes workers and links that requests need too, so it can be
held to a rate.

A batch is marked on the sender's disk before it leaves and kept until the receiver has it on its own: a crash of either
sends it once more, and what has arrived before is left alone (DeCandia et al.: "Dynamo", SOSP 2007, section 4.9).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Neighbour, Param, Show
from simulations.engine.disk import GROUP, fsync_param
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.founding import founders
from simulations.engine.messages import DONE, Body, Read, Request, Value, Write
from simulations.engine.moving import (
    GROWTH_PARAMS,
    MOVING_PARAMS,
    STOP,
    Throttle,
    doubts_among_shards,
    shard_doubts,
    toil,
)
from simulations.engine.name_lists import names_in
from simulations.engine.partitioning import DIRECTORY, PARTITIONING_PARAMS, Partitioning, partitioning
from simulations.engine.relaying import Relayed, Relays, name_of
from simulations.engine.retries import call_until_answered
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, capacity, load_shows
from simulations.engine.shard_keeper import AGAIN_MS, LAYOUT_KEY, Keeper
from simulations.engine.shards import (
    AskMap,
    JoinStore,
    Layout,
    MapAdopted,
    MapKnown,
    NewMap,
    RangeReport,
    Routed,
    ShardMap,
    Taken,
    Transfer,
    first_map,
)
from simulations.engine.splitting import SPLIT_PARAMS, Splits
from simulations.engine.tasks import Failure, Future, Refused

NOT_HERE: Final = "key of another member"
LANDING_FACTOR: Final = 10  # a batch may take so many times longer to be taken in than its keys need


class ShardStore(Keeper):
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
        *SPLIT_PARAMS,
        *GROWTH_PARAMS,
        *MOVING_PARAMS,
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
        fsync_param("Nothing is acknowledged before it is on disk; those that wait share one."),
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
        Metric("shard.move_ms", "ms", "From a new map to having all keys where they belong by it.", "duration"),
        Metric("shard.forwarded", "requests", "Requests that it has forwarded.", "count"),
        Metric("shard.served", "requests", "Requests for its own keys that it has served.", "count"),
        Metric("shard.splits", "ranges", "Ranges that it has had split, as the one who decides.", "count"),
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (
        Read,
        Write,
        Relayed,
        Routed,
        AskMap,
        JoinStore,
        NewMap,
        RangeReport,
        Transfer,
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return shard_doubts(params, neighbours)

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        return doubts_among_shards(params, neighbours)

    def start(self) -> None:
        self.open({})
        self.timeout_ms = self.number("timeout_ms")
        self.stops = self.text("handover") == STOP
        self.batch_keys = self.integer("batch_keys")
        self.kind = self.text("partitioning")
        founding = founders(self, [self.id, *self.peers])
        self.keeper = self.text("directory") if self.kind == DIRECTORY else founding[0]
        self.throttle = Throttle(self)
        self.splits = Splits(self)
        self.streams = self.integer("move_streams")
        self.leaving: dict[str, bool] = {}  # keys of batches that are being made or on their way
        self.moves_since_ns = self.now_ns
        self.writing: dict[str, int] = {}  # writes under way
        self.sent: dict[str, bool] = {}  # keys given up; true once the new owner has them
        self.handed: list[str] = []  # members that have all that is theirs
        self.landing: list[Future] = []  # requests for keys on their way, or by a map that is not here yet
        self.show_keys = self.gauge("keys")
        self.values: dict[str, int | None] = {}
        stored = self.disk.read()
        self.relays = Relays(self, stored)
        first = Layout(first_map(self.kind, founding, names_in(self.text("split_points"))))
        layout: Layout = stored.pop(LAYOUT_KEY, first)
        self.keep(layout, self.duration("fsync_time"))
        self.lay_out(layout)
        if not stored and layout.map.version == 1:
            self.preload()
        for key, (value, version) in stored.items():
            if version in (0, layout.map.version):
                self.values[key] = value
            if abs(version) == layout.map.version:
                self.sent[key] = version < 0
        self.count_keys()
        if self.splits.on:
            self.timer(to_ns(self.number("report_ms")), "report", self.report)
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
        if isinstance(body, AskMap):
            return self.known()
        assert isinstance(body, (Read, Write, Relayed, Routed))
        request = body.request if isinstance(body, (Relayed, Routed)) else body
        while True:
            map = self.layout.map
            early = isinstance(body, Routed) and body.version > map.version and self.kind == DIRECTORY
            owner = "" if early else self.whereabouts(request.key)
            if not owner:
                arrival = Future()
                self.landing.append(arrival)
                await self.cancellable(message, arrival)
            elif owner == self.id:
                answer = await self.serve_here(request, message)
                if answer is not None:
                    return answer
            elif isinstance(body, Routed) and body.version < map.version:
                return self.known()
            else:
                return await self.forward(owner, request, message)

    def on_relayed(self, body: Relayed, message: Message) -> Any:
        """A write that another member was asked for. A copy that the network makes of it gets no answer of its own."""
        return self.on_request(body, message) if self.relays.is_new(body) else None

    async def forward(self, owner: str, request: Read | Write, message: Message) -> Body:
        """Ask the owner. Raises Refused where only the directory knows who that is."""
        theirs = self.part.owner(request.key) != self.id
        if self.kind == DIRECTORY and theirs and (self.old is None or self.old.owner(request.key) != self.id):
            raise Refused(NOT_HERE, False)
        self.publish("shard.forwarded", 1)
        self.admission.begin(message)
        timeout_ms = self.admission.time_left_ms(message, self.timeout_ms)
        reply: Body = await self.cancellable(message, self.call(owner, self.relays.named(request), timeout_ms))
        return reply

    def known(self) -> MapKnown:
        """What a router may know."""
        return MapKnown(self.kind, self.integer("virtual_nodes"), self.layout.map.settled())

    async def serve_here(self, body: Read | Write, message: Message) -> Body | None:
        """Wait for a worker and work; None if the key has left meanwhile."""
        came_ns = self.kernel.now
        await self.cancellable(message, self.workers.acquire(body.rank()))
        self.admission.waited(self.kernel.now - came_ns)
        try:
            self.admission.begin(message)
            await self.cancellable(message, self.work(self.service_time, "service time"))
            answer: Body | None = None
            if self.whereabouts(body.key) == self.id:
                self.splits.count(body.key)
                answer = await self.carry_out(body, message)
        except Failure:
            self.workers.release()
            raise
        self.workers.release()
        return answer

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Read or write. Raises Refused when the disk is full."""
        self.publish("shard.served", 1)
        if isinstance(body, Read):
            return Value(self.values.get(body.key))
        if isinstance(body, Write):
            self.disk.write_together({body.key: (body.value, 0)} | name_of(message))
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
        if not self.layout.map.version:
            raise Refused("no map yet", False)
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

    # The map

    def lay_out(self, layout: Layout) -> None:
        """Know whose the keys are."""
        self.layout = layout
        map, points = layout.map, self.integer("virtual_nodes")
        self.part = partitioning(self.kind, map.members, points, map.table)
        self.old: Partitioning | None = None
        if map.before:
            self.old = partitioning(self.kind, map.before, points, map.table_before)

    def go_on(self) -> None:
        """Do what is to be done by the present map: join, move what is not one's own, let others in."""
        map = self.layout.map
        self.show_state()
        if self.id not in map.members:
            self.timer(max(1, to_ns(self.number("joins_at_ms")) - self.now_ns), "join", self.join)
        elif self.id in map.before:
            for member in map.members:
                for _ in range(self.streams if member != self.id else 0):
                    self.spawn(self.hand_over(member), self.cause)
        if self.id == self.keeper and map.version > 1:
            self.lead()

    def join(self) -> None:
        """Ask to be let in, until it is so."""
        if self.id not in self.layout.map.members and self.host.reaches(self.keeper):
            self.show_state("joining")
            self.spawn(self.ask_to_join(), self.cause)

    async def ask_to_join(self) -> None:
        """Ask who decides, again and again."""
        while self.id not in self.layout.map.members:
            try:
                await self.call(self.keeper, JoinStore(), AGAIN_MS)
            except Failure:
                pass
            await self.sleep(AGAIN_MS * NS_PER_MS)

    def moving(self) -> bool:
        return self.old is not None

    def on_new_map(self, body: NewMap, message: Message) -> Body:
        """Keys are somebody else's from now on."""
        self.adopt(body.map)
        return MapAdopted(self.old is None)

    def adopt(self, map: ShardMap) -> None:
        """Follow a newer map. Raises Refused when the disk is full."""
        first = not self.layout.map.version
        if map.version <= self.layout.map.version:
            return
        others = tuple([member for member in map.before if member != self.id])
        layout = Layout(map, others)
        self.disk.write(LAYOUT_KEY, layout)
        self.disk.fsync(self.fsync_time, GROUP)
        if self.old is not None:  # after a restart; others have what was given up, or there were no newer map
            self.values = {key: value for key, value in self.values.items() if self.part.owner(key) == self.id}
        self.sent = {}
        self.handed = []
        self.splits.reports = {}
        self.moves_since_ns = self.now_ns
        self.lay_out(layout)
        if self.id == self.keeper and map.members == map.before:
            self.publish("shard.splits", 1)
        if first and not map.before:
            self.preload()
            self.count_keys()
        self.go_on()
        self.wake()

    def settle(self) -> None:
        """Forget the map before, once everything has come and gone."""
        layout = self.layout
        others = len(layout.map.members) - 1
        if self.old is None or layout.awaited or (self.id in layout.map.before and len(self.handed) < others):
            return
        settled = Layout(layout.map.settled())
        try:
            self.disk.write(LAYOUT_KEY, settled)
        except Refused:  # the disk is full
            self.timer(AGAIN_MS * NS_PER_MS, "settle", self.settle)
            return
        self.disk.fsync(self.fsync_time, GROUP)
        self.publish("shard.move_ms", self.now_ns - self.moves_since_ns)
        self.lay_out(settled)
        self.show_state()
        self.wake()

    # Splits

    def report(self) -> None:
        """Tell who decides what one's ranges have to do; as the one who decides, look for one to split."""
        self.timer(to_ns(self.number("report_ms")), "report", self.report)
        told = self.splits.report(self.part, list(self.values))
        if self.id != self.keeper:
            self.send(self.keeper, told)
            return
        self.splits.hear(self.id, told)
        if self.split() is not None:
            self.lead()

    def on_range_report(self, body: RangeReport, message: Message) -> None:
        """A member's ranges."""
        self.splits.hear(message.channel.src.id, body)

    def split(self) -> ShardMap | None:
        return self.splits.next_map()

    # Moving keys

    async def hand_over(self, receiver: str) -> None:
        """Give a member the keys that are its own now, batch by batch."""
        map = self.layout.map
        pause_ns = to_ns(self.number("batch_pause_ms"))
        timeout_ms = AGAIN_MS + LANDING_FACTOR * self.batch_keys * self.streams * self.number("move_ms")
        while self.layout.map.version == map.version and receiver not in self.handed:
            chosen = self.next_batch(receiver)
            if chosen:
                await self.sleep(self.throttle.wait_ns(len(chosen)))
                await toil(self, len(chosen))
            keys, last = self.still_to_go(receiver, chosen)
            given_up = bool(keys) or last  # otherwise all that is left is being written, or leaves in other batches
            if given_up:
                try:
                    await self.give_up(receiver, keys, last)
                except Refused:
                    given_up = False
            if given_up:
                entries = tuple([(key, self.values[key]) for key in keys])
                batch = Transfer(map, entries, last, self.integer("value_bytes"))
                await call_until_answered(self, receiver, batch, timeout_ms, NS_PER_MS)
                if self.layout.map.version == map.version:  # else others were done, and this is of a move that is over
                    self.landed(receiver, keys, last)
            for key in chosen:
                self.leaving.pop(key, None)
            await self.sleep(pause_ns if given_up else self.streams * NS_PER_MS)

    def next_batch(self, receiver: str) -> list[str]:
        """Keys of a member that nobody is writing and that are in no batch; they are in this one."""
        keys = [key for key in self.values if self.part.owner(key) == receiver]
        batch = [key for key in keys if key not in self.writing and key not in self.leaving][: self.batch_keys]
        self.leaving.update(dict.fromkeys(batch, True))
        return batch

    def still_to_go(self, receiver: str, chosen: list[str]) -> tuple[list[str], bool]:
        """Those of a batch that nobody is writing by now, and whether they are all that is left."""
        keys = [key for key in chosen if key not in self.writing]
        left = [key for key in (*self.values, *self.writing) if self.part.owner(key) == receiver]
        return keys, set(left) == set(keys)

    async def give_up(self, receiver: str, keys: list[str], last: bool) -> None:
        """Mark keys as no longer one's own. Raises Refused when the disk is full."""
        marks: dict[str, object] = {key: (self.values[key], self.layout.map.version) for key in keys}
        layout = self.layout
        if last and receiver not in layout.closed:
            closed = (*layout.closed, receiver)
            layout = Layout(layout.map, layout.awaited, closed)
            marks[LAYOUT_KEY] = layout
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
                self.disk.write_together(dict.fromkeys(keys, (None, -self.layout.map.version)))
            except Refused:
                pass  # the disk is full: the marks say as much
        if last and receiver not in self.handed:
            self.handed.append(receiver)
        self.wake()
        self.settle()

    async def on_transfer(self, body: Transfer, message: Message) -> Body:
        """Keys have come. What is here already has come before. Raises Refused when the disk is full."""
        self.adopt(body.map)
        sender = message.channel.src.id
        if body.map.version == self.layout.map.version and sender in self.layout.awaited:
            await toil(self, len(body.entries))
        if body.map.version < self.layout.map.version or sender not in self.layout.awaited:
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
        layout = Layout(layout.map, awaited, layout.closed)
        self.disk.write(LAYOUT_KEY, layout)
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
        member = self.id in self.layout.map.members
        self.show("state", state or ("moving" if self.old is not None else "member" if member else "outside"))
