"""Who decides whose the keys are: one change after another, each when all keys are where the last one left them.

It is the first founder of a sharded store, or its directory. A change is on its disk before anybody hears of it.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.disk import GROUP
from simulations.engine.distributions import NS_PER_MS, Distribution
from simulations.engine.messages import DONE, Body
from simulations.engine.partitioning import with_share
from simulations.engine.readiness import ready_once_durable
from simulations.engine.server import Server
from simulations.engine.shards import JoinStore, Layout, MapAdopted, NewMap, ShardMap
from simulations.engine.tasks import Failure, Refused

LAYOUT_KEY: Final = "layout of the store"  # on disk; no key of a client has a blank
POLL_MS: Final = 100  # how often it looks whether all is moved
AGAIN_MS: Final = 500  # how long one waits for another before one tries once more


@mypyc_attr(allow_interpreted_subclasses=True)
class Keeper(Server):
    """Has a layout, and may be the one who changes it. A subclass's `start` calls `keep`."""

    def keep(self, layout: Layout, fsync_time: Distribution) -> None:
        """Begin with this layout, once it is on disk for certain."""
        self.layout = layout
        self.fsync_time = fsync_time
        self.asking: list[str] = []  # who wants to join
        self.leading = False
        ready_once_durable(self, fsync_time)

    # What a subclass says

    def adopt(self, map: ShardMap) -> None:
        """Follow a newer map. Raises Refused when the disk is full."""

    def moving(self) -> bool:
        """Whether keys have yet to come here or to go."""
        return False

    def split(self) -> ShardMap | None:
        """The next map, where a range is to be split now."""
        return None

    # One change after another

    def on_join_store(self, body: JoinStore, message: Message) -> Body:
        """Somebody wants to join: in turn."""
        who = message.channel.src.id
        if who not in self.layout.map.members and who not in self.asking:
            self.asking.append(who)
            self.lead()
        return DONE

    def lead(self) -> None:
        """See to it that everybody gets where they belong."""
        if not self.leading:
            self.leading = True
            self.spawn(self.let_in(), self.cause)

    async def let_in(self) -> None:
        """Let in who asks, one at a time, and split what is to be split."""
        await self.durable()
        while True:
            await self.all_settled()
            newcomer = self.asking[0] if self.asking else ""
            map = self.with_member(newcomer) if newcomer else self.split()
            if map is None:
                self.leading = False
                return
            if not await self.decide(map):
                await self.sleep(AGAIN_MS * NS_PER_MS)
            elif newcomer:
                self.asking.pop(0)
                self.note(f"{newcomer} joins")

    async def durable(self) -> None:
        """Nobody hears of a map that is not on disk, not even after a restart."""
        if self.disk.cached:
            await self.disk.fsync(self.fsync_time, GROUP)

    def with_member(self, newcomer: str) -> ShardMap:
        """The next map, with one member more."""
        map = self.layout.map
        members = (*map.members, newcomer)
        return ShardMap(map.version + 1, members, map.members, with_share(map.table, members, newcomer), map.table)

    async def decide(self, map: ShardMap) -> bool:
        """Make a map the present one; it is on disk first. Returns whether there is room for it."""
        others = tuple([member for member in map.before if member != self.id])
        try:
            self.disk.write(LAYOUT_KEY, Layout(map, others))
        except Refused:  # the disk is full
            return False
        await self.disk.fsync(self.fsync_time, GROUP)
        try:
            self.adopt(map)
        except Refused:
            return False
        return True

    async def all_settled(self) -> None:
        """Tell the members of the map, and wait until all keys are moved."""
        unsettled = [member for member in self.layout.map.members if member != self.id]
        while unsettled or self.moving():
            told = NewMap(self.layout.map)
            for member in list(unsettled):
                try:
                    reply = await self.call(member, told, AGAIN_MS)
                except Failure:
                    continue
                if isinstance(reply, MapAdopted) and reply.settled:
                    unsettled.remove(member)
            await self.sleep(POLL_MS * NS_PER_MS)
