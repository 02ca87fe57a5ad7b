"""The resolver: asks name servers on behalf of many clients, and keeps the answers for as long as it may.

An answer is good for its time to live; that a name does not exist is kept too (RFC 2308), or everybody's typing errors
would go to the name servers each time. When these are out of reach, a resolver may go on giving an answer whose time is
over, since an old address is mostly right and no address is always wrong: serve-stale (RFC 8767), which BIND, Unbound
and public resolvers do. With several name servers it asks another when one fails.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Final

from simulations.engine.caching import CACHE_METRICS, CACHE_PARAMS, CACHE_SHOW, Copies
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.dns import NameAnswer, NameQuery
from simulations.engine.messages import Body, Read, Request, Value
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows

AT_MOST: Final = "However long the name server says an answer is good. 0: as long as that says."


class Answers(Copies):
    """Copies of answers, each good for as long as its name server says."""

    def time_to_live_ns(self, answer: Body) -> int:
        if not isinstance(answer, NameAnswer) or answer.ttl_ms <= 0:
            return -1
        told_ns = to_ns(answer.ttl_ms)
        return told_ns if self.ttl_ns == 0 else min(told_ns, self.ttl_ns)


class DnsResolver(Server):
    """Asks name servers, and keeps their answers."""

    TYPE: ClassVar[str] = "dns-resolver"
    TITLE: ClassVar[str] = "DNS resolver"
    CATEGORY: ClassVar[str] = "Discovery and edge"
    SUMMARY: ClassVar[str] = "Asks name servers for its clients, and keeps the answers"
    ICON: ClassVar[str] = "dns-resolver"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *[
            replace(param, title="Time to live at most", default=0, help=AT_MOST) if param.name == "ttl_ms" else param
            for param in CACHE_PARAMS
        ],
        *capacity(("Workers", 64), ("Time a query", 0.1, "What it takes to look into its copies."), queue_max=1000),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            400,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for a name server.",
            section="Calls",
        ),
        *CALL_PARAMS,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (CACHE_SHOW, *load_shows("workers"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (*CACHE_METRICS, *CALL_METRICS, *SERVER_METRICS)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (NameQuery, Read)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return call_doubts(params, neighbours)

    def start(self) -> None:
        self.open({})
        self.calls = Calls(self)
        self.copies = Answers(self)

    async def serve(self, body: Request, message: Message) -> Body:
        """Look into the copies, and ask a name server for what is not there."""
        nothing = await super().serve(body, message)
        if not self.calls.targets:
            return nothing
        if isinstance(body, Read):
            answer = await self.answer_to(body.key, message)
            return Value(answer.value) if isinstance(answer, NameAnswer) else answer
        return await self.answer_to(body.name, message) if isinstance(body, NameQuery) else nothing

    async def answer_to(self, name: str, message: Message) -> Body:
        """What a name stands for, and for how long that is still good."""
        until_ns = self.calls.until_ns(message)
        query = NameQuery(name)
        answer = await self.copies.answer(name, lambda until: self.calls.ask(query, message, until), until_ns)
        if not isinstance(answer, NameAnswer):
            return answer
        left_ms = self.copies.left_ns(name) / NS_PER_MS
        return NameAnswer(answer.addresses, answer.value, left_ms, answer.exists)
