"""What every fault is: something that breaks at a moment, and that is mended at another one or never."""

from __future__ import annotations

from typing import Any

from simulations.engine.host import Host
from simulations.engine.kernel import Event
from simulations.engine.network import Network


class Fault:
    """An entry of the document's `faults`. Subclasses apply and revert it."""

    def __init__(self, network: Network, number: int) -> None:
        self.network = network
        self.number = number

    def begin(self) -> None:
        """Break it."""

    def end(self) -> None:
        """Mend it."""


class HostFault(Fault):
    """Something that is wrong with a host. `word` says it on the stage while it lasts."""

    def __init__(self, network: Network, number: int, host: Host, word: str) -> None:
        super().__init__(network, number)
        self.host = host
        self.word = word

    def begin(self) -> None:
        if self.host.crashes:
            self.host.note(f"{self.word}: nothing to see yet, because the node is down")
        self.host.conditions.append(self.word)
        self.apply()
        self.host.show_conditions()

    def end(self) -> None:
        self.host.conditions.remove(self.word)
        self.revert()
        self.host.show_conditions()

    def apply(self) -> None:
        """Break it."""

    def revert(self) -> None:
        """Mend it."""


def start_words(entry: dict[str, Any]) -> str:
    """When a fault begins, as its streams of chance are named after."""
    when = entry.get("when")
    return f"from {entry['at_ms']} ms" if when is None else f"when {when['node']} {when['event']} {when['nth']}"


class Turn(Event):
    """A fault's start or end."""

    def __init__(self, fault: Fault, phase: str) -> None:
        self.fault = fault
        self.phase = phase

    def fire(self) -> None:
        network = self.fault.network
        network.trace.fault(network.kernel.now, self.fault.number, self.phase)
        if self.phase == "start":
            self.fault.begin()
        else:
            self.fault.end()
