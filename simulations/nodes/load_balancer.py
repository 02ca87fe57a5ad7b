"""The load balancer: one address for many servers.

It chooses a server for each request: the next in turn, or the one with the fewest requests under way. A server that
crashes silently still gets its share until somebody notices; health probes notice it within an interval, a timeout
and as many failures as it takes. A retry sends a request that got no answer to another server, which is safe only
where doing it twice does no harm.
"""

from __future__ import annotations

from typing import ClassVar

from simulations.engine.declare import Choice, Lie, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Probe, ProbeReply, Read, Request, Work, Write
from simulations.engine.network import Message
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure, Refused


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
            "round-robin",
            choices=(Choice("round-robin", "Round robin"), Choice("least-connections", "Least connections")),
            help="Who gets the next request.",
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
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("healthy", "Healthy", "servers"),
        Show("in_flight", "In flight", "requests"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("black hole", "Swallows requests", "It looks well, passes nothing on and answers nobody."),
    )

    def start(self) -> None:
        self.timeout_ms = self.number("timeout_ms")
        self.retries = self.integer("retries")
        self.least = self.text("policy") == "least-connections"
        self.turn = 0
        self.in_flight = dict.fromkeys(self.targets, 0)
        self.failures = dict.fromkeys(self.targets, 0)
        self.show("healthy", len(self.targets))
        self.total = 0
        self.show("in_flight", 0)
        if self.number("probe_interval_ms") > 0:
            self.probe_round()

    # Requests

    async def on_request(self, body: Request, message: Message) -> Body:
        """Pass the request to a server, and to others when that fails and retries are left."""
        tried: list[str] = []
        uncertain = False
        failure = Refused("no healthy server", False)
        for _attempt in range(self.retries + 1):
            target = self.choose(tried)
            if not target:
                break
            tried.append(target)
            self.count(target, 1)
            try:
                reply: Body = await self.cancellable(message, self.call(target, body, self.timeout_ms))
                return reply
            except Cancelled:
                raise
            except Failure as reason:
                uncertain = uncertain or reason.uncertain
                failure = Refused(reason.reason, uncertain)
            finally:
                self.count(target, -1)
        raise failure

    def choose(self, tried: list[str]) -> str:
        """A healthy server not tried yet, by the policy; "" when there is none."""
        limit = self.integer("probe_failures")
        candidates = [target for target in self.targets if target not in tried and self.failures[target] < limit]
        if not candidates:
            return ""
        if not tried:
            self.turn += 1  # a retry takes nobody's turn
        if not self.least:
            return candidates[self.turn % len(candidates)]
        best = candidates[0]
        for offset in range(len(candidates)):
            candidate = candidates[(self.turn + offset) % len(candidates)]
            if offset == 0 or self.in_flight[candidate] < self.in_flight[best]:
                best = candidate
        return best

    def count(self, target: str, change: int) -> None:
        """Keep the number of requests under way."""
        self.in_flight[target] += change
        self.total += change
        self.show("in_flight", self.total)

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
        limit = self.integer("probe_failures")
        if before < limit <= self.failures[target]:
            self.note(f"{target} ejected after {limit} failed probes")
        elif before >= limit > self.failures[target]:
            self.note(f"{target} is back")
        self.show("healthy", len([one for one in self.targets if self.failures[one] < limit]))

    # Lies

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        return body if behaviour != "black hole" or isinstance(body, (Probe, ProbeReply)) else None
