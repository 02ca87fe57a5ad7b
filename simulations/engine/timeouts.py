"""Timeouts by what is observed: as long as nearly all calls take, and somewhat longer.

How long a call may take is looked up in how long the last ones took, as one sets a timeout from a percentile of
measured latencies (Brooker: "Timeouts, retries, and backoff with jitter", Amazon Builders' Library, 2019). A call that
timed out counts as having taken so long. So when more of them time out than the percentile leaves room for, the
timeout grows until they are answered again, as TCP's retransmission timeout does (RFC 6298, section 5.5).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import Final

from simulations.engine.declare import Choice, Metric, Param
from simulations.engine.distributions import NS_PER_MS
from simulations.engine.node import Node

FIXED: Final = "fixed"
PERCENTILE: Final = "percentile"
ENOUGH: Final = 20  # calls that must have been observed before they say anything

_OBSERVED: Final = ("timeout_by", PERCENTILE)
TIMEOUT_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "timeout_by",
        "Timeout is",
        "choice",
        FIXED,
        choices=(Choice(FIXED, "Fixed"), Choice(PERCENTILE, "By how long calls took")),
        help="By how long calls took, for each target; the fixed one is then the longest there is.",
        section="Calls",
    ),
    Param(
        "timeout_percentile",
        "Percentile",
        "number",
        99,
        "%",
        50,
        99.99,
        help="As many of the last calls took no longer; those that timed out count with their waiting.",
        section="Calls",
        when=_OBSERVED,
    ),
    Param(
        "timeout_margin",
        "Margin",
        "number",
        2,
        "×",
        1,
        100,
        help="The timeout is as many times that percentile.",
        section="Calls",
        when=_OBSERVED,
    ),
    Param(
        "timeout_calls",
        "Calls observed",
        "integer",
        500,
        "",
        ENOUGH,
        10_000,
        help=f"The last ones. Before there are {ENOUGH}, the fixed timeout holds.",
        section="Calls",
        when=_OBSERVED,
    ),
)
TIMEOUT_METRICS: Final[tuple[Metric, ...]] = (
    Metric("calls.timeout_ms", "ms", "The timeouts that calls got by how long others took.", "duration"),
)


class Observed:
    """How long the last calls of one target took."""

    def __init__(self, calls_max: int) -> None:
        self.calls_max = calls_max
        self.recent: deque[int] = deque()  # in ns, by age
        self.ordered: list[int] = []  # the same, by length

    def add(self, took_ns: int) -> None:
        """One more."""
        self.recent.append(took_ns)
        insort(self.ordered, took_ns)
        if len(self.recent) > self.calls_max:
            del self.ordered[bisect_left(self.ordered, self.recent.popleft())]

    def percentile_ns(self, percentile: float) -> int:
        """The shortest duration that as many percent did not exceed; −1 while too few are known."""
        count = len(self.ordered)
        if count < ENOUGH:
            return -1
        return self.ordered[min(count - 1, int(count * percentile / 100))]


class Timeouts:
    """The timeouts of a process's calls, by its parameters TIMEOUT_PARAMS and `timeout_ms`."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.timeout_ms = node.number("timeout_ms")
        self.percentile = node.number("timeout_percentile")
        self.margin = node.number("timeout_margin")
        calls_max = node.integer("timeout_calls")
        self.of = {target: Observed(calls_max) for target in node.targets}

    def of_ms(self, target: str) -> float:
        """The timeout of the next call to a target."""
        found_ns = self.of[target].percentile_ns(self.percentile)
        if found_ns < 0:
            return self.timeout_ms
        timeout_ns = min(int(found_ns * self.margin), int(self.timeout_ms * NS_PER_MS))
        self.node.publish("calls.timeout_ms", timeout_ns)
        return timeout_ns / NS_PER_MS

    def took(self, target: str, duration_ns: int) -> None:
        """A call was answered after so long, or was given up."""
        self.of[target].add(duration_ns)


def timeouts(node: Node) -> Timeouts | None:
    """The timeouts by observation that a node's parameters describe; None where they are fixed."""
    return Timeouts(node) if node.text("timeout_by") == PERCENTILE else None
