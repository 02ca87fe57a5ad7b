"""What an object may answer when its operations come one at a time: a small sequential specification of each kind.

`step` is pure: state, call → the next state, or IMPOSSIBLE where the object cannot have given this answer. States are
hashable. A call's `value` is what was asked, its `result` what came back, UNKNOWN where nobody knows; a call of unknown
result had the effect that the state allows. The models are those that Jepsen's histories are written in.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, Final

from simulations.checks.calls import IMPOSSIBLE, UNKNOWN, Call, Fact, Model, State


class Register(Model):
    """A value that is read and written."""

    NAME = "register"
    ALIASES: ClassVar = {"read": "read", "r": "read", "get": "read", "write": "write", "w": "write", "put": "write"}
    OBSERVERS = frozenset({"read"})
    ARGUMENTS = frozenset({"write"})

    def step(self, state: Any, call: Call) -> Any:
        if call.f == "write":
            return call.value
        return state if call.result == state else IMPOSSIBLE

    def needs(self, call: Call) -> list[Fact]:
        return [(call.key, call.result)] if call.f == "read" else []

    def gives(self, call: Call) -> list[Fact]:
        return [(call.key, call.value)] if call.f == "write" else []

    def loses(self, state: Any, call: Call) -> list[Fact]:
        return [fact for fact in [(call.key, state)] if fact not in self.gives(call)]


class CasRegister(Register):
    """A register with compare-and-set: `value` is (expected, new), `result` whether it was set."""

    NAME = "cas-register"
    ALIASES: ClassVar = {**Register.ALIASES, "cas": "cas"}
    ARGUMENTS = frozenset({"write", "cas"})

    def step(self, state: Any, call: Call) -> Any:
        if call.f != "cas":
            return super().step(state, call)
        expected, new = call.value
        if call.result is UNKNOWN:
            return new if state == expected else state
        if (state == expected) is not call.result:
            return IMPOSSIBLE
        return new if call.result else state

    def observes(self, call: Call) -> bool:
        return call.f == "read" or call.result is False

    def needs(self, call: Call) -> list[Fact]:
        if call.f != "cas":
            return super().needs(call)
        return [(call.key, call.value[0])] if call.result is True else []

    def gives(self, call: Call) -> list[Fact]:
        if call.f != "cas":
            return super().gives(call)
        return [] if call.result is False else [(call.key, call.value[1])]


class Transactional(Model):
    """Several keys under transactions; the state is a set of (key, value) pairs. A call's value is a tuple of
    (function, key, value).
    """

    ALIASES: ClassVar = {"txn": "txn", "read": "txn", "write": "txn", "r": "txn", "w": "txn", "append": "txn"}
    OBSERVERS = frozenset()
    ARGUMENTS = frozenset({"txn"})
    PARTS: ClassVar[Mapping[str, str]]  # functions within a transaction

    def __init__(self, initial: State = None) -> None:
        super().__init__(frozenset() if initial is None else initial)

    def slots(self, call: Call) -> list[Hashable]:
        return [(call.key, key) for _, key, _ in call.value]

    def observes(self, call: Call) -> bool:
        return all(f == "r" for f, _, _ in call.value)

    def step(self, state: Any, call: Call) -> Any:
        held = dict(state)
        known = call.result is not UNKNOWN
        for f, key, value in call.result if known else call.value:
            if f == "r":
                if known and held.get(key, self.nothing) != value:
                    return IMPOSSIBLE
            else:
                held[key] = self.changed(held.get(key, self.nothing), value)
        return frozenset(held.items())

    nothing: ClassVar[Any] = None

    def changed(self, before: Any, value: Any) -> Any:
        """A key's value after the change."""
        raise TypeError(self)


class MultiRegister(Transactional):
    """Registers that a transaction reads and writes together."""

    NAME = "multi-register"
    PARTS: ClassVar = {"read": "r", "r": "r", "write": "w", "w": "w"}

    def changed(self, before: Any, value: Any) -> Any:
        return value

    def at_first(self, slot: Any) -> Any:
        initial: Any = self.initial
        return dict(initial).get(slot[1])

    def needs(self, call: Call) -> list[Fact]:
        found: dict[Hashable, Any] = {}
        written: dict[Hashable, bool] = {}
        for f, key, value in call.value if call.result is UNKNOWN else call.result:
            if f == "w":
                written[key] = True
            elif key not in written and call.result is not UNKNOWN:
                found.setdefault((call.key, key), value)
        return list(found.items())

    def gives(self, call: Call) -> list[Fact]:
        return list({(call.key, key): value for f, key, value in call.value if f == "w"}.items())

    def loses(self, state: Any, call: Call) -> list[Fact]:
        held = dict(state)
        lost = [((call.key, key), held.get(key)) for f, key, _ in call.value if f == "w"]
        given = self.gives(call)
        return [fact for fact in lost if fact not in given]


class ListAppend(Transactional):
    """Lists that grow at their end and are read whole."""

    NAME = "list-append"
    PARTS: ClassVar = {"read": "r", "r": "r", "append": "append"}
    nothing = ()

    def changed(self, before: Any, value: Any) -> Any:
        return (*before, value)


class Queue(Model):
    """First in, first out. A dequeue that returned nothing (None) found the queue empty."""

    NAME = "queue"
    ALIASES: ClassVar = {"enqueue": "enqueue", "dequeue": "dequeue"}
    OBSERVERS = frozenset()
    ARGUMENTS = frozenset({"enqueue"})

    def __init__(self, initial: State = None) -> None:
        super().__init__(() if initial is None else initial)

    def step(self, state: Any, call: Call) -> Any:
        if call.f == "enqueue":
            return (*state, call.value)
        if call.result is UNKNOWN:
            return state[1:]
        if call.result is None:
            return IMPOSSIBLE if state else state
        return state[1:] if state and state[0] == call.result else IMPOSSIBLE

    def observes(self, call: Call) -> bool:
        return call.f == "dequeue" and call.result is None


class Set(Model):
    """Elements are added and removed; `contains` asks for one, `read` for all (its result is a frozenset)."""

    NAME = "set"
    ALIASES: ClassVar = {"add": "add", "remove": "remove", "contains": "contains", "read": "read"}
    OBSERVERS = frozenset({"read", "contains"})
    ARGUMENTS = frozenset({"add", "remove", "contains"})

    def __init__(self, initial: State = None) -> None:
        super().__init__(frozenset() if initial is None else initial)

    def step(self, state: Any, call: Call) -> Any:
        if call.f == "add":
            return state | {call.value}
        if call.f == "remove":
            return state - {call.value}
        told = call.value in state if call.f == "contains" else state
        return state if told == call.result else IMPOSSIBLE


class Counter(Model):
    """A number that grows or shrinks. The state is (whether it is known, the number or the change since)."""

    NAME = "counter"
    ALIASES: ClassVar = {"add": "add", "increment": "add", "inc": "add", "decrement": "subtract", "read": "read"}
    OBSERVERS = frozenset({"read"})
    ARGUMENTS = frozenset()

    def __init__(self, initial: State = None) -> None:
        super().__init__((True, 0) if initial is None else initial)

    def step(self, state: Any, call: Call) -> Any:
        known, number = state
        if call.f == "read":
            return (True, call.result) if not known or call.result == number else IMPOSSIBLE
        return (known, number + call.value if known else 0)


class Lock(Model):
    """One holder at a time; who releases must be the holder, and who holds may not acquire again."""

    NAME = "lock"
    ALIASES: ClassVar = {"acquire": "acquire", "lock": "acquire", "release": "release", "unlock": "release"}
    OBSERVERS = frozenset()
    ARGUMENTS = frozenset()
    OWNED = True

    def step(self, state: Any, call: Call) -> Any:
        free, mine = state is None, state == ("held by", call.process)
        if call.f == "acquire":
            possible, after = free, ("held by", call.process)
        else:
            possible, after = mine, None
        if possible:
            return after
        return state if call.result is UNKNOWN else IMPOSSIBLE


class KeyValue(Model):
    """A text under each key: get, put, append; at first empty."""

    NAME = "kv"
    ALIASES: ClassVar = {"get": "get", "read": "get", "put": "put", "write": "put", "append": "append"}
    OBSERVERS = frozenset({"get"})
    ARGUMENTS = frozenset({"put", "append"})

    def __init__(self, initial: State = None) -> None:
        super().__init__("" if initial is None else initial)

    def step(self, state: Any, call: Call) -> Any:
        if call.f == "put":
            return call.value
        if call.f == "append":
            return state + call.value
        return state if (call.result or "") == state else IMPOSSIBLE


MODELS: Final[dict[str, type[Model]]] = {
    model.NAME: model
    for model in (Register, CasRegister, MultiRegister, Queue, Set, Counter, Lock, ListAppend, KeyValue)
}
