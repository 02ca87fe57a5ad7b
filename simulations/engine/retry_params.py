"""The parameters of a client's retries."""

from __future__ import annotations

from typing import Final

from simulations.engine.declare import Choice, Param

_RETRYING: Final = ("retry", "fixed", "exponential")

RETRIES: Final[tuple[Param, ...]] = (
    Param(
        "retry",
        "Retry",
        "choice",
        "none",
        choices=(
            Choice("none", "Never"),
            Choice("fixed", "After a fixed pause"),
            Choice("exponential", "After pauses that double"),
        ),
        help="A failed attempt is made again, of the next target if there are several. It stays one operation.",
        section="Retries",
    ),
    Param(
        "attempts_max",
        "Attempts",
        "integer",
        3,
        "",
        2,
        100,
        help="The first one counted.",
        section="Retries",
        when=_RETRYING,
    ),
    Param(
        "backoff_ms",
        "Pause",
        "number",
        100,
        "ms",
        0,
        3_600_000,
        help="Before the second attempt.",
        section="Retries",
        when=_RETRYING,
    ),
    Param(
        "backoff_max_ms",
        "Longest pause",
        "number",
        10_000,
        "ms",
        0,
        3_600_000,
        help="However often it doubles.",
        section="Retries",
        when=_RETRYING,
    ),
    Param(
        "jitter",
        "Jitter",
        "choice",
        "none",
        choices=(
            Choice("none", "None"),
            Choice("full", "Full: anything up to the pause"),
            Choice("equal", "Equal: the second half at random"),
            Choice("decorrelated", "Decorrelated: up to three times the last"),
        ),
        help="Without it, those who failed together come back together.",
        section="Retries",
        when=_RETRYING,
    ),
    Param(
        "retry_budget",
        "Retry budget",
        "boolean",
        False,
        help="A retry costs a token; without one there is none.",
        section="Retries",
        when=_RETRYING,
    ),
    Param(
        "budget_tokens",
        "Tokens",
        "integer",
        10,
        "",
        1,
        100_000,
        help="How many the bucket holds; it starts full.",
        section="Retries",
        when=("retry_budget", True),
    ),
    Param(
        "budget_per_operation",
        "Tokens an operation",
        "number",
        0.1,
        "",
        0,
        10,
        help="What each new operation puts in: 0.1 allows one retry for ten operations.",
        section="Retries",
        when=("retry_budget", True),
    ),
)
