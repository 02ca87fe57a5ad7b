"""The work queue: what it promises its senders, whom it gives a message, and when it gives it again (AMQP 0-9-1,
chapter 3; Hohpe and Woolf: "Enterprise Integration Patterns", chapters 4 and 10).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from simulations.engine.messages import Increment, Work, Write
from simulations.engine.queueing import NOTHING, Delivery, Nothing, Receive
from simulations.nodes.work_queue import WorkQueue
from tests.nodes.queues import WRITES, doubled, lost, published, pulled, queue, worker
from tests.worlds import MS, Actor, Run, actor, client, crash, exponential, link, node, run, service, world


def pushed(q: Any = None, services: Any = (), faults: Any = (), load: Any = None) -> Run:
    """A client at 50 requests a second, a queue `q`, and services that it sends to (by default one, `s`)."""
    services = services or (service("s", service_time=10, counts_effects=True),)
    source = client("c", **{"pattern": "deterministic", "rate_per_s": 50, **(load or {})})
    links = [link("c", "q"), *(link("q", one["id"]) for one in services)]
    return run(world([source, q or queue("q"), *services], links, (), faults, 2000, 8000))


# Each message to one consumer


def test_a_message_is_accepted_at_once_and_dealt_with_later() -> None:
    story = pulled(workers=(worker("w", concurrency=1, service_time=30),))
    assert {op.takes_ms for op in story.operations()} == {3.0}  # there, the disk, and back
    assert story.at(1900, "q", "queue") > 30
    assert story.at(9000, "q", "queue") == 0
    assert (lost(story), doubled(story)) == (0, 0)


def test_each_message_goes_to_one_of_the_workers() -> None:
    story = pulled(workers=(worker("w", service_time=10), worker("v", service_time=10)))
    shares = Counter(sent.dst for sent in story.messages("delivery"))
    assert sum(shares.values()) == len(story.operations())
    assert min(shares.values()) > 20
    assert (lost(story), doubled(story)) == (0, 0)


def test_each_message_goes_to_one_of_the_services_in_turn() -> None:
    two = (service("s", service_time=5, counts_effects=True), service("t", service_time=5, counts_effects=True))
    story = pushed(services=two)
    shares = Counter(sent.dst for sent in story.messages("work", src="q"))
    assert sum(shares.values()) == len(story.operations())
    assert abs(shares["s"] - shares["t"]) <= 1
    assert (lost(story), doubled(story)) == (0, 0)


@pytest.mark.parametrize("prefetch", [1, 3])
def test_a_consumer_that_is_sent_messages_has_no_more_than_the_prefetch_limit(prefetch: int) -> None:
    slow = service("s", concurrency=10, service_time=100)
    story = pushed(queue("q", prefetch=prefetch), (slow,))
    assert max(value for _, value in story.states("s", "busy") if value is not None) == prefetch


def test_what_a_consumer_does_belongs_to_the_clients_operation() -> None:
    story = pulled()
    ops = [op.id for op in story.operations()]
    assert [sent.op for sent in story.messages("delivery")] == ops
    assert [sent.op for sent in story.messages("acknowledge")] == ops
    assert all(sent.op < 0 for sent in story.messages("receive"))
    first = story.messages("delivery")[0]
    assert story.message(first.cause).src == "c"


def test_it_cannot_be_read() -> None:
    story = pulled(load={"requests": "read-write", "read_ratio": 1.0})
    assert set(story.ends()) == {("fail", "not understood")}


# Polls


def asked(poll_ms: float, sends_ms: float) -> list[tuple[float, str]]:
    """When (ms) a consumer that asks once, at 0, hears what, with a message sent at a time."""
    heard: list[tuple[float, str]] = []

    async def take(me: Actor) -> None:
        answer = await me.call("q", Receive(poll_ms), 0)
        heard.append((me.now_ns / MS, type(answer).__name__))

    async def give(me: Actor) -> None:
        await me.sleep(int(sends_ms * MS))
        await me.call("q", Work("x"), 1000)

    q = queue("q", durable=False)
    run(world([actor("taker", take), actor("giver", give), q], [link("taker", "q"), link("giver", "q")]))
    return heard


def test_a_poll_waits_for_a_message() -> None:
    assert asked(500, 100) == [(102, Delivery.__name__)]


def test_a_poll_ends_without_a_message() -> None:
    assert asked(50, 100) == [(52, Nothing.__name__)]
    assert asked(0, 100) == [(2, type(NOTHING).__name__)]


# Acknowledgements


def test_held_still_it_goes_on_where_it_was() -> None:
    story = pulled(queue("q"), faults=[{"kind": "pause", "target": "q", "at_ms": 500, "until_ms": 900}])
    assert (lost(story), doubled(story)) == (0, 0)
    assert story.at(9000, "q", "queue") == 0


def test_what_a_consumer_has_in_hand_when_it_crashes_is_delivered_again() -> None:
    hands = (worker("w", concurrency=2, service_time=100),)
    story = pulled(queue("q", visibility_timeout_ms=500), hands, [crash("w", 1010, 1500)])
    assert 1 <= published(story, "queue.redelivered") <= 2
    assert lost(story) == 0


def test_with_automatic_acknowledgement_it_is_lost() -> None:
    hands = (worker("w", concurrency=2, service_time=100),)
    story = pulled(queue("q", acknowledged="on-delivery"), hands, [crash("w", 1010, 1500)])
    assert lost(story) > 0
    assert published(story, "queue.redelivered") == 0
    assert doubled(story) == 0


def test_what_is_forgotten_as_it_leaves_comes_back_from_no_disk() -> None:
    """The crash comes at every moment of a delivery: the message is on its way, or still there."""
    for at_us in range(1_000_000, 1_024_000, 500):
        q = queue("q", acknowledged="on-delivery", fsync_time=4)
        assert doubled(pulled(q, faults=[crash("q", at_us / 1000, 1100)], ms=(1100, 2500))) == 0


def test_a_visibility_timeout_shorter_than_the_work_has_it_done_again_and_again() -> None:
    hands = (worker("w", concurrency=10, service_time=100),)
    hasty, patient = (pulled(queue("q", visibility_timeout_ms=ms), hands, load={"rate_per_s": 20}) for ms in (40, 400))
    assert doubled(hasty) > 0
    assert published(hasty, "queue.acknowledged") == 0
    assert doubled(patient) == 0
    assert published(patient, "queue.acknowledged") == len(patient.operations())


def test_a_silent_service_gets_a_message_again_after_the_timeout() -> None:
    story = pushed(queue("q", visibility_timeout_ms=300), faults=[crash("s", 500, 1200)])
    assert published(story, "queue.redelivered") >= 2
    assert lost(story) == 0
    assert story.at(9000, "q", "queue") == 0


def test_a_refused_message_comes_back_after_a_pause_in_its_place() -> None:
    q = queue("q", pause_ms=70, prefetch=2)
    picky = service("s", rate_limit_per_s=10, rate_limit_burst=1, service_time=1)
    story = pushed(q, (picky,), load={"rate_per_s": 15})
    assert published(story, "queue.redelivered") > 0
    assert published(story, "queue.acknowledged") == len(story.operations())
    refused = story.messages("refusal", src="s")
    again = [sent for sent in story.messages("work", src="q") if sent.op == refused[0].op]
    assert again[1].sent_ns - refused[0].settled_ns == 70 * MS


# Order and length


def test_a_full_queue_refuses() -> None:
    slow = (worker("w", concurrency=1, service_time=100),)
    story = pulled(queue("q", length_max=5), slow)
    assert story.ends()["fail", "queue full"] == published(story, "queue.refused") > 50
    assert max(value for _, value in story.states("q", "queue") if value is not None) == 5
    assert set(pulled(workers=slow).ends()) == {("ok", "")}


@pytest.mark.parametrize("order", ["priority", "fifo"])
def test_by_class_or_in_order(order: str) -> None:
    classes = [{"name": "paid", "share": 1, "priority": 5}, {"name": "free", "share": 4, "priority": 0}]
    slow = (worker("w", concurrency=1, service_time=30),)
    story = pulled(queue("q", order=order), slow, load={"classes": classes, "rate_per_s": 45})
    of = {op.id: op.request_class for op in story.operations()}
    waits: dict[str, list[float]] = {"paid": [], "free": []}
    posted = {sent.op: sent.settled_ns for sent in story.messages("work")}
    for sent in story.messages("delivery"):
        waits[of[sent.op]].append((sent.sent_ns - posted[sent.op]) / MS)
    means = {name: sum(found) / len(found) for name, found in waits.items()}
    assert (means["paid"] < means["free"] / 4) is (order == "priority")


def test_what_has_waited_too_long_is_dropped() -> None:
    slow = (worker("w", concurrency=1, service_time=30),)
    story = pulled(queue("q", expires_ms=200), slow)
    dropped = published(story, "queue.expired")
    assert 0 < dropped == lost(story)
    assert published(story, "queue.acknowledged") == len(story.operations()) - dropped


# Dead letters


def poisoned(q: Any, faults: Any = ()) -> Run:
    nodes = [
        client("c", pattern="deterministic", rate_per_s=50, keys=5, **WRITES),
        q,
        queue("dead"),
        worker("w", service_time=5, poison_keys="k3"),
    ]
    links = [link("c", "q"), link("w", "q"), link("q", "dead")]
    return run(world(nodes, links, (), faults, 2000, 4000))


def test_a_poison_message_is_parked_after_so_many_attempts() -> None:
    story = poisoned(queue("q", attempts_max=3, dead_letter_to="dead", pause_ms=20))
    poison = {op.id for op in story.operations() if op.key == "k3"}
    tries = Counter(sent.op for sent in story.messages("delivery"))
    assert {op: count for op, count in tries.items() if count > 1} == dict.fromkeys(poison, 3)
    assert published(story, "queue.dead_lettered") == len(poison) > 5
    assert story.at(5999, "dead", "queue") == len(poison)
    assert {sent.op for sent in story.messages("write", src="q", dst="dead")} == poison
    assert story.at(5999, "q", "unacknowledged") == 0


def test_it_is_parked_inside_where_no_queue_is_named() -> None:
    story = poisoned(queue("q", attempts_max=2, pause_ms=20))
    count = len([op for op in story.operations() if op.key == "k3"])
    assert story.at(5999, "q", "parked") == count
    assert story.at(5999, "q", "queue") == 0


def test_parked_letters_outlive_a_crash() -> None:
    story = poisoned(queue("q", attempts_max=2, pause_ms=20), [crash("q", 4000, 4500)])
    count = len([op for op in story.operations() if op.key == "k3"])
    assert story.at(5999, "q", "parked") == count


def test_without_a_limit_it_is_tried_for_ever() -> None:
    story = poisoned(queue("q", pause_ms=20))
    tries = Counter(sent.op for sent in story.messages("delivery"))
    assert max(tries.values()) > 50
    assert published(story, "queue.dead_lettered") == 0


def test_a_dead_letter_stays_until_its_queue_has_it() -> None:
    story = poisoned(queue("q", attempts_max=2, dead_letter_to="dead", pause_ms=20), [crash("dead", 0, 2500)])
    poison = {op.id for op in story.operations() if op.key == "k3"}
    assert story.at(5999, "dead", "queue") == len(poison)
    assert story.at(5999, "q", "unacknowledged") == 0


# Durable and transient


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("durable", [True, False])
def test_a_durable_queue_survives_its_crash_and_a_transient_one_does_not(durable: bool, seed: int) -> None:
    slow = (worker("w", concurrency=1, service_time=exponential(25)),)
    story = pulled(queue("q", durable=durable), slow, [crash("q", 1503, 1700)], seed=seed)
    assert (lost(story) == 0) is durable


def test_messages_keep_their_order_over_a_crash() -> None:
    slow = (worker("w", concurrency=1, service_time=25),)
    story = pulled(queue("q"), slow, [crash("q", 1503, 1700)])
    ops = [sent.op for sent in story.messages("delivery")]
    first = list(dict.fromkeys(ops))
    assert first == sorted(first)


def test_a_full_disk_refuses_messages() -> None:
    full = {"kind": "disk", "mode": "full", "target": "q", "at_ms": 500, "until_ms": 1000}
    story = pulled(faults=[full])
    assert story.ends()["fail", "disk full"] > 10
    assert lost(story) == 0


def test_bodies_are_kept_as_they_are() -> None:
    kinds = {"work": Work, "write": Write, "increment": Increment}
    for requests, name in (("work", "work"), ("read-write", "write"), ("increment", "increment")):
        story = pushed(load={"requests": requests, "read_ratio": 0.0})
        assert len(story.messages(name, src="q")) == len(story.operations())
        assert kinds[name] in WorkQueue.HANDLES


def test_it_may_lie_about_having_accepted() -> None:
    lie = {"kind": "byzantine", "target": "q", "behaviour": "false acknowledgements", "at_ms": 0, "until_ms": None}
    story = pulled(faults=[lie])
    assert set(story.ends()) == {("ok", "")}
    assert story.messages("delivery") == []


def test_nothing_waits_in_a_queue_of_nobody() -> None:
    story = run(world([node(WorkQueue, "q")], (), (), (), 100))
    assert story.at(99, "q", "queue") == 0
