"""Faults on hosts: what befalls a machine, its process, its pace, its clocks or its disk.

Faults of one kind that overlap add up, and each takes back only its own share when it ends.
"""

from __future__ import annotations

from typing import Any

from simulations.engine.clocks import Clock, Skew
from simulations.engine.distributions import Exponential, to_ns
from simulations.engine.fault import Fault, HostFault
from simulations.engine.host import Host
from simulations.engine.kernel import Event
from simulations.engine.machine import Together, befallen
from simulations.engine.network import Network
from simulations.engine.stops import stop
from simulations.engine.streams import nth, stream_key


class Crash(Fault):
    """A host stops; at the end it boots again as a new incarnation, unless another crash lasts."""

    def __init__(self, network: Network, number: int, host: Host) -> None:
        super().__init__(network, number)
        self.host = host

    def begin(self) -> None:
        self.host.crashes += 1
        self.host.crash()

    def end(self) -> None:
        self.host.crashes -= 1
        if self.host.crashes == 0:
            self.host.boot()


class Pause(HostFault):
    """The process does nothing while it lasts, as after SIGSTOP; what came due meanwhile happens at the end."""

    def apply(self) -> None:
        self.host.pauses += 1
        self.host.settle()

    def revert(self) -> None:
        self.host.pauses -= 1
        self.host.settle()


class Hang(HostFault):
    """As a pause, but probes are answered: what looks alive and does nothing."""

    def apply(self) -> None:
        self.host.hangs += 1
        self.host.settle()

    def revert(self) -> None:
        self.host.hangs -= 1
        self.host.settle()


class Slow(HostFault):
    """Work and fsyncs that begin while it lasts take this many times as long."""

    def __init__(self, network: Network, number: int, host: Host, factor: float) -> None:
        super().__init__(network, number, host, f"{factor:g} times slower")
        self.factor = factor

    def apply(self) -> None:
        self.host.slows.append(self.factor)
        self.host.settle_pace()

    def revert(self) -> None:
        self.host.slows.remove(self.factor)
        self.host.settle_pace()


class WrongClock(HostFault):
    """The wall clock is off, and perhaps drifts away; the drift is the timers' as well, if so declared."""

    def __init__(self, network: Network, number: int, host: Host, offset_ms: float, drift_ppm: float, timers: bool):
        words = [f"{offset_ms:+g} ms"] if offset_ms else []
        words += [f"{drift_ppm:+g} ppm"] if drift_ppm else []
        super().__init__(network, number, host, f"clock {' '.join(words)}")
        self.skew = Skew(to_ns(offset_ms), to_ns(drift_ppm) // 1000, timers)

    def apply(self) -> None:
        if self.host.clock is None:
            self.host.clock = Clock(self.network.kernel)
        self.host.clock.begin(self.skew)

    def revert(self) -> None:
        if self.host.clock is not None:
            self.host.clock.end(self.skew)


class SlowDisk(HostFault):
    """The disk's fsyncs that begin while it lasts take this many times as long."""

    def __init__(self, network: Network, number: int, host: Host, factor: float) -> None:
        super().__init__(network, number, host, f"disk {factor:g} times slower")
        self.factor = factor

    def apply(self) -> None:
        self.host.slow_disks.append(self.factor)
        self.host.settle_pace()

    def revert(self) -> None:
        self.host.slow_disks.remove(self.factor)
        self.host.settle_pace()


class FullDisk(HostFault):
    """Writes are refused."""

    def apply(self) -> None:
        self.host.disk.full += 1

    def revert(self) -> None:
        self.host.disk.full -= 1


class LyingDisk(HostFault):
    """An fsync ends, and nothing is durable. What was written is made durable by the first honest one."""

    def apply(self) -> None:
        self.host.disk.lying += 1

    def revert(self) -> None:
        self.host.disk.lying -= 1


class TornDisk(HostFault):
    """A crash while it lasts tears the write that it interrupts. Checksums find that out, and the value before it
    stands; without them nothing of either is left.
    """

    def __init__(self, network: Network, number: int, host: Host, checksums: bool) -> None:
        super().__init__(network, number, host, "disk tears writes")
        self.unguarded = 0 if checksums else 1

    def apply(self) -> None:
        self.host.disk.tearing += 1
        self.host.disk.unguarded += self.unguarded

    def revert(self) -> None:
        self.host.disk.tearing -= 1
        self.host.disk.unguarded -= self.unguarded


class Chaos(HostFault):
    """Strikes again and again at random, and repairs each time; both after exponential times, drawn from a stream that
    belongs to the process or machine of that name and to what befalls it.
    """

    def __init__(
        self, network: Network, name: str, host: Host, strike: Fault, does: str, rate_per_min: float, mttr_ms: float
    ) -> None:
        super().__init__(network, strike.number, host, "chaos")
        self.strike = strike
        self.does = does
        self.key = stream_key(network.seed, name, f"chaos {does}")
        self.calm = Exponential(int(60e9 / rate_per_min))
        self.repair = Exponential(to_ns(mttr_ms))
        self.turns = 0
        self.struck = False
        self.lasts = False

    def apply(self) -> None:
        self.lasts = True
        self._wait()

    def revert(self) -> None:
        self.lasts = False
        if self.struck:
            self._turn()

    def due(self, turn: int) -> None:
        """Strike or repair, unless it has ended since that was planned."""
        if self.lasts and turn == self.turns:
            self._turn()
            self._wait()

    def _turn(self) -> None:
        self.struck = not self.struck
        if self.struck:
            self.host.note(f"chaos: {self.does}")
            self.strike.begin()
        else:
            self.strike.end()

    def _wait(self) -> None:
        self.turns += 1
        takes = self.repair if self.struck else self.calm
        kernel = self.network.kernel
        kernel.at_fault(kernel.now + takes.draw_ns(self.key, nth(self.key, self.turns)), ChaosTurn(self, self.turns))


class ChaosTurn(Event):
    """The next strike or repair."""

    def __init__(self, chaos: Chaos, turn: int) -> None:
        self.chaos = chaos
        self.turn = turn

    def fire(self) -> None:
        self.chaos.due(self.turn)


def host_fault(network: Network, number: int, entry: dict[str, Any]) -> Fault | None:
    """Build a fault on a host from its entry in the document; None for any other kind."""
    kind = entry["kind"]
    if kind not in HOST_KINDS:
        return None
    name, hosts = befallen(network, entry["target"], entry["does"] if kind == "chaos" else kind)
    if kind == "chaos":
        strike = host_fault(network, number, {**entry, "kind": entry["does"]})
        assert strike is not None
        rate_per_min, mttr_ms = float(entry["rate_per_min"]), float(entry["mttr_ms"])
        chaos = Chaos(network, name, hosts[0], strike, entry["does"], rate_per_min, mttr_ms)
        return _together(network, number, [chaos, *(HostFault(network, number, host, "chaos") for host in hosts[1:])])
    return _together(network, number, [_on_process(network, number, host, entry) for host in hosts])


def _together(network: Network, number: int, parts: list[Fault]) -> Fault:
    return parts[0] if len(parts) == 1 else Together(network, number, parts)


def _on_process(network: Network, number: int, host: Host, entry: dict[str, Any]) -> Fault:
    """Build a fault on one process."""
    kind = entry["kind"]
    if kind == "stop":
        return stop(network, number, host, entry)
    if kind == "pause":
        return Pause(network, number, host, "paused")
    if kind == "hang":
        return Hang(network, number, host, "hangs")
    if kind == "slow":
        return Slow(network, number, host, float(entry["factor"]))
    if kind == "clock":
        offset_ms, drift_ppm = float(entry["offset_ms"]), float(entry["drift_ppm"])
        return WrongClock(network, number, host, offset_ms, drift_ppm, bool(entry["timers"]))
    if kind == "disk":
        return _disk_fault(network, number, host, entry)
    return Crash(network, number, host)


def _disk_fault(network: Network, number: int, host: Host, entry: dict[str, Any]) -> Fault:
    mode = entry["mode"]
    if mode == "slow":
        return SlowDisk(network, number, host, float(entry["factor"]))
    if mode == "full":
        return FullDisk(network, number, host, "disk full")
    if mode == "lying":
        return LyingDisk(network, number, host, "disk lies")
    return TornDisk(network, number, host, bool(entry["checksums"]))


HOST_KINDS = frozenset({"crash", "restart", "stop", "pause", "hang", "slow", "clock", "disk", "chaos"})
