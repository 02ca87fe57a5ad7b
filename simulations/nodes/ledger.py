"""A replicated ledger: so many units under each key, and copies that hand them out, in one of three ways.

An increment *takes* units: money from an account, goods from a stock. No more may be taken than there are, and that is
a rule over all copies together.

**CP**: the first member decides. The others pass requests on to it; it books what it hands out on its own disk and on
those of a majority before it answers. Nothing is handed out twice, and a side of a partition without the first member,
or with it and without a majority, hands out nothing. (There is no fail-over here: that takes an election.)

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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.doubting import lonely, majority_doubts
from simulations.engine.messages import DONE, Body, Increment, Replication
from simulations.engine.node import Node
from simulations.engine.state_machine import fingerprint
from simulations.engine.tasks import Failure, Refused

Entries = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Books(Replication):
    """What I know that each copy has handed out of each key: keep the higher numbers."""

    entries: Entries

    def size(self) -> int:
        return 64 + 40 * len(self.entries)


@mypyc_attr(allow_interpreted_subclasses=True)
class Ledger(Node):
    """Hands out what there is, or what it believes there is."""

    TYPE: ClassVar[str] = "ledger"
    TITLE: ClassVar[str] = "Replicated ledger"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A copy of accounts or stocks that never gives too much, or always gives"
    ICON: ClassVar[str] = "ledger"
    CLUSTERS: ClassVar[bool] = True
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
        Param(
            "fsync_time",
            "fsync takes",
            "distribution",
            {"kind": "constant", "value_ms": 0.5},
            "ms",
            0,
            3_600_000,
            help="Nothing is handed out before it is booked on disk.",
            section="Disk",
        ),
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
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Increment, Books)

    @classmethod
    def cluster_doubts(cls, params: dict[str, Any], members: Sequence[str]) -> list[tuple[str, str]]:
        return majority_doubts(len(members)) if params["mode"] == "cp" else lonely(len(members))

    def start(self) -> None:
        self.entries: dict[str, int] = self.disk.read()
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
        if self.mode != "cp":
            await self.hand_out(body)
            return DONE
        try:
            if self.first != self.id:
                reply: Body = await self.call(self.first, body, self.timeout_ms)
                return reply
            entry = await self.hand_out(body)
            books = Books(((entry, self.entries[entry]),))
            calls = self.call_each(self.peers, books, self.timeout_ms)
            await self.quorum(calls, self.majority, [DONE])
        except Failure as failure:
            if failure.uncertain:
                self.publish("ledger.rejected", 1)
            raise
        return DONE

    async def hand_out(self, body: Increment) -> str:
        """Book units as taken here, if by these books there are any; the entry. Raises Refused otherwise."""
        entry = f"{body.key} {self.id}"
        taken = self.entries.get(entry, 0) if self.mode == "shares" else self.taken.get(body.key, 0)
        if taken + body.amount > (self.share if self.mode == "shares" else self.units):
            self.publish("ledger.sold_out", 1)
            raise Refused("nothing left", False)
        self.book(entry, self.entries.get(entry, 0) + body.amount, True)
        self.show_books()
        await self.disk.fsync(self.fsync_time)
        return entry

    # Books

    def book(self, entry: str, count: int, own: bool) -> None:
        """Note that a copy has handed out so many units of a key in all. Raises Refused when the disk is full."""
        before = self.entries.get(entry, 0)
        if count <= before:
            return
        if own:
            self.effect_kept({entry: count})
        else:
            self.disk.write(entry, count)
        self.entries[entry] = count
        self.taken[key_of(entry)] = self.taken.get(key_of(entry), 0) + count - before

    async def on_books(self, body: Books, message: Message) -> Body:
        """Keep the higher numbers, and have them on disk before saying so."""
        for entry, count in body.entries:
            self.book(entry, count, False)
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
