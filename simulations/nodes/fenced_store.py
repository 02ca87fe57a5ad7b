"""A store that checks fencing tokens: it refuses whoever comes with a lower one than it has seen.

Every read and write carries the token of a lock's lease, and tokens grow from holder to holder. A holder whose lease
has ended, and who does not know it, comes with an old token (Kleppmann, "How to do distributed locking", 2016; the
sequencers of Burrows, "The Chubby lock service", OSDI 2006, section 2.4). Reads count as well: from a later holder's
first read on, no earlier one can change what that has read. Without fencing the store takes what comes, and a late
write undoes what was written since it was read.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Invariant, Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.leases import FencedRead, FencedWrite
from simulations.engine.messages import DONE, Body, Value
from simulations.engine.node import Node
from simulations.engine.tasks import Refused


@mypyc_attr(allow_interpreted_subclasses=True)
class FencedStore(Node):
    """Keeps numbers, and the highest token seen of each."""

    TYPE: ClassVar[str] = "fenced-store"
    TITLE: ClassVar[str] = "Fenced store"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Refuses whoever holds a lock no longer, by its token"
    ICON: ClassVar[str] = "fenced-store"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "fencing",
            "Check tokens",
            "boolean",
            True,
            help="A token lower than one seen before is refused.",
            section="Fencing",
        ),
        fsync_param("Values and tokens are on disk before anything is answered."),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("value", "Last change"),
        Show("token", "Accepted token", title_first=True),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("writes.accepted", "", "Writes that were carried out.", "count"),
        Metric("writes.fenced", "", "Reads and writes refused for their token.", "count"),
        Metric("writes.late", "", "Writes carried out with a lower token than one seen before.", "count"),
        Metric(
            "writes.undone", "", "Changes that a write undid, because it was based on what was there before.", "count"
        ),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (FencedRead, FencedWrite)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "fencing",
            "Fencing",
            "The store never accepts a write with a lower token than that of one it has accepted.",
            "monotonic",
            ("token",),
            True,
            True,
        ),
    )

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        stored: dict[str, Any] = self.disk.read()
        self.values: dict[str, int] = {key[6:]: value for key, value in stored.items() if key.startswith("value ")}
        self.seen: dict[str, int] = {key[6:]: value for key, value in stored.items() if key.startswith("token ")}

    async def on_fenced_read(self, body: FencedRead, message: Message) -> Body:
        """Tell the value to who may change it."""
        await self.check(body.key, body.token)
        return Value(self.values.get(body.key, 0))

    async def on_fenced_write(self, body: FencedWrite, message: Message) -> Body:
        """Take the value of who holds the lock."""
        late = body.token < self.seen.get(body.key, 0)
        await self.check(body.key, body.token)
        if self.boolean("fencing") and body.token < self.seen.get(body.key, 0):
            raise self.fenced()
        before = self.values.get(body.key, 0)
        self.disk.write(f"value {body.key}", body.value)
        self.values[body.key] = body.value
        self.publish("writes.accepted", 1)
        if late:
            self.publish("writes.late", 1)
        if body.value <= before:
            self.publish("writes.undone", before - body.value + 1)
        self.show("value", f"{body.key} = {body.value}")
        self.show("token", body.token)
        await self.disk.fsync(self.fsync_time)
        return DONE

    async def check(self, key: str, token: int) -> None:
        """Look at a token, and have it on disk if it is the highest. Raises Refused for a lower one."""
        highest = self.seen.get(key, 0)
        if token < highest:
            if self.boolean("fencing"):
                raise self.fenced()
        elif token > highest:
            self.disk.write(f"token {key}", token)
            self.seen[key] = token
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time)

    def fenced(self) -> Refused:
        """What who comes with an old token is told."""
        self.publish("writes.fenced", 1)
        return Refused("old token", False)
