"""What merges of copies must be, so that copies come to agree in whatever order news arrive: commutative, associative,
idempotent (Shapiro et al., "Conflict-free Replicated Data Types", SSS 2011, section 2.2: a join of a semilattice).
"""

from __future__ import annotations

from itertools import permutations, product

import pytest

from simulations.engine.versions import Version, Versions, advanced, covers, joined, latest, reconciled

A = advanced((), 1)
B = advanced((), 2)
AFTER_BOTH = advanced(joined([A, B]), 1)
FIRST = Version(10, 1, A, 100)
BESIDE = Version(11, 2, B, 200)
AFTER = Version(5, 1, AFTER_BOTH, 300)  # by a clock that is behind
SETS: list[Versions] = [(), (FIRST,), (BESIDE,), (AFTER,), (FIRST, BESIDE)]


def test_who_has_seen_both_covers_both_and_nobody_covers_what_is_beside() -> None:
    assert covers(AFTER_BOTH, A)
    assert covers(AFTER_BOTH, B)
    assert not covers(A, B)
    assert not covers(B, A)
    assert not covers(A, AFTER_BOTH)


def test_siblings_stay_until_a_version_has_seen_both() -> None:
    assert reconciled((FIRST,), (BESIDE,), True) == (FIRST, BESIDE)
    assert reconciled((FIRST, BESIDE), (AFTER,), True) == (AFTER,)
    assert latest((FIRST, BESIDE)) == 200
    assert latest(()) is None


def test_the_wall_clock_keeps_the_latest_stamp_whatever_has_seen_what() -> None:
    assert reconciled((FIRST, BESIDE), (AFTER,), False) == (BESIDE,)


@pytest.mark.parametrize("by_vector", [False, True])
def test_versions_are_reconciled_the_same_in_any_order_and_any_number_of_times(by_vector: bool) -> None:
    for one, two, three in product(SETS, repeat=3):
        ends = set()
        for first, second, third in permutations((one, two, three)):
            once = reconciled(reconciled(reconciled((), first, by_vector), second, by_vector), third, by_vector)
            ends |= {once, reconciled(once, second, by_vector)}
        assert len(ends) == 1
