"""Doubts that several node types share."""

from __future__ import annotations

from typing import Any


def unlinked(params: dict[str, Any], name: str, neighbours: frozenset[str]) -> list[tuple[str, str]]:
    """A parameter that names a node to ask, without a link to it."""
    if not params[name] or params[name] in neighbours:
        return []
    near = ", ".join(sorted(neighbours)[:5]) or "none"
    return [(name, f"Never asked: there must be a link to it. Nodes with one: {near}.")]
