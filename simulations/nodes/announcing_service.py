"""The announcing service: it changes its database and tells others of it by an event.

These are two systems, and no transaction holds both. Who writes to one and then to the other (a *dual write*) may crash
in between: a change that nobody hears of, or an event of a change that never was. With an *outbox* the service writes
once: the change and its event go into the database in one transaction, and a relay publishes what stands in the outbox
(Richardson: "Microservices Patterns", Manning 2018, section 3.3).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.call_params import CALL_METRICS, CALL_SHOWS, LONE_PARAMS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.messages import DONE, Body, Increment, Request, Write
from simulations.engine.publishing import Attend, Change, ReadOutbox, Subscribe, understanding
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Refused

OUTBOX: Final = "outbox"
AFTERWARDS: Final = "afterwards"
BEFOREHAND: Final = "beforehand"


class AnnouncingService(Server):
    """Has changes stored, and their events published."""

    TYPE: ClassVar[str] = "announcing-service"
    TITLE: ClassVar[str] = "Announcing service"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Changes its database and publishes an event of each change"
    ICON: ClassVar[str] = "announcing-service"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "announces",
            "Announces changes",
            "choice",
            OUTBOX,
            choices=(
                Choice(OUTBOX, "Through the outbox: one write"),
                Choice(AFTERWARDS, "Dual write: database, then broker"),
                Choice(BEFOREHAND, "Dual write: broker, then database"),
            ),
            section="Events",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the database or the broker.",
            section="Calls",
        ),
        *capacity(),
        *LONE_PARAMS,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (*load_shows("workers"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (*CALL_METRICS, *SERVER_METRICS)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return call_doubts(params, neighbours)

    def start(self) -> None:
        self.announces = self.text("announces")
        self.calls = Calls(self)
        self.databases = [id for id in understanding(self, ReadOutbox) if id != self.calls.fallback.spare]
        self.brokers = understanding(self, Subscribe) + understanding(self, Attend)
        self.open({})

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Have the change stored, and announced. Raises the failure of either."""
        assert isinstance(body, (Write, Increment))
        if not self.databases:
            raise Refused("no database", False)
        if self.announces == BEFOREHAND:
            await self.announce(body, message)
        await self.tell(self.databases[0], Change(body, self.announces == OUTBOX), message)
        if self.announces == AFTERWARDS:
            await self.announce(body, message)
        return DONE

    async def announce(self, body: Request, message: Message) -> None:
        """Publish the event to each broker there is."""
        for broker in self.brokers:
            await self.tell(broker, body, message)

    async def tell(self, to: str, body: Request, message: Message) -> None:
        """Have one of them take something."""
        if self.calls.plain or to not in self.targets:  # a link may have been drawn from there
            timeout_ms = self.calls.time_left_ms(self.calls.until_ns(message))
            await self.cancellable(message, self.call(to, body, timeout_ms))
        else:
            await self.calls.ask(body, message, targets=[to])
