"""What is allowed in a document and hardly meant: it runs, and is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulations.catalogue import node_types
from simulations.document_base import MISTAKES_MAX, Mistake
from simulations.document_expand import Names
from simulations.document_fault_checks import contradictions, hasty_stops
from simulations.engine.call_params import lone_target_doubts
from simulations.engine.declare import Neighbour

if TYPE_CHECKING:
    from simulations.document import Document


def doubts(document: Document) -> list[Mistake]:
    """Every doubt about a valid document."""
    names = Names(document.nodes, document.links, document.clusters)
    faults = list(enumerate(document.faults))
    found = [*contradictions(faults, names), *hasty_stops(faults), *_parameters(document, names)]
    return [*found, *_clusters(document, names)][:MISTAKES_MAX]


def _parameters(document: Document, names: Names) -> Iterator[Mistake]:
    """Parameters that contradict each other, as the node types know it."""
    shared = {member: cluster.params for cluster in document.clusters for member in cluster.members}
    given = {node.id: (node.type, _params(node.type, shared.get(node.id, {}), node.params)) for node in document.nodes}
    of_one = {one: entry for entry, ones in names.nodes.items() if entry in given for one in ones}
    neighbours: dict[str, dict[str, Neighbour]] = {}
    for link in document.links:
        for a, b in names.ends(link):
            for one, other, asked in ((a, b, True), (b, a, False)):
                before = neighbours.setdefault(one, {}).get(other)
                type_name, params = given[of_one[other]]
                neighbours[one][other] = Neighbour(type_name, params, asked or (before is not None and before.asked))
    for cluster in document.clusters:
        mates = [one for member in cluster.members for one in names.nodes[member]]
        for one in mates:
            around = neighbours.setdefault(one, {})
            for other in mates:
                if other != one and other not in around:
                    around[other] = Neighbour(*given[of_one[other]], False)
    for index, node in enumerate(document.nodes):
        type_name, params = given[node.id]
        node_type = node_types()[type_name]
        around = neighbours.get(names.nodes[node.id][0], {})
        found = [*node_type.doubts(params, frozenset(around)), *node_type.doubts_beside(params, around)]
        found += lone_target_doubts(params, [one for one, other in around.items() if _is_target(other)])
        for name, words in found:
            yield Mistake(f"nodes[{index}].params.{name}", words)


def _clusters(document: Document, names: Names) -> Iterator[Mistake]:
    """Members too few or too many for what they do, as the node types know it."""
    for index, cluster in enumerate(document.clusters):
        members = [one for member in cluster.members for one in names.nodes[member]]
        params = _params(cluster.protocol, {}, cluster.params)
        for name, words in node_types()[cluster.protocol].cluster_doubts(params, members):
            yield Mistake(f"clusters[{index}].{f'params.{name}' if name else 'members'}", words)


def _is_target(neighbour: Neighbour) -> bool:
    node_type = node_types()[neighbour.type]
    return neighbour.asked and node_type.SERVES and not node_type.RESOLVES


def _params(type_name: str, shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A node's parameters: its own, else its cluster's, else the type's defaults."""
    return {param.name: param.default for param in node_types()[type_name].PARAMS} | {**shared, **own}
