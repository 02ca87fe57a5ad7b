"""What replicas show each other that trust nobody: sealed statements, and certificates made of many.

Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999 (sections 2, 4.2 to 4.4). A seal stands for a
digital signature: anybody can check it, and nobody can make that of another, save those who share their keys. So a
statement may be passed on by anybody, and a quorum's statements prove what they say to who was not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from zlib import crc32

from mypy_extensions import mypyc_attr

from simulations.engine.messages import Body, Read, Vote
from simulations.engine.state_machine import Command
from simulations.engine.streams import mix

Seals = tuple[tuple[str, int], ...]  # who says so, and each one's seal
NULL: Final = "null"  # the digest of the request that does nothing


def mark(text: str) -> int:
    """Stands for a cryptographic hash."""
    return mix(crc32(text.encode())) >> 31


def seal(who: str, statement: str) -> int:
    """Somebody's seal under a statement."""
    return mark(f"{who} says {statement}")


def vouched(seals: Seals, statement: str, members: Sequence[str]) -> list[str]:
    """The members, each once, whose seals under a statement are genuine."""
    genuine = {who for who, one in seals if one == seal(who, statement)}
    return [member for member in members if member in genuine]


@dataclass(frozen=True)
class Order:
    """A client's request, sealed by the replica that it was put to (`contact`), and numbered there."""

    contact: str
    number: int
    command: Command
    digest: str
    seal: int


def make_order(contact: str, number: int, command: Command) -> Order:
    """Seal a request."""
    digest = f"{mark(f'{contact} {number} {command.request!r}'):08x}"
    return Order(contact, number, command, digest, seal(contact, digest))


def genuine(order: Order, members: Sequence[str]) -> bool:
    """Whether an order is of whom it says."""
    return order.contact in members and order == make_order(order.contact, order.number, order.command)


def digest_of(order: Order | None) -> str:
    """The digest of an order, also of the null request."""
    return NULL if order is None else order.digest


def ordered(view: int, seq: int, digest: str) -> str:
    """What a primary says by a pre-prepare."""
    return f"in view {view} {seq} is {digest}"


def prepared(view: int, seq: int, digest: str) -> str:
    """What a backup says by a prepare."""
    return f"in view {view} {seq} was given me as {digest}"


def committed(view: int, seq: int, digest: str) -> str:
    """What a replica says by a commit."""
    return f"in view {view} {seq} is prepared as {digest}"


def reached(seq: int, digest: str) -> str:
    """What a replica says by a checkpoint."""
    return f"the state after {seq} is {digest}"


@dataclass(frozen=True)
class PrePrepare(Vote):
    """In this view this order has this sequence number. Without an order: the null request."""

    view: int
    seq: int
    order: Order | None
    who: str
    seal: int

    def altered(self, draw: float) -> Body:
        return replace(self, order=twin_of(self.order)) if self.order else self


@dataclass(frozen=True)
class Prepared:
    """A prepared certificate: the primary's pre-prepare and matching prepares, a quorum together (section 4.2)."""

    view: int
    seq: int
    order: Order | None
    seals: Seals


@dataclass(frozen=True)
class Stable:
    """A stable checkpoint: a quorum has reached this state (section 4.3). The start, 0, needs no proof."""

    seq: int
    digest: str
    seals: Seals


@dataclass(frozen=True)
class ViewChange(Vote):
    """I have left for this view. This is my stable checkpoint, and what I prepared after it."""

    view: int
    stable: Stable
    prepared: tuple[Prepared, ...]
    who: str
    seal: int

    def size(self) -> int:
        return 128 + 256 * len(self.prepared)

    def statement(self) -> str:
        """What is sealed."""
        return f"change to view {self.view}: {mark(repr((self.stable, self.prepared))):x}"

    def sealed(self) -> ViewChange:
        """The same with its sender's seal."""
        return replace(self, seal=seal(self.who, self.statement()))


@dataclass(frozen=True)
class NewView(Vote):
    """The view begins: a quorum has left for it, and these are the orders that follow from what they prepared."""

    view: int
    changes: tuple[ViewChange, ...]
    orders: tuple[PrePrepare, ...]
    who: str
    seal: int

    def size(self) -> int:
        return 64 + sum([change.size() for change in self.changes]) + 64 * len(self.orders)

    def statement(self) -> str:
        """What is sealed."""
        return f"view {self.view} begins: {mark(repr((self.changes, self.orders))):x}"

    def sealed(self) -> NewView:
        """The same with its sender's seal."""
        return replace(self, seal=seal(self.who, self.statement()))


@mypyc_attr(allow_interpreted_subclasses=True)
class Judge:
    """Checks what others say, knowing the members, how many make a quorum, and how far a log may reach."""

    def __init__(self, members: Sequence[str], quorum: int, window: int) -> None:
        self.members = list(members)
        self.quorum = quorum
        self.window = window

    def primary(self, view: int) -> str:
        """Who is in charge of a view (section 4.1)."""
        return self.members[view % len(self.members)]

    def accepts_order(self, said: PrePrepare) -> bool:
        """Whether a pre-prepare is of its view's primary, and its order of whom it says."""
        statement = ordered(said.view, said.seq, digest_of(said.order))
        if said.who != self.primary(said.view) or said.seal != seal(said.who, statement):
            return False
        return said.order is None or genuine(said.order, self.members)

    def accepts_prepared(self, proof: Prepared) -> bool:
        """Whether a prepared certificate proves what it says."""
        if proof.order is not None and not genuine(proof.order, self.members):
            return False
        digest = digest_of(proof.order)
        primary = self.primary(proof.view)
        leaders = vouched(proof.seals, ordered(proof.view, proof.seq, digest), [primary])
        backups = [member for member in self.members if member != primary]
        others = vouched(proof.seals, prepared(proof.view, proof.seq, digest), backups)
        return len(leaders) == 1 and len(others) + 1 >= self.quorum

    def accepts_committed(self, view: int, seq: int, order: Order | None, seals: Seals) -> bool:
        """Whether a quorum has committed."""
        if order is not None and not genuine(order, self.members):
            return False
        return len(vouched(seals, committed(view, seq, digest_of(order)), self.members)) >= self.quorum

    def accepts_stable(self, stable: Stable) -> bool:
        """Whether a quorum has reached a checkpoint."""
        if stable.seq == 0:
            return True
        return len(vouched(stable.seals, reached(stable.seq, stable.digest), self.members)) >= self.quorum

    def accepts_change(self, change: ViewChange) -> bool:
        """Whether a view change is sealed, and proves all that it says (section 4.4)."""
        if change.who not in self.members or change.seal != seal(change.who, change.statement()):
            return False
        first = change.stable.seq
        places = {proof.seq for proof in change.prepared}
        if len(places) < len(change.prepared) or not self.accepts_stable(change.stable):
            return False
        for proof in change.prepared:
            if not first < proof.seq <= first + self.window or proof.view >= change.view:
                return False
            if not self.accepts_prepared(proof):
                return False
        return True

    def accepts_new_view(self, new: NewView) -> bool:
        """Whether a new view is what follows from a quorum's view changes (section 4.4)."""
        senders = {change.who for change in new.changes}
        if new.who != self.primary(new.view) or new.seal != seal(new.who, new.statement()):
            return False
        if len(senders) < self.quorum or len(senders) < len(new.changes):
            return False
        if not all(change.view == new.view and self.accepts_change(change) for change in new.changes):
            return False
        wanted = self.following(new.changes)
        if [(one.seq, digest_of(one.order)) for one in new.orders] != [
            (seq, digest_of(order)) for seq, order in wanted
        ]:
            return False
        return all(one.view == new.view and self.accepts_order(one) for one in new.orders)

    def following(self, changes: Sequence[ViewChange]) -> list[tuple[int, Order | None]]:
        """What a new view orders anew: after the highest stable checkpoint, each prepared order under its number, that
        of the latest view where there are several, and the null request in between (section 4.4: O).
        """
        low = max([change.stable.seq for change in changes])
        best: dict[int, Prepared] = {}
        for change in changes:
            for proof in change.prepared:
                if proof.seq > low and (proof.seq not in best or proof.view > best[proof.seq].view):
                    best[proof.seq] = proof
        high = max(best) if best else low
        return [(seq, best[seq].order if seq in best else None) for seq in range(low + 1, high + 1)]


def twin_of(order: Order, contact: str = "", number: int = 0) -> Order:
    """Another order in place of one, which only reads. It is sealed by a liar, or not genuine."""
    command = Command(Read("-"), order.command.op)
    return make_order(contact, number, command) if contact else replace(order, command=command)
