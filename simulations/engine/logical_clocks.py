"""Clocks that count events in place of time, and an event as a process tells of it, stamped by each of its clocks.

Lamport's clock is one number: it grows with each event, and beyond the number on each message that arrives. So a cause
has a smaller number than its effect; the reverse does not follow (Lamport: "Time, Clocks, and the Ordering of Events in
a Distributed System", CACM 21(7), 1978, rules IR1 and IR2). A vector clock counts the events of each process that an
event has seen, and of two events tells which came first, or that neither did (Fidge: "Timestamps in Message-Passing
Systems That Preserve the Partial Ordering", ACSC 1988; Mattern: "Virtual Time and Global States of Distributed
Systems", 1989). Its vectors are compared and joined like those of versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.versions import Vector, advanced, joined

LOCAL: Final = "local"
SEND: Final = "send"
RECEIVE: Final = "receive"
STAMP: Final = "stamp"  # the field in which a process shows its events, one after another


class LamportClock:
    """One number."""

    def __init__(self) -> None:
        self.time = 0

    def advance(self) -> int:
        """The number of the next event (IR1)."""
        self.time += 1
        return self.time

    def witness(self, time: int) -> None:
        """A message has come that bears this number (IR2): the event of its receipt is still to be counted."""
        self.time = max(self.time, time)


class VectorClock:
    """A count for each process, of which one is one's own."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.vector: Vector = ()

    def advance(self) -> Vector:
        """The vector of the next event."""
        self.vector = advanced(self.vector, self.process)
        return self.vector

    def witness(self, vector: Vector) -> None:
        """A message has come that bears this vector: the event of its receipt is still to be counted."""
        self.vector = joined([self.vector, vector])


@dataclass(frozen=True)
class Stamped:
    """An event: local, or a message's sending or receipt. `sender` and `number` name the message ("", 0: none)."""

    what: str
    sender: str
    number: int
    wall_ns: int
    lamport: int
    vector: Vector

    def text(self) -> str:
        """As it is shown: `receive p2 3; wall 1200 ns; Lamport 17; vector 0:3 1:5`."""
        name = f"{self.what} {self.sender} {self.number}" if self.sender else self.what
        counts = " ".join([f"{process}:{count}" for process, count in self.vector])
        return f"{name}; wall {self.wall_ns} ns; Lamport {self.lamport}; vector {counts}"


def stamped(text: str) -> Stamped:
    """The event that a text tells of. Raises ValueError for what is none."""
    name, wall, lamport, vector = text.split("; ")
    what, sender, number = name.split(" ") if " " in name else (name, "", "0")
    pairs = [pair.split(":") for pair in vector.removeprefix("vector").split()]
    counts = tuple([(int(process), int(count)) for process, count in pairs])
    wall_ns, time = int(wall.removeprefix("wall ").removesuffix(" ns")), int(lamport.removeprefix("Lamport "))
    return Stamped(what, sender, int(number), wall_ns, time, counts)
