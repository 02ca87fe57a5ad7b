"""The parameters of replicas that agree although some lie, and their lies."""

from __future__ import annotations

from typing import Final

from simulations.engine.declare import Lie, Param
from simulations.engine.disk import fsync_param

BYZANTINE_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "faulty",
        "Faulty replicas to tolerate",
        "integer",
        0,
        "",
        0,
        33,
        help="f, which takes 3 f + 1 replicas. 0: as many as the members allow.",
        section="Agreement",
    ),
    Param(
        "patience_ms",
        "Patience",
        "number",
        500,
        "ms",
        1,
        3_600_000,
        help="How long a backup waits for a request to be carried out before it leaves for the next view; doubles"
        " with each view that comes to nothing.",
        section="Agreement",
    ),
    Param(
        "checkpoint_every",
        "Checkpoint every",
        "integer",
        16,
        "requests",
        1,
        10_000,
        help="The log reaches twice as far beyond the last stable checkpoint, and no farther.",
        section="Agreement",
    ),
    Param(
        "status_ms",
        "Status every",
        "number",
        100,
        "ms",
        1,
        3_600_000,
        help="How often replicas tell each other how far they are, and what was lost is sent again.",
        section="Agreement",
    ),
    Param(
        "answer_timeout_ms",
        "Answer timeout",
        "number",
        2000,
        "ms",
        1,
        3_600_000,
        help="How long a client's request may take before it is refused as uncertain.",
        section="Agreement",
    ),
    fsync_param("Nothing is promised before it is on disk; those that wait share one."),
)

BYZANTINE_LIES: Final[tuple[Lie, ...]] = (
    Lie("silence", "Says nothing at all", "Neither to clients nor to other replicas."),
    Lie("wrong answers", "Tells wrong results", "What came of a request is told as something else."),
    Lie("equivocation", "Orders another request with each", "As the primary, under one and the same number."),
    Lie("collusion", "Tells two halves two stories", "In all phases, in step with others that lie alike."),
    Lie("forged proofs", "Claims what was never prepared", "In view changes, with seals it cannot make."),
)


def member_doubts(count: int, faulty: int) -> list[tuple[str, str]]:
    """So many members for so many faulty ones (0: as many as they allow) that others would do better."""
    if count < 3 * faulty + 1:
        words = f"Refuses everything: to tolerate {faulty} takes {3 * faulty + 1} replicas, not {count}."
    elif count < 4:
        replicas = "one replica" if count == 1 else f"{count} replicas"
        words = f"With {replicas} no faulty one is tolerated: 4 tolerate one."
    elif not faulty and (count - 1) % 3:
        more = (count + 1) // 3
        words = f"{count} replicas tolerate no more than {3 * more - 2} do; {3 * more + 1} tolerate {more}."
    else:
        return []
    return [("faulty", words)]
