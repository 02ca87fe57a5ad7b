"""Rounds in which a leader asks all others whether it still leads, and what a majority has confirmed: what reads wait
for that do not go through the log (Ongaro, "Consensus: Bridging Theory and Practice", Stanford, 2014, section 6.4).
"""

from __future__ import annotations

from typing import Final

from simulations.engine.declare import Choice, Param
from simulations.engine.tasks import Cause, Future

READING_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "reads",
        "Reads",
        "choice",
        "read-index",
        choices=(
            Choice("log", "Through the log"),
            Choice("read-index", "After a majority has confirmed the leader"),
            Choice("lease", "On the leader's lease"),
            Choice("stale", "From any copy, at once"),
        ),
        help="All but the last are linearizable, a lease only while clocks drift no more than they are said to.",
        section="Clients",
    ),
    Param(
        "clock_drift_max",
        "Clocks drift up to",
        "number",
        0.01,
        "",
        0,
        10,
        help="How much faster one member's clock may run than another's: by that much a lease is shorter.",
        section="Clients",
        when=("reads", "lease"),
    ),
)


class Waiting:
    """Somebody who goes on when a round is confirmed and an index applied."""

    def __init__(self, round: int, index: int, cause: Cause) -> None:
        self.round = round
        self.index = index
        self.cause = cause
        self.future = Future()


class Confirmations:
    """Rounds are numbered from 1 on. A later one that is confirmed confirms those before it."""

    def __init__(self, now_ns: int) -> None:
        self.round = 0
        self.confirmed = 0
        self.since_ns = now_ns  # when the last one confirmed began
        self.begun_ns: dict[int, int] = {}
        self.answered: dict[str, int] = {}
        self.waiting: list[Waiting] = []

    def begin(self, now_ns: int) -> int:
        """Begin a round."""
        self.round += 1
        self.begun_ns[self.round] = now_ns
        return self.round

    def answer(self, peer: str, round: int) -> None:
        """A peer has answered a round."""
        self.answered[peer] = max(self.answered.get(peer, 0), round)

    def count(self, confirmed: int) -> bool:
        """Whether a majority, which has confirmed so many, has confirmed more than before."""
        if confirmed <= self.confirmed:
            return False
        self.since_ns = self.begun_ns[confirmed]
        for number in range(self.confirmed + 1, confirmed + 1):
            del self.begun_ns[number]
        self.confirmed = confirmed
        return True

    def wait(self, index: int, cause: Cause) -> Future:
        """Await the next round to begin, and an index."""
        one = Waiting(self.round + 1, index, cause)
        self.waiting.append(one)
        return one.future

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a round that has not begun, while none is under way."""
        return self.round == self.confirmed and any(one.round > self.round for one in self.waiting)

    def due(self, index: int) -> list[Waiting]:
        """Those who need not wait any longer, now that an index is applied."""
        found = [one for one in self.waiting if one.round <= self.confirmed and one.index <= index]
        self.waiting = [one for one in self.waiting if one.round > self.confirmed or one.index > index]
        return found
