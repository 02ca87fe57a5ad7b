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
        self.buckets: list[dict[int, Contact]] = [{} for _ in range(bits)]  # by id, who was seen last at the end
        self.spares: list[dict[int, Contact]] = [{} for _ in range(bits)]
        self.refreshed = [0] * bits  # the number of each bucket's last refresh
        self.refreshes = 0

    def distance(self, id: int, target: int) -> int:
        return id ^ target

    def closest(self, at: int, target: int, count: int) -> list[Contact]:
        known = [(id ^ target, contact) for bucket in self.buckets for id, contact in bucket.items()]
        known.sort(key=_distance)
        return [contact for _, contact in known[:count]]

    def seen(self, contact: Contact) -> None:
        place = self._place(contact)
        if place < 0:
            return
        bucket, spares = self.buckets[place], self.spares[place]
        if bucket.pop(contact.id, None) is not None or len(bucket) < self.size:
            bucket[contact.id] = contact
            return
        spares.pop(contact.id, None)
        spares[contact.id] = contact
        if len(spares) > self.size:
            del spares[next(iter(spares))]

    def failed(self, contact: Contact) -> None:
        place = self._place(contact)
        if place < 0 or not self.replaces:
            return
        bucket, spares = self.buckets[place], self.spares[place]
        spares.pop(contact.id, None)
        if bucket.pop(contact.id, None) is not None and spares:
            newest = spares.popitem()[1]
            bucket[newest.id] = newest

    def stalest(self, chance: float) -> int:
        """An id drawn from the bucket that was refreshed longest ago, of those that somebody may be in."""
        lowest = next((place for place in range(self.bits) if self.buckets[place]), self.bits - 1)
        place = min(range(lowest, self.bits), key=lambda place: (self.refreshed[place], -place))
        self.refreshes += 1
        self.refreshed[place] = self.refreshes
        return self.mine[0].id ^ ((1 << place) + int(chance * (1 << place)))

    def _place(self, contact: Contact) -> int:
        return (self.mine[0].id ^ contact.id).bit_length() - 1


def _distance(entry: tuple[int, Contact]) -> int:
    return entry[0]
