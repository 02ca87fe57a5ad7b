"""Why a few operations on one register cannot be explained, in words with times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulations.checks.finding import called, in_order, moment, span, text_of
from simulations.checks.history import end_of
from simulations.engine.log import Operation

_NEVER: Final = 1 << 62
Writes = dict[object, list[Operation]]  # by value, in order


def explain(operations: Sequence[Operation]) -> str:
    """The contradiction among operations that are not linearizable, by its pattern where it has a known one."""
    reads = in_order(operation for operation in operations if operation.f == "read")
    writes: Writes = {}
    for operation in in_order(operations):
        if operation.f == "write":
            writes.setdefault(operation.value, []).append(operation)
    for read in reversed(reads):
        told = _unwritten(read, writes) or _overwritten(read, writes)
        if told:
            return told
    for later in reversed(reads):
        for earlier in reads:
            if end_of(earlier, _NEVER) < later.start_ns and earlier.result != later.result:
                told = _backwards(earlier, later, reads, writes)
                if told:
                    return told
    listed = "; ".join(
        f"{called(operation.node)}: {text_of(operation)} ({span(operation)})" for operation in in_order(operations)
    )
    first = f"No order of these {len(operations)} operations explains every answer"
    return f"{first}, if each takes effect at one moment of its time: {listed}."


def _unwritten(read: Operation, writes: Writes) -> str:
    if read.result is None:
        return ""
    if read.result not in writes:
        return f"{_told(read)}, a value that nobody had written."
    write = writes[read.result][0]
    if end_of(read, _NEVER) < write.start_ns:
        return f"{_told(read)}, before {called(write.node)} began to write it at {moment(write.start_ns)}."
    return ""


def _overwritten(read: Operation, writes: Writes) -> str:
    """A read of a value that had been replaced before the read began."""
    origins = [one for one in writes.get(read.result, ()) if one.start_ns <= end_of(read, _NEVER)]
    before = max((end_of(origin, _NEVER) for origin in origins), default=-1)
    newer = [
        write
        for value, some in writes.items()
        for write in some
        if value != read.result and write.start_ns > before and end_of(write, _NEVER) < read.start_ns
    ]
    if not newer:
        return ""
    last = max(newer, key=lambda write: write.end_ns or 0)
    gap = moment(read.start_ns - (last.end_ns or 0))
    return (
        f"{_told(read)}, but {called(last.node)} had written {last.value} ({span(last)}), {gap} before the read began."
    )


def _backwards(earlier: Operation, later: Operation, reads: Sequence[Operation], writes: Writes) -> str:
    """Two reads, one after the other, that saw the newer value first, each value given once at most."""
    given, given_later = writes.get(earlier.result, []), writes.get(later.result, [])
    if len(given) != 1 or len(given_later) > 1:
        return ""
    new, old = given[0], given_later[0] if given_later else None
    seen_before = any(read.result == later.result and end_of(read, _NEVER) < earlier.start_ns for read in reads)
    written_before = old is not None and end_of(old, _NEVER) < new.start_ns
    if later.result is None or seen_before or written_before:
        when = f"after {called(earlier.node)} had already read the newer {earlier.result} ({span(earlier)})"
        return f"{_told(later)}, {when}: time ran backwards."
    return ""


def _told(read: Operation) -> str:
    value = "nothing" if read.result is None else str(read.result)
    return f"{called(read.node)} read {value} from {read.key} ({span(read)})"
