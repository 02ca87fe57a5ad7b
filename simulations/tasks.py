"""What Celery does; each task is one call into `runs`."""

from typing import Any

from celery import shared_task
from django.conf import settings

from simulations import explorations, runs, sweeps
from simulations.probes import PROBE_SECONDS_MAX


@shared_task(
    # For a stretch without chunks, whose end is where the limit is looked at.
    soft_time_limit=settings.RUN_WALL_SECONDS_MAX + 5,
    # A child that does not heed the soft limit is killed; the sweeper sees to its run.
    time_limit=settings.RUN_WALL_SECONDS_MAX + 15,
)
def compute(run_id: int) -> None:
    runs.compute(run_id)


@shared_task(soft_time_limit=120, time_limit=135)
def judge(viewing_id: str) -> None:
    runs.judge(viewing_id)


@shared_task(soft_time_limit=PROBE_SECONDS_MAX, time_limit=PROBE_SECONDS_MAX + 10)
def probe(viewing_id: str, node: str, from_ns: int, at_ns: int, asker: str) -> None:
    runs.probe_run(viewing_id, node, from_ns, at_ns, asker)


@shared_task
def sweep() -> None:
    runs.sweep()


@shared_task(ignore_result=False, soft_time_limit=settings.RUN_WALL_SECONDS_MAX * 2)
def judge_seed(text: str, seed: int) -> list[dict[str, Any]]:
    return sweeps.claims(text, seed)


@shared_task(ignore_result=False, soft_time_limit=settings.RUN_WALL_SECONDS_MAX * 10)
def explore_schedules(text: str, seed: int, first: int, count: int, without: list[str]) -> list[dict[str, Any]]:
    return explorations.verdicts(text, seed, range(first, first + count), frozenset(without))
