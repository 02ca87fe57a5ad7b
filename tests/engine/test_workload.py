"""Arrival patterns, choice of keys, classes: their statistics, and that each differs from the plain one."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from simulations.engine.streams import stream_key
from simulations.engine.workload import KEYS_MAX
from tests.worlds import MS, Run, client, crash, link, run, service, world


def asking(duration_ms: float = 10_000, faults: Any = (), seed: int = 1, **params: Any) -> Run:
    nodes = [client("c", **params), service("s", service_time=0, concurrency=10_000)]
    return run(world(nodes, [link("c", "s")], (), faults, duration_ms, 100, seed))


def starts(story: Run) -> list[float]:
    return [op.start_ns / MS for op in story.operations()]


def between(times: list[float], from_ms: float, to_ms: float) -> int:
    return sum(from_ms <= time < to_ms for time in times)


def near(count: float, expected: float) -> bool:
    """Within four standard deviations of a Poisson count."""
    return abs(count - expected) <= 4 * math.sqrt(expected) + 1


# Arrivals


def test_deterministic_arrivals_are_evenly_spaced() -> None:
    times = starts(asking(1000, rate_per_s=40, pattern="deterministic"))
    assert times == [25.0 * number for number in range(1, 40)]


def test_bursts_leave_pauses_and_keep_their_rate() -> None:
    on, off = {"burst_on": 500}, {"burst_off": 1500}
    times = starts(asking(10_000, rate_per_s=200, pattern="bursty", **on, **off))
    assert {int(time % 2000 // 500) for time in times} == {0}
    assert near(len(times), 5 * 0.5 * 200)
    steady = starts(asking(10_000, rate_per_s=200, pattern="bursty", burst_on=500, burst_off=0))
    assert near(len(steady), 200 * 10 * 500 / 501)  # no pause is shorter than 1 ms


def test_a_day_rises_and_falls_as_a_sine_wave() -> None:
    times = starts(asking(20_000, rate_per_s=300, pattern="diurnal", swing=0.8, period_ms=2000))
    assert near(len(times), 20 * 300)
    for quarter in range(4):
        share = 1 + 0.8 * (2 / math.pi) * (1 if quarter < 2 else -1)
        assert near(sum(quarter == int(time % 2000 // 500) for time in times), share * 300 * 5)


def test_a_ramp_grows_evenly_and_then_stays() -> None:
    times = starts(asking(10_000, rate_per_s=20, pattern="ramp", ramp_to_per_s=420, ramp_ms=4000))
    assert near(between(times, 0, 2000), 2 * 120)
    assert near(between(times, 2000, 4000), 2 * 320)
    assert near(between(times, 4000, 10_000), 6 * 420)
    down = starts(asking(10_000, rate_per_s=100, pattern="ramp", ramp_to_per_s=0, ramp_ms=4000))
    assert near(len(down), 200)
    assert max(down) < 4000


def test_a_spike_multiplies_the_rate_for_a_while() -> None:
    times = starts(asking(10_000, rate_per_s=30, pattern="spike", spike_at_ms=4000, spike_ms=1000, spike_factor=20))
    assert near(between(times, 0, 4000), 120)
    assert near(between(times, 4000, 5000), 600)
    assert near(between(times, 5000, 10_000), 150)


@pytest.mark.parametrize("pattern", ["bursty", "diurnal", "ramp", "spike"])
def test_a_pattern_without_its_swing_is_a_poisson_process(pattern: str) -> None:
    flat = {"burst_on": 20_000, "swing": 0, "ramp_to_per_s": 300, "spike_factor": 1}
    times = starts(asking(10_000, rate_per_s=300, pattern=pattern, **flat))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert near(len(times), 3000)
    assert abs(deviation / mean - 1) < 4 * math.sqrt(2 / len(gaps))


def test_recorded_times_are_kept_to_the_nanosecond_and_those_of_a_crash_are_missed() -> None:
    times = [700, 0, 12.5, 12.5, 300, 5000]
    assert starts(asking(1000, pattern="recorded", times=times)) == [0, 12.5, 12.5, 300, 700]
    again = asking(1000, [crash("c", 200, 400)], pattern="recorded", times=times)
    assert starts(again) == [0, 12.5, 12.5, 700]
    assert starts(asking(1000, pattern="recorded", times=[])) == []


def test_a_pattern_is_where_it_would_have_been_after_a_restart() -> None:
    params = {"rate_per_s": 200, "pattern": "bursty", "burst_on": 500, "burst_off": 1500}
    times = starts(asking(10_000, [crash("c", 2100, 5000)], **params))
    assert {int(time % 2000 // 500) for time in times} == {0}
    assert not between(times, 2100, 6000)
    assert between(times, 6000, 6500) > 50


# Keys


def keys_of(**params: Any) -> Counter[str]:
    story = asking(10_000, rate_per_s=400, requests="read-write", **params)
    return Counter(op.key for op in story.operations())


def test_zipf_keys_are_as_popular_as_their_rank_says() -> None:
    keys = keys_of(keys=50, key_pattern="zipf", zipf_exponent=1)
    weights = [1 / rank for rank in range(1, 51)]
    total = sum(keys.values())
    for rank in (1, 2, 3, 10, 50):
        expected = total * weights[rank - 1] / sum(weights)
        assert abs(keys[f"k{rank - 1}"] - expected) < 4 * math.sqrt(expected)
    flat = keys_of(keys=4, key_pattern="zipf", zipf_exponent=0)
    assert all(near(count, sum(flat.values()) / 4) for count in flat.values())


def test_as_many_keys_as_the_limit_allows() -> None:
    story = asking(100, rate_per_s=200, requests="read-write", keys=KEYS_MAX, key_pattern="zipf", zipf_exponent=0.1)
    assert all(int(op.key[1:]) < KEYS_MAX for op in story.operations())


def test_sequential_keys_come_in_turn() -> None:
    story = asking(1000, rate_per_s=100, requests="read-write", keys=3, key_pattern="sequential")
    assert [op.key for op in story.operations()][:7] == ["k0", "k1", "k2", "k0", "k1", "k2", "k0"]


def test_a_hot_spot_draws_its_share_of_the_traffic() -> None:
    keys = keys_of(keys=10, key_pattern="hot", hot_keys=0.2, hot_traffic=0.7)
    total = sum(keys.values())
    assert near(keys["k0"] + keys["k1"], 0.7 * total)
    assert near(keys["k0"], 0.35 * total)
    assert near(keys["k9"], 0.3 * total / 8)
    assert set(keys_of(keys=3, key_pattern="hot", hot_keys=1, hot_traffic=0.5)) == {"k0", "k1", "k2"}


def test_users_with_keys_of_their_own_share_none() -> None:
    closed = {"arrivals": "closed", "users": 3, "think_time": 10, "requests": "read-write", "own_keys": True}
    operations = asking(1000, **closed).operations()
    owners = {op.key: op.process for op in operations}
    assert all(owners[op.key] == op.process for op in operations)
    assert {op.key.rsplit(".", 1)[0] for op in operations} == {"c.u0", "c.u1", "c.u2"}
    assert {op.key for op in asking(1000, requests="read-write", own_keys=True, keys=1).operations()} == {"c.k0"}


# Operations


def test_a_mix_has_its_shares() -> None:
    story = asking(10_000, rate_per_s=400, requests="mix", work_ratio=0.25, read_ratio=0.8)
    total = len(story.operations())
    assert near(len(story.operations(f="work")), 0.25 * total)
    assert near(len(story.operations(f="read")), 0.6 * total)
    assert near(len(story.operations(f="write")), 0.15 * total)


def test_decrements_have_their_share_of_what_is_counted() -> None:
    story = asking(10_000, rate_per_s=400, requests="increment", decrement_ratio=0.25)
    total = len(story.operations())
    assert near(len(story.operations(f="decrement")), 0.25 * total)
    assert near(len(story.operations(f="increment")), 0.75 * total)
    assert not asking(1000, rate_per_s=400, requests="increment").operations(f="decrement")


CLASSES = [{"name": "gold", "share": 1, "priority": 5}, {"name": "silver", "share": 3, "priority": 0}]


def test_classes_have_their_shares_and_stand_in_the_trace() -> None:
    story = asking(10_000, rate_per_s=200, classes=CLASSES)
    found = Counter(op.request_class for op in story.operations())
    total = sum(found.values())
    assert set(found) == {"gold", "silver"}
    assert near(found["gold"], total / 4)
    plain = asking(10_000, rate_per_s=200)
    assert starts(plain) == starts(story)
    assert all("class" not in chunk["tables"]["invoked"]["cols"] for chunk in plain.decoded)


def test_what_does_not_apply_changes_no_byte() -> None:
    idle = {"burst_on": 7, "swing": 0.1, "zipf_exponent": 3, "hot_keys": 0.5, "attempts_max": 9, "jitter": "full"}
    plain, other = asking(1000, rate_per_s=100), asking(1000, rate_per_s=100, **idle)
    assert plain.outcome.digest == other.outcome.digest


def test_clients_draw_apart() -> None:
    assert stream_key(1, "a", "key") != stream_key(1, "b", "key")
    nodes = [client("a", rate_per_s=50, pattern="diurnal"), client("b", rate_per_s=50, pattern="diurnal"), service("s")]
    story = run(world(nodes, [link("a", "s"), link("b", "s")]))
    assert {op.start_ns for op in story.operations("a")}.isdisjoint(op.start_ns for op in story.operations("b"))
