"""Admission: who may come in at all.

A rate limit is a bucket of tokens, for all or for each caller, counted exactly as the generic cell rate algorithm does
(ITU-T I.371, annex A). Load shedding refuses those who come while everybody has to wait too long, so that the rest is
served in time; what is refused at once costs nothing (Beyer et al.: "Site Reliability Engineering", O'Reilly 2016,
chapter 21).
"""

from __future__ import annotations

from typing import Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.links import NS_PER_S
from simulations.engine.messages import Refusal
from simulations.engine.node import Node
from simulations.engine.tasks import Refused

RATE_LIMIT_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "rate_limit_per_s",
        "Rate limit",
        "number",
        0,
        "/s",
        0,
        1_000_000,
        help="More than that, on average, is refused. 0: no limit.",
        section="Admission",
    ),
    Param(
        "rate_limit_burst",
        "At once",
        "integer",
        10,
        "requests",
        1,
        1_000_000,
        help="As many may come together after a pause.",
        section="Admission",
    ),
    Param(
        "rate_limit_by",
        "Counted",
        "choice",
        "all",
        choices=(Choice("all", "For all together"), Choice("caller", "For each caller")),
        help="For each caller, a greedy one leaves the others their share.",
        section="Admission",
    ),
)
SHEDDING_PARAM: Final = Param(
    "shed_wait_ms",
    "Shed load above",
    "number",
    0,
    "ms",
    0,
    3_600_000,
    help="While requests have to wait longer for a worker, new ones are refused. 0: never.",
    section="Admission",
)
EXPIRED_PARAM: Final = Param(
    "drop_expired",
    "Drop what has expired",
    "boolean",
    False,
    help="A request whose caller has given up by its turn is refused; what is asked for it gets the time that is left.",
    section="Admission",
)
ADMISSION_PARAMS: Final[tuple[Param, ...]] = (*RATE_LIMIT_PARAMS, SHEDDING_PARAM, EXPIRED_PARAM)
RATE_LIMIT_METRICS: Final[tuple[Metric, ...]] = (
    Metric("admission.rate_limited", "requests", "Requests that a rate limit refused.", "count"),
)
ADMISSION_METRICS: Final[tuple[Metric, ...]] = (
    *RATE_LIMIT_METRICS,
    Metric("admission.shed", "requests", "Requests refused because of overload.", "count"),
)


NO_TIME_MS: Final = 0.000_001  # a timeout of 0 would be none
RATE_LIMITED: Final = Refusal("rate limited", False)
OVERLOADED: Final = Refusal("overloaded", False)


class RateLimit:
    """So many requests a second, and so many at once."""

    def __init__(self, node: Node) -> None:
        self.node = node
        rate_per_s = node.number("rate_limit_per_s")
        self.gap_ns = int(NS_PER_S / rate_per_s + 0.5)
        self.ahead_ns = (node.integer("rate_limit_burst") - 1) * self.gap_ns
        self.each = node.text("rate_limit_by") == "caller"
        self.due_ns: dict[str, int] = {}  # when the next request is due, by caller

    def admits(self, message: Message) -> bool:
        """Whether a request may come in."""
        caller = message.channel.src.id if self.each else ""
        now_ns = self.node.now_ns
        due_ns = max(now_ns, self.due_ns.get(caller, 0))
        if due_ns - self.ahead_ns > now_ns:
            self.node.publish("admission.rate_limited", 1)
            return False
        self.due_ns[caller] = due_ns + self.gap_ns
        return True


class Shedding:
    """Refuses while those who get a worker have waited too long for it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.wait_ns_max = to_ns(node.number("shed_wait_ms"))
        self.wait_ns = 0  # of who got a worker last

    def admits(self, queued: int) -> bool:
        """Whether a request may come in while so many wait."""
        if queued and self.wait_ns > self.wait_ns_max:
            self.node.publish("admission.shed", 1)
            return False
        return True


class Admission:
    """Who may come in, by a node's parameters ADMISSION_PARAMS."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.rate_limit = rate_limit(node)
        self.shedding = Shedding(node) if node.number("shed_wait_ms") > 0 else None
        self.drop_expired = node.boolean("drop_expired")
        self.open = self.rate_limit is None and self.shedding is None

    def refusal(self, message: Message, queued: int) -> Refusal | None:
        """What a request is told while so many wait; None where it may come in."""
        if self.rate_limit is not None and not self.rate_limit.admits(message):
            return RATE_LIMITED
        if self.shedding is not None and not self.shedding.admits(queued):
            return OVERLOADED
        return None

    def begin(self, message: Message) -> None:
        """A request's turn has come. Raises Refused where its caller has given up and that counts."""
        if self.drop_expired and 0 <= message.deadline_ns <= self.node.kernel.now:
            raise Refused("expired", False)

    def time_left_ms(self, message: Message, timeout_ms: float) -> float:
        """The timeout of a call on behalf of a request: where deadlines count, no longer than its caller waits."""
        if not self.drop_expired or message.deadline_ns < 0:
            return timeout_ms
        return max(NO_TIME_MS, min(timeout_ms, (message.deadline_ns - self.node.kernel.now) / NS_PER_MS))

    def waited(self, wait_ns: int) -> None:
        """Somebody has got a worker, after so long."""
        if self.shedding is not None:
            self.shedding.wait_ns = wait_ns


def rate_limit(node: Node) -> RateLimit | None:
    """The rate limit that a node's parameters describe; None for none."""
    return RateLimit(node) if node.number("rate_limit_per_s") > 0 else None
