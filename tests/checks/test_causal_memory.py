"""Causal memory: against a reference that tries every order for every process, on textbook histories, by mutation."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.causal import check_causal
from simulations.checks.causal_memory import check_causal_memory
from simulations.checks.history import registers
from simulations.checks.sequential import sequential
from simulations.engine.log import Operation
from tests.checks.histories import MS, did, proves, served, session_histories
from tests.checks.test_causal import causal_pairs


def each_explains_what_it_read(operations: list[Operation]) -> bool:
    """The reference: for each process, try every order of its operations and all writes that puts causes first."""
    before = causal_pairs(operations)
    if any((one.id, one.id) in before for one in operations):
        return False
    seen = {(one.key, one.result) for one in operations if one.f == "read"}
    certain = [one for one in operations if one.type == "ok" or (one.key, one.value) in seen]
    return all(
        _explained(tuple(one for one in certain if one.f == "write" or one.process == process), {}, before)
        for process in {one.process for one in certain}
    )


def _explained(left: tuple[Operation, ...], held: dict[str, object], before: set[tuple[int, int]]) -> bool:
    if not left:
        return True
    for index, one in enumerate(left):
        if any((other.id, one.id) in before for other in left):
            continue
        rest = left[:index] + left[index + 1 :]
        if one.f == "write":
            if _explained(rest, held | {one.key: one.value}, before):
                return True
        elif held.get(one.key) == one.result and _explained(rest, held, before):
            return True
    return False


@settings(max_examples=500, deadline=None, derandomize=True)
@given(session_histories(7))
def test_agrees_with_trying_every_order_for_every_process(operations: list[Operation]) -> None:
    finding = check_causal_memory(registers(operations))
    if finding.verdict != "unknown":
        assert (finding.verdict == "pass") is each_explains_what_it_read(operations)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(session_histories(9, clients_max=3))
def test_it_stands_between_sequential_and_causal(operations: list[Operation]) -> None:
    histories = registers(operations)
    verdict = check_causal_memory(histories).verdict
    assert verdict != "fail" or sequential(histories) is False
    assert verdict != "pass" or check_causal(histories).verdict == "pass"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(session_histories(7))
def test_evidence_is_wrong_by_itself_and_no_operation_can_go(operations: list[Operation]) -> None:
    finding = check_causal_memory(registers(operations))
    assert finding.verdict != "fail" or proves(finding.evidence, each_explains_what_it_read)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_one_copy_is_causal_memory_and_one_wrong_answer_is_not(seed: int, clients: int) -> None:
    operations = served(seed, 60, clients, keys=3, unknown=0.1)
    end = max(one.end_ns or 0 for one in operations) // MS
    sound = [*operations, did(0, "write", "k0", 900, end + 1), did(1, "write", "k0", 901, end + 1)]
    sound += [
        did(2, "read", "k0", 900, end + 5),
        did(2, "read", "k0", 901, end + 7),
        did(2, "read", "k0", 901, end + 9),
    ]
    assert check_causal_memory(registers(sound)).verdict == "pass"
    mutant = [*sound[:-1], dataclasses.replace(sound[-1], result=900)]
    assert check_causal_memory(registers(mutant)).verdict == "fail"
    assert check_causal(registers(mutant)).verdict == "pass"


def test_two_may_disagree_and_none_may_change_its_mind() -> None:
    history = [did(0, "write", "x", 1, 0), did(1, "write", "x", 2, 0)]
    history += [did(2, "read", "x", 1, 10), did(2, "read", "x", 2, 20)]
    history += [did(3, "read", "x", 2, 10), did(3, "read", "x", 1, 20)]
    assert check_causal_memory(registers(history)).verdict == "pass"
    assert sequential(registers(history)) is False
    finding = check_causal_memory(registers([*history, did(3, "read", "x", 2, 30)]))
    assert (finding.verdict, finding.at_ns, len(finding.evidence)) == ("fail", 31 * MS, 5)
    assert finding.explanation.startswith("No order of these puts causes before effects")


def test_what_cannot_be_decided_is_unknown() -> None:
    history = registers(served(1, 40, 4))
    assert check_causal_memory(history, operations_max=10).verdict == "unknown"
    assert check_causal_memory(history).verdict == "pass"
