"""How a process is ended on a machine that lives: at once, or after it has been told and had time to finish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulations.engine.distributions import to_ns
from simulations.engine.fault import Fault, HostFault
from simulations.engine.host import Host
from simulations.engine.kernel import Event
from simulations.engine.network import Network
from simulations.engine.readiness import drain


class Stop(HostFault):
    """The process ends on a machine that lives; at the end a new one starts."""

    def apply(self) -> None:
        self.host.stops += 1
        self.host.stop()

    def revert(self) -> None:
        self.host.stops -= 1
        if self.host.stops == 0 and self.host.up:
            self.host.start()


class DrainedStop(Fault):
    """The process is told to end, as by SIGTERM, takes requests for the lead, finishes what it has, and is ended when
    its time is up.
    """

    def __init__(self, network: Network, number: int, host: Host, lead_ns: int, drain_ns: int) -> None:
        super().__init__(network, number)
        self.host = host
        self.lead_ns = lead_ns
        self.drain_ns = drain_ns
        self.stop = Stop(network, number, host, "stopped")
        self.turns = 0
        self.stopped = False

    def begin(self) -> None:
        if self.host.process is not None:
            drain(self.host.process, self.lead_ns)
        self.turns += 1
        turn = self.turns
        kernel = self.network.kernel
        kernel.at_fault(kernel.now + self.drain_ns, Later(lambda: self.time_is_up(turn)))

    def time_is_up(self, turn: int) -> None:
        """End the process, unless the fault has ended since it was told."""
        if turn == self.turns:
            self.stopped = True
            self.stop.begin()

    def end(self) -> None:
        self.turns += 1
        if not self.stopped:  # it is over before the time is up: the old process goes, a new one comes
            self.stop.begin()
        self.stopped = False
        self.stop.end()


class Later(Event):
    """Something that a fault does some time after its start."""

    def __init__(self, does: Callable[[], None]) -> None:
        self.does = does

    def fire(self) -> None:
        self.does()


def stop(network: Network, number: int, host: Host, entry: dict[str, Any]) -> Fault:
    """Build a stop from its entry in the document."""
    drain_ms = float(entry.get("drain_ms", 0))
    if drain_ms <= 0:
        return Stop(network, number, host, "stopped")
    return DrainedStop(network, number, host, to_ns(float(entry.get("lead_ms", 0))), to_ns(drain_ms))
