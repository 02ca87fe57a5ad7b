"""Moving keys: the parameters of how a sharded store grows, what is doubtful of them, and what moving costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulations.engine.declare import Choice, Neighbour, Param
from simulations.engine.distributions import NS_PER_MS, distribution
from simulations.engine.doubting import unlinked
from simulations.engine.founding import founding_params
from simulations.engine.links import NS_PER_S
from simulations.engine.name_lists import names_in
from simulations.engine.node import Node
from simulations.engine.partitioning import DIRECTORY, RANGE, natural
from simulations.engine.server import Server
from simulations.engine.tasks import Refused

LIVE: Final = "live"
STOP: Final = "stop"

GROWTH_PARAMS: Final[tuple[Param, ...]] = (
    *founding_params("Growth"),
    Param(
        "preloaded",
        "Keys at the start",
        "integer",
        0,
        "",
        0,
        100_000,
        help="k0, k1 and so on, nothing written to them yet; of the whole store.",
        section="Growth",
    ),
)

MOVING_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "handover",
        "Handover",
        "choice",
        LIVE,
        choices=(Choice(LIVE, "Live: forward what has left"), Choice(STOP, "Stop and copy: refuse what moves")),
        help="What becomes of requests for keys on the move.",
        section="Moving",
    ),
    Param("batch_keys", "Batch", "integer", 50, "keys", 1, 100_000, help="Moved at once.", section="Moving"),
    Param(
        "batch_pause_ms",
        "Pause between batches",
        "number",
        20,
        "ms",
        0,
        3_600_000,
        help="So that moving leaves room for work.",
        section="Moving",
    ),
    Param(
        "move_streams",
        "Batches at once",
        "integer",
        1,
        "",
        1,
        100,
        help="To each of the others.",
        section="Moving",
    ),
    Param(
        "move_keys_per_s",
        "No faster than",
        "number",
        0,
        "keys/s",
        0,
        10_000_000,
        help="What a member hands over, to all others together. 0: as fast as it goes.",
        section="Moving",
    ),
    Param(
        "move_ms",
        "Moving a key takes",
        "number",
        0,
        "ms",
        0,
        60_000,
        help="A worker's time, of who gives it and of who gets it: requests wait meanwhile.",
        section="Moving",
    ),
    Param(
        "value_bytes",
        "A key and its value",
        "integer",
        64,
        "bytes",
        1,
        10_000_000,
        help="What moving it takes of the link; requests that are forwarded need the link too.",
        section="Moving",
    ),
)


class Throttle:
    """Lets a member hand over so many keys a second, by its parameter `move_keys_per_s`."""

    def __init__(self, node: Node) -> None:
        self.node = node
        rate_per_s = node.number("move_keys_per_s")
        self.gap_ns = int(NS_PER_S / rate_per_s + 0.5) if rate_per_s > 0 else 0
        self.due_ns = 0

    def wait_ns(self, keys: int) -> int:
        """How long to wait before so many keys may leave; they count as gone."""
        begins_ns = max(self.node.now_ns, self.due_ns)
        self.due_ns = begins_ns + keys * self.gap_ns
        return begins_ns - self.node.now_ns


async def toil(server: Server, keys: int) -> None:
    """Do the work of moving so many keys, as soon as a worker is free for it."""
    takes_ms = keys * server.number("move_ms")
    if takes_ms <= 0:
        return
    while True:
        try:
            await server.workers.acquire()
            break
        except Refused:  # the queue is full
            pass
        await server.sleep(NS_PER_MS)
    await server.work(distribution(takes_ms), "moving")
    server.workers.release()


def shard_doubts(params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
    """What of a member's parameters contradicts itself."""
    found: list[tuple[str, str]] = []
    kind = params["partitioning"]
    if kind == DIRECTORY and not params["directory"]:
        found.append(("directory", "Nobody says whose the keys are: all requests fail. Name a shard directory."))
    elif kind == DIRECTORY:
        found += unlinked(params, "directory", neighbours)
    points = names_in(params["split_points"])
    in_order = sorted(points, key=natural)
    if kind == RANGE and points != in_order:
        found.append(("split_points", f"Taken in the order of keys: {' '.join(in_order)[:80]}."))
    if kind == RANGE and not points and not params["split_keys"] and not params["split_rate_per_s"]:
        words = "The first founder has all keys for ever. Say where ranges begin, or let them be split."
        found.append(("split_points", words))
    rate = params["move_keys_per_s"]
    if 0 < rate < params["batch_keys"]:
        words = f"A batch is more than a second's worth: it leaves at once, then nothing does. {rate:g} or fewer."
        found.append(("batch_keys", words))
    if rate * params["move_ms"] > 1000 * params["concurrency"]:
        most = 1000 * params["concurrency"] / params["move_ms"]
        found.append(("move_keys_per_s", f"No limit: all workers together move {most:g} a second. Fewer."))
    return found


def doubts_among_shards(params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
    """What of a member's parameters does not go with its neighbours."""
    for name, other in neighbours.items():
        if other.type == "shard-store":
            for ruling in ("partitioning", "split_points", "virtual_nodes", "founders", "directory"):
                if other.params[ruling] != params[ruling]:
                    return [(ruling, f"{name} says otherwise: they disagree on whose keys are. The same for all.")]
    if params["partitioning"] == DIRECTORY and params["directory"] in neighbours:
        kind = neighbours[params["directory"]].type
        if kind != "shard-directory":
            return [("directory", f"A {kind} keeps no such table. Name a shard directory.")]
    return []
