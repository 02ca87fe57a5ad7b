"""Health probes: asking others regularly whether they are there, or ready, and keeping count of who failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from simulations.engine.declare import Param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Probe
from simulations.engine.node import Node
from simulations.engine.readiness import PROBE_KIND_PARAM, READINESS
from simulations.engine.tasks import Failure


def probe_params(every: Param) -> tuple[Param, ...]:
    """The parameters of whoever probes; `every` is its `probe_interval_ms`."""
    return (
        every,
        PROBE_KIND_PARAM,
        Param(
            "probe_timeout_ms",
            "Probe timeout",
            "number",
            100,
            "ms",
            0.001,
            3_600_000,
            help="A probe without an answer by then has failed.",
            section="Health",
        ),
        Param(
            "probe_failures",
            "Failures to eject",
            "integer",
            2,
            "",
            1,
            100,
            help="Probes in a row; one success brings a server back.",
            section="Health",
        ),
    )


EVERY_PARAM: Final = Param(
    "probe_interval_ms",
    "Probe every",
    "number",
    0,
    "ms",
    0,
    3_600_000,
    help="0: no health probes, so that a dead server keeps its share.",
    section="Health",
)


def probe_doubts(params: dict[str, Any]) -> list[tuple[str, str]]:
    """What of these parameters contradicts itself."""
    if params["probe_interval_ms"] == 0 and params["probe_kind"] == READINESS:
        words = "Nobody is probed, so that who is not ready gets requests as well. Probe every half second, say."
        return [("probe_interval_ms", words)]
    return []


class Prober:
    """Probes its node's targets. `told` learns of each end of a probe: whom it asked, whether it went well, and whether
    that changes who is passing.
    """

    def __init__(self, node: Node, told: Callable[[str, bool, bool], None]) -> None:
        self.node = node
        self.told = told
        self.limit = node.integer("probe_failures")
        self.timeout_ms = node.number("probe_timeout_ms")
        self.every_ns = to_ns(node.number("probe_interval_ms"))
        self.question = Probe(node.text("probe_kind") == READINESS)
        self.failures = dict.fromkeys(node.targets, 0)
        self.ailing = False  # somebody has not answered well the last time
        if self.every_ns > 0:
            self.round()

    def round(self) -> None:
        """Probe everybody now, and again after the interval."""
        node = self.node
        node.timer(self.every_ns, "probe", self.round)
        for target in node.targets:
            node.spawn(self.probe(target), node.cause)

    async def probe(self, target: str) -> None:
        """Ask one of them."""
        well = True
        try:
            await self.node.call(target, self.question, self.timeout_ms)
        except Failure:
            well = False
        before = self.failures[target]
        self.failures[target] = 0 if well else before + 1
        self.ailing = any(count > 0 for count in self.failures.values())
        self.told(target, well, (before < self.limit) != (self.failures[target] < self.limit))

    def passing(self, target: str) -> bool:
        """Whether it has not failed too often in a row."""
        return self.failures[target] < self.limit

    def healthy(self) -> int:
        """How many are passing."""
        return len([target for target in self.failures if self.passing(target)])
