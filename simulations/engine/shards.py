"""Shards: what members of a sharded store know of who they are, and say to each other when keys move."""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.messages import Replication, Reply, Request


@dataclass(frozen=True)
class Layout:
    """Who is a member now, and was before; from whom keys may still come, and to whom all have been given up."""

    version: int
    members: tuple[str, ...]
    before: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True)
class JoinRing(Request):
    """I want to be a member."""


@dataclass(frozen=True)
class NewRing(Replication):
    """These are the members from now on."""

    version: int
    members: tuple[str, ...]
    before: tuple[str, ...]

    def size(self) -> int:
        return 64 + 16 * len(self.members)


@dataclass(frozen=True)
class RingKnown(Reply):
    """I know. `settled`: and all keys are where they belong, as far as I am concerned."""

    settled: bool


@dataclass(frozen=True)
class Transfer(Replication):
    """These keys are yours now. `last`: and whatever else belongs to you and was mine."""

    ring: NewRing
    entries: tuple[tuple[str, int | None], ...]
    last: bool

    def size(self) -> int:
        return 128 + 64 * len(self.entries)


@dataclass(frozen=True)
class Taken(Reply):
    """They are on my disk."""
