"""Overlays: peers that find things by ids, each knowing a few others, and the search that goes from one to the next.

Peers and keys have ids of the same sort, drawn as if by a hash. A table says whom a peer knows that is closer to an id;
a search asks the closest of those it has heard of, several at a time, and hears of closer ones, until nobody is closer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simulations.engine.messages import Reply, Request
from simulations.engine.node import Node
from simulations.engine.streams import stream_key
from simulations.engine.tasks import Call, Future

NEW: Final = 0
ASKED: Final = 1
ANSWERED: Final = 2
FAILED: Final = 3
STREAM_BITS: Final = 63


@dataclass(frozen=True)
class Contact:
    """A peer's id (one of them, where it has several) and its name."""

    id: int
    name: str


def peer_id(seed: int, name: str, number: int, bits: int) -> int:
    """The id of a peer, the same after a restart; `number` tells its ids apart."""
    return int(stream_key(seed, name, f"overlay id {number}")) >> (STREAM_BITS - bits)


def key_id(key: str, bits: int) -> int:
    """Where a key belongs."""
    return int(stream_key(0, key, "overlay key")) >> (STREAM_BITS - bits)


@dataclass(frozen=True)
class Find(Request):
    """Whom do you, as this id of yours, know closest to the target? And have you the key, if one is given?"""

    sender: Contact
    at: int
    target: int
    key: str


@dataclass(frozen=True)
class Stored:
    """A value, and when it was written."""

    value: int | None
    written_ns: int


@dataclass(frozen=True)
class Found(Reply):
    """These I know; these own the target, as far as I can tell; this is what I have."""

    closer: tuple[Contact, ...]
    owners: tuple[Contact, ...]
    stored: Stored | None


class Table:
    """Whom a peer knows. `mine` are its own ids, of so many bits."""

    def __init__(self, mine: Sequence[Contact], bits: int) -> None:
        self.mine = tuple(mine)
        self.bits = bits
        self.mask = (1 << bits) - 1

    def distance(self, id: int, target: int) -> int:
        """How far an id is from another, as this overlay counts."""
        raise ValueError(f"no distance from {id} to {target} without a rule for it")

    def closest(self, at: int, target: int, count: int) -> list[Contact]:
        """The contacts closest to an id that the peer knows, as its own id `at`."""
        return []

    def owners(self, at: int, target: int) -> list[Contact]:
        """Who is responsible for an id, where this is known here; else nobody."""
        return []

    def seen(self, contact: Contact) -> None:
        """A contact has been heard from."""

    def failed(self, contact: Contact) -> None:
        """A contact has not answered."""


class Candidate:
    """A contact that a search has heard of; `depth` is how many peers it takes to get to it, itself counted."""

    def __init__(self, contact: Contact, distance: int, depth: int) -> None:
        self.contact = contact
        self.distance = distance
        self.depth = depth
        self.state = NEW


def _distance(candidate: Candidate) -> int:
    return candidate.distance


class Search:
    """Goes towards an id: keeps whom it has heard of, closest first, and says whom to ask next."""

    def __init__(self, table: Table, target: int, width: int) -> None:
        self.table = table
        self.target = target
        self.width = width  # so many of the closest must have answered
        self.candidates: list[Candidate] = []
        self.heard = {contact.id for contact in table.mine}

    def learn(self, contacts: Sequence[Contact], depth: int) -> None:
        """Hear of contacts."""
        for contact in contacts:
            if contact.id not in self.heard:
                self.heard.add(contact.id)
                self.candidates.append(Candidate(contact, self.table.distance(contact.id, self.target), depth))
        self.candidates.sort(key=_distance)

    def next(self) -> Candidate | None:
        """The closest that has not been asked, unless enough closer ones live."""
        alive = 0
        for candidate in self.candidates:
            if candidate.state == NEW:
                return candidate
            alive += candidate.state != FAILED
            if alive >= self.width:
                return None
        return None

    def answered(self, count: int) -> list[Candidate]:
        """The closest that have answered."""
        return [candidate for candidate in self.candidates if candidate.state == ANSWERED][:count]


class Lookup:
    """What a search came to: what was found, or who is responsible, after how many hops."""

    def __init__(self, owners: Sequence[Contact], stored: Stored | None, hops: int) -> None:
        self.owners = list(owners)
        self.stored = stored
        self.hops = hops
        self.timeouts = 0  # who was asked in vain


class Searches:
    """Carries out a peer's searches: `parallel` questions at a time, until the `width` closest have answered."""

    def __init__(self, node: Node, table: Table, width: int, parallel: int, timeout_ms: float) -> None:
        self.node = node
        self.table = table
        self.width = width
        self.parallel = parallel
        self.timeout_ms = timeout_ms
        self.named = max(width, parallel)  # so many contacts are named in an answer

    async def search(self, target: int, key: str, through: Sequence[Contact] = ()) -> Lookup:
        """Go towards an id; with a key, until somebody has it. Who does not belong yet goes `through` others."""
        table = self.table
        search = Search(table, target, self.width)
        search.learn(through, 1)
        for own in () if through else table.mine:
            owners = table.owners(own.id, target)
            if owners:
                return Lookup(owners, None, 0)
            search.learn(table.closest(own.id, target, self.named), 1)
        end: Lookup | None = None
        timeouts = 0
        under_way: list[tuple[Call, Candidate]] = []
        while end is None:
            self._ask(search, key, under_way)
            if not under_way:
                closest = search.answered(self.width)
                end = Lookup([one.contact for one in closest], None, closest[0].depth if closest else 0)
                break
            waiting: list[Future] = [call for call, _ in under_way]
            await self.node.race(waiting)
            for call, candidate in under_way:
                if call.done and end is None:
                    timeouts += call.error is not None
                    end = self._heard(search, call, candidate)
            under_way = [entry for entry in under_way if not entry[0].done]
        end.timeouts = timeouts
        return end

    def _ask(self, search: Search, key: str, under_way: list[tuple[Call, Candidate]]) -> None:
        """Have as many questions under way as there may be."""
        while len(under_way) < self.parallel:
            candidate = search.next()
            if candidate is None:
                return
            candidate.state = ASKED
            body = Find(self.table.mine[0], candidate.contact.id, search.target, key)
            under_way.append((self.node.call(candidate.contact.name, body, self.timeout_ms), candidate))

    def _heard(self, search: Search, call: Call, candidate: Candidate) -> Lookup | None:
        """Somebody has answered, or has not; what the search came to, if it ends with that."""
        if call.error is not None:
            candidate.state = FAILED
            self.table.failed(candidate.contact)
            return None
        found: Found = call.value
        candidate.state = ANSWERED
        self.table.seen(candidate.contact)
        search.learn(found.closer, candidate.depth + 1)
        if found.stored is None and not found.owners:
            return None
        return Lookup(found.owners, found.stored, candidate.depth)
