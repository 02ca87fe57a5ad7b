"""Chains: what the members of a chain and its master say to each other."""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.journaled_log import Entry
from simulations.engine.messages import Heartbeat, Replication


@dataclass(frozen=True)
class Chain:
    """Who stands in which order, head first. `joining`: the tail, as long as it lacks what the others have; or ""."""

    version: int
    members: tuple[str, ...]
    joining: str = ""


@dataclass(frozen=True)
class Asked(Entry):
    """An entry of the head's that another member was asked for: who, and by its number. No two such names are alike."""

    name: tuple[str, int]


@dataclass(frozen=True)
class Watch(Heartbeat):
    """This is the chain. Are you there? Your answer to the round `heard` has reached me."""

    chain: Chain
    round: int
    heard: int


@dataclass(frozen=True)
class Here(Heartbeat):
    """Yes. `complete`: as the tail of that version, I have all that the others had."""

    version: int
    complete: bool


@dataclass(frozen=True)
class Pass(Replication):
    """These entries follow the first `after` ones, the last of which is of that version. `length`: so many I have."""

    version: int
    after: int
    after_version: int
    entries: tuple[Entry, ...]
    length: int

    def size(self) -> int:
        return 96 + 64 * len(self.entries)


@dataclass(frozen=True)
class Reached(Replication):
    """The tail has so many entries."""

    version: int
    length: int


@dataclass(frozen=True)
class Lacking(Replication):
    """Your entries do not fit here: begin after so many."""

    version: int
    length: int
