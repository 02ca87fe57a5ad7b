"""How faults start besides by the clock: by what a node shows, or at random and again and again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from simulations.engine.channel import Message
from simulations.engine.distributions import distribution
from simulations.engine.tasks import Failure
from tests.hosts import broken
from tests.worlds import MS, Actor, Answer, Ask, Entry, Run, Tell, actor, client, link, run, service, world


def on(event: str, nth: int = 1, after_ms: float = 0, lasts_ms: float | None = None, kind: str = "crash") -> Entry:
    """A fault of b that waits for what a shows."""
    when = {"node": "a", "event": event, "nth": nth, "after_ms": after_ms}
    return {"kind": kind, "target": "b", "when": when, "lasts_ms": lasts_ms}


def shown(*faults: Entry) -> Run:
    """a shows leader, follower, leader at 100, 200, 300 ms, and a term that grows; b stands by."""

    async def main(a: Actor) -> None:
        for term, role in enumerate(("leader", "follower", "leader"), 1):
            await a.sleep(100 * MS)
            a.show("role", role)
            a.show("role", role)
            a.show("term", term)
            a.show("voted", None if term == 2 else True)

    return run(world([actor("a", main), actor("b")], faults=faults))


@pytest.mark.parametrize(
    ("fault", "starts", "ends"),
    [
        (on("role = leader"), 100, None),
        (on("role = leader", nth=2), 300, None),
        (on("role = leader", after_ms=50, lasts_ms=70), 150, 220),
        (on("term = 2"), 200, None),
        (on("voted = null"), 200, None),
        (on("voted = true", nth=2), 300, None),
        (on("up = true"), 0, None),
    ],
)
def test_a_fault_starts_when_a_field_takes_a_value(fault: Entry, starts: float, ends: float | None) -> None:
    story = shown(fault)
    changes = [(0, True), (starts, False)] + ([(ends, True)] if ends is not None else [])
    assert story.states("b", "up") == changes
    rows = [(starts * MS, 0, "start")] + ([(ends * MS, 0, "end")] if ends is not None else [])
    assert story.rows("faults") == rows
    assert (story.outcome.status, story.outcome.reason) == ("finished", "")


def test_a_fault_on_a_link_can_wait_too() -> None:
    async def main(a: Actor) -> None:
        for _ in range(4):
            a.send("b", Tell())
            await a.sleep(50 * MS)
            a.show("role", "leader")

    when = {"node": "a", "event": "role = leader", "nth": 1, "after_ms": 10}
    slower = {"kind": "delay", "target": "a-b", "latency": 7, "when": when, "lasts_ms": 50}
    story = run(world([actor("a", main), actor("b")], [link("a", "b")], faults=[slower]))
    assert [sent.takes_ms for sent in story.messages()] == [1, 1, 8, 1]


def test_one_that_never_comes_is_said() -> None:
    story = shown(on("role = candidate"), on("role = leader", nth=3, kind="pause"), on("role = leader"))
    assert story.outcome.status == "finished"
    assert story.outcome.reason == (
        "A fault never began (crash): a did not come to role = candidate. "
        "A fault never began (pause): a did not come to role = leader 3 times."
    )
    assert story.rows("faults") == [(100 * MS, 2, "start")]


def test_waiting_for_what_never_comes_changes_nothing() -> None:
    waiting = shown(on("role = candidate"))
    assert [chunk.data for chunk in waiting.chunks] == [chunk.data for chunk in shown().chunks]


def chaos(does: str = "crash", rate_per_min: float = 300, mttr_ms: float = 50, **when: Any) -> Entry:
    times = {"at_ms": 100, "until_ms": None} | when
    return broken("chaos", "s", does=does, rate_per_min=rate_per_min, mttr_ms=mttr_ms, **times)


def struck(*faults: Entry, seed: int = 1, more: int = 0) -> Run:
    nodes = [client("c", rate_per_s=50), service("s"), *(service(f"other{i}") for i in range(more))]
    links = [link("c", "s")]
    return run(world(nodes, links, faults=faults, duration_ms=20_000, seed=seed))


def downs(story: Run) -> list[float]:
    return [time for time, up in story.states("s", "up") if not up]


def test_chaos_strikes_at_its_rate_and_repairs_in_its_time() -> None:
    story = struck(chaos())
    states = story.states("s", "up")
    # A cycle is 200 ms of calm and 50 ms of repair in the mean: about 80 in 19.9 s.
    assert 55 < len(downs(story)) < 105
    assert min(downs(story)) > 100
    repairs = [back - down for (down, up), (back, _) in pairwise(states) if not up]
    assert 35 < sum(repairs) / len(repairs) < 65
    assert [text for _, text in story.notes("s")] == ["chaos: crash"] * len(downs(story))
    assert story.rows("faults") == [(100 * MS, 0, "start")]


def test_chaos_ends_with_everything_repaired() -> None:
    for seed in range(6):
        story = struck(chaos(until_ms=700, mttr_ms=400), seed=seed)
        assert max(downs(story), default=0) < 700
        assert story.at(700, "s", "up") is True


def test_chaos_draws_from_a_stream_of_its_own() -> None:
    assert downs(struck(chaos())) == downs(struck(broken("slow", "c", 50, factor=2), chaos(), more=2))
    assert downs(struck(chaos())) != downs(struck(chaos(), seed=2))
    plain, hit = struck(), struck(chaos(at_ms=15_000))
    before = [chunk.data for chunk in plain.chunks if chunk.end_ns < 15_000 * MS]
    assert len(before) > 5
    assert before == [chunk.data for chunk in hit.chunks][: len(before)]


def test_chaos_can_do_other_things_than_crash() -> None:
    story = struck(chaos("pause"))
    assert downs(story) == []
    assert [text for _, text in story.notes("s")].count("chaos: pause") > 50
    assert {text for _, text in story.states("s", "condition")} == {"chaos", "chaos, paused"}


# From the very start


def test_a_node_crashed_at_the_start_never_runs_until_it_restarts() -> None:
    async def main(a: Actor) -> None:
        a.note("runs")
        a.send("b", Tell("at once"))

    def story(*faults: Entry) -> Run:
        return run(world([actor("a", main), actor("b")], [link("a", "b")], faults=faults))

    down = story(broken("crash", "a", 0))
    assert (down.states("a", "up"), down.notes(), down.messages()) == ([(0, False)], [], [])
    back = story(broken("crash", "a", 0, 300))
    assert back.states("a", "up") == [(0, False), (300, True)]
    assert back.notes("a") == [(300, "runs")]
    assert story().notes("a") == [(0, "runs")]


def test_a_process_stopped_at_the_start_refuses_and_one_paused_waits() -> None:
    async def main(a: Actor) -> None:
        a.note("runs")

    async def ask(b: Actor) -> None:
        b.send("a", Tell("hello"))

    def story(kind: str) -> Run:
        faults = [broken(kind, "a", 0, 300)]
        return run(world([actor("a", main), actor("b", ask)], [link("a", "b")], faults=faults))

    stopped = story("stop")
    assert (stopped.states("a", "up"), stopped.notes("a")) == ([(0, False), (300, True)], [(300, "runs")])
    assert stopped.drops() == {"refused": 1}
    paused = story("pause")
    assert paused.notes("a") == [(300, "runs"), (300, "heard hello")]


def test_what_is_sent_at_the_start_meets_the_faults_of_the_start() -> None:
    async def main(a: Actor) -> None:
        a.send("b", Tell())

    def takes(*faults: Entry) -> float:
        (sent,) = run(world([actor("a", main), actor("b")], [link("a", "b")], faults=faults)).messages()
        return sent.takes_ms

    slower = {"kind": "delay", "target": "a-b", "latency": 7, "at_ms": 0}
    assert (takes(slower), takes(slower | {"at_ms": 0.001}), takes()) == (8, 1, 1)


# Other events of a node


def busy(*faults: Entry) -> Run:
    """a asks s at 100, 200, 300 ms; s notes, writes to its disk and answers 10 ms later; both are 1 ms apart."""

    async def main(a: Actor) -> None:
        for number in range(3):
            await a.sleep(100 * MS)
            a.spawn(ask(a, number), a.cause)

    async def ask(a: Actor, number: int) -> None:
        op = a.invoke("work", "", None, a.new_process())
        try:
            await a.call("s", Ask(str(number)), 50)
            a.complete(op, "ok", None, "", 1)
        except Failure as failure:
            a.complete(op, "fail", None, failure.reason, 1)

    async def answer(s: Actor, body: Ask, message: Message) -> Answer:
        s.note(f"asked {body.text}")
        s.disk.write("k", int(body.text))
        await s.disk.fsync(distribution(5))
        await s.sleep(5 * MS)
        return Answer(body.text)

    nodes = [actor("a", main), actor("s", answer=answer), actor("b")]
    return run(world(nodes, [link("a", "s"), link("b", "s")], faults=faults))


def waits(node: str, event: str, nth: int = 1) -> Entry:
    when = {"node": node, "event": event, "nth": nth, "after_ms": 0}
    return {"kind": "crash", "target": "b", "when": when, "lasts_ms": None}


@pytest.mark.parametrize(
    ("node", "event", "nth", "starts"),
    [
        ("a", "sent ask", 2, 200),
        ("s", "received ask", 2, 201),
        ("s", "sent answer", 1, 111),
        ("a", "received answer", 3, 312),
        ("s", "note asked", 2, 201),
        ("s", "note asked 2", 1, 301),
        ("s", "written", 1, 101),
        ("s", "fsync", 2, 206),
        ("a", "operation ok", 3, 312),
        ("s", "boot", 1, 0),
    ],
)
def test_a_fault_starts_by_what_a_node_does(node: str, event: str, nth: int, starts: float) -> None:
    story = busy(waits(node, event, nth))
    assert story.rows("faults") == [(starts * MS, 0, "start")]
    assert story.outcome.reason == ""


def test_a_crash_a_boot_and_a_failed_operation_are_events_and_a_stop_is_no_crash() -> None:
    down = [broken("stop", "s", 50, 60), broken("crash", "s", 150, 170)]
    starts = {
        event: busy(waits(node, event, nth), *down).rows("faults")
        for node, event, nth in (("s", "crash", 1), ("s", "boot", 3), ("a", "operation fail", 1), ("s", "crash", 2))
    }
    begun = {event: [time / MS for time, fault, phase in rows if fault == 0] for event, rows in starts.items()}
    assert begun["boot"] == [170]
    assert begun["operation fail"] == []
    assert begun["crash"] == []  # the second of them
    assert [row[0] / MS for row in busy(waits("s", "crash"), *down).rows("faults") if row[1] == 0] == [150]
    silent = broken("crash", "s", 205, 900)
    assert [row[0] / MS for row in busy(waits("a", "operation fail"), silent).rows("faults") if row[1] == 0] == [250]


@pytest.mark.parametrize("event", ["sent tell", "received tell", "note never", "crash", "operation info", "x = 1"])
def test_events_that_never_come_change_nothing_and_are_said(event: str) -> None:
    waiting = busy(waits("a", event, 2))
    assert [chunk.data for chunk in waiting.chunks] == [chunk.data for chunk in busy().chunks]
    said = "did not come to x = 1 2 times." if event == "x = 1" else f'had no "{event}" 2 times.'
    assert waiting.outcome.reason == f"A fault never began (crash): a {said}"


def test_a_start_that_lies_beyond_the_end_is_said() -> None:
    late = waits("a", "sent ask")
    late["when"]["after_ms"] = 950
    assert busy(late).outcome.reason == (
        "A fault never began (crash): its event came, but 1050 ms is not before the end of the run."
    )
