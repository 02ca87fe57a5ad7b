"""The metrics of a run's parts: what the physical document and the prices say of them, beside the trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from simulations.catalogue import node_types
from simulations.engine.declare import Metric
from simulations.engine.log import Log, Operation
from simulations.engine.machine import CORES
from simulations.engine.metrics import Selection
from simulations.engine.metrics_calls import call_metrics
from simulations.engine.metrics_costs import Prices, cost_metrics
from simulations.engine.metrics_nodes import Work, cluster_metrics, link_metrics, node_metrics, work_of
from simulations.engine.metrics_published import charged, machine_metrics, published_metrics, published_together
from simulations.engine.metrics_reach import reach_metrics
from simulations.engine.metrics_table import unit_of
from simulations.engine.metrics_traffic import Traffic, forwarding_metrics


class Places:
    """The nodes, links and machines of a run."""

    def __init__(self, log: Log, physical: Mapping[str, Any], prices: Prices) -> None:
        self.log = log
        self.physical = physical
        self.prices = prices

    def metrics(self, select: Selection, chosen: Sequence[int], ok: float) -> dict[str, float]:
        """The figures of a window; `chosen` are the messages that count, `ok` the operations that succeeded."""
        log = self.log
        traffic = Traffic(log, select, chosen)
        found = node_metrics(log, select, self._params, self._work)
        found |= cluster_metrics(log, select, self._params, self._clusters)
        found |= link_metrics(log, select, traffic, self._links) | forwarding_metrics(log, chosen)
        found |= machine_metrics(log, select, self._machines)
        found |= published_metrics(log, select, self._declared)
        found |= published_together(log, select, self._declared, self._clusters)
        found |= call_metrics(log, select)
        found |= reach_metrics(log, select, self._asked)
        if select.where:  # nobody can say what a part of the operations costs
            return found
        span_ns = max(0, min(select.to_ns, log.end_ns) - select.from_ns)
        return found | cost_metrics(log, self.prices, traffic.sizes, span_ns, ok, charged(found, self._declared))

    def units(self, names: Iterable[str]) -> dict[str, str]:
        """The units of figures by name, of those that have one."""
        own = {
            f"nodes.{node}.{name}": metric.unit_of(name)
            for node, metrics in self._declared.items()
            for metric in metrics
            for name in metric.figures()
        }
        for cluster, members in self._clusters.items():
            for member in sorted(members):
                for metric in self._declared.get(self.log.nodes[member], ()):
                    own |= {f"clusters.{cluster}.{name}": metric.unit_of(name) for name in metric.figures()}
        found = {name: own[name] if name in own else unit_of(name) for name in names}
        return {name: unit for name, unit in found.items() if unit}

    @cached_property
    def zones(self) -> dict[str, str]:
        """The zone of each node that is in one."""
        return {node["id"]: node["zone"] for node in self.physical.get("nodes", ()) if node.get("zone")}

    def groups(self, operations: Sequence[Operation]) -> dict[str, list[Operation]]:
        """Operations by the zone of their client, and by the clusters that their messages went to."""
        zones = self.zones
        initiators = {operation.node for operation in self.log.operations.values()}
        groups: dict[str, list[Operation]] = {
            f"zones.{zones[node]}": [] for node in sorted(initiators) if node in zones
        }
        for operation in operations:
            if operation.node in zones:
                groups[f"zones.{zones[operation.node]}"].append(operation)
        for name, reached in self._reached.items():
            groups[f"clusters.{name}"] = [one for one in operations if one.id in reached]
        return groups

    @cached_property
    def _reached(self) -> dict[str, set[int]]:
        """The operations that messages brought to each cluster's members."""
        log = self.log
        return {
            name: {op for op, dst in zip(log.sent_op, log.sent_dst, strict=True) if dst in members}
            for name, members in self._clusters.items()
        }

    @cached_property
    def _clusters(self) -> dict[str, frozenset[int]]:
        """The members of each cluster, by number."""
        number = {name: index for index, name in enumerate(self.log.nodes)}
        clusters = self.physical.get("clusters", ())
        return {
            cluster["id"]: frozenset(number[member] for member in cluster["members"] if member in number)
            for cluster in clusters
        }

    @cached_property
    def _params(self) -> dict[str, Mapping[str, Any]]:
        return {node["id"]: node["params"] for node in self.physical.get("nodes", ())}

    @cached_property
    def _work(self) -> list[Work]:
        return work_of(self.log, self._params)

    @cached_property
    def _links(self) -> dict[tuple[str, str], tuple[str, float]]:
        """The drawn links by their ends: id and bandwidth."""
        return {
            (link["a"], link["b"]): (link["id"], float(link["params"].get("bandwidth_mbit_per_s") or 0))
            for link in self.physical.get("links", ())
        }

    @cached_property
    def _asked(self) -> dict[str, list[int]]:
        """Whom those who start operations have links to, by number."""
        number = {name: index for index, name in enumerate(self.log.nodes)}
        types = node_types()
        kinds = {node["id"]: types.get(node.get("type", "")) for node in self.physical.get("nodes", ())}
        found: dict[str, list[int]] = {id: [] for id, kind in kinds.items() if kind is not None and kind.INITIATES}
        for link in self.physical.get("links", ()):
            for one, other in ((link["a"], link["b"]), (link["b"], link["a"])):
                if one in found and (kind := kinds.get(other)) is not None and kind.SERVES:
                    found[one].append(number[other])
        return found

    @cached_property
    def _machines(self) -> dict[str, tuple[int, list[int]]]:
        """The machines that nodes share: cores, and the nodes' numbers."""
        number = {name: index for index, name in enumerate(self.log.nodes)}
        cores = {host["id"]: host["cores"] for host in self.physical.get("hosts", ())}
        found: dict[str, tuple[int, list[int]]] = {}
        for node in self.physical.get("nodes", ()):
            if node.get("host") is not None:
                name = node["host"]
                found.setdefault(name, (cores.get(name, CORES), []))[1].append(number[node["id"]])
        return found

    @cached_property
    def _declared(self) -> dict[str, tuple[Metric, ...]]:
        """What the nodes publish of their own."""
        types = node_types()
        nodes = [(node["id"], types.get(node.get("type", ""))) for node in self.physical.get("nodes", ())]
        return {name: node_type.METRICS for name, node_type in nodes if node_type is not None and node_type.METRICS}
