"""The call parameters of those whose calls are of a kind of their own: aggregators, exchanges, requesters, announcing
services and log collectors; each with them off beside it.
"""

from __future__ import annotations

from typing import Any

from simulations.nodes.aggregator import Aggregator
from simulations.nodes.announcing_service import AnnouncingService
from simulations.nodes.api_gateway import ApiGateway
from simulations.nodes.fan_out import FanOut
from simulations.nodes.log_collector import LogCollector
from simulations.nodes.object_store import ObjectStore
from simulations.nodes.requester import Requester
from simulations.nodes.topic import Topic
from simulations.nodes.web_server import WebServer
from simulations.nodes.work_queue import WorkQueue
from simulations.nodes.worker import Worker
from tests.worlds import MS, Run, client, crash, database, lossy, node, run, service, world
from tests.worlds import link as line

STEADY: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 100, "timeout_ms": 900}
RETRYING = {"retry": "fixed", "backoff_ms": 10, "attempts_max": 4}


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def search(faults: Any = (), takes: Any = 5, load: Any = None, **params: Any) -> Run:
    """Three shards of two replicas each."""
    leaves = [f"l{number}" for number in range(6)]
    root = node(Aggregator, "root", **{"service_time": 0, "timeout_ms": 100, "replicas": 2, **params})
    nodes = [client("c", **{**STEADY, **(load or {})}), root, *[service(leaf, service_time=takes) for leaf in leaves]]
    links = [line("c", "root"), *[line("root", leaf) for leaf in leaves]]
    return run(world(nodes, links, (), faults, 3000, 1000))


def test_an_aggregator_hedges_each_shard() -> None:
    tail = {"kind": "mixture", "parts": [
        {"weight": 95, "of": {"kind": "constant", "value_ms": 5}},
        {"weight": 5, "of": {"kind": "constant", "value_ms": 80}},
    ]}  # fmt: skip
    story, without = search(takes=tail, hedge_after_ms=20), search(takes=tail)
    slow = [sum(op.takes_ms > 70 for op in one.operations()) for one in (story, without)]
    assert slow[0] < 0.2 * slow[1]
    for one in story.messages("work", src="root"):  # a shard's other replica, nobody else's
        assert one.dst in {f"l{number}" for number in range(6)}
    counts = [len(without.messages("work", dst=f"l{number}")) for number in range(6)]
    assert max(counts) - min(counts) <= 1


def test_an_aggregators_breaker_and_fallback_are_each_shards_own() -> None:
    down = [crash("l0", 500), crash("l1", 500)]
    story = search(down, breaker="count", breaker_open_ms=10_000, fallback="default", fallback_for="l0, l1")
    without = search(down)
    assert set(story.ends()) == {("ok", "")}
    assert ("fail", "shards missing") in without.ends()
    late = [op.takes_ms for op in story.operations() if op.start_ns > 1500 * MS]
    assert max(late) < 20  # nobody waits for those that are away
    assert published(story, "calls.fallbacks") > 100


def test_of_replicas_that_fail_over_the_first_is_asked() -> None:
    story = search(call_order="failover", **RETRYING)
    assert {one.dst for one in story.messages("work", src="root")} == {"l0", "l2", "l4"}
    down = search([crash("l0", 0)], call_order="failover", **RETRYING)
    assert set(down.ends()) == {("ok", "")}
    rounds = search([crash("l0", 0)], call_order="failover", retries=1)
    assert set(rounds.ends()) == {("ok", "")}


def test_each_service_of_a_route_has_its_instances_asked_in_turn() -> None:
    services = ["a-1", "a-2", "b-1", "b-2"]
    gateway = node(ApiGateway, "g", routes="*: a, b", service_time=0)
    nodes = [client("c", **STEADY), gateway, *[service(name, service_time=1) for name in services]]
    story = run(world(nodes, [line("c", "g"), *[line("g", name) for name in services]], (), (), 1000, 500))
    counts = [len(story.messages("work", dst=name)) for name in services]
    assert max(counts) - min(counts) <= 1


def copied(faults: Any = (), **params: Any) -> Run:
    nodes = [client("c", **STEADY), node(FanOut, "x", **{"timeout_ms": 50, **params})]
    nodes += [node(WorkQueue, queue) for queue in ("q", "r")]
    links = [line("c", "x"), line("x", "q"), line("x", "r")]
    return run(world(nodes, links, (), faults, 2000, 1000))


def test_an_exchange_tries_each_queue_again() -> None:
    bad = [lossy("x-r", 0.2, 0)]
    story, without = copied(bad, **RETRYING), copied(bad)
    good = [sum(op.type == "ok" for op in one.operations()) for one in (story, without)]
    assert good[0] > 0.95 * len(story.operations())
    assert good[1] < 0.8 * len(without.operations())
    assert published(story, "exchange.copies") == published(without, "exchange.copies")
    assert len(story.messages("work", src="x", dst="q")) == len(story.operations())  # that one failed never


def asked(faults: Any = (), workers: Any = None, load: Any = None, **params: Any) -> Run:
    nodes = [
        client("c", **{**STEADY, **(load or {})}),
        node(Requester, "r", **{"reply_queue": "a", "timeout_ms": 50, **params}),
        *[node(WorkQueue, queue) for queue in ("q", "a")],
        node(Worker, "w", **{"takes_from": "q", "service_time": 5, **(workers or {})}),
    ]
    links = [line("c", "r"), line("r", "q"), line("r", "a"), line("w", "q"), line("w", "a")]
    return run(world(nodes, links, (), faults, 2000, 2000))


def test_a_requester_posts_again() -> None:
    bad = [lossy("r-q", 0.1, 0)]
    story, without = asked(bad, **RETRYING), asked(bad)
    failed = [sum(op.type != "ok" for op in one.operations()) for one in (story, without)]
    assert failed[0] <= 2
    assert failed[1] > 20


def test_a_requesters_questions_expire_with_their_callers() -> None:
    slow: dict[str, Any] = {"workers": {"concurrency": 1, "service_time": 50}, "load": {"timeout_ms": 200}}
    story, without = asked(drop_expired=True, **slow), asked(**slow)
    most = [max(value for _, value in one.states("r", "open")) for one in (story, without)]
    assert most[0] < 30 < 100 < most[1]


def announced(**params: Any) -> Run:
    load = {"requests": "increment", **STEADY}
    nodes = [
        client("c", **load),
        node(AnnouncingService, "s", **{"announces": "afterwards", "service_time": 0, **params}),
    ]
    nodes += [database("d", service_time=0), node(Topic, "t", service_time=0)]
    links = [line("c", "s"), line("s", "d"), line("s", "t")]
    return run(world(nodes, links, (), [crash("t", 500, 600)], 2000, 1000))


def test_an_announcing_service_publishes_again_and_does_not_store_again() -> None:
    again: dict[str, Any] = {"timeout_ms": 50, "concurrency": 50, **RETRYING, "backoff_ms": 30}
    story, without = announced(**again), announced(timeout_ms=50, concurrency=50)
    failed = [sum(op.type != "ok" for op in one.operations()) for one in (story, without)]
    assert failed[0] == 0 < failed[1]
    assert published(story, "changes.stored") == len(story.operations())


def logged(**params: Any) -> Run:
    nodes = [
        client("c", **STEADY),
        node(WebServer, "web", log_to="logs"),
        node(LogCollector, "logs", **{"batch_every_ms": 100, "timeout_ms": 100, **params}),
        *[node(ObjectStore, store, object_kb=10) for store in ("main", "other")],
    ]
    links = [line("c", "web"), line("web", "logs"), line("logs", "main"), line("logs", "other")]
    return run(world(nodes, links, (), [crash("main", 500)], 2000, 1000))


def test_a_log_collector_fails_over() -> None:
    story, without = logged(call_order="failover", **RETRYING), logged()
    assert len(without.notes("logs")) > 3
    assert story.notes("logs") == []
    assert published(story, "log.stored") == published(story, "log.received")
