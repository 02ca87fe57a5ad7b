"""What the replicas of Zab tell each other (Junqueira, Reed and Serafini, "Zab: High-performance broadcast for
primary-backup systems", DSN 2011, section 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.messages import Heartbeat, Replication, Vote
from simulations.engine.state_machine import Command

CHANGE_BYTES: Final = 48


@dataclass(frozen=True)
class Change:
    """A command with its zxid."""

    epoch: int
    counter: int
    command: Command


History = tuple[Change, ...]
Merit = tuple[int, int, int, int]  # of a candidate: its current epoch, its last zxid, and its rank


@dataclass(frozen=True)
class Preference(Vote):
    """Whom I would have, or follow; `role` is my own."""

    candidate: str
    merit: Merit
    role: str


@dataclass(frozen=True)
class FollowerInfo(Vote):
    """I follow you. The last epoch that I have accepted (CEPOCH)."""

    epoch: int


@dataclass(frozen=True)
class NewEpoch(Vote):
    """Let this be the epoch."""

    epoch: int


@dataclass(frozen=True)
class EpochAccepted(Vote):
    """It is; so far I was in this one and have this history (ACK-E)."""

    epoch: int
    current: int
    history: History

    def size(self) -> int:
        return 64 + CHANGE_BYTES * len(self.history)


@dataclass(frozen=True)
class NewLeader(Replication):
    """This is the history with which the epoch begins."""

    epoch: int
    history: History

    def size(self) -> int:
        return 64 + CHANGE_BYTES * len(self.history)


@dataclass(frozen=True)
class Propose(Replication):
    """Append these changes from this place on. So many are committed. Without changes it is a sign of life."""

    epoch: int
    place: int
    changes: History
    committed: int

    def size(self) -> int:
        return 64 + CHANGE_BYTES * len(self.changes)


@dataclass(frozen=True)
class Ack(Vote):
    """So many changes of the epoch's history are on my disk."""

    epoch: int
    length: int


@dataclass(frozen=True)
class Stale(Heartbeat):
    """I have accepted a higher epoch."""

    epoch: int
