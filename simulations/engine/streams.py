"""Chance. One primitive, no state: the draw of a stream for a moment of the run is a hash of both.

A stream belongs to (seed, entity, purpose). A moment is a *lineage*: a 63-bit number that starts at a client
operation or a timer and is carried on from cause to effect, so that a message's draws depend on what led to it and
not on how many draws others made before it. The finaliser is that of SplitMix64, cut to 63 bits, so
that compiled code can hold it in a machine word (Steele, Lea, Flood: "Fast Splittable
Pseudorandom Number Generators", OOPSLA 2014, section 3).
"""

from __future__ import annotations

import hashlib
from typing import Final

from mypy_extensions import i64

MASK: Final = (1 << 63) - 1
GAMMA: Final = 0x1E3779B97F4A7C15
_LINEAGE_FACTOR: Final = 0x5851F42D4C957F2D
_TO_UNIT: Final = 2.0**-53


def stream_key(seed: int, entity: str, purpose: str) -> i64:
    """The 63-bit key of an entity's stream for one purpose."""
    text = f"{seed}\x1f{entity}\x1f{purpose}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") & MASK


def mix(value: i64) -> i64:
    """Hash 63 bits to 63 bits."""
    z = value & MASK
    z = ((z ^ (z >> 30)) * 0x3F58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x14D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(key: i64, lineage: i64) -> float:
    """The stream's draw at that lineage, uniform in [0, 1)."""
    z = key ^ lineage
    z = ((z ^ (z >> 30)) * 0x3F58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x14D049BB133111EB) & MASK
    return float((z ^ (z >> 31)) >> 10) * _TO_UNIT


def below(key: i64, lineage: i64, count: int) -> int:
    """The stream's draw at that lineage, uniform in 0 … count − 1."""
    return int(uniform(key, lineage) * count)


def descend(lineage: i64, salt: i64, effect: i64) -> i64:
    """The lineage of an effect: its cause's, carried on by where it goes and which of the cause's effects it is."""
    return (lineage * _LINEAGE_FACTOR + salt + effect * GAMMA) & MASK


def beside(lineage: i64, number: i64) -> i64:
    """A lineage for the number-th further draw that one quantity needs."""
    return (lineage + number * GAMMA) & MASK


def nth(key: i64, number: i64) -> i64:
    """The lineage of the number-th event of a stream (an operation, a firing of a timer)."""
    return mix(key + number * GAMMA)
