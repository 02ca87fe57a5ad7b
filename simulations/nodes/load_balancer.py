"""The load balancer: one address for many servers.

It chooses a server for each request: the next in turn, any, the one with the fewest requests under way, or the best of
a few picked at random, which is nearly as good without knowing them all (Mitzenmacher: "The Power of Two Choices in
Randomized Load Balancing", IEEE TPDS 2001). Where a straggler is worse than some more work, a request without an answer
after a while is sent to a second server too, and the first answer counts (Dean, Barroso: "The Tail at Scale", CACM
2013). A server that crashes silently still gets its share until somebody notices; health probes notice it within an
interval, a timeout and as many failures as it takes. A server that starts or drains lives and wants no requests: only
probes for readiness tell. A server that answers probes and fails requests goes unnoticed by them; outlier ejection
counts the requests themselves. A retry sends a request that got no answer to another server,
which is safe only where doing it twice does no harm; what a caller can do about its calls beside that, a balancer can
for all its callers.

At layer 7 it sees requests and chooses for each; at layer 4 it sees connections, so that all that one caller sends goes
to one server, until that is out: fewer things to look at, and a load as uneven as the callers are.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.admission import ADMISSION_METRICS, ADMISSION_PARAMS
from simulations.engine.call_params import CALL_METRICS, CALL_SHOWS, CHOOSER_PARAMS, call_doubts
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Param, Show
from simulations.engine.elsewhere import Elsewhere
from simulations.engine.messages import Body, Increment, Probe, ProbeReply, Read, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.outliers import OUTLIER_METRICS, OUTLIER_PARAMS, OUTLIER_SHOW, outlier_doubts, outliers
from simulations.engine.probing import EVERY_PARAM, Prober, probe_doubts, probe_params

ROUND_ROBIN: Final = "round-robin"
LEAST: Final = "least-connections"
RANDOM: Final = "random"
BEST_OF: Final = "best-of"
REQUEST: Final = "request"
CONNECTION: Final = "connection"


class Balanced(Elsewhere):
    """A balancer's calls, of which it keeps count."""

    def __init__(self, balancer: LoadBalancer) -> None:
        super().__init__(balancer, balancer.choose, "no healthy server")
        self.balancer = balancer

    def count(self, target: str, change: int) -> None:
        self.balancer.count(target, change)

    def ended(self, target: str, failed: bool) -> None:
        if self.balancer.outliers is not None:
            self.balancer.outliers.ended(target, failed)


class LoadBalancer(Node):
    """Spreads requests over the servers behind it."""

    TYPE: ClassVar[str] = "load-balancer"
    TITLE: ClassVar[str] = "Load balancer"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Spreads requests over servers, and leaves out the dead ones"
    ICON: ClassVar[str] = "load-balancer"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "policy",
            "Policy",
            "choice",
            ROUND_ROBIN,
            choices=(
                Choice(ROUND_ROBIN, "Round robin"),
                Choice(LEAST, "Least connections"),
                Choice(RANDOM, "Random"),
                Choice(BEST_OF, "Best of a few at random"),
            ),
            help="Who gets the next request.",
            section="Balancing",
        ),
        Param(
            "layer",
            "Balances",
            "choice",
            REQUEST,
            choices=(
                Choice(REQUEST, "Requests (layer 7)"),
                Choice(CONNECTION, "Connections (layer 4)"),
            ),
            help="By connections, all that one caller asks goes to one server, chosen when it first asks.",
            section="Balancing",
        ),
        Param(
            "samples",
            "Servers looked at",
            "integer",
            2,
            "",
            1,
            100,
            help="Of these, the one with the fewest requests under way.",
            section="Balancing",
            when=("policy", BEST_OF),
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for a server.",
            section="Calls",
        ),
        Param(
            "retries",
            "Retries elsewhere",
            "integer",
            0,
            "",
            0,
            10,
            help="How often a request without an answer goes to another server.",
            section="Calls",
        ),
        *probe_params(EVERY_PARAM),
        *OUTLIER_PARAMS,
        *CHOOSER_PARAMS,
        *ADMISSION_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (*OUTLIER_METRICS, *CALL_METRICS, *ADMISSION_METRICS)
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("healthy", "Healthy", "servers"),
        OUTLIER_SHOW,
        Show("in_flight", "In flight", "requests"),
        *CALL_SHOWS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("black hole", "Swallows requests", "It looks well, passes nothing on and answers nobody."),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return [*call_doubts(params, neighbours), *outlier_doubts(params), *probe_doubts(params)]

    def start(self) -> None:
        self.policy = self.text("policy")
        self.samples = self.integer("samples")
        self.calls = Balanced(self)
        self.outliers = outliers(self, self.calls.targets)
        self.turn = 0
        self.connections: dict[str, str] | None = {} if self.text("layer") == CONNECTION else None
        self.in_flight = dict.fromkeys(self.targets, 0)
        self.show("healthy", len(self.calls.targets))
        self.total = 0
        self.show_total = self.gauge("in_flight")
        self.show_total.set(0)
        self.probes = Prober(self, self.probed, self.calls.targets)

    # Requests

    def on_request(self, body: Request, message: Message) -> Any:
        """Let the request in, and pass it on."""
        return self.calls.begin(body, message)

    def choose(self, tried: list[str], caller: str = "") -> str:
        """A healthy server not tried yet, by the caller's connection or the policy; "" when there is none."""
        candidates = self.calls.targets
        if tried or self.probes.ailing:
            candidates = [target for target in candidates if target not in tried and self.probes.passing(target)]
        breakers = self.calls.breakers
        if breakers is not None:
            candidates = [target for target in candidates if not breakers.of[target].shut]
        if self.outliers is not None and self.outliers.out:
            candidates = [target for target in candidates if not self.outliers.of[target].out]
        if not candidates:
            return ""
        if self.connections is None or not caller:
            return self.pick(candidates, tried)
        if self.connections.get(caller, "") not in candidates:
            self.connections[caller] = self.pick(candidates, tried)
        return self.connections[caller]

    def pick(self, candidates: list[str], tried: list[str]) -> str:
        """One of them, by the policy."""
        if not tried:
            self.turn += 1  # a retry takes nobody's turn
        if self.policy == ROUND_ROBIN:
            return candidates[self.turn % len(candidates)]
        if self.policy == RANDOM:
            return self.any_of(candidates)
        if self.policy == BEST_OF:
            return self.emptiest([self.any_of(candidates) for _ in range(self.samples)])
        first = self.turn % len(candidates)
        return self.emptiest(candidates[first:] + candidates[:first])

    def any_of(self, candidates: list[str]) -> str:
        """One of them at random."""
        return candidates[int(self.draw("server") * len(candidates))]

    def emptiest(self, candidates: list[str]) -> str:
        """The first of those with the fewest requests under way."""
        best = candidates[0]
        for candidate in candidates:
            if self.in_flight[candidate] < self.in_flight[best]:
                best = candidate
        return best

    def count(self, target: str, change: int) -> None:
        """Keep the number of requests under way."""
        self.in_flight[target] += change
        self.total += change
        self.show_total.set(self.total)

    # Health

    def probed(self, target: str, well: bool, changed: bool) -> None:
        """A probe has ended."""
        if changed:
            limit = self.probes.limit
            self.note(f"{target} is back" if well else f"{target} ejected after {limit} failed probes")
        self.show("healthy", self.probes.healthy())

    # Lies

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        return body if behaviour != "black hole" or isinstance(body, (Probe, ProbeReply)) else None
