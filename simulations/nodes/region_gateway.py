"""The gateway to regions: one address for all of them, as anycast gives, and behind it the nearest region that is well.

Whoever asks always asks the same address. The gateway measures how far each region is by the round trips of its health
probes, passes requests to the nearest one that answers, and to the next nearest while that does not: nobody waits for
a name's time to live to be over, as with names. What was on its way into a region when that was lost is lost with it
unless it is asked for again elsewhere (Cloudflare and Google front their regions so; Flavel et al.: "FastRoute", NSDI
2015, is Microsoft's).
"""

from __future__ import annotations

from typing import ClassVar, Final

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Increment, Probe, Read, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure, Refused

UNKNOWN_NS: Final = 1 << 62  # farther than anything
SMOOTHING: Final = 8  # a new round trip counts for one eighth, as in RFC 6298


class Region:
    """What is known of one region: how far it is, and how many probes in a row it has not answered."""

    __slots__ = ("failures", "id", "round_trip_ns")

    def __init__(self, id: str) -> None:
        self.id = id
        self.failures = 0
        self.round_trip_ns = UNKNOWN_NS

    def measured(self, took_ns: int) -> None:
        """A probe was answered."""
        self.failures = 0
        known = self.round_trip_ns != UNKNOWN_NS
        self.round_trip_ns += (took_ns - self.round_trip_ns) // SMOOTHING if known else took_ns - UNKNOWN_NS


class RegionGateway(Node):
    """Passes requests to the nearest region that is well."""

    TYPE: ClassVar[str] = "region-gateway"
    TITLE: ClassVar[str] = "Region gateway"
    CATEGORY: ClassVar[str] = "Discovery and edge"
    SUMMARY: ClassVar[str] = "One address for all regions: the nearest healthy one answers"
    ICON: ClassVar[str] = "region-gateway"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for a region.",
            section="Calls",
        ),
        Param(
            "retries",
            "Retries elsewhere",
            "integer",
            1,
            "",
            0,
            10,
            help="How often a request without an answer goes to the next nearest region.",
            section="Calls",
        ),
        Param(
            "probe_interval_ms",
            "Probe every",
            "number",
            500,
            "ms",
            1,
            3_600_000,
            help="Probes tell how far a region is, and whether it is well.",
            section="Health",
        ),
        Param(
            "probe_timeout_ms",
            "Probe timeout",
            "number",
            300,
            "ms",
            0.001,
            3_600_000,
            help="A probe without an answer by then has failed.",
            section="Health",
        ),
        Param(
            "probe_failures",
            "Failures to leave it out",
            "integer",
            2,
            "",
            1,
            1_000_000,
            help="Probes in a row; one success brings a region back.",
            section="Health",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("region", "Nearest"), Show("healthy", "Healthy", "regions"))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("gateway.rerouted", "requests", "Requests asked again in another region.", "count"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    def start(self) -> None:
        self.timeout_ms = self.number("timeout_ms")
        self.attempts = self.integer("retries") + 1
        self.failures_max = self.integer("probe_failures")
        self.regions = [Region(target) for target in self.targets]
        self.ranked = list(self.regions)  # those that are well, the nearest first
        self.show("healthy", len(self.regions))
        self.probe_round()

    async def on_request(self, body: Request, message: Message) -> Body:
        """Pass the request to the nearest region, and to others while that fails and attempts are left."""
        uncertain = False
        reason = "no healthy region"
        for number, region in enumerate(self.ranked[: self.attempts]):
            if number:
                self.publish("gateway.rerouted", 1)
            try:
                reply: Body = await self.cancellable(message, self.call(region.id, body, self.timeout_ms))
                return reply
            except Cancelled:
                raise
            except Failure as failure:
                uncertain = uncertain or failure.uncertain
                reason = failure.reason
        raise Refused(reason, uncertain)

    # Health and distance

    def probe_round(self) -> None:
        """Probe every region now, and again after the interval."""
        self.timer(to_ns(self.number("probe_interval_ms")), "probe", self.probe_round)
        for region in self.regions:
            self.spawn(self.probe(region), self.cause)

    async def probe(self, region: Region) -> None:
        """See whether one region is there, and how far."""
        began_ns = self.now_ns
        before = region.failures
        try:
            await self.call(region.id, Probe(), self.number("probe_timeout_ms"))
            region.measured(self.now_ns - began_ns)
        except Failure:
            region.failures += 1
        if before < self.failures_max <= region.failures:
            self.note(f"{region.id} left out after {self.failures_max} failed probes")
        elif before >= self.failures_max > region.failures:
            self.note(f"{region.id} is back")
        well = [one for one in self.regions if one.failures < self.failures_max]
        self.ranked = sorted(well, key=lambda one: one.round_trip_ns)
        self.show("region", self.ranked[0].id if self.ranked else "none")
        self.show("healthy", len(well))
