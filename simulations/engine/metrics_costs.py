"""What a run costs: nodes and machines by the hour, traffic by the gigabyte, and what node types charge themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from simulations.engine.log import Log
from simulations.engine.metrics_table import NS_PER_S

NS_PER_HOUR: Final = 3_600 * NS_PER_S
BYTES_PER_GB: Final = 1_000_000_000


@dataclass(frozen=True)
class Prices:
    """What a scenario says that its parts cost, in $: per hour by id; per GB by the link's ends, from and to, with its
    id; per GB of meshes, each with its members.
    """

    nodes: Mapping[str, float] = field(default_factory=dict)
    hosts: Mapping[str, float] = field(default_factory=dict)
    links: Mapping[tuple[str, str], tuple[str, float]] = field(default_factory=dict)
    meshes: Sequence[tuple[str, frozenset[str], float]] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes or self.hosts or self.links or self.meshes)


def cost_metrics(
    log: Log,
    prices: Prices,
    bytes_sent: Mapping[tuple[int, int], int],
    span_ns: int,
    ok: float,
    charged: Mapping[str, float],
) -> dict[str, float]:
    """The figures named cost, of a window that long in which so many operations succeeded. `bytes_sent` goes by the
    nodes that they were sent from and to; `charged` is what nodes ask for what they did.
    """
    found: dict[str, float] = {f"nodes.{name}.cost": charge for name, charge in charged.items()}
    hours = span_ns / NS_PER_HOUR
    for prefix, rates in (("nodes", prices.nodes), ("hosts", prices.hosts)):
        for name, rate in rates.items():
            key = f"{prefix}.{name}.cost"
            found[key] = found.get(key, 0) + rate * hours
    for name in dict.fromkeys(name for name, _ in prices.links.values()):
        found[f"links.{name}.cost"] = 0
    for name, _, _ in prices.meshes:
        found[f"clusters.{name}.cost"] = 0
    for (src, dst), size in bytes_sent.items():
        name, rate = _price_of(prices, log.nodes[src], log.nodes[dst])
        if name:
            found[name] = found.get(name, 0) + size / BYTES_PER_GB * rate
    return found | totals(found.values(), ok) if found else {}


def totals(costs: Iterable[float], ok: float) -> dict[str, float]:
    """The sum, and what a million operations cost of it."""
    total = sum(costs)
    found = {"cost.total": total}
    if ok:
        found["cost.per_million_ops"] = total / ok * 1_000_000
    return found


def _price_of(prices: Prices, src: str, dst: str) -> tuple[str, float]:
    """The figure that traffic counts in, and its price; "" for what is free."""
    link = prices.links.get((src, dst))
    if link is not None:
        return f"links.{link[0]}.cost", link[1]
    for name, members, rate in prices.meshes:
        if src in members and dst in members:
            return f"clusters.{name}.cost", rate
    return "", 0
