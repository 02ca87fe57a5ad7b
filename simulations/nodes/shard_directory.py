"""The shard directory: keeps the table that says which member of a sharded store has which keys.

Keys fall into buckets by their hashes, and the table has a line for each bucket: any bucket may be anywhere, whatever
its number, so that a newcomer is given just its share and the rest stays. Who wants a key **looks up** its member here
first. The table is small, and every request needs it: the directory works on so many look-ups at once, and while it is
down nobody finds what he has not looked up before. Those who ask keep answers, as long as they like; one that is old
leads to a member that has given the key away, which says so.

The directory decides where buckets go. It lets in members that want to join, one at a time, gives each its even share,
tells all members of the new table and waits until the keys have moved. The table is on its disk before anybody hears of
it. The name node of HDFS, the master of GFS, MongoDB's config servers and Vitess's topology are such directories; they
run as small clusters that agree on the table (Ghemawat, Gobioff, Leung: "The Google File System", SOSP 2003, section
2.4). Here there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Neighbour, Param, Show
from simulations.engine.disk import GROUP, fsync_param
from simulations.engine.founding import founders
from simulations.engine.messages import Body, Request
from simulations.engine.name_lists import MEMBERS, name_doubts, names_in
from simulations.engine.partitioning import DIRECTORY, buckets, partitioning
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, capacity, load_shows
from simulations.engine.shard_keeper import LAYOUT_KEY, Keeper
from simulations.engine.shards import JoinStore, Layout, Locate, Located, ShardMap
from simulations.engine.tasks import Refused


class ShardDirectory(Keeper):
    """Keeps the table of the members that it has links to."""

    TYPE: ClassVar[str] = "shard-directory"
    TITLE: ClassVar[str] = "Shard directory"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Keeps the table that says which shard has which keys"
    ICON: ClassVar[str] = "shard-directory"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "buckets",
            "Buckets",
            "integer",
            256,
            "",
            1,
            10_000,
            help="Lines of the table; what moves is a bucket with all its keys.",
            section="Table",
        ),
        Param(
            "founders",
            "Founders",
            "text",
            "",
            help="Which members have buckets from the start, with commas or blanks between; empty: all.",
            section="Table",
        ),
        fsync_param("A table is on disk before anybody hears of it."),
        *capacity(("Workers", 4), ("Look-up takes", 1, "To find a key's member."), 1000),
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("table", "Table"), *load_shows("workers"))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("directory.lookups", "requests", "Look-ups that it has answered.", "count"),
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Locate, JoinStore)

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        members = [name for name, one in neighbours.items() if one.type == "shard-store" and one.asked]
        if not members:
            return [("founders", "There is nobody to have keys. Lay a link from here to each sharded store.")]
        if params["buckets"] < len(members):
            words = f"Fewer than the {len(members)} members: some have no keys. Many times as many even shares out."
            return [("buckets", words)]
        far = [name for name in names_in(params["founders"]) if name not in members]
        if far:
            return [("founders", f"{far[0]} gets no bucket: lay a link from here to it.")]
        return [("founders", words) for words in name_doubts(MEMBERS, params["founders"], members)]

    def start(self) -> None:
        self.open({})
        founding = founders(self, self.targets)
        first = Layout(ShardMap(1, tuple(founding), (), buckets(self.integer("buckets"), founding)))
        layout: Layout = self.disk.read().get(LAYOUT_KEY, first)
        self.keep(layout, self.duration("fsync_time"))
        self.lay_out()
        if founding:
            self.lead()

    def lay_out(self) -> None:
        """Know whose the keys are."""
        map = self.layout.map
        self.part = partitioning(DIRECTORY, map.members, 1, map.table)
        self.show("table", f"{len(map.table)} buckets, {len(map.members)} shards")

    def adopt(self, map: ShardMap) -> None:
        self.disk.write(LAYOUT_KEY, Layout(map))
        self.disk.fsync(self.fsync_time, GROUP)
        self.layout = Layout(map)
        self.lay_out()

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Say whose a key is. Raises Refused where there are no members."""
        assert isinstance(body, Locate)
        if not self.layout.map.members:
            raise Refused("no members", False)
        self.publish("directory.lookups", 1)
        return Located(self.part.owner(body.key), self.layout.map.version)
