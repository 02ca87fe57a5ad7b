"""Requests as spans, and happens-before (Lamport, CACM 21(7), 1978)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from simulations.engine.causality import causal_chain
from simulations.engine.log import Log
from simulations.report import Recording
from tests.nodes.queues import queue, worker
from tests.worlds import MS, Actor, Ask, Entry, actor, balancer, client, crash, database, link, run, service, world

ONCE: dict[str, Any] = {"pattern": "recorded", "times": [10], "timeout_ms": 500}


def recorded(document: Entry) -> Recording:
    log = Log()
    for chunk in run(document).decoded:
        log.add(chunk)
    return Recording(log, "finished", "", document)


def shape(spans: list[dict[str, Any]]) -> list[Any]:
    return [(span["src"], span["dst"], shape(span["children"])) for span in spans]


def ms(span: dict[str, Any], *names: str) -> tuple[float, ...]:
    return tuple(span[f"{name}_ns"] / MS for name in names)


def tiers(times: list[float], *faults: Entry, **params: Any) -> Recording:
    nodes = [
        client("c", **{**ONCE, "times": times}, **params),
        balancer("lb", retries=1, timeout_ms=100, probe_interval_ms=0),
        service("s1", service_time=5, concurrency=1, timeout_ms=300),
        service("s2", service_time=5, concurrency=1, timeout_ms=300),
        database("db", service_time=3, concurrency=1),
    ]
    links = [link("c", "lb"), link("lb", "s1"), link("lb", "s2"), link("s1", "db"), link("s2", "db")]
    return recorded(world(nodes, links, (), faults))


def test_a_request_through_three_tiers() -> None:
    request = tiers([10]).request(0)
    assert (request["type"], request["start_ns"], request["end_ns"]) == ("ok", 10 * MS, 24 * MS)
    assert [inner[2] for inner in shape(request["attempts"])] == [[("lb", "s2", [("s2", "db", [])])]]
    (top,) = request["attempts"]
    (middle,) = top["children"]
    (bottom,) = middle["children"]
    assert ms(top, "sent", "settled", "answered", "returned") == (10, 11, 23, 24)
    assert ms(middle, "sent", "settled", "answered", "returned") == (11, 12, 22, 23)
    assert ms(bottom, "sent", "settled", "answered", "returned") == (17, 18, 21, 22)
    assert ms(top, "waiting", "calling", "working") == (0, 12, 0)
    assert ms(middle, "waiting", "calling", "working") == (0, 5, 5)
    assert ms(bottom, "waiting", "calling", "working") == (0, 0, 3)
    assert (top["outcome"], top["answer"]) == ("delivered", "done")


def test_what_a_queue_delivers_belongs_to_the_request_that_brought_it() -> None:
    """Twice here: the worker's first attempt ends with its crash."""
    nodes = [
        client("c", **ONCE),
        queue("q", visibility_timeout_ms=100),
        worker("w", service_time=5, poll_wait_ms=20, timeout_ms=20),
        database("db", service_time=3),
    ]
    links = [link("c", "q"), link("w", "q"), link("w", "db")]
    request = recorded(world(nodes, links, (), [crash("w", 15, 30)])).request(0)
    tree = [("c", "q", [("q", "w", []), ("q", "w", [("w", "db", [])])])]
    assert shape(request["attempts"]) == tree
    lost, kept = request["attempts"][0]["children"]
    assert (lost["kind"], lost["answer"]) == ("delivery", "")
    assert (kept["kind"], kept["answer"]) == ("delivery", "acknowledge")
    assert kept["sent_ns"] - lost["sent_ns"] == 100 * MS


def test_who_waits_in_a_queue_is_seen_to_wait() -> None:
    recording = tiers([10, 10, 10])  # two servers with one worker each: the third waits for the first
    middles = [recording.request(op)["attempts"][0]["children"][0] for op in range(3)]
    assert [(span["dst"], *ms(span, "waiting", "working")) for span in middles][:2] == [("s2", 0, 5), ("s1", 0, 5)]
    waiting, calling, working = ms(middles[2], "waiting", "calling", "working")
    assert waiting == 10  # until the first has its answer from the database
    assert working == 5
    answered, settled = ms(middles[2], "answered", "settled")
    assert answered - settled == waiting + calling + working


def test_a_retry_of_the_balancer_is_a_second_child() -> None:
    request = tiers([10], crash("s2", 0)).request(0)
    assert shape(request["attempts"]) == [("c", "lb", [("lb", "s2", []), ("lb", "s1", [("s1", "db", [])])])]
    first, second = request["attempts"][0]["children"]
    assert (first["outcome"], first["answer"], first["returned_ns"]) == ("node down", "", None)
    assert second["sent_ns"] - first["sent_ns"] == 100 * MS
    assert ms(request["attempts"][0], "calling", "working") == (112, 0)


def test_a_retry_of_the_client_is_a_second_attempt() -> None:
    both = [crash("s1", 0), crash("s2", 0, 150)]
    request = tiers([10], *both, retry="fixed", attempts_max=3, backoff_ms=20).request(0)
    attempts = request["attempts"]
    assert [span["answer"] for span in attempts] == ["refusal", "done"]
    assert request["type"] == "ok"
    assert attempts[1]["sent_ns"] - attempts[0]["returned_ns"] == 20 * MS


def test_a_crash_ends_the_work_that_it_interrupts() -> None:
    request = tiers([10], crash("s2", 14)).request(0)
    (first, _) = request["attempts"][0]["children"]
    assert ms(first, "settled", "working") == (12, 2)
    assert first["answered_ns"] is None


def test_an_unknown_request_is_refused() -> None:
    with pytest.raises(KeyError):
        tiers([10]).request(7)


# Happens before


def asking(*steps: tuple[float, str]) -> Any:
    """An actor that asks these others at these times (ms)."""

    async def main(me: Actor) -> None:
        for at_ms, whom in steps:
            await me.sleep(int(at_ms * MS) - me.now_ns)
            me.send(whom, Ask("?"))

    return main


def test_happens_before_follows_messages_and_each_nodes_own_order() -> None:
    nodes = [
        actor("a", asking((10, "b"))),
        actor("b", asking((5, "c"), (20, "c"))),
        actor("c", asking((8, "d"), (30, "d"))),
        actor("d", asking((1, "c"), (40, "c"))),
    ]
    recording = recorded(world(nodes, [link("a", "b"), link("b", "c"), link("c", "d")], duration_ms=100))
    log = recording.log
    asks = {
        (log.nodes[log.sent_src[id_]], log.sent_ns[id_] // MS): id_
        for id_, kind in enumerate(log.sent_kind)
        if log.kinds[kind] == "ask"
    }
    before = recording.happens_before
    assert before(asks["a", 10], asks["b", 20])  # b received a's before it asked
    assert before(asks["a", 10], asks["c", 30])
    assert before(asks["a", 10], asks["d", 40])
    assert before(asks["b", 5], asks["b", 20])  # one node's own order
    assert not before(asks["b", 5], asks["a", 10])  # earlier in time, but a cannot know; and b's answer…
    assert not before(asks["a", 10], asks["c", 8])
    assert not before(asks["d", 1], asks["a", 10])
    assert not before(asks["a", 10], asks["a", 10])
    chain = causal_chain(log, asks["a", 10], asks["d", 40])
    assert (chain[0], chain[-1]) == (asks["a", 10], asks["d", 40])
    assert all(earlier < later for earlier, later in pairwise(chain))
    with pytest.raises(IndexError):
        before(0, 10_000)


def test_a_message_that_is_lost_tells_nobody() -> None:
    nodes = [actor("a", asking((10, "b"))), actor("b", asking((20, "c"))), actor("c")]
    links = [link("a", "b", loss=1.0), link("b", "c")]
    recording = recorded(world(nodes, links, duration_ms=100))
    assert not recording.happens_before(0, 1)


def test_every_cause_happens_before_its_effect() -> None:
    recording = tiers([10, 11, 12, 50, 51], crash("s1", 20, 40))
    log = recording.log
    for id_, cause in enumerate(log.sent_cause):
        assert cause < 0 or recording.happens_before(cause, id_)
