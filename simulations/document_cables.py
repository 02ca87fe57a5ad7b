"""Cables: whether those who have to talk are joined by what is drawn, directly or through switches and routers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from simulations.document_base import Mistake
from simulations.document_entries import ClusterEntry
from simulations.document_expand import Names
from simulations.engine.fabrics import Circle, clusters_by_member, fabrics
from simulations.engine.node import Node

ROUTED_PAIRS_MAX: Final = 20_000  # each is a channel both ways
MESH_PAIRS_MAX: Final = 500_000  # 1,000 members in one mesh; a pair is laid when it is first used


def cable_mistakes(
    clusters: Sequence[tuple[int, ClusterEntry]],
    names: Names,
    types: Mapping[str, type[Node]],
    links: Sequence[tuple[str, str]],
) -> list[Mistake]:
    """What is wrong with clusters over drawn cables, and with how many switches join. `types` holds every node in
    order, `links` the ends of every link, counts expanded.
    """
    found: list[Mistake] = []
    members = {entry.id: [name for ref in entry.members for name in names.nodes.get(ref, ())] for _, entry in clusters}
    cluster_of = clusters_by_member(list(members.items()))
    circles = [Circle(fabric, types, cluster_of) for fabric in fabrics(types, links)]
    pairs = sum(len(circle.targets) + len(circle.peers) for circle in circles)
    if pairs > ROUTED_PAIRS_MAX:
        found.append(
            Mistake(
                "links",
                f"Switches and routers join {pairs:,} pairs of nodes that may talk; the limit is {ROUTED_PAIRS_MAX:,}."
                " Join fewer nodes by each.",
            )
        )
    meshes = [len(members[entry.id]) for _, entry in clusters if entry.cables == "mesh"]
    laid = sum(size * (size - 1) // 2 for size in meshes)
    if laid > MESH_PAIRS_MAX:
        found.append(
            Mistake(
                "clusters",
                f"Meshes join {laid:,} pairs of members, each to each; the limit is {MESH_PAIRS_MAX:,}. Use fewer"
                " members, or drawn cables.",
            )
        )
    joined = {(min(pair), max(pair)) for pair in (*links, *(pair for circle in circles for pair in circle.peers))}
    for index, entry in clusters:
        if entry.cables != "drawn":
            continue
        if entry.link:
            found.append(
                Mistake(f"clusters[{index}].link", "Its cables are drawn: set this on the drawn links instead.")
            )
        apart = _apart(members[entry.id], joined)
        if apart:
            found.append(
                Mistake(
                    f"clusters[{index}].cables",
                    f'Nothing drawn joins "{apart[0]}" and "{apart[1]}": link them, or both to a switch, or leave'
                    " the cables to the cluster (mesh).",
                )
            )
    return found


def _apart(members: Sequence[str], joined: set[tuple[str, str]]) -> tuple[str, str] | None:
    """The first two members that no link and no fabric joins."""
    for position, a in enumerate(members):
        for b in members[position + 1 :]:
            if a != b and (min(a, b), max(a, b)) not in joined:
                return a, b
    return None
