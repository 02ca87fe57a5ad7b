"""Outlier ejection: who fails the requests of others is left out for a while, whatever its health probes say.

A process may answer probes and nothing else (Huang et al.: "Gray Failure: The Achilles' Heel of Cloud-Scale Systems",
HotOS 2017): who asks it sees more than who asks how it is. So the requests themselves are counted. After failures in a
row, or when their share in an interval is too large, a server gets none for a time, which grows each time it fails
again. Never are more than a share of the servers left out, for when all seem to fail it is rarely their fault. This is
the outlier detection of Envoy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.node import Node

NEVER: Final = "none"
COUNT: Final = "count"
RATE: Final = "rate"

_EJECTING: Final = ("outlier", COUNT, RATE)
OUTLIER_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "outlier",
        "Outlier ejection",
        "choice",
        NEVER,
        choices=(
            Choice(NEVER, "None"),
            Choice(COUNT, "After failures in a row"),
            Choice(RATE, "At a share of failures"),
        ),
        help="By the requests themselves: who fails them gets none for a while, even if it answers probes.",
        section="Outliers",
    ),
    Param(
        "outlier_failures",
        "Requests in a row",
        "integer",
        5,
        "",
        1,
        1_000,
        help="Failed ones; as many eject a server.",
        section="Outliers",
        when=("outlier", COUNT),
    ),
    Param(
        "outlier_ratio",
        "Share of failed requests",
        "number",
        0.5,
        "",
        0.01,
        1,
        help="In an interval; as large a share ejects a server.",
        section="Outliers",
        when=("outlier", RATE),
    ),
    Param(
        "outlier_interval_ms",
        "Interval",
        "number",
        1_000,
        "ms",
        1,
        3_600_000,
        help="At its end each server is judged.",
        section="Outliers",
        when=("outlier", RATE),
    ),
    Param(
        "outlier_calls",
        "Requests needed",
        "integer",
        10,
        "",
        1,
        100_000,
        help="With fewer in an interval a server is not judged.",
        section="Outliers",
        when=("outlier", RATE),
    ),
    Param(
        "outlier_eject_ms",
        "Ejected for",
        "number",
        5_000,
        "ms",
        0.001,
        3_600_000,
        help="The second time in short order twice as long, then three times…",
        section="Outliers",
        when=_EJECTING,
    ),
    Param(
        "outlier_eject_max_ms",
        "At most for",
        "number",
        60_000,
        "ms",
        0.001,
        3_600_000,
        section="Outliers",
        when=_EJECTING,
    ),
    Param(
        "outlier_share_max",
        "Ejected at most",
        "number",
        0.5,
        "",
        0,
        1,
        help="Share of the servers. One may always be ejected, and one always stays.",
        section="Outliers",
        when=_EJECTING,
    ),
)
OUTLIER_SHOW: Final = Show("ejected", "Ejected", "servers")
OUTLIER_METRICS: Final[tuple[Metric, ...]] = (
    Metric("outliers.ejected", "times", "How often a server was ejected because requests to it failed.", "count"),
    Metric("outliers.spared", "times", "How often one was not, because too many were ejected already.", "count"),
)


class Outlier:
    """What is known of one server."""

    def __init__(self) -> None:
        self.out = False
        self.in_a_row = 0
        self.requests = 0  # in this interval
        self.failed = 0
        self.times = 0  # ejected in short order
        self.lasted_ns = 0  # the last time
        self.back_ns = 0  # when that was over


class Outliers:
    """The servers of a process as its requests see them, by its parameters OUTLIER_PARAMS. Shows `ejected`."""

    def __init__(self, node: Node, servers: Sequence[str]) -> None:
        self.node = node
        self.of = {server: Outlier() for server in servers}
        self.by_rate = node.text("outlier") == RATE
        self.failures_max = node.integer("outlier_failures")
        self.ratio = node.number("outlier_ratio")
        self.interval_ns = to_ns(node.number("outlier_interval_ms"))
        self.requests_min = node.integer("outlier_calls")
        self.eject_ns = to_ns(node.number("outlier_eject_ms"))
        self.eject_ns_max = to_ns(node.number("outlier_eject_max_ms"))
        share = int(node.number("outlier_share_max") * len(servers))
        self.out_max = min(len(servers) - 1, max(1, share))
        self.out = 0  # how many are
        node.show("ejected", 0)
        if self.by_rate:
            node.timer(self.interval_ns, "outliers", self.judge)

    def ended(self, server: str, failed: bool) -> None:
        """A request to a server has ended."""
        outlier = self.of[server]
        outlier.requests += 1
        outlier.failed += failed
        outlier.in_a_row = outlier.in_a_row + 1 if failed else 0
        if not self.by_rate and outlier.in_a_row >= self.failures_max:
            self.eject(server, f"{outlier.in_a_row} requests in a row failed")

    def judge(self) -> None:
        """An interval is over."""
        self.node.timer(self.interval_ns, "outliers", self.judge)
        for server, outlier in self.of.items():
            requests, failed = outlier.requests, outlier.failed
            outlier.requests = outlier.failed = 0
            if requests >= self.requests_min and failed >= self.ratio * requests:
                self.eject(server, f"{failed} of {requests} requests failed")

    def eject(self, server: str, why: str) -> None:
        """Leave a server out for a while, unless too many are out."""
        outlier = self.of[server]
        outlier.in_a_row = 0
        if outlier.out:
            return
        if self.out >= self.out_max:
            self.node.publish("outliers.spared", 1)
            return
        good_ns = self.node.now_ns - outlier.back_ns
        outlier.times = outlier.times + 1 if good_ns <= outlier.lasted_ns else 1
        outlier.lasted_ns = min(self.eject_ns_max, outlier.times * self.eject_ns)
        outlier.out = True
        self.out += 1
        self.node.show("ejected", self.out)
        self.node.publish("outliers.ejected", 1)
        self.node.note(f"{server} ejected: {why}")
        self.node.timer(outlier.lasted_ns, f"outlier {server}", lambda: self.readmit(server))

    def readmit(self, server: str) -> None:
        """The while is over."""
        outlier = self.of[server]
        outlier.out = False
        outlier.in_a_row = outlier.requests = outlier.failed = 0
        outlier.back_ns = self.node.now_ns
        self.out -= 1
        self.node.show("ejected", self.out)
        self.node.note(f"{server} gets requests again")


def outliers(node: Node, servers: Sequence[str]) -> Outliers | None:
    """The outlier ejection that a node's parameters describe; None for none."""
    return None if node.text("outlier") == NEVER else Outliers(node, servers)


def outlier_doubts(params: dict[str, Any]) -> list[tuple[str, str]]:
    """What of OUTLIER_PARAMS contradicts itself, and the consequence."""
    found: list[tuple[str, str]] = []
    if params["outlier"] == NEVER:
        return found
    longest_ms = params["outlier_eject_max_ms"]
    if params["outlier_eject_ms"] > longest_ms:
        words = f"Never happens: {longest_ms:g} ms is the longest. Eject for less, or allow longer."
        found.append(("outlier_eject_ms", words))
    if params["outlier_share_max"] == 0:
        found.append(("outlier_share_max", "One is ejected all the same. For none, have no outlier ejection."))
    return found
