"""Streams: one connection, in order, with what was lost sent again; each beside the same link without it."""

from __future__ import annotations

import pytest

from simulations.engine.channel import Message
from simulations.engine.messages import Body
from simulations.engine.round_trips import RTO_MAX_NS, RoundTrips
from tests.hosts import broken
from tests.streamed import CONTROL, asked, ends, heard, remarks, retransmitted, rows, stream
from tests.worlds import MS, Actor, Answer, Ask, Tell, actor, crash, cut, exponential, link, run, world

LOST = cut("a-b", 108, 109)  # drops what is sent at 106 ms, and that alone

# Opening


def test_the_first_message_opens_a_connection_and_all_others_use_it() -> None:
    """RFC 9293, section 3.5: SYN, SYN-ACK, and the acknowledgement that the first data bring along."""
    story = asked([0, 100])
    assert rows(story) == [
        (0, "a>b syn", "delivered"),
        (5, "b>a syn_ack", "delivered"),
        (10, "a>b ask", "delivered"),
        (15, "b>a answer", "delivered"),
        (20, "a>b ack", "delivered"),
        (100, "a>b ask", "delivered"),
        (105, "b>a answer", "delivered"),
        (110, "a>b ack", "delivered"),
    ]
    assert ends(story) == {0: (20, "ok"), 100: (110, "ok")}


def test_datagrams_need_no_connection() -> None:
    story = asked([0, 100], over=link("a", "b", 5))
    assert {sent.kind for sent in story.messages()} == {"ask", "answer"}
    assert ends(story) == {0: (10, "ok"), 100: (110, "ok")}


def test_an_answer_that_goes_at_once_acknowledges_and_one_that_takes_time_does_not() -> None:
    async def slow(b: Actor, body: Ask, message: Message) -> Body:
        await b.sleep(20 * MS)
        return Answer()

    assert [row for row in rows(asked([0]), "ack") if "b>a" in row[1]] == []
    assert rows(asked([0], answer=slow), "ack") == [(15, "b>a ack", "delivered"), (40, "a>b ack", "delivered")]


def test_both_may_open_it_at_once_and_have_one_connection() -> None:
    """RFC 9293, section 3.5, figure 7."""

    async def main(one: Actor) -> None:
        one.send("b" if one.id == "a" else "a", Tell(f"from {one.id}"))

    story = run(world([actor("a", main), actor("b", main)], [stream("a", "b", 5)]))
    assert sorted(rows(story, "syn", "syn_ack", "tell")) == [
        (0, "a>b syn", "delivered"),
        (0, "b>a syn", "delivered"),
        (5, "a>b syn_ack", "delivered"),
        (5, "b>a syn_ack", "delivered"),
        (10, "a>b tell", "delivered"),
        (10, "b>a tell", "delivered"),
    ]
    assert sorted(text for _, text in story.notes()) == ["heard from a", "heard from b"]
    assert story.drops() == {}


def test_a_handshake_that_is_lost_is_tried_again_after_a_second() -> None:
    """RFC 6298, (2.1), and (5.7): without a measured round trip, the first data wait for three."""
    story = remarks([0], cut("a-b", 0, 8), cut("a-b", 1010, 1020, "a-to-b"), duration_ms=6000)
    assert rows(story, "syn") == [(0, "a>b syn", "link cut"), (1000, "a>b syn", "delivered")]
    assert rows(story, "tell") == [(1010, "a>b tell", "link cut"), (4010, "a>b tell", "delivered")]


# Order


def test_a_stream_keeps_the_order_and_datagrams_do_not() -> None:
    """On a link where messages overtake each other."""
    times = [float(ms) for ms in range(100)]
    in_order = [str(number) for number in range(100)]
    assert [text for _, text in heard(remarks(times, over=stream("a", "b", exponential(5))))] == in_order
    loose = [text for _, text in heard(remarks(times, over=link("a", "b", exponential(5))))]
    assert loose != in_order
    assert sorted(loose) == sorted(in_order)


def test_what_is_lost_holds_up_all_behind_it() -> None:
    """Head-of-line blocking: of four remarks 10 ms apart the second is lost; the others have arrived, and wait."""
    story = remarks([0, 106, 116, 126], LOST)
    assert rows(story, "tell") == [
        (10, "a>b tell", "delivered"),
        (106, "a>b tell", "link cut"),
        (116, "a>b tell", "delivered"),
        (126, "a>b tell", "delivered"),
        (306, "a>b tell", "delivered"),
    ]
    assert heard(story) == [(15, "0"), (311, "1"), (311, "2"), (311, "3")]
    assert story.states("b", "held") == [(121, 1), (131, 2), (311, 0)]
    free = remarks([0, 106, 116, 126], LOST, over=link("a", "b", 5))
    assert heard(free) == [(5, "0"), (121, "2"), (131, "3")]


def test_what_arrives_twice_is_heard_once() -> None:
    """A copy settles as a duplicate, and is acknowledged (RFC 9293, section 3.10.7.4)."""
    story = remarks([0, 100, 200], over=stream("a", "b", 5, duplication=1))
    assert [text for _, text in heard(story)] == ["0", "1", "2"]
    assert set(story.drops()) == {"duplicate"}
    twice = remarks([0, 100, 200], over=link("a", "b", 5, duplication=1))
    assert [text for _, text in heard(twice)] == ["0", "0", "1", "1", "2", "2"]


# Retransmission


def test_the_timeout_follows_the_round_trips() -> None:
    """RFC 6298, (2.2), (2.3), (2.4), (2.5) and (5.5); (2.1) before there is one."""
    trips = RoundTrips(1 * MS)
    assert trips.rto_ns == 1000 * MS
    trips.sample(100 * MS)
    assert (trips.smooth_ns, trips.varies_ns, trips.rto_ns) == (100 * MS, 50 * MS, 300 * MS)
    trips.sample(180 * MS)
    assert (trips.smooth_ns, trips.varies_ns, trips.rto_ns) == (110 * MS, 57.5 * MS, 340 * MS)
    for _ in range(100):
        trips.sample(50 * MS)
    assert trips.rto_ns - trips.smooth_ns == 1 * MS
    trips.back_off()
    assert trips.rto_ns == 2 * (trips.smooth_ns + 1 * MS)
    for _ in range(20):
        trips.back_off()
    assert trips.rto_ns == RTO_MAX_NS
    floor = RoundTrips(200 * MS)
    floor.sample(10 * MS)
    assert floor.rto_ns == 200 * MS


def test_a_lost_segment_is_sent_again_because_of_the_first_one() -> None:
    story = remarks([0, 106], LOST)
    again = story.messages("tell")[-1]
    first = story.message(again.cause)
    assert (first.sent_ns, first.outcome) == (106 * MS, "link cut")
    assert (again.op, again.size) == (first.op, first.size)
    assert retransmitted(story) == [(106, 306)]
    assert remarks([0, 106], LOST, over=link("a", "b", 5)).drops() == {"link cut": 1}


def test_each_further_try_waits_twice_as_long() -> None:
    story = remarks([0, 106], cut("a-b", 109, 3000), duration_ms=5000)
    assert retransmitted(story) == [(106, 306), (106, 706), (106, 1506), (106, 3106)]
    assert heard(story) == [(15, "0"), (3111, "1")]


def test_three_repeated_acknowledgements_bring_it_at_once() -> None:
    """Fast retransmit, RFC 5681, section 3.2. Two are not enough: they may mean that segments overtook each other."""
    assert retransmitted(remarks([0, 106, 116, 126, 136], LOST)) == [(106, 146)]
    assert retransmitted(remarks([0, 106, 116, 126], LOST)) == [(106, 306)]


def test_a_hole_behind_a_hole_is_filled_as_soon_as_it_is_known() -> None:
    """RFC 6582, section 3.2: an acknowledgement of a part."""
    story = remarks([0, 106, 107, 116, 126, 136], cut("a-b", 108, 110))
    assert retransmitted(story) == [(106, 146), (107, 156)]
    assert heard(story)[-1] == (161, "5")


def test_what_was_sent_twice_gives_no_round_trip() -> None:
    """Karn's algorithm, RFC 6298, section 3: the timeout stays doubled until something is acknowledged at once."""
    first, second = LOST, cut("a-b", 408, 409)
    assert retransmitted(remarks([0, 106, 406], first, second, duration_ms=2000)) == [(106, 306), (406, 806)]
    between = remarks([0, 106, 350, 406], first, second, duration_ms=2000)
    assert retransmitted(between) == [(106, 306), (406, 606)]


@pytest.mark.parametrize(("rto_min_ms", "again_ms"), [(50, 156), (400, 506)])
def test_the_shortest_timeout_is_the_links(rto_min_ms: float, again_ms: float) -> None:
    story = remarks([0, 106], LOST, over=stream("a", "b", 5, rto_min_ms=rto_min_ms))
    assert retransmitted(story) == [(106, again_ms)]


def test_a_connection_is_given_up_after_so_many_tries() -> None:
    """RFC 9293, section 3.8.3. Who waits for an answer is told; it may have been carried out."""
    over = stream("a", "b", 5, retransmissions_max=2)
    story = asked([0, 106, 200], cut("a-b", 109, 3000), over=over, duration_ms=5000)
    assert retransmitted(story) == [(106, 306), (106, 706)]
    assert ends(story) == {0: (20, "ok"), 106: (1506, "connection timed out?"), 200: (1506, "connection timed out?")}
    assert (1506, "b: connection timed out") in story.notes("a")
    patient = asked([0, 106, 200], cut("a-b", 109, 3000), duration_ms=5000)
    assert ends(patient) == {0: (20, "ok"), 106: (3116, "ok"), 200: (3126, "ok")}


def test_what_never_left_is_certain_to_have_had_no_effect() -> None:
    over = stream("a", "b", 5, retransmissions_max=1)
    story = asked([10], cut("a-b", 0, 5000), over=over, duration_ms=5000)
    assert ends(story) == {10: (3010, "connection timed out")}
    assert story.drops() == {"link cut": 2, "never sent": 1}


def test_a_call_has_a_timeout_of_its_own() -> None:
    story = asked([0, 106], LOST, timeout_ms=50)
    assert ends(story) == {0: (20, "ok"), 106: (156, "timed out?")}
    assert (316, "late reply") in story.notes("a")


def test_a_crashed_machine_sends_nothing_again() -> None:
    story = remarks([0, 106], cut("a-b", 109, 400), crash("a", 250), duration_ms=2000)
    assert retransmitted(story) == []


def test_a_paused_process_leaves_its_machine_sending_and_acknowledging() -> None:
    story = remarks([0, 106], LOST, broken("pause", "a", 108), duration_ms=2000)
    assert retransmitted(story) == [(106, 306)]
    paused = remarks([0, 106, 116], broken("pause", "b", 50, 500), duration_ms=2000)
    assert retransmitted(paused) == []
    assert heard(paused) == [(15, "0"), (500, "1"), (500, "2")]


def test_only_the_control_segments_are_added() -> None:
    story = asked([0, 100, 200])
    assert {sent.kind for sent in story.messages()} - set(CONTROL) == {"ask", "answer"}
    assert {sent.size for sent in story.messages() if sent.kind in CONTROL} == {40}
    assert {chunk["roles"]["ack"] for chunk in story.decoded if "ack" in chunk["roles"]} == {"event"}
