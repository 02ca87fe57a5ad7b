"""What travelled from which node to which: counts, sizes, drops, and how long it was under way."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from simulations.engine.log import Log
from simulations.engine.metrics import Selection

Way = tuple[int, int]  # the nodes that something is sent from and to


class Traffic:
    """The chosen messages by their ways; `under_way` is in ns, of all messages where none are filtered out."""

    def __init__(self, log: Log, select: Selection, chosen: Sequence[int]) -> None:
        self.counts: dict[Way, int] = {}
        self.sizes: dict[Way, int] = {}
        self.times: dict[Way, array[int]] = {}  # from sending to arrival, in ns
        self.drops: dict[Way, dict[str, int]] = {}
        self.under_way: dict[Way, int] = {}
        self._count(log, chosen)
        self._time(log, select, chosen if select.where else range(len(log.sent_ns)))

    def _count(self, log: Log, chosen: Sequence[int]) -> None:
        counts, sizes = self.counts, self.sizes
        for id_ in chosen:
            way = (log.sent_src[id_], log.sent_dst[id_])
            counts[way] = counts.get(way, 0) + 1
            sizes[way] = sizes.get(way, 0) + log.sent_size[id_]
            outcome = log.outcomes[log.settled[id_]]
            if outcome == "delivered":
                times = self.times.get(way)
                if times is None:
                    times = self.times[way] = array("q")
                times.append(log.settled_ns[id_] - log.sent_ns[id_])
            elif outcome != "in flight":
                reasons = self.drops.setdefault(way, {})
                reasons[outcome] = reasons.get(outcome, 0) + 1

    def _time(self, log: Log, select: Selection, timed: Sequence[int]) -> None:
        low, high = select.from_ns, min(select.to_ns, log.end_ns)
        under_way = self.under_way
        for id_ in timed:
            start = log.sent_ns[id_]
            end = log.settled_ns[id_]
            if end < 0:
                end = log.end_ns
            if start < high and end > low:
                way = (log.sent_src[id_], log.sent_dst[id_])
                under_way[way] = under_way.get(way, 0) + min(end, high) - max(start, low)
