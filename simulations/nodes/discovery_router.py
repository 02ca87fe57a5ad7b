"""The discovery router: server-side discovery, one address for a service whose instances come and go.

A caller knows the router and no more. The router looks the service's name up at the registry, keeps the answer for a
while, and passes each request on to one of the instances. Callers stay simple, in whatever language they are written;
in return each request takes one hop more, all of them pass through the router's threads, and when it is down nobody
reaches anybody. AWS's Elastic Load Balancing, Kubernetes' services and nginx fed by a registry work so (Richardson:
"Microservices Patterns", Manning 2018, section 3.2.4).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.messages import Body, Increment, Read, Request, Work, Write
from simulations.engine.naming import REGISTRY
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows

OWN_DEFAULTS: dict[str, Any] = {"discovery": REGISTRY, "lookup_name": "service"}


class DiscoveryRouter(Server):
    """Looks a service up and passes requests on to its instances."""

    TYPE: ClassVar[str] = "discovery-router"
    TITLE: ClassVar[str] = "Discovery router"
    CATEGORY: ClassVar[str] = "Discovery and edge"
    SUMMARY: ClassVar[str] = "Looks a service up in a registry and passes requests on to its instances"
    ICON: ClassVar[str] = "discovery-router"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *capacity(("Threads", 4), ("Time a request", 1, "How long a thread needs to pass a request on."), 200),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for an instance.",
            section="Calls",
        ),
        *[replace(param, default=OWN_DEFAULTS.get(param.name, param.default)) for param in CALL_PARAMS],
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        *load_shows("threads"),
        *CALL_SHOWS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (*CALL_METRICS, *SERVER_METRICS)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return call_doubts(params, neighbours)

    def start(self) -> None:
        self.open({})
        self.calls = Calls(self)

    async def serve(self, body: Request, message: Message) -> Body:
        """Spend a thread's time on it, then ask an instance; no thread waits for the answer."""
        await Server.serve(self, body, message)
        return await self.calls.ask(body, message)
