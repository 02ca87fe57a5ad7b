"""Kinds of calls: how long k questions take when they are asked one after another, all at once, or one-way; and how far
a deadline reaches.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.service import Service
from tests.worlds import MS, Entry, Run, client, crash, database, link, node, run, service, world

TAKES_MS = (10, 20, 40, 80)
LOAD: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 2}


def fixed(ms: float) -> Entry:
    return {"kind": "constant", "value_ms": ms}


def fan(kind: str, faults: Any = (), **params: Any) -> Run:
    """A service that takes no time, 1 ms away, and four behind it, 1 ms further, that take 10 to 80 ms."""
    front = service("front", concurrency=10, service_time=fixed(0), calls=kind, **params)
    behind = [service(f"s{ms}", concurrency=10, service_time=fixed(ms)) for ms in TAKES_MS]
    links = [link("c", "front"), *(link("front", f"s{ms}") for ms in TAKES_MS)]
    return run(world([client("c", **LOAD), front, *behind], links, (), faults, 4000, 1000))


def times(story: Run) -> set[float]:
    return {op.takes_ms for op in story.operations() if op.type == "ok"}


def test_one_after_another_takes_the_sum() -> None:
    assert times(fan("sequence")) == {2 + sum(TAKES_MS) + 4 * 2}


def test_all_at_once_take_the_longest() -> None:
    story = fan("gather")
    assert times(story) == {2 + 80 + 2}
    assert len(story.messages("work", src="front")) == 4 * len(story.operations())


def test_a_race_takes_the_shortest_and_survives_who_fails() -> None:
    assert times(fan("race")) == {2 + 10 + 2}
    story = fan("race", [crash("s10", 0)], timeout_ms=200)
    assert times(story) == {2 + 20 + 2}
    assert set(story.ends()) == {("ok", "")}


def test_one_in_turn_asks_each_as_often() -> None:
    story = fan("sync")
    assert times(story) == {2 + ms + 2 for ms in TAKES_MS}


def test_all_of_them_must_answer_what_is_gathered() -> None:
    """It fails with the first that fails, and does not wait for the rest."""
    story = fan("gather", [crash("s10", 0)], timeout_ms=30)
    assert set(story.ends()) == {("fail", "timed out")}
    assert {op.takes_ms for op in story.operations()} == {2 + 30}
    assert set(fan("gather").ends()) == {("ok", "")}


def test_one_way_takes_no_time_has_no_answer_and_hides_failure() -> None:
    story = fan("one-way", [crash("s80", 0)])
    assert times(story) == {2}
    assert set(story.ends()) == {("ok", "")}
    assert len(story.messages("work", src="front")) == len(story.operations())
    assert story.messages("done", dst="front") == []
    assert story.drops() == {"node down": len(story.operations()) // 4}


def test_a_worker_waits_for_what_is_gathered_and_not_for_what_is_sent_one_way() -> None:
    def workers(kind: str) -> Run:
        front = service("front", concurrency=1, service_time=fixed(0), calls=kind)
        nodes = [client("c", **{**LOAD, "rate_per_s": 50}), front, service("s", concurrency=99, service_time=fixed(50))]
        return run(world(nodes, [link("c", "front"), link("front", "s")], (), (), 2000, 1000))

    assert max(value for _, value in workers("gather").states("front", "queue")) > 10
    assert max(value for _, value in workers("one-way").states("front", "queue")) == 0


def test_each_of_those_gathered_has_its_own_retries_and_fallback() -> None:
    story = fan("gather", [crash("s10", 0)], timeout_ms=100, retry="fixed", attempts_max=3, backoff_ms=5)
    assert set(story.ends()) == {("fail", "timed out")}
    assert len(story.messages("work", dst="s10")) == 3 * len(story.operations())
    assert len(story.messages("work", dst="s20")) == len(story.operations())
    spared = fan("gather", [crash("s10", 0)], timeout_ms=100, fallback="default")
    assert set(spared.ends()) == {("ok", "")}


def test_a_fallback_is_for_those_that_it_names() -> None:
    optional = {"timeout_ms": 100, "fallback": "default", "fallback_for": "s10, s20"}
    assert set(fan("gather", [crash("s10", 0)], **optional).ends()) == {("ok", "")}
    assert set(fan("gather", [crash("s40", 0)], **optional).ends()) == {("fail", "timed out")}


def test_who_is_no_longer_needed_is_told_where_cancellation_is_propagated() -> None:
    """The losers of a race, and all that a fan-out has asked when its own caller gives up."""
    told, without = fan("race", propagate_cancellation=True), fan("race")
    asked = len(told.operations())
    assert len(told.messages("cancel", src="front")) == 3 * asked
    assert told.messages("done", src="s80") == without.messages("cancel") == []
    assert len(without.messages("done", src="s80")) == asked
    front = service("front", service_time=fixed(0), calls="gather", propagate_cancellation=True)
    behind = [service(f"s{ms}", service_time=fixed(ms)) for ms in (20, 80)]
    links = [link("c", "front"), *(link("front", f"s{ms}") for ms in (20, 80))]
    impatient = client("c", **LOAD, timeout_ms=50, propagate_cancellation=True)
    story = run(world([impatient, front, *behind], links, (), (), 4000, 1000))
    assert set(story.ends()) == {("fail", "timed out")}
    assert len(story.messages("cancel", src="front", dst="s80")) == len(story.operations())
    assert story.messages("cancel", dst="s20") == story.messages("done", src="s80") == []


def test_a_hedge_goes_to_who_is_alike_and_not_to_another_service() -> None:
    gather = fan("gather", hedge_after_ms=5)
    assert len(gather.messages("work", src="front")) == 4 * len(gather.operations())
    alike = fan("sync", hedge_after_ms=5)
    assert len(alike.messages("work", src="front")) == 2 * len(alike.operations())


def test_each_of_those_gathered_has_a_cached_answer_of_its_own() -> None:
    stores = [database("first", service_time=fixed(1)), database("second", service_time=fixed(1))]
    front = service("front", service_time=fixed(0), calls="gather", timeout_ms=50, fallback="cached")
    reads = {**LOAD, "requests": "read-write", "read_ratio": 1, "keys": 1}
    links = [link("c", "front"), link("front", "first"), link("front", "second")]
    faults = [crash("first", 1000)]
    story = run(world([client("c", **reads), front, *stores], links, (), faults, 3000, 500))
    assert set(story.ends()) == {("ok", "")}
    cold = run(world([client("c", **reads), front, *stores], links, (), [crash("first", 0)], 3000, 500))
    assert set(cold.ends()) == {("fail", "timed out")}


@pytest.mark.parametrize("kind", ["sync", "sequence", "gather", "race", "one-way"])
def test_with_nobody_but_the_spare_behind_it_the_spare_is_asked(kind: str) -> None:
    front = service("front", calls=kind, calls_per_request=2, fallback="other", fallback_to="spare")
    nodes = [client("c", **LOAD), front, service("spare")]
    story = run(world(nodes, [link("c", "front"), link("front", "spare")], (), (), 2000, 500))
    assert set(story.ends()) == {("fail", "no target") if kind == "one-way" else ("ok", "")}


# Many questions for one request


def rows(**params: Any) -> Run:
    """A page of 20 rows, from a database 10 ms away that needs 1 ms a row."""
    page = service("page", concurrency=10, service_time=fixed(0), calls_per_request=20, **params)
    store = database("d", concurrency=30, service_time=fixed(1))
    reads = {**LOAD, "requests": "read-write", "read_ratio": 1}
    return run(world([client("c", **reads), page, store], [link("c", "page"), link("page", "d", 10)], (), (), 4000))


def test_a_chatty_caller_pays_each_round_trip_a_batch_one() -> None:
    assert times(rows()) == {2 + 20 * 21}
    assert times(rows(batch_calls=True)) == {2 + 20 + 20}
    assert times(rows(calls="gather")) == {2 + 21}


def test_a_batch_is_one_message_as_large_as_all() -> None:
    story, batched = rows(request_bytes=100), rows(request_bytes=100, batch_calls=True)
    asked = len(story.operations())
    assert {sent.size for sent in story.messages("read", src="page")} == {228}
    assert len(story.messages("read", src="page")) == 20 * asked
    assert {sent.size for sent in batched.messages("read", src="page")} == {128 + 2000}
    assert len(batched.messages("read", src="page")) == asked


# Deadlines


def chain(takes_ms: float = 30, **params: Any) -> Run:
    """Four services in a row that need 30 ms each, for a client that waits 100 ms; their own timeouts are long."""
    names = ["a", "b", "d", "e"]
    services = [service(name, concurrency=20, service_time=fixed(takes_ms), **params) for name in names]
    links = [link(one, other) for one, other in zip(["c", *names], names, strict=False)]
    return run(world([client("c", **{**LOAD, "timeout_ms": 100}), *services], links, (), (), 4000, 1000))


def test_a_deadline_goes_down_the_chain_and_nobody_is_asked_after_it() -> None:
    story, without = chain(drop_expired=True), chain()
    assert set(story.ends()) == set(without.ends()) == {("fail", "timed out")}
    worked = [len(run_.messages("done", src="e")) for run_ in (story, without)]
    assert worked[0] == worked[1] == len(story.operations())  # it is asked in time: 3 × 31 ms
    far, far_without = (chain(40, drop_expired=drop) for drop in (True, False))
    assert far.messages("work", dst="e") == []
    assert len(far_without.messages("work", dst="e")) == len(far.operations())


def test_retries_stop_at_the_deadline_of_whoever_asked() -> None:
    def retrying(drop_expired: bool) -> float:
        front = service("f", concurrency=10, service_time=fixed(0), timeout_ms=30, retry="fixed", attempts_max=9,
                        backoff_ms=1, drop_expired=drop_expired)  # fmt: skip
        nodes = [client("c", **{**LOAD, "timeout_ms": 100}), front, database("d")]
        story = run(world(nodes, [link("c", "f"), link("f", "d")], (), [crash("d", 0)], 4000, 1000))
        last = {sent.op: sent.sent_ns for sent in story.messages(dst="d")}
        return max((last[op.id] - op.start_ns) / MS for op in story.operations())

    assert retrying(True) < 100 < retrying(False)


def test_doubts() -> None:
    def doubts(**params: Any) -> list[str]:
        complete = node(Service, "s", **params)["params"]
        return [name for name, _ in Service.doubts(complete, frozenset())]

    assert doubts(batch_calls=True) == ["batch_calls"]
    assert doubts(batch_calls=True, calls_per_request=2) == []
    assert doubts(calls="one-way", retry="fixed") == ["retry"]
    assert doubts(calls="one-way") == []
