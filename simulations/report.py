"""What a run yields: metrics, verdicts of checks, and whether the scenario's claims hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from simulations.catalogue import declared_fields, node_types, rules_of
from simulations.checks.figures import verdict_metrics, without_figure
from simulations.checks.finding import Finding
from simulations.checks.goals import NoFigure, NotRun, judge_claim, metric_sides, metric_value
from simulations.checks.invariants import Group
from simulations.checks.judging import run_checks
from simulations.document import Document
from simulations.engine.causality import Requests, causal_chain
from simulations.engine.log import Log
from simulations.engine.metrics import (
    Selection,
    chosen_messages,
    group_metrics,
    in_flight_metrics,
    message_metrics,
    operation_metrics,
)
from simulations.engine.metrics_costs import Prices
from simulations.engine.metrics_detection import detection_metrics
from simulations.engine.metrics_nodes import replica_metrics
from simulations.engine.metrics_reads import staleness_metrics
from simulations.engine.metrics_table import NS_PER_MS, NS_PER_S
from simulations.engine.node import Node
from simulations.engine.simulation import Limits, Outcome, Simulation
from simulations.engine.trace import decode
from simulations.prices import prices_of
from simulations.report_places import Places

OF_TRAFFIC = (
    "messages.",
    "nodes.",
    "links.",
    "hosts.",
    "clusters.",
    "cost.",
    "rpc.",
)  # by a walk over messages
BASE = ""  # the scenario without a variant


class Recording:
    """A run as its trace tells it. Zones, parameters and the workload's length come from its physical document."""

    def __init__(self, log: Log, status: str, digest: str, physical: Mapping[str, Any] | None = None) -> None:
        self.log = log
        self.status = status
        self.digest = digest
        self.physical = physical
        self.prices = Prices()
        self.reason = ""
        self.outcome: Outcome | None = None
        self.named: frozenset[str] = frozenset()  # checks that claims name

    @classmethod
    def from_chunks(
        cls, chunks: Iterable[bytes], status: str, digest: str, physical: Mapping[str, Any] | None = None
    ) -> Recording:
        """Read a trace, chunk by chunk. Raises ValueError for what is no trace."""
        log = Log(watched=declared_fields())
        for data in chunks:
            log.add(decode(data))
        return cls(log, status, digest, physical)

    def metrics(
        self,
        window_ms: tuple[float, float] | list[float] | None = None,
        where: Mapping[str, str] | None = None,
        traffic: bool = True,
    ) -> dict[str, float]:
        """The figures of the run after its warm-up, or of what began in a window; of operations that pass a filter,
        and of the messages that serve them. Without `traffic` only those of operations, which is much less work.
        """
        physical = self.physical or {}
        workload_ns = _ns(physical["duration_ms"]) if "duration_ms" in physical else self.log.end_ns
        warmup_ns = _ns(physical.get("warmup_ms", 0))
        window = (_ns(window_ms[0]), _ns(window_ms[1])) if window_ms else (warmup_ns, max(workload_ns, self.log.end_ns))
        places = self._places
        select = Selection(*window, where or {}, places.zones)
        operations = [operation for operation in self.log.operations.values() if select.has(operation)]
        served = frozenset(operation.id for operation in operations)
        seconds = (window[1] if window_ms else workload_ns) / NS_PER_S - window[0] / NS_PER_S
        found = operation_metrics(operations, seconds)
        found |= group_metrics(places.groups(operations), seconds)
        passing = [operation for operation in self.log.operations.values() if select.passes(operation)]
        found |= in_flight_metrics(self.log, select, passing, places.groups(passing))
        if traffic:
            chosen = chosen_messages(self.log, select, served)
            found |= message_metrics(self.log, chosen, served)
            found |= places.metrics(select, chosen, found.get("ops.ok", 0))
        found |= self._replicas | detection_metrics(self.log, select, self._clusters)
        found |= verdict_metrics(self.findings, served)
        found |= staleness_metrics(self.log.operations.values(), served)
        return found

    def units(self, metrics: Iterable[str]) -> dict[str, str]:
        """The units of figures, by name; none for a number."""
        return self._places.units(metrics)

    def checks(self, labels: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """What the checks found, as plain data; nodes that have labels, given by id, are called by them."""
        return [finding.as_dict(labels) for finding in self.findings]

    @cached_property
    def findings(self) -> list[Finding]:
        """What the checks found."""
        return run_checks(self.log, self._replicas, self._clusters, self._rules, self.named)

    @cached_property
    def _clusters(self) -> list[list[str]]:
        clusters = [cluster["members"] for cluster in (self.physical or {}).get("clusters", ())]
        return clusters if self.physical else [self.log.nodes]

    @cached_property
    def _rules(self) -> list[Group]:
        return rules_of(self.physical) if self.physical else []

    @cached_property
    def _replicas(self) -> dict[str, float]:
        return replica_metrics(self.log, self._clusters)

    @cached_property
    def _places(self) -> Places:
        return Places(self.log, self.physical or {}, self.prices)

    def without_figure(self) -> dict[str, str]:
        """Why a metric that a check gives is missing."""
        return without_figure(self.findings)

    def request(self, op: int) -> dict[str, Any]:
        """A client operation as spans: each attempt a tree of what was sent because of it. Raises KeyError."""
        operation = self.log.operations[op]
        return {
            "op": op,
            "node": operation.node,
            "f": operation.f,
            "type": operation.type,
            "start_ns": operation.start_ns,
            "end_ns": operation.end_ns,
            "attempts": [span.as_dict() for span in self._requests.attempts(operation)],
        }

    def happens_before(self, earlier: int, later: int) -> bool:
        """Whether one message's sending can have influenced another's. Raises IndexError."""
        return bool(causal_chain(self.log, earlier, later))

    @cached_property
    def _requests(self) -> Requests:
        nodes = (self.physical or {}).get("nodes", ())
        return Requests(self.log, {node["id"]: _ns(node["params"].get("timeout_ms") or 0) for node in nodes})

    def messages(self) -> dict[str, Any]:
        """Messages sent, delivered, and dropped by reason."""
        sent, outcomes, _ = self.log.count_messages()
        delivered = outcomes.pop("delivered", 0)
        outcomes.pop("in flight", 0)
        return {
            "sent": sent,
            "delivered": delivered,
            "dropped": {reason: count for reason, count in sorted(outcomes.items()) if count},
        }


def _ns(milliseconds: float) -> int:
    return round(milliseconds * NS_PER_MS)


def record(
    physical: dict[str, Any],
    limits: Limits,
    trace: BinaryIO | None = None,
    types: Mapping[str, type[Node]] | None = None,
) -> Recording:
    """Compute a run here and now and read its trace; chunks also go to `trace` where one is given. `types` take the
    place of the catalogue's of the same name.
    """
    simulation = Simulation(physical, {**node_types(), **(types or {})}, limits)
    log = Log(watched=declared_fields())
    for chunk in simulation.chunks():
        if trace is not None:
            trace.write(chunk.data)
        log.add(decode(chunk.data))
    outcome = simulation.outcome
    assert outcome is not None
    recording = Recording(log, outcome.status, outcome.digest, physical)
    recording.outcome = outcome
    recording.reason = outcome.reason
    return recording


def judge(document: Document, recordings: Mapping[str, Recording], watched: str | None = None) -> dict[str, Any]:
    """Metrics and checks of the watched run, and every claim judged. Recordings go by variant, `BASE` for none.

    A metric that names no variant is of the base, or of the only run there is.
    """
    for name, recording in recordings.items():
        if recording.physical is None:
            recording.physical = document.physical(name or None)
        recording.named = checks_named(document)
        recording.prices = prices_of(document, name or None)
    own = _own(recordings) if watched is None else watched
    return {
        "metrics": recordings[own].metrics(),
        "checks": recordings[own].checks({node.id: node.label for node in document.nodes if node.label}),
        "expect": judge_claims(document, recordings),
    }


def judge_claims(document: Document, recordings: Mapping[str, Recording]) -> list[dict[str, Any]]:
    """Every claim of the document, held against the recordings at hand."""
    own = _own(recordings)
    cache: dict[tuple[str, str, bool], dict[str, float]] = {}

    def lookup(side: Mapping[str, Any]) -> float:
        name = side.get("variant") or own
        recording = recordings.get(name)
        if recording is None:
            raise NotRun(f'This claim needs a run of the variant "{name}".')
        if recording.status != "finished":
            raise NoFigure(f"The run did not finish: {recording.reason or recording.status}")
        traffic = side["metric"].startswith(OF_TRAFFIC)
        key = (name, repr((side.get("window_ms"), side.get("where"))), traffic)
        if key not in cache:
            cache[key] = recording.metrics(side.get("window_ms"), side.get("where"), traffic)
        return metric_value(cache[key], side["metric"], recording.without_figure())

    return [judge_claim(claim.model_dump(mode="json"), lookup).as_dict() for claim in document.expect]


def _own(recordings: Mapping[str, Recording]) -> str:
    return BASE if BASE in recordings else next(iter(recordings))


def variants_named(document: Document) -> list[str]:
    """The variants that claims speak of, in the order in which the document lists them."""
    named = {side.get("variant") or BASE for side in metric_sides(document.expect)}
    return [name for name in document.variants if name in named]


def checks_named(document: Document) -> frozenset[str]:
    """The checks whose violations claims speak of."""
    metrics = [str(side["metric"]) for side in metric_sides(document.expect)]
    return frozenset(metric.split(".")[1] for metric in metrics if metric.startswith("checks."))


def report(
    document: Document,
    variant: str | None = None,
    seed: int | None = None,
    limits: Limits | None = None,
    trace_file: Path | None = None,
) -> dict[str, Any]:
    """Run the scenario and say what came of it: the base and every variant that a claim names, or one variant alone.

    Raises KeyError for an unknown variant, OSError for a trace file that cannot be written.
    """
    limits = limits or Limits()
    own = variant or BASE
    physical = document.physical(variant, seed)
    with nullcontext() if trace_file is None else trace_file.open("wb") as trace:
        recordings = {own: record(physical, limits, trace)}
    for name in variants_named(document) if variant is None else ():
        other = document.physical(name, seed)
        same = next((known for known in recordings.values() if known.physical == other), None)
        recordings[name] = copy(same) if same else record(other, limits)  # they may differ in prices
    for name, recording in recordings.items():
        recording.prices = prices_of(document, name or None)
        recording.named = checks_named(document)
    return {
        **_summary(recordings[own]),
        "variants": {name: _summary(recording) for name, recording in recordings.items() if name != own},
        "expect": judge_claims(document, recordings),
    }


def _summary(recording: Recording) -> dict[str, Any]:
    outcome = recording.outcome
    assert outcome is not None
    metrics = recording.metrics()
    return {
        "digest": recording.digest,
        "status": recording.status,
        "reason": recording.reason,
        "simulated_ms": outcome.simulated_ns / NS_PER_MS,
        "events": outcome.events,
        "messages": recording.messages(),
        "metrics": metrics,
        "units": recording.units(metrics),
        "checks": recording.checks(),
    }
