"""All experiments."""

from __future__ import annotations

from tests.fidelity import (
    balancing,
    caching,
    elections,
    epidemics,
    lines,
    overlays,
    overload,
    policies,
    protocols,
    queues,
    retrying,
    staleness,
)
from tests.fidelity.estimating import Experiment


def all_experiments(reference_runs: int) -> list[Experiment]:
    """Every experiment, in the order of the table; where theory is a reference model, it is run so often."""
    return [
        *queues.experiments(),
        *balancing.experiments(),
        *policies.experiments(),
        *retrying.experiments(reference_runs),
        *overload.experiments(),
        *lines.experiments(),
        *caching.experiments(),
        *overlays.experiments(reference_runs),
        *epidemics.experiments(reference_runs),
        *protocols.experiments(),
        *elections.experiments(reference_runs),
        *staleness.experiments(reference_runs),
    ]
