"""Chord's table: a ring of ids, on which each peer knows its successors and, at doubling distances, its fingers.

Stoica, Morris, Karger, Kaashoek, Balakrishnan, "Chord: A Scalable Peer-to-peer Lookup Service for Internet
Applications", SIGCOMM 2001. A peer with several ids is so many virtual nodes (section 6.2), each with a table.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulations.engine.overlay import Contact, Table

SILENT_ROUNDS_MAX = 3


class Ring:
    """One id's view: its successors, first the next; its predecessor; its fingers, the i-th at a distance of 2^i."""

    def __init__(self, own: Contact, bits: int, length: int) -> None:
        self.own = own
        self.mask = (1 << bits) - 1
        self.length = length
        self.successors: list[Contact] = []
        self.predecessor: Contact | None = None
        self.silent = 0  # rounds since the predecessor was heard from
        self.fingers: list[Contact | None] = [None] * bits
        self.finger = bits - 1  # the one whose turn it is

    def ahead(self, id: int) -> int:
        """How far ahead of us an id is; we ourselves are a full round ahead."""
        return ((id - self.own.id - 1) & self.mask) + 1

    def owners(self, target: int) -> list[Contact]:
        """Our successors, if the target lies between us and the first of them."""
        if not self.successors:
            return [self.own]
        return self.successors if self.ahead(target) <= self.ahead(self.successors[0].id) else []

    def preceding(self, target: int, count: int) -> list[Contact]:
        """The closest before the target that we know."""
        reach = self.ahead(target)
        found = {one.id: one for one in (*self.fingers, *self.successors) if one and self.ahead(one.id) < reach}
        return sorted(found.values(), key=lambda one: -self.ahead(one.id))[:count]

    def adopt(self, successors: Sequence[Contact]) -> None:
        """Have these as successors, in the order of the ring."""
        found = {one.id: one for one in successors if one.id != self.own.id}
        self.successors = sorted(found.values(), key=lambda one: self.ahead(one.id))[: self.length]

    def notified(self, by: Contact) -> None:
        """Somebody believes to be our predecessor."""
        before = self.predecessor
        if before is None or before.id == by.id or self.ahead(by.id) > self.ahead(before.id):
            self.predecessor = by
            self.silent = 0
        if not self.successors:
            self.adopt([by])

    def passed(self) -> None:
        """A round has passed: a predecessor that is silent for long is gone."""
        self.silent += 1
        if self.silent > SILENT_ROUNDS_MAX:
            self.predecessor = None

    def next_finger(self) -> int:
        """The finger to look up next: from the farthest to the first that lies beyond the next peer."""
        self.finger = (self.finger + 1) % len(self.fingers)
        if self.successors:
            gap = self.ahead(self.successors[0].id)
            while (1 << self.finger) <= gap and self.finger < len(self.fingers) - 1:
                self.fingers[self.finger] = None
                self.finger += 1
        return self.finger

    def failed(self, contact: Contact) -> None:
        """Somebody does not answer."""
        self.successors = [one for one in self.successors if one.id != contact.id]
        self.fingers = [None if one is not None and one.id == contact.id else one for one in self.fingers]
        if self.predecessor is not None and self.predecessor.id == contact.id:
            self.predecessor = None


class Rings(Table):
    """The views of all of a peer's ids. `replaces`: who does not answer is forgotten."""

    def __init__(self, mine: Sequence[Contact], bits: int, length: int, replaces: bool) -> None:
        super().__init__(mine, bits)
        self.replaces = replaces
        self.views = {contact.id: Ring(contact, bits, length) for contact in mine}

    def distance(self, id: int, target: int) -> int:
        return (target - id - 1) & self.mask

    def closest(self, at: int, target: int, count: int) -> list[Contact]:
        return self.views[at].preceding(target, count) if at in self.views else []

    def owners(self, at: int, target: int) -> list[Contact]:
        return self.views[at].owners(target) if at in self.views else []

    def failed(self, contact: Contact) -> None:
        if self.replaces:
            for view in self.views.values():
                view.failed(contact)
