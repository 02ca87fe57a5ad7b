"""What pydantic cannot see: references, duplicates, parameters of node types, times, limits after expansion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from simulations.catalogue import node_types, params_model
from simulations.document_base import LINKS_MAX, MISTAKES_MAX, NODES_MAX, Mistake, did_you_mean
from simulations.document_cables import cable_mistakes
from simulations.document_entries import (
    ClusterEntry,
    Fault,
    LatencyEntry,
    LinkEntry,
    NodeEntry,
    ZoneEntry,
)
from simulations.document_expand import Names, numbered
from simulations.document_fault_checks import Faults
from simulations.document_hosts import HostEntry, host_mistakes
from simulations.document_links import LINK_MODEL, LINK_PARAMS
from simulations.document_params import mistakes_of
from simulations.engine.declare import Param


@dataclass
class Parts:
    """The entries that could be read, each with its index, and every id in use (also of entries that could not)."""

    nodes: list[tuple[int, NodeEntry]]
    links: list[tuple[int, LinkEntry]]
    zones: list[tuple[int, ZoneEntry]]
    latencies: list[tuple[int, LatencyEntry]]
    hosts: list[tuple[int, HostEntry]]
    clusters: list[tuple[int, ClusterEntry]]
    faults: list[tuple[int, Fault]]
    broken: frozenset[str]
    end_ms: float


class Inspector:
    """Collects the mistakes of one document."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.found: list[Mistake] = []
        # Counts beyond the limit are refused before they are spelled out.
        self.node_count = sum(node.count for _, node in parts.nodes)
        self.oversized = self.node_count > NODES_MAX
        self.names = Names([] if self.oversized else [node for _, node in parts.nodes])
        self.ids_of = {index: node.id for index, node in parts.nodes}
        self.link_ids = {index: link.id for index, link in parts.links}
        self.types: dict[str, str] = {}
        for _, node in () if self.oversized else parts.nodes:
            for name in (node.id, *numbered(node.id, node.count)):
                self.types.setdefault(name, node.type)

    def say(self, path: str, message: str) -> None:
        self.found.append(Mistake(path, message))

    @property
    def full(self) -> bool:
        """Whether enough has been found: looking for more would only take time."""
        return len(self.found) >= MISTAKES_MAX

    def inspect(self) -> list[Mistake]:
        """Every mistake beyond structure."""
        if self.oversized:
            self.say(
                "nodes", f"The scenario has {self.node_count:,} nodes, counts included; the limit is {NODES_MAX:,}."
            )
        self._ids()
        self._nodes()
        self._latencies()
        if not self.oversized:
            self.found += host_mistakes(self.parts, self.names.nodes)
            self._links()
            self._clusters()
            self._cables()
            Faults(self).inspect()
        return self.found

    def _ids(self) -> None:
        groups: tuple[tuple[str, Sequence[tuple[int, Any]]], ...] = (
            ("nodes", self.parts.nodes),
            ("links", self.parts.links),
            ("zones", self.parts.zones),
            ("hosts", self.parts.hosts),
            ("clusters", self.parts.clusters),
        )
        for kind, entries in groups:
            seen: dict[str, int] = {}
            for index, entry in entries:
                if entry.id in seen:
                    self.say(
                        f"{kind}[{index}].id", f'"{entry.id}" is taken by {kind}[{seen[entry.id]}]; ids must differ.'
                    )
                seen.setdefault(entry.id, index)
        owner: dict[str, int] = {}
        for index, node in () if self.oversized else self.parts.nodes:
            for name in numbered(node.id, node.count):
                other = owner.setdefault(name, index)
                if other != index and self.ids_of[other] != node.id:
                    place, what = ("id", "Is") if node.count == 1 else ("count", "Expands to")
                    self.say(f"nodes[{index}].{place}", f'{what} "{name}", which nodes[{other}] stands for already.')
                    break

    def _nodes(self) -> None:
        zones = [zone.id for _, zone in self.parts.zones]
        types = node_types()
        for index, node in self.parts.nodes:
            if node.zone is not None and node.zone not in zones and node.zone not in self.parts.broken:
                self.say(f"nodes[{index}].zone", f'There is no zone "{node.zone}".{did_you_mean(node.zone, zones)}')
            if self.full:
                return
            if node.type not in types:
                self.say(f"nodes[{index}].type", self._unknown_type(node.type))
                continue
            self._params(node.type, node.params, f"nodes[{index}].params")

    def _latencies(self) -> None:
        zones = [zone.id for _, zone in self.parts.zones]
        taken: dict[tuple[str, str], int] = {}
        for index, entry in self.parts.latencies:
            for end, name in (("a", entry.a), ("b", entry.b)):
                if name not in zones and name not in self.parts.broken:
                    self.say(f"latencies[{index}].{end}", f'There is no zone "{name}".{did_you_mean(name, zones)}')
            other = taken.setdefault((min(entry.a, entry.b), max(entry.a, entry.b)), index)
            if other != index:
                self.say(f"latencies[{index}]", f'latencies[{other}] is between "{entry.a}" and "{entry.b}" already.')

    def _unknown_type(self, name: str) -> str:
        known = sorted(node_types())
        return f'There is no node type "{name[:60]}".{did_you_mean(name, known) or " Known: " + ", ".join(known) + "."}'

    def _params(self, type_name: str, params: Mapping[str, Any], path: str) -> None:
        self._model(params_model(type_name), node_types()[type_name].PARAMS, params, path)

    def _model(self, model: Any, declared: Sequence[Param], params: Mapping[str, Any], path: str) -> None:
        if self.full:
            return
        try:
            model.model_validate(params)
        except ValidationError as error:
            self.found += mistakes_of(error, model, params, path, declared)

    def known(self, name: str, path: str) -> tuple[str, ...]:
        """The nodes that a reference stands for; a mistake and () where there are none."""
        found = self.names.nodes.get(name, ())
        if not found and name not in self.parts.broken and not self.full:
            self.say(path, f'There is no node "{name}".{did_you_mean(name, self.names.nodes)}')
        return found

    def _links(self) -> None:
        total = 0
        taken: dict[tuple[str, str], int] = {}
        owner: dict[str, int] = {}
        for index, link in self.parts.links:
            path = f"links[{index}]"
            for key, params in (("params", link.params), ("a_to_b", link.a_to_b), ("b_to_a", link.b_to_a)):
                self._model(LINK_MODEL, LINK_PARAMS, params, f"{path}.{key}")
                if key != "params" and "transport" in params:
                    self.say(f"{path}.{key}.transport", "A stream goes both ways: set the transport in params.")
            a = self.known(link.a, f"{path}.a")
            b = self.known(link.b, f"{path}.b")
            if set(a) & set(b):
                self.say(f"{path}.b", f'A link joins two different nodes; this one joins "{link.a}" to itself.')
                continue
            total += len(a) * len(b)
            if total > LINKS_MAX:
                self.say(
                    "links", f"The scenario has more than {LINKS_MAX:,} links, counts included; that is the limit."
                )
                return
            self._link_names(index, link.id, len(a) * len(b), owner)
            for pair in self.names.ends(link):
                other = taken.setdefault((min(pair), max(pair)), index)
                if other != index:
                    self.say(path, f'links[{other}] joins "{pair[0]}" to "{pair[1]}" already.')
                    break
        parts = self.parts
        nodes, links = [node for _, node in parts.nodes], [link for _, link in parts.links]
        self.names = Names(nodes, links, [cluster for _, cluster in parts.clusters])

    def _link_names(self, index: int, id: str, count: int, owner: dict[str, int]) -> None:
        """Say when a link that is many would have the name of another one."""
        for name in numbered(id, count):
            other = owner.setdefault(name, index)
            if other != index and self.link_ids[other] != id:
                words = "Is" if count == 1 else "Stands for"
                self.say(f"links[{index}].id", f'{words} "{name}", which links[{other}] stands for already.')
                return

    def _clusters(self) -> None:
        types = node_types()
        clustered = [name for name, node_type in types.items() if node_type.CLUSTERS]
        owner: dict[str, int] = {}
        for index, cluster in self.parts.clusters:
            path = f"clusters[{index}]"
            self._model(LINK_MODEL, LINK_PARAMS, cluster.link, f"{path}.link")
            if cluster.protocol not in clustered:
                hint = did_you_mean(cluster.protocol, clustered) or f" Known: {', '.join(sorted(clustered))}."
                self.say(
                    f"{path}.protocol",
                    f'No node type "{cluster.protocol[:60]}" forms clusters.{hint}',
                )
            else:
                self._params(cluster.protocol, cluster.params, f"{path}.params")
            for position, member in enumerate(cluster.members):
                where = f"{path}.members[{position}]"
                for name in self.known(member, where):
                    if self.types[name] != cluster.protocol and cluster.protocol in clustered:
                        self.say(
                            where,
                            f'"{member}" is of type "{self.types[name]}"; members must be "{cluster.protocol}".',
                        )
                        break
                    if name in owner:
                        other = f"a member of clusters[{owner[name]}] already"
                        self.say(where, f'"{name}" is {"listed twice" if owner[name] == index else other}.')
                        break
                    owner[name] = index

    def _cables(self) -> None:
        known = node_types()
        ids = [name for _, node in self.parts.nodes for name in numbered(node.id, node.count)]
        if self.found or any(self.types[id] not in known for id in ids):
            return
        types = {id: known[self.types[id]] for id in ids}
        links = [pair for _, link in self.parts.links for pair in self.names.ends(link)]
        self.found += cable_mistakes(self.parts.clusters, self.names, types, links)


def raw_ids(data: Mapping[str, Any], lists: Iterable[str]) -> frozenset[str]:
    """Every id in the raw data, so that a reference to an entry with another mistake is not called dangling."""
    found: set[str] = set()
    for name in lists:
        entries = data.get(name)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                found.add(entry["id"])
    return frozenset(found)
