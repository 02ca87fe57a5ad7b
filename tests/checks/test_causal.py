"""Causal consistency: against a reference that draws the whole causal order, on hand-made histories, by mutation."""

from __future__ import annotations

import dataclasses
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.causal import bad_patterns, check_causal
from simulations.checks.causal_order import CausalOrder
from simulations.checks.history import registers
from simulations.engine.log import Operation
from tests.checks.histories import MS, did, followed_by_reads, proves, served, session_histories


def causal_pairs(operations: list[Operation]) -> set[tuple[int, int]]:
    """The causal order as a set of pairs of ids, closed by hand."""
    writers = {(one.key, one.value): one for one in operations if one.f == "write"}
    seen = {(one.key, one.result) for one in operations if one.f == "read"}
    operations = [one for one in operations if one.type == "ok" or (one.key, one.value) in seen]
    before = set()
    for a, b in product(operations, operations):
        follows = a.process == b.process and (a.start_ns, a.id) < (b.start_ns, b.id) and a.type == "ok"
        if follows or (b.f == "read" and b.result is not None and writers.get((b.key, b.result)) is a):
            before.add((a.id, b.id))
    ids = [one.id for one in operations]
    for middle, a, b in product(ids, ids, ids):
        if (a, middle) in before and (middle, b) in before:
            before.add((a, b))
    return before


def causally_consistent(operations: list[Operation]) -> bool:
    """The reference: the causal order, and the four patterns as they are defined."""
    before = causal_pairs(operations)
    writers = {(one.key, one.value): one for one in operations if one.f == "write"}
    if any((one.id, one.id) in before for one in operations):
        return False
    for read in (one for one in operations if one.f == "read"):
        others = [one for one in operations if one.f == "write" and one.key == read.key and (one.id, read.id) in before]
        if read.result is None:
            if others:
                return False
            continue
        origin = writers.get((read.key, read.result))
        if origin is None or any((origin.id, other.id) in before for other in others):
            return False
    return True


@settings(max_examples=600, deadline=None, derandomize=True)
@given(session_histories(8))
def test_agrees_with_the_definition(operations: list[Operation]) -> None:
    order = CausalOrder(registers(operations))
    assert (not bad_patterns(order)) is causally_consistent(operations)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(session_histories(8))
def test_evidence_is_wrong_by_itself_and_no_operation_can_go(operations: list[Operation]) -> None:
    finding = check_causal(registers(operations))
    assert finding.verdict != "fail" or proves(finding.evidence, causally_consistent)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_one_copy_is_causal_and_one_wrong_answer_is_not(seed: int, clients: int) -> None:
    operations = served(seed, 60, clients, keys=3, unknown=0.1)
    assert check_causal(registers(operations)).violations == 0
    sound, mutant = followed_by_reads(operations)
    assert check_causal(registers(sound)).verdict == "pass"
    assert check_causal(registers(mutant)).violations == 1


def test_a_comment_seen_without_the_picture() -> None:
    """Ahamad et al.: an effect is seen, its cause is missed, over two keys and three processes."""
    history = [
        did(0, "write", "picture", 1, 0),
        did(1, "read", "picture", 1, 10),
        did(1, "write", "comment", 2, 20),
        did(2, "read", "comment", 2, 30),
        did(2, "read", "picture", None, 40),
    ]
    finding = check_causal(registers(history))
    assert (finding.verdict, finding.violations, finding.at_ns) == ("fail", 1, 41 * MS)
    assert finding.evidence == history
    assert "WriteCOInitRead" in finding.explanation
    assert (
        "p0, session 0 write picture = 1 → p1, session 1 read picture → 1 → p1, session 1 write comment = 2"
        in finding.explanation
    )
    assert check_causal(registers(history[:4])).verdict == "pass"


def test_concurrent_writes_may_be_seen_in_two_orders() -> None:
    """Causal, though not sequential: two readers who disagree on writes of which neither caused the other."""
    history = [did(0, "write", "x", 1, 0), did(1, "write", "x", 2, 0)]
    history += [did(2, "read", "x", 1, 10), did(2, "read", "x", 2, 20)]
    history += [did(3, "read", "x", 2, 10), did(3, "read", "x", 1, 20)]
    assert check_causal(registers(history)).verdict == "pass"


@pytest.mark.parametrize(
    ("history", "pattern"),
    [
        ([did(0, "write", "x", 1, 0), did(0, "read", "x", 7, 10)], "ThinAirRead"),
        ([did(0, "read", "x", 1, 0), did(0, "write", "x", 1, 10)], "CyclicCO"),
        ([did(0, "write", "x", 1, 0), did(0, "read", "x", None, 10)], "WriteCOInitRead"),
        ([did(0, "write", "x", 1, 0), did(0, "write", "x", 2, 10), did(0, "read", "x", 1, 20)], "WriteCORead"),
    ],
)
def test_each_bad_pattern_by_itself(history: list[Operation], pattern: str) -> None:
    finding = check_causal(registers(history))
    assert pattern in finding.explanation
    assert finding.violations == 1


def test_a_write_of_unknown_outcome_may_take_effect_after_its_process_has_gone_on() -> None:
    lost = dataclasses.replace(did(0, "write", "x", 1, 0), type="info")
    history = [lost, did(0, "read", "x", None, 10), did(1, "read", "x", 1, 20), did(1, "read", "x", 1, 30)]
    assert check_causal(registers(history)).verdict == "pass"
    assert check_causal(registers([*history, did(1, "read", "x", None, 40)])).verdict == "fail"


def test_what_cannot_be_decided_is_unknown() -> None:
    twice = [did(0, "write", "x", 1, 0), did(1, "write", "x", 1, 0), did(0, "read", "x", 1, 10)]
    assert check_causal(registers(twice)).verdict == "unknown"
    assert check_causal(registers([did(0, "write", "x", 1, 0), did(1, "read", "x", 1, 0)])).verdict == "unknown"
    history = registers(served(1, 40, 4))
    assert check_causal(history, cells_max=10).verdict == "unknown"
    assert check_causal(history).verdict == "pass"
