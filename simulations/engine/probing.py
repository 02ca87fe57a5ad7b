"""Health probes: asking others regularly whether they are there, or ready, and keeping count of who failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from simulations.engine.declare import Param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Probe
from simulations.engine.node import Node
from simulations.engine.readiness import PROBE_KIND_PARAM, READINESS
from simulations.engine.tasks import Failure


def probe_params(every: Param, timeout_ms: float = 100) -> tuple[Param, ...]:
    """The parameters of whoever probes; `every` is its `probe_interval_ms`, `timeout_ms` what it waits by default."""
    return (
        every,
        PROBE_KIND_PARAM,
        Param(
            "probe_timeout_ms",
            "Probe timeout",
            "number",
            timeout_ms,
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
            help="Probes in a row; one success brings back who was left out.",
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
    if 0 < params["probe_interval_ms"] < params["probe_timeout_ms"]:
        words = "The next probe goes out before the last has failed, so that failures come late and not in a row."
        return [("probe_timeout_ms", f"{words} Wait {params['probe_interval_ms']:g} ms at most.")]
    return []


class Prober:
    """Probes its node's targets, or these. `told` learns of each end of a probe: whom it asked, whether it went well,
    and whether that changes who is passing.
    """

    def __init__(
        self, node: Node, told: Callable[[str, bool, bool], None], targets: Sequence[str] | None = None
    ) -> None:
        self.node = node
        self.told = told
        self.targets = list(node.targets if targets is None else targets)
        self.limit = node.integer("probe_failures")
        self.timeout_ms = node.number("probe_timeout_ms")
        self.every_ns = to_ns(node.number("probe_interval_ms"))
        self.question = Probe(node.text("probe_kind") == READINESS)
        self.failures = dict.fromkeys(self.targets, 0)
        self.took_ns = dict.fromkeys(self.targets, 0)  # the last round trip to each
        self.ailing = False  # somebody has not answered well the last time
        if self.every_ns > 0:
            self.round()

    def round(self) -> None:
        """Probe everybody now, and again after the interval."""
        node = self.node
        node.timer(self.every_ns, "probe", self.round)
        for target in self.targets:
            node.spawn(self.probe(target), node.cause)

    async def probe(self, target: str) -> None:
        """Ask one of them."""
        well = True
        began_ns = self.node.now_ns
        try:
            await self.node.call(target, self.question, self.timeout_ms)
            self.took_ns[target] = self.node.now_ns - began_ns
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
