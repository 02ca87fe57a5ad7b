"""A replicated ledger: so many units under each key, and copies that hand them out, in one of three ways.

An increment *takes* units: money from an account, goods from a stock. No more may be taken than there are, and that is
a rule over all copies together. Nothing is given back.

**CP**: the first member decides. The others pass requests on to it; it books what it hands out on its own disk and on
those of a majority before it answers. Nothing is handed out twice, not even for a request that the network delivers
twice; a side of a partition without the first member, or with it and without a majority, hands out nothing. (There is
no fail-over here: that takes an election.)

**AP**: each copy decides by what it knows. Each books what it has handed out itself; copies tell each other their books
and keep the higher number of each (a grow-only counter: Shapiro, Preguiça, Baquero, Zawirski, "Conflict-Free Replicated
Data Types", SSS 2011). Counters never conflict, but rules over their sum can be broken: two sides of a partition each
hand out the last unit. The books then say so, and somebody has to apologise (Helland and Campbell, "Building on
Quicksand", CIDR 2009).

**Shares**: each copy has a part of the units for its own and hands out those, alone (O'Neil, "The Escrow Transactional
Method", ACM TODS 11(4), 1986). Always an answer and never a unit too much; but where one's own are gone, the answer is
no while others have some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, QuorumRule, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Increment, Replication, Request
from simulations.engine.node import Node
from simulations.engine.state_machine import fingerprint
from simulations.engine.tasks import Failure, Refused

PASSED_ON: Final = " "  # on disk, before a copy and its number; no key of a client begins with a blank

Entries = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Books(Replication):
    """What I know that each copy has handed out of each key: keep the higher numbers."""

    entries: Entries

    def size(self) -> int:
        return 64 + 40 * len(self.entries)


@dataclass(frozen=True)
class PassOn(Request):
    """What a client asks of me, for the first. By the number, unlike any other of mine, copies that the network makes
    are known.
    """

    number: int
    request: Increment

    def size(self) -> int:
        return 16 + self.request.size()


@mypyc_attr(allow_interpreted_subclasses=True)
class Ledger(Node):
    """Hands out what there is, or what it believes there is."""

    TYPE: ClassVar[str] = "ledger"
    TITLE: ClassVar[str] = "Replicated ledger"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A copy of accounts or stocks that never gives too much, or always gives"
    ICON: ClassVar[str] = "ledger"
    CLUSTERS: ClassVar[bool] = True
    QUORUM: ClassVar[QuorumRule] = QuorumRule(when=("mode", "cp"))
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "mode",
            "Under partition",
            "choice",
            "cp",
            choices=(
                Choice("cp", "CP: the first decides, on a majority"),
                Choice("ap", "AP: each decides alone"),
                Choice("shares", "Shares: each has units of its own"),
            ),
            help="CP refuses what it cannot be sure of; AP hands out and counts later; shares are divided beforehand.",
            section="Ledger",
        ),
        Param(
            "units",
            "Units at first",
            "integer",
            100,
            "units",
            0,
            1_000_000_000,
            help="Under each key.",
            section="Ledger",
        ),
        Param(
            "answer_timeout_ms",
            "Answer timeout",
            "number",
            200,
            "ms",
            0.1,
            3_600_000,
            help="CP: how long to wait for the first member, and for a majority, before refusing.",
            section="Replication",
        ),
        Param(
            "exchange_ms",
            "Exchange every",
            "number",
            100,
            "ms",
            0.1,
            3_600_000,
            help="Mean time between tellings of one's books to a random peer.",
            section="Replication",
        ),
        fsync_param("Nothing is handed out before it is booked on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("taken", "Taken", "units"),
        Show("role", "Mode", look="badge"),
        Show("beyond", "Too many", "units"),
        Show("digest", "Digest", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("ledger.taken", "units", "Units that its books show as taken, by all copies.", "gauge"),
        Metric("ledger.oversold", "units", "Units taken beyond those that there were, by its books.", "gauge"),
        Metric("ledger.rejected", "", "Requests refused because others could not be asked.", "count"),
        Metric("ledger.sold_out", "", "Requests refused because nothing was left.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Increment, PassOn, Books)

    def start(self) -> None:
        on_disk: dict[str, Any] = self.disk.read()
        self.entries: dict[str, int] = {name: on_disk[name] for name in on_disk if not name.startswith(PASSED_ON)}
        self.passed_on = {name: str(on_disk[name]) for name in on_disk if name.startswith(PASSED_ON)}
        self.asked = self.incarnation << 32
        self.mode = self.text("mode")
        self.units = self.integer("units")
        self.timeout_ms = self.number("answer_timeout_ms")
        self.fsync_time = self.duration("fsync_time")
        hosts = self.network.hosts
        everybody = sorted([self.id, *self.peers], key=lambda copy: hosts[copy].index)
        self.first = everybody[0]
        self.majority = len(everybody) // 2 + 1
        place, left_over = everybody.index(self.id), self.units % len(everybody)
        self.share = self.units // len(everybody) + (1 if place < left_over else 0)
        first = ", first" if self.mode == "cp" and self.first == self.id else ""
        self.show("role", f"{'shares' if self.mode == 'shares' else self.mode.upper()}{first}")
        self.taken: dict[str, int] = {}
        self.shown: tuple[int, int] = (-1, 0)
        for entry, count in self.entries.items():
            self.taken[key_of(entry)] = self.taken.get(key_of(entry), 0) + count
        self.show_books()
        if self.peers:
            self.schedule_exchange()

    # Handing out

    async def on_increment(self, body: Increment, message: Message) -> Body:
        """Take units, or have the first member do it. Raises Refused where that cannot be."""
        if body.amount < 0:
            raise Refused("nothing is taken back", False)
        if self.mode != "cp":
            await self.hand_out(body, "")
            return DONE
        try:
            if self.first != self.id:
                self.asked += 1
                reply: Body = await self.call(self.first, PassOn(self.asked, body), self.timeout_ms)
                return reply
            return await self.decide(body, "")
        except Failure as failure:
            if failure.uncertain:
                self.publish("ledger.rejected", 1)
            raise

    async def on_pass_on(self, body: PassOn, message: Message) -> Body:
        return await self.decide(body.request, f"{PASSED_ON}{message.channel.src.id} {body.number}")

    async def decide(self, body: Increment, name: str) -> Body:
        """As the first: hand out, and have it booked by a majority. What came under a name is handed out once."""
        entry = self.passed_on.get(name, "")
        if not entry:
            entry = await self.hand_out(body, name)
        elif self.disk.cached:
            await self.disk.fsync(self.fsync_time)
        books = Books(((entry, self.entries[entry]),))
        calls = self.call_each(self.peers, books, self.timeout_ms)
        await self.quorum(calls, self.majority, [DONE])
        return DONE

    async def hand_out(self, body: Increment, name: str) -> str:
        """Book units as taken here, if by these books there are any; the entry. The name of what another copy has
        passed on stays with them, so that not even a crash has it handed out twice. Raises Refused otherwise.
        """
        entry = f"{body.key} {self.id}"
        taken = self.entries.get(entry, 0) if self.mode == "shares" else self.taken.get(body.key, 0)
        if taken + body.amount > (self.share if self.mode == "shares" else self.units):
            self.publish("ledger.sold_out", 1)
            raise Refused("nothing left", False)
        record: dict[str, Any] = {entry: self.entries.get(entry, 0) + body.amount}
        if name:
            record[name] = entry
        self.effect_kept(record)
        if name:
            self.passed_on[name] = entry
        self.know(entry, record[entry])
        self.show_books()
        await self.disk.fsync(self.fsync_time)
        return entry

    # Books

    def know(self, entry: str, count: int) -> None:
        """A copy has handed out so many units of a key in all."""
        self.taken[key_of(entry)] = self.taken.get(key_of(entry), 0) + count - self.entries.get(entry, 0)
        self.entries[entry] = count

    async def on_books(self, body: Books, message: Message) -> Body:
        """Keep the higher numbers, and have them on disk before saying so."""
        for entry, count in body.entries:
            if count > self.entries.get(entry, 0):
                self.disk.write(entry, count)
                self.know(entry, count)
        self.show_books()
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)
        return DONE

    def schedule_exchange(self) -> None:
        """Set the timer of the next telling: evenly within half to one and a half of the mean."""
        factor = 0.5 + self.draw("exchange delay")
        self.timer(int(to_ns(self.number("exchange_ms")) * factor), "exchange", self.exchange)

    def exchange(self) -> None:
        """Tell one peer all that is in the books."""
        peer = self.peers[int(self.draw("exchange peer") * len(self.peers))]
        self.send(peer, Books(tuple(sorted(self.entries.items()))))
        self.schedule_exchange()

    def show_books(self) -> None:
        """Show how much is taken, how much too much, and a digest by which copies are compared."""
        taken = beyond = digest = 0
        for count in self.taken.values():
            taken += count
            beyond += max(0, count - self.units)
        for entry, count in self.entries.items():
            digest ^= fingerprint(entry, count)
        if self.shown == (taken, digest):
            return
        self.shown = (taken, digest)
        self.show("taken", taken)
        self.show("beyond", beyond)
        self.show("digest", f"{digest:08x}")
        self.publish("ledger.taken", taken)
        self.publish("ledger.oversold", beyond)


def key_of(entry: str) -> str:
    """The key of an entry of the books, `<key> <copy>`."""
    return entry.partition(" ")[0]
