"""The search for one order of all operations on registers that keeps each process's own order.

Depth first, with a memory of configurations that led nowhere. Tried first is the write of which the soonest was known:
its own end, or that of the first read that saw it. Time proves nothing here, but as a guess it is seldom wrong.
"""

from __future__ import annotations

from typing import Final

from simulations.checks.history import Histories
from simulations.checks.sequential_board import Board, Configuration

TURNS_MAX: Final = 20_000  # how often the search may turn back
REMEMBERED_MAX: Final = 4_000_000  # numbers held by remembered configurations: one for each process and key
LOOKS_MAX: Final = 30_000_000  # how many processes may be looked at for a next move, in all


def search(histories: Histories, turns_max: int = TURNS_MAX) -> bool | None:
    """Whether there is such an order. None: a limit was reached."""
    board = Board(histories)
    if not board.possible:
        return False
    frames: list[tuple[int, list[int]]] = []  # moves made before a choice, and what else could be chosen, best last
    dead: set[Configuration] = set()
    remembered = turns = 0
    board.advance(list(range(len(board.lines))))
    while board.left:
        choices = board.choices()
        if not choices or (dead and board.configuration() in dead):
            turns += 1
            choices = []
            while frames and not choices:
                made, choices = frames.pop()
                board.undo(made)
                if not choices:
                    dead.add(board.configuration())
                    remembered += len(board.lines) + len(board.keys)
            if not choices:
                return False
        if turns > turns_max or remembered > REMEMBERED_MAX or board.looks > LOOKS_MAX:
            return None
        line = choices.pop()
        frames.append((len(board.trail), choices))
        board.advance(board.move(line))
    return True
