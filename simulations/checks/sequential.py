"""Sequential consistency of registers: one order of all operations in which each process's own come in its order.

"The result of any execution is the same as if the operations of all the processors were executed in some sequential
order, and the operations of each individual processor appear in this sequence in the order specified by its program"
(Lamport: "How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs", IEEE Transactions on
Computers 1979). It asks nothing about time, and it is not local (Herlihy and Wing, TOPLAS 1990): each key may have
such an order by itself though all together have none. So keys are never judged apart.

To decide it is NP-complete (Gibbons and Korach: "Testing Shared Memories", SIAM Journal on Computing 1997). So an
order is searched for a while; then what contradicts cheaply is looked for: a history that is not causally consistent
is not sequentially consistent, nor is one of which a part is not that has all writes its reads saw; then the search
goes on.
"""

from __future__ import annotations

from typing import Final

from simulations.checks.causal import bad_patterns
from simulations.checks.causal_order import CausalOrder, TooLarge
from simulations.checks.finding import Finding, count_of, in_order, session_name, span, text_of
from simulations.checks.history import Histories, ambiguous, by_key, end_of, sessions
from simulations.checks.reducing import reduced
from simulations.checks.sequential_search import TURNS_MAX, search
from simulations.engine.log import Operation

TURNS_FIRST: Final = 50  # so often the search turns back before cheaper contradictions are looked for
TURNS_OF_PART: Final = 1_000  # in the search of a part of the history
WINDOW: Final = 64  # operations that are looked at by themselves
TURNS_OF_TRIAL: Final = 2_000  # in each trial of whether operations can be left out of the evidence
_NEVER: Final = 1 << 62


def sequential(histories: Histories, turns_max: int = TURNS_MAX) -> bool | None:
    """Whether a history of registers, first values None, each value written once, is sequentially consistent.

    None: the search reached its limit.
    """
    verdict = search(histories, min(TURNS_FIRST, turns_max))
    if verdict is not None:
        return verdict
    if _not_causal(histories) or _wrong_part(histories, min(TURNS_OF_PART, turns_max)) is not None:
        return False
    return search(histories, turns_max)


def _wrong_part(histories: Histories, turns_max: int) -> Histories | None:
    """A part that is wrong by itself, so that the whole is: some operations that began after one another, with the
    writes that their reads saw; or all of one key.
    """
    everything = in_order(one for history in histories.values() for one in history)
    if len(everything) > WINDOW:
        writes = {(one.key, one.value): one for one in everything if one.f == "write"}
        for first in range(0, len(everything) - WINDOW // 2, WINDOW // 2):
            window = {one.id: one for one in everything[first : first + WINDOW]}
            for one in list(window.values()):
                if one.f == "read" and (one.key, one.result) in writes:
                    origin = writes[one.key, one.result]
                    window[origin.id] = origin
            part = by_key(in_order(window.values()))
            if search(part, turns_max) is False:
                return part
    for key, history in histories.items() if len(histories) > 1 else ():
        if search({key: history}, turns_max) is False:
            return {key: history}
    return None


def _not_causal(histories: Histories) -> bool:
    try:
        return bool(bad_patterns(CausalOrder(histories)))
    except TooLarge:
        return False


def check_sequential(histories: Histories, turns_max: int = TURNS_MAX) -> Finding:
    """Judge a run's registers together."""
    doubt = ambiguous(histories)
    if doubt:
        return Finding("sequential", "unknown", f"It cannot be told what was read: {doubt}")
    lines = sessions(histories)
    if all(len(line) < 2 for line in lines.values()):
        words = "No client did two things one after the other, so there is no order of their own to respect."
        return Finding("sequential", "unknown", words)
    verdict = sequential(histories, turns_max)
    total = sum(len(line) for line in lines.values())
    if verdict is None:
        words = f"The search turned back {turns_max:,} times, its limit, over {count_of(total, 'operation')}."
        return Finding("sequential", "unknown", words)
    if verdict:
        words = (
            f"{count_of(total, 'operation')} of {count_of(len(lines), 'session')} on {count_of(len(histories), 'key')}"
            " can be put in one order that explains every answer and in which each session's own keep their order."
        )
        return Finding("sequential", "pass", words, violations=0)
    evidence = in_order(_small(histories))
    at_ns = max((end for one in evidence if (end := end_of(one, _NEVER)) != _NEVER), default=0)
    listed = "; ".join(f"{session_name(one)}: {text_of(one)} ({span(one)})" for one in evidence)
    words = (
        f"No order of these {count_of(len(evidence), 'operation')} explains every answer, if each session's own keep"
        f" their order, whenever they took effect: {listed}."
    )
    return Finding("sequential", "fail", words, evidence, at_ns, 1, by_session=True)


def _small(histories: Histories) -> list[Operation]:
    """The few operations that show it."""
    part = _wrong_part(histories, TURNS_OF_PART) or histories
    everything = in_order(one for history in part.values() for one in history)
    return reduced(everything, lambda trial: sequential(by_key(trial), TURNS_OF_TRIAL) is False)
