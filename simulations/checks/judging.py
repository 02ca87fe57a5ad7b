"""Which checks a run gets, and what they find.

Always, where there is something to judge: the registers that clients read or wrote, the effects that nodes told of,
the replicas that show a digest, the clocks of processes that stamp their events, and the rules that node types
declare. What asks for less than linearizability (sequential and causal consistency, the session guarantees) is judged

- where a claim of the scenario names it; or
- where clients did one thing after another and the history is not linearizable, so that the question is how much is
  left; but only up to WEAKER_OPERATIONS_MAX operations, so that a verdict never keeps anybody waiting.

Causal memory, between sequential and causal consistency, and orders of delivery are judged only where a claim names
them.

A linearizable history keeps all of these, so on such a run nobody needs to be told, unless somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulations.checks.causal import check_causal
from simulations.checks.causal_memory import check_causal_memory
from simulations.checks.clock_order import check_clocks
from simulations.checks.convergence import check_convergence
from simulations.checks.delivery import check_delivery
from simulations.checks.finding import Finding
from simulations.checks.history import Histories, registers, sessions
from simulations.checks.invariants import Group, check_invariants
from simulations.checks.registers import (
    check_known_values,
    check_linearizability,
    check_lost_writes,
    check_stale_reads,
)
from simulations.checks.sequential import check_sequential
from simulations.checks.session_guarantees import NAMES, check_sessions, copies_of
from simulations.engine.log import Log

WEAKER_OPERATIONS_MAX: Final = 20_000
WEAKER: Final = ("sequential", "causal", *NAMES)


def run_checks(
    log: Log,
    replicas: dict[str, float],
    clusters: Sequence[Sequence[str]] = (),
    rules: Sequence[Group] = (),
    named: frozenset[str] = frozenset(),
) -> list[Finding]:
    """Judge a run. `clusters` are the members of each, `rules` what node types declare of some nodes, `named` the
    checks that claims name.
    """
    findings: list[Finding] = []
    histories = registers(log.operations.values())
    if histories:
        failed = [operation for operation in log.operations.values() if operation.type == "fail"]
        written = any(operation.f == "write" for operations in histories.values() for operation in operations)
        lost_writes = [check_lost_writes(histories, log.final_values())] if written else []
        findings = [
            check_linearizability(histories),
            check_stale_reads(histories),
            *lost_writes,
            check_known_values(histories, failed),
        ]
        findings += _weaker(log, histories, findings[0].verdict == "pass", named)
    if log.effects:
        findings += check_delivery(log)
    if "replicas.digest_equal" in replicas:
        findings.append(check_convergence(log, clusters, replicas))
    return findings + check_clocks(log, named) + check_invariants(log, rules)


def _weaker(log: Log, histories: Histories, linearizable: bool, named: frozenset[str]) -> list[Finding]:
    """What is asked for, or, where the history is not linearizable, all that tells how much is left."""
    lines = sessions(histories)
    several = any(len(line) > 1 for line in lines.values())
    small = sum(len(line) for line in lines.values()) <= WEAKER_OPERATIONS_MAX
    wanted = named | frozenset(WEAKER if several and small and not linearizable else ())
    found: list[Finding] = []
    if "sequential" in wanted:
        if linearizable and several:
            words = "The history is linearizable, and so sequentially consistent."
            found.append(Finding("sequential", "pass", words, violations=0))
        else:
            found.append(check_sequential(histories))
    if "causal" in wanted:
        found.append(check_causal(histories))
    if "causal_memory" in wanted:
        found.append(check_causal_memory(histories))
    if wanted.intersection(NAMES):
        found += [one for one in check_sessions(histories, copies_of(log)) if one.name in wanted]
    return found
