"""The physical document: all that a run depends on, and nothing else, in one canonical form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulations.catalogue import params_model
from simulations.document_adversaries import NODE_ADVERSARY_KINDS
from simulations.document_base import FORMAT, Entry, whole
from simulations.document_expand import Names, numbered
from simulations.document_faults import HOST_KINDS, physical_fault
from simulations.document_hosts import fault_targets, physical_hosts
from simulations.document_links import Latencies, both_ways, link_params

if TYPE_CHECKING:
    from simulations.document import Document


def physical(document: Document, seed: int) -> dict[str, Any]:
    """Defaults filled, counts expanded, cluster parameters merged under members' own; drawing and prose left out."""
    names = Names(document.nodes, document.links, document.clusters)
    zone_of = {name: node.zone for node in document.nodes for name in numbered(node.id, node.count)}
    latencies = Latencies(document.latencies, zone_of)
    shared: dict[str, dict[str, Any]] = {}
    for cluster in document.clusters:
        for member in cluster.members:
            for name in names.nodes[member]:
                shared[name] = cluster.params
    parts = {
        "format": FORMAT,
        "seed": seed,
        "duration_ms": document.duration_ms,
        "settle_ms": document.settle_ms,
        **({"warmup_ms": document.warmup_ms} if document.warmup_ms else {}),  # no key of older runs changes
        "nodes": [
            {
                "id": name,
                "type": node.type,
                "zone": node.zone,
                "host": node.host,
                "params": complete(params_model(node.type), {**shared.get(name, {}), **node.params}),
            }
            for node in document.nodes
            for name in numbered(node.id, node.count)
        ],
        **physical_hosts(document),
        "links": [
            {"id": name, "a": a, "b": b, **params}
            for link in document.links
            for ends in [names.ends(link)]
            for params in [both_ways(link, latencies.given(*ends[0]))]
            for name, (a, b) in zip(names.links[link.id], ends, strict=True)
        ],
        "clusters": [
            {
                "id": cluster.id,
                "protocol": cluster.protocol,
                "members": members,
                "link": link_params(cluster.link),
                **latencies.in_mesh(cluster.link, members),
                **({} if cluster.cables == "mesh" else {"cables": cluster.cables}),
            }
            for cluster in document.clusters
            for members in [[name for member in cluster.members for name in names.nodes[member]]]
        ],
        "faults": [fault for entry in document.faults for fault in _faults(entry, names)],
    }
    return whole_dict(parts)


def complete(model: type[Entry], params: dict[str, Any]) -> dict[str, Any]:
    """Parameters with defaults filled and distributions normalised."""
    return model.model_validate(params).model_dump(mode="json")


def _faults(entry: Entry, names: Names) -> list[dict[str, Any]]:
    """One fault for each node, machine or link that the entry's target stands for."""
    fault = physical_fault(entry.model_dump(mode="json"))
    if fault["kind"] == "partition":
        return [
            {**fault, "target": [[name for ref in group for name in names.nodes[ref]] for group in fault["target"]]}
        ]
    target = fault["target"]
    if fault["kind"] in HOST_KINDS:
        found = fault_targets(fault, names)
    elif fault["kind"] in NODE_ADVERSARY_KINDS:
        found = list(names.nodes[target])
    else:
        found = list(names.along(target) or names.nodes[target])
    return [{**fault, "target": name} for name in found]


def whole_dict(value: dict[str, Any]) -> dict[str, Any]:
    """Plain data in which a number has one form, whatever it was written as."""
    result = whole(value)
    assert isinstance(result, dict)
    return result
