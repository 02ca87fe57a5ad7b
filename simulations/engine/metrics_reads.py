"""How stale reads are, in time and in versions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

from simulations.engine.log import Operation
from simulations.engine.metrics import latency_figures


def staleness_metrics(operations: Iterable[Operation], selected: frozenset[int]) -> dict[str, float]:
    """The figures below `reads.staleness_`, of selected reads among all operations. A write has replaced a version
    that was read when it began after that version's write had ended; writes whose end nobody knows replace nothing.
    """
    histories: dict[str, list[Operation]] = {}
    for operation in operations:
        if operation.type == "ok" and operation.key and operation.end_ns is not None:
            histories.setdefault(operation.key, []).append(operation)
    ages_ns: list[int] = []
    versions: list[int] = []
    for history in histories.values():
        writes = sorted((one for one in history if one.f == "write"), key=_end_ns)
        ends = [_end_ns(write) for write in writes]
        origins = {write.value: write for write in writes}
        for read in history:
            if read.f == "read" and read.id in selected:
                replaced = _replaced_by(read, writes, ends, origins)
                ages_ns.append(read.start_ns - _end_ns(replaced[0]) if replaced else 0)
                versions.append(len(replaced))
    if not versions:
        return {}
    found = latency_figures("reads.staleness_ms", ages_ns)
    found["reads.staleness_versions.mean"] = sum(versions) / len(versions)
    found["reads.staleness_versions.max"] = max(versions)
    return found


def _end_ns(operation: Operation) -> int:
    return operation.end_ns or 0


def _replaced_by(
    read: Operation, writes: list[Operation], ends: list[int], origins: Mapping[object, Operation]
) -> list[Operation]:
    """The writes that had replaced what was read before the read began, by end."""
    origin = origins.get(read.result)
    if origin is None and read.result is not None:
        return []  # its write's end is unknown
    after_ns = -1 if origin is None else _end_ns(origin)
    between = writes[bisect_right(ends, after_ns) : bisect_left(ends, read.start_ns)]
    return [write for write in between if write.start_ns > after_ns]
