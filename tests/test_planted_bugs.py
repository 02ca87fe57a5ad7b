"""Proof that the search can fail: protocols with one rule broken each, found by fault schedules and minimised.

Here each bug is held against the schedule that the search finds it with; `make explore ARGS=--planted` searches from
the first schedule on.
"""

from __future__ import annotations

import pytest

from simulations.exploring import judged
from simulations.minimising import minimised
from tests.planted.bugs import BUGS, FAULTS_MAX, Planted

RUNS = 25  # suffice for fewer faults; simpler ones take more


@pytest.mark.parametrize("planted", BUGS, ids=lambda planted: planted.name)
def test_a_planted_bug_comes_down_to_few_faults_which_the_honest_type_survives(planted: Planted) -> None:
    found = judged(planted.struck(), planted.runs, planted.without, planted.types)
    assert not found.survived
    assert judged(planted.struck(), without=planted.without).survived
    least = minimised(planted.struck(), found, RUNS, planted.types)
    assert len(least.faults) <= FAULTS_MAX
    assert planted.survived(least)


def test_the_table_has_bugs_of_many_protocols() -> None:
    assert len(BUGS) >= 12
    assert len({planted.bug.TYPE for planted in BUGS}) >= 9
