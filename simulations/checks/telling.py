"""Calls of any model in words, and why a few of them cannot be explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simulations.checks.calls import NEVER, UNKNOWN, Call, Model
from simulations.checks.edn import Word
from simulations.checks.models import KeyValue, ListAppend, MultiRegister, Queue, Register
from simulations.checks.orphans import orphans

_SHOWN_MAX: Final = 60  # characters of one value
_LISTED_MAX: Final = 20  # calls listed in a sentence


def text_of(call: Call) -> str:
    """What a call did: `write k1 = 7`, `read k1 → 7`, `cas 1 → 2 refused`."""
    on = "" if call.key is None else f" {shown(call.key)}"
    unknown = " (outcome unknown)" if call.result is UNKNOWN else ""
    if call.f == "txn":
        return " · ".join(_part(*part) for part in (call.value if unknown else call.result)) + unknown
    if call.f == "cas":
        expected, new = call.value
        return f"cas{on} {shown(expected)} to {shown(new)}" + (" refused" if call.result is False else unknown)
    if call.f in ("read", "get", "dequeue"):
        return f"{call.f}{on}" + (unknown or f" → {shown(call.result)}")
    if call.f == "contains":
        return f"contains{on} {shown(call.value)} → {'yes' if call.result else 'no'}"
    if call.f in ("acquire", "release"):
        return f"{call.f}{on}{unknown}"
    return f"{call.f}{on}{' =' if call.f in ('write', 'put') and on else ''} {shown(call.value)}{unknown}"


def _part(f: str, key: Any, value: Any) -> str:
    if f == "append":
        return f"append {shown(value)} to {shown(key)}"
    return f"{shown(key)} = {shown(value)}" if f == "w" else f"read {shown(key)} → {shown(value)}"


def shown(value: Any) -> str:
    """A value in words, cut short."""
    if value is None:
        text = "nothing"
    elif isinstance(value, tuple) and value and value[0] == "some twice":
        text = f"some elements twice: {shown(value[1])}"
    elif isinstance(value, tuple):
        text = (
            "["
            + " ".join(shown(item) for item in value[:_LISTED_MAX])
            + ("…" if len(value) > _LISTED_MAX else "")
            + "]"
        )
    elif isinstance(value, frozenset):
        text = "{" + " ".join(sorted(shown(item) for item in value)) + "}"
    elif isinstance(value, str) and not isinstance(value, Word):
        text = value or '""'
    else:
        text = str(value)
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"


def span(call: Call) -> str:
    """From when to when a call lasted, in words."""
    if call.end == NEVER:
        return f"from {call.began}, never confirmed"
    if call.began.startswith("line"):
        return f"lines {call.began[5:]}–{call.ended[5:]}"
    return f"{call.began[:-3]}–{call.ended}"


def who(call: Call) -> str:
    """The process that asked."""
    return f"process {shown(call.process)}"


def explain(model: Model, calls: Sequence[Call]) -> str:
    """Why no order of these few calls explains every answer, by its pattern where it has a known one."""
    for told in _PATTERNS:
        words = told(model, calls)
        if words:
            return words
    if len(calls) == 1:
        return f"{_told(calls[0])}, which no order of the other operations explains."
    listed = "; ".join(_told(call) for call in calls[:_LISTED_MAX])
    more = f"; and {len(calls) - _LISTED_MAX:,} more" if len(calls) > _LISTED_MAX else ""
    return (
        f"No order of these {len(calls):,} operations explains every answer,"
        f" if each takes effect at one moment of its time: {listed}{more}."
    )


def _told(call: Call) -> str:
    return f"{who(call)}: {text_of(call)} ({span(call)})"


def _unwritten(model: Model, calls: Sequence[Call]) -> str:
    """A value that nobody had given before its read was over."""
    if isinstance(model, KeyValue) and [call.id for call in orphans(model, calls)] == [call.id for call in calls]:
        return f"{_told(calls[0])}: nobody had put or appended that together."
    if not isinstance(model, Register | MultiRegister | Queue):
        return ""
    for call in calls:
        if isinstance(model, Queue):
            needs: list[Any] = [(None, call.result)] if call.f == "dequeue" and call.end != NEVER else []
            given: list[tuple[int, Any]] = [
                (other.start, (None, other.value)) for other in calls if other.f == "enqueue"
            ]
        else:
            needs = model.needs(call)
            given = [(other.start, fact) for other in calls if other is not call for fact in model.gives(other)]
        for fact in needs:
            started = [start for start, other in given if other == fact]
            if fact[1] == (None if isinstance(model, Queue) else model.at_first(fact[0])):
                continue
            if not started:
                return f"{_told(call)}: nobody had given the value {shown(fact[1])}."
            if min(started) > call.end:
                return f"{_told(call)}: nobody had yet begun to give the value {shown(fact[1])}."
    return ""


def _overwritten(model: Model, calls: Sequence[Call]) -> str:
    """A value that had been replaced before its read began."""
    if not isinstance(model, Register | MultiRegister):
        return ""
    for call in reversed(calls):
        for slot, value in model.needs(call):
            given = [(one, held) for one in calls if one is not call for at, held in model.gives(one) if at == slot]
            origins = [one for one, held in given if held == value and one.start < call.end]
            newer = [
                one
                for one, held in given
                if held != value and one.end < call.start and all(origin.end < one.start for origin in origins)
            ]
            if newer:
                last = max(newer, key=lambda one: one.start)
                return f"{_told(call)}, but {who(last)} had replaced that: {text_of(last)} ({span(last)})."
    return ""


def _taken_twice(model: Model, calls: Sequence[Call]) -> str:
    if not isinstance(model, Queue):
        return ""
    first: dict[Any, Call] = {}
    for call in calls:
        if call.f == "dequeue" and call.end != NEVER and call.result is not None:
            twice = first.setdefault(call.result, call)
            if twice is not call and sum(one.f == "enqueue" and one.value == call.result for one in calls) == 1:
                return f"{_told(call)}, but {_told(twice)} too, and it was enqueued once."
    return ""


def _two_holders(model: Model, calls: Sequence[Call]) -> str:
    if model.NAME != "lock" or len(calls) != 2 or any(call.f != "acquire" or call.end == NEVER for call in calls):
        return ""
    one, other = calls
    return f"Both held the lock at the same time: {_told(one)}; {_told(other)}; no release lies between."


def _lists_differ(model: Model, calls: Sequence[Call]) -> str:
    if not isinstance(model, ListAppend):
        return ""
    reads = [
        (call, key, value) for call in calls if call.result is not UNKNOWN for f, key, value in call.result if f == "r"
    ]
    for index, (call, key, value) in enumerate(reads):
        for other, other_key, longer in reads[:index]:
            short = min(len(value), len(longer))
            if other_key == key and value[:short] != longer[:short]:
                return f"{_told(call)}, but {_told(other)}: neither list of {shown(key)} grows into the other."
    return ""


_PATTERNS: Final = (_unwritten, _overwritten, _taken_twice, _two_holders, _lists_differ)
