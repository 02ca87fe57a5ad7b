"""Retries of the client: pauses and jitter as in Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture
Blog, 2015; one operation across all its attempts; a budget that bounds them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.worlds import MS, Entry, Run, client, crash, cut, database, link, run, service, world

DEAD = [crash("s", 0)]
ONCE: dict[str, Any] = {"pattern": "recorded", "times": [10], "timeout_ms": 20}


def asking(faults: Any = DEAD, server: Entry | None = None, **params: Any) -> Run:
    server = server or service("s", service_time=0, concurrency=1000)
    return run(world([client("c", **params), server], [link("c", "s")], (), faults, 10_000, 10_000))


def pauses(story: Run) -> list[float]:
    """From one attempt's timeout (20 ms) to the next attempt, in ms."""
    sent = [message.sent_ns / MS for message in story.messages(src="c")]
    return [round(later - earlier - 20, 6) for earlier, later in pairwise(sent)]


def test_without_a_policy_nothing_is_tried_again() -> None:
    story = asking(**ONCE)
    assert len(story.messages(src="c")) == 1
    assert [op.attempts for op in story.operations()] == [1]


def test_fixed_pauses() -> None:
    story = asking(**ONCE, retry="fixed", attempts_max=4, backoff_ms=70)
    assert pauses(story) == [70, 70, 70]
    assert [(op.end, op.attempts) for op in story.operations()] == [(("fail", "timed out"), 4)]


def test_exponential_pauses_double_up_to_the_longest() -> None:
    assert pauses(asking(**ONCE, retry="exponential", attempts_max=6, backoff_ms=50, backoff_max_ms=300)) == [
        50,
        100,
        200,
        300,
        300,
    ]


@pytest.mark.parametrize(("jitter", "low"), [("full", 0.0), ("equal", 0.5)])
def test_jitter_draws_below_the_pause(jitter: str, low: float) -> None:
    found = [
        (pause, 100 * 2**position)
        for at in range(0, 1000, 25)
        for position, pause in enumerate(
            pauses(asking(**{**ONCE, "times": [at + 0.5]}, retry="exponential", attempts_max=4, jitter=jitter))
        )
    ]
    assert all(low * full <= pause <= full for pause, full in found)
    shares = [pause / full for pause, full in found]
    assert abs(sum(shares) / len(shares) - (1 + low) / 2) < 0.1


def test_decorrelated_jitter_draws_up_to_three_times_the_last_pause() -> None:
    story = asking(
        **ONCE, retry="exponential", attempts_max=20, backoff_ms=10, backoff_max_ms=400, jitter="decorrelated"
    )
    found = [10.0, *pauses(story)]
    assert all(10 <= pause <= min(400, 3 * last) + 1e-6 for last, pause in pairwise(found))
    assert len(set(found)) > 8
    assert max(found) <= 400


def test_users_who_failed_together_come_back_together_only_without_jitter() -> None:
    def moments(jitter: str) -> set[int]:
        together = {"pattern": "recorded", "times": [10] * 20, "timeout_ms": 20}
        story = asking(**together, retry="fixed", attempts_max=2, jitter=jitter)
        return {message.sent_ns for message in story.messages(src="c")[20:]}

    assert len(moments("none")) == 1
    assert len(moments("full")) == 20


def test_one_operation_across_its_attempts() -> None:
    story = asking([crash("s", 0, 200)], **ONCE, retry="fixed", attempts_max=5, backoff_ms=60)
    (op,) = story.operations()
    assert (op.type, op.attempts) == ("ok", 4)
    assert op.takes_ms == 3 * 80 + 2
    assert {message.op for message in story.messages()} == {op.id}


def test_the_next_target_is_tried_next() -> None:
    nodes = [client("c", **ONCE, retry="fixed", backoff_ms=1), service("s"), service("t", service_time=0)]
    story = run(world(nodes, [link("c", "s"), link("c", "t")], (), DEAD))
    assert [message.dst for message in story.messages(src="c")] == ["s", "t"]
    assert story.ends() == {("ok", ""): 1}


def test_a_write_is_unknown_once_any_attempt_may_have_had_an_effect() -> None:
    writes: dict[str, Any] = {"requests": "read-write", "read_ratio": 0, "retry": "fixed", "backoff_ms": 10}
    full = service("s", concurrency=1, queue_max=0, service_time=60_000)
    story = asking([], full, **{**ONCE, "timeout_ms": 5}, **writes)
    assert story.ends() == {("info", "queue full"): 1}
    late = asking([cut("c-s", 0, 25)], database("s", service_time=0), **ONCE, **writes)
    assert late.ends() == {("ok", ""): 1}


def test_a_budget_bounds_the_retries_and_refills_with_traffic() -> None:
    many = {"pattern": "deterministic", "rate_per_s": 10, "timeout_ms": 20, "retry": "fixed", "attempts_max": 3}
    assert len(asking(**many).messages(src="c")) == 3 * 99
    budget = {"retry_budget": True, "budget_tokens": 5, "budget_per_operation": 0.1}
    story = asking(**many, **budget)
    # the bucket starts full, so the first operation's tenth is lost
    assert len(story.messages(src="c")) == 99 + 5 + 98 // 10
    empty = asking(**many, retry_budget=True, budget_tokens=1, budget_per_operation=0)
    assert len(empty.messages(src="c")) == 99 + 1


def test_the_run_may_end_between_two_attempts() -> None:
    nodes = [client("c", **ONCE, retry="fixed", attempts_max=3, backoff_ms=100), service("s")]
    story = run(world(nodes, [link("c", "s")], (), DEAD, 200))
    assert [(op.end, op.attempts) for op in story.operations()] == [(("info", "run ended"), 2)]
