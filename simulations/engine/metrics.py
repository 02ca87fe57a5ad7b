"""Metrics: figures derived from a decoded trace, and from nothing else.

A window selects operations and messages by the moment they began. What has an empty population has no figure: a success
ratio of no operations is absent, not 0 and not 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from simulations.engine.declare import Metric
from simulations.engine.log import Log, Operation

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))

METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "ops.total", "operations", "Client operations invoked; one operation counts once, however often it was tried."
    ),
    Metric("ops.ok", "operations", "Operations answered with success."),
    Metric(
        "ops.failed",
        "operations",
        "Operations that failed without effect: refused, timed out before acting, unavailable.",
    ),
    Metric("ops.unknown", "operations", "Operations whose outcome nobody knows: they may still take effect."),
    Metric("ops.success_ratio", "ratio", "ops.ok ÷ ops.total."),
    Metric("ops.per_s", "/s", "Operations invoked a second."),
    Metric("ops.goodput_per_s", "/s", "Successful operations a second."),
    Metric("ops.latency_ms.p50", "ms", "Median time from invocation to answer, over successful operations."),
    Metric("ops.latency_ms.p95", "ms", "95th percentile of the same (nearest rank)."),
    Metric("ops.latency_ms.p99", "ms", "99th percentile of the same."),
    Metric("ops.latency_ms.mean", "ms", "Mean of the same."),
    Metric("ops.latency_ms.max", "ms", "Longest of the same."),
    Metric(
        "ops.error.<reason>",
        "operations",
        "Operations that ended with this reason, spaces as underscores: ops.error.timed_out.",
    ),
    Metric(
        "ops.<f>.<figure>",
        "",
        "Any figure of ops for one sort of operation: ops.read.success_ratio, ops.write.latency_ms.p99.",
    ),
    Metric(
        "reads.stale",
        "operations",
        "Reads that returned a version which a later write had replaced before the read began.",
    ),
    Metric("reads.stale_ratio", "ratio", "reads.stale ÷ successful reads."),
    Metric(
        "writes.lost",
        "operations",
        "Writes acknowledged, absent at the end, and replaced by no write that came after or had seen them.",
    ),
    Metric("messages.sent", "messages", "Messages sent."),
    Metric("messages.delivered", "messages", "Messages that arrived."),
    Metric("messages.dropped", "messages", "Messages that did not arrive."),
    Metric(
        "messages.dropped.<reason>",
        "messages",
        "Messages dropped for this reason, spaces as underscores: messages.dropped.queue_full.",
    ),
    Metric("messages.by_kind.<kind>", "messages", "Messages sent of this kind: messages.by_kind.read."),
    Metric("messages.per_op", "messages/operation", "Messages sent on behalf of the selected operations ÷ ops.total."),
    Metric("nodes.<id>.utilisation", "ratio", "Time-average of the busy servers ÷ concurrency."),
    Metric("nodes.<id>.queue_mean", "requests", "Time-average of the queue's length."),
    Metric("nodes.<id>.queue_max", "requests", "Longest that the queue was."),
    Metric("nodes.<id>.up_ratio", "ratio", "Share of the time that the node was up."),
    Metric(
        "replicas.digest_equal", "1 or 0", "1 when all replicas of each cluster hold the same data at the end, else 0."
    ),
    Metric(
        "replicas.converged_ms",
        "ms",
        "From the last heal or the last write's end, whichever is later, until all replicas hold the same for good.",
    ),
    Metric("checks.<name>.violations", "violations", "How often the check found its rule broken."),
)

# Families that count: a member that never occurred is 0 as long as anything at all was counted.
COUNTED: Final = {"ops.error.": "ops.total", "messages.dropped.": "messages.sent", "messages.by_kind.": "messages.sent"}


@dataclass(frozen=True)
class Selection:
    """Which part of a run is measured: from `from_ns` on, before `to_ns`, and the operations that pass the filter."""

    from_ns: int
    to_ns: int
    where: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)

    def has(self, operation: Operation) -> bool:
        """Whether an operation is selected."""
        if not self.from_ns <= operation.start_ns < self.to_ns:
            return False
        for name, wanted in self.where.items():
            if name == "zone" and self.zones.get(operation.node) != wanted:
                return False
            if name == "operation" and operation.f != wanted:
                return False
            if name == "class" and operation.request_class != wanted:
                return False
            if name == "client" and operation.node != wanted and not _is_one_of(operation.node, wanted):
                return False
        return True


def _is_one_of(name: str, group: str) -> bool:
    head, dash, number = name.rpartition("-")
    return bool(dash) and head == group and number.isdecimal()


def operation_metrics(operations: list[Operation], seconds: float) -> dict[str, float]:
    """The figures below `ops.`."""
    found = _figures("ops", operations, seconds)
    for f in sorted({operation.f for operation in operations}):
        found |= _figures(f"ops.{f}", [operation for operation in operations if operation.f == f], seconds)
    return found


def _figures(prefix: str, operations: list[Operation], seconds: float) -> dict[str, float]:
    total = len(operations)
    found: dict[str, float] = {f"{prefix}.total": total}
    if not total:
        return found
    good = [operation for operation in operations if operation.type == "ok"]
    found[f"{prefix}.ok"] = len(good)
    found[f"{prefix}.failed"] = sum(1 for operation in operations if operation.type == "fail")
    found[f"{prefix}.unknown"] = sum(1 for operation in operations if operation.type == "info")
    found[f"{prefix}.success_ratio"] = len(good) / total
    if seconds > 0:
        found[f"{prefix}.per_s"] = total / seconds
        found[f"{prefix}.goodput_per_s"] = len(good) / seconds
    for operation in operations:
        if operation.error:
            name = f"{prefix}.error.{word(operation.error)}"
            found[name] = found.get(name, 0) + 1
    times = sorted(operation.end_ns - operation.start_ns for operation in good if operation.end_ns is not None)
    if times:
        for name, share in QUANTILES:
            found[f"{prefix}.latency_ms.{name}"] = times[rank(share, len(times))] / NS_PER_MS
        found[f"{prefix}.latency_ms.mean"] = sum(times) / len(times) / NS_PER_MS
        found[f"{prefix}.latency_ms.max"] = times[-1] / NS_PER_MS
    return found


def rank(share: float, count: int) -> int:
    """The index of a percentile in a sorted list, by nearest rank."""
    return max(0, min(count - 1, -int(-share * count // 1) - 1))


def word(reason: str) -> str:
    """A reason as part of a metric's name."""
    return reason.replace(" ", "_").replace(".", "_")


def message_metrics(log: Log, select: Selection, operations: list[Operation], whole: bool) -> dict[str, float]:
    """The figures below `messages.`; with a filter, of the messages that serve a selected operation."""
    chosen: list[int] | None = None
    served = {operation.id for operation in operations}
    if not whole:
        inside = range(len(log.sent_ns))
        if select.where:
            chosen = [id_ for id_ in inside if log.sent_op[id_] in served]
        else:
            chosen = [id_ for id_ in inside if select.from_ns <= log.sent_ns[id_] < select.to_ns]
    total, outcomes, kinds = log.count_messages(chosen)
    found: dict[str, float] = {"messages.sent": total, "messages.delivered": outcomes.pop("delivered", 0)}
    outcomes.pop("in flight", 0)
    found["messages.dropped"] = sum(outcomes.values())
    found |= {f"messages.dropped.{word(reason)}": count for reason, count in outcomes.items() if count}
    found |= {f"messages.by_kind.{kind}": count for kind, count in kinds.items() if count}
    if operations:
        found["messages.per_op"] = sum(1 for op in log.sent_op if op in served) / len(operations)
    return found


def node_metrics(log: Log, select: Selection, params: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The figures below `nodes.`."""
    found: dict[str, float] = {}
    to_ns = min(select.to_ns, log.end_ns)
    for index, name in enumerate(log.nodes):
        busy = log.mean(index, "busy", select.from_ns, to_ns)
        slots = params.get(name, {}).get("concurrency") or log.mean(index, "concurrency", select.from_ns, to_ns)
        if busy is not None and isinstance(slots, (int, float)) and slots > 0:
            found[f"nodes.{name}.utilisation"] = busy / slots
        queue = log.mean(index, "queue", select.from_ns, to_ns)
        if queue is not None:
            found[f"nodes.{name}.queue_mean"] = queue
            found[f"nodes.{name}.queue_max"] = log.highest(index, "queue", select.from_ns, to_ns)
        up = log.mean(index, "up", select.from_ns, to_ns)
        if up is not None:
            found[f"nodes.{name}.up_ratio"] = up
    return found


def replica_metrics(log: Log, clusters: list[list[str]]) -> dict[str, float]:
    """The figures below `replicas.`: whether and when the copies came to agree."""
    number = {name: index for index, name in enumerate(log.nodes)}
    groups = [[number[name] for name in members if (number[name], "digest") in log.states] for members in clusters]
    agreed = [_agreed_ns(log, group) for group in groups if len(group) > 1]
    if not agreed:
        return {}
    found: dict[str, float] = {"replicas.digest_equal": float(None not in agreed)}
    writes = [operation.end_ns or 0 for operation in log.operations.values() if operation.f != "read"]
    quiet_ns = max([0, *writes, *(time for time, _, phase in log.faults if phase == "end")])
    moments = [moment for moment in agreed if moment is not None]
    if len(moments) == len(agreed):
        found["replicas.converged_ms"] = max(0, max(moments) - quiet_ns) / NS_PER_MS
    return found


def _agreed_ns(log: Log, group: list[int]) -> int | None:
    """From when on the group's live members hold the same data until the end; None when they never come to."""
    changes = sorted(
        (time, node, value)
        for node in group
        for time, value in zip(*log.states[node, "digest"], strict=True)
        if value is not None
    )
    alive = {node for node in group if bool(log.states.get((node, "up"), ([0], [True]))[1][-1])}
    held: dict[int, Any] = {}
    since: int | None = None
    for time, node, value in changes:
        held[node] = value
        equal = len({held.get(member) for member in alive}) == 1
        since = None if not equal else time if since is None else since
    return since
