"""Causal memory: each client can put all that it read into one order of its own, causes before effects.

For each process its own operations and all writes can be put in one order that respects the causal order and explains
each of its reads (Ahamad, Neiger, Burns, Kohli, Hutto: "Causal memory", Distributed Computing 1995). Stronger than
`causal`, weaker than `sequential`: two clients may disagree on the order of writes that did not cause each other, but
none may change its mind. Checked by the patterns of Bouajjani, Enea, Guerraoui, Hamza (POPL 2017, their model CM): for
each process, what happened before what it read is taken in turn to have happened before it, until nothing is added;
then nothing may come before itself (CyclicHB), nor a write before a read that found nothing (WriteHBInitRead).

The cost is cubic at worst, by bit sets, so that only histories of up to OPERATIONS_MAX are judged.
"""

from __future__ import annotations

from typing import Final

from simulations.checks.causal import bad_patterns, explained, first_of
from simulations.checks.causal_order import NOBODY, CausalOrder, TooLarge
from simulations.checks.finding import Finding, count_of, in_order, session_name, span, text_of
from simulations.checks.history import Histories, ambiguous, by_key, end_of
from simulations.checks.reducing import reduced
from simulations.engine.log import Operation

OPERATIONS_MAX: Final = 10_000
_NEVER: Final = 1 << 62


def changes_its_mind(order: CausalOrder) -> list[int]:
    """For each process whose reads no order of its own explains, one of its operations. `order` is causal otherwise."""
    lasts = {session: index for index, session in enumerate(order.session) if session != NOBODY}
    writes: dict[str, int] = {}
    for index, one in enumerate(order.all):
        if one.f == "write":
            writes[one.key] = writes.get(one.key, 0) | 1 << index
    return [last for last in lasts.values() if not _explicable(order, last, writes)]


def _explicable(order: CausalOrder, last: int, writes: dict[str, int]) -> bool:
    session = order.session[last]
    past = _past(order, last)
    reads = [index for index in past if order.session[index] == session and order.all[index].f == "read"]
    direct = {index: order.causes(index) for index in past}
    before = dict.fromkeys(past, 0)
    while True:
        _close(past, direct, before)
        if any(before[index] >> index & 1 for index in past):
            return False
        grown = False
        for read in reads:
            others = before[read] & writes[order.all[read].key] if order.all[read].key in writes else 0
            source = order.source[read]
            if source == NOBODY and others:
                return False
            new = others & ~(1 << source) & ~before[source] if source != NOBODY else 0
            while new:
                other = new.bit_length() - 1
                new ^= 1 << other
                direct[source].append(other)
                grown = True
        if not grown:
            return True


def _past(order: CausalOrder, last: int) -> list[int]:
    """What comes causally before an operation, and it, causes first."""
    found = {last}
    open_ones = [last]
    while open_ones:
        for cause in order.causes(open_ones.pop()):
            if cause not in found:
                found.add(cause)
                open_ones.append(cause)
    return [index for index in order.order if index in found]


def _close(past: list[int], direct: dict[int, list[int]], before: dict[int, int]) -> None:
    """Let `before` hold, as bits, all that comes before each operation, by way of others too."""
    changed = True
    while changed:
        changed = False
        for index in past:
            mask = before[index]
            for cause in direct[index]:
                mask |= before[cause] | 1 << cause
            if mask != before[index]:
                before[index] = mask
                changed = True


def _wrong(operations: list[Operation]) -> bool:
    order = CausalOrder(by_key(operations))
    return bool(bad_patterns(order)) or bool(changes_its_mind(order))


def check_causal_memory(histories: Histories, operations_max: int = OPERATIONS_MAX) -> Finding:
    """Judge a run's registers together."""
    name = "causal_memory"
    doubt = ambiguous(histories)
    if doubt:
        return Finding(name, "unknown", f"It cannot be told what was read: {doubt}")
    total = sum(len(history) for history in histories.values())
    try:
        if total > operations_max:
            raise TooLarge
        order = CausalOrder(histories)
    except TooLarge:
        return Finding(
            name, "unknown", f"The history has more than {operations_max:,} operations, or too many sessions."
        )
    if not order.sessions:
        return Finding(name, "unknown", "No client did two things one after the other, so there is no causal order.")
    bad = bad_patterns(order)
    if bad:
        evidence, words = explained(order, first_of(order, bad))
        return Finding(name, "fail", words, evidence, _shown_at(evidence), len(bad), by_session=True)
    lasts = changes_its_mind(order)
    if not lasts:
        words = (
            f"Each of {count_of(order.sessions, 'session')} can put all it read in one order, causes before effects."
        )
        return Finding(name, "pass", words, violations=0)
    evidence = in_order(reduced(in_order(order.all[index] for index in _past(order, lasts[0])), _wrong))
    listed = "; ".join(f"{session_name(one)}: {text_of(one)} ({span(one)})" for one in evidence)
    words = f"No order of these puts causes before effects and explains what one client read: {listed}."
    return Finding(name, "fail", words, evidence, _shown_at(evidence), len(lasts), by_session=True)


def _shown_at(evidence: list[Operation]) -> int:
    return max((end for one in evidence if (end := end_of(one, _NEVER)) != _NEVER), default=0)
