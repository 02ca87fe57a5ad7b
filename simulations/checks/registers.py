"""The checks of keyed registers: linearizability, stale reads, lost writes, values out of nowhere."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

from simulations.checks.explaining import explain
from simulations.checks.finding import Finding, called, in_order, span
from simulations.checks.history import end_of
from simulations.checks.linearizability import linearizable, proof, shown_at
from simulations.checks.searching import CONFIGURATIONS_MAX
from simulations.engine.log import Operation
from simulations.engine.versions import BESIDE

_NEVER: Final = 1 << 62
Histories = dict[str, list[Operation]]


def check_linearizability(histories: Histories, configurations_max: int = CONFIGURATIONS_MAX) -> Finding:
    """Judge each key; explain the failure that showed first."""
    verdicts = {key: linearizable(operations, configurations_max) for key, operations in histories.items()}
    failing = [key for key, verdict in verdicts.items() if verdict is False]
    unknown = [key for key, verdict in verdicts.items() if verdict is None]
    keys = _count(len(histories), "key")
    if failing:
        return _explained(histories, failing)
    if unknown:
        return Finding(
            "linearizability",
            "unknown",
            f"The search reached its limit of {configurations_max:,} configurations on {unknown[0]}"
            + (f" and {len(unknown) - 1} more" if len(unknown) > 1 else "")
            + f", of {keys}.",
        )
    total = sum(len(operations) for operations in histories.values())
    return Finding(
        "linearizability",
        "pass",
        f"{_count(total, 'operation')} on {keys}: each key's can be put in one order"
        " that explains every answer, each at a moment of its time.",
        violations=0,
    )


def _explained(histories: Histories, failing: list[str]) -> Finding:
    shown_ns = {key: shown_at(histories[key]) for key in failing}
    first = min(failing, key=lambda key: (shown_ns[key], key))
    evidence = in_order(proof(histories[first], shown_ns[first]))
    others = f" The same befell {len(failing):,} keys of {len(histories):,}." if len(failing) > 1 else ""
    return Finding(
        "linearizability",
        "fail",
        explain(evidence) + others,
        evidence,
        shown_ns[first],
        len(failing),
    )


def check_stale_reads(histories: Histories) -> Finding:
    """A read is stale when a write that began after its value's write had ended was over before the read began."""
    stale: list[tuple[Operation, Operation, Operation | None]] = []
    population: set[int] = set()
    for operations in histories.values():
        writes = [operation for operation in operations if operation.f == "write"]
        origin_of = {write.value: write for write in writes}
        ended = sorted(
            (write for write in writes if end_of(write, _NEVER) != _NEVER), key=lambda write: end_of(write, _NEVER)
        )
        ends = [end_of(write, _NEVER) for write in ended]
        newest: list[Operation] = []  # the one that began last, among the first n to end
        for write in ended:
            newest.append(write if not newest or write.start_ns > newest[-1].start_ns else newest[-1])
        for read in operations:
            if read.f != "read":
                continue
            population.add(read.id)
            over = bisect_left(ends, read.start_ns)
            origin = origin_of.get(read.result)
            if over and (
                read.result is None or (origin is not None and newest[over - 1].start_ns > end_of(origin, _NEVER))
            ):
                stale.append((read, newest[over - 1], origin))
    if not population:
        return Finding("stale_reads", "unknown", "No read was answered, so none could be stale.")
    return _stale_finding(stale, frozenset(population))


def _stale_finding(stale: list[tuple[Operation, Operation, Operation | None]], population: frozenset[int]) -> Finding:
    count = _count(len(population), "read")
    if not stale:
        return Finding(
            "stale_reads",
            "pass",
            f"None of {count} returned a value that had been replaced before.",
            violations=0,
            population=population,
        )
    read, newer, origin = min(stale, key=lambda found: (end_of(found[0], _NEVER), found[0].id))
    words = f"{len(stale):,} of {count} were stale. The first: {explain([read, newer, *([origin] if origin else [])])}"
    evidence = in_order([*([origin] if origin else []), newer, read])
    offenders = frozenset(found[0].id for found in stale)
    return Finding("stale_reads", "fail", words, evidence, end_of(read, _NEVER), len(stale), offenders, population)


def check_lost_writes(histories: Histories, held: Mapping[str, str] | None) -> Finding:
    """A write is lost when it was acknowledged and is absent at the end, but no write that came later replaced it.

    What is there at the end is what most replicas hold (`held`); in a run without replicas (None) it is what the last
    reads saw, those that began when every write had ended. A key whose history is linearizable, that last value
    included, has lost nothing: its concurrent writes were replaced in an order that all could accept.
    """
    judged: set[int] = set()
    lost: list[tuple[Operation, Operation]] = []
    for operations in histories.values():
        writes = [operation for operation in operations if operation.f == "write"]
        last = _final_read(operations, writes, held)
        if last is None:
            continue
        acknowledged = [write for write in writes if write.type == "ok"]
        judged |= {write.id for write in acknowledged}
        kept = str(last.result).split(BESIDE)  # siblings are all there
        suspects = _not_replaced([one for one in acknowledged if str(one.value) not in kept], [*operations, last])
        if suspects and linearizable([*operations, last]) is False:
            lost += [(write, last) for write in suspects]
    if not judged:
        return Finding("lost_writes", "unknown", "Of no key it is known what remained at the end.")
    population = frozenset(judged)
    if not lost:
        return Finding(
            "lost_writes",
            "pass",
            f"None of {_count(len(judged), 'acknowledged write')} was lost.",
            violations=0,
            population=population,
        )
    write, read = min(lost, key=lambda found: (found[0].start_ns, found[0].id))
    words = (
        f"{len(lost):,} of {_count(len(judged), 'acknowledged write')} were lost."
        f" The first: {called(write.node)} wrote {write.value} to {write.key} ({span(write)}); nobody"
        f" wrote after that, yet {'at the end it held' if read.id < 0 else f'{called(read.node)} read'} {read.result}."
    )
    offenders = frozenset(found[0].id for found in lost)
    return Finding(
        "lost_writes",
        "fail",
        words,
        in_order([write, read] if read.id >= 0 else [write]),
        end_of(read, _NEVER),
        len(lost),
        offenders,
        population,
    )


def _final_read(
    operations: Sequence[Operation], writes: Sequence[Operation], held: Mapping[str, str] | None
) -> Operation | None:
    """A read of what remained in the end: one of a client, or one made up (id −1) from what the replicas hold."""
    quiet_ns = max((operation.end_ns or _NEVER for operation in writes), default=_NEVER)
    if held is None:
        final = [read for read in operations if read.f == "read" and read.start_ns > quiet_ns]
        return max(final, key=lambda read: (read.start_ns, read.id), default=None)
    if not writes or writes[0].key not in held or quiet_ns == _NEVER:
        return None
    text = held[writes[0].key]
    value = next((write.value for write in writes if str(write.value) == text), text)
    after_ns = max(quiet_ns, *(operation.end_ns or 0 for operation in operations)) + 1
    return Operation(-1, after_ns, "", -1, "read", writes[0].key, None, after_ns, "ok", value)


def _not_replaced(suspects: Sequence[Operation], operations: Sequence[Operation]) -> list[Operation]:
    """Those that no write replaced which came after their end, or from a process that had read them. A write of unknown
    outcome whose value nobody ever saw replaces nothing.
    """
    seen = {read.result for read in operations if read.f == "read"}
    writes = [one for one in operations if one.f == "write" and (one.type == "ok" or one.value in seen)]
    last_start_ns = max((write.start_ns for write in writes), default=0)
    return [
        write
        for write in suspects
        if last_start_ns < end_of(write, _NEVER) and not _seen_and_replaced(write, writes, operations)
    ]


def _seen_and_replaced(write: Operation, writes: Sequence[Operation], operations: Sequence[Operation]) -> bool:
    seen_ns: dict[int, int] = {}  # by process: when it first knew the value
    for read in operations:
        if read.f == "read" and read.result == write.value:
            seen_ns[read.process] = min(end_of(read, _NEVER), seen_ns.get(read.process, _NEVER))
    return any(other.start_ns >= seen_ns.get(other.process, _NEVER) for other in writes)


def check_known_values(histories: Histories, failed: Sequence[Operation]) -> Finding:
    """Every read returns a value whose write had begun, and had not failed without effect."""
    population: set[int] = set()
    wrong: list[tuple[Operation, str]] = []
    undone = {(write.key, write.value): write for write in failed if write.f == "write"}
    for key, operations in histories.items():
        begun = {operation.value: operation.start_ns for operation in operations if operation.f == "write"}
        for read in operations:
            if read.f != "read":
                continue
            population.add(read.id)
            if read.result is not None and begun.get(read.result, _NEVER) > end_of(read, _NEVER):
                refused = undone.get((key, read.result))
                why = f"{called(refused.node)}'s write of it had failed" if refused else "nobody had begun to write it"
                wrong.append((read, why))
    if not population:
        return Finding("known_values", "unknown", "No read was answered.")
    everyone = frozenset(population)
    if not wrong:
        return Finding(
            "known_values",
            "pass",
            f"All {_count(len(population), 'read')} returned what a client had written.",
            violations=0,
            population=everyone,
        )
    read, why = min(wrong, key=lambda found: (end_of(found[0], _NEVER), found[0].id))
    words = f"{called(read.node)} read {read.result} from {read.key} ({span(read)}), but {why}."
    return Finding(
        "known_values",
        "fail",
        words,
        [read],
        end_of(read, _NEVER),
        len(wrong),
        frozenset(found[0].id for found in wrong),
        everyone,
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
