"""What one caller can do about its calls, each can that calls on somebody's behalf: deadlines at each hop, and the call
parameters of balancers, gateways, aggregators, exchanges, requesters and collectors; each with it off beside it.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.node import Node
from simulations.nodes.aggregator import Aggregator
from simulations.nodes.api_gateway import ApiGateway
from simulations.nodes.cache import Cache
from simulations.nodes.cdn_edge import CdnEdge
from simulations.nodes.fan_out import FanOut
from simulations.nodes.function import Function
from simulations.nodes.load_balancer import LoadBalancer
from simulations.nodes.region_gateway import RegionGateway
from simulations.nodes.service import Service
from simulations.nodes.web_server import WebServer
from tests.worlds import MS, Entry, Run, client, crash, database, link, node, run, service, world

STEADY: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 100, "timeout_ms": 400}
HOPS = (Aggregator, ApiGateway, Cache, CdnEdge, Function, LoadBalancer, RegionGateway, Service, WebServer)
CHOOSERS = (LoadBalancer, RegionGateway)


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def one_hop(kind: type[Node], behind: Entry, load: Any = None, faults: Any = (), **params: Any) -> Run:
    """A client, a node of some type, and what stands behind it."""
    routes = {"routes": f"*: {behind['id']}"} if kind is ApiGateway else {}
    quick = {"service_time": 0} if any(param.name == "service_time" for param in kind.PARAMS) else {}
    hop = node(kind, "hop", **{**quick, **routes, **params})
    nodes = [client("c", **{**STEADY, **(load or {})}), hop, behind]
    return run(world(nodes, [link("c", "hop"), link("hop", behind["id"])], (), faults, 3000, 1500))


# Deadlines


@pytest.mark.parametrize("kind", HOPS)
def test_a_deadline_goes_through_every_hop(kind: type[Node]) -> None:
    """Behind the hop is more work than can be done: with the caller's deadline it is not done for nobody."""
    late: dict[bool, int] = {}
    for drops in (True, False):
        behind = service("s", concurrency=1, service_time=20, queue_max=1000, drop_expired=True)
        story = one_hop(kind, behind, {"timeout_ms": 150}, timeout_ms=900, drop_expired=drops)
        replies = story.messages("done", src="s")
        late[drops] = sum(one.sent_ns > story.operations()[one.op].start_ns + 171 * MS for one in replies)
    assert late[True] == 0
    assert late[False] > 20


@pytest.mark.parametrize("kind", [*HOPS, FanOut])
def test_a_cancellation_goes_through_every_hop(kind: type[Node]) -> None:
    for cancels in (True, False):
        behind = service("s", concurrency=1, service_time=20, queue_max=1000)
        load = {"timeout_ms": 100, "propagate_cancellation": True}
        story = one_hop(kind, behind, load, timeout_ms=900, propagate_cancellation=cancels)
        assert bool(story.messages("cancel", src="hop", dst="s")) == cancels


def test_servers_without_calls_drop_what_has_expired_too() -> None:
    def stored(drops: bool) -> Run:
        store = database("d", concurrency=1, service_time=20, drop_expired=drops)
        load = {"requests": "read-write", "read_ratio": 1, "timeout_ms": 100}
        return run(world([client("c", **{**STEADY, **load}), store], [link("c", "d")], (), (), 3000, 1500))

    late = []
    for story in (stored(True), stored(False)):
        starts = {op.id: op.start_ns for op in story.operations()}
        late.append(sum(one.sent_ns > starts[one.op] + 121 * MS for one in story.messages("value", src="d")))
    assert late[0] == 0
    assert late[1] > 50


def test_who_waits_for_anothers_fetch_does_not_fail_with_its_deadline() -> None:
    """One asks with little time, another soon after with much: the fetch of the first ends, another one begins."""
    load = {"pattern": "deterministic", "rate_per_s": 1, "requests": "read-write", "read_ratio": 1, "keys": 1}
    nodes = [
        client("hasty", **load, timeout_ms=20),
        client("calm", **load),
        node(Cache, "cache", drop_expired=True),
        database("d", service_time=40, concurrency=10),
    ]
    links = [link("hasty", "cache"), link("calm", "cache", 5), link("cache", "d")]
    story = run(world(nodes, links, (), (), 1500, 1000))
    assert story.ends("hasty") == {("fail", "timed out"): 1}
    assert story.ends("calm") == {("ok", ""): 1}


# Balancers and gateways


def chosen(kind: type[Node], faults: Any = (), count: int = 2, takes: Any = 1, load: Any = None, **params: Any) -> Run:
    """A client, a chooser with a probe interval too long to matter, and servers."""
    quiet = {"probe_interval_ms": 3_600_000, "probe_timeout_ms": 50, "timeout_ms": 100, "retries": 0}
    hop = node(kind, "hop", **{**quiet, **params})
    names = [f"s{number}" for number in range(count)]
    servers = [service(name, concurrency=20, service_time=takes) for name in names]
    nodes = [client("c", **{**STEADY, **(load or {})}), hop, *servers, service("spare", service_time=1)]
    links = [link("c", "hop"), *[link("hop", name) for name in names], link("hop", "spare", 2)]
    return run(world(nodes, links, (), faults, 3000, 1500))


SPARE: dict[str, Any] = {"fallback": "other", "fallback_to": "spare"}


@pytest.mark.parametrize("kind", CHOOSERS)
def test_a_chooser_tries_again_after_a_pause(kind: type[Node]) -> None:
    """All are away for less than the pauses last."""
    away = [crash(f"s{number}", 1000, 1100) for number in range(2)]
    patient: dict[str, Any] = {"retry": "exponential", "backoff_ms": 100, "attempts_max": 4}
    story = chosen(kind, away, load={"timeout_ms": 2000}, **SPARE, **patient)
    plain = chosen(kind, away, load={"timeout_ms": 2000}, **SPARE)
    assert published(story, "calls.fallbacks") == 0 < published(plain, "calls.fallbacks")
    assert set(story.ends()) == {("ok", "")}


@pytest.mark.parametrize("kind", CHOOSERS)
def test_a_choosers_retries_keep_to_their_budget(kind: type[Node]) -> None:
    always: dict[str, Any] = {"retry": "fixed", "backoff_ms": 1, "attempts_max": 3}
    down = [crash("s0", 0), crash("s1", 0), crash("spare", 0)]
    story = chosen(kind, down, retry_budget=True, budget_tokens=10, **always)
    without = chosen(kind, down, **always)
    operations = len(story.operations())
    assert published(without, "calls.retried") > 1.9 * operations
    assert published(story, "calls.retried") < 0.1 * operations + 11


@pytest.mark.parametrize("kind", CHOOSERS)
def test_a_chooser_answers_from_a_fallback(kind: type[Node]) -> None:
    down = [crash("s0", 0), crash("s1", 0)]
    story, without = chosen(kind, down, **SPARE), chosen(kind, [*down, crash("spare", 0)])
    assert set(story.ends()) == {("ok", "")}
    assert {error for _, error in without.ends()} == {"timed out"}
    whole = chosen(kind, **SPARE)
    assert whole.messages(dst="spare") == []  # it gets nothing else, not even probes


@pytest.mark.parametrize("kind", CHOOSERS)
def test_a_choosers_bulkhead_holds_back_and_load_is_shed(kind: type[Node]) -> None:
    slow: dict[str, Any] = {"takes": 50, "count": 1, "load": {"rate_per_s": 200, "timeout_ms": 2000}, **SPARE}
    without = chosen(kind, timeout_ms=2000, **{**slow, "fallback": "none", "fallback_to": ""})
    held = chosen(kind, timeout_ms=2000, bulkhead_calls=4, bulkhead_queue=100, **slow)
    shed = chosen(kind, timeout_ms=2000, bulkhead_calls=4, bulkhead_queue=100, shed_wait_ms=50, **slow)
    assert published(without, "bulkhead.refused") == 0 < published(held, "bulkhead.refused")
    assert published(held, "admission.shed") == 0 < published(shed, "admission.shed")
    longest = [max(op.takes_ms for op in story.operations() if op.type == "ok") for story in (held, shed)]
    assert longest[1] < 0.5 * longest[0]


@pytest.mark.parametrize("kind", CHOOSERS)
def test_a_choosers_timeout_goes_by_how_long_calls_took(kind: type[Node]) -> None:
    stuck: Entry = {"kind": "mixture", "parts": [
        {"weight": 199, "of": {"kind": "constant", "value_ms": 5}},
        {"weight": 1, "of": {"kind": "constant", "value_ms": 5000}},
    ]}  # fmt: skip
    story = chosen(kind, takes=stuck, timeout_ms=390, timeout_by="percentile", timeout_percentile=95, **SPARE)
    without = chosen(kind, takes=stuck, timeout_ms=390, **SPARE)
    assert max(op.takes_ms for op in without.operations()) > 390
    assert max(op.takes_ms for op in story.operations() if op.start_ns > 1000 * MS) < 50


@pytest.mark.parametrize("kind", CHOOSERS)
def test_a_chooser_hedges_and_opens_circuits(kind: type[Node]) -> None:
    down = [crash("s0", 500)]
    hedging = chosen(kind, down, hedge_after_ms=20)
    assert set(hedging.ends()) == {("ok", "")}
    assert published(hedging, "calls.hedged") > 50
    breaking = chosen(kind, down, breaker="count", breaker_open_ms=5000)
    plain = chosen(kind, down)
    failed = [sum(op.type != "ok" for op in story.operations()) for story in (breaking, plain)]
    assert failed[0] < 20 < 80 < failed[1]


@pytest.mark.parametrize("kind", [*CHOOSERS, Function])
def test_a_rate_limit_holds(kind: type[Node]) -> None:
    limited = one_hop(kind, service("s", service_time=1), {"timeout_ms": 2000}, rate_limit_per_s=20, rate_limit_burst=1)
    good = sum(op.type == "ok" for op in limited.operations())
    assert abs(good - 0.2 * len(limited.operations())) <= 2
    assert published(limited, "admission.rate_limited") == len(limited.operations()) - good
    assert set(one_hop(kind, service("s", service_time=1), {"timeout_ms": 2000}).ends()) == {("ok", "")}


def test_a_function_sheds_while_instances_take_long_to_start() -> None:
    def burst(**params: Any) -> Run:
        load = {"rate_per_s": 200, "timeout_ms": 5000}
        return one_hop(Function, service("s", service_time=1), load, service_time=500, cold_start=300, **params)

    story, without = burst(shed_wait_ms=100), burst()
    assert published(without, "admission.shed") == 0 < published(story, "admission.shed")
    # How long a start takes is known once the first is over: 60 have come by then.
    assert published(story, "function.cold_starts") < 70 < published(without, "function.cold_starts")


@pytest.mark.parametrize("kind", CHOOSERS)
def test_probes_for_readiness_tell_a_chooser_who_drains(kind: type[Node]) -> None:
    """A server that starts refuses requests for a second: probes for readiness leave it out."""

    def starting(probe_kind: str) -> int:
        hop = node(kind, "hop", probe_interval_ms=100, probe_timeout_ms=50, probe_kind=probe_kind, retries=0)
        servers = [service("s0", service_time=1, startup_ms=1000), service("s1", service_time=1)]
        links = [link("c", "hop"), link("hop", "s0"), link("hop", "s1", 5)]
        story = run(world([client("c", **STEADY), hop, *servers], links, (), (), 2000, 500))
        return sum(op.type != "ok" for op in story.operations())

    assert starting("readiness") < 25 < starting("liveness")
