"""Following a leader: what members of a replicated log say to each other, their parameters, and their rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.declare import Choice, Invariant, Param
from simulations.engine.disk import fsync_param
from simulations.engine.journaled_log import Entry
from simulations.engine.messages import Heartbeat, Replication, Reply

ASYNC: Final = "async"
SEMI: Final = "semi-sync"
SYNC: Final = "sync"
CONFIRMED: Final = "confirmed"
LEADER: Final = "leader"
ANY: Final = "any"

FOLLOWING_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "acknowledge",
        "A write is done when",
        "choice",
        SEMI,
        choices=(
            Choice(ASYNC, "Asynchronous: the leader has it"),
            Choice(SEMI, "Semi-synchronous: one follower has it, too"),
            Choice(SYNC, "Synchronous: all followers have it"),
        ),
        help="On disk, that is.",
        section="Replication",
    ),
    Param(
        "falls_back_ms",
        "Falls back after",
        "number",
        0,
        "ms",
        0,
        3_600_000,
        help="A leader whose followers say nothing for so long does without, until one has caught up. 0: never.",
        section="Replication",
        when=("acknowledge", SEMI),
    ),
    Param(
        "ship_ms",
        "Ships every",
        "number",
        20,
        "ms",
        0,
        3_600_000,
        help="How long the leader gathers writes before it sends them on; 0: not at all.",
        section="Replication",
        when=("acknowledge", ASYNC),
    ),
    Param(
        "heartbeat_ms",
        "Heartbeat",
        "number",
        50,
        "ms",
        0.1,
        3_600_000,
        help="How often the leader sends followers what they lack, or that there is nothing.",
        section="Replication",
    ),
    Param(
        "fencing",
        "Fencing by epoch",
        "boolean",
        True,
        help="Members follow nobody of an earlier epoch. Without, an old leader goes on.",
        section="Failover",
    ),
    Param(
        "reads",
        "Reads",
        "choice",
        CONFIRMED,
        choices=(
            Choice(CONFIRMED, "The leader, once followers say it still leads"),
            Choice(LEADER, "The leader, as it is"),
            Choice(ANY, "Any member, from its own copy"),
        ),
        help="Who answers them.",
        section="Reads",
    ),
    Param(
        "behind",
        "A follower that is behind",
        "choice",
        "forward",
        choices=(Choice("forward", "Passes the read to the leader"), Choice("wait", "Waits")),
        help="Behind the version token of a client.",
        section="Reads",
        when=("reads", ANY),
    ),
    Param(
        "timeout_ms",
        "Timeout",
        "number",
        300,
        "ms",
        0.001,
        3_600_000,
        help="How long a member waits for another.",
        section="Calls",
    ),
    fsync_param("Nothing is sent on or acknowledged before it is on disk."),
)

FOLLOWING_RULES: Final[tuple[Invariant, ...]] = (
    Invariant(
        "replication_one_leader",
        "One leader an epoch",
        "In any one epoch there is at most one leader.",
        "one-per-term",
        ("role", "epoch"),
        "leader",
    ),
    Invariant(
        "replication_epochs_rise",
        "Epochs rise",
        "A member's epoch never falls, not even by a crash.",
        "monotonic",
        ("epoch",),
        durable=True,
    ),
    Invariant(
        "replication_acknowledged_stays",
        "What is acknowledged stays",
        "With followers that acknowledge, and fencing, no leader has another entry where one was acknowledged.",
        "agreement",
        ("promised",),
    ),
)


@dataclass(frozen=True)
class Append(Replication):
    """These entries follow the first `after` ones, the last of which is of that epoch. `length`: so many I have.
    `life`: which of my incarnations says so, counted from 1.
    """

    epoch: int
    life: int
    after: int
    after_epoch: int
    entries: tuple[Entry, ...]
    length: int

    def size(self) -> int:
        return 96 + 64 * len(self.entries)


@dataclass(frozen=True)
class Appended(Reply):
    """My log is yours for so many entries, all on disk; or, not `fits`: try again from there."""

    epoch: int
    fits: bool
    length: int


@dataclass(frozen=True)
class Confirm(Heartbeat):
    """Do I still lead?"""

    epoch: int
