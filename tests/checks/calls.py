"""Calls of every model for tests: drawn at random, served by one copy, and judged by trying every order."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from simulations.checks.calls import IMPOSSIBLE, NEVER, UNKNOWN, Call, Model
from simulations.checks.models import MODELS

Chance = random.Random
Asked = tuple[str, Any]


def explained_by_some_order(model: Model, left: tuple[Call, ...], state: Any = UNKNOWN) -> bool:
    """The reference: try every order that respects who ended before whom began."""
    state = model.initial if state is UNKNOWN else state
    must = [call for call in left if call.end != NEVER]
    if not must:
        return True
    first_end = min(call.end for call in must)
    for index, call in enumerate(left):
        if call.start <= first_end:
            after = model.step(state, call)
            if after is not IMPOSSIBLE and explained_by_some_order(model, left[:index] + left[index + 1 :], after):
                return True
    return False


def _transaction(chance: Chance, changing: str, fresh: Callable[[], int]) -> Asked:
    keys = chance.sample(["x", "y"], chance.randint(1, 2))
    parts = ((chance.choice(["r", changing]), key) for key in keys)
    return "txn", tuple((f, key, None if f == "r" else fresh()) for f, key in parts)


def asked(name: str, chance: Chance, number: int) -> Asked:
    """What a client asks of an object of this model."""
    value = chance.randint(1, 2)
    of: dict[str, Callable[[], Asked]] = {
        "register": lambda: chance.choice([("read", None), ("write", value)]),
        "cas-register": lambda: chance.choice(
            [("read", None), ("write", value), ("cas", (chance.randint(1, 2), value))]
        ),
        "multi-register": lambda: _transaction(chance, "w", lambda: chance.randint(1, 2)),
        "queue": lambda: chance.choice(
            [("enqueue", number if number > 9 or chance.random() < 0.7 else value), ("dequeue", None)]
        ),
        "set": lambda: chance.choice([("add", value), ("remove", value), ("contains", value), ("read", None)]),
        "counter": lambda: chance.choice([("add", chance.choice([1, 1, 2, -1])), ("read", None)]),
        "lock": lambda: chance.choice([("acquire", None), ("release", None)]),
        "list-append": lambda: _transaction(chance, "append", lambda: number),
        "kv": lambda: chance.choice([("get", None), ("put", "a"), ("append", "b")]),
    }
    return of[name]()


def answer(state: Any, f: str, value: Any) -> Any:
    """What one copy in this state answers to what tells something."""
    if f == "txn":
        held, told = dict(state), []
        for part, key, given in value:
            if part == "r":
                told.append((part, key, held.get(key, () if "append" in {one for one, _, _ in value} else None)))
            else:
                held[key] = (*held.get(key, ()), given) if part == "append" else given
                told.append((part, key, given))
        return tuple(told)
    answers: dict[str, Callable[[], Any]] = {
        "cas": lambda: state == value[0],
        "dequeue": lambda: state[0] if state else None,
        "contains": lambda: value in state,
        "get": lambda: state,
        "read": lambda: state[1] if isinstance(state, tuple) else state,
    }
    return answers[f]() if f in answers else None


def served(name: str, seed: int, count: int, clients: int, unknown: float = 0.0) -> list[Call]:
    """A linearizable history: each call takes effect at some moment of its time, or its outcome is unknown."""
    chance = random.Random(seed)
    model = MODELS[name]()
    free = [0.0] * clients
    planned: list[tuple[float, int, float, float, int]] = []
    for number in range(count):
        client = min(range(clients), key=lambda one: free[one])
        start = free[client] + chance.random()
        end = start + 10 * chance.random()
        free[client] = end
        planned.append((chance.uniform(start, end), number, start, end, client))
    ranks = {time: rank for rank, time in enumerate(sorted(time for plan in planned for time in plan[2:4]))}
    state = model.initial
    calls: list[Call] = []
    for _moment, number, start, end, client in sorted(planned):
        f, value = asked(name, chance, number)
        if name == "list-append" and f == "txn":
            result = _list_answer(state, value)
        else:
            result = answer(state, f, value)
        call = Call(number, ranks[start], ranks[end], client, f, None, value, result)
        after = model.step(state, call)
        if after is IMPOSSIBLE:
            continue
        lost = chance.random() < unknown
        if lost:
            call = replace(call, end=NEVER, result=UNKNOWN, process=1000 + number if name == "lock" else client)
        if not (lost and (name == "lock" or chance.random() < 0.5)):
            state = after
        if not (lost and model.observes(call)):
            calls.append(call)
    return calls


def _list_answer(state: Any, value: Any) -> Any:
    held, told = dict(state), []
    for part, key, given in value:
        if part == "append":
            held[key] = (*held.get(key, ()), given)
        told.append((part, key, held.get(key, ()) if part == "r" else given))
    return tuple(told)


def drawn(name: str, chance: Chance, count: int = 6) -> list[Call]:
    """Up to six calls that overlap at will, with answers that fit or not, some of unknown outcome."""
    calls: list[Call] = []
    busy: dict[int, int] = {}
    for number in range(chance.randint(1, count)):
        start = chance.randint(0, 12) * 10 + number
        end = start + chance.randint(0, 8) * 10 + 5
        f, value = asked(name, chance, number)
        call = Call(number, start, end, number, f, None, value, guessed(name, chance, f, value))
        if chance.random() < 0.25:
            call = replace(call, end=NEVER, result=UNKNOWN)
        if not (call.end == NEVER and MODELS[name]().observes(call)):
            calls.append(call)
    calls.sort(key=lambda call: call.start)
    for index, call in enumerate(calls):  # processes do one thing at a time
        process = next(one for one in range(count) if busy.get(one, -1) < call.start)
        busy[process] = call.start + 1 if call.end == NEVER else call.end
        calls[index] = replace(call, process=process)
    return calls


def guessed(name: str, chance: Chance, f: str, value: Any) -> Any:
    """An answer that may be right."""
    if f == "txn" and name == "multi-register":
        return tuple((part, key, chance.choice([None, 1, 2]) if part == "r" else one) for part, key, one in value)
    if f == "txn":
        return tuple(
            (part, key, tuple(chance.sample(range(4), chance.randint(0, 2))) if part == "r" else one)
            for part, key, one in value
        )
    answers: dict[str, list[Any]] = {
        "cas": [True, True, False],
        "dequeue": [None, 0, 1, 2, 3],
        "contains": [True, False],
        "get": ["", "a", "b", "ab", "abb"],
        "read": {
            "set": [frozenset(), frozenset({1}), frozenset({2}), frozenset({1, 2})],
            "counter": [0, 1, 2, 3],
        }.get(name, [None, 1, 2]),
    }
    return chance.choice(answers[f]) if f in answers else None
