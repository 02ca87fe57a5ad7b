"""Shared machines in worlds: nodes put on one host, and actors that work at set times."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from simulations.engine.distributions import distribution
from tests.worlds import MS, Actor, Entry, Run, actor, world

Piece = tuple[str, float, float]  # name, begins at (ms), takes on a core of its own (ms)


def on(host: str, *nodes: Entry) -> list[Entry]:
    """The nodes, as processes on one machine."""
    return [node | {"host": host} for node in nodes]


def worker(id: str, *pieces: Piece) -> Entry:
    """An actor that begins each piece of work at its time and notes its end."""

    async def piece(node: Actor, name: str, takes_ms: float) -> None:
        await node.work(distribution(takes_ms), name)
        node.note(name)

    async def main(node: Actor) -> None:
        for name, at_ms, takes_ms in pieces:
            begin = partial(lambda *what: node.spawn(piece(node, *what), node.cause), name, takes_ms)
            node.timer(round(at_ms * MS), name, begin)

    return actor(id, main)


def machine(nodes: Sequence[Entry], cores: int = 1, faults: Sequence[Entry] = (), **changes: float) -> Entry:
    """A world of nodes on the machine `m`, without links."""
    return world(on("m", *nodes), faults=faults, **changes) | {"hosts": [{"id": "m", "cores": cores}]}


def ends(story: Run) -> dict[str, float]:
    """When (ms) each piece of work ended."""
    return {name: time for time, name in story.notes()}
