"""What every fault is: something that breaks at a moment, and that is mended at another one or never."""

from __future__ import annotations

from typing import Any

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


class Trigger:
    """A fault that starts some time after a field of a node's state has taken a value for the nth time."""

    def __init__(self, fault: Fault, event: str, nth: int, after_ns: int, lasts_ns: int) -> None:
        self.fault = fault
        self.event = event  # "field = value"
        self.nth = nth
        self.after_ns = after_ns
        self.lasts_ns = lasts_ns  # −1: to the end
        self.seen = 0

    def came(self) -> None:
        """The event has happened once more."""
        self.seen += 1
        if self.seen != self.nth:
            return
        kernel = self.fault.network.kernel
        start_ns = kernel.now + self.after_ns
        kernel.at_fault(start_ns, Turn(self.fault, "start"))
        if self.lasts_ns >= 0:
            kernel.at_fault(start_ns + self.lasts_ns, Turn(self.fault, "end"))


class Triggers:
    """All triggers of a run, by the node and the event they wait for."""

    def __init__(self) -> None:
        self.waiting: dict[tuple[int, str], list[Trigger]] = {}
        self.words: list[tuple[Trigger, str]] = []  # each with what to say if it never comes

    def add(self, node: int, trigger: Trigger, words: str) -> None:
        """Wait for a trigger's event."""
        self.waiting.setdefault((node, trigger.event), []).append(trigger)
        self.words.append((trigger, words))

    def changed(self, node: int, field: str, value: Any) -> None:
        """A field of a node's state has taken a value."""
        for trigger in self.waiting.get((node, f"{field} = {state_text(value)}"), ()):
            trigger.came()

    def never_came(self) -> str:
        """Which faults never began, in words; "" for none."""
        return " ".join([words for trigger, words in self.words if trigger.seen < trigger.nth])


def state_text(value: Any) -> str:
    """A state's value as an event names it: true, false, null, a number or a word."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
