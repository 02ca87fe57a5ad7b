"""Answers that nobody can have given, whatever the order: they need no search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simulations.checks.calls import NEVER, Call, Fact, Model
from simulations.checks.models import KeyValue, MultiRegister, Register

SPELLING_STEPS_MAX: Final = 2_000_000  # of all gets of a key together; what is left then is for the search


def orphans(model: Model, calls: Sequence[Call]) -> list[Call]:
    """Calls of one part that saw what was not there at first and what no call begun by their end, of unknown outcome
    or not, may have given; by end.
    """
    if isinstance(model, KeyValue):
        return _texts(model, calls)
    return _values(model, calls) if isinstance(model, Register | MultiRegister) else []


def _values(model: Model, calls: Sequence[Call]) -> list[Call]:
    first: dict[Fact, Call] = {}
    second: dict[Fact, Call] = {}  # for a call that would give what it needs itself
    for call in sorted(calls, key=lambda one: one.start):
        for fact in model.gives(call):
            if first.setdefault(fact, call) is not call:
                second.setdefault(fact, call)
    found: list[Call] = []
    for call in calls:
        for fact in () if call.end == NEVER else model.needs(call):
            giver = first.get(fact)
            giver = second.get(fact) if giver is call else giver
            if fact[1] != model.at_first(fact[0]) and (giver is None or giver.start > call.end):
                found.append(call)
                break
    return sorted(found, key=lambda one: one.end)


def _texts(model: KeyValue, calls: Sequence[Call]) -> list[Call]:
    """Gets of a text that is no put text, or the first one, with appended texts behind it, however often each."""
    changes = sorted((call for call in calls if call.f != "get"), key=lambda one: one.start, reverse=True)
    initial: Any = model.initial
    begun: dict[str, dict[int, set[Any]]] = {"put": {len(initial): {initial}}, "append": {}}
    found: list[Call] = []
    left = SPELLING_STEPS_MAX
    for call in sorted((one for one in calls if one.f == "get" and one.end != NEVER), key=lambda one: one.end):
        while changes and changes[-1].start <= call.end:
            change = changes.pop()
            begun[change.f].setdefault(len(change.value), set()).add(change.value)
        text = call.result or ""
        left -= (len(text) + 1) * (len(begun["append"]) + 1)
        if left < 0:
            return found
        if not _spelled(text, begun["put"], begun["append"]):
            found.append(call)
    return found


def _spelled(text: str, heads: dict[int, set[Any]], rest: dict[int, set[Any]]) -> bool:
    """Whether a text is one of the heads with some of the rest behind it; each by length."""
    reached = bytearray(len(text) + 1)
    for length, texts in heads.items():
        if text[:length] in texts:
            reached[length] = True
    for place in range(len(text)):
        if reached[place]:
            for length, texts in rest.items():
                if text[place : place + length] in texts:
                    reached[place + length] = True
    return bool(reached[-1])
