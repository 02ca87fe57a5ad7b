"""The parameters of gossip: rumours, anti-entropy, rounds, disk."""

from __future__ import annotations

from typing import Final

from simulations.engine.declare import Choice, Param
from simulations.engine.disk import fsync_param

NONE: Final = "none"
PUSH: Final = "push"
PULL: Final = "pull"
BOTH: Final = "push-pull"
NEVER: Final = "never"
BLIND: Final = "blind"
FEEDBACK: Final = "feedback"
COIN: Final = "coin"
COUNTER: Final = "counter"
TOGETHER: Final = "together"

GOSSIP_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "rumours",
        "Rumours",
        "choice",
        PUSH,
        choices=(Choice(NONE, "None"), Choice(PUSH, "Push"), Choice(PULL, "Pull")),
        help="Push: who is infected tells a partner. Pull: everybody asks a partner.",
        section="Rumour mongering",
    ),
    Param(
        "interest",
        "Loses interest",
        "choice",
        FEEDBACK,
        choices=(
            Choice(FEEDBACK, "When the partner knew (feedback)"),
            Choice(BLIND, "Whether the partner knew or not (blind)"),
            Choice(NEVER, "Never"),
        ),
        help="What makes it stop spreading a rumour. Never: it goes on for ever.",
        section="Rumour mongering",
    ),
    Param(
        "by",
        "By",
        "choice",
        COUNTER,
        choices=(Choice(COUNTER, "A counter: the k-th time"), Choice(COIN, "A coin: with probability 1 / k")),
        section="Rumour mongering",
        when=("interest", FEEDBACK, BLIND),
    ),
    Param(
        "k",
        "k",
        "integer",
        2,
        "",
        1,
        1000,
        help="How persistent it is.",
        section="Rumour mongering",
        when=("interest", FEEDBACK, BLIND),
    ),
    Param(
        "every_ms",
        "A round every",
        "number",
        1000,
        "ms",
        1,
        3_600_000,
        help="Of rumour mongering: one partner a round.",
        section="Rumour mongering",
    ),
    Param(
        "anti_entropy",
        "Anti-entropy",
        "choice",
        NONE,
        choices=(Choice(NONE, "None"), Choice(PUSH, "Push"), Choice(PULL, "Pull"), Choice(BOTH, "Push and pull")),
        help="It compares all it has with a partner: pushes what the partner lacks, pulls what it lacks itself.",
        section="Anti-entropy",
    ),
    Param(
        "compare_ms",
        "A comparison every",
        "number",
        10_000,
        "ms",
        1,
        3_600_000,
        section="Anti-entropy",
        when=("anti_entropy", PUSH, PULL, BOTH),
    ),
    Param(
        "rounds",
        "Rounds begin",
        "choice",
        "apart",
        choices=(Choice("apart", "Each at a time of its own"), Choice(TOGETHER, "Together")),
        help="Together: all act at the same moments, and what one learns in a round counts from the next one on.",
        section="Rounds",
    ),
    fsync_param("No write is acknowledged before it is on disk."),
)
