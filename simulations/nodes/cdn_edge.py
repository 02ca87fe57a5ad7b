"""The edge of a content delivery network: copies of an origin's content, near those who ask.

A read that finds a copy is answered from nearby; one that does not goes to the origin, far away, and leaves a copy for
the next (a pull cache; RFC 9111). A copy is good for its time to live; past it the edge fetches anew, or may give the
old one when the origin is out of reach, or at once while it fetches (RFC 5861). What is no read is not kept: it passes
to the origin, over a connection that the edge holds open. With several origins the first is asked, and another when
that fails. Akamai, CloudFront, Fastly and Varnish work like this (Nygren, Sitaraman, Sun: "The Akamai Network", ACM
SIGOPS Operating Systems Review 44(3), 2010).
"""

from __future__ import annotations

from typing import Any, ClassVar

from simulations.engine.caching import CACHE_METRICS, CACHE_PARAMS, CACHE_SHOW, Copies
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import OF_REQUEST, Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.messages import Body, Increment, Read, Request, Work, Write
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows


class CdnEdge(Server):
    """Keeps copies of an origin's content."""

    TYPE: ClassVar[str] = "cdn-edge"
    TITLE: ClassVar[str] = "CDN edge"
    CATEGORY: ClassVar[str] = "Discovery and edge"
    SUMMARY: ClassVar[str] = "Keeps copies of an origin's content near those who ask"
    ICON: ClassVar[str] = "cdn-edge"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *CACHE_PARAMS,
        Param(
            "files",
            "May be kept",
            "integer",
            0,
            "keys",
            0,
            1_000_000,
            help="Only reads of keys k0, k1 … below this number; the rest is made for who asks. 0: every read.",
            section="Cache",
        ),
        *capacity(
            ("Connections", 1000), ("Lookup time", 0.1, "What it takes to find a copy, or none."), queue_max=1000
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            2000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for an origin.",
            section="Calls",
        ),
        *CALL_PARAMS,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (CACHE_SHOW, *load_shows("connections"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        *CACHE_METRICS,
        Metric("origin.requests", "requests", "Requests that it made to its origins, retries not counted.", "count"),
        *CALL_METRICS,
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return call_doubts(params, neighbours)

    def start(self) -> None:
        self.open({})
        self.calls = Calls(self)
        self.copies = Copies(self)
        self.files = {f"k{number}" for number in range(self.integer("files"))}

    async def serve(self, body: Request, message: Message) -> Body:
        """Look for a copy; nobody holds a connection while the origin is asked."""
        done = await super().serve(body, message)
        if not self.calls.targets:
            return done
        if isinstance(body, Read) and (not self.files or body.key in self.files):
            until_ns = self.calls.until_ns(message)
            return await self.copies.answer(body.key, lambda until: self.fetch(body, message, until), until_ns)
        answer = await self.fetch(body, message)
        if isinstance(body, (Write, Increment)):
            self.copies.drop(body.key)
        return answer

    async def fetch(self, body: Request, message: Message, deadline_ns: int = OF_REQUEST) -> Body:
        """Ask an origin."""
        self.publish("origin.requests", 1)
        return await self.calls.ask(body, message, deadline_ns)
