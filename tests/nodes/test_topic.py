"""Topics and their subscribers: who is there gets every event, who is not misses it unless the subscription is durable
(Eugster and others: "The Many Faces of Publish/Subscribe", ACM Computing Surveys 35(2), 2003); keep-alives as in MQTT
3.1.1, section 3.1.2.10; polls that wait as in RFC 6202.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from simulations.nodes.subscriber import Subscriber
from simulations.nodes.switch import Switch
from simulations.nodes.topic import Topic
from tests.worlds import Entry, Run, client, crash, link, node, run, world

STEADY: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 50, "requests": "increment", "timeout_ms": 400}


def subscriber(id: str, **params: Any) -> Entry:
    return node(Subscriber, id, **{"service_time": 2, "keep_alive_ms": 200, "timeout_ms": 100, **params})


def told(
    *subscribers: Entry,
    faults: Any = (),
    loss: float = 0.0,
    load: Any = None,
    topic: Any = None,
    settle_ms: float = 3000,
) -> Run:
    """A client that publishes 50 events a second for two seconds to a topic with these subscribers."""
    nodes = [client("c", **{**STEADY, **(load or {})}), node(Topic, "t", **{"service_time": 0, **(topic or {})})]
    links = [link("c", "t"), *(link("t", one["id"], loss=loss) for one in subscribers)]
    return run(world([*nodes, *subscribers], links, (), faults, 2000, settle_ms))


def count(story: Run, id: str, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name and story.nodes[row[1]] == id)


def done(story: Run, id: str) -> Counter[int]:
    """How often a subscriber worked on the event of each operation."""
    return Counter(op for _, _, key, op in story.rows("effects") if key == id)


def every_one(story: Run) -> Counter[int]:
    return Counter({op.id: 1 for op in story.operations() if op.type == "ok"})


def test_each_of_many_subscribers_gets_each_event_once() -> None:
    story = told(*(subscriber(f"s{n}") for n in range(3)))
    assert len(story.operations()) == 99
    assert story.ends() == {("ok", ""): 99}
    for n in range(3):
        assert done(story, f"s{n}") == every_one(story)
    assert len(story.messages("publication")) == 3 * 99
    assert not story.messages("event_delivery")


def test_a_publication_goes_on_from_the_operation_that_it_came_of() -> None:
    story = told(subscriber("s"))
    for sent in story.messages("publication"):
        cause = story.message(sent.cause)
        assert (cause.kind, cause.op) == ("increment", sent.op)


@pytest.mark.parametrize("durable", [False, True])
def test_who_is_away_misses_it_unless_the_subscription_is_durable(durable: bool) -> None:
    story = told(subscriber("s", durable=durable), faults=[crash("s", 505, 1205)])
    missed = every_one(story) - done(story, "s")
    if durable:
        assert not missed
        assert story.at(1200, "t", "kept") >= 34
        assert story.states("t", "kept")[-1][1] == 0
    else:
        assert 34 <= len(missed) <= 47  # until it subscribes again, at once after its return
        assert not any(505 <= op.start_ns / 1e6 <= 1200 and op.id in done(story, "s") for op in story.operations())


@pytest.mark.parametrize("durable", [False, True])
def test_who_comes_late_misses_what_was_before_unless_the_subscription_was_made_ahead(durable: bool) -> None:
    story = told(subscriber("s", durable=durable, connects_ms=1005))
    early = [op.id for op in story.operations() if op.start_ns < 1000 * 1_000_000]
    late = [op.id for op in story.operations() if op.start_ns > 1020 * 1_000_000]
    assert all(done(story, "s")[op] == 1 for op in late)
    assert all(done(story, "s")[op] == int(durable) for op in early)


def test_what_was_held_is_delivered_because_of_its_own_operation() -> None:
    story = told(subscriber("s", durable=True, connects_ms=1005))
    delivered = story.messages("event_delivery")
    assert sorted({sent.op for sent in delivered}) == [op.id for op in story.operations()]
    assert all(story.message(sent.cause).op == sent.op for sent in delivered)


@pytest.mark.parametrize("durable", [False, True])
def test_over_a_link_that_loses_messages_only_a_durable_subscription_gets_all(durable: bool) -> None:
    story = told(subscriber("s", durable=durable), loss=0.2, topic={"ack_timeout_ms": 50})
    missed = every_one(story) - done(story, "s")
    assert bool(missed) != durable
    if durable:
        assert count(story, "t", "events.redelivered") > 10
        assert max(done(story, "s").values()) > 1  # at least once: some acknowledgements were lost


@pytest.mark.parametrize("acknowledges", ["after", "before"])
def test_acknowledged_before_the_work_a_crash_loses_it_afterwards_repeats_it(acknowledges: str) -> None:
    slow = subscriber("s", durable=True, acknowledges=acknowledges, concurrency=1, service_time=50)
    story = told(slow, faults=[crash("s", 905, 1005)], settle_ms=8000)
    assert bool(every_one(story) - done(story, "s")) == (acknowledges == "before")


def test_durable_subscriptions_and_their_events_outlive_the_topic() -> None:
    story = told(subscriber("s", durable=True, connects_ms=1505), faults=[crash("t", 700, 1000)])
    assert not every_one(story) - done(story, "s")
    assert len(every_one(story)) > 70
    held = [sent for sent in story.messages("event_delivery") if sent.op >= 0]
    assert {sent.op for sent in held} >= set(every_one(story))


def test_an_event_is_accepted_when_it_is_on_disk_where_a_subscription_is_durable() -> None:
    fast, durable = (
        told(subscriber("s", durable=durable), topic={"fsync_time": 8}).operations()[50].takes_ms
        for durable in (False, True)
    )
    assert durable == pytest.approx(fast + 8, abs=0.1)


def test_who_is_silent_for_half_again_its_keep_alive_counts_as_gone() -> None:
    story = told(subscriber("s", keep_alive_ms=400), faults=[crash("s", 700)])
    last = max(sent.settled_ns for sent in story.messages("subscribe", outcome="delivered"))
    sent_last = max(sent.sent_ns for sent in story.messages("publication"))
    assert last + 560e6 <= sent_last <= last + 600e6


def test_a_full_queue_drops_what_is_pushed_once_and_puts_off_what_is_kept() -> None:
    narrow: dict[str, Any] = {"concurrency": 1, "service_time": 30, "queue_max": 2}
    story = told(subscriber("s", **narrow))
    assert count(story, "s", "events.dropped") == 99 - len(done(story, "s")) > 20
    kept = told(subscriber("s", durable=True, **narrow), topic={"window": 8, "ack_timeout_ms": 150}, settle_ms=9000)
    assert set(done(kept, "s")) == {op.id for op in kept.operations()}


# Polls


def delay_ms(story: Run) -> float:
    found = [row[3] / 1e6 for row in story.rows("published") if row[2] == "events.delay_ms"]
    assert found
    return sum(found) / len(found)


def test_a_poll_is_half_its_interval_late_and_a_long_poll_hardly() -> None:
    load = {"rate_per_s": 5, "pattern": "poisson"}
    push = told(subscriber("s"), load=load)
    poll = told(subscriber("s", hears_by="poll", poll_interval_ms=200), load=load)
    long_poll = told(subscriber("s", hears_by="long-poll", wait_ms=700), load=load)
    assert delay_ms(push) == 1
    assert 40 < delay_ms(poll) < 160
    assert delay_ms(long_poll) < 3
    assert len(poll.messages("poll")) == pytest.approx(5000 / 202, abs=1)
    for story in (push, poll, long_poll):
        assert len(done(story, "s")) >= len(story.operations()) - 1  # what came before the first poll is not news
    assert len(long_poll.messages("poll")) < len(poll.messages("poll"))


def test_a_long_poll_is_answered_empty_after_its_wait() -> None:
    story = told(subscriber("s", hears_by="long-poll", wait_ms=300), load={"rate_per_s": 0.001})
    asked = story.messages("poll")
    answered = story.messages("records")
    assert len(asked) == pytest.approx(5000 / 302 + 1, abs=1)
    assert all(answer.sent_ns - asked[0].settled_ns >= 0 for answer in answered)
    waits = [later.sent_ns - before.sent_ns for before, later in pairwise(asked[1:])]
    assert all(wait == pytest.approx(302e6) for wait in waits)


def test_polls_go_on_after_a_crash_of_the_topic_and_miss_only_what_it_forgot() -> None:
    story = told(subscriber("s", hears_by="poll", poll_interval_ms=100), faults=[crash("t", 705, 905)])
    missed = every_one(story) - done(story, "s")
    assert len(missed) <= 6  # accepted after the last poll before the crash
    late = [op.id for op in story.operations() if op.start_ns > 910e6]
    assert all(done(story, "s")[op] == 1 for op in late)


def test_a_durable_subscription_that_polls_is_doubted() -> None:
    params = {param.name: param.default for param in Subscriber.PARAMS}
    assert not Subscriber.doubts(params, frozenset())
    found = Subscriber.doubts({**params, "durable": True, "hears_by": "poll"}, frozenset())
    assert [name for name, _ in found] == ["durable"]


def test_subscriptions_work_through_a_switch_and_whichever_way_links_are_drawn() -> None:
    nodes = [
        client("c", **STEADY),
        node(Switch, "sw"),
        node(Topic, "t", service_time=0),
        subscriber("near"),
        subscriber("far"),
    ]
    links = [link("c", "sw"), link("sw", "t"), link("far", "sw"), link("near", "t")]
    story = run(world(nodes, links, (), (), 1000, 1000))
    assert story.ends() == {("ok", ""): 49}
    assert done(story, "near") == done(story, "far") == every_one(story)
