"""Links that do more than take time and lose: bursts of loss, copies, reordering, bandwidth, a largest message.

A channel without any of that has no conditions, and costs nothing for them. A burst's state is a sequence: its draws
are keyed by the number of the message on the channel. All other draws are the message's own.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from mypy_extensions import i64

from simulations.engine.distributions import Distribution, distribution
from simulations.engine.streams import nth, stream_key, uniform

if TYPE_CHECKING:
    from simulations.engine.channel import Channel, Message

NS_PER_S: Final = 1_000_000_000
QUEUE_BYTES: Final = 65_536
_ASKING: Final = ("burst_start", "duplication", "reordering", "bandwidth_mbit_per_s", "size_max_bytes")


class Burst:
    """Loss that comes in bursts: a chain of two states, good and bad, that may turn with each message.

    Gilbert, "Capacity of a Burst-Noise Channel", Bell System Technical Journal 39(5), 1960; with losses in the good
    state too: Elliott, "Estimates of Error Rates for Codes on Burst-Noise Channels", ibid. 42(5), 1963.
    """

    def __init__(self, key: i64, start: float, end: float, loss: float) -> None:
        self.key = key
        self.start = start
        self.end = end
        self.loss = loss
        self.bad = False
        self.messages = 0

    def advance(self) -> bool:
        """The state that the next message meets: whether it is the bad one."""
        self.messages += 1
        if uniform(self.key, nth(self.key, self.messages)) < (self.end if self.bad else self.start):
            self.bad = not self.bad
        return self.bad


class Line:
    """A transmitter that sends one message after the other, and the queue before it, bounded in bytes.

    The message being sent does not count as queued; one that does not fit is dropped (tail drop).
    """

    def __init__(self, queue_bytes: int) -> None:
        self.queue_bytes = queue_bytes
        self.queued_bytes = 0
        self.free_ns = 0
        self._queue: deque[tuple[int, int]] = deque()  # (when it begins to be sent, bytes)

    def take(self, size: int, bits_per_s: int, now: int) -> int:
        """The time until the last bit of a message has left; −1 when the queue is full."""
        queue = self._queue
        while queue and queue[0][0] <= now:
            self.queued_bytes -= queue.popleft()[1]
        begins = now
        if self.free_ns > now:
            if self.queued_bytes + size > self.queue_bytes:
                return -1
            begins = self.free_ns
            queue.append((begins, size))
            self.queued_bytes += size
        self.free_ns = begins + (size * 8 * NS_PER_S + bits_per_s - 1) // bits_per_s
        return self.free_ns - now


class Extra:
    """Time that some messages, or all, take beyond the latency."""

    def __init__(self, channel: Channel, purpose: str, probability: float, delay: Distribution) -> None:
        seed = channel.network.seed
        self.purpose = purpose
        self.probability = probability
        self.delay = delay
        self.pick_key = stream_key(seed, channel.direction, f"{purpose}: whether")
        self.delay_key = stream_key(seed, channel.direction, f"{purpose}: how long")

    def draw_ns(self, lineage: i64) -> int:
        """What the message of that lineage takes more."""
        if self.probability < 1.0 and uniform(self.pick_key, lineage) >= self.probability:
            return 0
        return self.delay.draw_ns(self.delay_key, lineage)


class Carrier:
    """What puts a channel's messages on their way where latency and loss are not all there is to it."""

    def dispatch(self, message: Message) -> None:
        """Put a message on its way, or doom it."""


class Conditions(Carrier):
    """What a channel does to messages beyond latency and loss: its own, and what faults add while they last."""

    def __init__(self, channel: Channel, params: dict[str, Any]) -> None:
        self.channel = channel
        self.size_max = int(params.get("size_max_bytes", 0))
        self.own_duplication = float(params.get("duplication", 0))
        self.own_bits_per_s = bits_per_s(params.get("bandwidth_mbit_per_s", 0))
        self.line = Line(channel.queue_bytes)
        self.burst: Burst | None = None
        self.extras: list[Extra] = []
        self.duplications: list[float] = []
        self.bandwidths: list[int] = []
        self.duplication = 0.0
        self.bits_per_s = 0
        self.copy_key = stream_key(channel.network.seed, channel.direction, "duplication")
        start = float(params.get("burst_start", 0))
        if start > 0.0:
            key = stream_key(channel.network.seed, channel.direction, "burst")
            self.burst = Burst(key, start, float(params.get("burst_end", 1)), float(params.get("burst_loss", 1)))
        reordering = float(params.get("reordering", 0))
        if reordering > 0.0:
            delay = distribution(params.get("reordering_delay", 0))
            self.extras.append(Extra(channel, "reordering", reordering, delay))
        self.settle()

    def settle(self) -> None:
        """Compose what holds now. A message stays single if nothing copies it; the narrowest bandwidth counts."""
        single = 1.0 - self.own_duplication
        for probability in self.duplications:
            single *= 1.0 - probability
        self.duplication = 1.0 - single
        rates = [rate for rate in (self.own_bits_per_s, *self.bandwidths) if rate > 0]
        self.bits_per_s = min(rates) if rates else 0

    def plain(self) -> bool:
        """Whether nothing is left that a channel without conditions would not do."""
        asked = self.size_max > 0 or self.bits_per_s > 0 or self.duplication > 0.0
        return not asked and self.burst is None and not self.extras

    def dispatch(self, message: Message) -> None:
        """Put a message on its way, or doom it. A copy of it leaves when it does."""
        channel = self.channel
        network = channel.network
        size = message.body.size()
        if 0 < self.size_max < size:
            network.doom(message, "too large")
            return
        waits_ns = 0
        if self.bits_per_s > 0:
            waits_ns = self.line.take(size, self.bits_per_s, network.kernel.now)
            if waits_ns < 0:
                network.doom(message, "queue full")
                return
        loss = self._loss()
        self._travel(message, waits_ns, loss)
        if self.duplication > 0.0 and uniform(self.copy_key, message.lineage) < self.duplication:
            self._travel(message.twin(), waits_ns, loss)

    def _travel(self, message: Message, waits_ns: int, loss: float) -> None:
        channel = self.channel
        lineage = message.lineage
        takes_ns = waits_ns + channel.latency.draw_ns(channel.latency_key, lineage)
        for extra in self.extras:
            takes_ns += extra.draw_ns(lineage)
        if loss > 0.0 and uniform(channel.loss_key, lineage) < loss:
            message.lost = True
        channel.network.kernel.after(takes_ns, message)

    def _loss(self) -> float:
        """The probability with which the next message is lost."""
        burst = self.burst
        if burst is None or not burst.advance():
            return self.channel.loss
        survives = 1.0 - burst.loss
        for probability in self.channel.faulty_loss:
            survives *= 1.0 - probability
        return 1.0 - survives


def furnish(channel: Channel, params: dict[str, Any]) -> None:
    """Give a channel the conditions that its link asks for, if any."""
    channel.queue_bytes = int(params.get("queue_bytes", QUEUE_BYTES))
    if any(params.get(name) for name in _ASKING):
        channel.condition(Conditions(channel, params))


def conditions_of(channel: Channel) -> Conditions:
    """A channel's conditions; empty ones are made for a fault to add to."""
    if channel.conditions is None:
        channel.condition(Conditions(channel, {}))
    assert channel.conditions is not None
    return channel.conditions


def release(channel: Channel) -> None:
    """A fault has taken back what it added: compose anew, and do without conditions if nothing is left."""
    conditions = channel.conditions
    if conditions is not None:
        conditions.settle()
        if conditions.plain():
            channel.condition(None)


def bits_per_s(mbit_per_s: float) -> int:
    """A bandwidth as a whole number of bits a second; 0: no limit."""
    return int(mbit_per_s * 1_000_000 + 0.5)
