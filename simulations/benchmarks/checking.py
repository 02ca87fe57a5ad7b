"""How the search for an order grows: with the operations of a history, and with how many of them run at once."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simulations.checks.calls import Call
from simulations.checks.foreign import judge
from simulations.checks.models import MODELS

OPERATIONS = (1_000, 3_000, 10_000, 30_000, 100_000)
CLIENTS = (2, 5, 10, 15, 20, 25, 30)
OPERATIONS_PER_KEY = 100
CLIENTS_FIXED = 10
OPERATIONS_OF_ONE_KEY = 200
NAMES = ("register", "cas-register")


def served(name: str, count: int, clients: int, keys: int, seed: int = 1) -> list[Call]:
    """What clients of one copy see that is never idle: reads, writes and, of a cas-register, half-guessed cas."""
    chance = random.Random(seed)
    free = [0.0] * clients
    planned: list[tuple[float, int, float, float, int]] = []
    for number in range(count):
        client = min(range(clients), key=lambda one: free[one])
        start = free[client] + chance.random()
        end = start + 10 * chance.random()
        free[client] = end
        planned.append((chance.uniform(start, end), number, start, end, client))
    moments = sorted(moment for plan in planned for moment in plan[2:4])
    ranks = {moment: rank for rank, moment in enumerate(moments)}
    held: dict[int, int | None] = {}
    calls: list[Call] = []
    for _moment, number, start, end, client in sorted(planned):
        key = chance.randrange(keys)
        f, value, result = _operation(name, chance, number, held.get(key))
        if f == "write" or (f == "cas" and result):
            held[key] = value if f == "write" else value[1]
        calls.append(Call(number, ranks[start], ranks[end], client, f, key, value, result, str(start), str(end)))
    return calls


def _operation(name: str, chance: random.Random, number: int, held: int | None) -> tuple[str, Any, Any]:
    kind = chance.random()
    if kind < 0.5:
        return "read", None, held
    value = number if name == "register" or kind < 0.6 else chance.randrange(5)
    if name == "register" or kind < 0.75:
        return "write", value, value
    expected = held if chance.random() < 0.5 else chance.randrange(5)
    return "cas", (expected, value), expected == held


def damaged(calls: Sequence[Call]) -> list[Call]:
    """The same history with one read, nine tenths on or the nearest before, that is stale: its value was given once,
    and a write replaced it that was over before the read began.
    """
    given: dict[Any, list[Call]] = {}
    for call in calls:
        value = call.value[1] if call.f == "cas" else call.value
        if call.f == "write" or call.result is True:
            given.setdefault((call.key, value), []).append(call)
    for index in range(len(calls) * 9 // 10, 0, -1):
        read = calls[index]
        over = [call for call in calls[:index] if call.f == "write" and call.key == read.key and call.end < read.start]
        newest = max(over, key=lambda call: call.start, default=None)
        if read.f != "read" or newest is None:
            continue
        stale = [
            call
            for call in over
            if call.end < newest.start and call.value != newest.value and len(given[read.key, call.value]) == 1
        ]
        if stale:
            value = max(stale, key=lambda call: call.end).value
            return [*calls[:index], replace(read, result=value), *calls[index + 1 :]]
    raise ValueError("No read of this history can be made stale.")


def measure(name: str, count: int, clients: int, keys: int, rounds: int) -> list[dict[str, Any]]:
    """The fastest of some rounds, for the history and for the one with a wrong answer."""
    calls = served(name, count, clients, keys)
    rows = []
    for history in (calls, damaged(calls)):
        took_s: list[float] = []
        for _ in range(rounds):
            started = time.perf_counter()
            verdict = judge(MODELS[name](), history)
            took_s.append(time.perf_counter() - started)
        rows.append(
            {
                "model": name,
                "operations": count,
                "keys": keys,
                "clients": clients,
                "verdict": verdict.verdict,
                "configurations": verdict.configurations,
                "took_s": round(min(took_s), 4),
            }
        )
    return rows


def checks(operations: Sequence[int] = OPERATIONS, clients: Sequence[int] = CLIENTS, rounds: int = 3) -> list[Any]:
    """Rows of time against operations, 100 a key, ten clients; then against clients of one key."""
    rows: list[dict[str, Any]] = []
    for name in NAMES:
        for count in operations:
            rows += measure(name, count, CLIENTS_FIXED, max(1, count // OPERATIONS_PER_KEY), rounds)
        for number in clients:
            rows += measure(name, OPERATIONS_OF_ONE_KEY, number, 1, rounds)
    return rows
