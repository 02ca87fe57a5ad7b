"""Chance. One primitive, no state: the draw of a stream for a moment of the run is a hash of both.

A stream belongs to (seed, entity, purpose). A moment is a *lineage*: a 64-bit number that starts at a client
operation or a timer and is carried on from cause to effect, so that a message's draws depend on what led to it and
not on how many draws others made before it. The finaliser is SplitMix64's (Steele, Lea, Flood: "Fast Splittable
Pseudorandom Number Generators", OOPSLA 2014, section 3).
"""

from __future__ import annotations

import hashlib
from typing import Final

MASK: Final = (1 << 64) - 1
GAMMA: Final = 0x9E3779B97F4A7C15
_LINEAGE_FACTOR: Final = 0x5851F42D4C957F2D
_TO_UNIT: Final = 2.0**-53


def stream_key(seed: int, entity: str, purpose: str) -> int:
    """The 64-bit key of an entity's stream for one purpose."""
    text = f"{seed}\x1f{entity}\x1f{purpose}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def mix(value: int) -> int:
    """Hash 64 bits to 64 bits."""
    z = value & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(key: int, lineage: int) -> float:
    """The stream's draw at that lineage, uniform in [0, 1)."""
    z = key ^ lineage
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) * _TO_UNIT


def below(key: int, lineage: int, count: int) -> int:
    """The stream's draw at that lineage, uniform in 0 … count − 1."""
    return int(uniform(key, lineage) * count)


def descend(lineage: int, salt: int) -> int:
    """The lineage of an effect: its cause's, carried on by what tells this effect from its siblings."""
    return (lineage * _LINEAGE_FACTOR + salt) & MASK


def nth(key: int, number: int) -> int:
    """The lineage of the number-th event of a stream (an operation, a firing of a timer)."""
    return mix(key + number * GAMMA)
