"""A file in pieces: which are here, which are on their way, and how many others have each. A set of pieces is an
integer with a bit for each.
"""

from __future__ import annotations

from collections import deque

from simulations.engine.process import Process
from simulations.engine.tasks import Failure, Future


class Pieces:
    """The pieces of one file, as one peer knows them. `order`: rarest, random or sequential."""

    def __init__(self, process: Process, count: int, order: str) -> None:
        self.process = process
        self.count = count
        self.order = order
        self.full = (1 << count) - 1
        self.own = 0
        self.asked = 0  # on their way to us
        self.owners = [0] * count  # how many neighbours have each

    @property
    def complete(self) -> bool:
        """Whether all are here."""
        return self.own == self.full

    def numbers(self, pieces: int) -> list[int]:
        """The numbers of the pieces in a set."""
        return [piece for piece in range(self.count) if pieces >> piece & 1]

    def count_owner(self, pieces: int, change: int) -> None:
        """One neighbour more (+1) or fewer (−1) has these."""
        for piece in self.numbers(pieces):
            self.owners[piece] += change

    def choose(self, offered: int) -> int:
        """The piece to ask for next, of those that somebody offers; −1: none of use."""
        useful = self.numbers(offered & ~self.own & ~self.asked)
        if not useful:
            return -1
        if self.order == "sequential":
            return useful[0]
        if self.order == "rarest":
            fewest = min([self.owners[piece] for piece in useful])
            useful = [piece for piece in useful if self.owners[piece] == fewest]
        return useful[int(self.process.draw("piece") * len(useful))]


class Neighbour:
    """What a peer knows of another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.life = 0  # how often it has started before
        self.pieces = 0
        self.chokes_us = True
        self.unchoked = False  # we let it ask
        self.asked = 0  # pieces that we wait for
        self.gave = 0  # pieces since the last round
        self.gave_before = 0  # in the round before that
        self.served = 0  # when we last let it ask: the number of the choice


class Uplink:
    """Sends one thing after the other, in the order of asking."""

    def __init__(self) -> None:
        self.busy = False
        self.queue: deque[tuple[str, Future]] = deque()

    def turn(self, whom: str) -> Future:
        """Await the line, to send something to somebody; then `release` it."""
        future = Future()
        if self.busy:
            self.queue.append((whom, future))
        else:
            self.busy = True
            future.resolve(None, None)
        return future

    def release(self) -> None:
        """Whoever has waited longest is next."""
        if self.queue:
            self.queue.popleft()[1].resolve(None, None)
        else:
            self.busy = False

    def turn_away(self, whom: str, why: Failure) -> None:
        """Fail all that somebody waits for."""
        waiting = [future for name, future in self.queue if name == whom]
        self.queue = deque([entry for entry in self.queue if entry[0] != whom])
        for future in waiting:
            future.fail(why, None)
