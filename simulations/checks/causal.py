"""Causal consistency of registers: nobody sees an effect and then misses its cause.

With values that are each written once, a history is causally consistent exactly when four bad patterns are absent
(Bouajjani, Enea, Guerraoui, Hamza: "On verifying causal consistency", POPL 2017, their model CC; the causal order is
that of Ahamad et al., "Causal memory", 1995):

- ThinAirRead: a read of a value that nobody wrote;
- CyclicCO: an operation that comes causally before itself;
- WriteCOInitRead: a read that finds nothing though a write of its key comes causally before it;
- WriteCORead: a read of a value though another write of its key comes causally between that value's write and it.

The cost grows with operations × sessions.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from simulations.checks.causal_order import CLOCK_CELLS_MAX, NOBODY, CausalOrder, TooLarge
from simulations.checks.finding import Finding, count_of, in_order, session_name, span, text_of
from simulations.checks.history import Histories, ambiguous, by_key, end_of
from simulations.checks.reducing import reduced
from simulations.engine.log import Operation

THIN_AIR: Final = "ThinAirRead"
CYCLE: Final = "CyclicCO"
MISSED: Final = "WriteCOInitRead"
REPLACED: Final = "WriteCORead"
_NEVER: Final = 1 << 62


@dataclass(frozen=True)
class Bad:
    """A bad pattern: the operation that breaks the rule (a read, or one on the cycle), and for the last two patterns
    the newer write that it missed. Operations go by their index in the causal order.
    """

    pattern: str
    index: int
    missed: int = NOBODY


def bad_patterns(order: CausalOrder) -> list[Bad]:
    """Every read that breaks causal consistency, and how; one operation stands for a cycle. Empty: consistent."""
    thin = [
        Bad(THIN_AIR, index)
        for index, one in enumerate(order.all)
        if one.f == "read" and one.result is not None and order.source[index] == NOBODY
    ]
    if order.cyclic:
        return [*thin, Bad(CYCLE, order.cycle()[0])]
    return [*thin, *_missed(order), *_replaced(order)]


def _missed(order: CausalOrder) -> list[Bad]:
    """Reads that found nothing, after something had been there."""
    first: dict[str, dict[int, int]] = {}  # by key and session: where it first wrote or saw a value
    for index, one in enumerate(order.all):
        if order.session[index] != NOBODY and (one.f == "write" or order.source[index] != NOBODY):
            first.setdefault(one.key, {}).setdefault(order.session[index], index)
    found: list[Bad] = []
    for index, one in enumerate(order.all):
        if one.f == "read" and one.result is None:
            for session, touched in first.get(one.key, {}).items():
                if order.clock[index][session] >= order.place[touched]:
                    newer = touched if order.all[touched].f == "write" else order.source[touched]
                    found.append(Bad(MISSED, index, newer))
                    break
    return found


def _replaced(order: CausalOrder) -> list[Bad]:
    """Reads of a value that had been replaced in causal order. Of one session's writes of a key the last that comes
    before the read decides: whatever comes causally before an earlier one comes before it too.
    """
    places: dict[str, dict[int, list[int]]] = {}
    writes: dict[str, dict[int, list[int]]] = {}
    alone: dict[str, list[int]] = {}  # writes in no session, though after something: of unknown outcome, and seen
    for index, one in enumerate(order.all):
        if one.f == "write" and order.session[index] != NOBODY:
            places.setdefault(one.key, {}).setdefault(order.session[index], []).append(order.place[index])
            writes.setdefault(one.key, {}).setdefault(order.session[index], []).append(index)
        elif one.f == "write" and order.previous[index] != NOBODY:
            alone.setdefault(one.key, []).append(index)
    found: list[Bad] = []
    for index, one in enumerate(order.all):
        source = order.source[index]
        if source == NOBODY:
            continue
        clock = order.clock[index]
        candidates = [write for write in alone.get(one.key, ()) if order.before(write, index)]
        for session, those in places.get(one.key, {}).items():
            upto = bisect_right(those, clock[session])
            if upto:
                candidates.append(writes[one.key][session][upto - 1])
        newer = next((write for write in candidates if write != source and order.before(source, write)), NOBODY)
        if newer != NOBODY:
            found.append(Bad(REPLACED, index, newer))
    return found


def check_causal(histories: Histories, cells_max: int = CLOCK_CELLS_MAX) -> Finding:
    """Judge a run's registers together: causality runs across keys."""
    doubt = ambiguous(histories)
    if doubt:
        return Finding("causal", "unknown", f"It cannot be told what was read: {doubt}")
    try:
        order = CausalOrder(histories, cells_max)
    except TooLarge:
        words = f"The history has more operations × sessions than the limit of {cells_max:,}."
        return Finding("causal", "unknown", words)
    if not order.sessions:
        return Finding(
            "causal", "unknown", "No client did two things one after the other, so there is no causal order."
        )
    found = bad_patterns(order)
    population = frozenset(one.id for one in order.all if one.f == "read")
    if not found:
        words = (
            f"{count_of(len(order.all), 'operation')}, {count_of(order.sessions, 'session')}: whoever saw an effect"
            " saw its causes from then on."
        )
        return Finding("causal", "pass", words, violations=0, population=population)
    evidence, words = explained(order, first_of(order, found))
    more = f" The same befell {len(found):,} reads of {len(population):,}." if len(found) > 1 else ""
    at_ns = max(end for one in evidence if (end := end_of(one, _NEVER)) != _NEVER)
    offenders = frozenset(order.all[bad.index].id for bad in found)
    return Finding("causal", "fail", words + more, evidence, at_ns, len(found), offenders, population, by_session=True)


def first_of(order: CausalOrder, found: list[Bad]) -> Bad:
    """The one that showed first."""
    return min(found, key=lambda bad: (end_of(order.all[bad.index], _NEVER), order.all[bad.index].id))


def explained(order: CausalOrder, bad: Bad) -> tuple[list[Operation], str]:
    """The few operations that show a bad pattern by themselves, and it in words."""
    chain = reduced(_evidence(order, bad), lambda trial: bool(bad_patterns(CausalOrder(by_key(trial)))))
    smaller = CausalOrder(by_key(chain))
    return in_order(chain), _words(smaller, bad_patterns(smaller)[0])


def _evidence(order: CausalOrder, bad: Bad) -> list[Operation]:
    if bad.pattern == CYCLE:
        indices = order.cycle()
    elif bad.pattern == THIN_AIR:
        indices = [bad.index]
    else:
        indices = order.chain(bad.missed, bad.index)
        if bad.pattern == REPLACED:
            indices += order.chain(order.source[bad.index], bad.missed)
    return [order.all[index] for index in sorted(set(indices))]


def _words(order: CausalOrder, bad: Bad) -> str:
    one = order.all[bad.index]
    told = f"{session_name(one)}: {text_of(one)} ({span(one)})"
    if bad.pattern == THIN_AIR:
        return f"{told}, a value that nobody had written ({THIN_AIR})."
    if bad.pattern == CYCLE:
        ring = _listed(order, order.cycle())
        return f"Each of these is a cause of the next, and the last of the first: {ring} ({CYCLE})."
    missed = order.all[bad.missed]
    causes = _listed(order, order.chain(bad.missed, bad.index))
    if bad.pattern == MISSED:
        words = f"though it came causally after the write of {missed.value} by {session_name(missed)}"
        return f"{told}, {words}: {causes} ({MISSED})."
    between = _listed(order, order.chain(order.source[bad.index], bad.missed))
    return (
        f"{told}, though {session_name(missed)} had replaced that value by {missed.value}, knowing it: {between}."
        f" And the read came causally after that: {causes} ({REPLACED})."
    )


def _listed(order: CausalOrder, chain: list[int]) -> str:
    return " → ".join(f"{session_name(order.all[index])} {text_of(order.all[index])}" for index in chain)
