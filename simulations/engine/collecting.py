"""Telling a log collector what was done: one way, and nobody waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
