"""The client: arrivals, users, choices, and what an operation's end says.

Open and closed systems: Schroeder, Wierman, Harchol-Balter, "Open Versus Closed: A Cautionary Tale", NSDI 2006.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from simulations.nodes.client import Client
from tests.worlds import MS, Entry, Op, Run, client, crash, cut, exponential, link, run, service, world


def asking(
    server: Entry | None = None, faults: Any = (), duration_ms: float = 5000, settle_ms: float = 500, **params: Any
) -> Run:
    """A client before a service that answers at once, unless another is given, 1 ms away."""
    server = server or service("s", service_time=0, concurrency=10_000)
    nodes = [client("c", **params), server]
    return run(world(nodes, [link("c", "s")], (), faults, duration_ms, settle_ms))


def most_at_once(operations: list[Op]) -> int:
    changes = sorted([(op.start_ns, 1) for op in operations] + [(op.end_ns, -1) for op in operations])
    level = most = 0
    for _, change in changes:
        level += change
        most = max(most, level)
    return most


# Open


@pytest.mark.parametrize("rate_per_s", [20, 400])
def test_an_open_client_asks_at_its_rate(rate_per_s: float) -> None:
    expected = rate_per_s * 5
    assert abs(len(asking(rate_per_s=rate_per_s).operations()) - expected) < 4 * math.sqrt(expected)


def test_its_arrivals_are_a_poisson_process() -> None:
    """Exponential gaps: their standard deviation equals their mean. Counts: their variance equals their mean."""
    starts = [op.start_ns / MS for op in asking(rate_per_s=400).operations()]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert abs(deviation / mean - 1) < 4 * math.sqrt(2 / len(gaps))
    counts = Counter(int(start // 50) for start in starts)
    per_slot = [counts[slot] for slot in range(100)]
    variance = sum((count - 20) ** 2 for count in per_slot) / 100
    assert abs(variance / 20 - 1) < 4 * math.sqrt(2 / 100)


def test_an_open_client_goes_on_asking_when_answers_are_late() -> None:
    slow = service("s", service_time=2000, concurrency=10_000, queue_max=0)
    story = asking(slow, rate_per_s=100, timeout_ms=10_000)
    assert most_at_once(story.operations()) > 150
    assert [op.start_ns for op in story.operations()] == [op.start_ns for op in asking(rate_per_s=100).operations()]


def test_each_open_operation_is_a_process_of_its_own() -> None:
    operations = asking(rate_per_s=100).operations()
    assert len({op.process for op in operations}) == len(operations)


# Closed


def test_users_of_a_closed_client_never_ask_twice_at_a_time() -> None:
    slow = service("s", service_time=exponential(30))
    story = asking(slow, arrivals="closed", users=7, think_time=exponential(10))
    operations = story.operations()
    assert len({op.process for op in operations}) == 7
    assert most_at_once(operations) == 7
    assert max(value for _, value in story.states("c", "in_flight")) == 7
    for process in range(7):
        own = [op for op in operations if op.process == process]
        assert all(later.start_ns >= earlier.end_ns for earlier, later in pairwise(own))


def test_a_user_thinks_between_an_answer_and_the_next_request() -> None:
    operations = asking(arrivals="closed", users=1, think_time=40).operations()
    assert operations[0].start_ns == 40 * MS
    gaps = {later.start_ns - earlier.end_ns for earlier, later in pairwise(operations)}
    assert gaps == {40 * MS}


def test_think_times_follow_their_distribution() -> None:
    operations = asking(arrivals="closed", users=1, think_time=exponential(10)).operations()
    gaps = [later.start_ns - earlier.end_ns for earlier, later in pairwise(operations)]
    assert abs(sum(gaps) / len(gaps) / MS - 10) < 4 * 10 / math.sqrt(len(gaps))


def test_a_closed_client_slows_down_with_the_system_an_open_one_does_not() -> None:
    def asked(service_time_ms: float, **params: Any) -> int:
        return len(asking(service("s", service_time=service_time_ms), **params).operations())

    closed = {"arrivals": "closed", "users": 10, "think_time": 50}
    assert asked(100, **closed) < asked(1, **closed) / 3
    assert asked(100, rate_per_s=100) == asked(1, rate_per_s=100)


def test_users_go_on_after_a_failure() -> None:
    story = asking(arrivals="closed", users=2, think_time=10, timeout_ms=50, faults=[crash("s", 1000, 2000)])
    assert {op.type for op in story.operations() if op.start_ns > 2100 * MS} == {"ok"}
    assert story.ends()["fail", "timed out"] > 20


# The workload


def test_nobody_asks_after_the_workload_has_ended_and_answers_still_come() -> None:
    slow = service("s", service_time=300, concurrency=1000)
    for params in ({"rate_per_s": 100}, {"arrivals": "closed", "users": 30, "think_time": 20}):
        story = asking(slow, duration_ms=1000, settle_ms=400, **params)
        assert max(op.start_ns for op in story.operations()) < 1000 * MS
        assert {op.type for op in story.operations()} == {"ok"}
        assert story.outcome.simulated_ns == 1400 * MS


@pytest.mark.parametrize("read_ratio", [0, 0.3, 1])
def test_the_share_of_reads(read_ratio: float) -> None:
    story = asking(requests="read-write", rate_per_s=200, read_ratio=read_ratio)
    operations = story.operations()
    error = math.sqrt(read_ratio * (1 - read_ratio) / len(operations))
    assert abs(len(story.operations(f="read")) / len(operations) - read_ratio) <= 4 * error
    assert {op.f for op in operations} <= {"read", "write"}


def test_keys_are_chosen_evenly() -> None:
    keys = Counter(op.key for op in asking(requests="read-write", rate_per_s=400, keys=4).operations())
    total = sum(keys.values())
    assert set(keys) == {"k0", "k1", "k2", "k3"}
    assert all(abs(count - total / 4) < 4 * math.sqrt(total * 3 / 16) for count in keys.values())


def test_no_value_is_written_twice_by_whomever() -> None:
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=100) for n in range(3)]
    story = run(world([*nodes, service("s")], [link(f"c{n}", "s") for n in range(3)]))
    values = [op.value for op in story.operations(f="write")]
    assert len(values) == len(set(values)) > 100


def test_work_has_neither_key_nor_value() -> None:
    operations = asking().operations()
    assert {(op.f, op.key, op.value, op.result) for op in operations} == {("work", "", None, None)}


def test_several_targets_are_asked_in_turn() -> None:
    nodes = [client("c", rate_per_s=300), *(service(f"s{n}") for n in range(3))]
    story = run(world(nodes, [link("c", f"s{n}") for n in range(3)]))
    assert [message.dst for message in story.messages(src="c")][:6] == ["s0", "s1", "s2", "s0", "s1", "s2"]


def test_a_closed_user_keeps_to_one_target() -> None:
    nodes = [client("c", arrivals="closed", users=4, think_time=5), service("s0"), service("s1")]
    story = run(world(nodes, [link("c", "s0"), link("c", "s1")]))
    homes = {op.process: {m.dst for m in story.messages(src="c") if m.op == op.id} for op in story.operations()}
    assert list(homes.values()) == [{"s0"}, {"s1"}, {"s0"}, {"s1"}]


# Ends


def test_a_timed_out_write_is_unknown_and_a_timed_out_read_has_failed() -> None:
    story = asking(requests="read-write", rate_per_s=100, timeout_ms=30, faults=[cut("c-s", 0)])
    assert set(story.ends(f="write")) == {("info", "timed out")}
    assert set(story.ends(f="read")) == {("fail", "timed out")}
    assert {op.takes_ms for op in story.operations()} == {30}


def test_timed_out_work_has_failed() -> None:
    assert set(asking(timeout_ms=30, faults=[crash("s", 0)]).ends()) == {("fail", "timed out")}


def test_a_write_refused_before_it_had_an_effect_has_failed() -> None:
    full = service("s", concurrency=1, queue_max=0, service_time=100)
    ends = asking(full, requests="read-write", read_ratio=0, rate_per_s=200).ends()
    assert set(ends) == {("ok", ""), ("fail", "queue full")}


def test_a_client_without_a_target_fails_at_once() -> None:
    story = run(world([client("c", requests="read-write", rate_per_s=50)]))
    assert set(story.ends()) == {("fail", "no target")}
    assert {op.takes_ms for op in story.operations()} == {0}
    assert story.messages() == []


def test_what_is_in_flight_is_shown() -> None:
    story = asking(service("s", service_time=40, concurrency=1000), rate_per_s=200)
    for at_ms in range(5, 5000, 333):
        under_way = [op for op in story.operations() if op.start_ns <= at_ms * MS < op.end_ns]
        assert story.at(at_ms, "c", "in_flight") == len(under_way)


def test_a_client_that_restarts_goes_on_asking() -> None:
    story = asking(rate_per_s=100, faults=[crash("c", 1000, 2000)])
    starts = [op.start_ns / MS for op in story.operations()]
    assert not [start for start in starts if 1000 <= start < 2000]
    assert len([start for start in starts if start >= 2000]) > 200


# Kinds of calls


def fanned(calls: str, faults: Any = (), takes: tuple[int, int] = (10, 50), **params: Any) -> Run:
    """A client of two services that differ in what they need."""
    load = {"pattern": "deterministic", "rate_per_s": 20, "timeout_ms": 200, "calls": calls}
    services = [service(f"s{number}", service_time=time) for number, time in enumerate(takes)]
    nodes = [client("c", **{**load, **params}), *services]
    return run(world(nodes, [link("c", "s0"), link("c", "s1")], (), faults, settle_ms=1000))


def test_a_client_gathers_races_and_asks_one_after_another() -> None:
    kinds = ("sync", "sequence", "gather", "race")
    takes = {calls: {op.takes_ms for op in fanned(calls).operations()} for calls in kinds}
    assert takes == {"sync": {12, 52}, "sequence": {64}, "gather": {52}, "race": {12}}
    for calls, each in (("sync", 0.5), ("gather", 1)):
        story = fanned(calls)
        assert len(story.messages("work", dst="s1")) == int(each * len(story.operations()))


def test_each_call_of_many_has_its_own_retries() -> None:
    again: dict[str, Any] = {"retry": "fixed", "backoff_ms": 10, "attempts_max": 4}
    down = [crash("s0", 100, 320)]
    story, without = fanned("gather", down, **again), fanned("gather", down)
    assert set(story.ends()) == {("ok", "")}
    assert without.ends()["fail", "timed out"] > 2
    assert len(story.messages("work", dst="s1")) == len(story.operations())


def test_who_sends_one_way_goes_on_at_once_and_knows_nothing() -> None:
    story = fanned("one-way", [crash("s0", 0)])
    assert story.ends() == {("ok", ""): len(story.operations())}
    assert {op.takes_ms for op in story.operations()} == {0}
    assert story.messages("done") == []
    values = fanned("one-way", requests="read-write")
    assert values.ends() == {("info", "one-way"): len(values.operations())}
    assert story.drops() != {}  # of which it never learned


def test_what_never_happens_one_way_is_doubted() -> None:
    def doubts(**params: Any) -> list[str]:
        return [name for name, _ in Client.doubts(client("c", **params)["params"], frozenset())]

    assert doubts(calls="one-way", retry="fixed") == ["retry"]
    assert doubts(calls="one-way") == doubts(calls="gather", retry="fixed") == []
