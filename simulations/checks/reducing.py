"""From a history of several keys that is wrong to the few operations that suffice to show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from simulations.engine.log import Operation

TRIALS_MAX: Final = 2_000


def reduced(
    operations: Sequence[Operation], wrong: Callable[[list[Operation]], bool], trials_max: int = TRIALS_MAX
) -> list[Operation]:
    """A part that is wrong by itself and of which no operation can go; found within so many trials, halves first.

    A write goes only with the reads of its value, so that what stays is never made wrong by what was taken away.
    """
    kept = list(operations)
    size = max(1, len(kept) // 2)
    trials = 0
    while size and trials < trials_max:
        position = 0
        shrunk = False
        while position < len(kept) and trials < trials_max:
            trials += 1
            trial = _without(kept, kept[position : position + size])
            if trial and wrong(trial):
                kept, shrunk = trial, True
            else:
                position += size
        size = size if shrunk and size == 1 else size // 2
    return kept


def _without(operations: list[Operation], gone: list[Operation]) -> list[Operation]:
    away = {one.id for one in gone}
    values = {(one.key, one.value) for one in gone if one.f == "write"}
    return [
        one for one in operations if one.id not in away and not (one.f == "read" and (one.key, one.result) in values)
    ]
