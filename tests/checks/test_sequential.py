"""Sequential consistency: against a reference that tries every order, on textbook histories, by mutation."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.causal import check_causal
from simulations.checks.history import registers
from simulations.checks.sequential import check_sequential, sequential
from simulations.checks.sequential_search import search
from simulations.engine.log import Operation
from tests.checks.histories import MS, did, followed_by_reads, proves, served, session_histories


def some_order_explains(operations: list[Operation]) -> bool:
    """The reference: try every order that keeps each process's own; what is unknown comes later, or never."""
    return _explained(tuple(sorted(operations, key=lambda one: (one.start_ns, one.id))), {})


def _explained(left: tuple[Operation, ...], held: dict[str, object]) -> bool:
    if all(one.type == "info" for one in left):
        return True
    for index, one in enumerate(left):
        if any(earlier.process == one.process and earlier.type == "ok" for earlier in left[:index]):
            continue
        rest = left[:index] + left[index + 1 :]
        if one.f == "write":
            if _explained(rest, held | {one.key: one.value}):
                return True
        elif held.get(one.key) == one.result and _explained(rest, held):
            return True
    return False


@settings(max_examples=600, deadline=None, derandomize=True)
@given(session_histories(7))
def test_agrees_with_trying_every_order(operations: list[Operation]) -> None:
    histories = registers(operations)
    expected = some_order_explains(operations)
    assert search(histories) is expected
    assert sequential(histories) is expected


@settings(max_examples=400, deadline=None, derandomize=True)
@given(session_histories(9, clients_max=4))
def test_what_is_sequential_is_causal(operations: list[Operation]) -> None:
    if sequential(registers(operations)):
        assert check_causal(registers(operations)).verdict in ("pass", "unknown")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(session_histories(7))
def test_evidence_is_wrong_by_itself_and_no_operation_can_go(operations: list[Operation]) -> None:
    finding = check_sequential(registers(operations))
    assert finding.verdict != "fail" or proves(finding.evidence, some_order_explains)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_one_copy_is_sequential_and_one_wrong_answer_is_not(seed: int, clients: int) -> None:
    operations = served(seed, 60, clients, keys=3, unknown=0.1)
    assert sequential(registers(operations)) is True
    sound, mutant = followed_by_reads(operations)
    assert sequential(registers(sound)) is True
    assert check_sequential(registers(mutant)).violations == 1


def test_each_key_passes_and_both_together_fail() -> None:
    """Sequential consistency is not local (Herlihy and Wing 1990, section 3.3, with registers in place of queues)."""
    history = [did(0, "write", "x", 1, 0), did(0, "read", "y", None, 10)]
    history += [did(1, "write", "y", 2, 0), did(1, "read", "x", None, 10)]
    histories = registers(history)
    for key, alone in histories.items():
        assert sequential({key: alone}) is True
    finding = check_sequential(histories)
    assert (finding.verdict, finding.violations, finding.at_ns) == ("fail", 1, 11 * MS)
    assert finding.evidence == sorted(history, key=lambda one: (one.start_ns, one.id))
    assert finding.explanation.startswith("No order of these 4 operations explains every answer")
    assert check_causal(histories).verdict == "pass"


def test_a_contradiction_is_found_in_a_long_history() -> None:
    """Two clients who both miss what the other wrote, after two thousand sound operations."""
    sound = served(1, 2_000, 5, keys=10)
    end = max(one.end_ns or 0 for one in sound) // MS + 1
    miss = [did(7, "write", "x", 5001, end), did(7, "read", "y", None, end + 10)]
    miss += [did(8, "write", "y", 5002, end), did(8, "read", "x", None, end + 10)]
    assert check_sequential(registers([*sound, *miss[:3]])).verdict == "pass"
    finding = check_sequential(registers([*sound, *miss]))
    assert finding.verdict == "fail"
    assert {one.id for one in finding.evidence} == {one.id for one in miss}


def test_an_old_answer_is_no_offence_where_nobody_can_tell() -> None:
    """Stale, so not linearizable; but time does not count here."""
    history = [did(0, "write", "x", 1, 0), did(0, "write", "x", 2, 10), did(1, "read", "x", 1, 50)]
    history += [did(1, "read", "x", 2, 60)]
    assert check_sequential(registers(history)).verdict == "pass"
    assert check_sequential(registers([*history, did(1, "read", "x", 1, 70)])).verdict == "fail"


def test_two_readers_must_agree_on_the_order_of_two_writes() -> None:
    history = [did(0, "write", "x", 1, 0), did(1, "write", "x", 2, 0)]
    history += [did(2, "read", "x", 1, 10), did(2, "read", "x", 2, 20)]
    assert sequential(registers([*history, did(3, "read", "x", 1, 10), did(3, "read", "x", 2, 20)])) is True
    assert sequential(registers([*history, did(3, "read", "x", 2, 10), did(3, "read", "x", 1, 20)])) is False


def test_a_write_of_unknown_outcome_may_come_late_or_never() -> None:
    lost = dataclasses.replace(did(0, "write", "x", 1, 0), type="info")
    late = [lost, did(0, "read", "x", None, 10), did(1, "read", "x", 1, 20)]
    assert sequential(registers(late)) is True
    assert sequential(registers([*late, did(0, "read", "x", None, 30), did(1, "read", "x", None, 30)])) is False
    assert sequential(registers([lost, did(0, "read", "x", None, 10), did(1, "read", "x", None, 20)])) is True


def test_what_cannot_be_decided_is_unknown() -> None:
    alone = [did(0, "write", "x", 1, 0), did(1, "read", "x", 1, 0)]
    assert check_sequential(registers(alone)).verdict == "unknown"
    twice = [did(0, "write", "x", 1, 0), did(1, "write", "x", 1, 0), did(0, "read", "x", 1, 10)]
    assert check_sequential(registers(twice)).verdict == "unknown"
    hard = [did(process, "write", f"k{process % 3}", process + 1, 0) for process in range(9)]
    hard += [did(process, "read", f"k{(process + 1) % 3}", (process + 4) % 9 + 1, 10) for process in range(9)]
    hard += [did(20, "write", "x", 100, 0), did(20, "read", "y", None, 10)]
    hard += [did(21, "write", "y", 101, 0), did(21, "read", "x", None, 10)]
    assert check_sequential(registers(hard), turns_max=0).verdict == "unknown"
    assert check_sequential(registers(hard)).verdict == "fail"
