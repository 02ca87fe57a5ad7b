"""The service: so many workers, so long a queue, and a worker that waits for what stands behind it, or does not."""

from __future__ import annotations

import math
from typing import Any

from tests.worlds import MS, Run, client, crash, database, exponential, link, run, service, world


def loaded(rate_per_s: float, duration_ms: float = 4000, settle_ms: float = 0, **params: Any) -> Run:
    """An open client with patience before a service, over a link without delay."""
    nodes = [client("c", rate_per_s=rate_per_s, timeout_ms=60_000), service("s", **params)]
    return run(world(nodes, [link("c", "s", 0)], duration_ms=duration_ms, settle_ms=settle_ms))


def worked(story: Run, node: str = "s") -> list[tuple[int, int]]:
    """(arrival, answer) of every request that a service answered."""
    return [(story.message(reply.cause).settled_ns, reply.sent_ns) for reply in story.messages(kind="done", src=node)]


def most(story: Run, field: str, node: str = "s") -> int:
    return max(value for _, value in story.states(node, field))


def test_a_request_alone_takes_the_service_time() -> None:
    story = loaded(1, service_time=25)
    assert {op.takes_ms for op in story.operations()} == {25}


def test_service_times_follow_their_distribution() -> None:
    story = loaded(200, service_time=exponential(20), concurrency=1000, settle_ms=1000)
    times = [op.takes_ms for op in story.operations()]
    assert abs(sum(times) / len(times) - 20) < 4 * 20 / math.sqrt(len(times))


def test_no_more_are_worked_on_at_once_than_there_are_workers() -> None:
    story = loaded(300, concurrency=3, service_time=exponential(20), queue_max=10_000)
    assert most(story, "busy") == 3
    assert most(story, "queue") > 100
    assert most(loaded(300, concurrency=1000, service_time=exponential(20)), "busy") > 3


def test_beyond_its_capacity_a_service_answers_at_its_capacity() -> None:
    """Three workers and 20 ms each: 150 a second, whether 150, 300 or 600 are asked of it."""
    for rate_per_s in (300, 600):
        story = loaded(rate_per_s, concurrency=3, service_time=20, queue_max=10_000)
        done = [op for op in story.operations() if op.type == "ok" and op.end_ns > 1000 * MS]
        assert abs(len(done) / 3 - 150) <= 1


def test_the_queue_is_first_come_first_served() -> None:
    story = loaded(300, concurrency=1, service_time=exponential(5), queue_max=10_000)
    arrivals = [arrival for arrival, _ in worked(story)]
    assert arrivals == sorted(arrivals)
    assert len(arrivals) > 500


def test_a_full_queue_refuses_at_once_and_no_request_is_lost() -> None:
    story = loaded(300, concurrency=1, service_time=20, queue_max=5, settle_ms=1000)
    assert most(story, "queue") == 5
    ends = story.ends()
    assert set(ends) == {("ok", ""), ("fail", "queue full")}
    assert {op.takes_ms for op in story.operations() if op.error == "queue full"} == {0}
    assert max(op.takes_ms for op in story.operations()) <= 6 * 20
    assert len(story.messages(kind="refusal")) == ends["fail", "queue full"] > 500


def test_a_longer_queue_refuses_less_and_makes_wait_longer() -> None:
    short, long = (loaded(60, concurrency=1, service_time=exponential(15), queue_max=size) for size in (1, 50))
    assert short.ends()["fail", "queue full"] > long.ends().get(("fail", "queue full"), 0)
    slowest = [max(op.takes_ms for op in story.operations() if op.type == "ok") for story in (short, long)]
    assert slowest[0] < slowest[1]


def test_waiting_agrees_with_the_formula_for_one_server() -> None:
    """M/M/1 (Kleinrock, "Queueing Systems", volume 1, 1975, section 3.2): mean time in the system 1 ÷ (μ − λ)."""
    story = loaded(50, 60_000, 2000, concurrency=1, service_time=exponential(10), queue_max=10_000)
    times = [op.takes_ms for op in story.operations()]
    # Neighbouring requests wait alike: at half load about nine of them are worth one (batch means of 100).
    batches = [sum(times[at : at + 100]) / 100 for at in range(0, len(times) - 99, 100)]
    mean = sum(batches) / len(batches)
    error = math.sqrt(sum((batch - mean) ** 2 for batch in batches) / len(batches) / len(batches))
    assert abs(mean - 20) < 4 * error
    assert error < 2


def test_busy_and_queue_are_what_is_there() -> None:
    story = loaded(200, 1000, 2000, concurrency=2, service_time=exponential(15), queue_max=1000)
    spans = worked(story)
    for at_ms in range(50, 1000, 130):
        present = sum(arrival <= at_ms * MS < end for arrival, end in spans)
        assert story.at(at_ms, "s", "busy") == min(present, 2)
        assert story.at(at_ms, "s", "queue") == max(present - 2, 0)
    assert story.at(3000, "s", "busy") == story.at(3000, "s", "queue") == 0


# Something behind it


def before(kind: str = "database", faults: Any = (), rate_per_s: float = 100, **params: Any) -> Run:
    nodes = [
        client("c", rate_per_s=rate_per_s, timeout_ms=5000, requests="read-write"),
        service("s", **({"service_time": 1, "concurrency": 4, "queue_max": 10_000} | params)),
        database("db", service_time=100, concurrency=1000),
    ]
    return run(world(nodes, [link("c", "s"), link("s", "db")], (), faults, 2000, 3000))


def test_a_held_worker_waits_for_the_answer_from_behind() -> None:
    """Four workers, each held for about 103 ms, answer 39 requests a second; let go, they answer all 100."""
    held, free = before(holds_worker=True), before(holds_worker=False)
    assert most(held, "busy") == 4
    assert most(held, "queue") > 50
    assert most(free, "queue") <= 2

    def in_two_seconds(story: Run) -> int:
        return len([op for op in story.operations() if op.type == "ok" and op.end_ns <= 2000 * MS])

    assert in_two_seconds(held) < 85
    assert in_two_seconds(free) > 160


def test_the_answer_from_behind_is_the_answer() -> None:
    story = before(rate_per_s=20)
    last: dict[str, Any] = {}
    for op in story.operations():
        if op.f == "write":
            last[op.key] = op.value
    reads = [op.result for op in story.operations(f="read")]
    assert len([value for value in reads if value is not None]) > 5
    assert set(reads) <= {None, *(op.value for op in story.operations(f="write"))}


def test_a_failure_behind_becomes_its_own_and_frees_the_worker() -> None:
    for holds_worker in (True, False):
        story = before(faults=[crash("db", 500, 1000)], timeout_ms=50, holds_worker=holds_worker, rate_per_s=20)
        assert ("fail", "timed out") in story.ends(f="read")
        assert ("info", "timed out") in story.ends(f="write")
        assert story.at(5000, "s", "busy") == 0


def test_without_anything_behind_a_read_finds_nothing_and_a_write_is_done() -> None:
    nodes = [client("c", requests="read-write", rate_per_s=50), service("s")]
    story = run(world(nodes, [link("c", "s")], settle_ms=500))
    assert set(story.ends()) == {("ok", "")}
    assert {op.result for op in story.operations()} == {None}


def test_several_targets_are_asked_in_turn() -> None:
    nodes = [client("c", rate_per_s=200), service("s", service_time=1), database("d0"), database("d1")]
    story = run(world(nodes, [link("c", "s"), link("s", "d0"), link("s", "d1")]))
    asked = [message.dst for message in story.messages(src="s") if message.dst != "c"]
    assert asked[:4] == ["d0", "d1", "d0", "d1"]


def test_a_caller_that_gave_up_does_not_stop_the_work() -> None:
    nodes = [client("c", rate_per_s=20, timeout_ms=10), service("s", service_time=50, concurrency=100)]
    story = run(world(nodes, [link("c", "s")], settle_ms=500))
    assert set(story.ends()) == {("fail", "timed out")}
    assert len(story.messages(kind="done", outcome="delivered")) == len(story.operations())


def test_a_crash_empties_queue_and_workers() -> None:
    nodes = [client("c", rate_per_s=200, timeout_ms=200), service("s", concurrency=1, service_time=20)]
    story = run(world(nodes, [link("c", "s")], faults=[crash("s", 500, 700)]))
    assert story.at(499, "s", "queue") > 10
    assert story.at(600, "s", "queue") is None
    assert story.at(700, "s", "queue") == story.at(700, "s", "busy") == 0
    answered_ms = [message.sent_ns / MS for message in story.messages(src="s")]
    assert answered_ms
    assert not [moment for moment in answered_ms if 500 <= moment < 701]
