"""The figures that checks give: `checks.` of the whole run, `reads.`, `writes.` of selected operations."""

from __future__ import annotations

from collections.abc import Sequence, Set

from simulations.checks.finding import Finding


def verdict_metrics(findings: Sequence[Finding], selected: Set[int]) -> dict[str, float]:
    """Violations of every check that came to a verdict; the other figures of selected operations alone."""
    found: dict[str, float] = {}
    for finding in findings:
        if finding.violations is not None:
            found[f"checks.{finding.name}.violations"] = finding.violations
        population = len(finding.population & selected)
        if not population:
            continue
        if finding.name == "stale_reads":
            stale = len(finding.offenders & selected)
            found["reads.stale"] = stale
            found["reads.stale_ratio"] = stale / population
        elif finding.name == "lost_writes":
            found["writes.lost"] = len(finding.offenders & selected)
    return found


def without_figure(findings: Sequence[Finding]) -> dict[str, str]:
    """Why a metric that a check gives is missing."""
    told = {
        f"checks.{finding.name}.violations": finding.explanation for finding in findings if finding.violations is None
    }
    if "checks.lost_writes.violations" in told:
        told["writes.lost"] = told["checks.lost_writes.violations"]
    return told
