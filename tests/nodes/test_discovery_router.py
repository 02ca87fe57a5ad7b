"""Server-side discovery: a router looks up for everybody; beside it, callers that look up themselves."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.discovery_router import DiscoveryRouter
from tests.nodes.naming import BY_NAME, STEADY, failed, found, instances, registry, shares
from tests.worlds import MS, Run, client, crash, link, node, run, world


def routed(faults: Any = (), load: Any = None, **params: Any) -> Run:
    """A client that knows a router, which knows the registry."""
    router = node(DiscoveryRouter, "d", **{"service_time": 0, **BY_NAME, "timeout_ms": 100, **params})
    nodes = [client("c", **{**STEADY, "timeout_ms": 200, **(load or {})}), router, registry(), *instances()]
    links = [link("c", "d"), link("d", "r")]
    links += [link("d", f"s{n}") for n in range(3)] + [link(f"s{n}", "r") for n in range(3)]
    return run(world(nodes, links, faults=faults, duration_ms=2000, settle_ms=200))


def test_it_passes_requests_on_to_who_is_registered() -> None:
    story = routed([crash("s1", 1000)])
    assert shares(story, "s0", src="d") > 100
    assert shares(story, "s1", 1400, src="d") == 0
    late = [at for at in failed(story) if at > 100]
    assert late
    assert 990 <= min(late) <= max(late) <= 1370
    assert story.messages(kind="lookup", src="c") == []


def test_it_costs_one_hop_and_its_own_time() -> None:
    own, through = found(), routed(service_time=3)

    def usual(story: Run) -> float:
        takes = sorted(op.takes_ms for op in story.operations() if op.type == "ok" and op.start_ns > 500 * MS)
        return takes[len(takes) // 2]

    assert usual(through) == pytest.approx(usual(own) + 2 + 3)


def test_when_it_is_down_nobody_is_served() -> None:
    story = routed([crash("d", 1000, 1500)])
    assert {op.end for op in story.operations() if 1000 < op.start_ns / MS < 1490} == {("fail", "timed out")}
    assert failed(found()) == []


def test_its_threads_are_the_most_that_goes_through() -> None:
    story = routed(load={"rate_per_s": 400}, service_time=10, concurrency=2, queue_max=5)
    done = len([op for op in story.operations() if op.type == "ok"])
    assert 0.95 * 2 * 200 < done <= 2 * 203
    assert story.ends()["fail", "queue full"] > 300


def test_no_thread_waits_for_an_instance() -> None:
    story = routed(load={"rate_per_s": 400}, service_time=0.1, concurrency=1)
    assert failed(story) == []
    assert story.states("d", "busy")[-1][1] == 0
