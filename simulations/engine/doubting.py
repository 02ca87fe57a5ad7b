"""Doubts that several node types share."""

from __future__ import annotations

from typing import Any

from simulations.engine.distributions import NS_PER_MS, distribution
from simulations.engine.name_lists import near


def unlinked(
    params: dict[str, Any], name: str, neighbours: frozenset[str], never: str = "Never asked", needed: bool = False
) -> list[tuple[str, str]]:
    """A parameter that names a node to ask, without a link to it; or nobody, where somebody is needed."""
    if params[name] in neighbours or not (params[name] or needed):
        return []
    return [(name, f"{never}: there must be a link to it. Nodes with one: {near(neighbours)}.")]


def slow_votes(params: dict[str, Any], timeout: str) -> list[tuple[str, str]]:
    """An fsync that takes as long as members wait for a leader: first a candidate's vote is to be on disk, then those
    of the others.
    """
    if distribution(params["fsync_time"]).mean_ns < float(params[timeout]) * NS_PER_MS:
        return []
    words = "Elections are over before the votes are on disk. It should take a small part of the election timeout."
    return [("fsync_time", words)]


def lonely(members: int) -> list[tuple[str, str]]:
    """A cluster in which nobody stands in for anybody."""
    if members > 1:
        return []
    return [("", "A cluster of one: nobody stands in for it when it fails. Use two members or more.")]


def majority_doubts(members: int) -> list[tuple[str, str]]:
    """A cluster in which a majority decides, and in which one member less would tolerate as many failures."""
    if members == 1:
        words = "One member is a majority by itself: nobody stands in for it when it fails. Three tolerate one failure."
    elif members == 2:
        words = "Two members tolerate no failure, for a majority of them is both. Three tolerate one."
    elif members % 2:
        return []
    else:
        less, more = members // 2 - 1, members // 2
        words = f"{members} members tolerate {less} at most, as {members - 1} do, for a majority of them is {more + 1}."
        words = f"{words} Use {members - 1}, or {members + 1} to tolerate {more}."
    return [("", words)]
