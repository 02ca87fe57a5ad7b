"""The load balancer: one address for many servers.

It chooses a server for each request: the next in turn, any, the one with the fewest requests under way, or the best of
a few picked at random, which is nearly as good without knowing them all (Mitzenmacher: "The Power of Two Choices in
Randomized Load Balancing", IEEE TPDS 2001). Where a straggler is worse than some more work, a request without an answer
after a while is sent to a second server too, and the first answer counts (Dean, Barroso: "The Tail at Scale", CACM
2013). A server that crashes silently still gets its share until somebody notices; health probes notice it within an
interval, a timeout and as many failures as it takes. A server that starts or drains lives and wants no requests: only
probes for readiness tell. A server that answers probes and fails requests goes unnoticed by them; outlier ejection
counts the requests themselves. A retry sends a request that got no answer to another server,
which is safe only where doing it twice does no harm.

At layer 7 it sees requests and chooses for each; at layer 4 it sees connections, so that all that one caller sends goes
to one server, until that is out: fewer things to look at, and a load as uneven as the callers are.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.admission import RATE_LIMIT_METRICS, RATE_LIMIT_PARAMS, RATE_LIMITED, rate_limit
from simulations.engine.breakers import BREAKER_METRICS, BREAKER_PARAMS, BREAKER_SHOW, Breakers, breakers
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Increment, Probe, ProbeReply, Read, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.outliers import OUTLIER_METRICS, OUTLIER_PARAMS, OUTLIER_SHOW, outlier_doubts, outliers
from simulations.engine.probing import EVERY_PARAM, Prober, probe_doubts, probe_params
from simulations.engine.tasks import Cancelled, Failure, Future, Refused
from simulations.engine.waiting import first_answer

ROUND_ROBIN: Final = "round-robin"
LEAST: Final = "least-connections"
RANDOM: Final = "random"
BEST_OF: Final = "best-of"
REQUEST: Final = "request"
CONNECTION: Final = "connection"


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
            "hedge_after_ms",
            "Hedge after",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="Without an answer by then, a second server is asked too. 0: never.",
            section="Balancing",
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
        Param(
            "propagate_cancellation",
            "Cancel what times out",
            "boolean",
            False,
            help="Tell the other side, so that it stops working. Off: it works on for nobody.",
            section="Calls",
        ),
        *probe_params(EVERY_PARAM),
        *OUTLIER_PARAMS,
        *BREAKER_PARAMS,
        *RATE_LIMIT_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (*OUTLIER_METRICS, *BREAKER_METRICS, *RATE_LIMIT_METRICS)
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("healthy", "Healthy", "servers"),
        OUTLIER_SHOW,
        Show("in_flight", "In flight", "requests"),
        BREAKER_SHOW,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("black hole", "Swallows requests", "It looks well, passes nothing on and answers nobody."),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return outlier_doubts(params) + probe_doubts(params)

    def start(self) -> None:
        self.timeout_ms = self.number("timeout_ms")
        self.retries = self.integer("retries")
        self.policy = self.text("policy")
        self.samples = self.integer("samples")
        self.hedge_after_ns = to_ns(self.number("hedge_after_ms"))
        self.breakers = breakers(self)
        self.outliers = outliers(self, self.targets)
        self.rate_limit = rate_limit(self)
        self.turn = 0
        self.connections: dict[str, str] | None = {} if self.text("layer") == CONNECTION else None
        self.in_flight = dict.fromkeys(self.targets, 0)
        self.show("healthy", len(self.targets))
        self.total = 0
        self.show_total = self.gauge("in_flight")
        self.show_total.set(0)
        self.probes = Prober(self, self.probed)

    # Requests

    def on_request(self, body: Request, message: Message) -> Any:
        """Let the request in, and pass it on."""
        if self.rate_limit is not None and not self.rate_limit.admits(message):
            return RATE_LIMITED
        return self.balance(body, message)

    async def balance(self, body: Request, message: Message) -> Body:
        """Pass the request to a server, and to others when that fails and retries are left."""
        tried: list[str] = []
        uncertain = False
        reason = "no healthy server"
        for _attempt in range(self.retries + 1):
            target = self.choose(tried, message.channel.src.id)
            if not target:
                break
            tried.append(target)
            try:
                if self.breakers is not None:
                    return await self.guarded(self.breakers, body, message, target, tried)
                if self.hedge_after_ns > 0:
                    return await self.hedged(body, message, target, tried)
                return await self.ask(body, message, target)
            except Cancelled:
                raise
            except Failure as failure:
                uncertain = uncertain or failure.uncertain
                reason = failure.reason
        raise Refused(reason, uncertain)

    async def guarded(self, breakers: Breakers, body: Request, message: Message, target: str, tried: list[str]) -> Body:
        """Ask one server through its circuit breaker."""

        async def attempt() -> Body:
            if self.hedge_after_ns > 0:
                return await self.hedged(body, message, target, tried)
            return await self.ask(body, message, target)

        return await breakers.guard(target, attempt)

    async def ask(self, body: Request, message: Message, target: str) -> Body:
        """Ask one server."""
        self.count(target, 1)
        try:
            reply: Body = await self.cancellable(message, self.call(target, body, self.timeout_ms))
        except Failure as failure:
            if self.outliers is not None and not isinstance(failure, Cancelled):
                self.outliers.ended(target, True)
            raise
        finally:
            self.count(target, -1)
        if self.outliers is not None:
            self.outliers.ended(target, False)
        return reply

    async def hedged(self, body: Request, message: Message, target: str, tried: list[str]) -> Body:
        """Ask one server and, when it takes too long, another; the first answer counts, the other goes unheeded."""
        first = self.call(target, body, self.timeout_ms)
        asked: list[tuple[str, Future]] = [(target, first)]
        self.count(target, 1)

        def second() -> Future | None:
            other = self.choose(tried)
            if not other:
                return None
            tried.append(other)
            call = self.call(other, body, self.timeout_ms)
            asked.append((other, call))
            self.count(other, 1)
            return call

        try:
            return await first_answer(self, message, first, self.hedge_after_ns, second)
        finally:
            for server, call in asked:
                self.count(server, -1)
                if self.outliers is not None and call.done and not isinstance(call.error, Cancelled):
                    self.outliers.ended(server, call.error is not None)

    def choose(self, tried: list[str], caller: str = "") -> str:
        """A healthy server not tried yet, by the caller's connection or the policy; "" when there is none."""
        candidates = self.targets
        if tried or self.probes.ailing:
            candidates = [target for target in self.targets if target not in tried and self.probes.passing(target)]
        if self.breakers is not None:
            candidates = [target for target in candidates if not self.breakers.of[target].shut]
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
