"""Builders of faults that leave a link usable."""

from __future__ import annotations

from typing import Any

from tests.worlds import Entry


def rough(kind: str, target: str, at_ms: float, until_ms: float | None = None, **params: Any) -> Entry:
    """A fault that leaves a link usable: delay, duplicate, reorder or bandwidth."""
    return {"kind": kind, "target": target, "at_ms": at_ms, "until_ms": until_ms, **params}
