"""Systems over streams: node types need not know, and what holds of datagrams' runs holds of streams' too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hosts import broken
from tests.rough import rough
from tests.streamed import CONTROL, heard, retransmitted, rows, stream
from tests.worlds import (
    MS,
    Actor,
    Entry,
    Run,
    Tell,
    actor,
    client,
    crash,
    cut,
    database,
    exponential,
    link,
    lossy,
    mesh,
    partition,
    register,
    run,
    service,
    world,
)


def tiers(transport: str, loss: float, *faults: Entry, **params: Any) -> Run:
    """A client, a service and a database, 30 requests a second, a second of patience."""
    nodes = [
        client("c", rate_per_s=30, timeout_ms=1000, requests="read-write"),
        service("s", service_time=2, concurrency=50, holds_worker=False),
        database("d", service_time=1),
    ]
    links = [link(a, b, exponential(2), loss, transport=transport, **params) for a, b in (("c", "s"), ("s", "d"))]
    return run(world(nodes, links, faults=faults, duration_ms=10_000, settle_ms=3000))


def copies(transport: str, loss: float) -> Run:
    """Three copies of a register by quorum, a client at each."""
    ids = ["r0", "r1", "r2"]
    nodes = [client(f"c{n}", rate_per_s=10, timeout_ms=1500, requests="read-write") for n in range(3)]
    nodes += [register(id, mode="cp", quorum_timeout_ms=1500, fsync_time=1) for id in ids]
    cluster = mesh(ids, exponential(2), loss)
    cluster["link"]["transport"] = transport
    links = [link(f"c{n}", f"r{n}", exponential(2), loss, transport=transport) for n in range(3)]
    return run(world(nodes, links, [cluster], duration_ms=5000, settle_ms=3000))


@pytest.mark.parametrize("system", [tiers, copies])
def test_loss_fails_operations_over_datagrams_and_only_delays_them_over_streams(system: Any) -> None:
    over_streams = system("stream", 0.05).ends()
    assert set(over_streams) == {("ok", "")}
    over_datagrams = system("datagram", 0.05).ends()
    assert set(over_datagrams) != {("ok", "")}
    assert over_datagrams[("ok", "")] < over_streams[("ok", "")]


def test_without_loss_both_are_alike_but_for_the_handshake() -> None:
    one, other = tiers("stream", 0), tiers("datagram", 0)
    assert one.ends() == other.ends()
    assert {sent.kind for sent in one.messages()} - set(CONTROL) == {sent.kind for sent in other.messages()}
    assert len(rows(one, "syn")) == 2


def test_a_lost_segment_costs_those_behind_it_as_well() -> None:
    """Over datagrams a loss costs one remark. In order, it costs time to many: the slowest wait for a timeout."""

    def spell(transport: str) -> list[int]:
        over = link("a", "b", 5, 0.02, transport=transport)
        story = run(world([_steady(4, 1000), actor("b")], [over], duration_ms=9000))
        said = {str(number): 4.0 * number for number in range(1000)}
        return [round(time - said[text]) for time, text in heard(story)]

    alone, behind = spell("datagram"), spell("stream")
    assert len(alone) < 1000
    assert set(alone) == {5}
    assert len(behind) == 1000
    assert len([late for late in behind if late > 5]) > 2 * (1000 - len(alone))


def _steady(every_ms: int, count: int, extra_ms: float = -1) -> Entry:
    """a says a remark every so often; and one more at a moment of its own."""

    async def main(a: Actor) -> None:
        for number in range(count):
            a.timer(every_ms * number * MS, "say", lambda number=number: a.send("b", Tell(str(number))))
        if extra_ms >= 0:
            a.timer(int(extra_ms * MS), "one more", lambda: a.send("b", Tell("one more")))

    return actor("a", main)


def test_a_message_more_leaves_the_draws_of_the_others_as_they_were() -> None:
    """Those of the first sendings and, by how often each had to be sent, those of the retransmissions."""

    def drawn(extra_ms: float) -> dict[float, list[tuple[float, str]]]:
        over = stream("a", "b", exponential(3), 0.1)
        story = run(world([_steady(20, 200, extra_ms), actor("b")], [over], duration_ms=9000))
        found: dict[float, list[tuple[float, str]]] = {}
        for sent in story.messages("tell"):
            first = story.message(sent.cause) if sent.cause >= 0 else sent
            if first.sent_ns % (20 * MS) == 0:
                found.setdefault(first.sent_ns / MS, []).append(
                    (sent.takes_ms, sent.outcome.replace("duplicate", "delivered"))
                )
        return found

    with_it, without = drawn(1234.5), drawn(-1)
    shared = sorted(set(with_it) & set(without))
    assert len(shared) > 190
    for time in shared:
        tries = min(len(with_it[time]), len(without[time]))
        assert with_it[time][:tries] == without[time][:tries]
    assert max(len(tries) for tries in without.values()) > 1


@pytest.mark.parametrize(
    "fault",
    [crash("s", 4000, 4500), broken("stop", "s", 4000), lossy("c-s", 1, 4000), partition([["c"], ["s"]], 4000)],
)
def test_a_fault_leaves_every_chunk_before_it_as_it_was(fault: Entry) -> None:
    plain, broken_at_4000 = tiers("stream", 0.1), tiers("stream", 0.1, fault)
    before = [chunk.data for chunk in plain.chunks if chunk.end_ns <= 4000 * MS]
    assert len(before) > 3
    assert [chunk.data for chunk in broken_at_4000.chunks][: len(before)] == before
    assert broken_at_4000.outcome.digest != plain.outcome.digest


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_message_is_settled_once_or_under_way(seed: int) -> None:
    """Under everything that links and hosts may do to a stream."""
    tight = {"send_buffer_bytes": 700, "window_bytes": 600, "rto_min_ms": 20, "retransmissions_max": 4}
    nodes = [
        client("c", rate_per_s=150, timeout_ms=200, requests="read-write"),
        service("s", service_time=exponential(2), propagate_cancellation=True),
        database("d", service_time=exponential(2)),
    ]
    links = [
        stream("c", "s", exponential(3), 0.05, duplication=0.1, drop_expired=True, **tight),
        stream("s", "d", exponential(3), 0.05, reordering=0.1, reordering_delay=30, **tight),
    ]
    faults = [
        crash("d", 300, 500),
        broken("stop", "s", 700, 800),
        broken("pause", "d", 900, 1200),
        rough("bandwidth", "c-s", 1300, 1500, mbit_per_s=0.1),
        partition([["c"], ["s", "d"]], 1500, 1700),
        crash("c", 1800, 1900),
    ]
    story = run(world(nodes, links, faults=faults, duration_ms=2500, seed=seed))
    assert story.outcome.status == "finished"
    settled = story.rows("settled")
    assert len(settled) == len({id for id, _, _ in settled})
    assert [message.id for message in story.messages()] == list(range(len(story.messages())))
    under_way = story.messages()[-1].sent_ns - 500 * MS
    assert all(message.outcome or message.sent_ns > under_way for message in story.messages())
    seen = set(story.drops())
    assert {"lost", "duplicate", "buffer full", "stale incarnation", "never sent", "node down"} <= seen
    assert retransmitted(story) != []


@pytest.mark.parametrize("cancels", [True, False])
def test_a_request_that_was_sent_twice_can_be_cancelled(cancels: bool) -> None:
    """The first row of the request is lost; the service behind works on the second until it is told to stop."""
    nodes = [
        client("c", arrivals="closed", users=1, think_time=100, timeout_ms=5000),
        service("s", service_time=10, timeout_ms=300, propagate_cancellation=cancels),
        service("t", service_time=1000, propagate_cancellation=cancels),
    ]
    links = [stream("c", "s", 5), stream("s", "t", 5)]
    lost = cut("s-t", 137, 138)
    story = run(world(nodes, links, faults=[lost], duration_ms=101, settle_ms=2000))
    assert retransmitted(story) == [(135, 335)]
    assert story.states("t", "busy") == [(0, 0), (340, 1), (430 if cancels else 1340, 0)]
    assert story.ends() == {("fail", "timed out"): 1}


def test_a_stream_that_nobody_asks_for_costs_no_row() -> None:
    plain = tiers("datagram", 0.05)
    assert {sent.kind for sent in plain.messages()} & set(CONTROL) == set()
