"""Faults that are somebody's will: messages altered, sent again or forged. What defends against them is a parameter of
the link.
"""

from __future__ import annotations

from typing import Any, Final

from simulations.engine.channel import Channel
from simulations.engine.distributions import Distribution, distribution
from simulations.engine.fault import Fault, HostFault, start_words
from simulations.engine.host import Host
from simulations.engine.kernel import Event
from simulations.engine.lies import Byzantine
from simulations.engine.links import NS_PER_S
from simulations.engine.messages import Body, Read, Work, Write
from simulations.engine.network import Network
from simulations.engine.streams import nth, stream_key
from simulations.engine.taps import Forged, Recording, Share, Tampering, dismiss, guard_of
from simulations.engine.tasks import Call, Cause

WIRE_KINDS: Final = frozenset({"tamper", "replay"})
KINDS: Final = frozenset({"tamper", "replay", "spoof", "byzantine"})


class OnTheWire(Fault):
    """Somebody who sits on links. Its draws are keyed by what it does and when it begins, not by its number."""

    def __init__(self, network: Network, number: int, channels: list[Channel], entry: dict[str, Any]) -> None:
        super().__init__(network, number)
        self.channels = channels
        self.purpose = f"{entry['kind']} {start_words(entry)},"
        self.probability = float(entry["probability"])
        self.kinds: list[str] = list(entry.get("kinds") or ())

    def share(self, channel: Channel, twins: int) -> Share:
        """The messages of a channel that it meddles with; `twins` others do the same there."""
        key = stream_key(self.network.seed, channel.direction, f"{self.purpose} {twins}")
        return Share(key, self.probability, self.kinds)


class Tamper(OnTheWire):
    """Messages are altered under way."""

    def __init__(self, network: Network, number: int, channels: list[Channel], entry: dict[str, Any]) -> None:
        super().__init__(network, number, channels, entry)
        self.mends_checksum = bool(entry.get("mends_checksum", False))
        self.active: list[Tampering] = []

    def begin(self) -> None:
        for channel in self.channels:
            tamperings = guard_of(channel).tamperings
            self.active.append(Tampering(self.share(channel, len(tamperings)), self.mends_checksum))
            tamperings.append(self.active[-1])

    def end(self) -> None:
        for channel, tampering in zip(self.channels, self.active, strict=True):
            guard_of(channel).tamperings.remove(tampering)
            dismiss(channel)
        self.active = []


class Replay(OnTheWire):
    """Messages that have passed are sent again later; those recorded while it lasted, also after it."""

    def __init__(self, network: Network, number: int, channels: list[Channel], entry: dict[str, Any]) -> None:
        super().__init__(network, number, channels, entry)
        self.delay: Distribution = distribution(entry["delay"])
        self.active: list[Recording] = []

    def begin(self) -> None:
        for channel in self.channels:
            recordings = guard_of(channel).recordings
            self.active.append(Recording(self.share(channel, len(recordings)), self.delay))
            recordings.append(self.active[-1])

    def end(self) -> None:
        for channel, recording in zip(self.channels, self.active, strict=True):
            guard_of(channel).recordings.remove(recording)
            dismiss(channel)
        self.active = []


class Spoof(HostFault):
    """A node sends messages in the name of another one: once, or at a rate. Answers go to that one."""

    def __init__(self, network: Network, number: int, host: Host, entry: dict[str, Any]) -> None:
        self.claims = network.hosts[entry["claims"]]
        super().__init__(network, number, host, f"poses as {self.claims.id}")
        self.victim = network.hosts[entry["to"]]
        self.body = forgery(entry)
        self.every_ns = int(NS_PER_S / float(entry["rate_per_s"])) if entry.get("rate_per_s") else 0
        purpose = f"spoof {self.claims.id} to {self.victim.id} {start_words(entry)}"
        self.key = stream_key(network.seed, host.id, purpose)
        self.forged = 0
        self.lasts = False

    def apply(self) -> None:
        self.lasts = True
        self.network.kernel.at_fault(self.network.kernel.now, Forging(self))

    def revert(self) -> None:
        self.lasts = False

    def forge(self) -> None:
        """Send one, if the process lives, and plan the next."""
        if not self.lasts:
            return
        network = self.network
        kernel = network.kernel
        process = self.host.process
        if process is not None and process.alive:
            self.forged += 1
            call = Call(process, -1)
            call.done = True  # nobody waits: the answer, which goes to somebody else, is late
            cause = Cause(-1, -1, nth(self.key, self.forged))
            channel = self.host.channels[self.victim.id]
            claimed = self.claims.channels[self.victim.id]
            id = network.sent
            network.sent = id + 1
            message = Forged(channel, self.body, id, cause, call, claimed)
            network.trace.sent.append(message.row)
            network.trace.note(kernel.now, channel.src_index, f"forged: claims to be {self.claims.id}", id)
            network.launch(message)
        if self.every_ns:
            kernel.at_fault(kernel.now + self.every_ns, Forging(self))


class Forging(Event):
    """The next forgery."""

    def __init__(self, spoof: Spoof) -> None:
        self.spoof = spoof

    def fire(self) -> None:
        self.spoof.forge()


def forgery(entry: dict[str, Any]) -> Body:
    """The message that a spoof sends."""
    key = str(entry["key"])
    if entry["message"] == "write":
        return Write(key, int(entry["value"]))
    return Read(key) if entry["message"] == "read" else Work(key)


def adversary(network: Network, number: int, entry: dict[str, Any]) -> Fault:
    """Build one of these faults from its entry in the document; `target` of those on the wire: a link or a node."""
    kind = entry["kind"]
    if kind == "byzantine":
        return Byzantine(network, number, network.hosts[entry["target"]], entry["behaviour"])
    if kind == "spoof":
        return Spoof(network, number, network.hosts[entry["target"]], entry)
    channels = network.along(entry["target"], entry.get("direction", "both"))
    return Tamper(network, number, channels, entry) if kind == "tamper" else Replay(network, number, channels, entry)
