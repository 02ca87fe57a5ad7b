"""The leaderless store: no member is in charge, and overlapping sets of replicas stand in for an order (DeCandia
et al., "Dynamo: Amazon's Highly Available Key-value Store", SOSP 2007; Riak and Cassandra are built like it).

**Placement** (sections 4.2, 4.3, 4.6). Members stand on a hash ring, each at many points. A key's *preference list*
are the N members that one meets first going round from the key: they are its replicas.

**Quorums** (4.5). Any member may be asked, and coordinates: it sends a write to all N and answers when W have it on
disk; it sends a read to all N and answers from the first R replies. With R + W > N every read meets at least one
replica of every write that ended before. (In Dynamo a member outside the list hands the request to one inside; here it
coordinates itself, as in Cassandra.)

**Versions** (4.4). By wall clock the latest stamp wins. With version vectors a write replaces what its coordinator
found when it began; writes that have not seen each other both stay, as *siblings*, until one that has seen both. The
clients here send no context and take one value: a coordinator reads first, for the context, and answers a read with the
sibling of the latest stamp. Writes that one coordinator takes one after another count as seen in that order.

**Failures** (4.6, 4.7). With a *sloppy quorum* the next healthy member of the ring stands in for a replica that does
not answer, and keeps the write with a *hint* whose it is; it hands it over when the replica is back. *Read repair* (5)
sends replicas that answered a read with old versions the new ones. *Anti-entropy* compares two replicas' Merkle trees,
hashes of hashes of their keys, and exchanges only the leaves that differ.

What it cannot do: a sloppy quorum overlaps with nothing, a write that failed may appear later, and a read that runs
beside a write may see the new value before another sees the old one. Such a store is not linearizable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Invariant, Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.doubting import lonely
from simulations.engine.merkle import TREE_METRICS, CompareTrees, SwapLeaves, TreeExchange
from simulations.engine.messages import DONE, Body, Increment, Read, Replication, Reply, Value, Write
from simulations.engine.name_lists import MEMBERS, names_in
from simulations.engine.node import Node
from simulations.engine.partitioning import Ring
from simulations.engine.replies import Gathering
from simulations.engine.tasks import Failure, Refused, TimedOut
from simulations.engine.versions import (
    ONE_VALUE,
    Versions,
    VersionStore,
    bytes_of,
    latest,
    reconciled,
)

VECTORS: Final = "vectors"
HINT: Final = "hint "  # on disk, before the member and the key; no key of a client has a blank


@dataclass(frozen=True)
class Fetch(Replication):
    """What do you have for this key?"""

    key: str


@dataclass(frozen=True)
class Fetched(Reply):
    """This."""

    versions: Versions

    def size(self) -> int:
        return 64 + bytes_of(self.versions)


@dataclass(frozen=True)
class Keep(Replication):
    """Keep these versions. `owner`: the replica that you stand in for; "": they are yours."""

    key: str
    versions: Versions
    owner: str = ""

    def size(self) -> int:
        return 64 + bytes_of(self.versions)


@dataclass(frozen=True)
class KeptVersions(Reply):
    """They are on my disk."""


class Leaderless(Node):
    """A member of a leaderless store: replica of some keys, coordinator of what it is asked."""

    TYPE: ClassVar[str] = "leaderless"
    TITLE: ClassVar[str] = "Leaderless store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a store of N replicas a key, read from R and written to W"
    ICON: ClassVar[str] = "leaderless"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("n", "N", "integer", 3, "replicas", 1, 100, help="Replicas of a key.", section="Quorums"),
        Param("r", "R", "integer", 2, "replicas", 1, 100, help="Replies that a read waits for.", section="Quorums"),
        Param("w", "W", "integer", 2, "replicas", 1, 100, help="Replies that a write waits for.", section="Quorums"),
        Param(
            "versions",
            "Versions",
            "choice",
            "wall-clock",
            choices=(
                Choice("wall-clock", "Wall clock: last writer wins"),
                Choice(VECTORS, "Version vectors: siblings"),
            ),
            help="What becomes of writes that did not see each other.",
            section="Versions",
        ),
        Param(
            "replicas",
            "Replicas",
            "text",
            "",
            help="Members on the ring, with commas or blanks between; the others only coordinate. Empty: all.",
            section="Placement",
            names=MEMBERS,
        ),
        Param(
            "virtual_nodes", "Points on the ring", "integer", 32, "", 1, 1_000, help="Of a member.", section="Placement"
        ),
        Param(
            "timeout_ms",
            "Wait for a replica",
            "number",
            100,
            "ms",
            0.001,
            3_600_000,
            help="How long a coordinator waits for one.",
            section="Failures",
        ),
        Param(
            "sloppy",
            "Sloppy quorum",
            "boolean",
            False,
            help="The next healthy members stand in for replicas that do not answer, and hand over later.",
            section="Failures",
        ),
        Param(
            "suspect_ms",
            "Passed over for",
            "number",
            500,
            "ms",
            0.001,
            3_600_000,
            help="How long a replica that did not answer is not asked.",
            section="Failures",
            when=("sloppy", True),
        ),
        Param(
            "handoff_ms",
            "Hand over every",
            "number",
            200,
            "ms",
            0.1,
            3_600_000,
            help="How often a stand-in tries to hand over what it keeps for others.",
            section="Failures",
            when=("sloppy", True),
        ),
        Param(
            "read_repair",
            "Read repair",
            "boolean",
            True,
            help="Send the newest versions to replicas that answered a read with older ones.",
            section="Repair",
        ),
        Param(
            "anti_entropy_ms",
            "Compare trees every",
            "number",
            1000,
            "ms",
            0,
            3_600_000,
            help="Mean time between comparisons with a random replica; 0: never.",
            section="Repair",
        ),
        fsync_param("A replica acknowledges nothing before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Role", look="badge"),
        Show("keys", "Keys"),
        Show("hints", "Hints"),
        Show("version", "Last version", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("leaderless.hinted", "writes", "Writes kept for another replica.", "count"),
        Metric("leaderless.handed_over", "writes", "Of them handed over.", "count"),
        Metric("leaderless.hints", "keys", "Keys of which it keeps writes for others at the moment.", "gauge"),
        Metric("leaderless.repaired", "replicas", "Replicas to which a read sent newer versions.", "count"),
        *TREE_METRICS,
        Metric("leaderless.siblings", "versions", "Versions that a read found of its key.", "sample"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Increment, Fetch, Keep, CompareTrees, SwapLeaves)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (ONE_VALUE,)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        n, r, w = params["n"], params["r"], params["w"]
        found = [
            (name, f"Every {what} is refused: there are only N = {n} replicas. Choose at most {n}.")
            for name, what, need in (("r", "read", r), ("w", "write", w))
            if need > n
        ]
        if not found and r + w <= n:
            words = "A read may miss the last write, for R + W ≤ N and a read need not meet a replica that has it."
            found.append(("r", f"{words} With R = {n + 1 - w} it always does."))
        return found

    @classmethod
    def cluster_doubts(cls, params: dict[str, Any], members: Sequence[str]) -> list[tuple[str, str]]:
        count = len([id for id in names_in(params["replicas"]) if id in members]) or len(members)
        n = int(params["n"])
        found = lonely(count)
        for name, what in (("r", "read"), ("w", "write")):
            if count < int(params[name]) <= n:
                words = f"Every {what} is refused: there are only {count} replicas. Choose {count} at most or add some."
                found.append((name, words))
        if n > count > 1:
            words = f"A key has {count} copies, for there are no more replicas. Choose at most {count}, or add some."
            found.append(("n", words))
        if params["sloppy"] and n >= count > 1:
            words = f"Nobody can stand in: all {count} are replicas of every key. Use N = {count - 1}, or more members."
            found.append(("sloppy", words))
        return found

    def start(self) -> None:
        self.by_vector = self.text("versions") == VECTORS
        self.hints: dict[str, dict[str, Versions]] = {}  # by owner, by key
        self.handing: set[str] = set()  # owners to whom is being handed over
        self.suspects: dict[str, int] = {}  # until when
        self.walks: dict[str, list[str]] = {}
        members = sorted([self.id, *self.peers])
        named = [id for id in names_in(self.text("replicas")) if id in members]
        self.ring = Ring(named or members, self.integer("virtual_nodes"))
        self.n = min(self.integer("n"), len(self.ring.members))
        whole = self.id in self.ring.members and self.n == len(self.ring.members)
        self.store = VersionStore(self, self.by_vector, whole)
        self.trees = TreeExchange(self, self.store, self.both_keep, self.number("timeout_ms"))
        self.r, self.w = self.integer("r"), self.integer("w")
        self.timeout_ms = self.number("timeout_ms")
        self.sloppy = self.boolean("sloppy")
        self.repairs = self.boolean("read_repair")
        self.fsync_time = self.duration("fsync_time")
        self.anti_entropy_ms = self.number("anti_entropy_ms")
        self.recall_hints()
        self.show("role", "replica" if self.id in self.ring.members else "coordinator")
        self.show_hints()
        if self.sloppy:
            self.later(self.number("handoff_ms"), "hand over")
        if self.anti_entropy_ms > 0 and self.id in self.ring.members and len(self.ring.members) > 1:
            self.later(self.anti_entropy_ms, "compare trees")

    # Clients: any member coordinates (section 4.5)

    async def on_read(self, body: Read, message: Message) -> Body:
        versions = await self.read(body.key)
        self.publish("leaderless.siblings", len(versions))
        return Value(latest(versions))

    async def on_write(self, body: Write, message: Message) -> Body:
        seen = await self.read(body.key) if self.by_vector else ()
        await self.write(body.key, body.value, seen)
        return DONE

    async def on_increment(self, body: Increment, message: Message) -> Body:
        """Read, add, write: of two at once one may be lost."""
        seen = await self.read(body.key)
        await self.write(body.key, (latest(seen) or 0) + body.amount, seen)
        return DONE

    async def read(self, key: str) -> Versions:
        """What the first R replies come to. Failing here leaves no doubt: nothing was written."""
        self.need("R", self.r)
        versions: Versions = ()
        try:
            for _, found in await self.gather(Fetch(key), key, self.r).enough:
                versions = reconciled(versions, found, self.by_vector)
        except Failure as failure:
            raise Refused(failure.reason, False) from None
        return versions

    async def write(self, key: str, value: int | None, seen: Versions) -> None:
        """A new version at W replicas. Where that fails, some may have it."""
        self.need("W", self.w)
        version = self.store.issue(key, value, seen)
        await self.gather(Keep(key, (version,)), key, self.w).enough

    def need(self, name: str, replies: int) -> None:
        """Refuse what can never have a quorum."""
        if replies > self.n:
            raise Refused(f"{name} exceeds the replicas", False)

    def gather(self, body: Fetch | Keep, key: str, need: int) -> Gathering:
        """Send to the N replicas of a key, or to the first N healthy members of the ring (section 4.6)."""
        walk = self.walk(key)
        spares = [id for id in walk[self.n :] if not self.suspected(id)] if self.sloppy else []
        gathering = Gathering(self.n, need)
        for owner in walk[: self.n]:
            first = spares.pop(0) if spares and self.suspected(owner) else owner
            self.spawn(self.reach(gathering, first, owner, spares, body), self.cause)
        return gathering

    async def reach(self, gathering: Gathering, member: str, owner: str, spares: list[str], body: Fetch | Keep) -> None:
        """Have the reply of a replica, or of who stands in for it."""
        reply = await self.ask(member, meant(body, member, owner))
        while reply is None and spares:
            member = spares.pop(0)
            reply = await self.ask(member, meant(body, member, owner))
        if reply is None:
            gathering.miss(self.cause)
        else:
            gathering.add(member, reply.versions if isinstance(reply, Fetched) else (), self.cause)
        if self.repairs and gathering.left == 0 and isinstance(body, Fetch):
            self.repair(body.key, gathering.replies)

    async def ask(self, member: str, body: Fetch | Keep) -> Body | None:
        """A member's reply; None for none. Who does not answer is suspected for a while."""
        reply: Body | None = None
        try:
            if member == self.id:
                reply = self.on_fetch(body, None) if isinstance(body, Fetch) else await self.on_keep(body, None)
            else:
                reply = await self.call(member, body, self.timeout_ms)
        except TimedOut:
            self.suspects[member] = self.now_ns + to_ns(self.number("suspect_ms"))
        except Failure:  # it is alive, and cannot
            pass
        return reply

    def suspected(self, member: str) -> bool:
        """Whether a member has lately not answered."""
        return member in self.suspects and self.suspects[member] > self.now_ns

    def walk(self, key: str) -> list[str]:
        """The ring from a key on: first its preference list, then who stands in."""
        if key not in self.walks:
            self.walks[key] = self.ring.preference(key)
        return self.walks[key]

    # Replicas

    def on_fetch(self, body: Fetch, message: Message | None) -> Body:
        """Also what it keeps for others: a sloppy quorum reads from who stands in."""
        versions = self.store.held(body.key)
        for owner in self.hints:
            versions = reconciled(versions, self.hints[owner].get(body.key, ()), self.by_vector)
        return Fetched(versions)

    async def on_keep(self, body: Keep, message: Message | None) -> Body:
        if body.owner and body.owner != self.id:
            self.keep_hint(body.owner, body.key, body.versions)
        else:
            self.store.keep(body.key, body.versions)
        await self.sync()
        return KeptVersions()

    async def sync(self) -> None:
        """Return when all that was kept so far is on disk."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)

    # Hinted handoff (section 4.6)

    def keep_hint(self, owner: str, key: str, versions: Versions) -> None:
        """Keep versions for a replica that cannot be reached."""
        kept = self.hints.setdefault(owner, {})
        after = reconciled(kept.get(key, ()), versions, self.by_vector)
        self.disk.write(f"{HINT}{owner} {key}", after)
        kept[key] = after
        self.publish("leaderless.hinted", 1)
        self.show_hints()

    def recall_hints(self) -> None:
        """Find on disk what was kept for others; what has been handed over is empty there."""
        on_disk = self.disk.read()
        for name in sorted(on_disk):
            if name.startswith(HINT) and on_disk[name]:
                owner, key = name.removeprefix(HINT).split(" ")
                self.hints.setdefault(owner, {})[key] = on_disk[name]

    def hand_over(self) -> None:
        """Try every owner to whom nothing is under way."""
        for owner in sorted(self.hints):
            if self.hints[owner] and owner not in self.handing:
                self.handing.add(owner)
                self.spawn(self.hand_over_to(owner), self.cause)
        self.later(self.number("handoff_ms"), "hand over")

    async def hand_over_to(self, owner: str) -> None:
        """One key after another until one gets no answer. A hint is deleted once its owner has it on disk."""
        for key in sorted(self.hints[owner]):
            versions = self.hints[owner][key]
            try:
                await self.call(owner, Keep(key, versions), self.timeout_ms)
                if self.hints[owner][key] == versions:
                    self.disk.write(f"{HINT}{owner} {key}", ())
                    del self.hints[owner][key]
                    self.publish("leaderless.handed_over", 1)
            except Failure:
                break
        self.handing.discard(owner)
        self.show_hints()

    # Read repair (section 5)

    def repair(self, key: str, replies: list[tuple[str, Versions]]) -> None:
        """All replies are in: send each replica what others have and it has not."""
        newest: Versions = ()
        for _, versions in replies:
            newest = reconciled(newest, versions, self.by_vector)
        owners = self.walk(key)[: self.n]
        for member, versions in replies:
            if member in owners and reconciled(versions, newest, self.by_vector) != versions:
                self.publish("leaderless.repaired", 1)
                self.spawn(self.bring(member, key, newest), self.cause)

    async def bring(self, member: str, key: str, versions: Versions) -> None:
        """Send versions to a replica; whether it got them matters to nobody."""
        await self.ask(member, Keep(key, versions))

    # Anti-entropy (section 4.7)

    def compare_trees(self) -> None:
        """Choose a replica and compare."""
        others = [id for id in self.ring.members if id != self.id]
        self.spawn(self.compare_with(others[int(self.draw("compared with") * len(others))]), self.cause)
        self.later(self.anti_entropy_ms, "compare trees")

    async def compare_with(self, peer: str) -> None:
        """Who does not answer is tried another time."""
        try:
            if await self.trees.reconcile(peer):
                await self.sync()
        except Failure:
            return

    def on_compare_trees(self, body: CompareTrees, message: Message) -> Body:
        return self.trees.compared(body, message.channel.src.id)

    async def on_swap_leaves(self, body: SwapLeaves, message: Message) -> Body:
        swapped = self.trees.swapped(body, message.channel.src.id)
        await self.sync()
        return swapped

    def both_keep(self, key: str, peer: str) -> bool:
        """Whether this replica and another are both in a key's preference list."""
        owners = self.walk(key)[: self.n]
        return self.id in owners and peer in owners

    # Helpers

    def later(self, mean_ms: float, what: str) -> None:
        """Set the timer of the next handing over or comparison: evenly within half to one and a half of the mean."""
        delay_ns = int(mean_ms * NS_PER_MS * (0.5 + self.draw(what)))
        self.timer(delay_ns, what, self.hand_over if what == "hand over" else self.compare_trees)

    def show_hints(self) -> None:
        """Show how many writes it keeps for others."""
        kept = sum([len(keys) for keys in self.hints.values()])
        self.show("hints", kept)
        self.publish("leaderless.hints", kept)


def meant(body: Fetch | Keep, member: str, owner: str) -> Fetch | Keep:
    """The same for who stands in for an owner."""
    return Keep(body.key, body.versions, owner) if isinstance(body, Keep) and member != owner else body
