"""A report as text for a terminal: aligned figures, verdicts in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

from simulations.checks.goals import figure
from simulations.document import Document

WIDTH = 100
WORDS = {"pass": "holds", "fail": "FAILS", "unknown": "unknown", True: "holds", False: "FAILS", None: "not judged"}


def as_text(document: Document, variant: str | None, seed: int | None, result: Mapping[str, Any]) -> str:
    """The report on a run, on those of its variants, and on the claims."""
    lines = [document.title, f"seed {document.seed if seed is None else seed}", ""]
    lines += _run(variant or "", result)
    for name, summary in result["variants"].items():
        lines += ["", *_run(name, summary)]
    if result["expect"]:
        lines += ["", "Claims", *_claims(result["expect"])]
    return "\n".join(lines) + "\n"


def _run(name: str, run: Mapping[str, Any]) -> Iterator[str]:
    yield f"Variant {name}" if name else "Base"
    yield f"  {run['status']}" + (f": {run['reason']}" if run["reason"] else "")
    yield f"  digest     {run['digest'] or '—'}"
    messages = run["messages"]
    dropped = "".join(f", {count:,} dropped ({reason})" for reason, count in messages["dropped"].items())
    yield f"  simulated  {run['simulated_ms']:,.0f} ms, {run['events']:,} events"
    yield f"  messages   {messages['sent']:,} sent, {messages['delivered']:,} delivered{dropped}"
    yield "  metrics"
    yield from _metrics(run["metrics"], run["units"])
    if run["checks"]:
        yield "  checks"
        for check in run["checks"]:
            yield from _wrapped(f"    {WORDS[check['verdict']]:10} ", f"{check['title']}. {check['explanation']}")
            yield from _evidence(check["evidence"])


def _metrics(metrics: Mapping[str, float], units: Mapping[str, str]) -> Iterator[str]:
    wide = max((len(name) for name in metrics), default=0)
    for name, value in metrics.items():
        unit = units.get(name, "")
        yield f"    {name:{wide}}  {figure(value):>12}" + (f" {unit}" if unit not in ("", "ratio") else "")


def _evidence(evidence: list[dict[str, Any]]) -> Iterator[str]:
    for entry in evidence:
        end = "never known" if entry["end_ms"] is None else f"{entry['end_ms']:,.3f}"
        yield f"      {entry['start_ms']:>12,.3f} – {end:<12} ms  {entry['client']}: {entry['text']}"


def _claims(claims: list[dict[str, Any]]) -> Iterator[str]:
    for claim in claims:
        yield from _wrapped(f"  {WORDS[claim['ok']]:10} ", claim["claim"])
        known = claim["actual"] is not None
        told = f"{figure(claim['actual'])} {claim['op']} {figure(claim['right'])}" if known else ""
        detail = told if claim["ok"] else claim["reason"]
        if detail:
            yield from _wrapped(" " * 13, detail)


def _wrapped(head: str, text: str) -> list[str]:
    return fill(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head)).splitlines()
