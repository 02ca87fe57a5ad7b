"""Waiting for all of many, however they end."""

from __future__ import annotations

from simulations.engine.tasks import Cause, Future, Quorum


class Gathered(Quorum):
    """Done when all of the futures are, well or badly; look at them then. None of them may have ended already."""

    __slots__ = ()

    def __init__(self, futures: list[Future]) -> None:
        super().__init__(futures, len(futures), [])

    def settle(self, future: Future, cause: Cause | None) -> None:
        self.pending -= 1
        if not self.pending:
            self.resolve(None, cause)
