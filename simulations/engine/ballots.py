"""What proposers and acceptors of Paxos tell each other about the slots of a log (Lamport, "Paxos Made Simple", 2001,
section 2.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.messages import Vote
from simulations.engine.state_machine import Command

PROPOSAL_BYTES: Final = 48


@dataclass(frozen=True)
class Proposal:
    """A command for a slot, in a ballot."""

    slot: int
    ballot: int
    command: Command


@dataclass(frozen=True)
class Prepare(Vote):
    """Promise me to take no part in lower ballots, and tell what you have accepted from this slot on."""

    ballot: int
    first: int


@dataclass(frozen=True)
class Promise(Vote):
    """I promise; this I have accepted."""

    ballot: int
    first: int
    accepted: tuple[Proposal, ...]

    def size(self) -> int:
        return 64 + PROPOSAL_BYTES * len(self.accepted)


@dataclass(frozen=True)
class Accept(Vote):
    """Accept this. All slots before `chosen` are decided."""

    proposal: Proposal
    chosen: int

    def size(self) -> int:
        return 64 + PROPOSAL_BYTES


@dataclass(frozen=True)
class Accepted(Vote):
    """Accepted, and on disk."""

    ballot: int
    slot: int


@dataclass(frozen=True)
class Preempted(Vote):
    """No: I have promised myself to a higher ballot, this one."""

    ballot: int
