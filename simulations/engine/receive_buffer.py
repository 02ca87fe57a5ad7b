"""Where a connection's data wait: behind a gap, until it is filled, or for a process that is held still.

A segment is settled when it arrives. One behind a gap is *held* (the node shows how many are) and is handed to the
process later, in its place: that is head-of-line blocking. Its row, its cause and its draws stay its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulations.engine.segments import Segment

if TYPE_CHECKING:
    from simulations.engine.endpoints import End


class ReceiveBuffer:
    """The data of a connection on the side that receives them."""

    def __init__(self, end: End) -> None:
        self.end = end
        self.limit = end.other.window_bytes
        self.expected = 0  # the number of the next segment with data
        self.held: dict[int, Segment] = {}
        self.held_bytes = 0
        self.unread = 0  # bytes that the process, held still, has not taken

    def window(self) -> int:
        """The room to advertise, in bytes from what is expected next (RFC 9293, section 3.8.6)."""
        return max(0, self.limit - self.unread)

    def take(self, segment: Segment) -> list[Segment]:
        """Settle a segment; return what can be handed over now, in order."""
        end = self.end
        size = segment.body.size()
        if segment.seq < self.expected or segment.seq in self.held:
            end.settle(segment, "duplicate")
            return []
        used = self.unread + self.held_bytes
        if used and used + size > self.limit:
            end.settle(segment, "window closed")
            return []
        end.settle(segment, "")
        if segment.seq != self.expected:
            self.held[segment.seq] = segment
            self.held_bytes += size
            end.gauge("held", len(self.held))
            return []
        handed = [segment]
        self.expected += 1
        if self.held:
            while self.expected in self.held:
                one = self.held.pop(self.expected)
                self.held_bytes -= one.body.size()
                self.expected += 1
                handed.append(one)
            end.gauge("held", len(self.held))
        return handed
