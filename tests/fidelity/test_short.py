"""Every experiment on a part of its length: theory still lies within what its runs say, if less sharply.

The seeds are fixed, so the outcome is too. Precision is asked of the full runs: `make fidelity`. What is exact is run
on two seeds.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.fidelity import epidemics, overload, staleness
from tests.fidelity.estimating import RUNS, Experiment, summaries
from tests.fidelity.table import all_experiments

SHARES: Final = {
    "M/M": 0.01,
    "M/D": 0.01,
    "M/G": 0.01,
    "Erl": 0.01,
    "ret": 1,
    "hed": 0.02,
    "Gil": 0.05,
    "lin": 0.01,
    "LRU": 0.02,
    "bal": 0.01,
    "Rum": 0.1,
    "SWI": 0.02,
    "2PC": 0.1,
    "3PC": 0.1,
    "Raf": 0.1,
    "Mul": 0.1,
    "Pax": 0.1,
    "sin": 0.1,
    "PBF": 0.1,
    "cha": 0.1,
    "LNK": 0.02,
}
ELECTING: Final = {"at once": 0.03, "range": 0.02, "crash": 0.03}
COMPETING: Final = 0.01
REFERENCE_RUNS: Final = 200


def share_of(experiment: Experiment) -> float:
    """How much of it is run here; 0: nothing, because a part would not be over its warm-up, or as long as the whole."""
    name = experiment.cases[0].name
    if name.startswith("Raft elects"):
        return next(share for words, share in ELECTING.items() if words in name)
    return COMPETING if " compete," in name else SHARES.get(name[:3], 0)


SHORT: Final = [one for one in all_experiments(REFERENCE_RUNS) if share_of(one)]


@pytest.mark.parametrize("experiment", SHORT, ids=[one.cases[0].name for one in SHORT])
def test_theory_lies_within(experiment: Experiment) -> None:
    share = share_of(experiment)
    exact = not any(case.half_width for case in experiment.cases)
    runs = [experiment.measure(seed, share) for seed in range(1, (2 if exact else RUNS) + 1)]
    for found in summaries(experiment, runs):
        got = f"{found.mean:.5g} ± {found.half_width:.2g}"
        assert found.agrees, f"{found.case.name}: expected {found.case.expected:.5g}, got {got}"


@pytest.mark.parametrize("experiment", overload.experiments(), ids=["stays overloaded", "recovers"])
def test_a_shorter_outage_does_the_same(experiment: Experiment) -> None:
    assert experiment.measure(1, 0.2) == tuple(case.expected for case in experiment.cases)


@pytest.mark.parametrize("variant", list(epidemics.TABLES)[:5], ids=str)
def test_the_reference_gives_the_figures_of_the_paper(variant: epidemics.Variant) -> None:
    """Demers et al. 1987, tables 1 and 2: of 1000 sites, within the noise of 30 epidemics."""
    got = epidemics.reference(30, epidemics.SITES, variant)
    assert got == pytest.approx(epidemics.TABLES[variant], rel=0.15)


@pytest.mark.parametrize("delays", list(staleness.TABLE_4), ids=lambda delays: delays.name)
def test_the_theory_gives_the_latencies_of_the_paper(delays: staleness.Delays) -> None:
    """Bailis et al. 2012, table 4: the 99.9th percentile of operations that wait for one, two or three replicas."""
    for kind, published in zip(("read", "write"), staleness.TABLE_4[delays], strict=True):
        got = [staleness.latency(delays, kind, need, 0.001) for need in (1, 2, 3)]
        assert got == pytest.approx(published, rel=0.05)
