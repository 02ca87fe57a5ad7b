"""The shard router: knows which member of a sharded store has which key, and asks that one at once.

Without it a client asks any member, and most requests are forwarded from there: one hop more, and work for a member
that has nothing to do with them. A router keeps the store's **map**: members and virtual nodes of a ring, or the ranges
and whose each is. It gets the map from any member when it starts, and says with every request by which version of it
the member was chosen. A member that is asked for what it has given away by a newer map does nothing but answer with
that map, and the router goes by it from then on, starting with the request at hand. So maps need not be pushed to
routers, and none waits for a time to pass.

With a **directory** it has no map: it looks up each key there and keeps the answer if it likes, for a time, for so many
keys. A kept answer that is wrong is found out in the same way, and looked up again.

Such routers are MongoDB's mongos, Vitess's vtgate, Twemproxy, and inside the client the drivers of Couchbase, Cassandra
and Redis Cluster (whose members answer MOVED; Couchbase: "not my vBucket", with the map in the answer).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from simulations.engine.caching import CACHE_METRICS, CACHE_PARAMS, CACHE_SHOW, Copies
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Neighbour, Param, Show
from simulations.engine.doubting import unlinked
from simulations.engine.messages import Body, Read, Request, Write
from simulations.engine.partitioning import Partitioning, partitioning
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.shards import AskMap, Locate, Located, MapKnown, Routed, ShardMap
from simulations.engine.single_flight import SingleFlight
from simulations.engine.tasks import Refused

MEMBERS: Final = "members"
LOOKUPS: Final = "directory"
TRIES: Final = 10  # of one request, each by a newer map than the one before
STALE: Final = "stale map"
KEPT_PARAMS: Final[tuple[Param, ...]] = tuple(
    [param if param.when else replace(param, when=("keeps_lookups", True)) for param in CACHE_PARAMS]
)


class ShardRouter(Server):
    """Passes requests on to the member that has the key."""

    TYPE: ClassVar[str] = "shard-router"
    TITLE: ClassVar[str] = "Shard router"
    CATEGORY: ClassVar[str] = "Storage and consensus"
    SUMMARY: ClassVar[str] = "Sends each request to the shard that has its key, by a map or a directory"
    ICON: ClassVar[str] = "shard-router"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "knows_from",
            "Knows whose a key is from",
            "choice",
            MEMBERS,
            choices=(Choice(MEMBERS, "The members: the whole map"), Choice(LOOKUPS, "A directory: key by key")),
            section="Map",
        ),
        Param(
            "refreshes",
            "Follows changes",
            "boolean",
            True,
            help="Told that it has asked the wrong member, it asks the right one. Off: the request fails.",
            section="Map",
        ),
        Param(
            "directory",
            "Directory",
            "text",
            "",
            help="The node to ask; there must be a link to it.",
            section="Map",
            when=("knows_from", LOOKUPS),
        ),
        Param(
            "keeps_lookups",
            "Keeps what it looks up",
            "boolean",
            True,
            help="Off: each request is looked up.",
            section="Map",
            when=("knows_from", LOOKUPS),
        ),
        *KEPT_PARAMS,
        *capacity(("Workers", 16), ("Routing takes", 0.1, "To find the member, besides look-ups."), 1000),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for a member, or for the directory.",
            section="Calls",
        ),
        *CALL_PARAMS,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("version", "Map"),
        CACHE_SHOW,
        *load_shows("workers"),
        *CALL_SHOWS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("router.lookups", "requests", "Look-ups at the directory.", "count"),
        Metric("router.misdirected", "requests", "Requests sent to a member that had given the key away.", "count"),
        *CACHE_METRICS,
        *CALL_METRICS,
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Read, Write)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        found = call_doubts(params, neighbours)
        if params["knows_from"] == LOOKUPS and not params["directory"]:
            found.append(("directory", "Nobody to ask: every request fails. Name a shard directory."))
        elif params["knows_from"] == LOOKUPS:
            found += unlinked(params, "directory", neighbours)
        return found

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        shards = [one for one in neighbours.values() if one.type == "shard-store" and one.asked]
        if not shards:
            return [("knows_from", "There is nobody to send requests to. Lay a link from here to each sharded store.")]
        alone = [one for one in shards if one.params["partitioning"] == LOOKUPS]
        if alone and params["knows_from"] == MEMBERS:
            return [("knows_from", "These members know only what they have themselves. Ask their directory.")]
        if not alone and params["knows_from"] == LOOKUPS:
            return [("knows_from", "These members have no directory. Ask them for the map.")]
        return []

    def start(self) -> None:
        self.open({})
        self.calls = Calls(self)
        self.refreshes = self.boolean("refreshes")
        self.looks_up = self.text("knows_from") == LOOKUPS
        self.directory = self.text("directory") if self.text("directory") in self.targets else ""
        self.members = [target for target in self.calls.targets if target != self.directory]
        self.copies = Copies(self) if self.looks_up and self.boolean("keeps_lookups") else None
        self.map: ShardMap | None = None
        self.part: Partitioning | None = None
        self.learning = SingleFlight(self)
        self.show("version", "none yet")

    async def serve(self, body: Request, message: Message) -> Body:
        """Find the member and ask it; nobody waits for it holding a worker."""
        await super().serve(body, message)
        assert isinstance(body, (Read, Write))
        until_ns = self.calls.until_ns(message)
        for _ in range(TRIES):
            owner, version = await self.find(body.key, until_ns)
            if owner not in self.members:
                raise Refused("no link to the member", False)
            answer = await self.calls.ask(Routed(body, version), message, until_ns, [owner])
            if not isinstance(answer, MapKnown):
                return answer
            self.publish("router.misdirected", 1)
            if not self.refreshes:
                break
            self.told_better(body.key, answer)
        raise Refused(STALE, False)

    async def find(self, key: str, until_ns: int) -> tuple[str, int]:
        """Whose a key is, and by which version. Raises a Failure when nobody says so."""
        if self.looks_up:
            located = await self.located(key, until_ns)
            return located.owner, located.version
        if self.map is None or self.part is None:
            await self.learning.share("map", lambda until_ns: self.learn(), -1)
        assert self.map is not None
        assert self.part is not None
        return self.part.owner(key), self.map.version

    # A map

    async def learn(self) -> Body:
        """Ask a member for the map, and go by it. Raises a Failure."""
        if not self.members:
            raise Refused("no target", False)
        answer = await self.calls.ask(AskMap(), None, -1, self.members)
        if not isinstance(answer, MapKnown) or not answer.map.members:
            raise Refused("no map yet", False)
        self.go_by(answer)
        return answer

    def go_by(self, told: MapKnown) -> None:
        """Route by a map from now on, unless there is a newer one."""
        if self.map is None or told.map.version > self.map.version:
            self.map = told.map
            self.part = partitioning(told.partitioning, told.map.members, told.virtual_nodes, told.map.table)
            self.show("version", f"version {told.map.version}")

    def told_better(self, key: str, told: MapKnown) -> None:
        """A member has given this key away."""
        if not self.looks_up:
            self.go_by(told)
        elif self.copies is not None:
            self.copies.drop(key)

    # A directory

    async def located(self, key: str, until_ns: int) -> Located:
        """What is kept of a key, or what the directory says."""
        if self.copies is None:
            found = await self.look_up(key, until_ns)
        else:
            found = await self.copies.answer(key, lambda until: self.look_up(key, until), until_ns)
        assert isinstance(found, Located)
        return found

    async def look_up(self, key: str, until_ns: int) -> Body:
        """Ask the directory."""
        if not self.directory:
            raise Refused("no directory", False)
        self.publish("router.lookups", 1)
        answer = await self.calls.ask(Locate(key), None, until_ns, [self.directory])
        if not isinstance(answer, Located):
            raise Refused("directory does not say", False)
        return answer
