"""The router: a switch that learns of changes late.

Routers tell each other which cables are up, and each works out its table of ways from what it has heard. Noticing a
dead cable, telling everybody and working out new tables takes time; networks that are tuned for it do all of that in a
few hundred milliseconds (Francois, Filsfils, Evans, Bonaventure: "Achieving sub-second IGP convergence in large IP
networks", ACM SIGCOMM Computer Communication Review 35(3), 2005). Until then a router goes by its old table: what it
sends over the dead cable is lost although another way stands open. Where one router has already changed its table and
its neighbour has not, each may hold the other for the way, and messages go round between them until their hops are
spent. A router that boots knows no ways at all until it has converged.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.declare import Param, Show
from simulations.engine.node import Node


class Router(Node):
    """Passes messages on by a table that follows changes after a while."""

    TYPE: ClassVar[str] = "router"
    TITLE: ClassVar[str] = "Router"
    CATEGORY: ClassVar[str] = "Network"
    SUMMARY: ClassVar[str] = "Sends messages on by a table, which follows changes after a while"
    ICON: ClassVar[str] = "router"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "forwarding_time",
            "Forwarding time",
            "distribution",
            0.05,
            unit="ms",
            help="From the end of one cable to the beginning of the next.",
        ),
        Param(
            "convergence_ms",
            "Convergence",
            "number",
            200,
            "ms",
            0,
            3_600_000,
            help="How long after a cut, a heal, a crash or a boot its table follows; until then the old one holds.",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("links", "Links up"), Show("table", "Table", look="badge"))
    SERVES: ClassVar[bool] = False
    FORWARDS: ClassVar[bool] = True
