"""Metrics of places: nodes, links, replicas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from simulations.engine.causality import call_end_ns, queue_stays
from simulations.engine.log import Log
from simulations.engine.metrics import Selection, latency_figures, word
from simulations.engine.metrics_table import NS_PER_MS, NS_PER_S

NO_WAY: Final = frozenset({"unreachable", "expired"})  # dropped in a host, a switch or a router, not on a link


def node_metrics(log: Log, select: Selection, params: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The figures below `nodes.`."""
    found: dict[str, float] = {}
    to_ns = min(select.to_ns, log.end_ns)
    window = (select.from_ns, to_ns)

    def inside(time_ns: int) -> bool:
        return window[0] <= time_ns < window[1]

    work = _work(log, params)
    for index, name in enumerate(log.nodes):
        busy = log.mean(index, "busy", select.from_ns, to_ns)
        slots = params.get(name, {}).get("concurrency") or log.mean(index, "concurrency", select.from_ns, to_ns)
        if busy is not None and isinstance(slots, (int, float)) and slots > 0:
            found[f"nodes.{name}.utilisation"] = busy / slots
        queue = log.mean(index, "queue", select.from_ns, to_ns)
        if queue is not None:
            found[f"nodes.{name}.queue_mean"] = queue
            found[f"nodes.{name}.queue_max"] = log.highest(index, "queue", select.from_ns, to_ns)
            prefix = f"nodes.{name}.wait_ms"
            found |= latency_figures(
                prefix, (left - came for came, left, served in queue_stays(log, index) if served and inside(left))
            )
        if to_ns > select.from_ns:
            found |= work[index].figures(f"nodes.{name}", window)
        up = log.mean(index, "up", select.from_ns, to_ns)
        if up is not None:
            found[f"nodes.{name}.up_ratio"] = up
    return found


class Work:
    """What a node had to do: spans of requests received, and of calls for which it held a worker."""

    def __init__(self) -> None:
        self.received: list[tuple[int, int]] = []
        self.answered_ns: list[int] = []
        self.held: list[tuple[int, int]] = []
        self.holds = False

    def figures(self, prefix: str, window: tuple[int, int]) -> dict[str, float]:
        """The figures of a window."""
        found: dict[str, float] = {}
        span_ns = window[1] - window[0]
        if self.received:
            answered = sum(1 for time in self.answered_ns if window[0] <= time < window[1])
            found[f"{prefix}.throughput_per_s"] = answered / (span_ns / NS_PER_S)
            found[f"{prefix}.in_flight_mean"] = _overlap_ns(self.received, window) / span_ns
        if self.holds:
            found[f"{prefix}.held_mean"] = _overlap_ns(self.held, window) / span_ns
        return found


def _overlap_ns(spans: Iterable[tuple[int, int]], window: tuple[int, int]) -> int:
    return sum(max(0, min(end, window[1]) - max(start, window[0])) for start, end in spans)


def _work(log: Log, params: Mapping[str, Mapping[str, Any]]) -> list[Work]:
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
            found[dst].received.append((arrived_ns, end_ns))
            if answer >= 0 and log.kinds[log.sent_kind[answer]] != "refusal":
                found[dst].answered_ns.append(end_ns)
        if found[src].holds and id_ not in log.copies:
            found[src].held.append((sent_ns, call_end_ns(log, id_, waits_ns[src])))
    return found


def link_metrics(
    log: Log, select: Selection, chosen: Sequence[int], links: Mapping[tuple[str, str], tuple[str, float]]
) -> dict[str, float]:
    """The figures below `links.`; links go by their ends, each with its id and its bandwidth in Mbit/s (0: none).

    A message that was forwarded counts on each link that it took; one that was lost, on the last of them as dropped.
    """
    counts: dict[tuple[int, int], list[int]] = {}
    drops: dict[tuple[int, int], dict[str, int]] = {}
    for id_ in chosen:
        outcome = log.outcomes[log.settled[id_]]
        taken = ways_taken(log, id_)
        for way in taken:
            count = counts.setdefault(way, [0, 0, 0])
            count[0] += 1
            count[1] += log.sent_size[id_]
            count[2] += log.retransmitted(id_)
        if taken and outcome not in ("delivered", "in flight") and outcome not in NO_WAY:
            reasons = drops.setdefault(taken[-1], {})
            reasons[outcome] = reasons.get(outcome, 0) + 1
    number = {name: index for index, name in enumerate(log.nodes)}
    seconds = (min(select.to_ns, log.end_ns) - select.from_ns) / NS_PER_S
    found: dict[str, float] = {}
    for (a, b), (name, mbit_per_s) in links.items():
        ways = [(number[a], number[b]), (number[b], number[a])]
        sums = [counts.get(way, [0, 0, 0]) for way in ways]
        found[f"links.{name}.messages"] = sums[0][0] + sums[1][0]
        found[f"links.{name}.bytes"] = sums[0][1] + sums[1][1]
        found[f"links.{name}.dropped"] = sum(sum(drops.get(way, {}).values()) for way in ways)
        found[f"links.{name}.retransmissions"] = sums[0][2] + sums[1][2]
        for way in ways:
            for reason, count_ in drops.get(way, {}).items():
                key = f"links.{name}.dropped.{word(reason)}"
                found[key] = found.get(key, 0) + count_
        if mbit_per_s > 0 and seconds > 0:
            found[f"links.{name}.utilisation"] = max(sums[0][1], sums[1][1]) * 8 / (mbit_per_s * 1e6 * seconds)
    return found


def ways_taken(log: Log, id_: int) -> Sequence[tuple[int, int]]:
    """The links that a message took, as pairs of nodes: one where nothing forwarded it, none where it never left."""
    found = log.hops.get(id_)
    if found is not None:
        return found
    if log.outcomes[log.settled[id_]] in NO_WAY:
        return ()
    return ((log.sent_src[id_], log.sent_dst[id_]),)


def forwarding_metrics(log: Log, chosen: Sequence[int]) -> dict[str, float]:
    """What switches and routers forwarded, and over how many links messages went; nothing where nothing forwards."""
    forwarders = [index for index in range(len(log.nodes)) if (index, "links") in log.states]
    if not forwarders:
        return {}
    forwarded = dict.fromkeys(forwarders, 0)
    taken = 0
    delivered = 0
    for id_ in chosen:
        for node, _ in log.hops.get(id_, ()):
            if node in forwarded:
                forwarded[node] += 1
        if log.delivered(id_):
            delivered += 1
            taken += len(ways_taken(log, id_))
    found: dict[str, float] = {f"nodes.{log.nodes[node]}.forwarded": count for node, count in forwarded.items()}
    return found | ({"messages.hops_mean": taken / delivered} if delivered else {})


def replica_metrics(log: Log, clusters: list[list[str]]) -> dict[str, float]:
    """The figures below `replicas.`: whether and when the copies came to agree."""
    number = {name: index for index, name in enumerate(log.nodes)}
    groups = [[number[name] for name in members if (number[name], "digest") in log.states] for members in clusters]
    agreed = [_agreed_ns(log, group) for group in groups if len(group) > 1]
    if not agreed:
        return {}
    found: dict[str, float] = {"replicas.digest_equal": float(None not in agreed)}
    found |= latency_figures("replicas.lag_ms", (lag for group in groups for lag in _lags_ns(log, group)))
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


def _lags_ns(log: Log, group: list[int]) -> Iterable[int]:
    """From the first showing of each change in the group until each other member shows it."""
    first: dict[str, int] = {}
    shown: dict[tuple[int, str], int] = {}
    for node in group:
        for time, change in log.changes.get(node, ()):
            shown.setdefault((node, change), time)
            first[change] = min(first.get(change, time), time)
    ahead: dict[str, int] = {}
    for (node, change), time in shown.items():
        if time == first[change] and change not in ahead:
            ahead[change] = node
        else:
            yield time - first[change]
