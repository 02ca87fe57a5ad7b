"""The multi-leader store: every member takes reads and writes, answers alone, and tells the others afterwards.

Clients ask the member next to them and get their answer at local speed, partition or not. A member ships what was
written to all others, each time at once or collected over a while, and again until they say that they have it; now and
then it ships all it has to one of them, for what others could not deliver. Meanwhile two members may take writes of the
same key that have not seen each other: a *conflict*. What becomes of it is the whole question:

- **The wall clock decides**: the latest stamp wins everywhere, and the other write is lost though it was acknowledged.
  Where clocks differ by more than shipping takes, a write may even lose against an older one that it had seen (Johnson,
  Thomas: "The Maintenance of Duplicate Databases", RFC 677, 1975).
- **Version vectors** tell a write that has seen another from one that has not. Those that have not seen each other stay
  side by side as *siblings*, until a write replaces all that its member holds (Parker et al.: "Detection of Mutual
  Inconsistency in Distributed Systems", IEEE Transactions on Software Engineering 9(3), 1983).
- **Conflict-free replicated data types** merge (Shapiro, Preguiça, Baquero, Zawirski: "Conflict-free Replicated Data
  Types", SSS 2011; each of them in their report INRIA RR-7506). Increments and decrements go to a *PN-counter* (section
  3.1.3) and all of them count; while there are only increments it is a *G-counter* (3.1.2). Writes go to a register: a
  *multi-value register* (3.2.2), which keeps siblings, or a *last-writer-wins register* (3.2.1), which keeps one value
  and is a CRDT no less, for its copies agree. That its writes never lose against what they have seen takes stamps
  consistent with cause and effect: a hybrid clock's are, a wall clock's may not be. A *set* is an observed-remove set
  (3.3.5), in which an addition wins against a removal that has not seen it. A *map* keeps its fields apart, each of
  them a multi-value register.

In the first two ways an increment is a read and a write, and one of two at once is lost; a set or a map is read,
changed and written as a whole, and siblings are taken together by the next change, so that nothing is lost and what was
removed may come back (DeCandia et al.: "Dynamo", SOSP 2007, section 4.4).

Clients take one value: of siblings a read returns that of the latest stamp. A key that is both written and incremented
is the written value plus the increments. PostgreSQL with BDR, MySQL with circular replication, CouchDB and Riak across
data centres are such stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.crdt_counters import Counter, added, merged, share, total
from simulations.engine.crdt_sets import EMPTY, Entries, Entry, ObservedSet, tag_of, text_of
from simulations.engine.declare import Choice, Invariant, Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.edits import REMOVE, Edit, edited
from simulations.engine.messages import DONE, Body, Increment, Read, Replication, Reply, Value, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Failure
from simulations.engine.versions import ONE_VALUE, Version, Versions, VersionStore, bytes_of, covers, latest, whole_of

WALL_CLOCK: Final = "wall-clock"
SIBLINGS: Final = "siblings"
CRDT: Final = "crdt"
MULTI_VALUE: Final = "multi-value"
LAST_WRITER: Final = "last-writer"
LAST_WRITER_HYBRID: Final = "last-writer-hybrid"
COUNTER: Final = "counter "  # on disk, before the key; no key of a client has a blank
COLLECTION: Final = "collection "


@dataclass(frozen=True)
class Ship(Replication):
    """What I have under these keys: versions, counters, and sets or maps that merge."""

    entries: tuple[tuple[str, Versions, Counter, ObservedSet], ...]

    def size(self) -> int:
        total = 64
        for _, versions, counter, collection in self.entries:
            total += 16 + bytes_of(versions) + 16 * len(counter) + collection.size()
        return total


@dataclass(frozen=True)
class Shipped(Reply):
    """It is on my disk."""


class MultiLeader(Node):
    """A member of a store in which every member leads."""

    TYPE: ClassVar[str] = "multi-leader"
    TITLE: ClassVar[str] = "Multi-leader store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a store that takes writes anywhere and settles conflicts afterwards"
    ICON: ClassVar[str] = "multi-leader"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "conflicts",
            "Conflicts",
            "choice",
            WALL_CLOCK,
            choices=(
                Choice(WALL_CLOCK, "The wall clock decides"),
                Choice(SIBLINGS, "Version vectors: keep siblings"),
                Choice(CRDT, "CRDTs: merge"),
            ),
            help="What becomes of writes that did not see each other. The same for all members.",
            section="Conflicts",
        ),
        Param(
            "registers",
            "Registers",
            "choice",
            MULTI_VALUE,
            choices=(
                Choice(MULTI_VALUE, "Multi-value: keep siblings"),
                Choice(LAST_WRITER, "Last writer wins, by wall clock"),
                Choice(LAST_WRITER_HYBRID, "Last writer wins, by hybrid clock"),
            ),
            help="What numbers are written to. A hybrid clock stamps a write later than all that it has seen.",
            section="Conflicts",
            when=("conflicts", CRDT),
        ),
        Param(
            "collect_ms",
            "Collect for",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="How long writes wait to be shipped together; 0: each is shipped at once.",
            section="Shipping",
        ),
        Param(
            "timeout_ms",
            "Ship again after",
            "number",
            500,
            "ms",
            0.001,
            3_600_000,
            help="Without an answer; and how long to wait after a refusal.",
            section="Shipping",
        ),
        Param(
            "anti_entropy_ms",
            "Ship all every",
            "number",
            1000,
            "ms",
            0,
            3_600_000,
            help="Mean time between shipping all there is to one of the others; 0: never.",
            section="Shipping",
        ),
        fsync_param("Nothing is acknowledged or shipped before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Conflicts", look="badge"),
        Show("keys", "Keys"),
        Show("unshipped", "To ship"),
        Show("version", "Last version", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("multi.shipped", "keys", "Keys that it shipped, once for each of the others.", "count"),
        Metric(
            "multi.lost_concurrent",
            "writes",
            "Writes that it acknowledged and that lost against one that had not seen them, nor they it.",
            "count",
        ),
        Metric(
            "multi.lost_later",
            "writes",
            "Writes that it acknowledged and that lost against an older one that they had seen.",
            "count",
        ),
        Metric("multi.siblings", "versions", "Versions that a read found of its key.", "sample"),
        Metric("multi.total", "units", "The sum of all its values: what increments have come to.", "gauge"),
        Metric("multi.elements", "elements", "Those of all its sets, and the fields of all its maps.", "gauge"),
        Metric(
            "multi.lost_elements",
            "elements",
            "What was added or set here and is gone, though nobody who had seen it took it away.",
            "count",
        ),
        Metric("multi.returned", "elements", "Additions that it had seen and removed, and that are back.", "count"),
        Metric(
            "multi.add_won",
            "elements",
            "Elements that somebody removed and that stay, by an addition that the removal had not seen.",
            "count",
        ),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Increment, Edit, Ship)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (ONE_VALUE,)

    def start(self) -> None:
        self.conflicts = self.text("conflicts")
        register = self.text("registers") if self.conflicts == CRDT else ""
        by_vector = self.conflicts == SIBLINGS or register == MULTI_VALUE
        self.store = VersionStore(self, by_vector, True, register == LAST_WRITER_HYBRID)
        self.counters: dict[str, Counter] = {}
        self.collections: dict[str, ObservedSet] = {}
        self.additions = 0
        self.elements = 0  # of all sets and maps
        self.removed: dict[str, dict[Entry, bool]] = {}  # what it has removed, to notice what comes back
        self.unshipped: dict[str, dict[str, bool]] = {peer: {} for peer in self.peers}
        self.collecting: set[str] = set()  # for whom
        self.collect_ns = to_ns(self.number("collect_ms"))
        self.timeout_ms = self.number("timeout_ms")
        self.fsync_time = self.duration("fsync_time")
        on_disk = self.disk.read()
        for name in sorted(on_disk):
            if name.startswith(COUNTER):
                self.set_counter(name.removeprefix(COUNTER), on_disk[name])
            elif name.startswith(COLLECTION):
                self.set_collection(name.removeprefix(COLLECTION), on_disk[name])
        self.show("role", self.conflicts)
        for key in self.keys():  # who went down may not have shipped everything
            self.mark(key)
        self.show_contents()
        if self.number("anti_entropy_ms") > 0 and self.peers:
            self.plan_to_ship_all()

    # Clients

    def on_read(self, body: Read, message: Message) -> Body:
        self.publish("multi.siblings", len(self.store.held(body.key)))
        return Value(self.value(body.key))

    async def on_write(self, body: Write, message: Message) -> Body:
        self.write(body.key, body.value)
        await self.keep(body.key)
        return DONE

    async def on_increment(self, body: Increment, message: Message) -> Body:
        if self.conflicts == CRDT:
            counter = added(self.counters.get(body.key, ()), self.store.writer, body.amount)
            self.disk.write(COUNTER + body.key, counter)
            self.set_counter(body.key, counter)
        else:
            self.write(body.key, (latest(self.store.held(body.key)) or 0) + body.amount)
        await self.keep(body.key)
        return DONE

    async def on_edit(self, body: Edit, message: Message) -> Body:
        """Change a set or a map: as one that merges, or as a value that is read, changed and written as a whole."""
        key = body.key
        before = self.entries(key)
        if self.conflicts == CRDT:
            self.additions += 1
            after = edited(self.collections.get(key, EMPTY), body, (self.store.writer, self.additions))
            self.disk.write(COLLECTION + key, after)
            self.set_collection(key, after)
            whole = after.entries
        else:
            version = self.store.issue(key, None, self.store.held(key))
            tag = (version.writer, dict(version.vector)[version.writer])
            whole = edited(ObservedSet(before), body, tag).entries
            self.put(key, Version(version.wall_ns, version.writer, version.vector, None, whole))
        if body.change == REMOVE:
            seen = [entry for entry in before if entry[0] == body.element]
            self.removed.setdefault(key, {}).update(dict.fromkeys(seen, True))
        self.count_elements(key, whole)
        await self.keep(key)
        return DONE

    def write(self, key: str, value: int | None) -> None:
        """Write a number."""
        self.put(key, self.store.issue(key, value, self.store.held(key)))

    def put(self, key: str, version: Version) -> None:
        """A new version that has seen all that is held. By wall clock it may lose at once."""
        self.store.keep(key, (version,))
        if version not in self.store.held(key):
            self.publish("multi.lost_later", 1)

    async def keep(self, key: str) -> None:
        """Have it on disk, then ship it."""
        self.show_contents()
        await self.sync()
        self.mark(key)

    async def sync(self) -> None:
        """Return when all that was kept so far is on disk."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)

    def value(self, key: str) -> int | None:
        """What a read returns."""
        written = latest(self.store.held(key))
        if key not in self.counters:
            return written
        return (written or 0) + total(self.counters[key])

    # Shipping

    def mark(self, key: str) -> None:
        """Ship a key to all others."""
        for peer in self.peers:
            self.unshipped[peer][key] = True
            self.ship_soon(peer)

    def ship_soon(self, peer: str) -> None:
        """Ship once enough is collected."""
        if peer not in self.collecting:
            self.collecting.add(peer)
            self.spawn(self.ship_to(peer), self.cause)

    async def ship_to(self, peer: str) -> None:
        """Ship what is to be shipped, again and again until it is there."""
        if self.collect_ns:
            await self.sleep(self.collect_ns)
        self.collecting.discard(peer)
        while self.unshipped[peer]:
            keys = list(self.unshipped[peer])
            self.unshipped[peer] = {}
            shipped = self.packed(keys)
            await self.sync()  # what came since they were marked, or was found in the page cache
            self.publish("multi.shipped", len(keys))
            arrived = False
            began_ns = self.now_ns
            try:
                await self.call(peer, shipped, self.timeout_ms)
                arrived = True
            except Failure:
                pass  # it will be shipped again
            if arrived:
                break
            self.unshipped[peer].update(dict.fromkeys(keys, True))
            self.show_contents()
            await self.sleep(max(0, began_ns + to_ns(self.timeout_ms) - self.now_ns))
        self.show_contents()

    def packed(self, keys: list[str]) -> Ship:
        """All there is under these keys."""
        found: list[tuple[str, Versions, Counter, ObservedSet]] = []
        for key in keys:
            collection = self.collections.get(key, EMPTY)
            found.append((key, self.store.held(key), self.counters.get(key, ()), collection))
        return Ship(tuple(found))

    async def on_ship(self, body: Ship, message: Message) -> Body:
        for key, versions, counter, collection in body.entries:
            before = self.store.held(key)
            entries = self.entries(key)
            self.store.keep(key, versions)
            self.count_lost(before, self.store.held(key))
            both = merged(self.counters.get(key, ()), counter)
            if both != self.counters.get(key, ()):
                self.disk.write(COUNTER + key, both)
                self.set_counter(key, both)
            self.merge(key, collection)
            self.count_elements(key, entries)
        self.show_contents()
        await self.sync()
        return Shipped()

    def plan_to_ship_all(self) -> None:
        """Set the timer: evenly within half to one and a half of the mean."""
        delay_ns = int(self.number("anti_entropy_ms") * NS_PER_MS * (0.5 + self.draw("ship all")))
        self.timer(delay_ns, "ship all", self.ship_all)

    def ship_all(self) -> None:
        """Ship all there is to one of the others."""
        peer = self.peers[int(self.draw("ship all to") * len(self.peers))]
        self.unshipped[peer].update(dict.fromkeys(self.keys(), True))
        if self.unshipped[peer]:
            self.ship_soon(peer)
        self.plan_to_ship_all()

    # What is lost, what is held

    def count_lost(self, before: Versions, after: Versions) -> None:
        """Own writes that gave way to what has not seen them; each counts once, where it was acknowledged."""
        for version in before:
            seen = any(covers(winner.vector, version.vector) for winner in after)
            if not seen and self.issued_here(version):
                self.publish("multi.lost_concurrent", 1)

    def count_elements(self, key: str, before: Entries) -> None:
        """What was added here and is gone, unseen, and what was removed here and is back."""
        after = self.entries(key)
        if after == before:
            return
        here, earlier = dict.fromkeys(after), dict.fromkeys(before)
        mine = [entry for entry in before if entry not in here and self.writes_as(entry[1])]
        self.publish("multi.lost_elements", len([entry for entry in mine if not self.taken_away(key, entry)]))
        removed = self.removed.get(key, {})
        self.publish("multi.returned", len([entry for entry in after if entry in removed and entry not in earlier]))

    def taken_away(self, key: str, entry: Entry) -> bool:
        """Whether who made an entry go had seen it."""
        if self.conflicts == CRDT:
            return tag_of(entry) in self.collections[key].removed
        return any(covers(version.vector, (tag_of(entry),)) for version in self.store.held(key))

    def issued_here(self, version: Version) -> bool:
        """Whether this member issued it."""
        return self.writes_as(version.writer)

    def writes_as(self, writer: int) -> bool:
        """Whether a writer is this member, in this incarnation or an earlier one."""
        return writer % len(self.network.hosts) == self.host.index

    def set_counter(self, key: str, counter: Counter) -> None:
        """Hold a counter, which is on its way to the disk."""
        self.store.beside ^= share(key, self.counters.get(key, ())) ^ share(key, counter)
        self.counters[key] = counter
        self.store.keys_beside = len(self.counters) + len(self.collections)
        self.show("value", f"{key} = {self.value(key)}")

    def merge(self, key: str, collection: ObservedSet) -> None:
        """Merge a set or a map with what there is."""
        held = self.collections.get(key, EMPTY)
        both = held.merged(collection)
        if both == held:
            return
        self.disk.write(COLLECTION + key, both)
        self.set_collection(key, both)
        left, told = dict.fromkeys(both.entries), dict.fromkeys(collection.entries)
        gone = dict.fromkeys([entry[0] for entry in held.entries if entry not in left])
        stay = dict.fromkeys([entry[0] for entry in held.entries if entry in left and entry not in told])
        self.publish("multi.add_won", len([element for element in gone if element in stay]))

    def set_collection(self, key: str, collection: ObservedSet) -> None:
        """Hold a set or a map, which is on its way to the disk."""
        self.store.beside ^= self.collections.get(key, EMPTY).share(key) ^ collection.share(key)
        self.collections[key] = collection
        self.store.keys_beside = len(self.counters) + len(self.collections)
        self.show("value", f"{key} = {text_of(collection.entries)}")

    def entries(self, key: str) -> Entries:
        """What a set or a map holds; of siblings all together."""
        if self.conflicts == CRDT:
            return self.collections.get(key, EMPTY).entries
        return whole_of(self.store.held(key))

    def keys(self) -> list[str]:
        """All keys, of versions, counters, sets and maps."""
        return sorted({**self.store.entries, **self.counters, **self.collections})

    def show_contents(self) -> None:
        """Show what there is and what is still to be shipped."""
        self.store.show()
        self.show("unshipped", sum([len(waiting) for waiting in self.unshipped.values()]))
        self.publish("multi.total", sum([self.value(key) or 0 for key in self.keys()]))
        elements = sum([len(ObservedSet(self.entries(key)).elements()) for key in self.keys()])
        if elements != self.elements:
            self.elements = elements
            self.publish("multi.elements", elements)
