"""Who may come in: rate limits (ITU-T I.371, annex A), load shedding (Beyer et al., "Site Reliability Engineering",
chapter 21); each with it switched off beside it.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.worlds import MS, Run, balancer, client, exponential, link, run, service, world


def asked(times: list[float], **params: Any) -> Run:
    nodes = [client("c", pattern="recorded", times=times, timeout_ms=2000), service("s", service_time=0, **params)]
    return run(world(nodes, [link("c", "s")], duration_ms=5000, settle_ms=500))


def outcomes(story: Run) -> str:
    return "".join("+" if op.type == "ok" else "-" for op in story.operations())


def test_a_bucket_holds_so_many_and_fills_at_the_rate() -> None:
    burst = [10.0] * 5
    assert outcomes(asked([*burst, 109, 111, 209, 211], rate_limit_per_s=10, rate_limit_burst=3)) == "+++---+-+"
    assert outcomes(asked([*burst, 3000, 3000, 3000, 3000], rate_limit_per_s=10, rate_limit_burst=3)) == "+++--+++-"
    assert outcomes(asked(burst)) == "+++++"


def test_no_window_lets_more_through_than_burst_and_rate() -> None:
    nodes = [client("c", rate_per_s=500, timeout_ms=500), service("s", service_time=0, rate_limit_per_s=50)]
    story = run(world(nodes, [link("c", "s")], duration_ms=4000, settle_ms=100))
    served = [op.start_ns / MS for op in story.operations() if op.type == "ok"]
    for at in range(0, 4000, 100):
        assert len([time for time in served if at <= time < at + 1000]) <= 10 + 50 + 1
    assert len(served) >= 0.98 * (10 + 4 * 50)
    assert set(story.ends()) == {("ok", ""), ("fail", "rate limited")}


@pytest.mark.parametrize("kind", ["service", "balancer"])
def test_counted_for_each_caller_a_greedy_one_leaves_the_others_theirs(kind: str) -> None:
    def modest(**params: Any) -> float:
        gate = service("g", service_time=1) if kind == "service" else balancer("g")
        gate["params"] |= {"rate_limit_per_s": 60, **params}
        nodes = [client("greedy", rate_per_s=600), client("modest", rate_per_s=20), gate, service("s", service_time=0)]
        links = [link("greedy", "g"), link("modest", "g"), link("g", "s")]
        story = run(world(nodes, links, duration_ms=4000, settle_ms=500))
        own = story.operations("modest")
        return len([op for op in own if op.type == "ok"]) / len(own)

    assert modest(rate_limit_by="caller") == 1
    assert modest() < 0.4


def overloaded(**params: Any) -> tuple[Run, float]:
    """Twice the capacity of 200 a second comes in; callers wait for 500 ms. The good answers a second."""
    slow = service("s", concurrency=4, service_time=exponential(20), queue_limit="unbounded", **params)
    story = run(world([client("c", rate_per_s=400, timeout_ms=500), slow], [link("c", "s")], duration_ms=20_000))
    return story, len([op for op in story.operations() if op.type == "ok"]) / 20


def test_shedding_keeps_goodput_near_capacity() -> None:
    story, goodput = overloaded(shed_wait_ms=100)
    assert goodput > 0.9 * 200
    assert ("fail", "overloaded") in story.ends()
    assert overloaded()[1] < 0.5 * 200


def test_without_load_nobody_is_shed() -> None:
    nodes = [client("c", rate_per_s=20), service("s", service_time=exponential(20), shed_wait_ms=100)]
    assert set(run(world(nodes, [link("c", "s")], duration_ms=5000, settle_ms=500)).ends()) == {("ok", "")}
