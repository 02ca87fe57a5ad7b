"""What a leader and its followers tell each other of a replicated log, and the rules that it keeps.

Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014, sections 5.3 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.declare import Invariant
from simulations.engine.messages import Replication, Reply
from simulations.engine.replicated_log import Base, Entry

ENTRY_BYTES: Final = 48


@dataclass(frozen=True)
class AppendEntries(Replication):
    """These follow an entry of that index and term; up to `commit` all is committed (5.3). Without entries: a
    heartbeat. `round` is what the answer confirms.
    """

    term: int
    prev_index: int
    prev_term: int
    entries: tuple[Entry, ...]
    commit: int
    round: int

    def size(self) -> int:
        return 64 + ENTRY_BYTES * len(self.entries)


@dataclass(frozen=True)
class InstallSnapshot(Replication):
    """The state that all up to an index led to (7)."""

    term: int
    base: Base
    round: int

    def size(self) -> int:
        return 64 + ENTRY_BYTES * len(self.base.state.values)


@dataclass(frozen=True)
class AppendReply(Reply):
    """My log agrees with yours up to `match`, and that is on disk. Or it does not; try from after `match`. Who asks in
    a term that is over has no round confirmed: 0.
    """

    term: int
    success: bool
    match: int
    round: int


@dataclass
class Progress:
    """What a leader knows of a follower (5.3)."""

    next: int  # what to send from
    match: int = 0  # up to where the logs are known to agree
    flight: int = 0  # the last entry sent and not answered; 0: none
    sent_ns: int = 0


LOG_RULES: Final[tuple[Invariant, ...]] = (
    Invariant(
        "election_safety",
        "Election safety",
        "At most one member leads in any one term.",
        "one-per-term",
        ("role", "term"),
        "leader",
    ),
    Invariant("leader_append_only", "Leader append-only", "A leader's log only grows.", "monotonic", ("led",)),
    Invariant(
        "log_matching",
        "Log matching",
        "Logs that have an entry of the same index and term are the same up to it.",
        "agreement",
        ("entry",),
    ),
    Invariant(
        "leader_completeness",
        "Leader completeness",
        "Whoever becomes leader has all in its log that was committed before.",
        "completeness",
        ("role", "entry", "applied"),
        "leader",
    ),
    Invariant(
        "state_machine_safety",
        "State machine safety",
        "Members that have applied an index have applied the same up to it.",
        "agreement",
        ("applied",),
    ),
)
