"""How connections end: refused, reset, half open, belonging to another incarnation."""

from __future__ import annotations

from simulations.engine.channel import Message
from simulations.engine.messages import Body
from simulations.engine.tasks import Failure
from tests.hosts import broken
from tests.streamed import asked, ends, heard, remarks, rows, stream, until
from tests.worlds import MS, Actor, Answer, Ask, Tell, actor, crash, cut, link, run, world


async def slowly(b: Actor, body: Ask, message: Message) -> Body:
    """An answer after 100 ms."""
    await b.sleep(100 * MS)
    return Answer()


def test_a_stopped_process_refuses_a_connection_at_once_and_a_crashed_machine_is_silence() -> None:
    """RFC 9293, section 3.10.7.1: what belongs to no connection is answered with a reset."""
    stopped = asked([10], broken("stop", "b", 0))
    assert rows(stopped) == [
        (10, "a>b syn", "refused"),
        (15, "b>a reset", "delivered"),
        (20, "a>b ask", "never sent"),
    ]
    assert ends(stopped) == {10: (20, "refused")}
    crashed = asked([10], crash("b", 0))
    assert rows(crashed) == [(10, "a>b syn", "node down")]
    assert ends(crashed) == {}


def test_who_waits_for_an_answer_when_the_process_stops_is_told_at_once() -> None:
    story = asked([0, 50], broken("stop", "b", 70), answer=slowly)
    assert rows(story, "reset") == [(70, "b>a reset", "delivered")]
    assert ends(story) == {0: (75, "connection reset?"), 50: (75, "connection reset?")}
    assert (75, "b: connection reset") in story.notes("a")


def test_who_waits_for_an_answer_when_the_machine_crashes_waits_on() -> None:
    """The connection is half open (RFC 9293, section 3.5.1): who does not send does not find out."""
    story = asked([0, 50], crash("b", 70, 80), answer=slowly)
    assert ends(story) == {}
    assert rows(story, "reset") == []


def test_who_sends_over_a_half_open_connection_finds_out() -> None:
    """The new incarnation knows no such connection. The next message opens another one."""
    story = asked([0, 50, 200, 300], crash("b", 70, 80), answer=slowly)
    assert rows(story)[-8:] == [
        (200, "a>b ask", "stale incarnation"),
        (205, "b>a reset", "delivered"),
        (300, "a>b syn", "delivered"),
        (305, "b>a syn_ack", "delivered"),
        (310, "a>b ask", "delivered"),
        (315, "b>a ack", "delivered"),
        (415, "b>a answer", "delivered"),
        (420, "a>b ack", "delivered"),
    ]
    lost = {0: (210, "connection reset?"), 50: (210, "connection reset?"), 200: (210, "connection reset?")}
    assert ends(story) == {**lost, 300: (420, "ok")}


def test_datagrams_know_no_incarnations() -> None:
    story = asked([0, 50, 200, 300], crash("b", 70, 80), answer=slowly, over=link("a", "b", 5))
    assert ends(story) == {200: (310, "ok"), 300: (410, "ok")}


def test_a_retransmission_finds_out_too() -> None:
    """Lost on its way, the question is asked again of a machine that has restarted meanwhile: it is not carried out."""
    story = asked([0, 106], cut("a-b", 108, 109), crash("b", 150, 200))
    assert [row for row in rows(story, "ask") if row[0] > 100] == [
        (106, "a>b ask", "link cut"),
        (306, "a>b ask", "stale incarnation"),
    ]
    assert ends(story)[106] == (316, "connection reset?")


def test_a_segment_under_way_to_a_machine_that_restarts_is_stale() -> None:
    slow = stream("a", "b", 50)
    story = remarks([0, 210], crash("b", 220, 230), over=slow)
    assert rows(story, "tell") == [(100, "a>b tell", "delivered"), (210, "a>b tell", "stale incarnation")]
    assert [text for _, text in heard(story)] == ["0"]
    loose = remarks([0, 210], crash("b", 220, 230), over=link("a", "b", 50))
    assert [text for _, text in heard(loose)] == ["0", "1"]


def test_a_caller_that_restarts_opens_a_connection_in_the_place_of_its_old_one() -> None:
    """The answer to a request of the old incarnation has nowhere to go."""
    story = asked([0, 60], crash("a", 30, 50), answer=slowly)
    assert rows(story, "syn", "ask", "answer") == [
        (0, "a>b syn", "delivered"),
        (10, "a>b ask", "delivered"),
        (60, "a>b syn", "delivered"),
        (70, "a>b ask", "delivered"),
        (115, "b>a answer", "connection reset"),
        (175, "b>a answer", "delivered"),
    ]
    assert (65, "a: connection reset") in story.notes("b")
    assert ends(story) == {60: (180, "ok")}


def test_an_answer_to_a_caller_that_has_restarted_and_asked_nothing_is_stale() -> None:
    story = asked([0], crash("a", 30, 50), answer=slowly)
    assert rows(story, "answer") == [(115, "b>a answer", "stale incarnation")]
    assert rows(story, "reset") == [(120, "a>b reset", "delivered")]


def test_an_opening_from_before_a_reset_is_stale() -> None:
    """Copies of the first SYN that arrive late open nothing (RFC 9293, section 3.5, figure 8)."""
    late = stream("a", "b", 5, duplication=1, reordering=0.5, reordering_delay=400)
    for seed in range(6):
        story = run(world([actor("a", _talk), actor("b")], [late], seed=seed, duration_ms=9000))
        assert [text for _, text in heard(story)] == [str(number) for number in range(5)]


async def _talk(a: Actor) -> None:
    for number in range(5):
        a.send("b", Tell(str(number)))
        await a.sleep(100 * MS)


def test_a_stop_tells_each_neighbour_and_a_new_process_may_be_asked() -> None:
    story = asked([0, 100, 300], broken("stop", "b", 50, 200))
    assert ends(story) == {0: (20, "ok"), 100: (110, "refused"), 300: (320, "ok")}
    assert rows(story, "syn") == [
        (0, "a>b syn", "delivered"),
        (100, "a>b syn", "refused"),
        (300, "a>b syn", "delivered"),
    ]


def test_a_partition_is_silence_and_the_connection_outlives_it() -> None:
    story = asked([0, 106], cut("a-b", 100, 350))
    assert ends(story) == {0: (20, "ok"), 106: (716, "ok")}
    assert rows(story, "reset") == []


def test_callers_that_ask_again_at_once_open_the_next_connection() -> None:
    async def main(a: Actor) -> None:
        for attempt in range(3):
            await until(a, 100 * attempt)
            try:
                await a.call("b", Ask(), 0)
            except Failure as failure:
                a.note(f"{failure}")
                await a.call("b", Ask(), 0)
                a.note("again ok")

    nodes = [actor("a", main), actor("b", answer=slowly)]
    story = run(world(nodes, [stream("a", "b", 5)], faults=[broken("stop", "b", 60, 61)]))
    assert [text for _, text in story.notes("a")] == ["b: connection reset", "connection reset", "again ok"]
