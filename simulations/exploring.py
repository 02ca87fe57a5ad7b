"""Proof by search: scenarios under random fault schedules, and what came of each run.

A schedule is survived when the run ends and no check finds a violation: declared rules, linearizability, and all others
that a run gets by itself. What a store does not promise is left out by name. A verdict "unknown" is no violation and no
pass; how often there was something to judge is told beside it, for *always* is worth nothing without *sometimes*.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulations.catalogue import rules_of
from simulations.checks.invariants import terms_of
from simulations.checks.judging import WEAKER
from simulations.document import Document, validate
from simulations.engine.node import Node
from simulations.engine.simulation import Limits
from simulations.engine.streams import below, nth, stream_key
from simulations.fault_schedules import schedule
from simulations.report import Recording, record

DURATION_MS_MAX: Final = 8_000  # of an explored workload: more schedules find more than longer runs
SETTLE_MS_MIN: Final = 2_000
RUN_SEEDS: Final = 1_000_000
EVENTS_MAX: Final = 2_000_000
EVENTUALLY: Final = "convergence"
PATIENCE_MS: Final = 20_000  # more, for what must come eventually: a write that began on a slow disk takes its time
FAILED: Final = "failed"  # what is violated where a node type makes a mistake
OF_ONE_COPY: Final = frozenset({"linearizability", "stale_reads", "lost_writes", *WEAKER})

Types = Mapping[str, type[Node]]


@dataclass(frozen=True)
class Explored:
    """A scenario, or a variant of it, to be explored, and the checks whose rules its store does not promise to keep."""

    slug: str
    variant: str | None = None
    without: frozenset[str] = frozenset()


EXPLORED: Final = (
    # A CP minority may never hear of a value for which nobody asks again: its replicas need not converge.
    Explored("cap-partition", "cp", frozenset({"convergence"})),
    Explored("cap-partition", "ap", OF_ONE_COPY),
    # All that is judged is promised.
    Explored("consensus-paxos"),
    Explored("consensus-raft"),
    Explored("consensus-multi-paxos"),
    Explored("consensus-zab"),
    Explored("consensus-pbft", "healthy"),
    Explored("consensus-pbft"),  # with a liar
)


@dataclass(frozen=True)
class Verdict:
    """What came of one schedule. `broken` holds the violated checks with what was found, the first of them first."""

    number: int
    seed: int
    kinds: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]
    passed: tuple[str, ...]
    unknown: tuple[str, ...]
    left_out: tuple[str, ...]  # what was violated and is not promised
    answered: int  # operations with an answer
    recovered: int  # of those, begun when all was mended
    terms: int  # in which somebody was in charge, where there is such an office
    status: str

    @property
    def survived(self) -> bool:
        """Whether nothing was violated."""
        return not self.broken

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain data; `Verdict(**…)` makes it again."""
        return dict(vars(self))


def prepared(document: Document, variant: str | None = None) -> Document:
    """The document as it is explored: one variant, short, without claims, and of faults of its own with its liars only,
    who are what a protocol is made for. Raises KeyError.
    """
    chosen = document if variant is None else document.variant(variant)
    data = chosen.data() | {"variants": {}, "expect": []}
    data["faults"] = [fault for fault in data.get("faults", []) if fault["kind"] == "byzantine"]
    data["duration_ms"] = min(chosen.duration_ms, DURATION_MS_MAX)
    data["settle_ms"] = max(chosen.settle_ms, SETTLE_MS_MIN)
    data.pop("warmup_ms", None)
    data.pop("predict", None)
    return validate(data)


def struck(document: Document, seed: int, number: int) -> Document:
    """A prepared document with a schedule's faults and with the seed of its run. Raises ValueError."""
    key = stream_key(seed, f"schedule {number}", "run")
    data = document.data()
    faults = [*data["faults"], *schedule(document, seed, number)]
    return validate(data | {"faults": faults, "seed": below(key, nth(key, 1), RUN_SEEDS)})


def explore(
    document: Document,
    seed: int,
    numbers: Iterable[int],
    without: frozenset[str] = frozenset(),
    types: Types | None = None,
) -> Iterator[Verdict]:
    """The verdicts on the schedules with these numbers, one after the other. Raises ValueError."""
    for number in numbers:
        yield judged(struck(document, seed, number), number, without, types)


def judged(
    document: Document, number: int = 0, without: frozenset[str] = frozenset(), types: Types | None = None
) -> Verdict:
    """Run a document with its faults and say what was violated."""
    physical = document.physical()
    recording = record(physical, Limits(events_max=EVENTS_MAX), None, types)
    verdicts: dict[str, list[tuple[str, str]]] = {}
    for finding in recording.findings:
        verdicts.setdefault(finding.verdict, []).append((finding.name, finding.explanation))
    if EVENTUALLY in dict(verdicts.get("fail", [])) and EVENTUALLY not in without and _comes(document, types):
        verdicts["fail"] = [found for found in verdicts["fail"] if found[0] != EVENTUALLY]
        verdicts.setdefault("unknown", []).append((EVENTUALLY, ""))
    failing = verdicts.get("fail", [])
    broken = [found for found in failing if found[0] not in without]
    if recording.status == FAILED:
        broken.insert(0, (FAILED, recording.reason))
    return Verdict(
        number=number,
        seed=document.seed,
        kinds=tuple(str(fault.kind) for fault in document.faults),
        broken=tuple(broken),
        passed=tuple(name for name, _ in verdicts.get("pass", [])),
        unknown=tuple(name for name, _ in verdicts.get("unknown", [])),
        left_out=tuple(name for name, _ in failing if name in without),
        answered=_answered(recording, 0),
        recovered=_answered(recording, _mended_ns(recording, physical["faults"])),
        terms=terms_of(recording.log, rules_of(physical)),
        status=recording.status,
    )


def _comes(document: Document, types: Types | None) -> bool:
    """Whether what was not so at the end is so after a longer rest."""
    rested = validate(document.data() | {"settle_ms": document.settle_ms + PATIENCE_MS})
    findings = record(rested.physical(), Limits(events_max=EVENTS_MAX), None, types).findings
    return all(found.verdict != "fail" for found in findings if found.name == EVENTUALLY)


def healed_ms(document: Document) -> float:
    """When the last fault is mended that starts at a given time, and is mended."""
    faults = [fault.model_dump(mode="json") for fault in document.faults if fault.at_ms is not None]
    lengths = [(fault["at_ms"], length_ms(fault)) for fault in faults]
    return max((at_ms + lasts_ms for at_ms, lasts_ms in lengths if lasts_ms < math.inf), default=0.0)


def length_ms(fault: Mapping[str, Any]) -> float:
    """How long a fault lasts; infinite where it is never mended."""
    if fault["kind"] == "restart":
        return float(fault["down_ms"])
    if fault.get("when") is not None:
        return float(fault["lasts_ms"])
    until_ms = fault.get("until_ms")
    return math.inf if until_ms is None else float(until_ms - fault["at_ms"])


def _mended_ns(recording: Recording, faults: Sequence[Mapping[str, Any]]) -> float:
    """When the last of these faults was mended that ever is, and the last node was up again."""
    log = recording.log
    last = {number: (time_ns, phase) for time_ns, number, phase in log.faults}
    ends = [
        time_ns if phase == "end" else math.inf
        for number, (time_ns, phase) in last.items()
        if faults[number].get("until_ms") is not None or faults[number].get("lasts_ms") is not None
    ]
    rows = [log.states[node, "up"] for node in range(len(log.nodes)) if (node, "up") in log.states]
    booted = [times[-1] if values[-1] else math.inf for times, values in rows]
    return max([0.0, *ends, *booted])


def _answered(recording: Recording, from_ns: float) -> int:
    operations = recording.log.operations.values()
    return sum(operation.type == "ok" and operation.start_ns >= from_ns for operation in operations)
