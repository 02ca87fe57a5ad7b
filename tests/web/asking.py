"""Asking for runs and computing them in the test's own process."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from simulations import computing, runs
from simulations.document import Document, validate
from simulations.models import ChunkRow, Run, Viewing
from tests.web.visitor import scenario

ANN, BOB = uuid.UUID(int=1), uuid.UUID(int=2)


def ask(owner: uuid.UUID = ANN, **changes: Any) -> Viewing:
    return runs.request_run(document(**changes), None, None, owner)


def document(**changes: Any) -> Document:
    return validate(scenario(**changes))


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def hashes(run: Run) -> list[str]:
    return list(ChunkRow.objects.filter(run=run).order_by("number").values_list("sha256", flat=True))


def let_lease_expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def half(run: Run, count: int) -> None:
    """What a worker had stored when it was lost."""
    with computing.LeaseKeeper(run) as keeper:
        computation = computing.Computation(run, keeper)
        simulation = computing.Simulation(run.physical, computing.node_types(), computing.Limits(**run.limits))
        for chunk, _ in zip(simulation.chunks(), range(count), strict=False):
            computation.store(chunk)
