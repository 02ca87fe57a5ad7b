"""Faults on hosts, as entries of a physical document."""

from __future__ import annotations

from typing import Any

from tests.worlds import Entry


def broken(kind: str, target: str, at_ms: float, until_ms: float | None = None, **what: Any) -> Entry:
    """A fault on a host, of any kind."""
    return {"kind": kind, "target": target, "at_ms": at_ms, "until_ms": until_ms, **what}
