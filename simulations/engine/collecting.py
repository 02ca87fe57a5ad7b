"""Telling a log collector what was done: one way, and nobody waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from simulations.engine.declare import Param
from simulations.engine.messages import Occurrence

LOG_PARAM: Final = Param(
    "log_to",
    "Tell of each answer",
    "text",
    "",
    help="A log collector with a link to it; nobody waits for it. Empty: none.",
    section="Log",
)


@dataclass(frozen=True)
class Logged(Occurrence):
    """A line of a log: a request was answered."""

    def size(self) -> int:
        return 256


def log_doubts(params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
    """What of LOG_PARAM comes to nothing."""
    if not params["log_to"] or params["log_to"] in neighbours:
        return []
    near = ", ".join(sorted(neighbours)[:5]) or "none"
    return [("log_to", f"Never told: there must be a link to it. Nodes with one: {near}.")]
