"""Linearizability of a register: is there one order of its operations that explains every result?

Each operation must take effect at a moment between its start and its end; one whose outcome is unknown, at any later
moment or never. The search is Wing and Gong's ("Testing and Verifying Concurrent Objects", JPDC 1993) with Lowe's
memory of configurations already tried ("Testing for Linearizability", Concurrency and Computation 2017), no recursion.
Linearizability is local (Herlihy and Wing, TOPLAS 1990, theorem 1), so each key is judged by itself. Three facts about
registers keep the search narrow:

- a read that may come next and returns the present value can be taken at once: it changes nothing;
- a write that nobody read can be taken just before the next write: nobody sees it;
- a value that only one write gives cannot come back, so it must not be left while one of its reads is outstanding.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

from simulations.checks.history import end_of
from simulations.engine.log import Operation

NEVER: Final = 1 << 62
CONFIGURATIONS_MAX: Final = 200_000
_UNREAD: Final = ("a value that nobody read",)


class Register:
    """One register's history, laid out for the search."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        readers: dict[Hashable, list[Operation]] = {}
        for operation in operations:
            if operation.f == "read":
                readers.setdefault(operation.result, []).append(operation)
        writers: dict[Hashable, int] = {}
        for operation in operations:
            if operation.f == "write":
                writers[operation.value] = writers.get(operation.value, 0) + 1
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.writes: list[bool] = []
        self.values: list[Hashable] = []
        self.outstanding: dict[Hashable, list[int]] = {}  # readers of each value that cannot come back
        for operation in sorted(operations, key=lambda one: (one.start_ns, one.id)):
            writes = operation.f == "write"
            value: Hashable = operation.value if writes else operation.result
            end = end_of(operation, NEVER)
            if writes and value not in readers:
                if end == NEVER:
                    continue  # it may as well never have happened
                value = _UNREAD
            elif writes and end == NEVER and writers[value] == 1 and value is not None:
                end = min(end_of(reader, NEVER) for reader in readers[value])  # it had happened by then
            if not writes and (writers.get(value, 0) == 1 if value is not None else not writers.get(None)):
                self.outstanding.setdefault(value, []).append(len(self.starts))
            self.starts.append(operation.start_ns)
            self.ends.append(end)
            self.writes.append(writes)
            self.values.append(value)

    def candidates(self, low: int, mask: int) -> tuple[list[int], int]:
        """Which operations may come next, and the first end among those left (NEVER when nothing must come)."""
        first_end = NEVER
        waiting: list[int] = []
        index = low
        while index < len(self.starts) and self.starts[index] <= first_end:
            if not mask & 1:
                waiting.append(index)
                if self.ends[index] < first_end:
                    first_end = self.ends[index]
            mask >>= 1
            index += 1
        return [index for index in waiting if self.starts[index] <= first_end], first_end

    def may_leave(self, value: Hashable, low: int, mask: int) -> bool:
        """Whether the present value may be overwritten for good."""
        return all(index < low or mask >> (index - low) & 1 for index in self.outstanding.get(value, ()))


def linearizable(operations: Sequence[Operation], configurations_max: int = CONFIGURATIONS_MAX) -> bool | None:
    """Whether one register's history, first value None, is linearizable. None: the search reached its limit."""
    register = Register(operations)
    # A configuration: operations below `low` are placed, and those whose bit above it is set in `mask`; then the value.
    tried: set[tuple[int, int, Hashable]] = set()
    open_ones: list[tuple[int, int, Hashable]] = [(0, 0, None)]
    while open_ones:
        low, mask, value = open_ones.pop()
        low, mask, ready, done = _settle(register, low, mask, value)
        if done:
            return True
        if (low, mask, value) in tried:
            continue
        tried.add((low, mask, value))
        if len(tried) > configurations_max:
            return None
        if register.may_leave(value, low, mask):
            open_ones += _moves(register, low, mask, ready)
    return False


def _settle(register: Register, low: int, mask: int, value: Hashable) -> tuple[int, int, list[int], bool]:
    """Take every read of the present value that may come next; return the writes that may, and whether all is done."""
    while True:
        while mask & 1:
            mask >>= 1
            low += 1
        ready, first_end = register.candidates(low, mask)
        if first_end == NEVER:
            return low, mask, [], True
        reads = [index for index in ready if not register.writes[index] and register.values[index] == value]
        if not reads:
            return low, mask, [index for index in ready if register.writes[index]], False
        for index in reads:
            mask |= 1 << (index - low)


def _moves(register: Register, low: int, mask: int, ready: list[int]) -> list[tuple[int, int, Hashable]]:
    """The configurations after each possible write, the most pressing last: it is tried first."""
    unread = [index for index in ready if register.values[index] is _UNREAD]
    for index in unread:
        mask |= 1 << (index - low)
    moves: list[tuple[int, int, Hashable]] = [(low, mask, _UNREAD)] if unread else []
    read = [index for index in ready if register.values[index] is not _UNREAD]
    for index in sorted(read, key=lambda one: -register.ends[one]):
        moves.append((low, mask | 1 << (index - low), register.values[index]))
    return moves
