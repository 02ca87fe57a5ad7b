"""Replies of replicas as they come in: the first so many are enough, and the rest still count for something."""

from __future__ import annotations

from simulations.engine.tasks import Cause, Future, Refused
from simulations.engine.versions import Versions


class Gathering:
    """What replicas reply to a read or a write, as it comes in: `enough` is done with the `need`th reply."""

    def __init__(self, asked: int, need: int) -> None:
        self.left = asked
        self.need = need
        self.replies: list[tuple[str, Versions]] = []
        self.enough = Future()

    def add(self, member: str, versions: Versions, cause: Cause) -> None:
        """A replica has answered."""
        self.left -= 1
        self.replies.append((member, versions))
        if len(self.replies) == self.need:
            self.enough.resolve(list(self.replies), cause)

    def miss(self, cause: Cause) -> None:
        """A replica has not, nor has one in its stead."""
        self.left -= 1
        if len(self.replies) + self.left < self.need:
            self.enough.fail(Refused("no quorum", True), cause)
