"""The figures that checks give: `checks.` of the whole run; `reads.`, `writes.`, `effects.` and `delivery.` of
selected operations.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from simulations.checks.finding import Finding


def verdict_metrics(findings: Sequence[Finding], selected: Set[int]) -> dict[str, float]:
    """Violations of every check that came to a verdict; the other figures of selected operations alone."""
    found: dict[str, float] = {}
    for finding in findings:
        if finding.violations is not None:
            found[f"checks.{finding.name}.violations"] = finding.violations
        found |= finding.figures
        population = len(finding.population & selected)
        if not population:
            continue
        if finding.name == "stale_reads":
            stale = len(finding.offenders & selected)
            found["reads.stale"] = stale
            found["reads.stale_ratio"] = stale / population
        elif finding.name == "lost_writes":
            found["writes.lost"] = len(finding.offenders & selected)
        elif finding.name == "duplicated_effects":
            found["effects.applied"] = population
            found["effects.duplicated"] = len(finding.offenders & selected)
            found["delivery.at_most_once"] = float(not found["effects.duplicated"])
        elif finding.name == "lost_effects":
            found["effects.lost"] = len(finding.offenders & selected)
            found["delivery.at_least_once"] = float(not found["effects.lost"])
    if "delivery.at_most_once" in found and "delivery.at_least_once" in found:
        found["delivery.exactly_once"] = found["delivery.at_most_once"] * found["delivery.at_least_once"]
    return found


def without_figure(findings: Sequence[Finding]) -> dict[str, str]:
    """Why a metric that a check gives is missing."""
    told = {
        f"checks.{finding.name}.violations": finding.explanation for finding in findings if finding.violations is None
    }
    for metric, name in (("writes.lost", "lost_writes"), ("effects.lost", "lost_effects")):
        if f"checks.{name}.violations" in told:
            told[metric] = told[f"checks.{name}.violations"]
    return told
