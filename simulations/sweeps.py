"""Sweeps: scenarios on many seeds, spread over the workers, and what came of each claim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from celery import group
from celery.result import GroupResult

from simulations.checks.goals import metric_sides
from simulations.document import Document, parse
from simulations.report import report

# What these count must not come about on any seed; other claims speak of chance, and may fail on one in twenty.
SAFETY: Final = ("checks.", "reads.stale", "writes.lost", "effects.")
STATISTICAL_SHARE: Final = 0.95


@dataclass(frozen=True)
class Row:
    """A claim of a scenario over seeds. `actual` is the left side's value on each seed, None where it has none."""

    slug: str
    claim: str
    safety: bool
    seeds: tuple[int, ...]
    held: tuple[bool, ...]
    actual: tuple[float | None, ...]
    reasons: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """On every seed where it is about safety, else on 19 of 20."""
        need = 1.0 if self.safety else STATISTICAL_SHARE
        return sum(self.held) >= need * len(self.held)

    def as_dict(self) -> dict[str, Any]:
        """The row as plain data."""
        failing = [seed for seed, ok in zip(self.seeds, self.held, strict=True) if not ok]
        return {
            "scenario": self.slug,
            "claim": self.claim,
            "safety": self.safety,
            "holds": self.holds,
            "held": sum(self.held),
            "seeds": len(self.seeds),
            "failing_seeds": failing,
            "actual": list(self.actual),
            "reasons": [reason for reason in self.reasons if reason],
        }


def claims(text: str, seed: int) -> list[dict[str, Any]]:
    """The claims of a scenario document, judged on its runs with one seed. Raises DocumentError."""
    judged: list[dict[str, Any]] = report(parse(text), seed=seed)["expect"]
    return judged


def sweep(texts: dict[str, str], seeds: Sequence[int]) -> Iterator[list[Row]]:
    """The rows of one scenario after the other, as soon as all its seeds are through; documents by slug. Wants a
    worker at the broker; giving up early withdraws what has not begun.
    """
    from simulations.tasks import judge_seed

    asked = {
        slug: group(judge_seed.s(text, seed) for seed in seeds).apply_async(queue="batch")
        for slug, text in texts.items()
    }
    try:
        for slug, result in asked.items():
            yield rows(slug, parse(texts[slug]), seeds, results(result))
    finally:
        for result in asked.values():
            if not result.ready():
                result.revoke()
            result.forget()


def results(of: GroupResult) -> list[list[dict[str, Any]] | Exception]:
    """What each seed gave: its claims, or why there are none."""
    found = of.join_native(propagate=False) if of.supports_native_join else of.join(propagate=False)
    return list(found)


def rows(
    slug: str, document: Document, seeds: Sequence[int], found: Sequence[list[dict[str, Any]] | Exception]
) -> list[Row]:
    """One row a claim."""

    def cell(result: list[dict[str, Any]] | Exception, index: int) -> dict[str, Any]:
        if isinstance(result, Exception):
            return {"ok": False, "actual": None, "reason": f"{type(result).__name__}: {result}"}
        return result[index]

    told: list[Row] = []
    for index, claim in enumerate(document.expect):
        cells = [cell(result, index) for result in found]
        told.append(
            Row(
                slug,
                claim.claim,
                any(side["metric"].startswith(SAFETY) for side in metric_sides([claim])),
                tuple(seeds),
                tuple(bool(one["ok"]) for one in cells),
                tuple(one["actual"] for one in cells),
                tuple(one["reason"] for one in cells),
            )
        )
    return told
