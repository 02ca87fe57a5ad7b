"""Machines that several processes share: one CPU for them all, and faults that befall them together.

A node that names no host has a machine of its own, whose CPU nobody competes for.
"""

from __future__ import annotations

from typing import Any, Final

from simulations.engine.cpu import Cpu
from simulations.engine.fault import Fault
from simulations.engine.host import Host
from simulations.engine.network import Network

CORES: Final = 1  # of a machine that the document says no more of
SHARED: Final = frozenset({"crash", "restart", "slow", "clock", "disk"})  # faults of a machine, not of a process


class Machine:
    """A machine and the places of its processes on it, in the document's order."""

    def __init__(self, id: str, cpu: Cpu) -> None:
        self.id = id
        self.cpu = cpu
        self.hosts: list[Host] = []


def share_machines(network: Network, document: dict[str, Any]) -> None:
    """Put the nodes that name a host on its machine."""
    cores = {entry["id"]: int(entry["cores"]) for entry in document.get("hosts", ())}
    for node in document["nodes"]:
        name = node.get("host")
        if name is None:
            continue
        machine = network.machines.get(name)
        if machine is None:
            machine = network.machines[name] = Machine(name, Cpu(network.kernel, cores.get(name, CORES)))
        host = network.hosts[node["id"]]
        host.machine = machine
        host.cpu = machine.cpu
        machine.hosts.append(host)


def befallen(network: Network, target: str, kind: str) -> tuple[str, list[Host]]:
    """Whom a fault hits, by name and in full: a process, or a machine with all its processes."""
    machine = network.machines.get(target)
    if machine is None and kind in SHARED:
        machine = network.hosts[target].machine
    if machine is None:
        return target, [network.hosts[target]]
    return machine.id, machine.hosts


class Together(Fault):
    """A fault on several processes at once."""

    def __init__(self, network: Network, number: int, parts: list[Fault]) -> None:
        super().__init__(network, number)
        self.parts = parts

    def begin(self) -> None:
        for part in self.parts:
            part.begin()

    def end(self) -> None:
        for part in self.parts:
            part.end()
