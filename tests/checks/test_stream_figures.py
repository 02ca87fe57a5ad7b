"""Figures of runs over streams: what was sent again, and requests that got through at the second try."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.report import Recording
from tests.streamed import remarks, retransmitted, stream
from tests.worlds import MS, Entry, Run, client, crash, cut, database, link, run, service, world


def recorded(story: Run, links: list[Entry], nodes: list[Entry] | None = None) -> Recording:
    physical = {"nodes": nodes or [], "links": links, "clusters": []}
    return Recording.from_chunks([chunk.data for chunk in story.chunks], "finished", "", physical)


def test_what_is_sent_again_is_counted_and_what_a_link_copies_is_not() -> None:
    times = [10.0 * number for number in range(100)]
    for over in (stream("a", "b", 5, 0.1, duplication=0.2), link("a", "b", 5, 0.1, duplication=0.2)):
        story = remarks(times, over=over, duration_ms=5000)
        again = len([pair for pair in retransmitted(story) if pair[0] != pair[1]])
        found = recorded(story, [over]).metrics()
        assert found["messages.retransmitted"] == again
        assert found["links.a-b.retransmissions"] == found["messages.retransmitted"]
        assert (found["messages.retransmitted"] > 0) == (over["params"].get("transport") == "stream")


def one_request(*faults: Entry, **params: Any) -> tuple[Run, Recording]:
    """A client asks a service that asks a database, 5 ms apart, once after 100 ms; the service's worker waits."""
    nodes = [
        client("c", arrivals="closed", users=1, think_time=100, requests="read-write", timeout_ms=900),
        service("s", service_time=10, timeout_ms=800),
        database("d", service_time=10),
    ]
    links = [link("c", "s", 5, transport="stream"), link("s", "d", 5, transport="stream", **params)]
    story = run(world(nodes, links, faults=faults, duration_ms=101, settle_ms=899))
    return story, recorded(story, links, nodes)


# 110 write, 115 … 125 work, 125 syn, 130 syn-ack, 135 write, 140 … 151 query and fsync, 151 done; each way takes 5 ms


@pytest.mark.parametrize(
    ("fault", "ended_ms"),
    [(cut("s-d", 137, 138), 361), (cut("s-d", 153, 154), 361)],
    ids=["the question is lost", "the answer is lost"],
)
def test_a_request_that_gets_through_at_the_second_try_is_one_request(fault: Entry, ended_ms: float) -> None:
    story, recording = one_request(fault)
    (operation,) = story.operations()
    assert (operation.end_ns / MS, operation.type) == (ended_ms, "ok")
    (top,) = recording.request(0)["attempts"]
    assert (top["kind"], top["returned_ns"] / MS, len(top["children"])) == ("write", ended_ms, 1)
    (inner,) = top["children"]
    assert inner["kind"] == "write"
    assert top["calling_ns"] / MS == ended_ms - 5 - 135
    held_ms = recording.metrics()["nodes.s.held_mean"] * 1000
    assert held_ms == pytest.approx(ended_ms - 5 - 135)
    assert recording.metrics()["messages.retransmitted"] == 1


def test_a_request_that_never_left_holds_no_worker() -> None:
    _, recording = one_request(crash("d", 0), retransmissions_max=0)
    assert "nodes.s.held_mean" not in recording.metrics() or recording.metrics()["nodes.s.held_mean"] == 0
