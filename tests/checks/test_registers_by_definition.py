"""Stale reads, staleness, lost writes, values out of nowhere: against their definitions, written out as they stand."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.checks.history import registers
from simulations.checks.registers import check_known_values, check_lost_writes, check_stale_reads
from simulations.engine.log import Operation
from simulations.engine.metrics_reads import staleness_metrics
from tests.checks.histories import MS, did, explained_by_some_order, session_histories


def replaced_by(read: Operation, operations: list[Operation]) -> list[Operation]:
    """The confirmed writes that began when what was read was there, and ended before the read began."""
    writes = [one for one in operations if one.f == "write" and one.key == read.key and one.type == "ok"]
    origin = next((write for write in writes if write.value == read.result), None)
    if origin is None and read.result is not None:
        return []
    return [
        write
        for write in writes
        if (write.end_ns or 0) < read.start_ns and (origin is None or write.start_ns > (origin.end_ns or 0))
    ]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(session_histories(10))
def test_stale_reads_and_how_stale_they_are(operations: list[Operation]) -> None:
    reads = [one for one in operations if one.f == "read"]
    newer = {read.id: replaced_by(read, operations) for read in reads}
    finding = check_stale_reads(registers(operations))
    assert finding.offenders == {read.id for read in reads if newer[read.id]}
    assert finding.violations == (len(finding.offenders) if reads else None)
    found = staleness_metrics(operations, frozenset(one.id for one in operations))
    if reads:
        first = [max((read.start_ns - (one.end_ns or 0) for one in newer[read.id]), default=0) for read in reads]
        assert found["reads.staleness_ms.max"] == max(first) / MS
        assert found["reads.staleness_versions.max"] == max(len(some) for some in newer.values())
        assert found["reads.staleness_versions.mean"] == sum(len(some) for some in newer.values()) / len(reads)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(session_histories(10), st.integers(0, 9))
def test_values_that_nobody_had_begun_to_write(operations: list[Operation], refused: int) -> None:
    failed = [one for one in operations if one.f == "write" and one.id == refused]
    kept = [one for one in operations if one not in failed]
    finding = check_known_values(registers(kept), failed)
    assert finding.offenders == {
        read.id
        for read in kept
        if read.f == "read"
        and read.result is not None
        and not any(
            (one.f, one.key, one.value) == ("write", read.key, read.result) and one.start_ns <= (read.end_ns or 0)
            for one in kept
        )
    }


@settings(max_examples=600, deadline=None, derandomize=True)
@given(session_histories(6, keys=1), st.data())
def test_writes_that_vanished(operations: list[Operation], data: st.DataObject) -> None:
    """Confirmed, absent in the end, and not replaced by a write that came after or had seen it; nor by one at the same
    time in a history that some order explains.
    """
    writes = [one for one in operations if one.f == "write"]
    if not writes:
        return
    end = did(9, "read", "k0", data.draw(st.sampled_from([None, *(one.value for one in writes)])), 500)
    everything = [*operations, end]
    seen = {one.result for one in everything if one.f == "read"}
    real = [one for one in writes if one.type == "ok" or one.value in seen]

    def replaced(write: Operation, by: Operation) -> bool:
        knew = any(
            read.f == "read"
            and read.result == write.value
            and read.process == by.process
            and read.end_ns <= by.start_ns
            for read in everything
            if read.end_ns is not None
        )
        return knew or by.start_ns >= (write.end_ns or 0)

    lost = {
        write.id
        for write in writes
        if write.type == "ok" and write.value != end.result and not any(replaced(write, by) for by in real)
    }
    if explained_by_some_order(everything):
        lost = set()
    finding = check_lost_writes(registers(everything), None)
    assert finding.offenders == lost
