"""What is allowed in a document and hardly meant: it runs, and is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulations.catalogue import node_types
from simulations.document_base import MISTAKES_MAX, Mistake
from simulations.document_expand import Names
from simulations.document_fault_checks import contradictions

if TYPE_CHECKING:
    from simulations.document import Document


def doubts(document: Document) -> list[Mistake]:
    """Every doubt about a valid document."""
    names = Names(document.nodes, document.links, document.clusters)
    found = [*contradictions(list(enumerate(document.faults)), names), *_parameters(document, names)]
    return found[:MISTAKES_MAX]


def _parameters(document: Document, names: Names) -> Iterator[Mistake]:
    """Parameters that contradict each other, as the node types know it."""
    shared = {member: cluster.params for cluster in document.clusters for member in cluster.members}
    neighbours: dict[str, set[str]] = {}
    for link in document.links:
        for a, b in names.ends(link):
            neighbours.setdefault(a, set()).add(b)
            neighbours.setdefault(b, set()).add(a)
    for index, node in enumerate(document.nodes):
        node_type = node_types()[node.type]
        defaults = {param.name: param.default for param in node_type.PARAMS}
        params = {**defaults, **shared.get(node.id, {}), **node.params}
        around = neighbours.get(names.nodes[node.id][0], set())
        for name, words in node_type.doubts(params, frozenset(around)):
            yield Mistake(f"nodes[{index}].params.{name}", words)
