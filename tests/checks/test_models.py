"""Every model's search and proofs: against a reference that tries every order, by mutation, and by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.calls import NEVER, UNKNOWN, Call
from simulations.checks.foreign import judge
from simulations.checks.models import MODELS
from simulations.checks.orphans import orphans
from simulations.checks.parts import parts_of
from simulations.checks.proving import prove
from simulations.checks.searching import partition, search
from tests.checks.calls import drawn, explained_by_some_order, served

ALL = pytest.mark.parametrize("name", list(MODELS))
seeds = st.integers(0, 1_000_000)


@ALL
@settings(max_examples=250, deadline=None, derandomize=True)
@given(seed=seeds)
def test_agrees_with_trying_every_order(name: str, seed: int) -> None:
    model = MODELS[name]()
    calls = drawn(name, random.Random(seed))
    expected = explained_by_some_order(model, tuple(calls))
    assert search(model, calls).linearizable is expected
    assert all(search(model, group).linearizable for group in partition(model, calls)) is expected
    assert judge(model, calls).verdict == ("pass" if expected else "fail")


@ALL
def test_drawn_histories_are_now_right_and_now_wrong(name: str) -> None:
    found = [judge(MODELS[name](), drawn(name, random.Random(seed))).verdict for seed in range(60)]
    assert found.count("pass") > 5
    assert found.count("fail") > 5


@ALL
@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=seeds)
def test_no_part_of_a_right_history_is_wrong(name: str, seed: int) -> None:
    """What makes a proof one: a part that is closed is never made wrong by what was left out."""
    model = MODELS[name]()
    chance = random.Random(seed)
    calls = served(name, seed, 10, 4, 0.2)
    parts = parts_of(model, calls)
    kept = parts.closed([call.id for call in calls if chance.random() < 0.5])
    assert search(parts.model_of(kept), parts.calls(kept)).linearizable is True


@ALL
@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=seeds)
def test_a_proof_is_wrong_by_itself(name: str, seed: int) -> None:
    model = MODELS[name]()
    for group in partition(model, drawn(name, random.Random(seed))):
        found = search(model, group)
        if found.linearizable is False:
            proof = prove(model, group, found.until)
            assert proof
            if name not in ("set", "list-append", "counter"):  # of these, a proof looks at a part of each answer
                assert not explained_by_some_order(model, tuple(proof))


@ALL
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), clients=st.integers(1, 6))
def test_what_one_copy_served_is_linearizable(name: str, seed: int, clients: int) -> None:
    assert judge(MODELS[name](), served(name, seed, 40, clients, 0.04)).verdict == "pass"


def _tail(name: str) -> tuple[list[tuple[str, Any, Any]], Any]:
    """Calls one after the other that are right after anything, and another answer to the last, which is not."""
    last = 900
    tails: dict[str, tuple[list[tuple[str, Any, Any]], Any]] = {
        "register": ([("write", 1, 1), ("write", last, last), ("read", None, last)], 1),
        "cas-register": ([("write", 1, 1), ("cas", (1, last), True), ("cas", (1, 2), False)], True),
        "multi-register": (
            [
                ("txn", (("w", "x", last), ("w", "y", last)), (("w", "x", last), ("w", "y", last))),
                ("txn", (("r", "x", None), ("r", "y", None)), (("r", "x", last), ("r", "y", last))),
            ],
            (("r", "x", last), ("r", "y", 1)),
        ),
        "set": ([("add", last, None), ("remove", last, None), ("contains", last, False)], True),
        "list-append": (
            [
                ("txn", (("append", "z", 1),), (("append", "z", 1),)),
                ("txn", (("append", "z", 2),), (("append", "z", 2),)),
                ("txn", (("r", "z", None),), (("r", "z", (1, 2)),)),
            ],
            (("r", "z", (2, 1)),),
        ),
        "kv": ([("put", "c", None), ("append", "d", None), ("get", None, "cd")], "dc"),
    }
    return tails[name]


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("queue", "counter", "lock")])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), clients=st.integers(1, 5))
def test_one_wrong_answer_flips_the_verdict(name: str, seed: int, clients: int) -> None:
    calls = served(name, seed, 40, clients)
    moment = max(call.end for call in calls) + 1
    tail, wrong = _tail(name)
    calls += [
        Call(1000 + i, moment + 2 * i, moment + 2 * i + 1, 99, f, None, *asked) for i, (f, *asked) in enumerate(tail)
    ]
    assert judge(MODELS[name](), calls).verdict == "pass"
    calls[-1] = replace(calls[-1], result=wrong)
    verdict = judge(MODELS[name](), calls)
    assert verdict.verdict == "fail"
    assert calls[-1].id in {call.id for call in verdict.evidence}
    assert len(verdict.evidence) < 12


def call(
    id_: int, f: str, start: int, end: int | None, value: Any = None, result: Any = None, process: int = 0
) -> Call:
    if end is None:
        return Call(id_, start, NEVER, process, f, None, value, UNKNOWN, f"line {start}")
    return Call(id_, start, end, process, f, None, value, result, f"line {start}", f"line {end}")


def test_a_queue_gives_back_in_order_and_once() -> None:
    put = [call(1, "enqueue", 0, 1, 7), call(2, "enqueue", 2, 3, 8)]
    model = MODELS["queue"]()
    assert judge(model, [*put, call(3, "dequeue", 4, 5, None, 7)]).verdict == "pass"
    assert judge(model, [*put, call(3, "dequeue", 4, 5, None, 8)]).verdict == "fail"
    twice = judge(model, [*put, call(3, "dequeue", 4, 5, None, 7), call(4, "dequeue", 6, 7, None, 7, process=2)])
    assert "it was enqueued once" in twice.explanation
    assert [one.id for one in twice.evidence] == [1, 3, 4]
    assert judge(model, [*put, call(3, "dequeue", 4, 5, None, None)]).verdict == "fail"
    crashed = [*put, call(3, "dequeue", 3, None), call(4, "dequeue", 4, 5, None, 8)]
    assert judge(model, crashed).verdict == "pass"


def test_a_counter_counts_all_that_ended_and_perhaps_what_runs() -> None:
    model = MODELS["counter"]()
    adds = [call(number, "add", 10 * number, 10 * number + 5, 1) for number in range(5)]
    running = call(9, "add", 44, 80, 10)
    for number, verdict in [(4, "fail"), (5, "pass"), (15, "pass"), (16, "fail")]:
        assert judge(model, [*adds, running, call(10, "read", 50, 60, None, number)]).verdict == verdict
    stuck = [*adds, call(10, "read", 16, 17, None, 2), call(11, "read", 26, 27, None, 2)]
    assert [one.id for one in judge(model, stuck).evidence] == [2, 10, 11]


def test_a_lock_has_one_holder_who_alone_releases() -> None:
    model = MODELS["lock"]()
    held = call(1, "acquire", 0, 1, process=1)
    both = judge(model, [held, call(2, "acquire", 2, 3, process=2)])
    assert both.explanation.startswith("Both held the lock at the same time")
    assert (
        judge(model, [held, call(2, "release", 2, 3, process=1), call(3, "acquire", 4, 5, process=2)]).verdict == "pass"
    )
    assert judge(model, [held, call(2, "release", 2, 3, process=2)]).verdict == "fail"
    assert (
        judge(model, [held, call(2, "release", 2, None, process=1), call(3, "acquire", 9, 10, process=2)]).verdict
        == "pass"
    )


def test_a_search_that_reaches_its_limit_says_so() -> None:
    calls = [call(number, "cas", 0, 100, (number % 3, number // 2 % 3), True, number) for number in range(9)]
    verdict = judge(MODELS["cas-register"](0), calls, 20)
    assert (verdict.verdict, verdict.configurations) == ("unknown", 21)
    assert "limit of 20 configurations" in verdict.explanation


def test_a_key_of_many_values_is_proved_by_the_write_between() -> None:
    """Forty writes of the value that was read do not make the proof long: one write came after them all."""
    old = [call(number, "write", 10 * number, 10 * number + 5, 1) for number in range(40)]
    verdict = judge(
        MODELS["cas-register"](), [*old, call(50, "write", 500, 505, 2), call(51, "read", 510, 515, None, 1)]
    )
    assert [one.id for one in verdict.evidence] == [39, 50, 51]
    assert "had replaced that: write 2" in verdict.explanation


@pytest.mark.parametrize(
    ("name", "f", "result", "changed"),
    [
        ("register", "read", 77, None),
        ("cas-register", "read", 77, None),
        ("cas-register", "cas", True, (77, 78)),
        ("multi-register", "txn", (("r", "x", 77), ("w", "y", 1)), (("r", "x", None), ("w", "y", 1))),
        ("kv", "get", "abx", None),
    ],
)
def test_what_nobody_gave_is_told_without_a_search(name: str, f: str, result: Any, changed: Any) -> None:
    """Thirty clients at once, the wrong answer among them; and the same if it came before it was given."""
    last = 10_000
    calls = served(name, 1, 300, 30, 0.02)
    alone = Call(999, calls[150].start, calls[150].end, 99, f, None, changed, result)
    verdict = judge(MODELS[name](), [*calls, alone])
    assert (verdict.verdict, verdict.configurations) == ("fail", 0)
    assert [one.id for one in verdict.evidence] == [999]
    assert ": nobody had " in verdict.explanation
    given = {"multi-register": ("txn", (("w", "x", 77),)), "kv": ("append", "x")}.get(name, ("write", 77))
    late = Call(1000, last, last + 1, 98, *given[:1], None, given[1], (("w", "x", 77),))
    verdict = judge(MODELS[name](), [*calls, alone, late])
    assert (verdict.verdict, verdict.configurations) == ("fail", 0)
    assert 999 in {one.id for one in verdict.evidence}
    before = replace(late, start=calls[150].start - 1, end=NEVER, result=UNKNOWN)
    assert judge(MODELS[name](), [*calls, alone, before], 200).configurations > 0


@pytest.mark.parametrize("name", ["register", "cas-register", "multi-register", "kv"])
@settings(max_examples=200, deadline=None, derandomize=True)
@given(seed=seeds)
def test_what_nobody_gave_is_wrong_alone(name: str, seed: int) -> None:
    """Orphans are in no right history, and what the first of them says is wrong with all that had begun by its end."""
    model = MODELS[name]()
    assert orphans(model, served(name, seed, 30, 5, 0.2)) == []
    for call in orphans(model, drawn(name, random.Random(seed))):
        others = [one for one in drawn(name, random.Random(seed)) if one.start <= call.end and one.id != call.id]
        unknown = [replace(one, end=NEVER, result=UNKNOWN) for one in others if not model.observes(one)]
        assert not explained_by_some_order(model, (*unknown, call))


@pytest.mark.parametrize("name", ["register", "cas-register", "multi-register", "kv"])
def test_drawn_histories_have_orphans_now_and_then(name: str) -> None:
    found = [bool(orphans(MODELS[name](), drawn(name, random.Random(seed)))) for seed in range(60)]
    assert found.count(True) > 3
    assert found.count(False) > 3
