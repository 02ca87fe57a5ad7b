"""The function platform: instances that come with the load and go without it, what starts and limits cost, the bill
(Wang et al.: "Peeking Behind the Curtains of Serverless Platforms", USENIX ATC 2018).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.function import Function
from tests.worlds import Entry, Run, client, crash, database, link, node, run, world

STEADY: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 100, "timeout_ms": 5000}
RUNS: dict[str, Any] = {"service_time": 35, "cold_start": 200, "idle_ms": 300}


def asked(load: Any = None, faults: Any = (), duration_ms: float = 1000, **params: Any) -> Run:
    """A client that asks 100 times a second, at even distances, of a platform 1 ms away."""
    nodes = [client("c", **{**STEADY, **(load or {})}), node(Function, "f", **{**RUNS, **params})]
    return run(world(nodes, [link("c", "f")], (), faults, duration_ms, 2000))


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def times(recorded: list[float]) -> Entry:
    return {"pattern": "recorded", "times": recorded}


def test_the_first_requests_wait_for_a_cold_start_the_next_find_warm_instances() -> None:
    story = asked(times([0, 300]))
    first, second = story.operations()
    assert first.takes_ms == pytest.approx(237)
    assert second.takes_ms == pytest.approx(37)
    assert published(story, "function.cold_starts") == 1


def test_requests_at_once_get_an_instance_each() -> None:
    story = asked(times([0, 1, 2]))
    assert max(count for _, count in story.states("f", "instances") if count is not None) == 3
    assert [op.takes_ms for op in story.operations()] == pytest.approx([237, 237, 237])


def test_an_instance_may_run_many_and_then_fewer_start() -> None:
    story = asked(times([0, 1, 2]), per_instance=2)
    assert max(count for _, count in story.states("f", "instances")) == 2
    assert [op.takes_ms for op in story.operations()] == pytest.approx([237, 236, 237])  # the second joins the first


def test_instances_follow_the_load_and_go_when_there_is_none() -> None:
    story = asked(duration_ms=1000)
    assert story.at(950, "f", "busy") in (3, 4)  # of 35 ms each, once those that the cold start held up are through
    assert story.at(2500, "f", "instances") == 0


def test_an_instance_is_kept_as_long_as_it_is_used_now_and_then() -> None:
    story = asked(times([0, 400, 690, 980]))
    assert published(story, "function.cold_starts") == 1
    rare = asked(times([0, 600, 1200]), duration_ms=2000)
    assert published(rare, "function.cold_starts") == 3


def test_above_the_limit_requests_are_throttled_and_below_it_none() -> None:
    story, without = asked(concurrency=2), asked()
    throttled = [op for op in story.operations() if op.error == "throttled"]
    assert len(throttled) == published(story, "function.throttled") > 30
    assert max(count for _, count in story.states("f", "instances")) == 2
    assert set(without.ends()) == {("ok", "")}


def test_provisioned_instances_are_warm_at_once_and_never_go() -> None:
    story, without = asked(provisioned=4), asked()
    assert published(story, "function.cold_starts") == 0 < published(without, "function.cold_starts")
    assert {count for _, count in story.states("f", "instances")} == {4}


def test_the_bill_is_for_time_memory_and_requests() -> None:
    """10 requests of 35 ms at 2 GB and 1 $/GB-s are 0.7 $; at 0.5 $ a million of them 5 millionths."""
    story = asked(times([n * 50 for n in range(10)]), memory_gb=2, price_gb_s=1, price_million=0.5)
    assert published(story, "function.billed_ms") == 350
    assert published(story, "function.cost") == 700_000 + 5


def test_fractions_of_a_millionth_are_not_lost() -> None:
    story = asked(times([n * 50 for n in range(10)]), memory_gb=0.001, price_gb_s=0, price_million=0.15)
    assert published(story, "function.cost") == 1  # 1.5, the half is owed


def test_what_is_provisioned_costs_without_a_request() -> None:
    load = {"rate_per_s": 0.001}
    kept = asked(load, duration_ms=3000, provisioned=10, memory_gb=1, price_provisioned_gb_s=0.01)
    assert published(kept, "function.cost") == pytest.approx(5 * 10 * 10_000, rel=0.25)
    assert published(asked(load, duration_ms=3000), "function.cost") == 0


def test_it_pays_for_waiting_on_what_stands_behind() -> None:
    nodes = [client("c", **STEADY | times([0])), node(Function, "f", **RUNS), database("d", service_time=50)]
    story = run(world(nodes, [link("c", "f"), link("f", "d")], (), (), 1000, 1000))
    assert published(story, "function.billed_ms") == 35 + 52
    assert story.ends() == {("ok", ""): 1}


def test_a_failure_from_behind_is_passed_on_and_frees_the_instance() -> None:
    nodes = [client("c", **STEADY | times([0, 700])), node(Function, "f", **RUNS, timeout_ms=100), database("d")]
    story = run(world(nodes, [link("c", "f"), link("f", "d")], (), [crash("d", 0, 600)], 2000, 2000))
    assert [op.end for op in story.operations()] == [("fail", "timed out"), ("ok", "")]
    assert story.at(3900, "f", "instances") == 0


def test_who_gives_up_during_the_cold_start_leaves_a_warm_instance_behind() -> None:
    story = asked(times([0, 250]) | {"timeout_ms": 100, "propagate_cancellation": True}, propagate_cancellation=True)
    first, second = story.operations()
    assert first.error == "timed out"
    assert second.takes_ms == pytest.approx(37)
    assert published(story, "function.billed_ms") == 35


def test_a_crash_leaves_nothing_warm() -> None:
    story = asked(times([0, 250, 700]), [crash("f", 400, 500)])
    assert published(story, "function.cold_starts") == 2


def test_provisioned_beyond_the_limit_is_doubted() -> None:
    params = {param.name: param.default for param in Function.PARAMS}
    assert Function.doubts(params, frozenset()) == []
    doubted = Function.doubts(params | {"provisioned": 11, "concurrency": 20, "per_instance": 2}, frozenset())
    assert [name for name, _ in doubted] == ["provisioned"]
