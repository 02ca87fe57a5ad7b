"""What those say to each other who end a transaction together: all of them commit it, or all of them abort it.

A transaction has a part at each of several participants. Its states, at a participant that was asked to prepare it, are
those of Skeen's automata ("Nonblocking Commit Protocols", SIGMOD 1981): prepared (it has voted yes, and no longer knows
by itself what becomes of it), pre-committed (three-phase commit only: it knows that all have voted yes), committed and
aborted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.declare import Invariant
from simulations.engine.messages import Reply, Vote

PREPARED: Final = "prepared"
PRE_COMMITTED: Final = "pre-committed"
COMMITTED: Final = "committed"
ABORTED: Final = "aborted"
UNDECIDED: Final = "undecided"  # its coordinator is at work on it
UNKNOWN: Final = "unknown"  # its coordinator has nothing on it, which means nothing

ATOMICITY: Final = Invariant(
    "atomicity",
    "Atomic commitment",
    "No participant commits a transaction that another one, or its coordinator, aborts.",
    "agreement",
    ("decision",),
    across=True,
)


def outcome(transaction: str, commit: bool) -> str:
    """A decision as nodes show it."""
    return f"{transaction} = {'commit' if commit else 'abort'}"


@dataclass(frozen=True)
class Part:
    """What a transaction does at one participant: it adds to an account, or gives a key a value."""

    key: str
    amount: int
    sets: bool


@dataclass(frozen=True)
class Prepare(Vote):
    """Can you commit your part of this transaction? The members are its participants, in their order."""

    transaction: str
    part: Part
    coordinator: str
    members: tuple[str, ...]
    three_phase: bool

    def size(self) -> int:
        return 128 + 16 * len(self.members)


@dataclass(frozen=True)
class Apply(Vote):
    """Carry out your part of this transaction now, whatever becomes of the others."""

    prepare: Prepare

    def size(self) -> int:
        return self.prepare.size()


@dataclass(frozen=True)
class Yes(Reply):
    """A vote to commit. A participant that votes no refuses."""


@dataclass(frozen=True)
class PreCommit(Vote):
    """All have voted yes (three-phase commit). `place`: that of the member who leads the termination; −1: the
    coordinator.
    """

    transaction: str
    place: int


@dataclass(frozen=True)
class Decide(Vote):
    """The transaction commits, or aborts."""

    transaction: str
    commit: bool


@dataclass(frozen=True)
class Inquire(Vote):
    """What has become of this transaction? `place` is that of a member who is about to lead its termination; −1: who
    asks only wants to know.
    """

    transaction: str
    place: int


@dataclass(frozen=True)
class Standing(Reply):
    """The state of a transaction where it was asked for. `recovered`: a crash came since the vote."""

    state: str
    recovered: bool = False
