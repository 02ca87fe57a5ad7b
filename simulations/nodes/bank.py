"""A branch of a bank: money moves between branches all the time, and somebody wants to know how much there is in all.

What is on its way is in no branch's safe. Who asks each branch in turn (a **count**) hears of different moments: a
transfer is missed between two safes, or found in both.

A **snapshot** puts the answers together to one state that could have been (Chandy and Lamport: "Distributed Snapshots:
Determining Global States of Distributed Systems", ACM TOCS 3(1), 1985, section 3). Whoever begins notes what is in its
own safe and sends a *marker* to all others, before anything else. Who gets its first marker does the same; the channel
by which it came was empty. From then on each notes what comes in by each other channel, until that one's marker comes:
that money was on its way. Transfers go on meanwhile, nothing stops. The safes and the channels make the total.

The algorithm needs channels on which nothing overtakes and nothing is lost: a marker separates what was sent before it
from what was sent after. Links carry streams for that; over datagrams the totals are wrong.

Nor may a branch fail: one that has crashed stays closed, and snapshots that began since are never complete. Flink's
checkpoints and debuggers of distributed programs take their snapshots so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Metric, Neighbour, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Occurrence, Reply, Request
from simulations.engine.node import Node
from simulations.engine.tasks import Failure


@dataclass(frozen=True)
class Payment(Occurrence):
    """Here is money."""

    amount: int


@dataclass(frozen=True)
class Marker(Occurrence):
    """All that I sent you before this belongs before the snapshot. Its name is who began it, and a number."""

    begun_by: str
    number: int


@dataclass(frozen=True)
class Noted(Occurrence):
    """My part of a snapshot: what was in my safe, what was on its way to me, and what I had at first."""

    number: int
    safe: int
    coming: int
    at_first: int


@dataclass(frozen=True)
class HowMuch(Request):
    """What is in your safe?"""


@dataclass(frozen=True)
class SoMuch(Reply):
    """This, and at first it was that."""

    safe: int
    at_first: int


class Part:
    """A branch's part of a snapshot while it notes it: by which channels it still waits for a marker."""

    def __init__(self, safe: int, channels: list[str]) -> None:
        self.safe = safe
        self.coming = 0
        self.open = dict.fromkeys(channels, True)


@mypyc_attr(allow_interpreted_subclasses=True)
class Bank(Node):
    """Sends money, and takes part in snapshots."""

    TYPE: ClassVar[str] = "bank"
    TITLE: ClassVar[str] = "Bank branch"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "A branch that sends money to others, and counts the total while it moves"
    ICON: ClassVar[str] = "bank"
    CLUSTERS: ClassVar[bool] = True
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "money", "Money at first", "integer", 1000, "units", 0, 1_000_000_000, help="In its safe.", section="Money"
        ),
        Param(
            "pays_every",
            "Pays every",
            "distribution",
            {"kind": "exponential", "mean_ms": 20},
            "ms",
            0.001,
            3_600_000,
            help="To another branch, drawn at random.",
            section="Money",
        ),
        Param(
            "amount_max",
            "Largest payment",
            "integer",
            100,
            "units",
            0,
            1_000_000_000,
            help="Each is of 1 to so much, as far as there is money; 0: it pays nothing.",
            section="Money",
        ),
        Param(
            "snapshot_every_ms",
            "Snapshot every",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="It begins one so often, by markers; 0: never.",
            section="Finding the total",
        ),
        Param(
            "count_every_ms",
            "Count every",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="It asks all branches so often, each of which answers when it is asked; 0: never.",
            section="Finding the total",
        ),
        Param(
            "notes_channels",
            "Note what is on its way",
            "boolean",
            True,
            help="Off: its part of a snapshot is what is in its safe, and money on its way is missed.",
            section="Finding the total",
        ),
        Param(
            "timeout_ms",
            "Give up a count after",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="Without the answer of each branch.",
            section="Finding the total",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("safe", "In the safe", "units"),
        Show("role", "State", look="badge"),
        Show("snapshot", "Last snapshot's total", "units", title_first=True),
        Show("count", "Last count's total", "units", title_first=True),
        Show("total", "Snapshot", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("bank.paid", "payments", "Payments that it sent.", "count"),
        Metric("bank.snapshots", "snapshots", "Snapshots that it began and that were complete.", "count"),
        Metric("bank.snapshots_wrong", "snapshots", "Those whose total is not what there was at first.", "count"),
        Metric("bank.coming", "units", "What a snapshot that it began found on its way.", "sample"),
        Metric("bank.counts", "counts", "Counts that it made and that all branches answered.", "count"),
        Metric("bank.counts_wrong", "counts", "Those whose total is not what there was at first.", "count"),
        Metric("bank.counts_off", "units", "How far a count's total was off.", "sample"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Payment, Marker, Noted, HowMuch)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "conserved_total",
            "Snapshots conserve the total",
            "All snapshots find the same total.",
            "agreement",
            ("total",),
        ),
    )

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        branches = {name: one for name, one in neighbours.items() if one.type == cls.TYPE}
        loose = [name for name, one in branches.items() if not one.stream]
        if loose and any(one["snapshot_every_ms"] for one in (params, *[one.params for one in branches.values()])):
            words = f"Payments may overtake markers on the way to {loose[0]}. Let the link's transport be a stream."
            return [("snapshot_every_ms", words)]
        return []

    def start(self) -> None:
        self.at_first = self.integer("money")
        self.safe = self.at_first
        self.pays_every = self.duration("pays_every")
        self.notes_channels = self.boolean("notes_channels")
        self.parts: dict[str, Part] = {}  # of snapshots under way, by their names
        self.done: set[str] = set()  # those in which its part is complete
        self.snapshots = 0
        self.noted: dict[int, dict[str, Noted]] = {}  # of own snapshots that are not complete, by branch
        self.closed = self.incarnation > 0
        self.show("role", "closed" if self.closed else "open")
        if self.closed:
            return
        self.show("safe", self.safe)
        if self.integer("amount_max"):
            self.plan("pay", self.next_ns(self.pays_every, "pay"))
        for purpose in ("snapshot", "count"):
            self.plan(purpose, to_ns(self.number(f"{purpose}_every_ms")))

    def plan(self, purpose: str, delay_ns: int) -> None:
        """Set the timer of the next payment, snapshot or count."""
        if self.peers and delay_ns and self.now_ns + delay_ns < self.network.workload_ends_ns:
            doing = {"pay": self.pay, "snapshot": self.begin_snapshot, "count": self.begin_count}[purpose]
            self.timer(delay_ns, purpose, doing)

    # Money

    def pay(self) -> None:
        """Send money to another branch."""
        self.plan("pay", self.next_ns(self.pays_every, "pay"))
        amount = min(self.safe, 1 + int(self.draw("amount") * self.integer("amount_max")))
        if amount:
            self.put(-amount)
            self.publish("bank.paid", 1)
            self.send(self.peers[int(self.draw("whom") * len(self.peers))], Payment(amount))

    def on_payment(self, body: Payment, message: Message) -> None:
        """Take money; it was on its way for each snapshot that waits for a marker by this channel (section 3.2)."""
        if self.closed:
            return
        self.put(body.amount)
        for part in self.parts.values():
            if self.notes_channels and message.channel.src.id in part.open:
                part.coming += body.amount

    def put(self, amount: int) -> None:
        """Into the safe, or out of it."""
        self.safe += amount
        self.show("safe", self.safe)

    # Snapshots

    def begin_snapshot(self) -> None:
        """Begin a snapshot of one's own."""
        self.plan("snapshot", to_ns(self.number("snapshot_every_ms")))
        self.snapshots += 1
        self.noted[self.snapshots] = {}
        self.note_safe(Marker(self.id, self.snapshots))

    def note_safe(self, marker: Marker) -> Part:
        """Note one's own state and send markers, before anything else (the marker-sending rule)."""
        part = self.parts[name_of(marker)] = Part(self.safe, self.peers)
        self.broadcast(self.peers, marker)
        return part

    def on_marker(self, body: Marker, message: Message) -> None:
        """What came by this channel is noted (the marker-receiving rule)."""
        name = name_of(body)
        if self.closed or name in self.done:
            return
        part = self.parts.get(name) or self.note_safe(body)
        if part.open.pop(message.channel.src.id, False) and not part.open:
            del self.parts[name]
            self.done.add(name)
            noted = Noted(body.number, part.safe, part.coming, self.at_first)
            if body.begun_by == self.id:
                self.add_up(noted, self.id)
            else:
                self.send(body.begun_by, noted)

    def on_noted(self, body: Noted, message: Message) -> None:
        if not self.closed:
            self.add_up(body, message.channel.src.id)

    def add_up(self, noted: Noted, branch: str) -> None:
        """One more part of a snapshot of one's own; with all of them there is a total."""
        parts = self.noted.get(noted.number, {})
        parts[branch] = noted
        if len(parts) <= len(self.peers):
            return
        del self.noted[noted.number]
        total = coming = expected = 0
        for part in parts.values():
            total += part.safe + part.coming
            coming += part.coming
            expected += part.at_first
        self.show("snapshot", total)
        self.show("total", f"total = {total}")
        self.publish("bank.snapshots", 1)
        self.publish("bank.snapshots_wrong", 1 if total != expected else 0)
        self.publish("bank.coming", coming)

    # Counts

    def begin_count(self) -> None:
        """Ask everybody."""
        self.plan("count", to_ns(self.number("count_every_ms")))
        self.spawn(self.make_count(), self.cause)

    async def make_count(self) -> None:
        """Add up what each says when it is asked, and one's own when one begins."""
        total, expected = self.safe, self.at_first
        replies: list[SoMuch] = []
        try:
            calls = self.call_each(self.peers, HowMuch(), self.number("timeout_ms"))
            replies = await self.quorum(calls, len(self.peers), [])
        except Failure:
            return
        for reply in replies:
            total += reply.safe
            expected += reply.at_first
        self.show("count", total)
        self.publish("bank.counts", 1)
        self.publish("bank.counts_wrong", 1 if total != expected else 0)
        self.publish("bank.counts_off", abs(total - expected))

    def on_how_much(self, body: HowMuch, message: Message) -> Body | None:
        return None if self.closed else SoMuch(self.safe, self.at_first)


def name_of(marker: Marker) -> str:
    """A snapshot's name."""
    return f"{marker.begun_by} {marker.number}"
