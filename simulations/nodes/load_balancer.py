"""The load balancer: one address for many servers.

It chooses a server for each request: the next in turn, any, the one with the fewest requests under way, or the best of
a few picked at random, which is nearly as good without knowing them all (Mitzenmacher: "The Power of Two Choices in
Randomized Load Balancing", IEEE TPDS 2001). Where a straggler is worse than some more work, a request without an answer
after a while is sent to a second server too, and the first answer counts (Dean, Barroso: "The Tail at Scale", CACM
2013). A server that crashes silently still gets its share until somebody notices; health probes notice it within an
interval, a timeout and as many failures as it takes. A retry sends a request that got no answer to another server,
which is safe only where doing it twice does no harm.

At layer 7 it sees requests and chooses for each; at layer 4 it sees connections, so that all that one caller sends goes
to one server, until that is out: fewer things to look at, and a load as uneven as the callers are.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.admission import RATE_LIMIT_METRICS, RATE_LIMIT_PARAMS, RATE_LIMITED, rate_limit
from simulations.engine.breakers import BREAKER_METRICS, BREAKER_PARAMS, BREAKER_SHOW, Breakers, breakers
from simulations.engine.calls import first_answer
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Lie, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Increment, Probe, ProbeReply, Read, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure, Future, Refused

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
        Param(
            "probe_interval_ms",
            "Probe every",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="0: no health probes, so that a dead server keeps its share.",
            section="Health",
        ),
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
        *BREAKER_PARAMS,
        *RATE_LIMIT_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (*BREAKER_METRICS, *RATE_LIMIT_METRICS)
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("healthy", "Healthy", "servers"),
        Show("in_flight", "In flight", "requests"),
        BREAKER_SHOW,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("black hole", "Swallows requests", "It looks well, passes nothing on and answers nobody."),
    )

    def start(self) -> None:
        self.timeout_ms = self.number("timeout_ms")
        self.retries = self.integer("retries")
        self.policy = self.text("policy")
        self.samples = self.integer("samples")
        self.hedge_after_ns = to_ns(self.number("hedge_after_ms"))
        self.breakers = breakers(self)
        self.rate_limit = rate_limit(self)
        self.turn = 0
        self.connections: dict[str, str] | None = {} if self.text("layer") == CONNECTION else None
        self.in_flight = dict.fromkeys(self.targets, 0)
        self.failures = dict.fromkeys(self.targets, 0)
        self.ailing = False  # some server has not answered its last probe
        self.show("healthy", len(self.targets))
        self.total = 0
        self.show_total = self.gauge("in_flight")
        self.show_total.set(0)
        if self.number("probe_interval_ms") > 0:
            self.probe_round()

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
            return reply
        finally:
            self.count(target, -1)

    async def hedged(self, body: Request, message: Message, target: str, tried: list[str]) -> Body:
        """Ask one server and, when it takes too long, another; the first answer counts, the other goes unheeded."""
        asked = [target]
        self.count(target, 1)

        def second() -> Future | None:
            other = self.choose(tried)
            if not other:
                return None
            tried.append(other)
            asked.append(other)
            self.count(other, 1)
            return self.call(other, body, self.timeout_ms)

        try:
            first = self.call(target, body, self.timeout_ms)
            return await first_answer(self, message, first, self.hedge_after_ns, second)
        finally:
            for server in asked:
                self.count(server, -1)

    def choose(self, tried: list[str], caller: str = "") -> str:
        """A healthy server not tried yet, by the caller's connection or the policy; "" when there is none."""
        limit = self.integer("probe_failures")
        candidates = self.targets
        if tried or self.ailing:
            candidates = [target for target in self.targets if target not in tried and self.failures[target] < limit]
        if self.breakers is not None:
            candidates = [target for target in candidates if not self.breakers.of[target].shut]
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

    def probe_round(self) -> None:
        """Probe every server now, and again after the interval."""
        self.timer(to_ns(self.number("probe_interval_ms")), "probe", self.probe_round)
        for target in self.targets:
            self.spawn(self.probe(target), self.cause)

    async def probe(self, target: str) -> None:
        """Ask one server whether it is there."""
        answered = True
        try:
            await self.call(target, Probe(), self.number("probe_timeout_ms"))
        except Failure:
            answered = False
        before = self.failures[target]
        self.failures[target] = 0 if answered else before + 1
        self.ailing = any(self.failures[one] > 0 for one in self.targets)
        limit = self.integer("probe_failures")
        if before < limit <= self.failures[target]:
            self.note(f"{target} ejected after {limit} failed probes")
        elif before >= limit > self.failures[target]:
            self.note(f"{target} is back")
        self.show("healthy", len([one for one in self.targets if self.failures[one] < limit]))

    # Lies

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        return body if behaviour != "black hole" or isinstance(body, (Probe, ProbeReply)) else None
