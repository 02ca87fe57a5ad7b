"""Which checks a run gets, and what they find."""

from __future__ import annotations

from simulations.checks.finding import Finding
from simulations.checks.history import registers
from simulations.checks.registers import (
    check_known_values,
    check_linearizability,
    check_lost_writes,
    check_stale_reads,
)
from simulations.engine.log import Log


def run_checks(log: Log, replicas: dict[str, float]) -> list[Finding]:
    """Judge a run: its registers where clients read or wrote keys, its replicas where nodes show a digest."""
    findings: list[Finding] = []
    histories = registers(log.operations.values())
    if histories:
        failed = [operation for operation in log.operations.values() if operation.type == "fail"]
        findings = [
            check_linearizability(histories),
            check_stale_reads(histories),
            check_lost_writes(histories, log.final_values()),
            check_known_values(histories, failed),
        ]
    if "replicas.digest_equal" in replicas:
        findings.append(_convergence(replicas))
    return findings


def _convergence(replicas: dict[str, float]) -> Finding:
    if replicas["replicas.digest_equal"]:
        after = replicas["replicas.converged_ms"]
        words = f"All live replicas held the same data for good {after:,.1f} ms after the last heal and the last write."
        return Finding("convergence", "pass", words, violations=0)
    return Finding("convergence", "fail", "At the end the live replicas held different data.", violations=1)
