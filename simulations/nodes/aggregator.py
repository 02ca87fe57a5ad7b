"""The aggregator: asks many servers the same question at once, and makes one answer of theirs (scatter and gather).

An index too large for one machine is cut into shards; each query goes to one replica of every shard, and is done when
the last of them has answered. So the slowest decides: where one answer in a hundred is slow, two queries in three meet
a slow one among a hundred shards (Dean, Barroso: "The Tail at Scale", CACM 56(2), 2013). An aggregator may ask another
replica of a shard that fails, and may answer with what it has where not all shards are needed. The gathered results can
be ranked by another service before it answers. Web search works so (Barroso, Dean, Hölzle: "Web Search for a Planet",
IEEE Micro 23(2), 2003), and Elasticsearch.
"""

from __future__ import annotations

from typing import Any, ClassVar

from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.doubting import unlinked
from simulations.engine.gathering import Gathered
from simulations.engine.messages import DONE, Body, Read, Request, Value, Work
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Future, Refused


class Aggregator(Server):
    """Asks all shards at once, and answers when they have."""

    TYPE: ClassVar[str] = "aggregator"
    TITLE: ClassVar[str] = "Aggregator"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Asks all shards at once, and makes one answer of theirs"
    ICON: ClassVar[str] = "aggregator"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "replicas",
            "Replicas of a shard",
            "integer",
            1,
            "",
            1,
            100,
            help="Its links in their order: the first so many are the first shard's, the next ones the second's …",
            section="Shards",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for a replica.",
            section="Shards",
        ),
        Param(
            "retries",
            "Other replicas asked",
            "integer",
            0,
            "",
            0,
            10,
            help="Of a shard that failed, one after another.",
            section="Shards",
        ),
        Param(
            "share_needed",
            "Shards that must answer",
            "number",
            1,
            "",
            0,
            1,
            help="With a smaller share of them the query fails; with all but a few, the answer is partial.",
            section="Shards",
        ),
        Param(
            "slow_after_ms",
            "Slow is a shard after",
            "number",
            0,
            "ms",
            0,
            3_600_000,
            help="It is counted how many shards are, and how many queries meet one. 0: none.",
            section="Shards",
        ),
        Param(
            "rank_by",
            "Ranked by",
            "text",
            "",
            help="A service with a link to it, asked when all is gathered. Empty: none.",
            section="Shards",
        ),
        *capacity(("Workers", 64), ("Time a query", 0.5, "To take it apart and to merge the answers."), queue_max=1000),
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("gathering", "Gathering", "queries"), *load_shows("workers"))
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("gather.met_slow", "queries", "Queries with a shard that was slow, of all.", "share"),
        Metric("gather.asked", "requests", "Requests to shards, those to a further replica not counted.", "count"),
        Metric("gather.slow", "requests", "Those of them that were slow.", "count"),
        Metric("gather.retried", "requests", "Requests to a further replica.", "count"),
        Metric("gather.partial", "queries", "Queries answered without some shards.", "count"),
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return unlinked(params, "rank_by", neighbours)

    def start(self) -> None:
        self.open({})
        self.ranker = self.text("rank_by") if self.text("rank_by") in self.host.channels else ""
        leaves = [target for target in self.targets if target != self.ranker]
        size = self.integer("replicas")
        self.shards = [leaves[first : first + size] for first in range(0, len(leaves), size)]
        self.timeout_ms = self.number("timeout_ms")
        self.retries = self.integer("retries")
        self.share_needed = self.number("share_needed")
        self.slow_ns = to_ns(self.number("slow_after_ms"))
        self.turn = 0
        self.under_way = 0
        self.show_gathering = self.gauge("gathering")
        self.show_gathering.set(0)

    async def serve(self, body: Request, message: Message) -> Body:
        """Work on the query; then ask the shards, holding no worker, and have the results ranked."""
        answer = await super().serve(body, message)
        if self.shards:
            self.under_way += 1
            self.show_gathering.set(self.under_way)
            try:
                found = await self.gather(body, message)
            finally:
                self.under_way -= 1
                self.show_gathering.set(self.under_way)
            answer = DONE if isinstance(body, Work) else Value(found)
        if self.ranker:
            await self.cancellable(message, self.call(self.ranker, Work(""), self.timeout_ms))
        return answer

    async def gather(self, body: Request, message: Message) -> int | None:
        """Ask every shard; the newest value found. Raises Refused when too few answer."""
        turn = self.turn
        self.turn += 1
        missing = self.shards
        found: int | None = None
        for attempt in range(self.retries + 1):
            asked = [shard[(turn + attempt) % len(shard)] for shard in missing]
            calls = self.call_each(asked, body, self.timeout_ms)
            if attempt:
                self.publish("gather.retried", len(calls))
            elif self.slow_ns > 0:
                self.publish("gather.asked", len(calls))
                self.spawn(self.watch(calls), message)
            await self.cancellable(message, Gathered(calls))
            for call in calls:
                if isinstance(call.value, Value) and call.value.value is not None:
                    found = call.value.value if found is None else max(found, call.value.value)
            missing = [shard for shard, call in zip(missing, calls, strict=True) if call.error is not None]
            if not missing:
                return found
        if len(self.shards) - len(missing) < self.share_needed * len(self.shards):
            raise Refused("shards missing", False)
        self.publish("gather.partial", 1)
        return found

    async def watch(self, calls: list[Future]) -> None:
        """Count who is slow."""
        await self.sleep(self.slow_ns)
        slow = len([call for call in calls if not call.done])
        self.publish("gather.met_slow", 1 if slow else 0)
        self.publish("gather.slow", slow)
