"""From a history of any model that is not linearizable to a few calls that show it, of which none can go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from simulations.checks.calls import NEVER, UNKNOWN, Call, Model
from simulations.checks.parts import CounterParts, Parts, parts_of
from simulations.checks.searching import search

PROOF_CONFIGURATIONS_MAX: Final = 50_000  # of each attempt to leave something out
_WINDOW: Final = 8
_RECONSIDERED_MAX: Final = 40  # calls of a proof that both tell and change something


def prove(model: Model, calls: Sequence[Call], until: int) -> list[Call]:
    """The calls of one part of a history that suffice to show that it is wrong; `until`: from when on it was."""
    whole = {call.id: call for call in calls}
    for known in ([] if until == NEVER else [known_until(model, calls, until)]) + [None]:
        parts = parts_of(model, known or known_until(model, calls, wrong_at(model, calls)))
        for window in _windows(parts):
            if _wrong(parts, window):
                kept = _shrunk(parts, window)
                return [call for id_, call in whole.items() if id_ in kept]
    return list(calls)


def _windows(parts: Parts) -> Iterator[set[int]]:
    """Ever more of the calls that began last, closed: most failures show within a few."""
    last = sorted(parts.whole, key=lambda id_: parts.whole[id_].start)
    size = _WINDOW
    yield parts.closed(last[-size:])
    while size < len(last):
        size *= 2
        yield parts.closed(last[-size:])
    if isinstance(parts, CounterParts):
        parts.from_start = True
        yield parts.closed(last)


def wrong_at(model: Model, calls: Sequence[Call]) -> int:
    """The end of the call whose answer made a history wrong, found by halving: what is right has no wrong prefix."""
    ends = sorted(call.end for call in calls if call.end != NEVER)
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        found = search(model, known_until(model, calls, ends[middle]), PROOF_CONFIGURATIONS_MAX)
        if found.linearizable is False:
            high = middle
        else:
            low = middle + 1
    return ends[high]


def known_until(model: Model, calls: Sequence[Call], moment: int) -> list[Call]:
    """What was known at a moment: answers not yet given are open, and what only tells something is left out."""
    known: list[Call] = []
    for call in calls:
        if call.start > moment:
            continue
        if call.end == NEVER or call.end <= moment:
            known.append(call)
        elif not model.observes(call):
            known.append(replace(call, end=NEVER, result=UNKNOWN))
    return known


def _wrong(parts: Parts, kept: set[int]) -> bool:
    found = search(parts.model_of(kept), parts.calls(kept), PROOF_CONFIGURATIONS_MAX)
    return found.linearizable is False


def _relax(parts: Parts, kept: set[int]) -> None:
    """Let calls that tell something and change something only change it, while that stays wrong, many at once first."""
    left = [id_ for id_ in sorted(kept) if parts.tells_and_changes(id_)]
    size = len(left)
    while size:
        for position in range(0, len(left), size):
            more = set(left[position : position + size]) - parts.relaxed
            parts.relaxed |= more
            if more and not _wrong(parts, kept):
                parts.relaxed -= more
        size //= 2


def _shrunk(parts: Parts, kept: set[int]) -> set[int]:
    """Leave out calls while the rest stays wrong, many at once first (ddmin: Zeller and Hildebrandt, TSE 2002)."""
    _relax(parts, kept)
    left = sorted(parts.closed(kept))
    size = max(1, len(left) // 2)
    while True:
        shrunk = False
        position = 0
        while position < len(left):
            trial = parts.closed(left[:position] + left[position + size :])
            if len(trial) < len(left) and _wrong(parts, trial):
                left, shrunk = sorted(trial), True
            else:
                position += size
        if size > 1:
            size //= 2
        elif not shrunk:
            return _reconsidered(parts, set(left))


def _reconsidered(parts: Parts, kept: set[int]) -> set[int]:
    """Leave out one call after the other with only those relaxed that must be, since what tells more proves more."""
    parts.relaxed = set()
    may = {id_ for id_ in kept if parts.tells_and_changes(id_)}
    left = sorted(kept) if 0 < len(may) <= _RECONSIDERED_MAX else []
    while left:
        one = left.pop(0)
        rest = kept - {one}
        parts.relaxed = set(may)
        if not rest or parts.closed(rest) != rest:
            continue
        must: set[int] = set()
        for id_ in may & rest:
            parts.relaxed = may - {id_}
            if parts.closed(rest) != rest:
                must.add(id_)
        parts.relaxed = must
        if _wrong(parts, rest):
            kept, left = rest, sorted(rest)
    return kept
