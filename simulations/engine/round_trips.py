"""How long to wait for an acknowledgement: RFC 6298, "Computing TCP's Retransmission Timer".

The floor is a parameter: the RFC asks for a second, what is in use waits 200 ms at least.
"""

from __future__ import annotations

from typing import Final

from simulations.engine.distributions import NS_PER_MS

RTO_INITIAL_NS: Final = 1_000 * NS_PER_MS  # (2.1)
RTO_AFTER_SYN_NS: Final = 3_000 * NS_PER_MS  # (5.7)
RTO_MAX_NS: Final = 60_000 * NS_PER_MS  # (2.5)
GRANULARITY_NS: Final = NS_PER_MS  # G of (2.3): the clock's


class RoundTrips:
    """The estimate of the round-trip time, and the timeout (`rto_ns`) that follows from it."""

    def __init__(self, rto_min_ns: int) -> None:
        self.rto_min_ns = rto_min_ns
        self.rto_ns = max(rto_min_ns, RTO_INITIAL_NS)
        self.smooth_ns = -1
        self.varies_ns = 0

    def sample(self, took_ns: int) -> None:
        """Take in a round trip. Those of what was sent twice are not to be sampled: nobody knows which was answered
        (Karn's algorithm, section 3).
        """
        if self.smooth_ns < 0:
            self.smooth_ns = took_ns
            self.varies_ns = took_ns // 2
        else:
            self.varies_ns = (3 * self.varies_ns + abs(self.smooth_ns - took_ns)) // 4
            self.smooth_ns = (7 * self.smooth_ns + took_ns) // 8
        rto_ns = self.smooth_ns + max(GRANULARITY_NS, 4 * self.varies_ns)
        self.rto_ns = min(RTO_MAX_NS, max(self.rto_min_ns, rto_ns))

    def back_off(self) -> None:
        """Nothing was acknowledged in time: wait twice as long (5.5)."""
        self.rto_ns = min(RTO_MAX_NS, 2 * self.rto_ns)

    def open(self, tries: int, took_ns: int) -> None:
        """The handshake is over; its round trip is the first sample if it took one try."""
        if tries == 0:
            self.sample(took_ns)
        elif self.smooth_ns < 0:
            self.rto_ns = max(self.rto_min_ns, RTO_AFTER_SYN_NS)
