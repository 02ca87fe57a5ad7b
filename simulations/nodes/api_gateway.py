"""The API gateway: one door to many services.

It authenticates a request, holds it to the rate limits, and routes it by its class (of one without, by how its key
begins) to the service that is meant. Where a route names several services it asks them all and answers with their
answers together, so that a client far away pays one round trip and not one for each (Richardson: "Microservices
Patterns", Manning 2018, chapter 8). A worker is needed for the authentication only; while services work none waits.
Who must answer and who may be done without is told by the fallback: which answer it gives, and for whom.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.fan_out import GATHER, RACE, SEQUENCE, FanOut
from simulations.engine.messages import Body, Increment, Read, Request, Work, Write
from simulations.engine.name_lists import is_one_of, names_in
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Failure, Refused

ANY: Final = "*"


class ApiGateway(Server):
    """Authenticates requests and routes them to services."""

    TYPE: ClassVar[str] = "api-gateway"
    TITLE: ClassVar[str] = "API gateway"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Authenticates requests, limits them and routes them to services"
    ICON: ClassVar[str] = "api-gateway"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "routes",
            "Routes",
            "text",
            "",
            help="Class or beginning of a key, and the services behind it: home: catalogue, reviews; pay: payment."
            " * is for the rest. Empty: a class goes to the service of that name.",
            section="Routing",
        ),
        Param(
            "calls",
            "Several services",
            "choice",
            GATHER,
            choices=(
                Choice(GATHER, "All at once, wait for all"),
                Choice(SEQUENCE, "One after another"),
                Choice(RACE, "All at once, first answer"),
            ),
            help="How they are asked where a route names more than one.",
            section="Routing",
        ),
        *capacity(
            ("Workers", 16),
            ("Authentication takes", 1, "How long a worker needs to find out who asks, and whether they may."),
            queue_max=1000,
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for a service.",
            section="Calls",
        ),
        *CALL_PARAMS,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (*load_shows("workers"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("routes.unknown", "requests", "Requests that no route was meant for.", "count"),
        *CALL_METRICS,
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found = call_doubts(params, neighbours)
        for route, services in routes_in(params["routes"]):
            for name in services:
                if not any(is_one_of(neighbour, name) for neighbour in neighbours):
                    words = f"Refused: what goes to {name} has no way there. Draw a link to it, or name a neighbour."
                    found.append(("routes", words))
            if not services:
                found.append(("routes", f"Refused: {route} leads nowhere. Write its services after a colon."))
        return found

    def start(self) -> None:
        self.open({})
        self.calls = Calls(self)
        self.fan_out = FanOut(self, self.calls)
        self.routes = [
            (name, [self.instances(service) for service in services])
            for name, services in routes_in(self.text("routes"))
        ]

    def instances(self, service: str) -> list[str]:
        """The targets that are this service."""
        return [target for target in self.calls.targets if is_one_of(target, service)]

    def way(self, body: Request) -> list[list[str]]:
        """Whom a request is for: of each service its instances. Raises Refused where there is none."""
        found = self.routed(body.header().path, str(getattr(body, "key", "")))
        if not found or not all(found):
            self.publish("routes.unknown", 1)
            raise Refused("no route", False)
        return found

    def routed(self, path: str, key: str) -> list[list[str]]:
        """What stands behind the first route that fits."""
        if not self.routes:
            return [self.instances(path)]
        for name, services in self.routes:
            if name == ANY or (name == path if path else key.startswith(name)):
                return services
        return []

    async def serve(self, body: Request, message: Message) -> Body:
        """Authenticate, then ask whom the request is for."""
        services = self.way(body)
        came_ns = self.kernel.now
        await self.cancellable(message, self.workers.acquire(body.rank()))
        self.admission.waited(self.kernel.now - came_ns)
        try:
            self.admission.begin(message)
            if self.codec is not None or body.header().items > 1:
                await self.take_in(body, message)
            await self.cancellable(message, self.work(self.service_time, "service time"))
        except Failure:
            self.workers.release()
            raise
        self.workers.release()
        answer = await self.fan_out.ask(body, message, services)
        return answer if self.codec is None else await self.codec.marshal_reply(answer, body.header())


def routes_in(text: str) -> list[tuple[str, list[str]]]:
    """The routes that a text lists, each with its services."""
    found: list[tuple[str, list[str]]] = []
    for entry in text.split(";"):
        name, _, services = entry.partition(":")
        if name.strip():
            found.append((name.strip(), names_in(services)))
    return found
