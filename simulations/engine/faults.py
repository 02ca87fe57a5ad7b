"""Faults: what the scenario breaks, when, and how it is mended."""

from __future__ import annotations

from typing import Any

from simulations.engine.fault import Fault
from simulations.engine.host_faults import host_fault
from simulations.engine.network import Channel, Network


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


def fault(network: Network, number: int, entry: dict[str, Any]) -> Fault:
    """Build a fault from its entry in the document. Raises ValueError for an unknown kind."""
    kind = entry["kind"]
    on_host = host_fault(network, number, entry)
    if on_host is not None:
        return on_host
    if kind == "partition":
        return Block(network, number, _between(network, entry["target"]), "partition")
    if kind == "cut":
        return Block(network, number, _along(network, entry["target"], entry.get("direction", "both")), "link cut")
    if kind == "loss":
        return Loss(network, number, _along(network, entry["target"], "both"), float(entry["probability"]))
    raise ValueError(f"Unknown fault kind {kind!r}.")


def _between(network: Network, groups: list[list[str]]) -> list[Channel]:
    """The channels from a host of one group to a host of another."""
    group_of = {id: number for number, group in enumerate(groups) for id in group}
    return [
        channel
        for id in group_of
        for neighbour, channel in network.hosts[id].channels.items()
        if neighbour in group_of and group_of[neighbour] != group_of[id]
    ]


def _along(network: Network, link: str, direction: str) -> list[Channel]:
    """A link's channels in a direction."""
    channels = network.channels[link]
    if direction == "a-to-b":
        return channels[0::2]
    if direction == "b-to-a":
        return channels[1::2]
    return channels
