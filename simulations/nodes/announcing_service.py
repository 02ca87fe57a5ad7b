"""The announcing service: it changes its database and tells others of it by an event.

These are two systems, and no transaction holds both. Who writes to one and then to the other (a *dual write*) may crash
in between: a change that nobody hears of, or an event of a change that never was. With an *outbox* the service writes
once: the change and its event go into the database in one transaction, and a relay publishes what stands in the outbox
(Richardson: "Microservices Patterns", Manning 2018, section 3.3).
"""

from __future__ import annotations

from typing import ClassVar, Final

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
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = load_shows("workers")
    METRICS: ClassVar[tuple[Metric, ...]] = SERVER_METRICS
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Write, Increment)

    def start(self) -> None:
        self.announces = self.text("announces")
        self.timeout_ms = self.number("timeout_ms")
        self.databases = understanding(self, ReadOutbox)
        self.brokers = understanding(self, Subscribe) + understanding(self, Attend)
        self.open({})

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Have the change stored, and announced. Raises the failure of either."""
        assert isinstance(body, (Write, Increment))
        if not self.databases:
            raise Refused("no database", False)
        if self.announces == BEFOREHAND:
            await self.announce(body)
        await self.call(self.databases[0], Change(body, self.announces == OUTBOX), self.timeout_ms)
        if self.announces == AFTERWARDS:
            await self.announce(body)
        return DONE

    async def announce(self, body: Request) -> None:
        """Publish the event to each broker there is."""
        for broker in self.brokers:
            await self.call(broker, body, self.timeout_ms)
