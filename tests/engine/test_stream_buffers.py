"""Bounded buffers of streams: who sends too much waits or is dropped, and who cannot take more says so."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.messages import Probe
from simulations.engine.tasks import Failure
from tests.hosts import broken
from tests.streamed import asked, ends, heard, remarks, retransmitted, rows, stream
from tests.worlds import MS, Actor, Ask, Entry, Run, Tell, actor, crash, cut, link, run, world

# The send buffer. A remark has 128 bytes.


def test_a_remark_that_finds_the_buffer_full_is_dropped_at_once() -> None:
    story = remarks([0, 0, 0], over=stream("a", "b", 5, send_buffer_bytes=300))
    assert rows(story, "tell") == [
        (0, "a>b tell", "buffer full"),
        (10, "a>b tell", "delivered"),
        (10, "a>b tell", "delivered"),
    ]
    assert [message.takes_ms for message in story.messages("tell")] == [0, 5, 5]
    assert [text for _, text in heard(story)] == ["0", "1"]
    assert remarks([0, 0, 0]).drops() == {}


def test_what_is_acknowledged_makes_room() -> None:
    story = remarks([0, 100, 105, 112], over=stream("a", "b", 5, send_buffer_bytes=128))
    assert [(time, outcome) for time, _, outcome in rows(story, "tell")] == [
        (10, "delivered"),
        (100, "delivered"),
        (105, "buffer full"),
        (112, "delivered"),
    ]


def test_what_is_larger_than_the_buffer_goes_into_an_empty_one() -> None:
    story = remarks([0, 100], over=stream("a", "b", 5, send_buffer_bytes=1))
    assert [text for _, text in heard(story)] == ["0", "1"]


def test_a_call_waits_for_room() -> None:
    """One at a time, each for a round trip; beside a wide buffer, in which they all go at once."""
    story = asked([50, 50, 50, 50.5], over=stream("a", "b", 5, send_buffer_bytes=128))
    assert [time for time, _, _ in rows(story, "ask")] == [60, 70, 80, 90]
    assert story.drops() == {}
    assert max(value for _, value in story.states("a", "blocked")) == 3
    assert story.at(200, "a", "blocked") == 0
    assert [time for time, _, _ in rows(asked([50, 50, 50, 50.5]), "ask")] == [60] * 4


def test_a_call_that_gives_up_while_it_waits_for_room_has_had_no_effect() -> None:
    """Its row says so; one that was sent is uncertain."""
    story = asked([0, 110, 111], cut("a-b", 100, 900), over=stream("a", "b", 5, send_buffer_bytes=128), timeout_ms=50)
    assert ends(story) == {0: (20, "ok"), 110: (160, "timed out?"), 111: (161, "timed out")}
    full = story.messages(outcome="buffer full")
    assert [(one.kind, one.sent_ns, one.settled_ns) for one in full] == [("ask", 161 * MS, 161 * MS)]
    wide = asked([0, 110, 111], cut("a-b", 100, 900), timeout_ms=50)
    assert ends(wide) == {0: (20, "ok"), 110: (160, "timed out?"), 111: (161, "timed out?")}


def test_an_answer_waits_for_room() -> None:
    story = asked([0, 100, 100, 100], over=stream("a", "b", 5, back={"send_buffer_bytes": 128}))
    assert [time for time, _, _ in rows(story, "answer")] == [15, 105, 115, 125]
    assert story.drops() == {}


@pytest.mark.parametrize("waits", [True, False])
def test_a_process_that_waits_until_there_is_room_loses_nothing(waits: bool) -> None:
    async def main(a: Actor) -> None:
        for number in range(50):
            if waits:
                await a.ready("b")
            a.send("b", Tell(str(number)))

    nodes = [actor("a", main), actor("b")]
    story = run(world(nodes, [stream("a", "b", 5, send_buffer_bytes=640)]))
    assert len(heard(story)) == (50 if waits else 5)
    assert story.drops() == ({} if waits else {"buffer full": 45})


def test_over_datagrams_there_always_is_room() -> None:
    async def main(a: Actor) -> None:
        for number in range(50):
            await a.ready("b")
            a.send("b", Tell(str(number)))
        a.note("done")

    story = run(world([actor("a", main), actor("b")], [link("a", "b", 5)]))
    assert story.notes("a") == [(0, "done")]


def test_who_waits_for_room_is_told_when_the_connection_breaks() -> None:
    async def main(a: Actor) -> None:
        a.send("b", Tell())
        await a.ready("b")
        a.note("ready")

    over = stream("a", "b", 5, send_buffer_bytes=128, retransmissions_max=0)
    story = run(world([actor("a", main), actor("b")], [over], faults=[crash("b", 0)], duration_ms=2000))
    assert story.notes("a") == [(1000, "b: connection timed out"), (1000, "ready")]
    waiting = asked([0, 0], crash("b", 0), over=over, duration_ms=2000)
    assert set(ends(waiting).values()) == {(1000, "connection timed out")}
    assert waiting.drops() == {"node down": 1, "never sent": 2}


@pytest.mark.parametrize("drops", [True, False])
def test_what_nobody_waits_for_any_more_may_be_dropped_before_it_is_sent(drops: bool) -> None:
    """Two questions wait for a connection that opens after a second; one of them has given up by then."""

    async def ask(a: Actor, timeout_ms: float) -> None:
        try:
            await a.call("b", Ask(), timeout_ms)
            a.note("ok")
        except Failure as failure:
            a.note(f"{failure}")

    async def main(a: Actor) -> None:
        a.spawn(ask(a, 50), a.cause)
        a.spawn(ask(a, 2000), a.cause)

    over = stream("a", "b", 5, drop_expired=drops)
    story = run(world([actor("a", main), actor("b")], [over], faults=[cut("a-b", 0, 8)], duration_ms=5000))
    assert [outcome for _, _, outcome in rows(story, "ask")] == ["expired" if drops else "delivered", "delivered"]
    assert story.notes("a")[0] == (50, "timed out")
    assert (1020, "ok") in story.notes("a")


def test_a_node_shows_how_full_its_send_buffers_are() -> None:
    story = remarks([0, 0, 0, 0], over=stream("a", "b", 5, send_buffer_bytes=1024))
    assert story.states("a", "buffered") == [
        (0, 128),
        (0, 256),
        (0, 384),
        (0, 512),
        (20, 384),
        (20, 256),
        (20, 128),
        (20, 0),
    ]
    assert remarks([0, 0, 0, 0]).states("a", "buffered") == []


# The receive buffer


def pausing(window_bytes: int, *faults: Entry, **params: Any) -> Run:
    """a makes ten remarks from 100 ms on, one each 10 ms; b is paused from 50 to 1000 ms."""
    at_ms = [0, *(100 + 10 * number for number in range(10))]
    over = stream("a", "b", 5, window_bytes=window_bytes, **params)
    return remarks(at_ms, broken("pause", "b", 50, 1000), *faults, over=over, duration_ms=5000)


def test_a_sender_waits_while_the_receiver_has_no_room() -> None:
    """RFC 9293, section 3.8.6: a window of two remarks. Let go, the receiver says that there is room again."""
    story = pausing(256)
    assert [time for time, _, _ in rows(story, "tell") if time < 300] == [10, 100, 110]
    assert (1000, "b>a ack", "delivered") in rows(story, "ack")
    assert [time for time, _ in heard(story)][:5] == [15, 1000, 1000, 1010, 1010]
    assert [text for _, text in heard(story)] == [str(number) for number in range(11)]
    wide = pausing(65_536)
    assert [time for time, _, _ in rows(wide, "tell")] == [10, *(100 + 10 * number for number in range(10))]
    assert [time for time, _ in heard(wide)] == [15] + [1000] * 10


def test_a_closed_window_is_probed() -> None:
    """Section 3.8.6.1: what says that there is room again may be lost. A probe is no reason to give up."""
    lost = cut("a-b", 999, 1008, "b-to-a")
    story = pausing(128, lost, retransmissions_max=1)
    assert "window closed" in story.drops()
    assert [text for _, text in heard(story)] == [str(number) for number in range(11)]
    assert [text for _, text in story.notes("a")] == []
    assert retransmitted(story) != []


def test_what_is_larger_than_the_window_goes_alone() -> None:
    story = remarks([0, 0, 0], over=stream("a", "b", 5, window_bytes=1))
    assert [time for time, _ in heard(story)] == [15, 25, 35]
    assert story.drops() == {}


def test_a_process_that_hangs_answers_probes_over_a_stream_too() -> None:
    async def main(a: Actor) -> None:
        a.send("b", Tell("x"))
        await a.call("b", Probe(), 0)
        a.note("alive")

    story = run(world([actor("a", main), actor("b")], [stream("a", "b", 5)], faults=[broken("hang", "b", 0, 100)]))
    assert story.notes("a") == [(20, "alive")]
    assert heard(story) == [(100, "x")]
