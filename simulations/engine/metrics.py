"""Metrics: figures derived from a decoded trace, and from nothing else.

A window selects operations and messages by the moment they began. What has an empty population has no figure: a success
ratio of no operations is absent, not 0 and not 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from simulations.engine.histogram import Histogram
from simulations.engine.log import Log, Operation
from simulations.engine.metrics_table import NS_PER_MS

RUN_ENDED: Final = "run ended"  # the error of an operation that the run's end cut short
QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


@dataclass(frozen=True)
class Selection:
    """Which part of a run is measured: from `from_ns` on, before `to_ns`, and the operations that pass the filter."""

    from_ns: int
    to_ns: int
    where: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)

    def has(self, operation: Operation) -> bool:
        """Whether an operation is selected."""
        return self.from_ns <= operation.start_ns < self.to_ns and self.passes(operation)

    def passes(self, operation: Operation) -> bool:
        """Whether an operation passes the filter, whenever it began."""
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


def group_metrics(groups: Mapping[str, list[Operation]], seconds: float) -> dict[str, float]:
    """The figures of operations, for each group under its prefix: zones.<id> or clusters.<id>."""
    found: dict[str, float] = {}
    for prefix, operations in groups.items():
        found |= _figures(prefix, operations, seconds)
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
            found[f"{prefix}.error_ratio.{word(operation.error)}"] = found[name] / total
    found |= _attempts(prefix, operations)
    found |= latency_figures(
        f"{prefix}.latency_ms", [one.end_ns - one.start_ns for one in good if one.end_ns is not None]
    )
    found |= latency_figures(
        f"{prefix}.end_ms", [one.end_ns - one.start_ns for one in operations if one.end_ns is not None]
    )
    return found | _unavailability(prefix, operations)


def _attempts(prefix: str, operations: list[Operation]) -> dict[str, float]:
    tried = [operation.attempts for operation in operations]
    return {f"{prefix}.attempts.mean": sum(tried) / len(tried), f"{prefix}.attempts.max": max(tried)}


def latency_figures(prefix: str, durations_ns: Iterable[int]) -> dict[str, float]:
    """Percentiles, mean and highest of durations, in milliseconds; nothing of none."""
    histogram = Histogram()
    for duration_ns in durations_ns:
        histogram.add(duration_ns)
    if not histogram.count:
        return {}
    found = {f"{prefix}.{name}": histogram.percentile(share) / NS_PER_MS for name, share in QUANTILES}
    found[f"{prefix}.mean"] = histogram.mean() / NS_PER_MS
    found[f"{prefix}.max"] = histogram.highest / NS_PER_MS
    return found


def _unavailability(prefix: str, operations: list[Operation]) -> dict[str, float]:
    """Spells without a success: between two successes, if some operation was tried in between, and failed."""
    ended = [one for one in operations if one.error != RUN_ENDED]
    ends = sorted((end, one.type == "ok", one.start_ns) for one in ended if (end := one.end_ns) is not None)
    spells: list[int] = []
    success_ns, began_ns, last_ns = -1, -1, 0
    for end_ns, good, start_ns in ends:
        if good:
            if began_ns >= 0:
                spells.append(end_ns - began_ns)
            success_ns, began_ns = end_ns, -1
        elif start_ns >= success_ns:
            began_ns = start_ns if began_ns < 0 else min(began_ns, start_ns)
            last_ns = end_ns
    if began_ns >= 0:
        spells.append(last_ns - began_ns)
    return {
        f"{prefix}.unavailable.spells": len(spells),
        f"{prefix}.unavailable.longest_ms": max(spells, default=0) / NS_PER_MS,
        f"{prefix}.unavailable.total_ms": sum(spells) / NS_PER_MS,
    }


def in_flight_metrics(
    log: Log, select: Selection, operations: Sequence[Operation], groups: Mapping[str, Sequence[Operation]]
) -> dict[str, float]:
    """How many operations were under way, on average and at most, whenever they began: in all, by sort, by group."""
    kinds: dict[str, list[Operation]] = {f"ops.{f}": [] for f in sorted({one.f for one in operations})}
    for one in operations:
        kinds[f"ops.{one.f}"].append(one)
    found: dict[str, float] = {}
    for prefix, members in {"ops": operations, **kinds, **groups}.items():
        found |= _in_flight(prefix, log.end_ns, (select.from_ns, min(select.to_ns, log.end_ns)), members)
    return found


def _in_flight(prefix: str, end_ns: int, window: tuple[int, int], operations: Sequence[Operation]) -> dict[str, float]:
    low, high = window
    steps: list[int] = []  # twice the time, and 1 for a start: at one moment ends come first
    area = 0
    for one in operations:
        start = max(one.start_ns, low)
        end = min(end_ns if one.end_ns is None else one.end_ns, high)
        if end > start:
            area += end - start
            steps += [2 * start + 1, 2 * end]
    if not steps:
        return {}
    under_way = most = 0
    steps.sort()
    for step in steps:
        under_way += 1 if step % 2 else -1
        most = max(most, under_way)
    return {f"{prefix}.in_flight_mean": area / (high - low), f"{prefix}.in_flight_max": most}


def word(reason: str) -> str:
    """A reason as part of a metric's name."""
    return reason.replace(" ", "_").replace(".", "_")


def chosen_messages(log: Log, select: Selection, served: frozenset[int]) -> Sequence[int]:
    """The messages sent in the window; with a filter, those that serve a selected operation."""
    inside = range(len(log.sent_ns))
    if select.where:
        return [id_ for id_ in inside if log.sent_op[id_] in served]
    if select.from_ns <= 0 and select.to_ns >= log.end_ns:
        return inside
    return [id_ for id_ in inside if select.from_ns <= log.sent_ns[id_] < select.to_ns]


def message_metrics(log: Log, chosen: Sequence[int], served: frozenset[int]) -> dict[str, float]:
    """The figures below `messages.`, of the chosen ones."""
    total, outcomes, kinds = log.count_messages(chosen)
    found: dict[str, float] = {"messages.sent": total, "messages.delivered": outcomes.pop("delivered", 0)}
    outcomes.pop("in flight", 0)
    found["messages.dropped"] = sum(outcomes.values())
    found["messages.bytes"] = sum(log.sent_size[id_] for id_ in chosen)
    found["messages.retransmitted"] = sum(1 for id_ in chosen if id_ in log.copies and log.retransmitted(id_))
    found |= {f"messages.dropped.{word(reason)}": count for reason, count in outcomes.items() if count}
    found |= {f"messages.by_kind.{kind}": count for kind, count in kinds.items() if count}
    if served:
        found["messages.per_op"] = sum(1 for op in log.sent_op if op in served) / len(served)
    return found
