"""Proofs of registers: wrong by themselves, closed under what must stay together, and none of their calls can go."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.calls import Call, Model
from simulations.checks.models import MODELS
from simulations.checks.parts import Parts, parts_of
from simulations.checks.proving import known_until, prove, wrong_at
from simulations.checks.searching import search
from tests.checks.calls import drawn, explained_by_some_order

REGISTERS = pytest.mark.parametrize("name", ["register", "cas-register"])
COUNT = 8


def proved(model: Model, calls: list[Call]) -> tuple[list[Call], list[Call]]:
    """What was known when a history first was wrong, and of that the proof; nothing of a history that is right."""
    if explained_by_some_order(model, tuple(calls)):
        return [], []
    at = wrong_at(model, calls)
    return known_until(model, calls, at), prove(model, calls, at)


def relaxations(parts: Parts, proof: list[Call]) -> Iterator[set[int]]:
    """Every choice of calls of the proof of which only the effect may count."""
    may = [call.id for call in proof if call.id in parts.whole and parts.tells_and_changes(call.id)]
    for size in range(len(may) + 1):
        yield from (set(some) for some in combinations(may, size))


@REGISTERS
@settings(max_examples=500, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000_000))
def test_no_call_of_a_proof_can_go(name: str, seed: int) -> None:
    """However a smaller part is looked at: if it is closed, an order explains it."""
    model = MODELS[name]()
    known, proof = proved(model, drawn(name, random.Random(seed), COUNT))
    kept = {call.id for call in proof}
    closed_once = not proof
    parts = parts_of(model, known)  # nothing relaxed as yet
    for relaxed in relaxations(parts, proof):
        parts.relaxed = relaxed
        closed = parts.closed(kept) == kept
        closed_once |= closed and not explained_by_some_order(model, tuple(parts.calls(kept)))
        for one in kept:
            rest = parts.closed(kept - {one})
            if rest < kept:
                assert explained_by_some_order(model, tuple(parts.calls(rest))), (one, relaxed)
    assert closed_once


@REGISTERS
@settings(max_examples=2_000, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000_000))
def test_the_narrowed_search_agrees_with_trying_every_order(name: str, seed: int) -> None:
    model = MODELS[name]()
    calls = drawn(name, random.Random(seed), COUNT)
    assert search(model, calls).linearizable is explained_by_some_order(model, tuple(calls))


def test_a_write_that_nobody_sees_does_not_come_between_a_value_and_the_cas_that_needs_it() -> None:
    calls = [
        Call(0, 1, 46, 0, "cas", None, (1, 1), True),
        Call(1, 4, 39, 1, "write", None, 1, None),
        Call(2, 43, 88, 2, "write", None, 2, None),
        Call(3, 100, 175, 0, "read", None, None, 1),
    ]
    assert search(MODELS["cas-register"](), calls).linearizable is False
    assert search(MODELS["cas-register"](), calls[:3]).linearizable is True


@REGISTERS
@settings(max_examples=300, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000_000))
def test_a_history_is_wrong_from_the_moment_that_is_told(name: str, seed: int) -> None:
    model = MODELS[name]()
    calls = drawn(name, random.Random(seed), COUNT)
    if not explained_by_some_order(model, tuple(calls)):
        at = wrong_at(model, calls)
        assert not explained_by_some_order(model, tuple(known_until(model, calls, at)))
        assert explained_by_some_order(model, tuple(known_until(model, calls, at - 1)))


@REGISTERS
def test_proofs_are_now_of_one_call_and_now_of_several(name: str) -> None:
    sizes = {len(proved(MODELS[name](), drawn(name, random.Random(seed), COUNT))[1]) for seed in range(200)}
    assert {0, 1, 2, 3} <= sizes
