"""What processes do about their calls: circuit breakers and bulkheads (Nygard, "Release It!", 2nd edition, chapter 5),
fallbacks, failover and hedging; each with it switched off beside it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.worlds import (
    MS,
    Entry,
    Run,
    balancer,
    client,
    crash,
    database,
    exponential,
    link,
    run,
    service,
    world,
)

STEADY: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 100, "timeout_ms": 400}
DOWN = crash("d", 1000, 3000)


def behind(faults: Any = (DOWN,), load: Any = None, store: Entry | None = None, **params: Any) -> Run:
    """A client, a service and a store that is down from 1 s to 3 s; the service's calls time out after 100 ms."""
    front = service("s", concurrency=50, service_time=0, **{"timeout_ms": 100, **params})
    store = store or database("d", concurrency=50, service_time=1)
    nodes = [client("c", **{**STEADY, **(load or {})}), front, store]
    return run(world(nodes, [link("c", "s"), link("s", "d")], (), faults, 6000, 500))


def published(story: Run, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name)


def mean_ms(story: Run, low_ms: float, high_ms: float) -> float:
    found = [op.takes_ms for op in story.operations() if low_ms <= op.start_ns / MS < high_ms]
    return sum(found) / len(found)


# Circuit breakers


def test_a_breaker_opens_after_failures_in_a_row_tries_and_closes() -> None:
    story = behind(breaker="count", breaker_failures=5, breaker_open_ms=500)
    states = story.states("s", "breaker")
    assert [state for _, state in states[:2]] == ["closed", "open"]
    assert [state for _, state in states[-3:]] == ["open", "half-open", "closed"]
    opened_ms = states[1][0]
    assert 1100 <= opened_ms <= 1160
    assert states[2] == (pytest.approx(opened_ms + 500), "half-open")
    assert 3000 <= states[-1][0] <= 3700
    assert any("5 calls in a row failed" in text for _, text in story.notes("s"))
    assert published(story, "breaker.opened") == [state for _, state in states].count("open")
    assert published(story, "breaker.trials") == [state for _, state in states].count("half-open")
    assert published(story, "breaker.closed") == 1


def test_open_it_spares_callers_the_waiting_and_the_callee_the_load() -> None:
    story, without = behind(breaker="count", breaker_open_ms=500), behind()
    assert mean_ms(without, 1200, 2800) > 10 * mean_ms(story, 1200, 2800)
    late = [sent for sent in story.messages(dst="d") if 1200 * MS < sent.sent_ns < 2800 * MS]
    all_late = [sent for sent in without.messages(dst="d") if 1200 * MS < sent.sent_ns < 2800 * MS]
    assert len(late) <= 4 < len(all_late)
    refused = [op for op in story.operations() if op.error == "circuit open"]
    assert len(refused) == published(story, "breaker.refused") > 100


def test_a_success_between_failures_keeps_a_count_closed_but_not_a_rate() -> None:
    half: dict[str, Any] = {"service_time": {"kind": "mixture", "parts": [
        {"weight": 1, "of": {"kind": "constant", "value_ms": 1}},
        {"weight": 1, "of": {"kind": "constant", "value_ms": 300}},
    ]}}  # fmt: skip
    store = database("d", concurrency=50, **half)
    count = behind((), store=store, breaker="count", breaker_failures=30)
    rate = behind((), store=store, breaker="rate", breaker_ratio=0.3, breaker_calls=20)
    high = behind((), store=store, breaker="rate", breaker_ratio=0.95, breaker_calls=20)
    assert {state for _, state in count.states("s", "breaker")} == {"closed"}
    assert "open" in {state for _, state in rate.states("s", "breaker")}
    assert {state for _, state in high.states("s", "breaker")} == {"closed"}


def test_half_open_lets_so_many_trials_through_and_one_failure_opens_it_again() -> None:
    story = behind(breaker="count", breaker_open_ms=400, breaker_trials=3, load={"rate_per_s": 1000})
    half_open = [time for time, state in story.states("s", "breaker") if state == "half-open"]
    asked = [sent.sent_ns / MS for sent in story.messages(src="s", dst="d")]
    for time in half_open[:-1]:
        assert len([at for at in asked if time <= at < time + 100]) == 3  # all that go out before the first times out
    assert story.at(5900, "s", "breaker") == "closed"


def test_what_was_called_before_it_opened_does_not_count_afterwards() -> None:
    """Calls that fail while it is half open, but were made while it was closed, do not open it again."""
    story = behind(breaker="count", breaker_failures=2, breaker_open_ms=1, faults=[crash("d", 1000, 1005)])
    assert story.states("s", "breaker")[-1][1] == "closed"
    opened = [time for time, state in story.states("s", "breaker") if state == "open"]
    assert len(opened) == 0 or max(opened) < 1200


def test_a_balancer_leaves_out_whose_circuit_is_open() -> None:
    def balanced(**params: Any) -> Run:
        servers = [service(f"s{n}", concurrency=50, service_time=1) for n in range(3)]
        lb = balancer("lb", timeout_ms=100, **params)
        links = [link("c", "lb"), *(link("lb", f"s{n}") for n in range(3))]
        return run(world([client("c", **STEADY), lb, *servers], links, (), [crash("s1", 1000)], 5000, 500))

    story, without = balanced(breaker="count", breaker_open_ms=1000), balanced()
    assert sum(op.type != "ok" for op in story.operations()) < 15
    assert sum(op.type != "ok" for op in without.operations()) > 100


# Bulkheads


def two_stores(**params: Any) -> Run:
    """A service with 20 workers in front of a good store and one that takes 10 s."""
    front = service("s", concurrency=20, service_time=0, timeout_ms=5000, **params)
    stores = [database("good", concurrency=50, service_time=1), database("slow", concurrency=500, service_time=10_000)]
    links = [link("c", "s"), link("s", "good"), link("s", "slow")]
    return run(world([client("c", **{**STEADY, "timeout_ms": 900}), front, *stores], links, (), (), 4000, 500))


def test_a_bulkhead_keeps_a_slow_target_from_taking_every_worker() -> None:
    story, without = two_stores(bulkhead_calls=5), two_stores()
    good = [op for op in story.operations() if op.type == "ok"]
    assert len(good) > 0.49 * len(story.operations())
    assert len([op for op in without.operations() if op.type == "ok"]) < 0.1 * len(without.operations())
    assert published(story, "bulkhead.refused") == story.ends()["fail", "bulkhead full"] > 100


def test_a_bulkheads_queue_holds_so_many() -> None:
    story = behind((), store=database("d", concurrency=1, service_time=20), bulkhead_calls=1, bulkhead_queue=3)
    assert max(op.takes_ms for op in story.operations() if op.type == "ok") <= 4 * 22 + 5
    assert story.ends()["fail", "bulkhead full"] > 100
    assert set(behind((), store=database("d", service_time=20)).ends()) == {("ok", "")}


def test_a_full_bulkhead_opens_no_circuit() -> None:
    slow = database("d", concurrency=1, service_time=20)
    story = behind((), store=slow, bulkhead_calls=1, breaker="count", breaker_failures=2)
    assert {state for _, state in story.states("s", "breaker")} == {"closed"}


# Fallbacks


def test_a_default_answer_stands_in() -> None:
    story = behind(fallback="default")
    assert set(story.ends()) == {("ok", "")}
    assert published(story, "calls.fallbacks") == len([op for op in behind().operations() if op.type != "ok"]) > 100


def test_there_is_no_default_for_a_write() -> None:
    story = behind(fallback="default", load={"requests": "read-write", "read_ratio": 0.5})
    assert {op.f for op in story.operations() if op.type != "ok"} == {"write"}


def test_the_last_answer_to_the_same_question_stands_in() -> None:
    reading = {"requests": "read-write", "read_ratio": 0.8, "keys": 3}
    story = behind(fallback="cached", load=reading)
    assert {op.f for op in story.operations() if op.type != "ok"} == {"write"}
    written = {op.value for op in story.operations(f="write")}
    down = [op for op in story.operations(f="read") if 1200 * MS < op.start_ns < 2800 * MS]
    assert {op.result for op in down} <= written
    assert len(down) > 50


def test_another_node_is_asked_in_no_other_case() -> None:
    def with_spare(**params: Any) -> Run:
        front = service("s", concurrency=50, service_time=0, timeout_ms=100, **params)
        nodes = [client("c", **STEADY), front, database("d", service_time=1), database("e", service_time=1)]
        return run(world(nodes, [link("c", "s"), link("s", "d"), link("s", "e")], (), [DOWN], 6000, 500))

    story = with_spare(fallback="other", fallback_to="e")
    assert set(story.ends()) == {("ok", "")}
    asked = [sent.sent_ns / MS for sent in story.messages(src="s", dst="e")]
    assert 1050 <= min(asked) <= max(asked) <= 3150
    assert len(asked) == published(story, "calls.fallbacks")


def test_a_client_falls_back_too() -> None:
    nodes = [client("c", **STEADY, fallback="default"), service("s")]
    story = run(world(nodes, [link("c", "s")], (), [crash("s", 500)], 1000, 500))
    assert set(story.ends()) == {("ok", "")}


# Whom to ask, and how often


def replicas(**params: Any) -> Run:
    """A service in front of three stores, the first of which is down from 1 s to 3 s."""
    front = service("s", concurrency=50, service_time=0, timeout_ms=50, **params)
    stores = [database(f"d{n}", concurrency=50, service_time=1) for n in range(3)]
    links = [link("c", "s"), *(link("s", f"d{n}") for n in range(3))]
    return run(world([client("c", **STEADY), front, *stores], links, (), [crash("d0", 1000, 3000)], 6000, 500))


def shares(story: Run, low_ms: float, high_ms: float) -> Counter[str]:
    return Counter(
        sent.dst for sent in story.messages(src="s") if sent.dst != "c" and low_ms <= sent.sent_ns / MS < high_ms
    )


def test_failover_asks_the_first_and_the_next_when_it_fails() -> None:
    story = replicas(call_order="failover", retry="fixed", backoff_ms=0, attempts_max=2)
    assert set(shares(story, 0, 990)) == {"d0"}
    assert set(shares(story, 1100, 2900)) == {"d0", "d1"}
    assert set(shares(story, 3200, 6000)) == {"d0"}
    assert set(story.ends()) == {("ok", "")}
    assert published(story, "calls.retried") > 100
    assert replicas(call_order="failover").ends()["fail", "timed out"] > 100


def test_with_a_breaker_failover_stops_asking_who_is_down() -> None:
    story = replicas(
        call_order="failover", retry="fixed", backoff_ms=0, attempts_max=2, breaker="count", breaker_open_ms=1000
    )
    assert shares(story, 1200, 2900)["d0"] <= 2
    assert set(story.ends()) == {("ok", "")}
    assert set(shares(story, 5500, 6000)) == {"d0"}


def test_attempts_in_turn_go_elsewhere() -> None:
    story = replicas(retry="fixed", backoff_ms=0, attempts_max=2)
    assert set(story.ends()) == {("ok", "")}
    counts = shares(story, 3200, 6000)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_a_hedge_cuts_the_tail_for_few_more_calls() -> None:
    def hedged(**params: Any) -> Run:
        front = service("s", concurrency=500, service_time=0, **params)
        tail: Entry = {"kind": "mixture", "parts": [
            {"weight": 97, "of": exponential(5)}, {"weight": 3, "of": {"kind": "constant", "value_ms": 300}},
        ]}  # fmt: skip
        stores = [database(f"d{n}", concurrency=500, service_time=tail) for n in range(2)]
        links = [link("c", "s"), link("s", "d0"), link("s", "d1")]
        return run(world([client("c", **STEADY), front, *stores], links, (), (), 6000, 500))

    story, without = hedged(hedge_after_ms=30), hedged()
    assert sorted(op.takes_ms for op in without.operations())[-10] > 300
    assert sorted(op.takes_ms for op in story.operations())[-10] < 100
    assert 0 < published(story, "calls.hedged") < 0.06 * len(story.operations())


# A deadline


def test_no_attempt_begins_after_the_callers_deadline() -> None:
    story = behind(retry="fixed", backoff_ms=50, attempts_max=100, drop_expired=True, load={"timeout_ms": 260})
    for op in story.operations():
        asked = [sent for sent in story.messages(src="s", dst="d") if sent.op == op.id]
        assert all(sent.sent_ns <= op.start_ns + 260 * MS for sent in asked)
