"""A restart is a new incarnation: nothing of the old one runs again, no timer, no coroutine, not even a `finally`."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from simulations.engine.distributions import distribution
from simulations.engine.tasks import Failure, Future
from simulations.engine.workers import Workers
from tests.worlds import MS, Actor, Answer, Ask, Body, Run, actor, crash, link, run, world


def crashed(main: Any, answer: Any = None, *, restarts: bool = True) -> Run:
    """a runs `main`, crashes at 100 ms and (if so) restarts at 200 ms; b answers."""
    nodes = [actor("a", main), actor("b", answer) if answer is None else actor("b", None, answer)]
    faults = [crash("a", 100, 200 if restarts else None)]
    return run(world(nodes, [link("a", "b", 10)], faults=faults))


async def late_answer(b: Actor, body: Ask, message: object) -> Body:
    await b.sleep(300 * MS)
    return Answer("late")


def test_timers_of_the_old_incarnation_do_not_fire() -> None:
    fired: list[tuple[int, int]] = []

    async def main(a: Actor) -> None:
        booted = a.now_ns
        a.timer(150 * MS, "alarm", lambda: fired.append((booted // MS, a.now_ns // MS)))

    crashed(main)
    assert fired == [(200, 350)]
    crashed(main, restarts=False)
    assert fired == [(200, 350)]


def test_coroutines_of_the_old_incarnation_do_not_go_on() -> None:
    ran: list[tuple[int, int]] = []

    async def main(a: Actor) -> None:
        booted = a.now_ns
        for _ in range(3):
            await a.sleep(40 * MS)
            ran.append((booted // MS, a.now_ns // MS))

    crashed(main)
    assert ran == [(0, 40), (0, 80), (200, 240), (200, 280), (200, 320)]


def test_a_late_reply_to_the_old_incarnation_is_delivered_and_ignored() -> None:
    woken: list[int] = []

    async def main(a: Actor) -> None:
        if a.now_ns == 0:
            await a.call("b", Ask(), 0)
            woken.append(a.now_ns)

    story = crashed(main, late_answer)
    (reply,) = story.messages(src="b")
    assert (reply.settled_ns // MS, reply.outcome) == (320, "delivered")
    assert woken == []


def test_the_timeout_of_an_old_call_wakes_nobody() -> None:
    async def main(a: Actor) -> None:
        try:
            await a.call("b", Ask(), 250)
        except Failure as failure:
            a.note(failure.reason)

    assert crashed(main, late_answer).notes("a") == [(320, "late reply"), (450, "timed out"), (520, "late reply")]
    assert crashed(main, late_answer, restarts=False).notes("a") == []


WAITS: dict[str, Any] = {
    "a sleep": lambda a: a.sleep(60 * MS),
    "a call": lambda a: a.call("b", Ask(), 0),
    "a call with a timeout": lambda a: a.call("b", Ask(), 60),
    "a quorum": lambda a: a.quorum(a.call_each(["b"], Ask(), 0), 1, []),
    "an fsync": lambda a: a.disk.fsync(distribution(60)),
    "a future of its own": lambda a: Future(),
    "a worker": lambda a: a.workers.acquire(),
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_finally_of_the_old_incarnation_changes_nothing(wait: str) -> None:
    """Python closes a coroutine that it throws away, which runs its `finally`. Not so here, with a dead one's."""
    ran: list[int] = []

    async def main(a: Actor) -> None:
        if a.now_ns:
            return
        a.workers = Workers(a, 1, 10)  # type: ignore[attr-defined]
        a.workers.acquire()  # type: ignore[attr-defined]
        await a.sleep(50 * MS)
        try:
            await WAITS[wait](a)
        finally:
            ran.append(a.now_ns)
            a.disk.write("smuggled", 1)
            a.send("b", Ask("smuggled"))

    async def collect(b: Actor) -> None:
        await b.sleep(600 * MS)
        gc.collect()
        ran.append(-1)  # What Python does after the run is of no account.

    nodes = [actor("a", main), actor("b", collect, late_answer)]
    story = run(world(nodes, [link("a", "b", 10)], faults=[crash("a", 100, 200)]))
    assert ran[0] == -1
    assert [message for message in story.messages(src="a") if message.sent_ns > 100 * MS] == []


def test_without_a_crash_the_same_finally_runs() -> None:
    async def main(a: Actor) -> None:
        try:
            await a.call("b", Ask(), 60)
        except Failure:
            pass
        finally:
            a.note("finally")

    nodes = [actor("a", main), actor("b", None, late_answer)]
    assert run(world(nodes, [link("a", "b", 10)])).notes("a") == [(60, "finally"), (320, "late reply")]


def test_the_state_shown_goes_with_the_crash_and_comes_anew() -> None:
    async def main(a: Actor) -> None:
        a.show("value", f"booted at {a.now_ns // MS}")

    story = crashed(main)
    assert story.states("a", "value") == [(0, "booted at 0"), (100, None), (200, "booted at 200")]
    assert story.states("a", "up") == [(0, True), (100, False), (200, True)]


def test_draws_go_on_after_a_restart_and_do_not_begin_again() -> None:
    async def main(a: Actor) -> None:
        a.note(str(a.draw("start")))
        a.timer(0, "tick", lambda: a.note(str(a.draw("tick"))))

    draws = [text for _, text in crashed(main).notes("a")]
    assert len(draws) == len(set(draws)) == 4


def test_an_operation_open_at_its_clients_crash_stays_unknown() -> None:
    async def main(a: Actor) -> None:
        if a.now_ns == 0:
            op = a.invoke("write", "k", 1, a.new_process())
            await a.call("b", Ask(), 0)
            a.complete(op, "ok", None, "", 1)

    (op,) = crashed(main, late_answer).operations()
    assert (op.type, op.error, op.end_ns // MS) == ("info", "run ended", 1000)
