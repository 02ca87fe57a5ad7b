"""What is allowed in a document and hardly meant: it runs, and is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulations.catalogue import node_types
from simulations.document_base import MISTAKES_MAX, Mistake
from simulations.document_expand import Names
from simulations.document_fault_checks import contradictions, hasty_stops
from simulations.engine.call_params import lone_target_doubts
from simulations.engine.declare import Neighbour
from simulations.engine.name_lists import MEMBERS, name_doubts

if TYPE_CHECKING:
    from simulations.document import Document


Given = list[tuple[str, dict[str, Any]]]  # of each node, by its position: type and parameters
Said = tuple[int, str, str]  # the position of a node, the name of a parameter, and what is said of it


def doubts(document: Document) -> list[Mistake]:
    """Every doubt about a valid document."""
    names = Names(document.nodes, document.links, document.clusters)
    faults = list(enumerate(document.faults))
    clusters = _clusters_of(document, names)
    shared = {index: document.clusters[cluster].params for index, cluster in clusters.items()}
    given = [
        (node.type, _params(node.type, shared.get(index, {}), node.params)) for index, node in enumerate(document.nodes)
    ]
    said = [*_parameters(document, names, given), *_strangers(document, names, given, clusters)]
    found = [*contradictions(faults, names), *hasty_stops(faults), *_once_a_cluster(document, clusters, said)]
    return [*found, *_clusters(document, names)][:MISTAKES_MAX]


def _clusters_of(document: Document, names: Names) -> dict[int, int]:
    """By the position of a node: that of the cluster which it is a member of."""
    cluster_of = {
        one: index
        for index, cluster in enumerate(document.clusters)
        for member in cluster.members
        for one in names.nodes[member]
    }
    ones = [names.nodes[node.id][0] for node in document.nodes]
    return {index: cluster_of[one] for index, one in enumerate(ones) if one in cluster_of}


def _once_a_cluster(document: Document, clusters: Mapping[int, int], said: Sequence[Said]) -> Iterator[Mistake]:
    """What members of a cluster have in common is said once: of a parameter that they share, at the cluster; of one
    that members have for themselves, at the first of them, and then not at the cluster too.
    """
    own = {(clusters.get(index), name) for index, name, _ in said if name in document.nodes[index].params}
    told: set[tuple[int, str, str]] = set()
    first: dict[tuple[int, str], int] = {}
    for index, name, words in said:
        cluster = clusters.get(index)
        place = f"nodes[{index}]"
        if cluster is not None:
            if name and name not in document.nodes[index].params:
                if (cluster, name) in own or first.setdefault((cluster, name), index) != index:
                    continue
                place = f"clusters[{cluster}]"
            elif (cluster, name, words) in told:
                continue
            told.add((cluster, name, words))
        yield Mistake(f"{place}.params.{name}" if name else place, words)


def _parameters(document: Document, names: Names, given: Given) -> Iterator[Said]:
    """Parameters that contradict each other, as the node types know it."""
    of_one = {one: given[index] for index, node in enumerate(document.nodes) for one in names.nodes[node.id]}
    neighbours: dict[str, dict[str, Neighbour]] = {}
    for link in document.links:
        stream = link.params.get("transport") == "stream"
        for a, b in names.ends(link):
            for one, other, asked in ((a, b, True), (b, a, False)):
                before = neighbours.setdefault(one, {}).get(other)
                found = Neighbour(*of_one[other], asked, stream)
                if before is not None:
                    found = replace(found, asked=asked or before.asked, stream=stream and before.stream)
                neighbours[one][other] = found
    for cluster in document.clusters:
        mates = [one for member in cluster.members for one in names.nodes[member]]
        stream = cluster.link.get("transport") == "stream"
        for one in mates:
            around = neighbours.setdefault(one, {})
            for other in mates:
                if other != one and other not in around:
                    around[other] = Neighbour(*of_one[other], False, stream)
    for index, (node, (type_name, params)) in enumerate(zip(document.nodes, given, strict=True)):
        node_type = node_types()[type_name]
        around = neighbours.get(names.nodes[node.id][0], {})
        said = [*node_type.doubts(params, frozenset(around)), *node_type.doubts_beside(params, around)]
        said += lone_target_doubts(params, [one for one, other in around.items() if _is_target(other)])
        for name, words in said:
            yield index, name, words


def _strangers(document: Document, names: Names, given: Given, clusters: Mapping[int, int]) -> Iterator[Said]:
    """Names of nodes, in parameters that hold such, that nobody has."""
    ones = {one: node.type for node in document.nodes for one in names.nodes[node.id]}
    for index, (type_name, params) in enumerate(given):
        for param in node_types()[type_name].PARAMS:
            text = str(params[param.name]) if param.names else ""
            if not text:
                continue
            known = list(ones)
            if param.names == MEMBERS and index in clusters:
                known = names.members[document.clusters[clusters[index]].id]
            elif param.names == MEMBERS:
                known = [one for one, other in ones.items() if other == type_name]
            for words in name_doubts(param.names, text, known):
                yield index, param.name, words


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
