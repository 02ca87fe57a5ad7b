"""What replicas that agree although some lie say to each other, beside certificates, and what each knows of a number.

Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999, sections 4.1 to 4.3. That replicas tell each other
how far they are, so that what was lost is sent again, is of the longer paper (ACM TOCS 20(4), 2002, section 5.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from simulations.engine.certificates import (
    Order,
    Prepared,
    PrePrepare,
    Seals,
    Stable,
    committed,
    digest_of,
    mark,
    prepared,
    reached,
    seal,
)
from simulations.engine.messages import Body, Heartbeat, Replication, Vote
from simulations.engine.state_machine import Snapshot
from simulations.engine.tasks import Future

KEPT_MAX: Final = 512  # last answers kept of each replica's clients


@dataclass(frozen=True)
class Submit(Replication):
    """A client has asked for this."""

    order: Order


@dataclass(frozen=True)
class Prepare(Vote):
    """In this view I was given this under this number."""

    view: int
    seq: int
    digest: str
    who: str
    seal: int

    def genuine(self, members: Sequence[str]) -> bool:
        """Whether it is of whom it says."""
        return self.who in members and self.seal == seal(self.who, prepared(self.view, self.seq, self.digest))

    def altered(self, draw: float) -> Body:
        return replace(self, digest=f"{int(draw * 2**32):08x}")


@dataclass(frozen=True)
class Commit(Vote):
    """In this view this is prepared under this number."""

    view: int
    seq: int
    digest: str
    who: str
    seal: int

    def genuine(self, members: Sequence[str]) -> bool:
        """Whether it is of whom it says."""
        return self.who in members and self.seal == seal(self.who, committed(self.view, self.seq, self.digest))

    def altered(self, draw: float) -> Body:
        return replace(self, digest=f"{int(draw * 2**32):08x}")


@dataclass(frozen=True)
class Decided(Replication):
    """A quorum has committed this."""

    view: int
    seq: int
    order: Order | None
    seals: Seals


@dataclass(frozen=True)
class Checkpoint(Vote):
    """My state after this number."""

    seq: int
    digest: str
    who: str
    seal: int

    def genuine(self, members: Sequence[str]) -> bool:
        """Whether it is of whom it says."""
        return self.who in members and self.seal == seal(self.who, reached(self.seq, self.digest))


@dataclass(frozen=True)
class Outcome(Replication):
    """What came of a request that was put to you."""

    number: int
    answer: Body

    def altered(self, draw: float) -> Body:
        return replace(self, answer=self.answer.altered(draw))


@dataclass(frozen=True)
class Status(Heartbeat):
    """How far I am."""

    view: int
    active: bool
    stable: int
    executed: int


@dataclass(frozen=True)
class Reached(Replication):
    """The state at a stable checkpoint, and its proof. `answers`: by replica, the floor and the last answers."""

    stable: Stable
    snapshot: Snapshot
    answers: tuple[tuple[str, int, tuple[tuple[int, Body], ...]], ...]

    def size(self) -> int:
        return 256 + 24 * len(self.snapshot.values)

    def digest(self) -> str:
        """By which states are compared."""
        return f"{mark(repr((self.snapshot, self.answers))):08x}"

    def proven(self, stable: Stable) -> Reached:
        """The same with its proof."""
        return Reached(stable, self.snapshot, self.answers)


@dataclass(frozen=True)
class Left(Vote):
    """On disk: I have left for this view."""

    view: int


class Answers:
    """What was answered to the clients of one replica, by the numbers of their requests."""

    def __init__(self, floor: int, kept: tuple[tuple[int, Body], ...]) -> None:
        self.floor = floor  # all up to here count as answered
        self.kept = dict(kept)

    def has(self, number: int) -> bool:
        """Whether a request was answered."""
        return number <= self.floor or number in self.kept

    def add(self, number: int, answer: Body) -> None:
        """Keep an answer, and forget the oldest if there are many."""
        self.kept[number] = answer
        if len(self.kept) > KEPT_MAX:
            self.floor = min(self.kept)
            del self.kept[self.floor]


class Slot:
    """What is known of one sequence number."""

    def __init__(self) -> None:
        self.accepted: PrePrepare | None = None  # in the present view
        self.kept = False  # it is on disk, and so may be told
        self.proof: Prepared | None = None  # of the latest view
        self.prepares: dict[str, Prepare] = {}
        self.commits: dict[str, Commit] = {}
        self.decision: Decided | None = None

    def holds(self, said: PrePrepare) -> bool:
        """Whether this is what is accepted: something else, or nothing, may be by the time that it is on disk."""
        return self.accepted is said

    def withdraw(self, proof: Prepared, before: Prepared | None) -> None:
        """Hold the proof before this one again, since this one is not on disk."""
        if self.proof is proof:
            self.proof = before

    def prepared_seals(self, said: PrePrepare) -> Seals:
        """The backups that were given the same as this replica."""
        digest = digest_of(said.order)
        found = [vote for vote in self.prepares.values() if vote.view == said.view and vote.digest == digest]
        return tuple([(vote.who, vote.seal) for vote in found if vote.who != said.who])

    def committed_seals(self, proof: Prepared) -> Seals:
        """The replicas that have prepared the same as this one."""
        digest = digest_of(proof.order)
        found = [vote for vote in self.commits.values() if vote.view == proof.view and vote.digest == digest]
        return tuple([(vote.who, vote.seal) for vote in found])


class Asked:
    """A request of one's own client, and what replicas say that came of it."""

    def __init__(self) -> None:
        self.future = Future()
        self.told: dict[str, Body] = {}
