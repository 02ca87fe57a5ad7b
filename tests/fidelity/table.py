"""All experiments."""

from __future__ import annotations

from tests.fidelity import balancing, caching, epidemics, lines, overlays, overload, policies, queues, retrying
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
    ]
