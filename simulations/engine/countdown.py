"""The timer of a connection: set anew with each acknowledgement, due only in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulations.engine.kernel import Event

if TYPE_CHECKING:
    from simulations.engine.connections import Connection


class Countdown:
    """A timer that is set far more often than it comes due: one event stands in the queue and looks how it is then."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.kernel = connection.end.network.kernel
        self.due_ns = -1  # −1: it is not set
        self.planned_ns = -1  # for when the event stands in the queue, −1: none does
        self.turn = 0

    def set(self, delay_ns: int) -> None:
        """Come due so much later, and not before."""
        self.due_ns = self.kernel.now + delay_ns
        if self.planned_ns < 0 or self.planned_ns > self.due_ns:
            self._plan()

    def stop(self) -> None:
        """Do not come due."""
        self.due_ns = -1

    def look(self, turn: int) -> None:
        """The event of that turn has come."""
        if turn != self.turn:
            return
        self.planned_ns = -1
        if self.due_ns > self.kernel.now:
            self._plan()
        elif self.due_ns >= 0:
            self.due_ns = -1
            self.connection.expire()

    def _plan(self) -> None:
        self.turn += 1
        self.planned_ns = self.due_ns
        self.kernel.after(self.due_ns - self.kernel.now, Look(self, self.turn))


class Look(Event):
    """A countdown may be due."""

    def __init__(self, countdown: Countdown, turn: int) -> None:
        self.countdown = countdown
        self.turn = turn

    def fire(self) -> None:
        self.countdown.look(self.turn)
