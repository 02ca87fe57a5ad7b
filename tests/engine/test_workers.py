"""Workers: who is next from the queue, and what becomes of work that nobody waits for any longer."""

from __future__ import annotations

import pytest

from simulations.engine.messages import Read, Work, Write
from tests.nodes.stories import read, user, write
from tests.worlds import MS, Run, client, database, link, run, service, world


def served(discipline: str) -> list[int]:
    """Which of five requests, a millisecond apart, one worker of 10 ms serves when: their numbers in order."""
    steps = [write(0, 0), write(1, 1), write(2, 2), read(3), write(4, 4)]
    nodes = [user("u", "s", steps), service("s", concurrency=1, service_time=10, queue_discipline=discipline)]
    story = run(world(nodes, [link("u", "s")]))
    return [op.id for op in sorted(story.operations(), key=lambda op: op.end_ns)]


def test_the_discipline_says_who_is_next() -> None:
    assert served("fifo") == [0, 1, 2, 3, 4]
    assert served("lifo") == [0, 4, 3, 2, 1]
    assert served("priority") == [0, 3, 1, 2, 4]


def test_classes_go_before_reads_and_reads_before_the_rest() -> None:
    gold, plain = Write("k", 1, priority=1), Write("k", 1)
    assert gold.rank() > Read("k").rank() > plain.rank() == Work("k").rank()
    assert Read("k", priority=1).rank() > gold.rank()


def overloaded(**params: object) -> Run:
    """400 requests a second, callers that wait 100 ms, and a service that manages 200 a second."""
    nodes = [client("c", rate_per_s=400, timeout_ms=100), service("s", concurrency=1, service_time=5, **params)]
    return run(world(nodes, [link("c", "s")], settle_ms=3000))


def good(story: Run) -> int:
    return story.ends().get(("ok", ""), 0)


def test_under_overload_last_come_first_served_answers_whoever_still_waits() -> None:
    assert good(overloaded(queue_max=1000)) < 60
    assert good(overloaded(queue_max=1000, queue_discipline="lifo")) > 150


def test_an_unbounded_queue_refuses_nobody() -> None:
    bounded = overloaded(queue_max=10)
    assert bounded.ends()["fail", "queue full"] > 50
    unbounded = overloaded(queue_max=10, queue_limit="unbounded")
    assert set(unbounded.ends()) == {("ok", ""), ("fail", "timed out")}
    assert max(value for _, value in unbounded.states("s", "queue")) > 100


def test_dropping_what_has_expired_ends_the_overload_with_its_cause() -> None:
    """Without it the service works for a second more, for callers who have all gone (at 200 a second, 400 came)."""

    def quiet_ms(story: Run) -> float:
        return max(time for time, _ in story.states("s", "busy"))

    assert quiet_ms(overloaded(queue_max=1000)) > 1900
    dropping = overloaded(queue_max=1000, drop_expired=True)
    assert quiet_ms(dropping) < 1150
    assert max(value for _, value in dropping.states("s", "queue")) < 60


def test_replies_that_nobody_waits_for_are_recorded_as_late() -> None:
    story = overloaded(queue_max=1000)
    late = [row for row in story.rows("notes") if row[2] == "late reply"]
    assert len(late) == story.ends()["fail", "timed out"]
    for _, node, _, cause in late:
        assert story.message(cause).outcome == "delivered"
        assert story.nodes[node] == "c" == story.message(cause).dst


def chained(propagate: bool) -> Run:
    """A client of 20 ms patience → a → b, both with one worker; b needs 100 ms."""
    nodes = [
        client("c", arrivals="closed", users=1, think_time=1, timeout_ms=20, propagate_cancellation=propagate),
        service("a", concurrency=1, service_time=1, propagate_cancellation=propagate),
        service("b", concurrency=1, service_time=100),
    ]
    return run(world(nodes, [link("c", "a"), link("a", "b")], duration_ms=30, settle_ms=400))


def test_a_timeout_leaves_the_servers_working_unless_it_is_propagated() -> None:
    plain = chained(False)
    assert plain.messages("cancel") == []
    assert plain.states("b", "busy")[:3] == [(0, 0), (4, 1), (104, 0)]
    told = chained(True)
    assert [(sent.src, sent.dst) for sent in told.messages("cancel")][:2] == [("c", "a"), ("a", "b")]
    # Cancelled at 21 ms, known at a at 22 and at b at 23; both workers are free again at once.
    assert told.states("a", "busy")[:3] == [(0, 0), (2, 1), (22, 0)]
    assert told.states("b", "busy")[:3] == [(0, 0), (4, 1), (23, 0)]


def test_a_cancelled_request_leaves_the_queue_and_its_place_to_others() -> None:
    def story(propagate: bool) -> Run:
        nodes = [
            client("c", rate_per_s=300, timeout_ms=50, propagate_cancellation=propagate),
            service("s", concurrency=1, service_time=10, queue_max=1000),
        ]
        return run(world(nodes, [link("c", "s")], settle_ms=5000))

    deaf, told = story(False), story(True)
    assert max(value for _, value in told.states("s", "queue")) < 30 < 150
    assert max(value for _, value in deaf.states("s", "queue")) > 150
    assert told.at(5999, "s", "queue") == told.at(5999, "s", "busy") == 0
    assert told.drops() == {}


@pytest.mark.parametrize("propagate", [False, True])
def test_all_workers_are_free_again_whatever_was_cancelled(propagate: bool) -> None:
    nodes = [
        client("c", rate_per_s=300, timeout_ms=15, propagate_cancellation=propagate, requests="read-write"),
        service("s", concurrency=3, service_time=4, queue_max=20, propagate_cancellation=propagate, drop_expired=True),
        database("db", concurrency=2, service_time=6, fsync_time=2),
    ]
    story = run(world(nodes, [link("c", "s"), link("s", "db")], settle_ms=5000))
    assert len(story.ends()) > 1
    for node in ("s", "db"):
        assert story.at(5999, node, "busy") == story.at(5999, node, "queue") == 0
    assert story.outcome.status == "finished"
    assert max(sent.settled_ns for sent in story.messages()) < 3000 * MS
