"""Session guarantees: against their definitions pair by pair, on hand-made histories, by mutation, on real runs."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulations.checks.finding import Finding
from simulations.checks.history import registers
from simulations.checks.session_guarantees import check_sessions, copies_of
from simulations.engine.log import Log, Operation
from tests.checks.histories import MS, did, served, session_histories
from tests.checks.test_metrics import chunk


def judged(operations: list[Operation], *copies: tuple[str, list[tuple[int, str, str]]]) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_sessions(registers(operations), copies)}


def broken_reads(operations: list[Operation]) -> dict[str, set[int]]:
    """The reference: for each read, every earlier operation of its session, and the definition of older."""
    never = 1 << 62

    def there_ns(key: str, value: object) -> int:
        shown = [one for one in operations if one.key == key and value in (one.value, one.result) and one.type == "ok"]
        return min((one.end_ns or never for one in shown), default=never)

    def older(key: str, value: object, newer: object) -> bool:
        write = next((one for one in operations if one.f == "write" and (one.key, one.value) == (key, newer)), None)
        known = value is None or any(one.f == "write" and (one.key, one.value) == (key, value) for one in operations)
        return write is not None and known and (value is None or there_ns(key, value) < write.start_ns)

    found: dict[str, set[int]] = {"read_your_writes": set(), "monotonic_reads": set()}
    for read in (one for one in operations if one.f == "read"):
        for before in operations:
            if (before.process, before.key, before.type) != (read.process, read.key, "ok"):
                continue
            if (before.start_ns, before.id) >= (read.start_ns, read.id):
                continue
            if before.f == "write" and older(read.key, read.result, before.value):
                found["read_your_writes"].add(read.id)
            if before.f == "read" and before.result is not None and older(read.key, read.result, before.result):
                found["monotonic_reads"].add(read.id)
    return found


@settings(max_examples=600, deadline=None, derandomize=True)
@given(session_histories(10))
def test_reads_agree_with_the_definition(operations: list[Operation]) -> None:
    begun = {(one.key, one.value): one.start_ns for one in operations if one.f == "write"}
    assume(all(begun.get((one.key, one.result), 0) <= (one.end_ns or 0) for one in operations))  # none from the future
    findings = judged(operations)
    for name, offenders in broken_reads(operations).items():
        assert findings[name].offenders == offenders
        assert (findings[name].verdict == "fail") is bool(offenders)


def broken_copies(operations: list[Operation], taken: list[tuple[int, str, str]]) -> dict[str, bool]:
    """The reference: any two takings of one key in the wrong order, for any session that settles their order."""
    found = {"monotonic_writes": False, "writes_follow_reads": False}
    for place, (_, key, first) in enumerate(taken):
        for _, other, second in taken[place + 1 :]:
            for a in operations:
                for b in operations:
                    if not (a.process == b.process and a.start_ns < b.start_ns and a.type == b.type == "ok"):
                        continue
                    if not (other == key == a.key == b.key and b.f == "write" and str(b.value) == first):
                        continue
                    if str(a.value if a.f == "write" else a.result) == second:
                        found["monotonic_writes" if a.f == "write" else "writes_follow_reads"] = True
    return found


@settings(max_examples=400, deadline=None, derandomize=True)
@given(session_histories(8), st.data())
def test_copies_agree_with_the_definition(operations: list[Operation], data: st.DataObject) -> None:
    writes = [(0, one.key, str(one.value)) for one in operations if one.f == "write"]
    taken = data.draw(st.lists(st.sampled_from(writes), max_size=6)) if writes else []
    findings = judged(operations, ("r", taken))
    for name, broken in broken_copies(operations, taken).items():
        assert (findings[name].verdict == "fail") is broken


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 6))
def test_one_copy_keeps_them_all(seed: int, clients: int) -> None:
    operations = served(seed, 60, clients, keys=3, unknown=0.1)
    taken = [(0, one.key, str(one.value)) for one in operations if one.f == "write"]  # in the order of taking effect
    for finding in judged(operations, ("db", taken)).values():
        assert finding.violations in (0, None)


OLD, NEW = did(0, "write", "x", 1, 0), did(0, "write", "x", 2, 10)


@pytest.mark.parametrize(
    ("name", "sound", "wrong"),
    [
        ("read_your_writes", [OLD, NEW, did(0, "read", "x", 2, 20)], {2: {"result": 1}}),
        ("monotonic_reads", [OLD, NEW, did(1, "read", "x", 2, 20), did(1, "read", "x", 2, 30)], {3: {"result": 1}}),
        ("monotonic_reads", [OLD, did(1, "read", "x", 1, 20), did(1, "read", "x", 1, 30)], {2: {"result": None}}),
    ],
)
def test_one_wrong_answer_flips_the_verdict(name: str, sound: list[Operation], wrong: dict[int, dict]) -> None:
    assert judged(sound)[name].verdict == "pass"
    mutant = [dataclasses.replace(one, **wrong.get(place, {})) for place, one in enumerate(sound)]
    finding = judged(mutant)[name]
    assert (finding.verdict, finding.violations, finding.at_ns) == ("fail", 1, mutant[-1].end_ns)
    assert finding.evidence[-1] == mutant[-1]


def test_two_values_taken_in_the_wrong_order_flip_the_verdict() -> None:
    order = [(1, "x", "1"), (2, "x", "2")]
    assert judged([OLD, NEW], ("r1", order))["monotonic_writes"].verdict == "pass"
    finding = judged([OLD, NEW], ("r1", order[::-1]))["monotonic_writes"]
    assert (finding.verdict, finding.violations) == ("fail", 1)
    assert (
        "p0, session 0 wrote x = 1 (0–1 ms) and then wrote 2 (10–11 ms), but r1, which had 2, took 1"
        in finding.explanation
    )
    history = [OLD, did(1, "read", "x", 1, 5), did(1, "write", "x", 3, 7)]
    order = [(1, "x", "1"), (2, "x", "3")]
    assert judged(history, ("r1", order))["writes_follow_reads"].verdict == "pass"
    assert judged(history, ("r1", order[::-1]))["writes_follow_reads"].verdict == "fail"
    assert judged(history, ("r1", order[::-1]))["monotonic_writes"].verdict == "unknown"


def test_what_nobody_can_tell_is_not_held_against_anybody() -> None:
    beside = dataclasses.replace(did(1, "write", "x", 2, 0), end_ns=50 * MS)
    findings = judged([did(0, "write", "x", 1, 20), beside, did(0, "read", "x", 2, 60)])
    assert findings["read_your_writes"].verdict == "unknown"
    assert "the writes overlapped" in findings["read_your_writes"].explanation
    assert findings["monotonic_reads"].verdict == "unknown"
    assert findings["monotonic_writes"].explanation == "No copy shows in which order it took writes."


def test_a_write_of_unknown_outcome_binds_its_session_to_nothing() -> None:
    lost = dataclasses.replace(did(0, "write", "x", 1, 0), type="info")
    assert judged([lost, did(0, "read", "x", None, 10)])["read_your_writes"].verdict == "unknown"


def test_copies_are_read_from_the_trace_and_a_crash_begins_another() -> None:
    log = Log()
    state = [(1 * MS, 1, "value", "x = 1"), (2 * MS, 1, "value", "x = 2"), (3 * MS, 1, "up", False)]
    state += [(4 * MS, 1, "up", True), (5 * MS, 1, "value", "x = 1"), (6 * MS, 2, "value", "x = 2")]
    log.add(chunk(10, [{"up": True}] * 3, state=state))
    assert copies_of(log) == [
        ("s-1", [(1 * MS, "x", "1"), (2 * MS, "x", "2")]),
        ("s-1", [(5 * MS, "x", "1")]),
        ("s-2", [(6 * MS, "x", "2")]),
    ]
