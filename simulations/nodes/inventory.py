"""A service with a stock of what it sells: seats, rooms, cars. It sets units aside for sagas, and takes them back.

Each step is a transaction of its own, on disk before it is confirmed, and seen by everybody from then on: nothing is
locked between the steps of a saga (Garcia-Molina and Salem, "Sagas", SIGMOD 1987, section 1). A step that is asked for
again is not done again. A compensation is remembered as well: the step that it undoes may still be on its way, and must
then be refused (with `remembers_releases`; without, units stay set aside for nobody).
"""

from __future__ import annotations

from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.messages import DONE, Body, Work
from simulations.engine.node import Node
from simulations.engine.sagas import Release, Reserve
from simulations.engine.tasks import Refused

RELEASED = Reserve("", "", 0)


@mypyc_attr(allow_interpreted_subclasses=True)
class Inventory(Node):
    """Sets units aside, as long as there are some."""

    TYPE: ClassVar[str] = "inventory"
    TITLE: ClassVar[str] = "Inventory"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Sells what it has in stock, as steps of sagas"
    ICON: ClassVar[str] = "inventory"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "stock",
            "Units for sale",
            "integer",
            100,
            "units",
            0,
            1_000_000_000,
            help="Of each key.",
            section="Stock",
        ),
        Param(
            "remembers_releases",
            "Remember releases",
            "boolean",
            True,
            help="A step that comes after its own compensation is refused.",
            section="Stock",
        ),
        Param(
            "service_time",
            "A step takes",
            "distribution",
            {"kind": "constant", "value_ms": 5},
            "ms",
            0,
            3_600_000,
            help="Work beside the disk's.",
            section="Stock",
        ),
        fsync_param("No step is confirmed before it is on disk."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("held", "Set aside", "units"), Show("last", "Last change"))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("stock.held", "units", "Units set aside, of all keys.", "gauge"),
        Metric("stock.sold_out", "", "Steps refused for want of units.", "count"),
        Metric("stock.looks", "", "Requests to look at the stock, answered at once.", "count"),
        Metric("stock.released", "units", "Units given back.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Reserve, Release)

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        self.service_time = self.duration("service_time")
        self.sagas: dict[str, Reserve] = {}
        self.held: dict[str, int] = {}
        self.total = 0
        self.count("", 0)
        stored: dict[str, Any] = self.disk.read()
        for saga, record in stored.items():
            self.sagas[saga] = record
            self.count(record.key, record.amount)

    async def on_reserve(self, body: Reserve, message: Message) -> Body:
        """Set units aside for a saga, once. Raises Refused where there are none, or it has been called off."""
        await self.work(self.service_time, "service time")
        known = self.sagas.get(body.saga)
        if known is None:
            if self.held.get(body.key, 0) + body.amount > self.integer("stock"):
                self.publish("stock.sold_out", 1)
                raise Refused("sold out", False)
            self.disk.write(body.saga, body)
            self.sagas[body.saga] = body
            self.count(body.key, body.amount)
        elif known.saga != body.saga:
            raise Refused("called off", False)
        await self.synced()
        return DONE

    async def on_release(self, body: Release, message: Message) -> Body:
        """Give back what was set aside for a saga, once, and remember that."""
        await self.work(self.service_time, "service time")
        known = self.sagas.get(body.saga)
        if known is not None or self.boolean("remembers_releases"):
            self.disk.write(body.saga, RELEASED)
            self.sagas[body.saga] = RELEASED
        if known is not None and known.amount:
            self.count(known.key, -known.amount)
            self.publish("stock.released", known.amount)
        await self.synced()
        return DONE

    def on_work(self, body: Work, message: Message) -> Body:
        """Somebody looks at what there is. It counts for sagas under way as for those that have ended: nothing keeps
        who looks waiting, and what they see may be undone.
        """
        self.publish("stock.looks", 1)
        return DONE

    async def synced(self) -> None:
        """Wait until all that was written so far is on disk."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)

    def count(self, key: str, amount: int) -> None:
        """So many more units are set aside."""
        if key:
            self.held[key] = self.held.get(key, 0) + amount
            self.total += amount
            self.show("last", f"{key}: {self.held[key]}")
        self.show("held", self.total)
        self.publish("stock.held", self.total)
