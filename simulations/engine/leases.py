"""What holders of locks say to a lock service, and to the stores that the locks are about.

A lease is a lock for a time (Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File
Cache Consistency", SOSP 1989). Each has a number of its own, higher than all before it: a *fencing token*, by which a
store can tell that there has been a later holder (Kleppmann, "How to do distributed locking", 2016; the sequencers of
Burrows, "The Chubby lock service", OSDI 2006, section 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.messages import Reply, Request


@dataclass(frozen=True)
class Acquire(Request):
    """I want this lock."""

    name: str


@dataclass(frozen=True)
class Renew(Request):
    """I want to keep it."""

    name: str
    token: int


@dataclass(frozen=True)
class GiveUp(Request):
    """I need it no longer."""

    name: str
    token: int


@dataclass(frozen=True)
class Lease(Reply):
    """It is yours for so long, counted from when you asked."""

    token: int
    lease_ms: float


@dataclass(frozen=True)
class FencedRead(Request):
    """Read a key as the holder of a token."""

    key: str
    token: int


@dataclass(frozen=True)
class FencedWrite(Request):
    """Write to a key as the holder of a token."""

    key: str
    value: int
    token: int
