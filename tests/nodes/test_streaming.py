"""Streams with flow control by credit: a slow consumer slows its producer and its buffer is bounded; without, the
buffer grows or overflows (RFC 9113, section 5.2; Reactive Streams 1.0.4, rules 1.1 and 3.17; numbers as in RFC 9000,
section 4.1).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.producer import Producer
from simulations.nodes.stream_consumer import StreamConsumer
from tests.worlds import MS, Run, crash, cut, link, node, run, world


def streamed(faults: Any = (), loss: float = 0.0, transport: str = "datagram", rtt_ms: float = 2, **params: Any) -> Run:
    """A producer of 200 items a second, for two seconds, and a consumer of 100 a second."""
    slow = {"concurrency": 1, "service_time": 10, "queue_limit": "unbounded"}
    nodes = [node(Producer, "p", item_every=5), node(StreamConsumer, "z", **{**slow, **params})]
    joined = link("p", "z", rtt_ms / 2, loss, transport=transport)
    return run(world(nodes, [joined], (), faults, 2000, 3000))


def count(story: Run, id: str, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name and story.nodes[row[1]] == id)


def longest_queue(story: Run) -> int:
    return max(int(value) for _, value in story.states("z", "queue") if value is not None)


def test_with_credit_a_slow_consumer_slows_the_producer_and_the_buffer_is_bounded() -> None:
    story = streamed(credits=8)
    assert longest_queue(story) <= 7
    assert 200 <= count(story, "p", "items.sent") <= 200 + 8
    assert count(story, "z", "items.processed") == count(story, "p", "items.sent")


def test_without_credit_the_buffer_grows_or_overflows() -> None:
    story, bounded = streamed(flow_control="none"), streamed(flow_control="none", queue_limit="bounded", queue_max=10)
    assert count(story, "p", "items.sent") == 399
    assert longest_queue(story) == pytest.approx(200, abs=3)
    assert count(story, "z", "items.processed") == 399
    assert longest_queue(bounded) == 10
    assert count(bounded, "z", "items.dropped") == 399 - count(bounded, "z", "items.processed") > 150


@pytest.mark.parametrize("credits", [1, 2, 5, 32])
def test_never_more_is_sent_than_was_granted(credits: int) -> None:
    story = streamed(credits=credits, service_time={"kind": "exponential", "mean_ms": 10})
    processed = [row[0] for row in story.rows("published") if row[2] == "items.processed"]
    for position, item in enumerate(story.messages("item")):
        done = sum(1 for time in processed if time < item.sent_ns)
        assert position < done + credits


def test_a_fast_consumer_holds_nobody_up_unless_its_credit_does_not_cover_the_round_trip() -> None:
    wide, narrow = (streamed(service_time=1, rtt_ms=100, credits=credits) for credits in (64, 2))
    assert count(wide, "p", "items.sent") == pytest.approx(389, abs=2)  # the first credit takes its time
    assert count(narrow, "p", "items.sent") < 60


def test_half_of_the_room_is_granted_at_once() -> None:
    story = streamed(credits=16, repeat_ms=10_000)
    items = len(story.messages("item"))
    assert len(story.messages("credit")) == pytest.approx(1 + items / 8, abs=1)


def test_a_credit_that_is_lost_is_said_again() -> None:
    quiet = {"credits": 4, "repeat_ms": 300}
    story = streamed(faults=[cut("p-z", 500, 800, direction="b-to-a")], **quiet)
    sent = [item.sent_ns / MS for item in story.messages("item")]
    assert not [time for time in sent if 545 < time < 900]
    assert [time for time in sent if time > 902]
    assert count(story, "z", "items.processed") == len(sent)


def test_lost_items_cost_no_credit_once_later_ones_arrive_and_a_stream_transport_loses_none() -> None:
    story = streamed(loss=0.1, credits=32, repeat_ms=100)
    assert longest_queue(story) <= 31
    assert count(story, "z", "items.processed") > 150
    kept = streamed(loss=0.1, credits=32, transport="stream", repeat_ms=100)
    assert count(kept, "z", "items.processed") == count(kept, "p", "items.sent") > 150


def test_a_consumer_that_starts_again_begins_a_stream_anew() -> None:
    story = streamed(faults=[crash("z", 705, 1005)], credits=8)
    items = story.messages("item", outcome="delivered")
    late = [item for item in items if item.settled_ns > 1005 * MS]
    assert late
    assert longest_queue(story) <= 7
    assert count(story, "z", "items.processed") == pytest.approx(170, abs=8)


@pytest.mark.parametrize("at_ms", [5, 300, 705])
def test_a_producer_that_starts_again_gets_no_more_credit_than_there_is_room(at_ms: float) -> None:
    story = streamed(faults=[crash("p", at_ms, at_ms + 200)], credits=8, repeat_ms=50)
    assert longest_queue(story) <= 7
    assert [item for item in story.messages("item") if item.sent_ns > (at_ms + 300) * MS]
    assert count(story, "z", "items.processed") == count(story, "p", "items.sent") > 150


def test_two_consumers_have_each_its_own_pace() -> None:
    nodes = [
        node(Producer, "p", item_every=5),
        node(StreamConsumer, "fast", concurrency=1, service_time=1, credits=8),
        node(StreamConsumer, "slow", concurrency=1, service_time=20, credits=8),
    ]
    story = run(world(nodes, [link("p", "fast"), link("slow", "p")], (), (), 2000, 1000))
    assert count(story, "fast", "items.processed") > 380
    assert count(story, "slow", "items.processed") == pytest.approx(100, abs=10)


def test_more_credits_than_room_are_doubted() -> None:
    params = {param.name: param.default for param in StreamConsumer.PARAMS}
    assert not StreamConsumer.doubts(params, frozenset())
    found = StreamConsumer.doubts({**params, "credits": 50, "queue_max": 10}, frozenset())
    assert [name for name, _ in found] == ["credits"]
