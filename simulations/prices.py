"""What a scenario says that its parts cost. A run does not depend on it; the bill is made when the run is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulations.document import Document, names_of
from simulations.document_links import LINK_MODEL
from simulations.engine.metrics_costs import Prices


def prices_of(document: Document, variant: str | None = None) -> Prices:
    """The prices of a document, or of a variant of it. Raises KeyError for a variant that it does not have."""
    if variant is not None:
        document = document.variant(variant)
    names = names_of(document)
    nodes = {
        name: node.cost_per_hour
        for node in document.nodes
        if node.cost_per_hour is not None
        for name in names.nodes.get(node.id, ())
    }
    hosts = {host.id: host.cost_per_hour for host in document.hosts if host.cost_per_hour is not None}
    meshes = [
        (cluster.id, frozenset(name for member in cluster.members for name in names.nodes[member]), rate)
        for cluster in document.clusters
        if (rate := _per_gb(cluster.link)) > 0
    ]
    links: dict[tuple[str, str], tuple[str, float]] = {}
    for link in document.links:
        forth, back = _per_gb({**link.params, **link.a_to_b}), _per_gb({**link.params, **link.b_to_a})
        if forth or back or meshes:  # a drawn link, though free, is no part of a mesh
            for id_, (a, b) in zip(names.links[link.id], names.ends(link), strict=True):
                links[a, b], links[b, a] = (id_, forth), (id_, back)
    return Prices(nodes, hosts, links, meshes)


def _per_gb(params: Mapping[str, Any]) -> float:
    return float(LINK_MODEL.model_validate(params).model_dump()["cost_per_gb"])
