"""From a history that is wrong to the few operations that suffice to show it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from simulations.checks.history import end_of
from simulations.engine.log import Operation

_NEVER: Final = 1 << 62
Wrong = Callable[[Sequence[Operation]], bool]


def shrink(operations: Sequence[Operation], wrong: Wrong) -> list[Operation]:
    """A part of one register's history that is wrong by itself and of which no operation can go.

    A write goes only with all reads of its value, so that what stays is never made wrong by what was taken away.
    """
    kept = shortest_prefix(operations, wrong)
    kept = _without_groups(kept, wrong, _by_value(kept))
    return _without_groups(kept, wrong, [[operation] for operation in kept])


def shortest_prefix(operations: Sequence[Operation], wrong: Wrong) -> list[Operation]:
    """The history up to the first answer that makes it wrong, found by halving: what is right has no wrong prefix."""
    ends = sorted({end_of(operation, _NEVER) for operation in operations} - {_NEVER})
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        if wrong(_until(operations, ends[middle])):
            high = middle
        else:
            low = middle + 1
    prefix = _until(operations, ends[high]) if ends else list(operations)
    return prefix if wrong(prefix) else list(operations)


def _until(operations: Sequence[Operation], time_ns: int) -> list[Operation]:
    """What was known at a moment: answers not yet given are open, reads among them told nothing."""
    known: list[Operation] = []
    for operation in operations:
        if operation.start_ns > time_ns:
            continue
        if end_of(operation, _NEVER) <= time_ns:
            known.append(operation)
        elif operation.f == "write":
            known.append(dataclasses.replace(operation, type="info"))
    return known


def _by_value(operations: Sequence[Operation]) -> list[list[Operation]]:
    groups: dict[Hashable, list[Operation]] = {}
    for operation in operations:
        groups.setdefault(operation.value if operation.f == "write" else operation.result, []).append(operation)
    return list(groups.values())


def _without_groups(operations: list[Operation], wrong: Wrong, groups: list[list[Operation]]) -> list[Operation]:
    """Leave out groups while the rest stays wrong, many at once first (ddmin: Zeller and Hildebrandt, TSE 2002)."""
    size = max(1, len(groups) // 2)
    while True:
        shrunk = False
        position = 0
        while position < len(groups):
            rest = groups[:position] + groups[position + size :]
            left = {operation.id for group in rest for operation in group}
            trial = [operation for operation in operations if operation.id in left]
            if trial and _whole(operations, trial) and wrong(trial):
                operations, groups, shrunk = trial, rest, True
            else:
                position += size
        if size > 1:
            size //= 2
        elif not shrunk:
            return operations


def _whole(before: Sequence[Operation], after: Sequence[Operation]) -> bool:
    """Whether every value that is still read is still written, if it was."""
    written = {operation.value for operation in before if operation.f == "write"}
    left = {operation.value for operation in after if operation.f == "write"}
    return all(operation.result in left for operation in after if operation.f == "read" and operation.result in written)
