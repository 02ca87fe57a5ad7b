"""Machines in the scenario document: what several nodes share, what may be said of it, and what can be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from simulations.document_base import (
    NODES_MAX,
    Entry,
    Identifier,
    Label,
    Mistake,
    Price,
    Reference,
    Whole,
    did_you_mean,
)
from simulations.engine.machine import CORES, SHARED

if TYPE_CHECKING:
    from simulations.document import Document
    from simulations.document_checks import Parts
    from simulations.document_expand import Names

HOSTS_MAX: Final = NODES_MAX
CORES_MAX: Final = 1_024


class HostEntry(Entry):
    """A machine that the nodes with this `host` share. One that nodes name and no entry describes has one core."""

    id: Identifier
    label: Label | None = None
    zone: Reference | None = None
    cores: Annotated[Whole, Field(ge=1, le=CORES_MAX)] = CORES
    cost_per_hour: Price | None = None


def host_mistakes(parts: Parts, names: Iterable[str]) -> Iterator[Mistake]:
    """What is wrong with machines: their names, and their zones. `names` are those of nodes."""
    zones = [zone.id for _, zone in parts.zones]
    nodes = set(names)
    seen: dict[str, tuple[str, str | None]] = {}  # machine → where its zone was said first, and which
    for index, host in parts.hosts:
        if host.zone is not None:
            if host.zone not in zones and host.zone not in parts.broken:
                yield Mistake(
                    f"hosts[{index}].zone", f'There is no zone "{host.zone}".{did_you_mean(host.zone, zones)}'
                )
            seen.setdefault(host.id, (f"hosts[{index}]", host.zone))
        if host.id in nodes:
            yield Mistake(f"hosts[{index}].id", f'"{host.id}" is a node; a machine needs a name of its own.')
    told: set[str] = {host.id for _, host in parts.hosts}
    for index, node in parts.nodes:
        if node.host is None:
            continue
        if node.host in nodes and node.host not in told:
            yield Mistake(f"nodes[{index}].host", f'"{node.host}" is a node; a machine needs a name of its own.')
        place, zone = seen.setdefault(node.host, (f"nodes[{index}]", node.zone))
        if zone != node.zone:
            where = f'in zone "{zone}"' if zone is not None else "in no zone"
            yield Mistake(
                f"nodes[{index}].zone",
                f'Its machine "{node.host}" is {where} ({place}); all that runs on it is there. Got '
                + (f'"{node.zone}".' if node.zone is not None else "none."),
            )


def physical_hosts(document: Document) -> dict[str, Any]:
    """The machines that are not at their default, in one order; nothing where there are none."""
    used = {node.host for node in document.nodes}
    found = [{"id": host.id, "cores": host.cores} for host in document.hosts if host.id in used and host.cores != CORES]
    return {"hosts": sorted(found, key=lambda host: str(host["id"]))} if found else {}


def fault_targets(fault: dict[str, Any], names: Names) -> Sequence[str]:
    """Whom a fault on a node or machine hits: what is a machine's fault befalls one machine once."""
    target = fault["target"]
    if target in names.hosts:
        return (target,)
    members = names.nodes[target]
    kind = fault.get("does", fault["kind"])
    return members[:1] if kind in SHARED and members[0] in names.hosted else members
