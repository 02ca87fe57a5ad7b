"""Request and reply over queues (Hohpe and Woolf: "Enterprise Integration Patterns", chapter 5), and the exchange that
copies a message to several queues.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.nodes.queues import fan_out, lost, published, queue, requester, worker
from tests.nodes.stories import answers
from tests.worlds import MS, Run, client, crash, cut, database, exponential, link, run, world


def asked(faults: Any = (), hands: int = 8, workers: Any = None, load: Any = None, **params: Any) -> Run:
    """Reads and writes of a store, through a queue of questions `q` and one of answers `a`."""
    source = client("c", **{"rate_per_s": 50, "requests": "read-write", "own_keys": True, **(load or {})})
    work = {"concurrency": hands, "service_time": exponential(40), "takes_from": "q", "counts_effects": False}
    nodes = [
        source,
        requester("r", reply_queue="a", **params),
        queue("q"),
        queue("a"),
        worker("w", **{**work, **(workers or {})}),
        database("d", service_time=1, concurrency=50),
    ]
    links = [link("c", "r"), link("r", "q"), link("r", "a"), link("w", "q"), link("w", "a"), link("w", "d")]
    return run(world(nodes, links, (), faults, 2000, 8000))


def test_answers_overtake_each_other_and_are_matched_by_their_ids() -> None:
    story = asked()
    assert published(story, "replies.overtaken") > 20
    assert published(story, "replies.matched") == len(story.operations())
    assert published(story, "replies.wrong") == 0
    assert set(story.ends()) == {("ok", "")}
    assert story.at(9999, "r", "open") == 0


def test_without_ids_questions_get_each_others_answers() -> None:
    story = asked(matching="in-order")
    assert published(story, "replies.wrong") > 20
    assert None in answers(story)
    written = {
        op.key: {one.value for one in story.operations(f="write") if one.key == op.key} for op in story.operations()
    }
    strange = [op for op in story.operations(f="read") if op.result is not None and op.result not in written[op.key]]
    assert strange


def test_one_worker_keeps_the_order() -> None:
    story = asked(hands=1, matching="in-order", workers={"service_time": 5})
    assert published(story, "replies.overtaken") == published(story, "replies.wrong") == 0
    assert published(story, "replies.matched") == len(story.operations())


def test_a_question_without_an_answer_expires() -> None:
    story = asked([cut("w-a", 500, 1500)], expires_ms=300, workers={"timeout_ms": 2000})
    expired = published(story, "questions.expired")
    assert expired == story.ends()["fail", "expired"] + story.ends()["info", "expired"] > 10
    late = [op for op in story.operations() if op.error == "expired"]
    assert {round(op.takes_ms) for op in late} <= set(range(303, 310))


def test_an_answer_to_a_question_that_has_expired_is_thrown_away() -> None:
    story = asked(expires_ms=60)
    unmatched = published(story, "replies.unmatched")
    assert unmatched == published(story, "questions.expired") > 10
    assert published(story, "queue.acknowledged", "a") == published(story, "queue.accepted", "a")


def test_answers_to_questions_of_before_a_crash_are_nobodys() -> None:
    story = asked([crash("r", 1000, 1050)])
    assert published(story, "replies.unmatched") >= 1
    assert published(story, "replies.wrong") == 0


def test_without_a_queue_it_refuses() -> None:
    nodes = [client("c"), requester("r", reply_queue="a"), queue("a")]
    story = run(world(nodes, [link("c", "r"), link("r", "a")], (), (), 500))
    assert set(story.ends()) == {("fail", "no queue")}


# Fan-out


def copied(faults: Any = (), load: Any = None, **params: Any) -> Run:
    source = client("c", **{"rate_per_s": 50, "pattern": "deterministic", **(load or {})})
    takers = [worker(f"w{n}", counts_effects=False) for n in range(3)]
    nodes = [source, fan_out("x", **params), *(queue(f"q{n}") for n in range(3)), *takers]
    links = [link("c", "x"), *(link("x", f"q{n}") for n in range(3)), *(link(f"w{n}", f"q{n}") for n in range(3))]
    return run(world(nodes, links, (), faults, 1000, 3000))


@pytest.mark.parametrize("confirms", [True, False])
def test_every_queue_gets_a_copy(confirms: bool) -> None:
    story = copied(confirms=confirms)
    for n in range(3):
        ops = [sent.op for sent in story.messages("delivery", src=f"q{n}")]
        assert ops == [op.id for op in story.operations()]
    assert published(story, "exchange.copies") == 3 * len(story.operations())


def test_the_sender_hears_that_a_queue_has_no_copy_if_it_asked_to() -> None:
    down = [crash("q1", 300, 600)]
    told, untold = copied(down, timeout_ms=50), copied(down, confirms=False)
    assert told.ends()["fail", "not copied to all"] == published(told, "exchange.failed") > 10
    assert set(untold.ends()) == {("ok", "")}
    assert published(untold, "queue.accepted", "q1") < published(untold, "queue.accepted", "q0")


def test_a_sender_that_tries_again_gets_its_message_to_all_and_to_some_twice() -> None:
    again = {"retry": "fixed", "backoff_ms": 50, "attempts_max": 50}
    story = copied([crash("q1", 300, 600)], again, timeout_ms=50)
    assert set(story.ends()) == {("ok", "")}
    assert published(story, "queue.accepted", "q1") == len(story.operations())
    assert published(story, "queue.accepted", "q0") > len(story.operations())


def test_a_slow_consumer_delays_no_other() -> None:
    story = copied([{"kind": "slow", "target": "w1", "factor": 50, "at_ms": 0, "until_ms": None}])
    waits = {f"q{n}": max(sent.sent_ns for sent in story.messages("delivery", src=f"q{n}")) / MS for n in range(3)}
    assert waits["q0"] < 1100
    assert waits["q1"] > 2000


def test_without_queues_it_refuses() -> None:
    story = run(world([client("c"), fan_out("x")], [link("c", "x")], (), (), 500))
    assert set(story.ends()) == {("fail", "no queue")}
    assert lost(story) == 0
