"""Kademlia's table: contacts by the length of the prefix that their ids share with one's own.

Maymounkov and Mazières, "Kademlia: A Peer-to-peer Information System Based on the XOR Metric", IPTPS 2002. A bucket
prefers who has been known for longest (section 2.2: who has been up for long is likely to stay); newcomers wait in a
replacement cache until somebody does not answer (section 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence

from simulations.engine.overlay import Contact, Table


class Buckets(Table):
    """At most `size` contacts for each distance 2^i … 2^(i+1) − 1. `replaces`: who does not answer is forgotten."""

    def __init__(self, mine: Sequence[Contact], bits: int, size: int, replaces: bool) -> None:
        super().__init__(mine, bits)
        self.size = size
        self.replaces = replaces
        self.buckets: list[list[Contact]] = [[] for _ in range(bits)]
        self.spares: list[list[Contact]] = [[] for _ in range(bits)]
        self.refreshed = [0] * bits  # the number of each bucket's last refresh
        self.refreshes = 0

    def distance(self, id: int, target: int) -> int:
        return id ^ target

    def closest(self, at: int, target: int, count: int) -> list[Contact]:
        known = [contact for bucket in self.buckets for contact in bucket]
        known.sort(key=lambda contact: contact.id ^ target)
        return known[:count]

    def seen(self, contact: Contact) -> None:
        place = self._place(contact)
        if place < 0:
            return
        bucket, spares = self.buckets[place], self.spares[place]
        if contact in bucket:
            bucket.remove(contact)
            bucket.append(contact)
        elif len(bucket) < self.size:
            bucket.append(contact)
        else:
            if contact in spares:
                spares.remove(contact)
            spares.append(contact)
            del spares[: -self.size]

    def failed(self, contact: Contact) -> None:
        place = self._place(contact)
        if place < 0 or not self.replaces:
            return
        bucket, spares = self.buckets[place], self.spares[place]
        if contact in spares:
            spares.remove(contact)
        if contact in bucket:
            bucket.remove(contact)
            if spares:
                bucket.append(spares.pop())

    def known(self) -> int:
        """How many contacts it holds."""
        return len([contact for bucket in self.buckets for contact in bucket])

    def stalest(self, chance: float) -> int:
        """An id drawn from the bucket that was refreshed longest ago, of those that somebody may be in."""
        lowest = next((place for place in range(self.bits) if self.buckets[place]), self.bits - 1)
        place = min(range(lowest, self.bits), key=lambda place: (self.refreshed[place], -place))
        self.refreshes += 1
        self.refreshed[place] = self.refreshes
        return self.mine[0].id ^ ((1 << place) + int(chance * (1 << place)))

    def _place(self, contact: Contact) -> int:
        return (self.mine[0].id ^ contact.id).bit_length() - 1
