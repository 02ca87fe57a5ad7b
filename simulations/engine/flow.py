"""Flow control by credit: what the two ends of a stream of items say to each other.

The receiver says how many items it is ready for; the sender sends no more than that. The number is counted from the
stream's beginning, so that a credit that comes late or twice does no harm (as in QUIC, RFC 9000, section 4.1; HTTP/2
counts what is added, RFC 9113, section 5.2). Without limit is a credit too (Reactive Streams 1.0.4, rule 3.17).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.messages import Occurrence

UNLIMITED: Final = -1
UNKNOWN: Final = -1  # the sender's incarnation, before anything has come from it


@dataclass(frozen=True)
class Item(Occurrence):
    """The number-th item of a stream between two incarnations (receiver's, sender's), and when it was made."""

    stream: int
    epoch: int
    number: int
    made_ns: int
    bytes: int

    def size(self) -> int:
        return 64 + self.bytes


@dataclass(frozen=True)
class Credit(Occurrence):
    """Send the items below this number; of this stream, whichever there was before."""

    stream: int
    epoch: int
    up_to: int

    def size(self) -> int:
        return 64


@dataclass(frozen=True)
class Anew(Occurrence):
    """I am another sender than the one that you gave credit: give it to me, and count from 0."""

    epoch: int
