"""Headers: what a message says of itself, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HEADER_BYTES: Final = 128


@dataclass(frozen=True)
class Header:
    """What a message says of itself: the `path` it is routed by; the bytes of payload that it carries and those that
    are left of them on the wire; the version of the format it is written in; how many questions it asks at once; how
    much of a replicated log who asks has seen, or an answer shows (a version token).
    """

    path: str = ""
    payload_bytes: int = 0
    wire_bytes: int = 0
    version: int = 1
    items: int = 1
    seen: int = 0


PLAIN: Final = Header()
