"""Circuit breakers: whoever has failed often enough is not asked for a while.

Closed, a breaker lets every call through and watches how they end: by count it opens after so many failures in a row,
by rate when that share of its last calls failed. Open, it refuses at once, which spares the caller the waiting and the
callee the load. After a time it is half open: so many trial calls go through, one failure opens it again, and when all
succeed it closes (Nygard: "Release It!", 2nd edition, chapter 5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure, Refused

CLOSED: Final = "closed"
OPEN: Final = "open"
HALF_OPEN: Final = "half-open"
REFUSED: Final = -1  # in place of a pass
BULKHEAD_FULL: Final = "bulkhead full"  # a failure of the caller's own, which says nothing of the callee

BREAKER_SHOW: Final = Show("breaker", "Breaker")
BREAKER_METRICS: Final[tuple[Metric, ...]] = (
    Metric("breaker.opened", "times", "How often one of its circuit breakers opened.", "count"),
    Metric("breaker.trials", "calls", "Trial calls that half-open circuit breakers let through.", "count"),
    Metric("breaker.closed", "times", "How often one closed again, after trials that succeeded.", "count"),
    Metric("breaker.refused", "calls", "Calls that an open circuit breaker refused.", "count"),
)

_WITH_BREAKER: Final = ("breaker", "count", "rate")
BREAKER_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "breaker",
        "Circuit breaker",
        "choice",
        "none",
        choices=(
            Choice("none", "None"),
            Choice("count", "Opens after failures in a row"),
            Choice("rate", "Opens at a share of failures"),
        ),
        help="One for each target. Open, it refuses calls at once.",
        section="Circuit breaker",
    ),
    Param(
        "breaker_failures",
        "Failures in a row",
        "integer",
        5,
        "",
        1,
        1_000,
        help="As many open it.",
        section="Circuit breaker",
        when=("breaker", "count"),
    ),
    Param(
        "breaker_ratio",
        "Share of failures",
        "number",
        0.5,
        "",
        0.01,
        1,
        help="Of the last calls; as large a share opens it.",
        section="Circuit breaker",
        when=("breaker", "rate"),
    ),
    Param(
        "breaker_calls",
        "Calls looked at",
        "integer",
        20,
        "",
        2,
        10_000,
        help="The last ones; before there are as many, it stays closed.",
        section="Circuit breaker",
        when=("breaker", "rate"),
    ),
    Param(
        "breaker_open_ms",
        "Stays open",
        "number",
        5_000,
        "ms",
        0.001,
        3_600_000,
        help="Then trial calls go through.",
        section="Circuit breaker",
        when=_WITH_BREAKER,
    ),
    Param(
        "breaker_trials",
        "Trial calls",
        "integer",
        1,
        "",
        1,
        1_000,
        help="All must succeed for it to close.",
        section="Circuit breaker",
        when=_WITH_BREAKER,
    ),
)


class Breaker:
    """The circuit breaker before one target. `board` is told of each change."""

    def __init__(self, board: Breakers, target: str) -> None:
        self.board = board
        self.target = target
        self.state = CLOSED
        self.era = 0  # calls of an earlier era say nothing about this one
        self.in_a_row = 0
        self.recent: deque[bool] = deque()  # whether each of the last calls failed
        self.failed_recently = 0
        self.trials = 0
        self.succeeded = 0

    def enter(self) -> int:
        """A pass for one call, to be handed back with how it ended; REFUSED for none."""
        if self.state == OPEN:
            return REFUSED
        if self.state == HALF_OPEN:
            if self.trials >= self.board.trials_max:
                return REFUSED
            self.trials += 1
            self.board.node.publish("breaker.trials", 1)
        return self.era

    @property
    def shut(self) -> bool:
        """No call would be let through now."""
        return self.state == OPEN or (self.state == HALF_OPEN and self.trials >= self.board.trials_max)

    def leave(self, era: int, failed: bool) -> None:
        """A call that was let through has ended."""
        if era != self.era:
            return
        if self.state == HALF_OPEN:
            self.succeeded += not failed
            if failed:
                self.open("a trial call failed")
            elif self.succeeded >= self.board.trials_max:
                self.become(CLOSED)
                self.board.node.publish("breaker.closed", 1)
        elif self.board.by_rate:
            self.weigh(failed)
        else:
            self.in_a_row = self.in_a_row + 1 if failed else 0
            if self.in_a_row >= self.board.failures_max:
                self.open(f"{self.in_a_row} calls in a row failed")

    def forget(self, era: int) -> None:
        """A call that was let through was given up: it tells nothing, and a trial may be made again."""
        if era == self.era and self.state == HALF_OPEN:
            self.trials -= 1

    def weigh(self, failed: bool) -> None:
        """Keep the last calls, and open when too many of them failed."""
        self.recent.append(failed)
        self.failed_recently += failed
        if len(self.recent) > self.board.calls:
            self.failed_recently -= self.recent.popleft()
        if len(self.recent) == self.board.calls and self.failed_recently >= self.board.ratio * self.board.calls:
            self.open(f"{self.failed_recently} of {self.board.calls} calls failed")

    def open(self, why: str) -> None:
        """Refuse from now on, for a while."""
        self.become(OPEN)
        self.board.opened(self, why)

    def half_open(self) -> None:
        """The while is over."""
        if self.state == OPEN:
            self.become(HALF_OPEN)

    def become(self, state: str) -> None:
        """Begin anew in another state."""
        self.state = state
        self.era += 1
        self.in_a_row = self.failed_recently = self.trials = self.succeeded = 0
        self.recent.clear()
        self.board.changed(self)


class Breakers:
    """The circuit breakers of a process, one a target. Shows `breaker`: the most alarming state."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.by_rate = node.text("breaker") == "rate"
        self.failures_max = node.integer("breaker_failures")
        self.ratio = node.number("breaker_ratio")
        self.calls = node.integer("breaker_calls")
        self.open_ns = to_ns(node.number("breaker_open_ms"))
        self.trials_max = node.integer("breaker_trials")
        self.of: dict[str, Breaker] = {target: Breaker(self, target) for target in node.targets}
        node.show("breaker", CLOSED)

    async def guard(self, target: str, attempt: Callable[[], Coroutine[Any, Any, Body]]) -> Body:
        """Make an attempt, if its circuit lets it through. Raises Refused where it is open."""
        breaker = self.of[target]
        era = breaker.enter()
        if era == REFUSED:
            self.node.publish("breaker.refused", 1)
            raise Refused("circuit open", False)
        try:
            reply = await attempt()
        except Failure as failure:
            if isinstance(failure, Cancelled) or failure.reason == BULKHEAD_FULL:
                breaker.forget(era)
            else:
                breaker.leave(era, True)
            raise
        breaker.leave(era, False)
        return reply

    def opened(self, breaker: Breaker, why: str) -> None:
        """One has opened: it is half open after the time that it stays so."""
        self.node.note(f"circuit to {breaker.target} opened: {why}")
        self.node.publish("breaker.opened", 1)
        self.node.timer(self.open_ns, f"breaker {breaker.target}", breaker.half_open)

    def changed(self, breaker: Breaker) -> None:
        """One is in another state."""
        if breaker.state != OPEN:
            self.node.note(f"circuit to {breaker.target} {breaker.state}")
        states = [one.state for one in self.of.values()]
        self.node.show("breaker", OPEN if OPEN in states else HALF_OPEN if HALF_OPEN in states else CLOSED)


def breakers(node: Node) -> Breakers | None:
    """The circuit breakers that a node's parameters describe; None for none."""
    return None if node.text("breaker") == "none" else Breakers(node)
