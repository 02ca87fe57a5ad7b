"""Sessions: what a client does so that its users see replicas that lag as if they did not.

A user who stays with one replica never sees it go back, but may miss what it wrote elsewhere; one that sends along the
version of what it last saw can be answered by any replica that has got so far (Terry et al., "Session Guarantees for
Weakly Consistent Replicated Data", PDIS 1994).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from simulations.engine.declare import Choice, Param
from simulations.engine.messages import Body
from simulations.engine.node import Node

ROAMING: Final = "roaming"

SESSION_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "sessions",
        "A user asks",
        "choice",
        "sticky",
        choices=(
            Choice("sticky", "Sticky: the same one each time"),
            Choice(ROAMING, "Roaming: any one, drawn each time"),
        ),
        help="Of several targets that are asked in turn. Who fails is passed over either way.",
        section="Sessions",
        when=("arrivals", "closed"),
    ),
    Param(
        "version_tokens",
        "Version tokens",
        "boolean",
        False,
        help="A user sends along the version of the newest that it has written or read.",
        section="Sessions",
        when=("arrivals", "closed"),
    ),
)


class Sessions:
    """Whom users ask, and what they have seen."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.roaming = node.text("sessions") == ROAMING
        self.tokens = node.boolean("version_tokens")
        self.seen: dict[int, int] = {}  # by session

    def turn(self, choice: int) -> int:
        """Whose turn it is among the targets, where it would be `choice`."""
        if not self.roaming or len(self.node.targets) < 2:
            return choice
        return int(self.node.draw("replica") * len(self.node.targets))

    def stamped(self, body: Body, session: int) -> Body:
        """A request with the session's version token."""
        seen = self.seen.get(session, 0)
        return body.with_header(replace(body.header(), seen=seen)) if seen else body

    def saw(self, reply: Body, session: int) -> None:
        """An answer shows how far whoever gave it had got."""
        if self.tokens:
            self.seen[session] = max(self.seen.get(session, 0), reply.header().seen)
