"""What travelled over which link: counts, sizes, drops, and how long it was under way."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from simulations.engine.log import Log
from simulations.engine.metrics import Selection

NO_WAY: Final = frozenset({"unreachable", "expired"})  # dropped in a host, a switch or a router, not on a link
Way = tuple[int, int]  # the nodes that something is sent from and to


class Traffic:
    """The chosen messages by the links they took; `under_way` is in ns, of all messages where none are filtered out.

    A message that was forwarded counts on each link; the time on it goes on until the message leaves the forwarder. One
    that was lost counts as dropped on the last.
    """

    def __init__(self, log: Log, select: Selection, chosen: Sequence[int]) -> None:
        self.counts: dict[Way, int] = {}
        self.sizes: dict[Way, int] = {}
        self.again: dict[Way, int] = {}  # those of them that were sent again
        self.times: dict[Way, array[int]] = {}  # from sending to arrival, in ns
        self.drops: dict[Way, dict[str, int]] = {}
        self.under_way: dict[Way, int] = {}
        self._count(log, chosen)
        self._time(log, select, chosen if select.where else range(len(log.sent_ns)))

    def _count(self, log: Log, chosen: Sequence[int]) -> None:
        for id_ in chosen:
            outcome = log.outcomes[log.settled[id_]]
            legs = legs_of(log, id_)
            for way, _, _ in legs:
                self.counts[way] = self.counts.get(way, 0) + 1
                self.sizes[way] = self.sizes.get(way, 0) + log.sent_size[id_]
            if id_ in log.copies and log.retransmitted(id_):
                for way, _, _ in legs:
                    self.again[way] = self.again.get(way, 0) + 1
            arrived = legs if outcome == "delivered" or outcome in NO_WAY else legs[:-1]
            for way, start_ns, end_ns in arrived:
                times = self.times.get(way)
                if times is None:
                    times = self.times[way] = array("q")
                times.append(end_ns - start_ns)
            if len(arrived) < len(legs) and outcome != "in flight":
                reasons = self.drops.setdefault(legs[-1][0], {})
                reasons[outcome] = reasons.get(outcome, 0) + 1

    def _time(self, log: Log, select: Selection, timed: Sequence[int]) -> None:
        low, high = select.from_ns, min(select.to_ns, log.end_ns)
        under_way = self.under_way
        for id_ in timed:
            for way, start_ns, end_ns in legs_of(log, id_):
                if start_ns < high and end_ns > low:
                    under_way[way] = under_way.get(way, 0) + min(end_ns, high) - max(start_ns, low)


def legs_of(log: Log, id_: int) -> Sequence[tuple[Way, int, int]]:
    """The links that a message took, each from when to when: one where nothing forwarded it, none where it never
    left.
    """
    end_ns = log.settled_ns[id_]
    if end_ns < 0:
        end_ns = log.end_ns
    hops = log.hops.get(id_)
    if hops is None:
        if log.outcomes[log.settled[id_]] in NO_WAY:
            return ()
        return (((log.sent_src[id_], log.sent_dst[id_]), log.sent_ns[id_], end_ns),)
    ends = [*(time for time, _, _ in hops[1:]), end_ns]
    return [((node, following), time, end) for (time, node, following), end in zip(hops, ends, strict=True)]


def forwarding_metrics(log: Log, chosen: Sequence[int]) -> dict[str, float]:
    """What switches and routers forwarded, and over how many links messages went; nothing where nothing forwards."""
    forwarders = [index for index in range(len(log.nodes)) if (index, "links") in log.states]
    if not forwarders:
        return {}
    forwarded = dict.fromkeys(forwarders, 0)
    taken = 0
    delivered = 0
    for id_ in chosen:
        for _, node, _ in log.hops.get(id_, ()):
            if node in forwarded:
                forwarded[node] += 1
        if log.delivered(id_):
            delivered += 1
            taken += len(legs_of(log, id_))
    found: dict[str, float] = {f"nodes.{log.nodes[node]}.forwarded": count for node, count in forwarded.items()}
    return found | ({"messages.hops_mean": taken / delivered} if delivered else {})
