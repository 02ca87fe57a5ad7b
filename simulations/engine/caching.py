"""Caches: copies of answers by key, kept for a while and no more of them than there is room for.

Who is thrown out when there is no room is whoever was not asked for longest (least recently used) or came first.
Many who miss the same key at once share one fetch. A copy past its time may still be better than no answer (RFC 5861:
stale-if-error and stale-while-revalidate).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mypy_extensions import mypyc_attr

from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Reply, Request
from simulations.engine.node import Node
from simulations.engine.single_flight import Fetch, SingleFlight
from simulations.engine.tasks import Cancelled, Failure

LRU: Final = "lru"
FIFO: Final = "fifo"
NEVER: Final = "never"
ON_ERROR: Final = "on-error"
MEANWHILE: Final = "meanwhile"
FOR_EVER: Final = 0

CACHE_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "keys_max", "Room for", "integer", 1000, "keys", 1, 1_000_000, help="One more throws one out.", section="Cache"
    ),
    Param(
        "eviction",
        "Thrown out is",
        "choice",
        LRU,
        choices=(Choice(LRU, "Who was not asked for longest"), Choice(FIFO, "Who came first")),
        section="Cache",
    ),
    Param(
        "ttl_ms",
        "Time to live",
        "number",
        60_000,
        "ms",
        0,
        86_400_000,
        help="A copy older than that is fetched anew. 0: it is good for ever.",
        section="Cache",
    ),
    Param(
        "coalesce",
        "One fetch a key",
        "boolean",
        True,
        help="Who misses a key that is being fetched waits for that fetch. Off: each fetches for itself.",
        section="Cache",
    ),
    Param(
        "stale",
        "A copy past its time",
        "choice",
        NEVER,
        choices=(
            Choice(NEVER, "Is never given"),
            Choice(ON_ERROR, "Is given when the fetch fails"),
            Choice(MEANWHILE, "Is given at once, and fetched anew meanwhile"),
        ),
        section="Cache",
    ),
    Param(
        "stale_max_ms",
        "At most so much past it",
        "number",
        0,
        "ms",
        0,
        86_400_000,
        help="0: however old.",
        section="Cache",
        when=("stale", ON_ERROR, MEANWHILE),
    ),
)
CACHE_METRICS: Final[tuple[Metric, ...]] = (
    Metric("cache.hit", "lookups", "Lookups that found a copy that was still good.", "share"),
    Metric("cache.stale", "lookups", "Lookups answered with a copy past its time.", "count"),
    Metric("cache.coalesced", "lookups", "Lookups that waited for somebody else's fetch.", "count"),
    Metric("cache.evicted", "keys", "Copies thrown out for want of room.", "count"),
)
CACHE_SHOW: Final = Show("kept", "Copies", "keys", "bar", "keys_max")


@dataclass(frozen=True)
class Lookup(Request):
    """Ask a cache for a key, and nobody else."""

    key: str


@dataclass(frozen=True)
class Miss(Reply):
    """The cache has no copy of it."""


@dataclass(frozen=True)
class Put(Request):
    """Have a cache keep a value under a key."""

    key: str
    value: int | None


@dataclass(frozen=True)
class Invalidate(Request):
    """Have a cache forget a key."""

    key: str


class Copy:
    """An answer, and until when it is good (0: for ever)."""

    __slots__ = ("answer", "good_until_ns")

    def __init__(self, answer: Body, good_until_ns: int) -> None:
        self.answer = answer
        self.good_until_ns = good_until_ns


@mypyc_attr(allow_interpreted_subclasses=True)
class Copies:
    """The copies that a process keeps of others' answers, by its parameters CACHE_PARAMS. Shows `kept`."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.keys_max = node.integer("keys_max")
        self.lru = node.text("eviction") == LRU
        self.ttl_ns = to_ns(node.number("ttl_ms"))
        self.coalesce = node.boolean("coalesce")
        self.stale = node.text("stale")
        self.stale_max_ns = to_ns(node.number("stale_max_ms"))
        self.copies: dict[str, Copy] = {}  # who goes first stands first
        self.changes: dict[str, int] = {}  # how often a key was written, as far as known here
        self.fetches = SingleFlight(node, "cache.coalesced")
        self.show_kept = node.gauge("kept")
        self.show_kept.set(0)

    def time_to_live_ns(self, answer: Body) -> int:
        """How long an answer is good; FOR_EVER, or −1 for not at all."""
        return self.ttl_ns

    def fresh(self, key: str) -> Body | None:
        """A copy that is still good; a lookup."""
        copy = self.copies.get(key)
        good = copy is not None and (copy.good_until_ns == FOR_EVER or self.node.now_ns < copy.good_until_ns)
        self.node.publish("cache.hit", 1 if good else 0)
        if copy is None or not good:
            return None
        if self.lru:
            del self.copies[key]
            self.copies[key] = copy
        return copy.answer

    def left_ns(self, key: str) -> int:
        """For how long a copy is still good."""
        copy = self.copies.get(key)
        return 0 if copy is None else max(0, copy.good_until_ns - self.node.now_ns)

    def past(self, key: str) -> Body | None:
        """A copy past its time, where such a one may be given."""
        copy = self.copies.get(key)
        if copy is None or self.stale == NEVER:
            return None
        if self.stale_max_ns > 0 and self.node.now_ns >= copy.good_until_ns + self.stale_max_ns:
            return None
        return copy.answer

    def keep(self, key: str, answer: Body) -> None:
        """Keep an answer, and throw out who is next when there is no room."""
        ttl_ns = self.time_to_live_ns(answer)
        self.copies.pop(key, None)
        if ttl_ns >= 0:
            if len(self.copies) >= self.keys_max:
                del self.copies[next(iter(self.copies))]
                self.node.publish("cache.evicted", 1)
            self.copies[key] = Copy(answer, FOR_EVER if ttl_ns == FOR_EVER else self.node.now_ns + ttl_ns)
        self.show_kept.set(len(self.copies))

    def drop(self, key: str) -> None:
        """Forget a key: it has another value now. What is on its way may be the old one, and is not kept."""
        self.changes[key] = self.changes.get(key, 0) + 1
        self.copies.pop(key, None)
        self.show_kept.set(len(self.copies))

    async def answer(self, key: str, fetch: Fetch, until_ns: int) -> Body:
        """The copy, or what the fetch gives, of which its user has something until then (−1: for ever). Raises its
        failure.
        """
        found = self.fresh(key)
        if found is not None:
            return found
        if self.stale == MEANWHILE:
            found = self.past(key)
            if found is not None:
                self.node.publish("cache.stale", 1)
                if key not in self.fetches.waiting:
                    self.node.spawn(self.renew(key, fetch), self.node.cause)
                return found
        try:
            return await self.fetched(key, fetch, until_ns)
        except Cancelled:
            raise
        except Failure:
            found = self.past(key)
            if found is None:
                raise
        self.node.publish("cache.stale", 1)
        return found

    async def renew(self, key: str, fetch: Fetch) -> None:
        """Fetch anew, with nobody waiting for it."""
        try:
            await self.fetches.lead(key, lambda until_ns: self.kept(key, fetch, until_ns), -1)
        except Failure:
            return

    async def fetched(self, key: str, fetch: Fetch, until_ns: int) -> Body:
        """What one's own fetch gives, or another one's for the same key."""
        take = self.fetches.share if self.coalesce else self.fetches.lead
        return await take(key, lambda until_ns: self.kept(key, fetch, until_ns), until_ns)

    async def kept(self, key: str, fetch: Fetch, until_ns: int) -> Body:
        """Fetch, and keep what comes unless it has been written meanwhile."""
        before = self.changes.get(key, 0)
        found = await fetch(until_ns)
        if self.changes.get(key, 0) == before:
            self.keep(key, found)
        return found
