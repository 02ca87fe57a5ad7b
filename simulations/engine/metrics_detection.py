"""How soon a group finds out that a member has failed, and how often it is wrong: of nodes that show whom they hold
`failed`, by names with blanks between them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from simulations.engine.log import Log
from simulations.engine.metrics import Selection, latency_figures

FAILED: Final = "failed"

Verdict = tuple[int, int, bool]  # when, by whom, whether it now holds the member failed


def detection_metrics(log: Log, select: Selection, clusters: Sequence[Sequence[str]]) -> dict[str, float]:
    """The figures below `detection.`; a window selects crashes and wrong verdicts by when they came."""
    number = {name: index for index, name in enumerate(log.nodes)}
    first: list[int] = []
    last: list[int] = []
    wrong = missed = groups = 0
    for members in clusters:
        group = [number[name] for name in members if (number[name], FAILED) in log.states]
        groups += bool(group)
        verdicts = _verdicts(log, group)
        for node in group:
            found = verdicts.get(node, [])
            wrong += sum(1 for time in _wrong(log, node, found) if select.from_ns <= time < select.to_ns)
            for down_ns in log.crashes(node):
                if select.from_ns <= down_ns < select.to_ns:
                    some, every = _noticed(log, node, down_ns, found, group)
                    first += some
                    last += every
                    missed += not some
    if not groups:
        return {}
    return {
        **latency_figures("detection.first_ms", first),
        **latency_figures("detection.all_ms", last),
        "detection.missed": missed,
        "detection.false_positives": wrong,
    }


def _verdicts(log: Log, group: Sequence[int]) -> dict[int, list[Verdict]]:
    """By member: the verdicts on it, in the order of time."""
    number = {log.nodes[node]: node for node in group}
    found: dict[int, list[Verdict]] = {}
    for holder in group:
        held: dict[str, bool] = {}
        for time, shown in zip(*log.states[holder, FAILED], strict=True):
            now = dict.fromkeys(str(shown or "").split(), True)
            for name in [*now, *held]:
                if (name in now) != (name in held) and name in number:
                    found.setdefault(number[name], []).append((time, holder, name in now))
            held = now
    for verdicts in found.values():
        verdicts.sort(key=lambda verdict: verdict[:2])
    return found


def _wrong(log: Log, node: int, verdicts: Sequence[Verdict]) -> list[int]:
    """When somebody began to hold a node failed whom nobody else did, while it was up."""
    found: list[int] = []
    holding: dict[int, bool] = {}
    for time, holder, holds in verdicts:
        if holds and not any(holding.values()) and _up_at(log, node, time):
            found.append(time)
        holding[holder] = holds
    return found


def _up_at(log: Log, node: int, time: int) -> bool:
    """Whether a node was up."""
    times, values = log.states.get((node, "up"), ((), ()))
    position = bisect_right(times, time) - 1
    return position < 0 or bool(values[position])


def _noticed(
    log: Log, node: int, down_ns: int, verdicts: Sequence[Verdict], group: Sequence[int]
) -> tuple[list[int], list[int]]:
    """How long after a crash the first knew, while it lasted; and how long until all did who stayed up meanwhile."""
    times, values = log.states[node, "up"]
    back_ns = min([time for time, up in zip(times, values, strict=True) if up and time > down_ns] + [log.end_ns])
    knew: dict[int, int] = {}
    for time, holder, holds in verdicts:
        if holds and down_ns < time < back_ns:
            knew.setdefault(holder, time)
    if not knew:
        return [], []
    staying = [
        one for one in group if one != node and _up_at(log, one, down_ns) and log.crash_after(one, down_ns) >= back_ns
    ]
    everybody = bool(staying) and all(one in knew for one in staying)
    return [min(knew.values()) - down_ns], [max(knew[one] for one in staying) - down_ns] if everybody else []
