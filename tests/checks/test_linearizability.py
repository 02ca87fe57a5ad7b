"""The search for an order: against a reference that tries them all, on hand-made histories, and in size."""

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.history import registers
from simulations.checks.linearizability import calls_of, linearizable, proof, shown_at
from simulations.checks.models import Register
from simulations.checks.parts import parts_of
from simulations.checks.registers import check_linearizability
from simulations.engine.log import Operation
from tests.checks.histories import MS, explained_by_some_order, read, served, write


@st.composite
def small_histories(draw: st.DrawFn) -> list[Operation]:
    """Up to seven operations that overlap at will, some of unknown outcome, values now unique and now not."""
    count = draw(st.integers(1, 7))
    unique = draw(st.booleans())
    operations = []
    for number in range(count):
        start = draw(st.integers(0, 12))
        end = start + draw(st.integers(0, 8))
        if draw(st.booleans()):
            value = number + 1 if unique else draw(st.integers(1, 2))
            kind = draw(st.sampled_from(["ok", "ok", "info"]))
            operations.append(Operation(number, start * MS, "w", number, "write", "x", value, end * MS, kind))
        else:
            result = draw(st.one_of(st.none(), st.integers(1, count if unique else 2)))
            operations.append(Operation(number, start * MS, "r", number, "read", "x", None, end * MS, "ok", result))
    return operations


@settings(max_examples=600, deadline=None)
@given(small_histories())
def test_agrees_with_trying_every_order(operations: list[Operation]) -> None:
    assert linearizable(operations) is explained_by_some_order(operations)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(small_histories())
def test_a_proof_is_wrong_by_itself_and_minimal(operations: list[Operation]) -> None:
    """Nothing can go of what was known when it was wrong at first, but what stays with a read that it may explain."""
    if explained_by_some_order(operations):
        return
    at_ns = shown_at(operations)
    known = [operation for operation in operations if operation.start_ns <= at_ns]
    assert not explained_by_some_order(_known_at(operations, at_ns))
    assert explained_by_some_order(_known_at(operations, at_ns - 1))
    small = proof(operations, at_ns)
    assert not explained_by_some_order(_known_at(small, at_ns))
    parts = parts_of(Register(), calls_of(known))
    kept = [known.index(operation) for operation in small]
    for one in kept:
        rest = parts.closed([other for other in kept if other != one])
        smaller = [known[place] for place in sorted(rest)]
        assert one in rest or explained_by_some_order(_known_at(smaller, at_ns))


def _known_at(operations: list[Operation], at_ns: int) -> list[Operation]:
    """What was known at a moment: reads without an answer told nothing, writes without one may yet take effect."""
    return [
        operation if (operation.end_ns or 0) <= at_ns else dataclasses.replace(operation, type="info")
        for operation in operations
        if operation.start_ns <= at_ns and (operation.f == "write" or (operation.end_ns or 0) <= at_ns)
    ]


def test_a_value_given_twice_is_not_proved_wrong_without_the_write_that_explains_it() -> None:
    """The first write of 2 explains the read of it; that the second came too late proves nothing."""
    first, again = write(2, 8, 21), dataclasses.replace(write(2, 18, 25), id=9)
    finding = check_linearizability({"x": [first, read(2, 14, 17, "ann"), again, read(None, 19, 29, "ben")]})
    assert finding.verdict == "fail"
    assert [operation.id for operation in finding.evidence] == [2, 1014, 1019]
    assert "ben read nothing from x (19–29 ms), after ann had already read the newer 2" in finding.explanation


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.booleans())
def test_what_one_copy_served_is_linearizable(seed: int, clients: int, unique: bool) -> None:
    assert linearizable(served(seed, 40, clients, unique=unique, unknown=0.1)) is True


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_one_wrong_answer_flips_the_verdict(seed: int, clients: int) -> None:
    """Mutation: the last of all reads, after everything has ended, returns a value that was overwritten long before."""
    operations = served(seed, 40, clients)
    end = max(operation.end_ns or 0 for operation in operations) // MS
    sound = [*operations, write(900, end + 1, end + 2), write(901, end + 3, end + 4), read(901, end + 5, end + 6)]
    assert linearizable(sound) is True
    mutant = [*sound[:-1], dataclasses.replace(sound[-1], result=900)]
    assert linearizable(mutant) is False


def test_a_read_may_not_miss_a_write_that_had_ended() -> None:
    assert linearizable([write(1, 0, 2), read(None, 3, 4)]) is False
    assert linearizable([write(1, 0, 3), read(None, 3, 4)]) is True


def test_a_write_that_timed_out_may_take_effect_much_later_or_never() -> None:
    assert linearizable([write(1, 0, None), read(None, 5, 6), read(1, 900, 901)]) is True
    assert linearizable([write(1, 0, None), read(None, 5, 6), read(None, 900, 901)]) is True
    assert linearizable([write(1, 0, None), read(1, 5, 6), read(None, 900, 901)]) is False


def test_new_before_old_is_explained_as_time_running_backwards() -> None:
    operations = [write(1, 0, 10), read(1, 2, 3, "ann"), read(None, 4, 5, "ben")]
    finding = check_linearizability({"x": operations})
    assert finding.verdict == "fail"
    assert finding.violations == 1
    assert finding.explanation.startswith("ben read nothing from x (4–5 ms), after ann had already read the newer 1")
    assert [entry["text"] for entry in finding.as_dict()["evidence"]] == [
        "write x = 1",
        "read x → 1",
        "read x → nothing",
    ]
    assert finding.as_dict()["at_ms"] == 5


def test_a_stale_read_is_explained_with_the_write_it_missed() -> None:
    noise = [read(2, 30 + 2 * number, 31 + 2 * number, id_=50 + number) for number in range(20)]
    operations = [write(1, 0, 5, "ann"), write(2, 10, 20, "ben"), *noise, read(1, 100, 110, "cat"), read(2, 120, 130)]
    finding = check_linearizability({"x": operations})
    assert "cat read 1 from x (100–110 ms), but ben had written 2 (10–20 ms), 80 ms before" in finding.explanation
    assert [operation.value or operation.result for operation in finding.evidence] == [1, 2, 1]


def test_the_failure_that_showed_first_is_explained() -> None:
    early = [write(1, 0, 1, key="b"), read(None, 2, 3, key="b")]
    late = [write(2, 0, 1, key="a"), read(None, 8, 9, key="a")]
    finding = check_linearizability({"a": late, "b": early})
    assert finding.violations == 2
    assert finding.at_ns == 3 * MS


def test_a_search_that_reaches_its_limit_says_so() -> None:
    """Two values given twice each, so that neither the readers nor the writers settle the order."""
    operations = [dataclasses.replace(write(number % 2, 0, 100), id=number) for number in range(10)]
    operations += [read(number % 2, 50, 100, id_=20 + number) for number in range(10)]
    operations += [read(0, 101, 102), read(1, 103, 104)]
    assert linearizable(operations, configurations_max=20) is None
    finding = check_linearizability({"x": operations}, configurations_max=20)
    assert finding.verdict == "unknown"
    assert finding.violations is None


def test_failed_operations_and_reads_without_answer_say_nothing() -> None:
    refused = dataclasses.replace(write(9, 0, 1), type="fail")
    silent = dataclasses.replace(read(7, 0, 1), type="fail")
    assert registers([refused, silent, write(1, 0, 1), read(1, 2, 3)]) == {"x": [write(1, 0, 1), read(1, 2, 3)]}


@pytest.mark.parametrize(("keys", "clients"), [(100, 10), (1, 10), (1, 50)])
def test_ten_thousand_operations_take_less_than_a_second(keys: int, clients: int) -> None:
    histories = registers(served(1, 10_000, clients, keys))
    started = time.process_time()
    assert check_linearizability(histories).verdict == "pass"
    assert time.process_time() - started < 1
