"""Metrics of places: nodes, links, replicas."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from itertools import chain, takewhile
from math import fsum
from typing import Any

from simulations.engine.causality import call_end_ns, queue_stays
from simulations.engine.log import Log
from simulations.engine.metrics import Selection, latency_figures, word
from simulations.engine.metrics_table import NS_PER_MS, NS_PER_S
from simulations.engine.metrics_traffic import Traffic


def node_metrics(
    log: Log, select: Selection, params: Mapping[str, Mapping[str, Any]], work: list[Work]
) -> dict[str, float]:
    """The figures below `nodes.`. `work` is what `work_of` finds."""
    found: dict[str, float] = {}
    to_ns = min(select.to_ns, log.end_ns)
    window = (select.from_ns, to_ns)
    for index, name in enumerate(log.nodes):
        found |= _occupation(log, f"nodes.{name}", [index], window, params)
        if f"nodes.{name}.queue_mean" in found:
            found[f"nodes.{name}.queue_max"] = log.highest(index, "queue", *window)
        if to_ns > select.from_ns:
            found |= work[index].figures(f"nodes.{name}", window)
    return found


def cluster_metrics(
    log: Log, select: Selection, params: Mapping[str, Mapping[str, Any]], clusters: Mapping[str, Collection[int]]
) -> dict[str, float]:
    """How busy the members of each cluster are together. `clusters` are the numbers of their nodes, by id."""
    found: dict[str, float] = {}
    window = (select.from_ns, min(select.to_ns, log.end_ns))
    for name, members in clusters.items():
        found |= _occupation(log, f"clusters.{name}", members, window, params)
    return found


def _occupation(
    log: Log, prefix: str, nodes: Collection[int], window: tuple[int, int], params: Mapping[str, Mapping[str, Any]]
) -> dict[str, float]:
    """How busy some nodes are together: utilisation, queue, waiting times, the share of their time that they are up."""
    found: dict[str, float] = {}
    busy, slots, queues, ups = 0.0, 0.0, [], []
    waits: list[Iterable[int]] = []
    for index in sorted(nodes):
        servers = params.get(log.nodes[index], {}).get("concurrency") or log.mean(index, "concurrency", *window)
        working = log.mean(index, "busy", *window)
        if working is not None and isinstance(servers, (int, float)) and servers > 0:
            busy += working
            slots += servers
        queue = log.mean(index, "queue", *window)
        if queue is not None:
            queues.append(queue)
            waits.append(_waits(log, index, window))
        up = log.mean(index, "up", *window)
        if up is not None:
            ups.append(up)
    if slots:
        found[f"{prefix}.utilisation"] = busy / slots
    if queues:
        found[f"{prefix}.queue_mean"] = fsum(queues)
        found |= latency_figures(f"{prefix}.wait_ms", chain.from_iterable(waits))
    if ups:
        found[f"{prefix}.up_ratio"] = fsum(ups) / len(ups)
    return found


def _waits(log: Log, index: int, window: tuple[int, int]) -> Iterable[int]:
    """How long those who were served within a window had waited, ns."""
    stays = takewhile(lambda stay: stay[1] < window[1], queue_stays(log, index))
    return (left - came for came, left, served in stays if served and left >= window[0])


class Spans:
    """Stretches of time."""

    def __init__(self) -> None:
        self.starts: array[int] = array("q")
        self.ends: array[int] = array("q")

    def add(self, start_ns: int, end_ns: int) -> None:
        """One more."""
        self.starts.append(start_ns)
        self.ends.append(end_ns)

    def overlap_ns(self, window: tuple[int, int]) -> int:
        """How much of them falls into a window."""
        low, high = window
        total = 0
        for start, end in zip(self.starts, self.ends, strict=True):
            if start < high and end > low:
                total += min(end, high) - max(start, low)
        return total


class Work:
    """What a node had to do: spans of requests received, and of calls for which it held a worker."""

    def __init__(self) -> None:
        self.received = Spans()
        self.answered = Spans()
        self.refused_ns: array[int] = array("q")
        self.held = Spans()
        self.holds = False

    def figures(self, prefix: str, window: tuple[int, int]) -> dict[str, float]:
        """The figures of a window."""
        found: dict[str, float] = {}
        span_ns = window[1] - window[0]
        if self.received.starts:
            low, high = window
            spans = zip(self.answered.starts, self.answered.ends, strict=True)
            times = array("q", (end - start for start, end in spans if low <= end < high))
            refused = sum(1 for time in self.refused_ns if low <= time < high)
            found[f"{prefix}.throughput_per_s"] = len(times) / (span_ns / NS_PER_S)
            found |= latency_figures(f"{prefix}.latency_ms", times)
            found[f"{prefix}.refused"] = refused
            if times or refused:
                found[f"{prefix}.refused_ratio"] = refused / (len(times) + refused)
            found[f"{prefix}.in_flight_mean"] = self.received.overlap_ns(window) / span_ns
        if self.holds:
            found[f"{prefix}.held_mean"] = self.held.overlap_ns(window) / span_ns
        return found


def work_of(log: Log, params: Mapping[str, Mapping[str, Any]]) -> list[Work]:
    """Each node's work. A caller whose call is not answered holds its worker until its timeout."""
    found = [Work() for _ in log.nodes]
    waits_ns: list[int] = []
    for name, work in zip(log.nodes, found, strict=True):
        own = params.get(name, {})
        work.holds = bool(own.get("holds_worker"))
        waits_ns.append(int(float(own.get("timeout_ms") or 0) * NS_PER_MS))
    for id_ in log.requests():
        answer = log.answer[id_]
        src, dst, sent_ns = log.sent_src[id_], log.sent_dst[id_], log.sent_ns[id_]
        if log.delivered(id_):
            arrived_ns = log.settled_ns[id_]
            end_ns = log.sent_ns[answer] if answer >= 0 else log.crash_after(dst, arrived_ns)
            found[dst].received.add(arrived_ns, end_ns)
            if answer >= 0 and log.kinds[log.sent_kind[answer]] == "refusal":
                found[dst].refused_ns.append(end_ns)
            elif answer >= 0:
                found[dst].answered.add(arrived_ns, end_ns)
        if found[src].holds and id_ not in log.copies:
            found[src].held.add(sent_ns, call_end_ns(log, id_, waits_ns[src]))
    return found


def link_metrics(
    log: Log, select: Selection, traffic: Traffic, links: Mapping[tuple[str, str], tuple[str, float]]
) -> dict[str, float]:
    """The figures below `links.`; links go by their ends, each with its id and its bandwidth in Mbit/s (0: none)."""
    number = {name: index for index, name in enumerate(log.nodes)}
    span_ns = min(select.to_ns, log.end_ns) - select.from_ns
    found: dict[str, float] = {}
    for (a, b), (name, mbit_per_s) in links.items():
        ways = [(number[a], number[b]), (number[b], number[a])]
        sizes = [traffic.sizes.get(way, 0) for way in ways]
        found[f"links.{name}.messages"] = sum(traffic.counts.get(way, 0) for way in ways)
        found[f"links.{name}.bytes"] = sizes[0] + sizes[1]
        found[f"links.{name}.retransmissions"] = sum(traffic.again.get(way, 0) for way in ways)
        found[f"links.{name}.dropped"] = sum(sum(traffic.drops.get(way, {}).values()) for way in ways)
        for way in ways:
            for reason, count in traffic.drops.get(way, {}).items():
                key = f"links.{name}.dropped.{word(reason)}"
                found[key] = found.get(key, 0) + count
        times = [traffic.times.get(way, ()) for way in ways]
        found |= latency_figures(f"links.{name}.latency_ms", chain(*times))
        if span_ns > 0:
            found[f"links.{name}.throughput_per_s"] = sum(map(len, times)) / (span_ns / NS_PER_S)
            found[f"links.{name}.in_flight_mean"] = sum(traffic.under_way.get(way, 0) for way in ways) / span_ns
        if mbit_per_s > 0 and span_ns > 0:
            found[f"links.{name}.utilisation"] = max(sizes) * 8 / (mbit_per_s * 1e6 * (span_ns / NS_PER_S))
    return found


def replica_metrics(log: Log, clusters: list[list[str]]) -> dict[str, float]:
    """The figures below `replicas.`: whether and when the copies came to agree."""
    number = {name: index for index, name in enumerate(log.nodes)}
    groups = [[number[name] for name in members if (number[name], "digest") in log.states] for members in clusters]
    agreed = [_agreed_ns(log, group) for group in groups if len(group) > 1]
    if not agreed:
        return {}
    found: dict[str, float] = {"replicas.digest_equal": float(None not in agreed)}
    found |= latency_figures("replicas.lag_ms", (lag for group in groups for lag in _lags_ns(log, group)))
    found |= latency_figures("replicas.all_ms", (taken for group in groups for taken in _all_ns(log, group)))
    shown = [_shown(log, group) for group in groups]
    if sum(whole for _, whole in shown):
        found["replicas.missed_ratio"] = 1 - sum(some for some, _ in shown) / sum(whole for _, whole in shown)
    writes = [operation.end_ns or 0 for operation in log.operations.values() if operation.f != "read"]
    quiet_ns = max([0, *writes, *(time for time, _, phase in log.faults if phase == "end")])
    moments = [moment for moment in agreed if moment is not None]
    if len(moments) == len(agreed):
        found["replicas.converged_ms"] = max(0, max(moments) - quiet_ns) / NS_PER_MS
    return found


def _agreed_ns(log: Log, group: list[int]) -> int | None:
    """From when on the group's live members hold the same data until the end; None when they never come to. Who shows
    no digest at the end has no copy any more.
    """
    changes = [
        (time, node, value)
        for node in group
        for time, value in zip(*log.states[node, "digest"], strict=True)
        if value is not None
    ]
    changes.sort(key=lambda change: change[:2])  # what one node shows at one moment stays in its order
    alive = {node for node in group if log.is_up(node) and log.shows_digest(node)}
    held: dict[int, Any] = {}
    since: int | None = None
    for time, node, value in changes:
        held[node] = value
        equal = len({held.get(member) for member in alive}) == 1
        since = None if not equal else time if since is None else since
    return since


def _lags_ns(log: Log, group: list[int]) -> Iterable[int]:
    """From the first showing of each change in the group until each other member shows it."""
    first: dict[str, int] = {}
    shown: dict[tuple[int, str], int] = {}
    for node in group:
        for time, change in zip(*log.changes.get(node, ((), ())), strict=True):
            shown.setdefault((node, change), time)
            first[change] = min(first.get(change, time), time)
    ahead: dict[str, int] = {}
    for (node, change), time in shown.items():
        if time == first[change] and change not in ahead:
            ahead[change] = node
        else:
            yield time - first[change]


def _all_ns(log: Log, group: list[int]) -> Iterable[int]:
    """From the first showing of each change in the group until all members have shown it, if they ever do."""
    shown: dict[str, dict[int, int]] = {}
    for node in group:
        for time, change in zip(*log.changes.get(node, ((), ())), strict=True):
            shown.setdefault(change, {}).setdefault(node, time)
    return (max(times.values()) - min(times.values()) for times in shown.values() if len(times) == len(group) > 1)


def _shown(log: Log, group: list[int]) -> tuple[int, int]:
    """How many of a group's changes its members have shown, each at each; and how many that would be in all."""
    shown = [set(log.changes[node][1]) for node in group if node in log.changes]
    return sum(len(changes) for changes in shown), len(set().union(*shown)) * len(group)
