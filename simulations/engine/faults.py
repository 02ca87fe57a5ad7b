"""Faults: what the scenario breaks, when, and how it is mended."""

from __future__ import annotations

from typing import Any

from simulations.engine import adversaries
from simulations.engine.channel import Channel
from simulations.engine.distributions import Distribution, distribution
from simulations.engine.fault import Fault, start_words
from simulations.engine.host_faults import host_fault
from simulations.engine.links import Extra, bits_per_s, conditions_of, release
from simulations.engine.network import Network


class Block(Fault):
    """Channels that carry nothing: a cut link, or a partition."""

    def __init__(self, network: Network, number: int, channels: list[Channel], reason: str) -> None:
        super().__init__(network, number)
        self.channels = channels
        self.reason = reason

    def begin(self) -> None:
        for channel in self.channels:
            channel.block(self.reason)

    def end(self) -> None:
        for channel in self.channels:
            channel.unblock(self.reason)


class Loss(Fault):
    """A link loses messages with a probability, on top of its own."""

    def __init__(self, network: Network, number: int, channels: list[Channel], probability: float) -> None:
        super().__init__(network, number)
        self.channels = channels
        self.probability = probability

    def begin(self) -> None:
        for channel in self.channels:
            channel.faulty_loss.append(self.probability)
            channel.settle_loss()

    def end(self) -> None:
        for channel in self.channels:
            channel.faulty_loss.remove(self.probability)
            channel.settle_loss()


class Slower(Fault):
    """Messages take longer: all of them (delay), or some, so that others overtake them (reorder)."""

    def __init__(
        self, network: Network, number: int, channels: list[Channel], purpose: str, share: float, delay: Distribution
    ) -> None:
        super().__init__(network, number)
        self.channels = channels
        self.purpose = purpose
        self.share = share
        self.delay = delay
        self.extras: list[Extra] = []

    def begin(self) -> None:
        for channel in self.channels:
            active = conditions_of(channel).extras
            # Keyed by what it is and when it begins, not by its number: a fault before it in the list changes nothing.
            twins = len([extra for extra in active if extra.purpose.startswith(self.purpose)])
            extra = Extra(channel, f"{self.purpose} {twins}", self.share, self.delay)
            active.append(extra)
            self.extras.append(extra)

    def end(self) -> None:
        for channel, extra in zip(self.channels, self.extras, strict=True):
            conditions_of(channel).extras.remove(extra)
            release(channel)
        self.extras = []


class Copies(Fault):
    """Messages arrive twice with a probability, on top of the link's own."""

    def __init__(self, network: Network, number: int, channels: list[Channel], probability: float) -> None:
        super().__init__(network, number)
        self.channels = channels
        self.probability = probability

    def begin(self) -> None:
        for channel in self.channels:
            conditions = conditions_of(channel)
            conditions.duplications.append(self.probability)
            conditions.settle()

    def end(self) -> None:
        for channel in self.channels:
            conditions_of(channel).duplications.remove(self.probability)
            release(channel)


class Narrow(Fault):
    """A link sends no faster than so many bits a second."""

    def __init__(self, network: Network, number: int, channels: list[Channel], rate: int) -> None:
        super().__init__(network, number)
        self.channels = channels
        self.rate = rate

    def begin(self) -> None:
        for channel in self.channels:
            conditions = conditions_of(channel)
            conditions.bandwidths.append(self.rate)
            conditions.settle()

    def end(self) -> None:
        for channel in self.channels:
            conditions_of(channel).bandwidths.remove(self.rate)
            release(channel)


def fault(network: Network, number: int, entry: dict[str, Any]) -> Fault:
    """Build a fault from its entry in the document. Raises ValueError for an unknown kind."""
    kind = entry["kind"]
    on_host = host_fault(network, number, entry)
    if on_host is not None:
        return on_host
    if kind == "partition":
        return Block(network, number, _between(network, entry["target"]), "partition")
    if kind == "cut":
        return Block(network, number, network.along(entry["target"], entry.get("direction", "both")), "link cut")
    if kind in ("loss", "delay", "duplicate", "reorder", "bandwidth"):
        return _on_link(network, number, entry)
    if kind in adversaries.KINDS:
        return adversaries.adversary(network, number, entry)
    raise ValueError(f"Unknown fault kind {kind!r}.")


def _on_link(network: Network, number: int, entry: dict[str, Any]) -> Fault:
    """Build one of the faults that leave a link usable."""
    kind = entry["kind"]
    channels = network.along(entry["target"], entry.get("direction", "both"))
    share = float(entry.get("probability", 1))
    if kind == "loss":
        return Loss(network, number, channels, share)
    if kind == "duplicate":
        return Copies(network, number, channels, share)
    if kind == "bandwidth":
        return Narrow(network, number, channels, max(1, bits_per_s(entry["mbit_per_s"])))
    purpose = f"{kind} {start_words(entry)},"
    return Slower(network, number, channels, purpose, share, distribution(entry["latency"]))


def _between(network: Network, groups: list[list[str]]) -> list[Channel]:
    """The channels from a host of one group to a host of another."""
    group_of = {id: number for number, group in enumerate(groups) for id in group}
    for id in group_of:
        mesh = network.hosts[id].mesh
        if mesh is not None:
            mesh.lay_apart(id, group_of)
    return [
        channel
        for id in group_of
        for neighbour, channel in network.hosts[id].channels.items()
        if neighbour in group_of and group_of[neighbour] != group_of[id]
    ]
