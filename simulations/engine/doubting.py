"""Doubts that several node types share."""

from __future__ import annotations

from typing import Any

from simulations.engine.distributions import NS_PER_MS, distribution


def unlinked(params: dict[str, Any], name: str, neighbours: frozenset[str]) -> list[tuple[str, str]]:
    """A parameter that names a node to ask, without a link to it."""
    if not params[name] or params[name] in neighbours:
        return []
    near = ", ".join(sorted(neighbours)[:5]) or "none"
    return [(name, f"Never asked: there must be a link to it. Nodes with one: {near}.")]


def slow_votes(params: dict[str, Any], timeout: str) -> list[tuple[str, str]]:
    """An fsync that takes as long as members wait for a leader: first a candidate's vote is to be on disk, then those
    of the others.
    """
    if distribution(params["fsync_time"]).mean_ns < float(params[timeout]) * NS_PER_MS:
        return []
    words = "Elections are over before the votes are on disk. It should take a small part of the election timeout."
    return [("fsync_time", words)]
