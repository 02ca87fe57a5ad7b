"""Delivery: how often what an operation asked for was done.

A node that does something which must be done once tells the trace (`Node.effect`): for which client operation, and
under which key where an operation has several such effects. An effect that came about twice under one operation and
key is *duplicated*. It is *lost* when its operation was answered with success and it never came about; only sorts of
operations that have effects in the run are held to that.

Delivery without duplicates is at most once, without losses at least once, without either exactly once (Birrell and
Nelson: "Implementing Remote Procedure Calls", ACM TOCS 2(1), 1984; Spector: "Performing remote operations
efficiently on a local computer network", CACM 25(4), 1982).
"""

from __future__ import annotations

from simulations.checks.finding import Finding, called, count_of, moment, span, text_of
from simulations.engine.log import Log, Operation

SHOWN_MAX = 5  # of the moments at which one effect came about


def check_delivery(log: Log) -> list[Finding]:
    """Judge what was done twice, and what was confirmed and not done."""
    done: dict[tuple[int, str], list[tuple[int, str]]] = {}  # by operation and key: when, and where
    for time_ns, node, key, op in log.effects:
        done.setdefault((op, key), []).append((time_ns, log.nodes[node]))
    twice = {which: times for which, times in done.items() if len(times) > 1}
    applied = {op for op, _ in done}
    sorts = {log.operations[op].f for op in applied if op in log.operations}
    confirmed = [one for one in log.operations.values() if one.type == "ok" and one.f in sorts]
    lost = [one for one in confirmed if one.id not in applied]
    semantics = _semantics(bool(twice), bool(lost)) if confirmed else ""
    return [_duplicated(log, done, twice, semantics), _lost(confirmed, lost, semantics)]


def _semantics(twice: bool, lost: bool) -> str:
    if twice and lost:
        return " Delivery was neither at most nor at least once."
    return f" Delivery was {'at least' if twice else 'at most' if lost else 'exactly'} once."


def _duplicated(
    log: Log,
    done: dict[tuple[int, str], list[tuple[int, str]]],
    twice: dict[tuple[int, str], list[tuple[int, str]]],
    semantics: str,
) -> Finding:
    name = "duplicated_effects"
    population = frozenset(op for op, _ in done)
    if not twice:
        words = f"None of {count_of(len(done), 'effect')} came about more than once.{semantics}"
        return Finding(name, "pass", words, violations=0, population=population)
    (op, key), times = min(twice.items(), key=lambda found: (found[1][1], found[0]))
    operation = log.operations.get(op)
    what = key or "what nobody asked for"
    if operation is not None:
        tried = f", tried {count_of(operation.attempts, 'time')}" if operation.attempts > 1 else ""
        what = f"{called(operation.node)}'s {text_of(operation)}{f' ({key})' if key else ''} ({span(operation)}{tried})"
    moments = ", ".join(f"at {moment(time_ns)} on {called(node)}" for time_ns, node in times[:SHOWN_MAX])
    more = f" and {len(times) - SHOWN_MAX:,} times more" if len(times) > SHOWN_MAX else ""
    words = (
        f"{len(twice):,} of {count_of(len(done), 'effect')} came about more than once. The first: {what} was done"
        f" {moments}{more}.{semantics}"
    )
    evidence = [operation] if operation is not None else []
    offenders = frozenset(op for op, _ in twice)
    return Finding(name, "fail", words, evidence, times[1][0], len(twice), offenders, population)


def _lost(confirmed: list[Operation], lost: list[Operation], semantics: str) -> Finding:
    name = "lost_effects"
    if not confirmed:
        return Finding(name, "unknown", "No operation of a sort that has effects was answered with success.")
    population = frozenset(one.id for one in confirmed)
    count = count_of(len(confirmed), "confirmed operation")
    if not lost:
        return Finding(name, "pass", f"Each of {count} had its effect.{semantics}", violations=0, population=population)
    first = min(lost, key=lambda one: (one.end_ns or 0, one.id))
    words = (
        f"{len(lost):,} of {count} had no effect. The first: {called(first.node)}'s {text_of(first)} ({span(first)})"
        f" was answered with success, and never done.{semantics}"
    )
    offenders = frozenset(one.id for one in lost)
    return Finding(name, "fail", words, [first], first.end_ns, len(lost), offenders, population)
