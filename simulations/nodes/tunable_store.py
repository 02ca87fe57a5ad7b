"""The tunable store: one replicated store under four consistency models. What a client may see is a parameter.

Clients ask the member next to them. Each model is kept by a simple and well-known protocol:

- **Linearizable**: there seems to be one copy, and an operation takes effect at a moment between its request and its
  answer (Herlihy, Wing: "Linearizability", TOPLAS 12(3), 1990). The first member by name is the *sequencer* of a
  total-order broadcast (Défago, Schiper, Urbán: "Total Order Broadcast and Multicast Algorithms", ACM Computing Surveys
  36(4), 2004): it gives each write its place, and all members apply them in that order. A read asks how far the order
  has come, and waits until its own member is there.
- **Sequential**: all see one order, in which each client's own operations keep theirs, but it may run behind time
  (Lamport: "How to Make a Multiprocessor Computer …", IEEE Transactions on Computers 28(9), 1979). Writes as above;
  a read is answered at once from the member's own copy (Attiya, Welch: "Sequential Consistency versus Linearizability",
  ACM TOCS 12(2), 1994).
- **Causal**: nobody sees an effect before its cause; what has no such relation may be seen in different orders (Ahamad,
  Neiger, Burns, Kohli, Hutto: "Causal Memory", Distributed Computing 9(1), 1995). Writes are local, too. Each goes out
  with a vector clock that says what its writer had seen, and is held back elsewhere until all of that is there. Of two
  writes of a key that did not see each other all keep the same one, so that members agree in the end (Lloyd et al.:
  "Don't Settle for Eventual", SOSP 2011): the later by a wall clock that never runs behind what it has seen
  (Kulkarni et al.: "Logical Physical Clocks", OPODIS 2014).
- **Eventual**: members agree some time after the last write, and nothing else is promised (Vogels: "Eventually
  Consistent", CACM 52(1), 2009). As causal, but what arrives is taken at once, in whatever order; of a key the latest
  wall-clock time wins.

The first two stand still for writes (and linearizable reads) of whoever cannot reach the sequencer; the last two always
answer. The sequencer is fixed: nobody takes its place while it is down, for then members would have to agree on the
next one and on how far the order had come, as the consensus protocols do. Nothing is told to anybody before it is on
disk. ZooKeeper is sequential for those who read at a follower, COPS and MongoDB's causal sessions are causal, Cassandra
at level ONE is eventual; Cosmos DB lets one choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Invariant, Metric, Neighbour, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Read, Replication, Reply, Request, Value, Write
from simulations.engine.node import Node
from simulations.engine.state_machine import fingerprint
from simulations.engine.tasks import Failure, Refused
from simulations.engine.versions import Vector, covers

LINEARIZABLE: Final = "linearizable"
SEQUENTIAL: Final = "sequential"
CAUSAL: Final = "causal"
EVENTUAL: Final = "eventual"
COUNTS: Final = " counts"  # on disk; no key of a client has a blank
OWN: Final = " own "
BATCH: Final = 200  # updates that are sent again at a time

Stamp = tuple[int, int]  # the higher wins; the second breaks ties
Name = tuple[int, int, int]  # of a question to the sequencer: member, incarnation, number
NOBODYS: Final[Name] = (-1, -1, -1)


@dataclass(frozen=True)
class Update:
    """A write: the member that gave it out, its number there from 1 on, and its stamp. `after` is what that member had
    seen of the others (causal), `request` what a member asked the sequencer to put into the order.
    """

    member: int
    number: int
    stamp: Stamp
    key: str
    value: int
    after: Vector = ()
    request: Name = NOBODYS

    def size(self) -> int:
        """Bytes on the wire."""
        return 40 + 12 * len(self.after)

    def words(self) -> str:
        """As it is compared with what others have under its name."""
        return f"{self.member}.{self.number} = {self.key} := {self.value}"


@dataclass(frozen=True)
class Ship(Replication):
    """Updates that I have given out, one after another, for your copy."""

    updates: tuple[Update, ...]

    def size(self) -> int:
        return 64 + sum([update.size() for update in self.updates])


@dataclass(frozen=True)
class Got(Replication):
    """So many of your updates are on my disk, without a gap."""

    count: int


@dataclass(frozen=True)
class Order(Request):
    """Put this write into the order, if there is one, and tell me what I lack of it. I have so many."""

    have: int
    request: Name
    write: Write | None

    def size(self) -> int:
        return 96


@dataclass(frozen=True)
class Ordered(Reply):
    """All that follows what you have."""

    updates: tuple[Update, ...]

    def size(self) -> int:
        return 64 + sum([update.size() for update in self.updates])


@mypyc_attr(allow_interpreted_subclasses=True)
class TunableStore(Node):
    """A member of a store with a choice of consistency."""

    TYPE: ClassVar[str] = "tunable-store"
    TITLE: ClassVar[str] = "Tunable store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A member of a store that keeps one of four consistency models"
    ICON: ClassVar[str] = "tunable-store"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "consistency",
            "Consistency",
            "choice",
            LINEARIZABLE,
            choices=(
                Choice(LINEARIZABLE, "Linearizable: as if one copy"),
                Choice(SEQUENTIAL, "Sequential: one order for all"),
                Choice(CAUSAL, "Causal: no effect before its cause"),
                Choice(EVENTUAL, "Eventual: the same in the end"),
            ),
            help="What clients may rely on. The same for all members.",
            section="Replication",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            500,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the sequencer, and until what was not confirmed is sent again.",
            section="Replication",
        ),
        fsync_param("Nothing is told to anybody before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("role", "Consistency", look="badge"),
        Show("keys", "Keys"),
        Show("held_back", "Held back"),
        Show("update", "Last update", look="hidden"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("tunable.held_back", "updates", "Updates that came before something they had to wait for.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write, Order, Ship, Got)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "update_values",
            "An update is the same everywhere",
            "All members apply the same write as the same update: in a total order, at the same place.",
            "agreement",
            ("update",),
        ),
    )

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        others = sorted({str(one.params["consistency"]) for one in neighbours.values() if one.type == cls.TYPE})
        if all(other == params["consistency"] for other in others):
            return []
        words = f"Others of the store are {', '.join(others)}: they keep neither model. Choose the same for all."
        return [("consistency", words)]

    def start(self) -> None:
        self.consistency = self.text("consistency")
        self.timeout_ms = self.number("timeout_ms")
        self.fsync_time = self.duration("fsync_time")
        self.me = self.host.index
        self.sequencer = min([self.id, *self.peers]) if self.consistency in (LINEARIZABLE, SEQUENTIAL) else ""
        self.entries: dict[str, Update] = {}  # by key: the update of the highest stamp
        self.counts: dict[int, int] = {}  # by member: how many of its updates are here, without a gap
        self.beyond: dict[int, dict[int, bool]] = {}  # by member: those after a gap that are here (eventual)
        self.held: dict[tuple[int, int], Update] = {}  # what has to wait for others, by member and number
        self.own: list[Update] = []  # what this member has given out
        self.durable = self.due = 0  # how many of them are on disk, and were when last looked at
        self.known: dict[str, int] = dict.fromkeys(self.peers, 0)  # by peer: how many of them it has
        self.ordered: dict[Name, bool] = {}  # requests that have their place, as the sequencer knows
        self.asked = 0
        self.stamp = 0  # the highest so far
        self.digest = 0
        self.restore()
        self.show("role", "sequencer" if self.sequencer == self.id else self.consistency)
        self.show_contents()
        self.spawn(self.resume(), self.cause)
        if self.peers:
            self.timer(to_ns(self.timeout_ms), "ship again", self.ship_again)

    def restore(self) -> None:
        """Take up what is on disk."""
        on_disk = self.disk.read()
        for name in sorted(on_disk):
            if name == COUNTS:
                self.counts = dict(on_disk[name])
            elif name.startswith(OWN):
                self.own.append(on_disk[name])
                self.ordered[on_disk[name].request] = True
            else:
                self.put(on_disk[name])

    async def resume(self) -> None:
        """What an earlier incarnation has given out is to be sent again, as soon as it is on disk for certain."""
        await self.sync()
        self.due = self.durable

    # Clients

    async def on_read(self, body: Read, message: Message) -> Body:
        """From the own copy: at once or, linearizable, when that has come as far as the order."""
        if self.consistency == LINEARIZABLE and self.sequencer != self.id:
            await self.ask(None)
        found = self.entries.get(body.key)
        await self.sync()
        return Value(None if found is None else found.value)

    async def on_write(self, body: Write, message: Message) -> Body:
        """Done when it is in the own copy; in the order before, where there is one."""
        if self.sequencer in ("", self.id):
            await self.give_out(body, NOBODYS, self.peers)
        else:
            await self.ask(body)
            await self.sync()
        return DONE

    # Total order

    async def ask(self, write: Write | None) -> None:
        """Catch up with the order, with a write put into it or without. Raises Refused; the write may be in the order
        nevertheless, or come into it yet, for the network may deliver a question twice.
        """
        self.asked += 1
        order = Order(self.counts.get(self.network.hosts[self.sequencer].index, 0), self.name_of_request(), write)
        try:
            reply: Ordered = await self.call(self.sequencer, order, self.timeout_ms)
            self.take(reply.updates)
        except Failure as failure:
            raise Refused(failure.reason, write is not None) from None

    def name_of_request(self) -> Name:
        """Unlike that of any other question."""
        return self.me, self.incarnation, self.asked

    async def on_order(self, body: Order, message: Message) -> Body:
        """The sequencer gives a write its place, once, and tells what the member lacks."""
        src = message.channel.src.id
        self.known[src] = body.have
        if body.write is not None and body.request not in self.ordered:
            await self.give_out(body.write, body.request, [peer for peer in self.peers if peer != src])
        await self.sync()
        return Ordered(tuple(self.own[body.have : self.durable]))

    # Updates

    async def give_out(self, write: Write, request: Name, to: Sequence[str]) -> None:
        """Make an update of a write, keep it, and send it on once it is on disk. Raises Refused when that is full."""
        number = len(self.own) + 1
        after: Vector = ()
        seen = self.stamp
        if self.consistency == CAUSAL:
            after = tuple([(member, self.counts[member]) for member in sorted(self.counts) if member != self.me])
        elif self.consistency == EVENTUAL:
            seen = self.entries[write.key].stamp[0] if write.key in self.entries else -1
        stamp = (max(self.wall_ns, seen + 1), self.me)  # a hybrid clock (OPODIS 2014)
        update = Update(self.me, number, stamp, write.key, write.value, after, request)
        self.keep(update)
        await self.sync()
        self.show("update", update.words())  # what a crash takes before has been no update: its number is given anew
        self.broadcast(to, Ship((update,)))

    async def on_ship(self, body: Ship, message: Message) -> None:
        self.take(body.updates)
        await self.sync()
        self.send(message.channel.src.id, Got(self.counts.get(message.channel.src.index, 0)))

    def on_got(self, body: Got, message: Message) -> None:
        self.known[message.channel.src.id] = body.count

    def ship_again(self) -> None:
        """Send again what was sent a while ago and not confirmed since."""
        for peer in self.peers:
            known = self.known[peer]
            if known < self.due:
                self.send(peer, Ship(tuple(self.own[known : min(known + BATCH, self.due)])))
        self.due = self.durable
        self.timer(to_ns(self.timeout_ms), "ship again", self.ship_again)

    def take(self, updates: Iterable[Update]) -> None:
        """Keep others' updates, those that come too early when their time has come."""
        for update in updates:
            if self.has(update):
                continue
            if self.is_due(update):
                self.keep(update)
                self.release()
            elif (update.member, update.number) not in self.held:
                self.held[update.member, update.number] = update
                self.publish("tunable.held_back", 1)
        self.show("held_back", len(self.held))

    def release(self) -> None:
        """Keep what no longer has to wait."""
        waits = True
        while waits:
            waits = False
            for name in sorted(self.held):
                if self.has(self.held[name]) or self.is_due(self.held[name]):
                    update = self.held.pop(name)
                    if not self.has(update):
                        self.keep(update)
                        waits = True

    def has(self, update: Update) -> bool:
        """Whether an update is here."""
        member, number = update.member, update.number
        return number <= self.counts.get(member, 0) or number in self.beyond.get(member, {})

    def is_due(self, update: Update) -> bool:
        """Whether all is here that has to be before an update: as the vector clock says (Ahamad et al. 1995)."""
        if self.consistency == EVENTUAL:
            return True
        follows = update.number == self.counts.get(update.member, 0) + 1
        return follows and covers(tuple(self.counts.items()), update.after)

    # State

    def keep(self, update: Update) -> None:
        """Write an update and what it makes of the copy, as one record. Raises Refused when the disk is full."""
        member = update.member
        count = self.counts.get(member, 0)
        beyond = {**self.beyond.get(member, {}), update.number: True}
        while count + 1 in beyond:
            count += 1
            del beyond[count]
        counts = {**self.counts, member: count}
        record: dict[str, Any] = {COUNTS: tuple(sorted(counts.items()))}
        if self.wins(update):
            record[update.key] = update
        if member == self.me:
            record[f"{OWN}{update.number:012}"] = update
        self.disk.write_together(record)
        self.counts = counts
        self.beyond[member] = beyond
        if member == self.me:
            self.own.append(update)
            self.ordered[update.request] = True
        if member != self.me:
            self.show("update", update.words())
        if self.wins(update):
            self.put(update)
            self.show("value", f"{update.key} = {update.value}")
            self.show_contents()

    def wins(self, update: Update) -> bool:
        """Whether it is what its key holds from now on."""
        before = self.entries.get(update.key)
        return before is None or update.stamp > before.stamp

    def put(self, update: Update) -> None:
        """Hold an update as what its key has."""
        before = self.entries.get(update.key)
        if before is not None:
            self.digest ^= fingerprint(before.key, before.value)
        self.digest ^= fingerprint(update.key, update.value)
        self.entries[update.key] = update
        self.stamp = max(self.stamp, update.stamp[0])

    async def sync(self) -> None:
        """Return when all that was kept so far is on disk."""
        count = len(self.own)
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)
        self.durable = max(self.durable, count)

    def show_contents(self) -> None:
        """Show how much there is, and a digest by which copies can be compared."""
        self.show("keys", len(self.entries))
        self.show("digest", f"{self.digest:08x}")
