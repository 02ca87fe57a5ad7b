"""The aggregator: asks many servers the same question at once, and makes one answer of theirs (scatter and gather).

An index too large for one machine is cut into shards; each query goes to one replica of every shard, and is done when
the last of them has answered. So the slowest decides: where one answer in a hundred is slow, two queries in three meet
a slow one among a hundred shards (Dean, Barroso: "The Tail at Scale", CACM 56(2), 2013). An aggregator may ask another
replica of a shard that fails or is slow, and may answer with what it has where not all shards are needed. The gathered
results can be ranked by another service before it answers. Web search works so (Barroso, Dean, Hölzle: "Web Search for
a Planet", IEEE Micro 23(2), 2003), and Elasticsearch.
"""

from __future__ import annotations

from typing import Any, ClassVar

from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.doubting import unlinked
from simulations.engine.gathering import Gathered
from simulations.engine.messages import DONE, Body, Read, Request, Value, Work
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Failure, Future, Refused
from simulations.engine.waiting import give_up


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
        *CALL_PARAMS,
        *SERVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("gathering", "Gathering", "queries"), *load_shows("workers"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("gather.met_slow", "queries", "Queries with a shard that was slow, of all.", "share"),
        Metric("gather.asked", "requests", "Requests to shards, those to a further replica not counted.", "count"),
        Metric("gather.slow", "requests", "Those of them that were slow.", "count"),
        Metric("gather.retried", "requests", "Requests to a further replica.", "count"),
        Metric("gather.partial", "queries", "Queries answered without some shards.", "count"),
        *CALL_METRICS,
        *SERVER_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return [*call_doubts(params, neighbours), *unlinked(params, "rank_by", neighbours)]

    def start(self) -> None:
        self.open({})
        self.ranker = self.text("rank_by") if self.text("rank_by") in self.host.channels else ""
        self.calls = Calls(self)
        leaves = self.calls.targets
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
            timeout_ms = self.calls.time_left_ms(self.calls.until_ns(message))
            await self.cancellable(message, self.call(self.ranker, Work(""), timeout_ms))
        return answer

    async def gather(self, body: Request, message: Message) -> int | None:
        """Ask every shard; the newest value found. Raises Refused when too few answer."""
        turn = self.turn
        self.turn += 1
        missing = self.shards
        found: int | None = None
        for attempt in range(self.retries + 1):
            calls = self.ask_each(missing, turn, attempt, body, message)
            if attempt:
                self.publish("gather.retried", len(calls))
            elif self.slow_ns > 0:
                self.publish("gather.asked", len(calls))
                self.spawn(self.watch(calls), message)
            await self.all_of(calls, message)
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

    def ask_each(
        self, shards: list[list[str]], turn: int, attempt: int, body: Request, message: Message
    ) -> list[Future]:
        """Ask one replica of each shard; where calls are more than that, each with all that its parameters ask for."""
        deadline_ns = self.calls.until_ns(message)
        if self.calls.plain:
            asked = [shard[(turn + attempt) % len(shard)] for shard in shards]
            return self.call_each(asked, body, self.calls.time_left_ms(deadline_ns))
        branches: list[Future] = []
        for shard in shards:
            first = (turn + attempt) % len(shard)
            replicas = shard
            if self.calls.failover:  # they are asked in their order
                replicas = shard[attempt % len(shard) :] + shard[: attempt % len(shard)]
            branches.append(self.calls.ask_beside(body, deadline_ns, replicas, first))
        return branches

    async def all_of(self, calls: list[Future], message: Message) -> None:
        """Wait until all have ended. Where the query is cancelled, so are they."""
        under_way = [call for call in calls if not call.done]
        if not under_way:
            return
        try:
            await self.cancellable(message, Gathered(under_way))
        except Failure:
            give_up(self, under_way)
            raise

    async def watch(self, calls: list[Future]) -> None:
        """Count who is slow."""
        await self.sleep(self.slow_ns)
        slow = len([call for call in calls if not call.done])
        self.publish("gather.met_slow", 1 if slow else 0)
        self.publish("gather.slow", slow)
