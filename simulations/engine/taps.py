"""The two ends of a channel, where somebody looks at what passes: an outlet at the sender, a guard at the receiver.

A channel without them, which is most, pays a check for None at each end. A guard without parameters finds what was
altered by chance: frames, datagrams and segments carry checksums (RFC 1071). A signature also finds what was altered
on purpose, mutual authentication who a message is not from, and sequence numbers what came before (RFC 8446, sections
4.4 and 5.3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import i64

from simulations.engine.channel import Channel, Message
from simulations.engine.distributions import Distribution
from simulations.engine.kernel import Event
from simulations.engine.links import Carrier
from simulations.engine.messages import Body, kind_of
from simulations.engine.streams import beside, descend, uniform
from simulations.engine.tasks import Call, Cause

if TYPE_CHECKING:
    from simulations.engine.lies import Liar

CHECKSUM: Final = "checksum"
SIGNED: Final = "signed"
_ASKING: Final = ("integrity", "authenticated", "replay_protection")


class Share:
    """Some of the messages of a channel: those of the named kinds (none: all), each with a probability."""

    def __init__(self, key: i64, probability: float, kinds: list[str]) -> None:
        self.key = key
        self.probability = probability
        self.kinds = kinds

    def holds(self, message: Message) -> bool:
        """Whether a message is one of them."""
        if self.kinds and kind_of(type(message.body)) not in self.kinds:
            return False
        return uniform(self.key, message.lineage) < self.probability


class Tampering:
    """Somebody on the wire who alters messages; `mends_checksum`: and puts their checksums right."""

    def __init__(self, share: Share, mends_checksum: bool) -> None:
        self.share = share
        self.mends_checksum = mends_checksum


class Recording:
    """Somebody on the wire who sends messages again, each so long after it has passed."""

    def __init__(self, share: Share, delay: Distribution) -> None:
        self.share = share
        self.delay = delay


class Again(Event):
    """A recorded message is sent once more."""

    def __init__(self, guard: Guard, original: Message, salt: i64) -> None:
        self.guard = guard
        self.original = original
        self.salt = salt

    def fire(self) -> None:
        original = self.original
        network = original.channel.network
        copy = network.duplicate(original)
        copy.lineage = descend(copy.lineage, self.salt, 0)
        network.trace.note(network.kernel.now, original.channel.src_index, "replayed by somebody else", copy.id)
        self.guard.replays.add(copy.id)
        network.launch(copy)


class Forged(Message):
    """A message that another node sends in its name: it travels its real channel, and seems to have come by the one
    from the node that it claims to be of.
    """

    __slots__ = ("claimed", "row")

    def __init__(self, channel: Channel, body: Body, id: int, cause: Cause, call: Call, claimed: Channel) -> None:
        super().__init__(channel, body, id, cause, cause.lineage, call, False)
        self.claimed = claimed
        self.row = Message(channel, body, id, cause, cause.lineage, call, False)  # keeps the wire it was sent on

    def whole(self) -> Message:
        return self.row

    def fire(self) -> None:
        channel = self.channel
        self.channel = self.claimed
        channel.arrive(self)


class Guard:
    """Looks at what arrives by a channel: drops what it sees through, and is where adversaries on the wire act."""

    def __init__(self, channel: Channel, params: dict[str, Any]) -> None:
        self.channel = channel
        self.integrity = str(params.get("integrity", CHECKSUM))
        self.authenticated = bool(params.get("authenticated", False))
        self.replay_protection = bool(params.get("replay_protection", False))
        self.own = any(params.get(name) for name in _ASKING)
        self.tamperings: list[Tampering] = []
        self.recordings: list[Recording] = []
        self.replays: set[int] = set()
        self.listener: Callable[[str], None] | None = None  # told of the kind of each message that is let in

    def plain(self) -> bool:
        """Whether nothing is left that a channel without a guard would not do."""
        return not self.own and not self.tamperings and not self.recordings and self.listener is None

    def objection(self, message: Message) -> str:
        """Why the receiver drops a message that has arrived, or ""."""
        forged = isinstance(message, Forged)
        if forged and self.authenticated:
            return "not authenticated"
        replayed = message.id in self.replays
        if replayed:
            self.replays.remove(message.id)
            if self.replay_protection:
                return "replayed"
        for tampering in self.tamperings:
            if tampering.share.holds(message) and self._finds(message, tampering):
                return "corrupted"
        for recording in self.recordings:
            if not forged and not replayed and recording.share.holds(message):
                self._record(message, recording)
        if self.listener is not None:
            self.listener(kind_of(type(message.body)))
        return ""

    def _finds(self, message: Message, tampering: Tampering) -> bool:
        """Whether the receiver finds out that a message was altered; if not, it gets the altered one."""
        if self.integrity == SIGNED or (self.integrity == CHECKSUM and not tampering.mends_checksum):
            return True
        body = message.body.altered(uniform(tampering.share.key, beside(message.lineage, 1)))
        if body is not message.body:
            message.body = body
            network = self.channel.network
            network.trace.note(network.kernel.now, self.channel.dst_index, "altered on its way, unnoticed", message.id)
        return False

    def _record(self, message: Message, recording: Recording) -> None:
        key = recording.share.key
        takes_ns = recording.delay.draw_ns(key, beside(message.lineage, 1))
        self.channel.network.kernel.after(takes_ns, Again(self, message, key))


def guarded(channel: Channel, params: dict[str, Any]) -> None:
    """Give a channel the guard that its link asks for, if any."""
    if any(params.get(name) for name in _ASKING):
        channel.guard = Guard(channel, params)
        channel.clear = False


def guard_of(channel: Channel) -> Guard:
    """A channel's guard; a plain one is made for a fault to add to."""
    if channel.guard is None:
        channel.guard = Guard(channel, {})
        channel.clear = False
    return channel.guard


def dismiss(channel: Channel) -> None:
    """A fault has taken back what it added: do without a guard if nothing is left for it."""
    if channel.guard is not None and channel.guard.plain():
        channel.guard = None


class Withheld(Carrier):
    """Lets nothing leave."""

    def dispatch(self, message: Message) -> None:
        message.channel.network.doom(message, "withheld")


class Outlet:
    """What a sender says passes here first, while it lies or a fault waits for what it sends."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.liar: Liar | None = None
        self.listener: Callable[[str], None] | None = None  # told of the kind of each message that leaves

    def transmit(self, body: Body, cause: Cause, effect: int, call: Call | None, replies: bool) -> None:
        """Send what the liar makes of a body. What is withheld is a row too: a message that never left."""
        channel = self.channel
        carrier = channel.carrier
        said = body
        if self.liar is not None:
            lie = self.liar.says(channel.dst.id, body, replies)
            if lie is None and channel.stream is not None:
                channel.stream.withhold(body, cause, effect, call, replies)
                return
            if lie is None:
                channel.carrier = Withheld()
            else:
                said = lie
        channel.outlet = None
        channel.network.transmit(channel, said, cause, effect, call, replies)
        withheld = channel.carrier is not carrier
        channel.outlet = self
        channel.carrier = carrier
        if self.listener is not None and not withheld:
            self.listener(kind_of(type(said)))


def outlet_of(channel: Channel) -> Outlet:
    """A channel's outlet, made if there is none."""
    if channel.outlet is None:
        channel.outlet = Outlet(channel)
    return channel.outlet


def shut(channel: Channel) -> None:
    """A fault has taken back what it added: do without an outlet if nothing is left for it."""
    outlet = channel.outlet
    if outlet is not None and outlet.liar is None and outlet.listener is None:
        channel.outlet = None
