"""The DHT peer: one of many that together are a table of keys and values, with nobody in charge.

Peers and keys have ids; a key's value is kept by the peers whose ids are closest to it. No peer knows all others: it
knows many near itself and few far away, so that each step of a lookup halves what is left, at least. Lookups are
iterative: whoever looks asks the closest peers it has heard of, several at a time, who name closer ones. Values are
copied to several peers and published anew now and then; a crash takes what a peer held.

In *Kademlia*, distance is the exclusive or of two ids; contacts are learnt from every message, and kept in buckets by
the length of the prefix they share with one's own id (Maymounkov and Mazières, IPTPS 2002). In *Chord*, ids form a
ring: a key belongs to its successor, and each peer knows the next ones and fingers at doubling distances, repaired by
stabilisation; a peer may have several ids (Stoica et al., SIGCOMM 2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.chord import Rings
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.kademlia import Buckets
from simulations.engine.messages import DONE, Body, Read, Replication, Reply, Request, Value, Write
from simulations.engine.node import Node
from simulations.engine.overlay import Contact, Find, Found, Lookup, Searches, Stored, Table, key_id, peer_id
from simulations.engine.tasks import Failure, Refused

INTRODUCERS_MAX: Final = 3  # peers that everybody knows from the start: the first of the cluster

# Messages


@dataclass(frozen=True)
class Hello(Request):
    """I am new here; which ids have you?"""

    sender: Contact


@dataclass(frozen=True)
class Welcome(Reply):
    """These."""

    ids: tuple[Contact, ...]


@dataclass(frozen=True)
class Store(Replication):
    """Keep this."""

    sender: Contact
    key: str
    stored: Stored


@dataclass(frozen=True)
class Kept(Reply):
    """It is kept."""


@dataclass(frozen=True)
class Stabilise(Request):
    """I take you, as this id of yours, for my successor. Whom do you know before and behind you?"""

    sender: Contact
    at: int


@dataclass(frozen=True)
class Around(Reply):
    """These."""

    before: Contact | None
    behind: tuple[Contact, ...]


class DhtPeer(Node):
    """Keeps a part of a distributed hash table, and finds the rest of it."""

    TYPE: ClassVar[str] = "dht-peer"
    TITLE: ClassVar[str] = "DHT peer"
    CATEGORY: ClassVar[str] = "Peers"
    SUMMARY: ClassVar[str] = "Keeps a part of a distributed hash table (Kademlia or Chord)"
    ICON: ClassVar[str] = "dht-peer"
    CLUSTERS: ClassVar[bool] = True
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "routing",
            "Routing",
            "choice",
            "kademlia",
            choices=(Choice("kademlia", "Kademlia"), Choice("chord", "Chord")),
            section="Overlay",
        ),
        Param("id_bits", "Bits of an id", "integer", 40, "bits", 8, 60, section="Overlay"),
        Param(
            "bucket_size",
            "Bucket size",
            "integer",
            8,
            "contacts",
            1,
            100,
            help="Contacts kept for each distance, and named in an answer (k).",
            section="Overlay",
            when=("routing", "kademlia"),
        ),
        Param(
            "successors",
            "Successors",
            "integer",
            4,
            "contacts",
            1,
            100,
            help="How many of the next peers on the ring are known.",
            section="Overlay",
            when=("routing", "chord"),
        ),
        Param(
            "fingers",
            "Fingers",
            "boolean",
            True,
            help="Off: only the successors are known, and lookups go round the ring from one to the next.",
            section="Overlay",
            when=("routing", "chord"),
        ),
        Param("virtual_nodes", "Ids", "integer", 1, "", 1, 100, section="Overlay", when=("routing", "chord")),
        Param(
            "parallel",
            "Asks at a time",
            "integer",
            3,
            "peers",
            1,
            20,
            help="So many questions of a lookup are under way at once (α): a dead contact then holds up only one.",
            section="Lookups",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            500,
            "ms",
            0.001,
            3_600_000,
            help="Whoever has not answered by then is passed over.",
            section="Lookups",
        ),
        Param(
            "copies",
            "Copies",
            "integer",
            4,
            "peers",
            1,
            100,
            help="A value is stored on so many peers, those closest to its key.",
            section="Values",
        ),
        Param(
            "republish_ms",
            "Published anew every",
            "number",
            10_000,
            "ms",
            0,
            3_600_000,
            help="By whoever holds it and has not been sent it for so long. 0: never.",
            section="Values",
        ),
        Param(
            "join_ms",
            "Joins within",
            "number",
            1000,
            "ms",
            0,
            3_600_000,
            help="At a random moment after its start; who restarts joins at once.",
            section="Upkeep",
        ),
        Param(
            "refresh_ms",
            "Refreshes every",
            "number",
            5000,
            "ms",
            0,
            3_600_000,
            help="Kademlia: looks up an id in one bucket. Chord: stabilises, and looks up one finger. 0: never.",
            section="Upkeep",
        ),
        Param(
            "replaces",
            "Forgets the dead",
            "boolean",
            True,
            help="A contact that does not answer is replaced.",
            section="Upkeep",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("keys", "Keys"),
        Show("role", "Overlay", look="badge"),
        Show("hops", "Hops of the last lookup"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("lookup.hops", "hops", "Peers that a client's lookup went through, one after another.", "sample"),
        Metric("lookup.failed", "lookups", "Clients' lookups that found nobody, or no value.", "count"),
        Metric("lookup.timeouts", "peers", "Peers asked in vain by any lookup.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Hello, Find, Store, Stabilise)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        known = params["bucket_size"] if params["routing"] == "kademlia" else params["successors"]
        if params["copies"] > known:
            found.append(
                (
                    "copies",
                    f"A lookup finds the {known} peers closest to a key, and no more copies than that are made."
                    " Ask for fewer copies, or for more contacts.",
                )
            )
        if params["routing"] == "chord" and not params["refresh_ms"]:
            found.append(("refresh_ms", "Chord's ring is mended by stabilisation alone: refresh now and then."))
        return found

    def start(self) -> None:
        bits = self.integer("id_bits")
        self.chord = self.text("routing") == "chord"
        numbers = range(self.integer("virtual_nodes") if self.chord else 1)
        mine = [Contact(peer_id(self.network.seed, self.id, number, bits), self.id) for number in numbers]
        self.me = mine[0]
        self.fingers = self.boolean("fingers")
        replaces = self.boolean("replaces")
        self.buckets = Buckets(mine, bits, self.integer("bucket_size"), replaces)
        self.rings = Rings(mine, bits, self.integer("successors"), replaces)
        self.table: Table = self.rings if self.chord else self.buckets
        self.width = 1 if self.chord else self.integer("bucket_size")
        self.bits = bits
        self.timeout_ms = self.number("timeout_ms")
        self.copies = self.integer("copies")
        self.republish_ns = to_ns(self.number("republish_ms"))
        self.refresh_ns = to_ns(self.number("refresh_ms"))
        self.searches = Searches(self, self.table, self.width, self.integer("parallel"), self.timeout_ms)
        self.values: dict[str, Stored] = {}
        self.published_ns: dict[str, int] = {}
        self.joined = False
        self.show("role", "joining")
        self.show("keys", 0)
        first = self.peers[:INTRODUCERS_MAX]
        if not self.incarnation:
            first = [name for name in first if self.network.hosts[name].index < self.host.index]
        self.known_first = first
        wait_ns = 0 if self.incarnation else int(to_ns(self.number("join_ms")) * self.draw("join"))
        self.timer(wait_ns, "join", lambda: self.spawn(self.join(), self.cause))

    # Joining, and upkeep

    async def join(self) -> None:
        """Ask one of the peers that everybody knows for a way in; the first of all needs none."""
        introduced = not self.known_first
        if introduced:
            for view in self.rings.views.values():
                view.adopt(self.table.mine)
        for name in self.known_first:
            try:
                welcome: Welcome = await self.call(name, Hello(self.me), self.timeout_ms)
            except Failure:
                continue
            introduced = True
            for contact in welcome.ids:
                self.buckets.seen(contact)
            for contact in self.table.mine:
                place = await self.searches.search(contact.id, "", welcome.ids)
                self.rings.views[contact.id].adopt(place.owners or welcome.ids)
                if self.chord:
                    self.spawn(self.stabilise(contact.id), self.cause)
            break
        if not introduced:
            self.timer(to_ns(self.timeout_ms), "join", lambda: self.spawn(self.join(), self.cause))
            return
        self.joined = True
        self.show("role", "chord" if self.chord else "kademlia")
        self.tend("refresh", self.refresh_ns, self.refresh)
        self.tend("republish", self.republish_ns, self.republish)
        if not self.chord:
            await self.search(self.buckets.stalest(self.draw("bucket")), "")

    def tend(self, what: str, every_ns: int, how: Any) -> None:
        """Do something again and again, the first time after a part of the interval."""
        if every_ns:
            self.timer(int(every_ns * (0.5 + self.draw(what) / 2)), what, lambda: self.again(what, every_ns, how))

    def again(self, what: str, every_ns: int, how: Any) -> None:
        """Do it, and plan the next time."""
        self.tend(what, every_ns, how)
        self.spawn(how(), self.cause)

    async def refresh(self) -> None:
        """Look whether what the table says still holds."""
        if not self.chord:
            await self.search(self.buckets.stalest(self.draw("bucket")), "")
            return
        for view in self.rings.views.values():
            view.passed()
            self.spawn(self.stabilise(view.own.id), self.cause)
        for view in self.rings.views.values():
            if self.fingers:
                number = view.next_finger()
                found = await self.search((view.own.id + (1 << number)) & self.table.mask, "")
                owner = found.owners[0] if found.owners else None
                view.fingers[number] = owner if owner is not None and owner.id != view.own.id else None

    async def stabilise(self, at: int) -> None:
        """Stoica et al., figure 7: ask the successor for its predecessor, who may be closer, and tell it of us."""
        view = self.rings.views[at]
        while view.successors:
            successor = view.successors[0]
            try:
                around = await self.around(successor, view.own)
            except Failure:
                before = len(view.successors)
                self.table.failed(successor)
                if len(view.successors) == before:  # it is not forgotten
                    return
                continue
            closer = around.before
            view.adopt([successor, *around.behind, *([closer] if closer is not None else [])])
            if view.successors[0].id == successor.id:
                return

    async def around(self, successor: Contact, own: Contact) -> Around:
        """Whom a successor, perhaps another id of ours, knows around itself."""
        if successor.name == self.id:
            return self.notified(successor.id, own)
        around: Around = await self.call(successor.name, Stabilise(own, successor.id), self.timeout_ms)
        return around

    def notified(self, at: int, by: Contact) -> Around:
        """Whom we know around an id of ours; whoever asks may be its predecessor."""
        view = self.rings.views[at]
        before = view.predecessor
        view.notified(by)
        return Around(before, tuple(view.successors))

    async def republish(self) -> None:
        """Store again what nobody has stored here for long."""
        for key in sorted(self.values):
            if self.now_ns - self.published_ns[key] >= self.republish_ns // 2:
                self.published_ns[key] = self.now_ns
                await self.spread(key, self.values[key])

    # Looking up

    async def search(self, target: int, key: str) -> Lookup:
        """Go towards an id; with a key, until somebody has it."""
        found = await self.searches.search(target, key)
        if found.timeouts:
            self.publish("lookup.timeouts", found.timeouts)
        return found

    def on_hello(self, body: Hello, message: Message) -> Body:
        self.buckets.seen(body.sender)
        return Welcome(self.table.mine)

    def on_find(self, body: Find, message: Message) -> Body:
        stored = self.values.get(body.key)
        owners = self.table.owners(body.at, body.target)
        closer = [] if owners else self.table.closest(body.at, body.target, self.searches.named)
        closer = [contact for contact in closer if contact.id != body.sender.id]
        self.table.seen(body.sender)
        return Found(tuple(closer), tuple(owners), stored)

    def on_stabilise(self, body: Stabilise, message: Message) -> Body:
        return self.notified(body.at, body.sender)

    # Values

    async def on_read(self, body: Read, message: Message) -> Body:
        found = Lookup([], self.values.get(body.key), 0)
        if found.stored is None:
            found = await self.search(key_id(body.key, self.bits), body.key)
        if self.chord and found.stored is None:
            found.stored = await self.fetch(body.key, self.keepers(found.owners))
        self.show("hops", found.hops)
        self.publish("lookup.hops", found.hops)
        if found.stored is None:
            self.publish("lookup.failed", 1)
            raise Refused("not found", False)
        return Value(found.stored.value)

    async def fetch(self, key: str, keepers: list[str]) -> Stored | None:
        """Ask those responsible, one after another."""
        for name in keepers:
            if name == self.id:
                stored = self.values.get(key)
            else:
                try:
                    reply: Found = await self.call(name, Find(self.me, -1, 0, key), self.timeout_ms)
                    stored = reply.stored
                except Failure:
                    self.publish("lookup.timeouts", 1)
                    continue
            if stored is not None:
                return stored
        return None

    async def on_write(self, body: Write, message: Message) -> Body:
        if not await self.spread(body.key, Stored(body.value, self.wall_ns)):
            self.publish("lookup.failed", 1)
            raise Refused("nobody keeps it", True)
        return DONE

    async def spread(self, key: str, stored: Stored) -> int:
        """Store a value where it belongs; by how many it is kept."""
        target = key_id(key, self.bits)
        found = await self.search(target, "")
        owners = found.owners
        if not self.chord:
            owners = sorted([*owners, self.me], key=lambda one: one.id ^ target)
        keepers = self.keepers(owners)
        calls = self.call_each(
            [name for name in keepers if name != self.id], Store(self.me, key, stored), self.timeout_ms
        )
        if self.id in keepers:
            self.keep(key, stored)
        kept = int(self.id in keepers)
        for call in calls:
            try:
                await call
                kept += 1
            except Failure:
                continue
        return kept

    def keepers(self, owners: list[Contact]) -> list[str]:
        """The peers that keep a value's copies: the first of those who are responsible, each once."""
        return list(dict.fromkeys([owner.name for owner in owners]))[: self.copies]

    def on_store(self, body: Store, message: Message) -> Body:
        self.table.seen(body.sender)
        self.keep(body.key, body.stored)
        return Kept()

    def keep(self, key: str, stored: Stored) -> None:
        """Keep a value, unless a newer one is here."""
        mine = self.values.get(key)
        self.published_ns[key] = self.now_ns
        if mine is None or mine.written_ns <= stored.written_ns:
            self.values[key] = stored
            self.show("keys", len(self.values))
