"""The gateway to regions: one address for all of them, as anycast gives, and behind it the nearest region that is well.

Whoever asks always asks the same address. The gateway measures how far each region is by the round trips of its health
probes, passes requests to the nearest one that answers, and to the next nearest while that does not: nobody waits for
a name's time to live to be over, as with names. What was on its way into a region when that was lost is lost with it
unless it is asked for again elsewhere (Cloudflare and Google front their regions so; Flavel et al.: "FastRoute", NSDI
2015, is Microsoft's).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.admission import ADMISSION_METRICS, ADMISSION_PARAMS
from simulations.engine.call_params import CALL_METRICS, CALL_SHOWS, CHOOSER_PARAMS, call_doubts
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.elsewhere import Elsewhere
from simulations.engine.messages import Body, Increment, Read, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.probing import Prober, probe_doubts, probe_params

UNKNOWN_NS: Final = 1 << 62  # farther than anything
PROBE_PARAM: Final = Param(
    "probe_interval_ms",
    "Probe every",
    "number",
    500,
    "ms",
    1,
    3_600_000,
    help="Probes tell how far a region is, and whether it is well.",
    section="Health",
)
SMOOTHING: Final = 8  # a new round trip counts for one eighth, as in RFC 6298


class Near(Elsewhere):
    """A gateway's calls: to the nearest region, then to the next nearest."""

    def again(self) -> None:
        super().again()
        self.node.publish("gateway.rerouted", 1)


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
        *probe_params(PROBE_PARAM, 300),
        *CHOOSER_PARAMS,
        *ADMISSION_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("region", "Nearest"), Show("healthy", "Healthy", "regions"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("gateway.rerouted", "requests", "Requests asked again in another region.", "count"),
        *CALL_METRICS,
        *ADMISSION_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return [*call_doubts(params, neighbours), *probe_doubts(params)]

    def start(self) -> None:
        self.calls = Near(self, self.choose, "no healthy region")
        self.round_trip_ns = dict.fromkeys(self.calls.targets, UNKNOWN_NS)
        self.regions = list(self.calls.targets)
        self.ranked = list(self.regions)  # those that are well, the nearest first
        self.show("healthy", len(self.calls.targets))
        self.probes = Prober(self, self.probed, self.regions)

    def on_request(self, body: Request, message: Message) -> Any:
        """Let the request in, and pass it to the nearest region, or to others while that fails."""
        return self.calls.begin(body, message)

    def choose(self, tried: list[str], caller: str) -> str:
        """The nearest region that is well and was not tried yet; "" when there is none."""
        breakers = self.calls.breakers
        for region in self.ranked:
            shut = breakers is not None and breakers.of[region].shut
            if region not in tried and region in self.calls.targets and not shut:
                return region
        return ""

    # Health and distance

    def probed(self, region: str, well: bool, changed: bool) -> None:
        """A probe has ended: it says whether a region is there, and how far."""
        if well:
            known, took_ns = self.round_trip_ns[region], self.probes.took_ns[region]
            self.round_trip_ns[region] = took_ns if known == UNKNOWN_NS else known + (took_ns - known) // SMOOTHING
        if changed:
            self.note(f"{region} is back" if well else f"{region} left out after {self.probes.limit} failed probes")
        passing = [one for one in self.regions if self.probes.passing(one)]
        self.ranked = sorted(passing, key=lambda one: self.round_trip_ns[one])
        self.show("region", self.ranked[0] if self.ranked else "none")
        self.show("healthy", len(self.ranked))
