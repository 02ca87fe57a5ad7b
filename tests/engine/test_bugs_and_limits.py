"""How a run ends: finished, limited with a word on the limit, or failed with a word on the node type's mistake."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.node import Node
from simulations.engine.simulation import Limits
from simulations.engine.tasks import Future
from tests.worlds import (
    MS,
    Actor,
    Answer,
    Ask,
    Body,
    Entry,
    Run,
    Tell,
    actor,
    client,
    crash,
    link,
    run,
    service,
    world,
)


def line_of(text: str) -> int:
    """The line of this file that holds a mark."""
    with open(__file__) as lines:
        return next(number for number, line in enumerate(lines, 1) if f"# {text}" in line and "line_of" not in line)


def asked(answer: Any) -> Run:
    """a asks b after 20 ms; b answers as given."""

    async def main(a: Actor) -> None:
        a.note("before")
        await a.sleep(20 * MS)
        a.call("b", Ask(), 0)

    return run(world([actor("a", main), actor("b", None, answer)], [link("a", "b", 2.5)]))


# Node bugs


def test_a_mistake_in_a_handler_names_node_message_moment_and_line() -> None:
    async def divide(b: Actor, body: Ask, message: object) -> Body:
        await b.sleep(MS)
        raise ZeroDivisionError("seven by nothing")  # here

    story = asked(divide)
    assert story.outcome.status == "failed"
    assert story.outcome.digest == ""
    assert story.outcome.reason == (
        "Node bug in actor 'b' at 23.500 ms, handling ask #0: ZeroDivisionError: seven by nothing "
        f"(test_bugs_and_limits.py:{line_of('here')})"
    )


def test_the_trace_is_kept_up_to_the_mistake() -> None:
    def wrong(b: Actor, body: Ask, message: object) -> Body:
        raise ValueError("wrong")

    story = asked(wrong)
    assert story.notes("a") == [(0, "before")]
    assert [(message.settled_ns / MS, message.outcome) for message in story.messages()] == [(22.5, "delivered")]
    assert story.outcome.simulated_ns == story.chunks[-1].end_ns == 22.5 * MS
    assert story.outcome.chunks == len(story.chunks)


def test_a_mistake_inside_the_engine_is_placed_at_the_line_that_led_there() -> None:
    async def lose_its_way(b: Actor, body: Ask, message: object) -> Body:
        return await b.call("nobody", body, 10)  # astray

    assert f"KeyError: 'nobody' (test_bugs_and_limits.py:{line_of('astray')})" in asked(lose_its_way).outcome.reason


def test_a_mistake_in_a_timer_or_at_the_start_is_on_its_own() -> None:
    def explode() -> None:
        raise RuntimeError("boom")

    async def with_timer(a: Actor) -> None:
        a.timer(7 * MS, "bomb", explode)

    async def at_once(a: Actor) -> None:
        raise RuntimeError("boom")

    for main, moment in ((with_timer, "7.000"), (at_once, "0.000")):
        reason = run(world([actor("a", main)])).outcome.reason
        assert reason.startswith(f"Node bug in actor 'a' at {moment} ms, on its own: RuntimeError: boom")


def test_a_mistake_at_a_restart_ends_the_run_there() -> None:
    async def main(a: Actor) -> None:
        assert a.now_ns == 0, "a second start"

    story = run(world([actor("a", main)], faults=[crash("a", 100, 150)]))
    assert (story.outcome.status, story.outcome.simulated_ns) == ("failed", 150 * MS)
    assert "a second start" in story.outcome.reason


def test_a_failure_that_nobody_is_there_to_be_refused_is_a_mistake() -> None:
    async def main(a: Actor) -> None:
        await a.call("b", Ask(), 10)

    nodes = [actor("a", main), actor("b")]
    story = run(world(nodes, [link("a", "b")], faults=[crash("b", 0)]))
    assert "TimedOut: timed out" in story.outcome.reason


@pytest.mark.parametrize("waits", [False, True])
def test_an_answer_that_is_no_message_is_a_mistake(waits: bool) -> None:
    async def later(b: Actor, body: Ask, message: object) -> str:
        if waits:
            await b.sleep(1)
        return "forty-two"

    reason = asked(later).outcome.reason
    assert reason.startswith("Node bug in actor 'b'")
    assert "the handler returned 'forty-two', which is no message body" in reason


def test_awaiting_what_is_not_of_the_simulation_is_a_mistake() -> None:
    class Foreign:
        def __await__(self) -> Any:
            yield "elsewhere"

    async def elsewhere(b: Actor, body: Ask, message: object) -> None:
        await Foreign()

    assert asked(elsewhere).outcome.reason.startswith("Node bug in actor 'b' at 22.500 ms, handling ask #0")


def test_a_type_without_the_handler_that_it_promises_is_a_mistake() -> None:
    class Deaf(Node):
        TYPE = "deaf"
        HANDLES = (Tell,)

    story = run(world([{"id": "d", "type": "deaf", "params": {}}]), Deaf)
    assert story.outcome.status == "failed"
    assert story.outcome.reason.startswith("Node bug in deaf 'd', being set up: AttributeError")


def test_a_mistake_in_a_task_is_its_own_and_not_of_the_task_that_woke_it() -> None:
    door = Future()

    async def through_the_door(b: Actor, body: Ask, message: object) -> Body:
        if body.text == "opens":
            door.resolve(None, None)
            return Answer()
        await door
        raise KeyError("mine")

    async def main(a: Actor) -> None:
        a.call("b", Ask("waits"), 0)
        await a.sleep(MS)
        a.call("b", Ask("opens"), 0)

    story = run(world([actor("a", main), actor("b", None, through_the_door)], [link("a", "b")]))
    assert "Node bug in actor 'b' at 2.000 ms, handling ask #0: KeyError: 'mine'" in story.outcome.reason


# Limits


def busy(**limits: int) -> Run:
    nodes = [client("c", rate_per_s=1000), service("s", concurrency=100)]
    return run(world(nodes, [link("c", "s")], duration_ms=4000), limits=Limits(**limits))


def test_a_run_within_its_limits_finishes() -> None:
    outcome = busy().outcome
    assert (outcome.status, outcome.reason, outcome.simulated_ns) == ("finished", "", 4000 * MS)
    assert len(outcome.digest) == 64


def test_the_event_limit() -> None:
    story = busy(events_max=5000)
    assert story.outcome.status == "limited"
    assert 5000 <= story.outcome.events < 5064
    at_ms = story.outcome.simulated_ns / MS
    assert story.outcome.reason == f"The limit of 5,000 events was reached at {at_ms:,.3f} ms of simulated time."


def test_the_byte_limit() -> None:
    story = busy(trace_bytes_max=50_000)
    assert story.outcome.status == "limited"
    assert story.outcome.reason.startswith("The limit of 50,000 bytes of trace was reached at ")
    assert (
        sum(len(chunk.data) for chunk in story.chunks[:-2]) < 50_000 <= sum(len(chunk.data) for chunk in story.chunks)
    )


def test_the_limit_of_simulated_time() -> None:
    story = busy(simulated_ms_max=1500)
    assert (story.outcome.status, story.outcome.simulated_ns) == ("limited", 1500 * MS)
    assert story.outcome.reason == "The limit of 1,500 ms of simulated time was reached."
    assert busy(simulated_ms_max=4000).outcome.status == "finished"


@pytest.mark.parametrize("limit", [{"events_max": 5000}, {"trace_bytes_max": 50_000}, {"simulated_ms_max": 1500}])
def test_a_limited_run_has_a_digest_of_its_own_and_the_same_each_time(limit: dict[str, int]) -> None:
    first, again, whole = busy(**limit), busy(**limit), busy()
    assert first.outcome == again.outcome
    assert len(first.outcome.digest) == 64
    assert first.outcome.digest != whole.outcome.digest
    # What was simulated is the beginning of the whole.
    same = [chunk.data for chunk in first.chunks[:-1]]
    assert same == [chunk.data for chunk in whole.chunks[: len(same)]]
    assert len(same) > 3


def endless(pause_ns: int) -> Entry:
    async def main(a: Actor) -> None:
        await a.sleep(10 * MS)
        while True:
            await a.sleep(pause_ns)

    return world([actor("a", main)], duration_ms=20)


def test_an_endless_loop_without_delay_hits_a_limit_with_a_name() -> None:
    story = run(endless(0))
    assert (story.outcome.status, story.outcome.simulated_ns) == ("limited", 10 * MS)
    assert "More than 200,000 events happened at 10.000 ms of simulated time" in story.outcome.reason
    assert "at one instant: an endless loop without delay" in story.outcome.reason
    assert run(endless(1000)).outcome.status == "finished"


def test_messages_that_chase_each_other_without_delay_hit_it_too() -> None:
    def back(one: Actor, body: Ask, message: Any) -> None:
        one.send(message.channel.src.id, body)

    async def main(a: Actor) -> None:
        a.send("b", Ask())

    story = run(world([actor("a", main, back), actor("b", None, back)], [link("a", "b", 0)]))
    assert story.outcome.status == "limited"
    assert "an endless loop without delay" in story.outcome.reason


# Operations without an end


def test_operations_that_the_run_ends_are_unknown() -> None:
    nodes = [client("c", rate_per_s=100, timeout_ms=10_000), service("s", service_time=300)]
    story = run(world(nodes, [link("c", "s")]))
    unfinished = [op for op in story.operations() if op.end == ("info", "run ended")]
    assert len(unfinished) > 20
    assert {op.end_ns for op in unfinished} == {1000 * MS}
    assert all(op.type for op in story.operations())


def test_limited_runs_end_their_operations_too_and_failed_ones_leave_them() -> None:
    limited = busy(events_max=5000)
    assert all(op.type for op in limited.operations())
    assert ("info", "run ended") in limited.ends()

    class Trap(Actor):
        TYPE = "trap"

        def start(self) -> None:
            self.timer(500 * MS, "spring", lambda: 1 // 0)  # type: ignore[arg-type, return-value]

    nodes = [client("c", rate_per_s=100), service("s", service_time=600), {"id": "t", "type": "trap", "params": {}}]
    failed = run(world(nodes, [link("c", "s")]), Trap)
    assert failed.outcome.status == "failed"
    assert ("", "") in failed.ends()


def test_a_world_without_nodes_passes_its_time() -> None:
    outcome = run(world([])).outcome
    assert (outcome.status, outcome.events, outcome.simulated_ns) == ("finished", 0, 1000 * MS)
