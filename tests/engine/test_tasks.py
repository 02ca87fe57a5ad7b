"""Calls, futures and quorums, as a node's author uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulations.engine.distributions import distribution
from simulations.engine.tasks import Failure, Future, Refused, TimedOut
from tests.worlds import MS, Actor, Answer, Ask, Body, Run, Tell, actor, crash, cut, echo, link, run, world

Main = Callable[[Actor], Any]


def after(ms: float) -> Any:
    """An answer that takes this long."""

    async def answer(actor: Actor, body: Ask, message: object) -> Body:
        await actor.sleep(int(ms * MS))
        return Answer(actor.id)

    return answer


async def refuse(actor: Actor, body: Ask, message: object) -> Body:
    raise Refused("no appetite", False)


def scene(main: Main, *answers: Any, latency_ms: float = 1, faults: Any = ()) -> Run:
    """a runs `main`; b, c, d… answer as given, each over a link of 1 ms."""
    others = "bcdefg"[: len(answers)]
    nodes = [actor("a", main), *(actor(id, None, answer) for id, answer in zip(others, answers, strict=True))]
    return run(world(nodes, [link("a", id, latency_ms) for id in others], faults=faults))


def says(main: Main, *answers: Any, **kwargs: Any) -> list[tuple[float, str]]:
    notes = scene(main, *answers, **kwargs).notes("a")
    return [(time, text) for time, text in notes if text != "late reply"]


def trying(act: Callable[[Actor], Any]) -> Main:
    """Notes what came of an await: the answer's text, or the failure and whether it leaves doubt."""

    async def main(a: Actor) -> None:
        try:
            reply = await act(a)
        except Failure as failure:
            a.note(f"{type(failure).__name__}: {failure.reason}{', perhaps done' if failure.uncertain else ''}")
        else:
            a.note(" ".join(one.text for one in reply) if isinstance(reply, list) else reply.text)

    return main


# Calls


def test_a_call_returns_the_replys_body() -> None:
    assert says(trying(lambda a: a.call("b", Ask("hello"), 100)), echo) == [(2, "hello")]


def test_a_call_without_answer_in_time_fails_and_may_have_had_effect() -> None:
    ask = trying(lambda a: a.call("b", Ask(), 50))
    assert says(ask, after(60)) == [(50, "TimedOut: timed out, perhaps done")]
    assert says(ask, after(40)) == [(42, "b")]


def test_a_timeout_of_zero_is_none() -> None:
    assert says(trying(lambda a: a.call("b", Ask(), 0)), after(900)) == [(902, "b")]


def test_as_many_lengths_of_timeouts_as_there_are_calls() -> None:
    async def main(a: Actor) -> None:
        for call in [a.call("b", Ask(), 10 + number) for number in range(300)]:
            with pytest.raises(TimedOut):
                await call
            a.note("gone")

    assert scene(main, echo, faults=[crash("b", 0)]).notes("a") == [(10 + number, "gone") for number in range(300)]


def test_a_call_to_a_crashed_host_or_over_a_cut_link_is_silence_until_the_timeout() -> None:
    ask = trying(lambda a: a.call("b", Ask(), 50))
    for fault in (crash("b", 0), cut("a-b", 0), cut("a-b", 0, direction="b-to-a")):
        assert says(ask, echo, faults=[fault]) == [(50, "TimedOut: timed out, perhaps done")]


def test_a_refusal_names_its_reason() -> None:
    assert says(trying(lambda a: a.call("b", Ask(), 50)), refuse) == [(2, "Refused: no appetite")]


def test_a_failure_let_through_becomes_a_refusal_with_its_doubt() -> None:
    async def pass_on(b: Actor, body: Ask, message: object) -> Body:
        reply: Body = await b.call("c", body, 30)
        return reply

    nodes = [
        actor("a", trying(lambda a: a.call("b", Ask(), 100))),
        actor("b", None, pass_on),
        actor("c", None, after(90)),
    ]
    story = run(world(nodes, [link("a", "b"), link("b", "c")]))
    assert story.notes("a") == [(32, "Refused: timed out, perhaps done")]
    assert [message.kind for message in story.messages(src="b")] == ["ask", "refusal"]


def test_a_late_reply_is_ignored_and_the_server_has_worked_for_nothing() -> None:
    async def main(a: Actor) -> None:
        for timeout_ms in (10, 100):
            await trying(lambda a, ms=timeout_ms: a.call("b", Ask(), ms))(a)

    story = scene(main, after(20))
    assert story.notes("a") == [(10, "TimedOut: timed out, perhaps done"), (22, "late reply"), (32, "b")]
    assert [message.settled_ns // MS for message in story.messages(src="b")] == [22, 32]


def test_a_handler_without_reply_answers_nothing() -> None:
    assert says(trying(lambda a: a.call("b", Tell(), 50)), echo) == [(50, "TimedOut: timed out, perhaps done")]


def test_two_calls_under_way_get_each_their_own_answer() -> None:
    async def main(a: Actor) -> None:
        slow, quick = a.call("b", Ask(), 100), a.call("c", Ask(), 100)
        a.note((await slow).text)
        a.note((await quick).text)

    assert says(main, after(40), after(10)) == [(42, "b"), (42, "c")]


# Quorums


def majority(need: int = 2, own: int = 0, timeout_ms: float = 50) -> Main:
    def act(a: Actor) -> Future:
        others = [id for id in "bcdefg" if id in a.host.channels]
        return a.quorum(a.call_each(others, Ask(), timeout_ms), need, [Answer("own")] * own)

    return trying(act)


def test_a_quorum_is_the_first_so_many_answers() -> None:
    assert says(majority(2), after(30), after(10), after(20)) == [(22, "c d")]
    assert says(majority(3), after(30), after(10), after(20)) == [(32, "c d b")]


def test_ones_own_answer_counts() -> None:
    assert says(majority(2, own=1), after(30), after(10)) == [(12, "own c")]
    assert says(majority(1, own=1), after(30), after(10)) == [(0, "own")]


def test_a_quorum_survives_some_failures() -> None:
    assert says(majority(2), refuse, after(10), after(20)) == [(22, "c d")]
    assert says(majority(2), after(90), after(10), after(20)) == [(22, "c d")]


def test_a_quorum_fails_as_soon_as_too_many_have_failed() -> None:
    assert says(majority(2), refuse, refuse, after(10)) == [(2, "Refused: no quorum, perhaps done")]
    assert says(majority(2), after(90), after(90), after(10)) == [(50, "Refused: no quorum, perhaps done")]
    assert says(majority(3), after(10), after(10)) == [(0, "Refused: no quorum, perhaps done")]


def test_answers_that_came_before_the_quorum_was_awaited_count() -> None:
    def asking(need: int) -> Main:
        async def act(a: Actor) -> Any:
            calls = a.call_each(["b", "c", "d"], Ask(), 50)
            await a.disk.fsync(distribution(25))
            return await a.quorum(calls, need, [Answer("own")])

        return trying(act)

    assert says(asking(3), after(10), after(20), after(30)) == [(25, "own b c")]
    assert says(asking(4), after(10), after(20), after(30)) == [(32, "own b c d")]
    assert says(asking(4), after(10), refuse, after(30)) == [(25, "Refused: no quorum, perhaps done")]


def test_a_quorums_answers_are_settled_once_it_is_reached() -> None:
    async def main(a: Actor) -> None:
        own = [Answer("own")]
        replies = await a.quorum(a.call_each(["b", "c"], Ask(), 50), 2, own)
        await a.sleep(40 * MS)
        a.note(f"{len(replies)} replies, {len(own)} own")

    assert [text for _, text in says(main, after(10), after(20))] == ["2 replies, 1 own"]


# Futures and tasks


def test_a_future_of_ones_own_wakes_who_awaits_it() -> None:
    async def main(a: Actor) -> None:
        door = Future()
        a.timer(30 * MS, "door", lambda: door.resolve("open", None))
        a.note(await door)

    assert says(main) == [(30, "open")]


def test_a_future_is_settled_once() -> None:
    async def main(a: Actor) -> None:
        door = Future()
        door.resolve("open", None)
        door.resolve("shut", None)
        door.fail(TimedOut(), None)
        a.note(await door)

    assert says(main) == [(0, "open")]


def test_spawned_tasks_take_turns_at_their_awaits() -> None:
    async def count(a: Actor, name: str, every_ms: int) -> None:
        for number in range(2):
            await a.sleep(every_ms * MS)
            a.note(f"{name}{number}")

    async def main(a: Actor) -> None:
        a.spawn(count(a, "x", 10), a.cause)
        a.spawn(count(a, "y", 7), a.cause)

    assert says(main) == [(7, "y0"), (10, "x0"), (14, "y1"), (20, "x1")]


def test_a_cancelled_timer_does_not_fire() -> None:
    async def main(a: Actor) -> None:
        timers = [a.timer(ms * MS, "t", lambda ms=ms: a.note(str(ms))) for ms in (10, 20, 30)]
        timers[1].cancel()

    assert [text for _, text in says(main)] == ["10", "30"]


@pytest.mark.parametrize("policy", ["send", "broadcast"])
def test_a_message_without_reply_arrives_and_nothing_comes_back(policy: str) -> None:
    async def main(a: Actor) -> None:
        if policy == "send":
            a.send("b", Tell("hello"))
            a.send("c", Tell("hello"))
        else:
            a.broadcast(["b", "c"], Tell("hello"))

    story = scene(main, echo, echo)
    assert sorted(story.notes()) == [(1, "heard hello"), (1, "heard hello")]
    assert len(story.messages()) == 2
