"""Explorations: many fault schedules of a scenario, spread over the workers, and a tally of what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from celery import group

from simulations.document import Document, parse
from simulations.document_base import canonical_bytes
from simulations.exploring import FAILED, Verdict, explore

CHUNK: Final = 20  # schedules that a worker takes at once
LOST: Final = "lost"  # the status of a schedule of which no worker told anything


def verdicts(text: str, seed: int, numbers: Sequence[int], without: frozenset[str]) -> list[dict[str, Any]]:
    """What a worker answers: the verdicts on these schedules of a prepared document, as plain data."""
    return [verdict.as_dict() for verdict in explore(parse(text), seed, numbers, without)]


def explored(document: Document, seed: int, numbers: range, without: frozenset[str]) -> Iterator[list[Verdict]]:
    """The verdicts on these schedules of a prepared document, as they come. Wants a worker at the broker; giving up
    early withdraws what has not begun.
    """
    from simulations.tasks import explore_schedules

    text = canonical_bytes(document.data()).decode()
    chunks = [numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK)]
    asked = group(
        explore_schedules.s(text, seed, chunk[0], len(chunk), sorted(without)) for chunk in chunks
    ).apply_async(queue="batch")
    chunk_of = {result.id: chunk for result, chunk in zip(asked.results, chunks, strict=True)}
    try:
        for id, meta in asked.iter_native():
            yield verdicts_of(meta["result"], chunk_of[id])
    finally:
        if not asked.ready():
            asked.revoke()
        asked.forget()


def verdicts_of(result: object, chunk: range) -> list[Verdict]:
    """The verdicts of a chunk. One that broke down says why, as a violation: nobody knows what it would have found."""
    if isinstance(result, list):
        return [Verdict(**{name: _frozen(value) for name, value in entry.items()}) for entry in result]
    why = (FAILED, f"Schedules {chunk[0]}–{chunk[-1]} were not run: {type(result).__name__}: {result}")
    return [Verdict(number, 0, (), (why,), (), (), (), 0, 0, 0, LOST) for number in chunk]


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


class Tally:
    """What came of the schedules so far."""

    def __init__(self) -> None:
        self.violated: list[Verdict] = []
        self.runs = 0
        self.answered = 0
        self.recovered = 0
        self.taken_over = 0
        self.cut_short = 0
        self.kinds: Counter[str] = Counter()
        self.checks: dict[str, Counter[str]] = {}

    def add(self, verdict: Verdict) -> None:
        """Count one schedule."""
        self.runs += 1
        self.answered += verdict.answered > 0
        self.recovered += verdict.recovered > 0
        self.taken_over += verdict.terms > 1
        self.cut_short += verdict.status == "limited"
        self.kinds.update(verdict.kinds)
        broken = [name for name, _ in verdict.broken]
        for word, names in (
            ("held", verdict.passed),
            ("violated", broken),
            ("unknown", verdict.unknown),
            ("not promised", verdict.left_out),
        ):
            for name in names:
                self.checks.setdefault(name, Counter())[word] += 1
        if not verdict.survived:
            self.violated.append(verdict)
            self.violated.sort(key=lambda one: one.number)

    def as_dict(self) -> dict[str, Any]:
        """The tally as plain data."""
        return {
            "schedules": self.runs,
            "survived": self.runs - len(self.violated),
            "violated": [
                {"schedule": one.number, "seed": one.seed, "broken": [list(found) for found in one.broken]}
                for one in self.violated
            ],
            "answered": self.answered,
            "recovered": self.recovered,
            "taken_over": self.taken_over,
            "cut_short": self.cut_short,
            "faults": dict(sorted(self.kinds.items())),
            "checks": {name: dict(counts) for name, counts in sorted(self.checks.items())},
        }
