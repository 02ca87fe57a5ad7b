"""Stale reads, lost writes and values out of nowhere, each by definition and by mutation."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.history import registers
from simulations.checks.registers import check_known_values, check_lost_writes, check_stale_reads
from tests.checks.histories import read, served, write


def test_a_read_is_stale_only_if_the_newer_write_had_ended_before_it_began() -> None:
    old, new = write(1, 0, 10), write(2, 20, 30)
    assert check_stale_reads({"x": [old, new, read(1, 31, 40)]}).violations == 1
    assert check_stale_reads({"x": [old, new, read(1, 30, 40)]}).violations == 0
    assert check_stale_reads({"x": [old, new, read(2, 31, 40)]}).violations == 0


def test_of_two_writes_at_the_same_time_neither_is_newer() -> None:
    assert check_stale_reads({"x": [write(1, 0, 25), write(2, 20, 30), read(1, 31, 40)]}).violations == 0


def test_nothing_read_after_a_write_is_stale() -> None:
    finding = check_stale_reads({"x": [write(1, 0, 10), read(None, 11, 12, "cat"), read(1, 13, 14)]})
    assert finding.violations == 1
    assert "1 of 2 reads were stale. The first: cat read nothing from x (11–12 ms)" in finding.explanation
    assert [operation.f for operation in finding.evidence] == ["write", "read"]


def test_without_reads_nothing_is_said_of_staleness() -> None:
    finding = check_stale_reads({"x": [write(1, 0, 10)]})
    assert (finding.verdict, finding.violations) == ("unknown", None)


def test_an_acknowledged_write_that_vanished_is_lost() -> None:
    finding = check_lost_writes({"x": [write(1, 0, 10), write(2, 20, 30, "ben"), read(1, 50, 60, "cat")]}, None)
    assert finding.violations == 1
    assert "ben wrote 2 to x (20–30 ms); nobody wrote after that, yet cat read 1." in finding.explanation


def test_what_the_replicas_hold_decides_where_there_are_replicas() -> None:
    operations = [write(1, 0, 10), write(2, 20, 30), read(1, 50, 60)]
    assert check_lost_writes({"x": operations}, {"x": "2"}).violations == 0
    assert check_lost_writes({"x": operations}, {"x": "1"}).violations == 1
    assert check_lost_writes({"x": operations}, {}).verdict == "unknown"


def test_a_write_replaced_by_a_later_or_a_concurrent_one_is_not_lost() -> None:
    assert check_lost_writes({"x": [write(1, 0, 10), write(2, 11, 20), read(2, 50, 60)]}, None).violations == 0
    assert check_lost_writes({"x": [write(1, 0, 10), write(2, 5, 20), read(2, 50, 60)]}, None).violations == 0
    assert check_lost_writes({"x": [write(1, 0, 10), write(2, 5, 20), read(1, 50, 60)]}, None).violations == 0


def test_only_a_write_that_had_seen_it_or_came_after_it_replaces_a_write() -> None:
    """Two writes at once, one of them gone in the end, in a history that no order explains."""
    stale = [write(8, 0, 5), write(9, 6, 8), read(8, 10, 12, "old")]
    first, second, end = write(1, 20, 40), write(2, 22, 42, "ann"), read(2, 60, 65)
    assert check_lost_writes({"x": [*stale, first, second, end]}, None).offenders == {1}
    seen = dataclasses.replace(read(1, 15, 30), process=7)
    before = dataclasses.replace(second, process=7)
    assert check_lost_writes({"x": [*stale, first, seen, before, end]}, None).offenders == {1}
    knowing = dataclasses.replace(before, start_ns=30_000_000)
    assert check_lost_writes({"x": [*stale, first, seen, knowing, end]}, None).offenders == frozenset()


def test_a_write_that_perhaps_never_was_replaces_nothing() -> None:
    perhaps = dataclasses.replace(write(3, 45, 50), type="info")
    stale = [write(8, 0, 5), write(9, 6, 8)]
    history = [*stale, write(1, 20, 40), perhaps, read(9, 60, 65)]
    assert check_lost_writes({"x": history}, None).offenders == {1}
    assert check_lost_writes({"x": [*history[:-1], read(3, 52, 55), read(3, 60, 65)]}, None).violations == 0


def test_without_a_final_read_nothing_is_said_of_lost_writes() -> None:
    assert check_lost_writes({"x": [write(1, 0, 10), read(1, 5, 6)]}, None).verdict == "unknown"


def test_values_out_of_nowhere_from_the_future_and_of_failed_writes() -> None:
    refused = dataclasses.replace(write(9, 0, 1, "ben"), type="fail")
    assert check_known_values({"x": [write(1, 0, 10), read(7, 20, 30)]}, []).violations == 1
    assert check_known_values({"x": [write(1, 50, 60), read(1, 20, 30)]}, []).violations == 1
    finding = check_known_values({"x": [read(9, 20, 30)]}, [refused])
    assert "ben's write of it had failed" in finding.explanation
    assert check_known_values({"x": [write(1, 0, None), read(1, 20, 30), read(None, 1, 2)]}, []).violations == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_one_copy_gives_nothing_stale_lost_or_unknown(seed: int) -> None:
    histories = registers(served(seed, 60, 4, keys=2))
    assert check_stale_reads(histories).violations in (0, None)
    assert check_lost_writes(histories, None).violations in (0, None)
    assert check_known_values(histories, []).violations in (0, None)
