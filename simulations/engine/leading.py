"""What the members of a cluster with one leader have in common: how it is missed, and how they write to disk."""

from __future__ import annotations

from typing import Any, Final

from simulations.engine.declare import Param
from simulations.engine.disk import fsync_param
from simulations.engine.doubting import slow_votes

LEADER_PARAMS: Final = (
    Param(
        "heartbeat_ms",
        "Heartbeat every",
        "number",
        50,
        "ms",
        0.1,
        3_600_000,
        help="How often the leader tells that it is there, and repeats what has not been accepted yet.",
        section="Agreement",
    ),
    Param(
        "election_timeout_ms",
        "Election timeout",
        "number",
        300,
        "ms",
        0.1,
        3_600_000,
        help="A replica that hears of no leader for once to twice this time, drawn each time, tries to be it.",
        section="Agreement",
    ),
    fsync_param("Nothing is promised or accepted before it is on disk."),
)


def hasty(params: dict[str, Any]) -> list[tuple[str, str]]:
    """Doubts about an election timeout in which no heartbeat can arrive, or no vote."""
    found = slow_votes(params, "election_timeout_ms")
    if float(params["heartbeat_ms"]) >= float(params["election_timeout_ms"]):
        words = "Followers give up a leader before they can hear of it again: it should be several heartbeats long."
        found.append(("election_timeout_ms", words))
    return found
