"""Which parts of a history prove something about the whole.

A part proves that the whole is not linearizable if any order of the whole that the model allows would leave an allowed
order of the part behind. What must therefore stay together differs by model: a read with the writes that it may have
read from, what went into a queue with what came out, an acquisition with its release. `Parts.closed` adds what must
stay; `Parts.calls` gives the part as the search is to judge it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from simulations.checks.calls import NEVER, UNKNOWN, Call, Model
from simulations.checks.models import Counter, KeyValue, ListAppend, Lock, MultiRegister, Queue, Register, Set
from simulations.checks.orphans import orphans


class Parts:
    """The parts of one history. By default no call may go."""

    def __init__(self, model: Model, whole: Sequence[Call]) -> None:
        self.model = model
        self.whole = {call.id: call for call in whole}
        self.relaxed: set[int] = set()  # calls of which only the effect counts

    def tells_and_changes(self, id_: int) -> bool:
        """Whether a call may be relaxed."""
        return False

    def closed(self, kept: Iterable[int]) -> set[int]:
        """The part with what must stay beside it, by ids."""
        return set(self.whole)

    def calls(self, kept: set[int]) -> list[Call]:
        """A closed part as it is to be judged."""
        return [call for id_, call in self.whole.items() if id_ in kept]

    def model_of(self, kept: set[int]) -> Model:
        """The model that a closed part is to be judged by."""
        return self.model


class RegisterParts(Parts):
    """A value read stays with every call that may have given it; a call need not stay if one that does stay replaced
    what it gave before the read began. Of those that gave the value, one stays in any case, to be shown.
    """

    def __init__(self, model: Model, whole: Sequence[Call]) -> None:
        super().__init__(model, whole)
        self.givers: dict[Hashable, list[tuple[Call, Any]]] = {}
        for call in whole:
            for slot, value in self.gives(call):
                self.givers.setdefault(slot, []).append((call, value))

    def gives(self, call: Call) -> list[tuple[Hashable, Any]]:
        return self.model.gives(call)

    def replaces(self, call: Call) -> bool:
        """Whether nothing of what was there before is left after the call."""
        return call.end != NEVER

    def wanted(self, call: Call) -> list[tuple[Hashable, Callable[[Any], bool], bool]]:
        """Of each slot that the call observes: which values matter to it, and whether it got one of them."""
        if call.id in self.relaxed:
            return []
        if call.f == "cas" and call.result is False:
            return [(call.key, lambda value: value != call.value[0], False)]
        if call.f == "cas" and call.end == NEVER:
            return [(call.key, lambda value: value == call.value[0], False)]
        return [(slot, lambda value, want=held: value == want, True) for slot, held in self.model.needs(call)]  # type: ignore[misc]

    def tells_and_changes(self, id_: int) -> bool:
        call = self.whole[id_]
        return bool(self.gives(call) and self.wanted(call))

    def calls(self, kept: set[int]) -> list[Call]:
        return [self._effect(call) if call.id in self.relaxed else call for call in super().calls(kept)]

    @staticmethod
    def _effect(call: Call) -> Call:
        if call.f == "cas":
            return replace(call, f="write", value=call.value[1])
        writes = tuple(part for part in call.value if part[0] == "w")
        return replace(call, value=writes, result=call.result if call.result is UNKNOWN else writes)

    def closed(self, kept: Iterable[int]) -> set[int]:
        part = set(kept)
        while True:
            more = self._missing(part)
            if not more:
                return part
            part |= more

    def _missing(self, part: set[int]) -> set[int]:
        replacing: dict[Hashable, list[Call]] = {}
        for id_ in part:
            call = self.whole[id_]
            if self.replaces(call):
                for slot, _ in self.gives(call):
                    replacing.setdefault(slot, []).append(call)
        more: set[int] = set()
        for id_ in part:
            call = self.whole[id_]
            for slot, matters, got in self.wanted(call):
                newest = max((one.start for one in replacing.get(slot, ()) if one.end < call.start), default=-1)
                possible = [
                    giver
                    for giver, value in self.givers.get(slot, ())
                    if giver.start <= call.end and giver.id != id_ and matters(value)
                ]
                more |= {giver.id for giver in possible if giver.end >= newest and giver.id not in part}
                if got and possible and not any(giver.id in part or giver.id in more for giver in possible):
                    more.add(possible[-1].id)
        return more


class KeyValueParts(RegisterParts):
    """A text read stays with every put and append of a part of it since one that stays; one that nobody can have made,
    with nothing.
    """

    def __init__(self, model: Model, whole: Sequence[Call]) -> None:
        super().__init__(model, whole)
        self.orphans = {call.id for call in orphans(model, whole)}

    def gives(self, call: Call) -> list[tuple[Hashable, Any]]:
        return [] if call.f == "get" else [(call.key, call.value)]

    def replaces(self, call: Call) -> bool:
        return call.f == "put" and call.end != NEVER

    def wanted(self, call: Call) -> list[tuple[Hashable, Callable[[Any], bool], bool]]:
        if call.f != "get" or call.id in self.orphans:
            return []
        return [(call.key, lambda value: value in (call.result or ""), False)]


class QueueParts(Parts):
    """What went in stays with what came out; calls that may have taken out anything stay."""

    @staticmethod
    def _value(call: Call) -> Any:
        return call.value if call.f == "enqueue" else call.result

    def closed(self, kept: Iterable[int]) -> set[int]:
        part = set(kept)
        values = {self._value(self.whole[id_]) for id_ in part} - {None}
        return part | {
            id_
            for id_, call in self.whole.items()
            if (call.f == "dequeue" and call.end == NEVER) or self._value(call) in values
        }


class SetParts(RegisterParts):
    """An element is a register of yes and no. Reads of the whole set are looked at for the elements that some call of
    the part names, and for those that nobody ever added.
    """

    def __init__(self, model: Model, whole: Sequence[Call]) -> None:
        super().__init__(model, whole)
        self.named: set[Any] = set()

    def gives(self, call: Call) -> list[tuple[Hashable, Any]]:
        return [(call.value, call.f == "add")] if call.f in ("add", "remove") else []

    def wanted(self, call: Call) -> list[tuple[Hashable, Callable[[Any], bool], bool]]:
        facts = [(call.value, call.result)] if call.f == "contains" else []
        if call.f == "read" and isinstance(call.result, frozenset):
            facts = [(element, element in call.result) for element in self.named]
        return [(element, lambda value, want=held: value == want, held) for element, held in facts]  # type: ignore[misc]

    def _missing(self, part: set[int]) -> set[int]:
        self.named = {self.whole[id_].value for id_ in part if self.whole[id_].f != "read"}
        return super()._missing(part)

    def calls(self, kept: set[int]) -> list[Call]:
        hidden = self.givers.keys() - {self.whole[id_].value for id_ in kept if self.whole[id_].f != "read"}
        return [
            replace(call, result=call.result - hidden) if isinstance(call.result, frozenset) else call
            for call in super().calls(kept)
        ]


class ListParts(Parts):
    """Some of the elements of the lists alone, with all that appended them; reads are looked at for these, and for
    elements that nobody appended.
    """

    @staticmethod
    def elements(call: Call) -> set[Hashable]:
        """The elements that a call appends."""
        return {(key, value) for f, key, value in call.value if f == "append"}

    def closed(self, kept: Iterable[int]) -> set[int]:
        part = set(kept)
        while True:
            named = {element for id_ in part for element in self.elements(self.whole[id_])}
            more = {id_ for id_, call in self.whole.items() if self.elements(call) & named} - part
            if not more:
                return part
            part |= more

    def calls(self, kept: set[int]) -> list[Call]:
        hidden = {element for id_, call in self.whole.items() if id_ not in kept for element in self.elements(call)}
        return [self._without(call, hidden) for call in super().calls(kept)]

    @staticmethod
    def _without(call: Call, hidden: set[Hashable]) -> Call:
        if not isinstance(call.result, tuple):
            return call
        seen = tuple(
            (f, key, tuple(item for item in value if (key, item) not in hidden) if f == "r" else value)
            for f, key, value in call.result
        )
        return replace(call, result=seen)


class CounterParts(Parts):
    """Reads with the additions that may lie between them, from a number unknown at first; if that proves nothing, with
    all additions.
    """

    def __init__(self, model: Model, whole: Sequence[Call]) -> None:
        super().__init__(model, whole)
        self.adds = [call for call in whole if call.f == "add"]
        self.from_start = False

    def closed(self, kept: Iterable[int]) -> set[int]:
        reads = [self.whole[id_] for id_ in kept if self.whole[id_].f == "read"]
        if not reads:
            return set()
        first = -1 if self.from_start else min(read.start for read in reads)
        last = max(read.end for read in reads)
        return {read.id for read in reads} | {add.id for add in self.adds if add.start <= last and add.end >= first}

    def model_of(self, kept: set[int]) -> Model:
        first = min((self.whole[id_].start for id_ in kept if self.whole[id_].f == "read"), default=0)
        left_out = any(add.end < first and add.id not in kept for add in self.adds)
        return Counter((False, 0)) if left_out else self.model


class LockParts(Parts):
    """An acquisition stays with the release that its process asked for next; all of a process that went on after a
    call of unknown outcome stay together, since nobody knows which release was for which acquisition.
    """

    def __init__(self, model: Model, whole: Sequence[Call]) -> None:
        super().__init__(model, whole)
        asked: dict[Hashable, list[Call]] = {}
        for call in sorted(whole, key=lambda one: one.start):
            asked.setdefault(call.process, []).append(call)
        self.group: dict[int, frozenset[int]] = {}
        for calls in asked.values():
            for group in self._groups(calls):
                members = frozenset(call.id for call in group)
                self.group.update(dict.fromkeys(members, members))

    @staticmethod
    def _groups(calls: list[Call]) -> list[list[Call]]:
        if any(call.end > after.start for call, after in pairwise(calls)):
            return [calls]
        groups: list[list[Call]] = []
        for call in calls:
            if call.f == "release" and groups and groups[-1][-1].f == "acquire":
                groups[-1].append(call)
            else:
                groups.append([call])
        return groups

    def closed(self, kept: Iterable[int]) -> set[int]:
        return {other for id_ in kept for other in self.group[id_]}


PARTS: Final[list[tuple[type[Model], type[Parts]]]] = [
    (Register, RegisterParts),
    (MultiRegister, RegisterParts),
    (KeyValue, KeyValueParts),
    (Queue, QueueParts),
    (Set, SetParts),
    (ListAppend, ListParts),
    (Counter, CounterParts),
    (Lock, LockParts),
]


def parts_of(model: Model, whole: Sequence[Call]) -> Parts:
    """The parts of a history of this model."""
    return next(kind for known, kind in PARTS if isinstance(model, known))(model, whole)
