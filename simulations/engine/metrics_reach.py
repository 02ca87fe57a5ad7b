"""How much of the time there was somebody to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulations.engine.log import Log
from simulations.engine.metrics import Selection


def reach_metrics(log: Log, select: Selection, asked: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """The share of the time that at least one of the nodes (by number) was up that each of some nodes asks."""
    found: dict[str, float] = {}
    window = (select.from_ns, min(select.to_ns, log.end_ns))
    for name, nodes in asked.items():
        if nodes and window[1] > window[0]:
            found[f"nodes.{name}.targets_up_ratio"] = _any_up_ns(log, nodes, window) / (window[1] - window[0])
    return found


def _any_up_ns(log: Log, nodes: Sequence[int], window: tuple[int, int]) -> int:
    """How much of a window at least one of these was up."""
    changes: list[tuple[int, int, bool]] = []
    for node in nodes:
        changes += [(time, node, bool(up)) for time, up in zip(*log.states.get((node, "up"), ((), ())), strict=True)]
    changes.sort(key=lambda change: change[0])
    up: dict[int, bool] = {}
    total = since_ns = 0
    for time, node, now in [*changes, (window[1], -1, False)]:
        if any(up.values()):
            total += max(0, min(time, window[1]) - max(since_ns, window[0]))
        up[node] = now
        since_ns = time
    return total
