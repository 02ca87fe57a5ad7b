"""The network: delay, loss, and that every message is delivered, dropped for a reason, or still under way."""

from __future__ import annotations

import math

import pytest

from simulations.engine.tasks import Refused
from tests.worlds import (
    MS,
    Actor,
    Answer,
    Ask,
    Entry,
    Run,
    Tell,
    actor,
    client,
    exponential,
    link,
    lossy,
    run,
    service,
    world,
)


def chatter(every_ms: float = 1.0, until_ms: float = 1000.0) -> Entry:
    """An actor that says something to b at a steady pace."""

    async def main(a: Actor) -> None:
        while a.now_ns < until_ms * MS:
            a.send("b", Tell())
            await a.sleep(int(every_ms * MS))

    return actor("a", main)


def lost_share(story: Run) -> float:
    return len(story.messages(outcome="lost")) / len(story.messages())


def test_a_constant_latency_is_the_time_each_way() -> None:
    story = run(world([client("c"), service("s")], [link("c", "s", 7.5)]))
    assert {message.takes_ms for message in story.messages(outcome="delivered")} == {7.5}
    assert {message.kind for message in story.messages(src="c")} == {"work"}
    assert {message.kind for message in story.messages(src="s")} == {"done"}


def test_latencies_follow_their_distribution_and_messages_may_overtake_each_other() -> None:
    story = run(world([chatter(), actor("b")], [link("a", "b", exponential(4))], settle_ms=100))
    times = [message.takes_ms for message in story.messages()]
    assert len(times) == 1000
    assert abs(sum(times) / 1000 - 4) < 4 * 4 / math.sqrt(1000)
    arrivals = [message.settled_ns for message in story.messages()]
    assert arrivals != sorted(arrivals)


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.5, 1.0])
def test_a_link_loses_its_share_of_messages(loss: float) -> None:
    story = run(world([chatter(), actor("b")], [link("a", "b", loss=loss)], settle_ms=10))
    assert abs(lost_share(story) - loss) <= 4 * math.sqrt(loss * (1 - loss) / 1000)
    assert (
        len(story.notes("b")) == len(story.messages(outcome="delivered")) == 1000 - len(story.messages(outcome="lost"))
    )


def test_a_loss_fault_comes_on_top_of_the_links_own_loss_while_it_lasts() -> None:
    fault = lossy("a-b", 0.5, 300, 700)
    story = run(world([chatter(0.2), actor("b")], [link("a", "b", loss=0.2)], faults=[fault], settle_ms=10))

    def share(from_ms: float, to_ms: float) -> float:
        sent = [message for message in story.messages() if from_ms * MS <= message.sent_ns < to_ms * MS]
        return sum(message.outcome == "lost" for message in sent) / len(sent)

    for from_ms, to_ms, expected in ((0, 300, 0.2), (300, 700, 0.6), (700, 1000, 0.2)):
        error = math.sqrt(expected * (1 - expected) / (5 * (to_ms - from_ms)))
        assert abs(share(from_ms, to_ms) - expected) < 4 * error


def test_loss_faults_add_up_and_each_ends_for_itself() -> None:
    faults = [lossy("a-b", 1.0, 100, 300), lossy("a-b", 1.0, 200, 400), lossy("a-b", 0.0, 0, 1000)]
    story = run(world([chatter(10), actor("b")], [link("a", "b")], faults=faults))
    lost = [message.sent_ns // MS for message in story.messages(outcome="lost")]
    assert lost == list(range(100, 400, 10))


def test_a_lost_message_is_settled_when_it_would_have_arrived() -> None:
    story = run(world([chatter(until_ms=1), actor("b")], [link("a", "b", 30, loss=1.0)]))
    assert [(m.sent_ns, m.settled_ns, m.outcome) for m in story.messages()] == [(0, 30 * MS, "lost")]


def test_losing_a_message_leaves_the_latencies_of_all_others_as_they_were() -> None:
    def latencies(loss: float) -> dict[int, float]:
        story = run(world([chatter(), actor("b")], [link("a", "b", exponential(4), loss=loss)], settle_ms=100))
        return {message.sent_ns: message.takes_ms for message in story.messages()}

    assert latencies(0.0) == latencies(0.3)


def test_a_message_under_way_when_the_run_ends_is_neither_delivered_nor_dropped() -> None:
    story = run(world([chatter(100), actor("b")], [link("a", "b", 150)], duration_ms=1000))
    assert len(story.messages()) == 10
    assert [message.sent_ns // MS for message in story.messages() if not message.outcome] == [900]


def test_a_request_that_nobody_handles_is_refused_not_swallowed() -> None:
    async def main(a: Actor) -> None:
        try:
            await a.call("s", Ask("anybody?"), 100)
        except Refused as refused:
            a.note(f"{refused.reason}, {'perhaps' if refused.uncertain else 'certainly not'} done")

    story = run(world([actor("a", main), service("s")], [link("a", "s")]))
    assert story.notes("a") == [(2, "not understood, certainly not done")]
    assert [message.cause for message in story.messages(kind="refusal")] == [0]


def test_a_client_asks_whoever_it_is_linked_to_whichever_way_the_link_was_drawn() -> None:
    forth = run(world([client("c"), service("s")], [link("c", "s")]))
    back = run(world([client("c"), service("s")], [link("s", "c")]))
    assert set(forth.ends()) == set(back.ends()) == {("ok", "")}
    assert len(back.messages(src="s", dst="c")) == len(back.operations())


def test_sizes_are_those_of_the_bodies() -> None:
    class Letter(Ask):
        def size(self) -> int:
            return 64 + len(self.text)

    async def main(a: Actor) -> None:
        a.send("b", Letter("x" * 1000))
        a.send("b", Ask())

    class Reader(Actor):
        TYPE = "reader"
        HANDLES = (Letter, Ask)

        def on_letter(self, body: Letter, message: object) -> Answer:
            return Answer()

    nodes = [actor("a", main), actor("b") | {"type": "reader"}]
    story = run(world(nodes, [link("a", "b")]), Reader)
    assert [message.size for message in story.messages(src="a")] == [1064, 128]
