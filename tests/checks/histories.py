"""Histories for tests: written by hand, drawn at random, and judged by trying every order."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from simulations.engine.log import Operation

MS = 1_000_000


def write(
    value: int, start: int, end: int | None, client: str = "w", key: str = "x", id_: int | None = None
) -> Operation:
    """A write from `start` to `end` (ms); None: nobody knows its outcome."""
    kind = "info" if end is None else "ok"
    ends = None if end is None else end * MS
    return Operation(value, start * MS, client, 0, "write", key, value, ends, kind)


def read(result: int | None, start: int, end: int, client: str = "r", key: str = "x", id_: int = 0) -> Operation:
    """A read from `start` to `end` (ms) that returned `result`."""
    return Operation(id_ or 1000 + start, start * MS, client, 1, "read", key, None, end * MS, "ok", result)


def explained_by_some_order(operations: Sequence[Operation]) -> bool:
    """The reference: try every order that respects who ended before whom began."""
    return _explained(tuple(operations), None)


def _explained(left: tuple[Operation, ...], value: object) -> bool:
    must = [operation for operation in left if operation.type == "ok"]
    if not must:
        return True
    first_end = min(operation.end_ns or 0 for operation in must)
    for index, operation in enumerate(left):
        if operation.start_ns > first_end:
            continue
        rest = left[:index] + left[index + 1 :]
        if operation.f == "write":
            if _explained(rest, operation.value):
                return True
        elif operation.result == value and _explained(rest, value):
            return True
    return False


def served(
    seed: int, count: int, clients: int, keys: int = 1, unique: bool = True, unknown: float = 0.0
) -> list[Operation]:
    """A linearizable history: each operation takes effect at some moment between its start and its end."""
    chance = random.Random(seed)
    free = [0] * clients
    planned: list[tuple[int, int, int, int, int, bool, str]] = []
    for number in range(count):
        client = min(range(clients), key=lambda one: free[one])
        start = free[client] + chance.randint(0, 20)
        end = start + chance.randint(1, 300)
        free[client] = end + 1
        planned.append(
            (
                chance.randint(start, end),
                number,
                start,
                end,
                client,
                chance.random() < 0.5,
                f"k{chance.randrange(keys)}",
            )
        )
    held: dict[str, int] = {}
    done: list[Operation] = []
    for _moment, number, start, end, client, writes, key in sorted(planned):
        if writes:
            value = number + 1 if unique else chance.randrange(3)
            lost = chance.random() < unknown
            if not (lost and chance.random() < 0.5):
                held[key] = value
            done.append(_operation(number, start, end, client, "write", key, value, "info" if lost else "ok", None))
        else:
            done.append(_operation(number, start, end, client, "read", key, None, "ok", held.get(key)))
    return done


def _operation(
    id_: int, start: int, end: int, client: int, f: str, key: str, value: int | None, kind: str, result: int | None
) -> Operation:
    return Operation(id_, start * MS, f"c{client}", client, f, key, value, end * MS, kind, result)


def did(process: int, f: str, key: str, value: int | None, start: int) -> Operation:
    """What a process did from `start` on (ms), for one millisecond: wrote a value, or read it."""
    written, result = (value, None) if f == "write" else (None, value)
    id_ = process * 1_000_000 + start
    return Operation(id_, start * MS, f"p{process}", process, f, key, written, (start + 1) * MS, "ok", result)


def proves(evidence: Sequence[Operation], allowed: Callable[[list[Operation]], bool]) -> bool:
    """Whether evidence is wrong by itself, and right without any one operation (a write goes with what was read)."""
    for one in evidence:
        gone = (one.key, one.value) if one.f == "write" else None
        if not allowed([other for other in evidence if other is not one and (other.key, other.result) != gone]):
            return False
    return not allowed(list(evidence))


def followed_by_reads(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """What one copy served, two more writes by one client, and two reads by another: as they should be, and with an old
    value at the end.
    """
    end = max(one.end_ns or 0 for one in operations) // MS
    sound = [
        *operations,
        did(0, "write", "k0", 900, end + 1),
        did(0, "write", "k0", 901, end + 3),
        did(1, "read", "k0", 901, end + 5),
        did(1, "read", "k0", 901, end + 7),
    ]
    return sound, [*sound[:-1], dataclasses.replace(sound[-1], result=900)]


@st.composite
def session_histories(draw: st.DrawFn, count_max: int, clients_max: int = 3, keys: int = 2) -> list[Operation]:
    """Up to so many operations of a few processes, each doing one after another; reads give what was ever written,
    or not.
    """
    clients = draw(st.integers(1, clients_max))
    count = draw(st.integers(1, count_max))
    free = [0] * clients
    found: list[Operation] = []
    for number in range(count):
        client = draw(st.integers(0, clients - 1))
        start = free[client] + draw(st.integers(1, 6))
        end = start + draw(st.integers(1, 8))
        free[client] = end
        key = f"k{draw(st.integers(0, keys - 1))}"
        if draw(st.booleans()):
            kind = draw(st.sampled_from(["ok", "ok", "ok", "info"]))
            found.append(_operation(number, start, end, client, "write", key, number + 1, kind, None))
        else:
            writes = [one.value for one in found if one.f == "write" and one.key == key]
            result = draw(st.sampled_from([None, *writes, *([count] if draw(st.booleans()) else [])]))
            found.append(_operation(number, start, end, client, "read", key, None, "ok", result))
    return found
