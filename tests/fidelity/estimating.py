"""Estimates from independent runs, and whether theory agrees with them.

A case is run on the seeds 1 … RUNS. Each run gives one estimate, from what came after its warm-up; the confidence
interval is Student's of these, which are independent (Law, "Simulation Modeling and Analysis", section 9.5.2:
replication and deletion).

One interval in a hundred misses the truth, and there are more cases than that. So where theory lies outside, the
RUNS_AGAIN seeds that follow decide, which the first ones have no part in, and whose interval is narrower.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import msgpack

from simulations.engine.columns import unpack
from simulations.engine.simulation import Limits, Simulation
from tests.worlds import TYPES, Entry, Node

RUNS = 20
RUNS_AGAIN = 100
# The 0.995 quantiles of Student's t with RUNS − 1 and RUNS_AGAIN − 1 degrees of freedom
STUDENT_99 = 2.860935
STUDENT_99_AGAIN = 2.626405
WARM_UP = 0.1  # the share of a run that is left out
ENOUGH = Limits(events_max=1 << 40, trace_bytes_max=1 << 40, simulated_ms_max=1 << 40)


@dataclass(frozen=True)
class Case:
    """A figure that theory knows. `half_width` is what the interval of full runs must reach, relative to it."""

    name: str
    source: str
    expected: float
    half_width: float


@dataclass(frozen=True)
class Experiment:
    """A run that gives a figure for each of some cases: `measure(seed, share)`, on `share` of the full length."""

    cases: tuple[Case, ...]
    measure: Callable[[int, float], tuple[float, ...]]


@dataclass(frozen=True)
class Estimate:
    """The mean over the runs and half the width of its 99 % confidence interval; `again`: over the second ones."""

    case: Case
    mean: float
    half_width: float
    again: bool = False

    @property
    def agrees(self) -> bool:
        """Whether theory lies within the interval."""
        return abs(self.mean - self.case.expected) <= self.half_width

    @property
    def precise(self) -> bool:
        """Whether the interval is as narrow as is asked for."""
        return self.half_width <= self.case.half_width * abs(self.case.expected)


def estimates(experiments: list[Experiment], pool: Executor) -> Iterator[Estimate]:
    """Run the experiments in full on all seeds, several at a time; give the estimates of their cases in order."""
    jobs = [begun(one, pool, range(1, RUNS + 1)) for one in experiments]
    for experiment, runs in zip(experiments, jobs, strict=True):
        found = list(summaries(experiment, [run.result() for run in runs]))
        if not all(estimate.agrees for estimate in found):
            more = begun(experiment, pool, range(RUNS + 1, RUNS + RUNS_AGAIN + 1))
            second = summaries(experiment, [run.result() for run in more], again=True)
            found = [one if one.agrees else two for one, two in zip(found, second, strict=True)]
        yield from found


def begun(experiment: Experiment, pool: Executor, seeds: range) -> list[Future[tuple[float, ...]]]:
    """Full runs on some seeds."""
    return [pool.submit(experiment.measure, seed, 1.0) for seed in seeds]


def summaries(experiment: Experiment, runs: list[tuple[float, ...]], again: bool = False) -> Iterator[Estimate]:
    """The estimates from all figures of each run."""
    for case, values in zip(experiment.cases, zip(*runs, strict=True), strict=True):
        yield summary(case, values, again)


def summary(case: Case, values: Sequence[float], again: bool) -> Estimate:
    """The estimate from one figure a run."""
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    student = STUDENT_99_AGAIN if again else STUDENT_99
    return Estimate(case, mean, student * math.sqrt(variance / len(values)), again)


def chunks(document: Entry, types: tuple[type[Node], ...] = TYPES) -> Iterator[Any]:
    """A run's chunks, their columns still packed."""
    simulation = Simulation(document, {kind.TYPE: kind for kind in types}, ENOUGH)
    for chunk in simulation.chunks():
        yield msgpack.unpackb(chunk.data, strict_map_key=False)
    assert simulation.outcome is not None
    assert simulation.outcome.status == "finished", simulation.outcome.reason


def operations(document: Entry) -> Iterator[tuple[int, int, str]]:
    """(invoked ns, latency ns, error) of each operation that ended and was invoked after the warm-up."""
    begun: dict[int, int] = {}
    for chunk in chunks(document):
        yield from ended(chunk, begun, int(document["duration_ms"] * WARM_UP * 1e6))


def ended(chunk: Any, begun: dict[int, int], from_ns: int) -> Iterator[tuple[int, int, str]]:
    """Those that end in a chunk; `begun` keeps when open ones were invoked."""
    invoked, returned = chunk["tables"]["invoked"]["cols"], chunk["tables"]["returned"]["cols"]
    begun.update(zip(unpack(invoked["op"]), unpack(invoked["time"]), strict=True))
    strings = chunk["strings"]
    ends = zip(unpack(returned["op"]), unpack(returned["time"]), unpack(returned["error"]), strict=True)
    for op, time_ns, error in ends:
        start_ns = begun.pop(op)
        if start_ns >= from_ns and strings[error] != "run ended":
            yield start_ns, time_ns - start_ns, strings[error]


def mean_latency_ms(document: Entry) -> tuple[float]:
    """The mean over the operations that succeeded."""
    total = count = 0
    for _, latency_ns, error in operations(document):
        if not error:
            total += latency_ns
            count += 1
    return (total / count / 1e6,)


def share_refused(document: Entry) -> tuple[float]:
    """The share of the operations that were refused for a full queue."""
    refused = count = 0
    for _, _, error in operations(document):
        count += 1
        refused += error == "queue full"
    return (refused / count,)
