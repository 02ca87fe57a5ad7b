"""Convergence: once the network is whole and nobody writes, copies come to hold the same (Vogels: "Eventually
consistent", CACM 52(1), 2009).

Judged at the run's end, of the live members of each cluster, by the digests that they show. How long it took after the
last heal and the last write is the metric `replicas.converged_ms`, which a claim can bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulations.checks.finding import Finding, called, moment
from simulations.engine.log import Log


def check_convergence(log: Log, clusters: Sequence[Sequence[str]], replicas: Mapping[str, float]) -> Finding:
    """Judge the clusters whose members show a digest. `replicas` holds the figures below `replicas.`."""
    number = {name: index for index, name in enumerate(log.nodes)}
    split: list[list[tuple[str, int, Any]]] = []
    for members in clusters:
        held = [(name, *_last(log, number[name])) for name in members if (number[name], "digest") in log.states]
        live = [entry for entry in held if _lives(log, number[entry[0]])]
        if len({digest for _, _, digest in live}) > 1:
            split.append(live)
    if not split and "replicas.converged_ms" in replicas:
        after = replicas["replicas.converged_ms"]
        words = f"All live replicas held the same data for good {after:,.1f} ms after the last heal and the last write."
        return Finding("convergence", "pass", words, violations=0)
    if not split:
        return Finding("convergence", "unknown", "At the end no two live replicas were left to compare.")
    words = f"At the end, {moment(log.end_ns)}, the live replicas held different data: {_told(split[0])}."
    if len(split) > 1:
        words += f" The same befell {len(split):,} clusters."
    at_ns = max(since for _, since, _ in split[0])
    return Finding("convergence", "fail", words, at_ns=at_ns, violations=len(split))


def _lives(log: Log, node: int) -> bool:
    """Whether a node lives at the end and has a copy: one that was let go shows no digest."""
    return log.is_up(node) and log.shows_digest(node)


def _last(log: Log, node: int) -> tuple[int, Any]:
    """Since when a node has held what it held at the end, and its digest."""
    shown = [(time, value) for time, value in zip(*log.states[node, "digest"], strict=True) if value is not None]
    return shown[-1] if shown else (0, None)


def _told(live: Sequence[tuple[str, int, Any]]) -> str:
    """`r1, r2 one state since 12 ms, r3 another since 14 ms`."""
    groups: dict[Any, list[tuple[str, int]]] = {}
    for name, since, digest in live:
        groups.setdefault(digest, []).append((name, since))
    return ", ".join(
        f"{', '.join(called(name) for name, _ in group)} {'another' if place else 'one'} state since"
        f" {moment(max(since for _, since in group))}"
        for place, group in enumerate(groups.values())
    )
