"""States that a search need not go on from, seen from the answers still to come."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, Final

from simulations.checks.calls import IMPOSSIBLE, NEVER, UNKNOWN, Call, Fact, Mark, Model
from simulations.checks.models import KeyValue, ListAppend, Queue, Register

UNSEEN: Final = Mark("what nobody sees")


class SeenTexts(KeyValue):
    """A text store as a history's gets can tell it: texts that no get begins with are all alike, until a put."""

    def __init__(self, model: KeyValue, calls: Sequence[Call]) -> None:
        super().__init__(model.initial)
        self.seen = sorted({call.result for call in calls if call.f == "get" and call.end != NEVER})
        self.initial = self._known(model.initial)

    def _known(self, text: Any) -> Any:
        at = bisect_left(self.seen, text)
        return text if at < len(self.seen) and self.seen[at].startswith(text) else UNSEEN

    def step(self, state: Any, call: Call) -> Any:
        if state is UNSEEN and call.f != "put":
            return IMPOSSIBLE if call.f == "get" else UNSEEN
        after = super().step(state, call)
        return after if after is IMPOSSIBLE or call.f == "get" else self._known(after)

    def needs(self, call: Call) -> list[Fact]:
        return [(call.key, True)] if call.f == "get" else []

    def gives(self, call: Call) -> list[Fact]:
        return [(call.key, True)] if call.f == "put" and self._known(call.value) is not UNSEEN else []

    def loses(self, state: Any, call: Call) -> list[Fact]:
        return [(call.key, True)] if state is not UNSEEN and self.step(state, call) is UNSEEN else []


def narrowed(model: Model, calls: Sequence[Call]) -> tuple[Model, list[Call]]:
    """The model and the calls as far as this history can tell states apart: there is an order of the one history if
    there is one of the other.
    """
    if isinstance(model, KeyValue):
        return SeenTexts(model, calls), list(calls)
    return model, _seen_values(model, calls) if isinstance(model, Register) else list(calls)


def _seen_values(model: Register, calls: Sequence[Call]) -> list[Call]:
    """A register's calls. What gives a value that nobody asks for gives UNSEEN, or never happened if nobody knows that
    it did. Whatever alone can have given a value that was seen had happened by then.
    """
    seen_by: dict[Any, int] = {}
    givers: dict[Any, int] = {}
    for call in calls:
        for _, value in model.needs(call):
            seen_by[value] = min(call.end, seen_by.get(value, NEVER))
        for _, value in model.gives(call):
            givers[value] = givers.get(value, 0) + 1
    asked = seen_by.keys() | {call.value[0] for call in calls if call.f == "cas"}
    refused = any(call.f == "cas" and call.result is False for call in calls)
    found: list[Call] = []
    for call in calls:
        given = model.gives(call)
        value = given[0][1] if given else None
        if not given or (call.end != NEVER and (value in asked or refused)):
            found.append(call)
        elif value in asked:
            alone = givers[value] == 1 and value != model.initial and value in seen_by
            found.append(_happened(call, seen_by[value]) if alone else call)
        elif call.end != NEVER:
            found.append(replace(call, value=UNSEEN if call.f == "write" else (call.value[0], UNSEEN)))
        elif refused:
            found.append(call)
    return found


def _happened(call: Call, end: int) -> Call:
    return replace(call, end=end, result=True if call.f == "cas" else None)


Hopeless = Callable[[Any, Call], bool]


def hopeless(model: Model, calls: Sequence[Call]) -> Hopeless | None:
    """Whether nothing can come of the state after a call; None where the model gives no sign of it."""
    if isinstance(model, Queue):
        return _queue(calls)
    if isinstance(model, ListAppend):
        return _lists(calls)
    return None


def _queue(calls: Sequence[Call]) -> Hopeless:
    """What entered last must not leave before what entered first, nor from behind what never leaves."""
    out: dict[Hashable, Call] = {}
    into: dict[Hashable, int] = {}
    for call in calls:
        if call.f == "enqueue":
            into[call.value] = into.get(call.value, 0) + 1
        elif call.end != NEVER and call.result is not None:
            out[call.result] = call
    unknown = sum(call.f == "dequeue" and call.end == NEVER for call in calls)

    def judge(state: Any, call: Call) -> bool:
        last = out.get(call.value)
        if call.f != "enqueue" or into[call.value] > 1:
            return False
        if last is None:
            return call.end == NEVER  # it may as well never have happened
        stuck = 0
        for value in state[:-1]:
            first = out.get(value)
            stuck += first is None
            if first is not None and into.get(value) == 1 and last.end < first.start:
                return True
        return stuck > unknown

    return judge


def _lists(calls: Sequence[Call]) -> Hopeless:
    """A list must grow into the longest that is read of its key."""
    longest: dict[Hashable, tuple[Any, ...]] = {}
    for call in calls:
        for f, key, value in () if call.result is UNKNOWN else call.result:
            if f == "r" and len(value) > len(longest.get(key, ())):
                longest[key] = value

    def judge(state: Any, call: Call) -> bool:
        changed = {key for f, key, _ in call.value if f == "append"}
        return any(
            key in changed and len(items) <= len(longest.get(key, ())) and items[-1] != longest[key][len(items) - 1]
            for key, items in state
        )

    return judge
