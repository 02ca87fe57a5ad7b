"""The cache: copies of values by key, in memory, in front of a slower store or beside it.

*In front* (with a link to a store) it answers reads from its copies and fetches what it misses, so whoever asks knows
of no store; writes go through it to the store (write-through), around it (the copy is dropped), or stay here and go to
the store some time later, many at once (write-behind), which is fast and loses what had not gone yet when it crashes.
*Beside* (look-aside) it answers what it has and says so when it has nothing; its user asks the store and puts the
value here, as a service does that names a cache. How many reads find a copy depends on how popular the popular keys
are (Che, Tung, Wang: "Hierarchical Web Caching Systems", IEEE JSAC 20(7), 2002); memcached and Redis are such caches.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.caching import (
    CACHE_METRICS,
    CACHE_PARAMS,
    CACHE_SHOW,
    Copies,
    Invalidate,
    Lookup,
    Miss,
    Put,
)
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import DONE, Body, Increment, Read, Request, Value, Work, Write
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Failure

THROUGH: Final = "through"
AROUND: Final = "around"
BEHIND: Final = "behind"


class Cache(Server):
    """Keeps copies of values."""

    TYPE: ClassVar[str] = "cache"
    TITLE: ClassVar[str] = "Cache"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Keeps copies of values in memory, before a store or beside it"
    ICON: ClassVar[str] = "cache"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *CACHE_PARAMS,
        Param(
            "writes",
            "Writes go",
            "choice",
            THROUGH,
            choices=(
                Choice(THROUGH, "Through: to the store, then here"),
                Choice(AROUND, "Around: to the store; the copy is dropped"),
                Choice(BEHIND, "Behind: here at once, to the store later"),
            ),
            help="With a store behind it.",
            section="Cache",
        ),
        Param(
            "flush_every_ms",
            "To the store every",
            "number",
            500,
            "ms",
            1,
            3_600_000,
            help="What was written meanwhile goes there, of each key only the last value.",
            section="Cache",
            when=("writes", BEHIND),
        ),
        *capacity(("Connections", 64), ("Lookup time", 0.2, "What it takes to look a key up."), queue_max=1000),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the store.",
            section="Calls",
        ),
        *CALL_PARAMS,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (CACHE_SHOW, *load_shows("connections"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        *CACHE_METRICS,
        Metric("cache.unwritten", "keys", "Values that are here and not yet in the store.", "gauge"),
        *CALL_METRICS,
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment, Lookup, Put, Invalidate)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return call_doubts(params, neighbours)

    def start(self) -> None:
        self.open({})
        self.calls = Calls(self)
        self.copies = Copies(self)
        self.writes = self.text("writes")
        self.flush_every_ns = to_ns(self.number("flush_every_ms"))
        self.unwritten: dict[str, Write] = {}  # write-behind: here and not yet in the store
        self.settling: dict[str, Write] = {}  # of these, on their way there
        if self.writes == BEHIND:
            self.timer(self.flush_every_ns, "flush", self.flush)

    async def carry_out(self, body: Request, message: Message) -> Body:
        """What needs no store is done with the lookup."""
        if isinstance(body, Lookup):
            return self.copies.fresh(body.key) or Miss()
        if isinstance(body, Put):
            self.copies.keep(body.key, Value(body.value))
        elif isinstance(body, Invalidate):
            self.copies.drop(body.key)
        return DONE

    async def serve(self, body: Request, message: Message) -> Body:
        """Look up, and then see to the rest; nobody here waits for the store holding a connection."""
        done = await super().serve(body, message)
        if isinstance(body, Read):
            return await self.read(body, message)
        if isinstance(body, Write):
            return await self.write(body, message)
        if isinstance(body, (Work, Increment)) and self.calls.targets:
            return await self.pass_on(body, message)
        return done

    async def read(self, body: Read, message: Message) -> Body:
        """Answer from the copy, or from the store."""
        if body.key in self.unwritten:
            self.publish("cache.hit", 1)
            return Value(self.unwritten[body.key].value)
        if not self.calls.targets:
            return self.copies.fresh(body.key) or Value(None)
        until_ns = self.calls.until_ns(message)
        return await self.copies.answer(body.key, lambda until: self.calls.ask(body, message, until), until_ns)

    async def write(self, body: Write, message: Message) -> Body:
        """Write where the parameter says. A copy is kept only of what nobody else wrote meanwhile."""
        if not self.calls.targets:
            self.copies.keep(body.key, Value(body.value))
            return DONE
        if self.writes == BEHIND:
            self.copies.drop(body.key)
            self.unwritten[body.key] = body
            self.publish("cache.unwritten", len(self.unwritten))
            return DONE
        self.copies.drop(body.key)
        mine = self.copies.changes[body.key]
        try:
            answer = await self.calls.ask(body, message)
        finally:
            alone = self.copies.changes[body.key] == mine
            self.copies.drop(body.key)
        if self.writes == THROUGH and alone:
            self.copies.keep(body.key, Value(body.value))
        return answer

    async def pass_on(self, body: Work | Increment, message: Message) -> Body:
        """Have the store do it; what an increment adds to is known there alone."""
        answer = await self.calls.ask(body, message)
        if isinstance(body, Increment):
            self.copies.drop(body.key)
        return answer

    # Write-behind

    def flush(self) -> None:
        """Send to the store what it has not, and again after the interval; of one key, one value after another."""
        self.timer(self.flush_every_ns, "flush", self.flush)
        if self.calls.targets:
            for body in list(self.unwritten.values()):
                if body.key not in self.settling:
                    self.settling[body.key] = body
                    self.spawn(self.settle(body), self.cause)

    async def settle(self, body: Write) -> None:
        """Write one value to the store; until that has it, it stays here."""
        try:
            await self.calls.once(self.calls.pick(0, 0), body, None, self.calls.timeout_ms)
        except Failure:
            return
        finally:
            del self.settling[body.key]
        if self.unwritten.get(body.key) is body:
            del self.unwritten[body.key]
            self.copies.keep(body.key, Value(body.value))
            self.publish("cache.unwritten", len(self.unwritten))
