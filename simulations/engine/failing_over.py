"""Failing over: what a monitor and the members of a replicated store say to each other about who leads."""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.messages import Heartbeat, Reply, Vote


@dataclass(frozen=True)
class Ping(Heartbeat):
    """Are you there? In this epoch this one leads ("": nobody yet)."""

    epoch: int
    leader: str


@dataclass(frozen=True)
class Pong(Heartbeat):
    """Yes, and this is the epoch that I know. `leads`: I am its leader."""

    epoch: int
    leads: bool


@dataclass(frozen=True)
class Seal(Vote):
    """An epoch begins: follow nobody of an earlier one, and tell me how far you are."""

    epoch: int


@dataclass(frozen=True)
class Sealed(Reply):
    """My log has so many entries, the last one of that epoch. `need`: so many members must have said so, that no
    acknowledged write is missed.
    """

    epoch: int
    length: int
    need: int


@dataclass(frozen=True)
class Promote(Vote):
    """Lead in this epoch."""

    epoch: int
