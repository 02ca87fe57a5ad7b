"""Shared machines: what befalls the machine befalls all its processes, and what befalls a process it alone."""

from __future__ import annotations

import pytest

from simulations.engine.tasks import Refused, TimedOut
from tests.hosts import broken
from tests.machines import machine, on, worker
from tests.worlds import (
    MS,
    Actor,
    Ask,
    Entry,
    Run,
    actor,
    balancer,
    client,
    crash,
    database,
    exponential,
    link,
    run,
    service,
    world,
)


def two(*faults: Entry) -> Run:
    """a and b on the machine m, c on one of its own."""
    nodes = [*on("m", actor("a"), actor("b")), actor("c")]
    return run(world(nodes, faults=faults))


def up(story: Run, node: str) -> list[tuple[float, bool]]:
    return story.states(node, "up")


@pytest.mark.parametrize("target", ["a", "b", "m"])
def test_a_crash_takes_the_machine_and_the_restart_boots_all_of_it(target: str) -> None:
    story = two(crash(target, 100, 300))
    for node in "ab":
        assert up(story, node) == [(0, True), (100, False), (300, True)]
    assert up(story, "c") == [(0, True)]


def test_a_machine_stays_down_until_the_last_crash_is_over() -> None:
    story = two(crash("a", 100, 300), crash("b", 200, 400), crash("m", 250, 350))
    assert [up(story, node)[1:] for node in "ab"] == [[(100, False), (400, True)]] * 2


@pytest.mark.parametrize(("target", "down"), [("a", ["a"]), ("m", ["a", "b"])])
def test_a_stop_takes_one_process_unless_the_machine_is_named(target: str, down: list[str]) -> None:
    story = two(broken("stop", target, 100))
    assert [node for node in "abc" if up(story, node)[-1] == (100, False)] == down


def test_a_process_stopped_on_a_live_machine_refuses_and_a_crashed_machine_is_silent() -> None:
    def end(fault: Entry) -> str:
        ends: list[str] = []

        async def main(c: Actor) -> None:
            await c.sleep(200 * MS)
            try:
                await c.call("b", Ask(), 50)
            except (Refused, TimedOut) as failure:
                ends.append(failure.reason)

        nodes = [*on("m", actor("a"), actor("b")), actor("c", main)]
        run(world(nodes, [link("c", "b")], faults=[fault]))
        return ends[0]

    assert [end(broken("stop", "b", 100)), end(crash("a", 100))] == ["refused", "timed out"]


@pytest.mark.parametrize(
    ("kind", "what", "word"),
    [
        ("slow", {"factor": 3}, "3 times slower"),
        ("clock", {"offset_ms": 5, "drift_ppm": 0, "timers": True}, "clock +5 ms"),
        ("disk", {"mode": "full", "factor": 1, "checksums": True}, "disk full"),
    ],
)
def test_pace_clock_and_disk_are_the_machines(kind: str, what: Entry, word: str) -> None:
    story = two(broken(kind, "b", 100, 300, **what))
    for node in "ab":
        assert story.states(node, "condition") == [(100, word), (300, None)]
    assert story.states("c", "condition") == []


def test_a_pause_holds_one_process_still() -> None:
    story = two(broken("pause", "b", 100, 300))
    assert story.states("a", "condition") == []
    assert story.states("b", "condition") == [(100, "paused"), (300, None)]


def test_clocks_of_one_machine_agree() -> None:
    shown: list[tuple[str, int, int]] = []

    async def main(node: Actor) -> None:
        await node.sleep(400 * MS)
        shown.append((node.id, node.kernel.now, node.wall_ns))

    nodes = [*on("m", actor("a", main), actor("b", main)), actor("c", main)]
    skew = broken("clock", "a", 100, None, offset_ms=50, drift_ppm=10_000, timers=True)
    run(world(nodes, faults=[skew]))
    times = {id: (now, wall) for id, now, wall in shown}
    assert times["a"] == times["b"] != times["c"]


def test_chaos_strikes_the_machine_or_the_process() -> None:
    chaos = {"rate_per_min": 600, "mttr_ms": 50}
    story = two(broken("chaos", "b", 0, None, does="crash", **chaos))
    assert up(story, "a") == up(story, "b")
    assert len(up(story, "a")) > 5
    assert up(story, "c") == [(0, True)]
    alone = two(broken("chaos", "b", 0, None, does="stop", **chaos))
    assert up(alone, "a") == [(0, True)]
    assert len(up(alone, "b")) > 5


def test_chaos_strikes_a_process_as_it_would_on_a_machine_of_its_own() -> None:
    chaos = broken("chaos", "b", 0, None, does="stop", rate_per_min=600, mttr_ms=50)
    alone = run(world([actor("a"), actor("b")], faults=[chaos]))
    assert up(two(chaos), "b") == up(alone, "b")


def test_work_is_lost_with_the_machine_and_begun_anew() -> None:
    story = run(machine([worker("a", ("x", 0, 10)), worker("b", ("y", 0, 10))], faults=[crash("b", 15, 100)]))
    assert story.notes() == [(120, "x"), (120, "y")]


def three_tier(host: str | None, *faults: Entry) -> Run:
    nodes = [
        client("c", arrivals="closed", users=6, think_time=exponential(5), requests="read-write"),
        *on("m", balancer("lb", timeout_ms=200), service("s", service_time=exponential(4))),
        database("db", service_time=exponential(3)),
    ]
    nodes = [node | {"host": host if node.get("host") else None} for node in nodes]
    links = [link("c", "lb"), link("lb", "s", 0), link("s", "db", exponential(1))]
    return run(world(nodes, links, faults=faults) | {"hosts": [{"id": "m", "cores": 1}]})


def test_a_fault_on_a_shared_machine_leaves_all_before_it_as_it_was() -> None:
    plain = three_tier("m")
    struck = three_tier("m", broken("slow", "s", 500, 600, factor=4), broken("pause", "lb", 550, 560))
    before = [chunk.data for chunk in plain.chunks if chunk.end_ns <= 500 * MS]
    assert len(before) > 2
    assert [chunk.data for chunk in struck.chunks[: len(before)]] == before
    assert plain.outcome.digest != struck.outcome.digest


def test_sharing_makes_slower_and_a_machine_for_each_does_not() -> None:
    shared, alone = three_tier("m"), three_tier(None)
    assert len(shared.operations()) < 0.9 * len(alone.operations())
    assert alone.outcome.digest == three_tier(None).outcome.digest
