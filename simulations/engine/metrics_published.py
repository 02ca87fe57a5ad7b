"""Metrics of what nodes publish of their own, and of the machines that they share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from simulations.engine.cpu import RUNNING
from simulations.engine.declare import Metric
from simulations.engine.log import Log
from simulations.engine.metrics import Selection, latency_figures
from simulations.engine.metrics_table import NS_PER_MS

MILLIONTHS: Final = 1_000_000


def published_metrics(log: Log, select: Selection, declared: Mapping[str, Sequence[Metric]]) -> dict[str, float]:
    """The figures that node types declare, by node. A count that never came is 0; what has no value has no figure."""
    found: dict[str, float] = {}
    window = (select.from_ns, min(select.to_ns, log.end_ns))
    for index, name in enumerate(log.nodes):
        for metric in declared.get(name, ()):
            told = _told(log, index, metric)
            prefix = f"nodes.{name}.{metric.name}"
            if metric.kind != "gauge":
                found |= _figures(prefix, metric, _inside(told, select))
            elif told:
                found |= _gauge(prefix, told + [(time, 0) for time in log.crashes(index)], window)
    return found


def published_together(
    log: Log,
    select: Selection,
    declared: Mapping[str, Sequence[Metric]],
    clusters: Mapping[str, Collection[int]],
) -> dict[str, float]:
    """The same of all members of each cluster together, gauges left out. `clusters` are their nodes' numbers, by id."""
    found: dict[str, float] = {}
    for cluster, members in clusters.items():
        inside: dict[Metric, list[int]] = {}
        for index in sorted(members):
            for metric in declared.get(log.nodes[index], ()):
                inside.setdefault(metric, []).extend(_inside(_told(log, index, metric), select))
        for metric, amounts in inside.items():
            found |= _figures(f"clusters.{cluster}.{metric.name}", metric, amounts)
    return found


def _told(log: Log, index: int, metric: Metric) -> list[tuple[int, int]]:
    """When a node has published a metric, and what."""
    times, amounts = log.published.get((index, metric.name), ((), ()))
    return list(zip(times, amounts, strict=True))


def _inside(told: list[tuple[int, int]], select: Selection) -> list[int]:
    """What of it was published in the window."""
    return [amount for time, amount in told if select.from_ns <= time < select.to_ns]


def _figures(prefix: str, metric: Metric, inside: list[int]) -> dict[str, float]:
    """The figures of what is no gauge."""
    if metric.kind == "count":
        return {prefix: sum(inside) / MILLIONTHS if metric.unit == "$" else sum(inside)}
    if metric.kind == "share":
        return _share(prefix, inside)
    if metric.kind == "duration":
        return latency_figures(prefix, inside)
    return latency_figures(prefix, [amount * NS_PER_MS for amount in inside]) if metric.kind == "sample" else {}


def charged(found: Mapping[str, float], declared: Mapping[str, Sequence[Metric]]) -> dict[str, float]:
    """What each node has charged for itself, in $."""
    charges: dict[str, float] = {}
    for name, metrics in declared.items():
        own = [found.get(f"nodes.{name}.{metric.name}", 0) for metric in metrics if metric.unit == "$"]
        if own:
            charges[name] = sum(own)
    return charges


def _share(prefix: str, told: list[int]) -> dict[str, float]:
    """How many of how many, and their ratio where there was any."""
    counts: dict[str, float] = {f"{prefix}.count": sum(told), f"{prefix}.total": len(told)}
    return counts | {f"{prefix}.ratio": sum(told) / len(told)} if told else counts


def _gauge(prefix: str, told: list[tuple[int, int]], window: tuple[int, int]) -> dict[str, float]:
    """Time-average and highest value of a gauge, which is 0 until it is told and after a crash."""
    if window[1] <= window[0]:
        return {}
    area = highest = 0
    for start, end, value in _steps(sorted(told, key=lambda one: one[0]), window):
        area += (end - start) * value
        highest = max(highest, value)
    return {f"{prefix}.mean": area / (window[1] - window[0]), f"{prefix}.max": highest}


def _steps(changes: Sequence[tuple[int, int]], window: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    """(from, to, value) of a quantity that takes values at times, for what of it falls into a window."""
    for position, (time, value) in enumerate(changes):
        start = max(time, window[0])
        end = min(changes[position + 1][0] if position + 1 < len(changes) else window[1], window[1])
        if end > start:
            yield start, end, value


def machine_metrics(log: Log, select: Selection, machines: Mapping[str, tuple[int, list[int]]]) -> dict[str, float]:
    """The figures below `hosts.`, by machine: its cores and the nodes on it."""
    found: dict[str, float] = {}
    window = (select.from_ns, min(select.to_ns, log.end_ns))
    span_ns = window[1] - window[0]
    for name, (cores, nodes) in machines.items():
        changes = _running(log, nodes)
        if not changes or span_ns <= 0:
            continue
        area = busy = highest = 0
        for start, end, running in _steps(changes, window):
            area += (end - start) * running
            busy += (end - start) * min(running, cores)
            highest = max(highest, running)
        found[f"hosts.{name}.utilisation"] = busy / (cores * span_ns)
        found[f"hosts.{name}.running_mean"] = area / span_ns
        found[f"hosts.{name}.running_max"] = highest
        found[f"hosts.{name}.waiting_mean"] = (area - busy) / span_ns
    return found


def _running(log: Log, nodes: Sequence[int]) -> list[tuple[int, int]]:
    """How much work is on a machine's CPU, at each change."""
    changes: list[tuple[int, int, int]] = []
    for node in nodes:
        before = 0
        for time, value in zip(*log.states.get((node, RUNNING), ((), ())), strict=True):
            changes.append((time, node, int(value or 0) - before))
            before = int(value or 0)
    changes.sort(key=lambda change: change[0])
    running = 0
    levels: list[tuple[int, int]] = []
    for time, _, step in changes:
        running += step
        levels.append((time, running))
    return levels
