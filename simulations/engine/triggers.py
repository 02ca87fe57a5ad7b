"""Faults that wait for something to happen. Who waits for nothing pays nothing: only what a trigger names is listened
to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulations.engine.fault import Fault, Turn
from simulations.engine.network import Network
from simulations.engine.taps import guard_of, outlet_of

if TYPE_CHECKING:
    from simulations.engine.host import Host


class Trigger:
    """A fault that starts some time after an event of a node has happened for the nth time."""

    def __init__(self, fault: Fault, event: str, nth: int, after_ns: int, lasts_ns: int) -> None:
        self.fault = fault
        self.event = event
        self.nth = nth
        self.after_ns = after_ns
        self.lasts_ns = lasts_ns  # −1: to the end
        self.seen = 0
        self.start_ns = -1

    def came(self) -> None:
        """The event has happened once more."""
        self.seen += 1
        if self.seen != self.nth:
            return
        kernel = self.fault.network.kernel
        start_ns = self.start_ns = kernel.now + self.after_ns
        kernel.at_fault(start_ns, Turn(self.fault, "start"))
        if self.lasts_ns >= 0:
            kernel.at_fault(start_ns + self.lasts_ns, Turn(self.fault, "end"))


class Ear:
    """Listens for some events of a node: those whose names begin with `about`."""

    def __init__(self, triggers: Triggers, node: int, about: str) -> None:
        self.triggers = triggers
        self.node = node
        self.about = about

    def hear(self, what: str) -> None:
        """Something of that kind has happened."""
        self.triggers.happened(self.node, f"{self.about}{what}")


class Triggers:
    """All triggers of a run, by the node and the event they wait for. Only what somebody waits for is listened to.

    An event is a field of the node's state taking a value ("role = leader"), "boot", "crash", "sent <kind>",
    "received <kind>", "note <how it begins>", "operation ok|fail|info", "written" (to the disk) or "fsync".
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.hosts: list[Host] = []
        self.waiting: dict[tuple[int, str], list[Trigger]] = {}
        self.notes: dict[int, list[Trigger]] = {}
        self.words: list[tuple[Trigger, str]] = []  # each with what to say if it never comes

    def add(self, host: Host, trigger: Trigger, words: str) -> None:
        """Wait for a trigger's event."""
        self.hosts = list(self.network.hosts.values())
        self.words.append((trigger, words))
        trace = self.network.trace
        event = trigger.event
        if event.startswith("note "):
            self.notes.setdefault(host.index, []).append(trigger)
            trace.heard = self.happened
            return
        self.waiting.setdefault((host.index, event), []).append(trigger)
        if event.startswith(("sent ", "received ")):
            host.lay_channels()
        if event.startswith("sent "):
            for channel in host.channels.values():
                outlet_of(channel).listener = Ear(self, host.index, "sent ").hear
        elif event.startswith("received "):
            for channel in host.channels.values():
                guard_of(channel.dst.channels[host.id]).listener = Ear(self, host.index, "received ").hear
        elif event.startswith("operation "):
            trace.heard = self.happened
        elif event in ("written", "fsync"):
            host.disk.listener = Ear(self, host.index, "").hear
        else:
            trace.watch = self.changed

    def changed(self, node: int, field: str, value: Any) -> None:
        """A field of a node's state has taken a value."""
        for trigger in self.waiting.get((node, f"{field} = {state_text(value)}"), ()):
            trigger.came()
        if field == "up":
            if value:
                self.happened(node, "boot")
            elif not self.hosts[node].up:
                self.happened(node, "crash")

    def happened(self, node: int, event: str) -> None:
        """Something else has happened to a node."""
        for trigger in self.waiting.get((node, event), ()):
            trigger.came()
        if event.startswith("note "):
            for trigger in self.notes.get(node, ()):
                if event.startswith(trigger.event):
                    trigger.came()

    def never_came(self, end_ns: int) -> str:
        """Which faults had not begun when the run ended, in words; "" for none."""
        said: list[str] = []
        for trigger, words in self.words:
            if trigger.seen < trigger.nth:
                said.append(words)
            elif trigger.start_ns >= end_ns:
                starts = f"its event came, but {trigger.start_ns / 1e6:g} ms is not before the end of the run."
                said.append(f"{words.partition(':')[0]}: {starts}")
        return " ".join(said)


def state_text(value: Any) -> str:
    """A state's value as an event names it: true, false, null, a number or a word."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def never_words(entry: dict[str, Any]) -> str:
    """What to say of a fault whose event never comes."""
    when = entry["when"]
    times = "" if when["nth"] == 1 else f" {when['nth']} times"
    event = when["event"]
    failed = f"did not come to {event}{times}" if " = " in event else f'had no "{event}"{times}'
    return f"A fault never began ({entry['kind']}): {when['node']} {failed}."
