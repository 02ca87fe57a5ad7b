"""From the events of a history to the calls of a model: what was asked, what came back, and between which moments.

A call that failed had no effect and told nothing. One that came back as info, or never, may take effect for ever after;
its process may go on. A compare-and-set that failed tells something where the history says so: the value was another.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, Final

from simulations.checks.calls import NEVER, UNKNOWN, Call, Model
from simulations.checks.models import CasRegister, ListAppend, Set, Transactional
from simulations.checks.reading import Event, HistoryError, told

NS_PER_MS: Final = 1_000_000


def pair(model: Model, events: Sequence[Event], failed_cas: bool = False) -> list[Call]:
    """The calls that bear on the verdict, by start; `failed_cas`: a refused compare-and-set was answered.

    Raises HistoryError for events that fit no call, or not the model.
    """
    if all(event.key is None for event in events):
        events = _by_independent_key(model, events)
    place = _timed if all(event.time is not None for event in events) else _by_line
    calls: dict[int, Call] = {}
    running: dict[Hashable, tuple[Event, Call]] = {}
    for moment, event in enumerate(events):
        if event.type == "invoke":
            if event.process in running:
                raise HistoryError(
                    event.line,
                    f"Process {told(event.process)} invokes again before its operation of line"
                    f" {running[event.process][0].line:,} came back. Close that with ok, fail or info.",
                )
            key, f, value = asked(model, event)
            call = Call(moment, moment, NEVER, event.process, f, key, value, UNKNOWN, place(event))
            running[event.process] = (event, call)
            calls[moment] = call
            continue
        if event.process not in running:
            raise HistoryError(event.line, f"Process {told(event.process)} has no operation that could come back here.")
        invoked, call = running.pop(event.process)
        if event.f != invoked.f:
            raise HistoryError(event.line, f"{event.f} comes back, but line {invoked.line:,} invoked {invoked.f}.")
        del calls[call.id]
        if event.type == "ok":
            calls[call.id] = replace(call, end=moment, ended=place(event), result=answered(model, event, call))
        elif event.type == "info":
            calls[call.id] = call
        elif failed_cas and call.f == "cas" and event.value in (None, invoked.value) and event.error is None:
            calls[call.id] = replace(call, end=moment, ended=place(event), result=False)
    return [call for _, call in sorted(calls.items()) if call.end != NEVER or not model.observes(call)]


def _timed(event: Event) -> str:
    text = f"{(event.time or 0) / NS_PER_MS:,.3f}".rstrip("0").rstrip(".")
    return f"{text} ms"


def _by_line(event: Event) -> str:
    return f"line {event.line:,}"


def _by_independent_key(model: Model, events: Sequence[Event]) -> Sequence[Event]:
    """Events whose values are [key value], where all are: so Jepsen writes independent keys."""
    decided = False
    for event in events:
        if event.type != "invoke":
            continue
        pair_ = event.value
        if not isinstance(pair_, tuple) or len(pair_) != 2 or isinstance(pair_[0], tuple):
            return events
        f = model.ALIASES.get(event.f)
        if f in ("cas", "txn"):
            if not isinstance(pair_[1], tuple):
                return events
            decided = True
        elif f is None or f not in model.ARGUMENTS:
            if pair_[1] is not None:
                return events
            decided = True
    if not decided:
        return events
    parted: list[Event] = []
    key_of: dict[Hashable, Hashable] = {}
    for event in events:
        if event.type == "invoke":
            key_of[event.process] = event.value[0]
        key = key_of.get(event.process)
        keyed = isinstance(event.value, tuple) and len(event.value) == 2 and event.value[0] == key
        parted.append(replace(event, key=key, value=event.value[1] if keyed else event.value))
    return parted


def asked(model: Model, event: Event) -> tuple[Hashable, str, Any]:
    """The key, the function and its argument, as the model knows them. Raises HistoryError."""
    f = model.ALIASES.get(event.f)
    if f is None:
        raise HistoryError(
            event.line, f"A {model.NAME} knows no {told(event.f)}. It knows {', '.join(sorted(model.ALIASES))}."
        )
    if isinstance(model, Transactional):
        return _transaction(model, event)
    value = event.value
    if f in model.ARGUMENTS and value is None:
        raise HistoryError(event.line, f"{event.f} needs a value.")
    if f == "cas" and not (isinstance(value, tuple) and len(value) == 2):
        raise HistoryError(event.line, f"cas needs two values, [expected new]. Got {told(value)}.")
    if f in ("add", "subtract") and model.NAME == "counter":
        amount = 1 if value is None else _number(event, value)
        return event.key, "add", -amount if f == "subtract" else amount
    if model.NAME == "kv" and f in model.ARGUMENTS and not isinstance(value, str):
        raise HistoryError(event.line, f"{event.f} needs a text. Got {told(value)}.")
    return event.key, f, value if f in model.ARGUMENTS else None


def answered(model: Model, event: Event, call: Call) -> Any:
    """What a call that succeeded told. Raises HistoryError."""
    value = event.value
    if isinstance(model, Transactional):
        return _results(model, event, call)
    if isinstance(model, CasRegister) and call.f == "cas":
        return True
    if model.NAME == "counter" and call.f == "read":
        return _number(event, value)
    if isinstance(model, Set):
        return _told_of_set(event, call)
    if model.NAME == "kv" and call.f == "get":
        if not isinstance(value, str | None):
            raise HistoryError(event.line, f"get returns a text or nothing. Got {told(value)}.")
        return value or ""
    return value


def _number(event: Event, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise HistoryError(event.line, f"{event.f} needs a number. Got {told(value)}.")
    return value


def _told_of_set(event: Event, call: Call) -> Any:
    value = event.value
    if call.f == "contains":
        truth = value[1] if isinstance(value, tuple) and len(value) == 2 and value[0] == call.value else value
        if not isinstance(truth, bool):
            raise HistoryError(event.line, f"contains returns true or false. Got {told(value)}.")
        return truth
    if call.f != "read":
        return None
    if not isinstance(value, (tuple, frozenset, type(None))):
        raise HistoryError(event.line, f"read returns the elements of the set, a list. Got {told(value)}.")
    elements = frozenset(value or ())
    return elements if len(elements) == len(value or ()) else ("some twice", value)


def _transaction(model: Transactional, event: Event) -> tuple[None, str, Any]:
    """A transaction as (function, key, value) of each part; a single operation is a transaction of one."""
    value = event.value
    if event.f != "txn" and not (isinstance(value, tuple) and value and all(_is_part(model, part) for part in value)):
        f = model.PARTS.get(event.f)
        if f is None:
            raise HistoryError(event.line, f"A {model.NAME} knows no {told(event.f)}.")
        return None, "txn", ((f, event.key, None if f == "r" else value),)
    if not isinstance(value, tuple) or not all(_is_part(model, part) for part in value):
        known = " or ".join(sorted(model.PARTS))
        raise HistoryError(
            event.line,
            f"A transaction is a list of [function key value], the function {known}. Got {told(value)}.",
        )
    parts = ((model.PARTS[part[0].removeprefix(":")], part[1], part[2]) for part in value)
    return None, "txn", tuple((f, (event.key, key) if event.key is not None else key, one) for f, key, one in parts)


def _is_part(model: Transactional, part: Any) -> bool:
    return (
        isinstance(part, tuple)
        and len(part) == 3
        and isinstance(part[0], str)
        and part[0].removeprefix(":") in model.PARTS
    )


def _results(model: Transactional, event: Event, call: Call) -> Any:
    value = event.value
    single = event.f != "txn" and not (
        isinstance(value, tuple) and value and all(_is_part(model, one) for one in value)
    )
    given = (value,) if single else [part[2] for part in _transaction(model, event)[2]]
    if len(given) != len(call.value):
        raise HistoryError(event.line, f"It comes back with {len(given)} parts of {len(call.value)}.")
    results = []
    for (f, key, asked_for), told_of in zip(call.value, given, strict=True):
        found = asked_for
        if f == "r":
            found = told_of
            if isinstance(model, ListAppend):
                if not isinstance(told_of, tuple | None):
                    raise HistoryError(event.line, f"A list is read whole, as a list. Got {told(told_of)}.")
                found = told_of or ()
        results.append((f, key, found))
    return tuple(results)


def initial_state(kind: type[Model], value: Any) -> Any:
    """A model's first state from a value as a history writes it. Raises ValueError."""
    if kind.NAME in ("register", "cas-register"):
        return value
    if kind.NAME == "counter" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return (True, value)
    if kind.NAME == "kv" and isinstance(value, str):
        return value
    if kind.NAME == "queue" and isinstance(value, tuple):
        return value
    if kind.NAME == "set" and isinstance(value, (tuple, frozenset)):
        return frozenset(value)
    if issubclass(kind, Transactional) and isinstance(value, frozenset):
        held = dict(value)
        if kind is not ListAppend or all(isinstance(items, tuple) for items in held.values()):
            return frozenset(held.items())
    raise ValueError(f"A {kind.NAME} cannot begin as {told(value)}.")
