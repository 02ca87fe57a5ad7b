"""The kernel: time moves only forward, and what happens at one moment has one order."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worlds import MS, Actor, Tell, actor, crash, interpreted, link, run, world

kernel = interpreted("engine/kernel")
KERNELS = [kernel.Kernel, kernel.NativeKernel]
both = pytest.mark.parametrize("make", KERNELS)
ENDLESS = 1 << 60


class Mark(kernel.Event):  # type: ignore[misc, name-defined]
    """Writes its name and the time into a list; may schedule more."""

    def __init__(self, clock: Any, seen: list[tuple[int, str]], name: str, then: dict[str, int] | None = None) -> None:
        self.clock = clock
        self.seen = seen
        self.name = name
        self.then = then or {}

    def fire(self) -> None:
        self.seen.append((self.clock.now, self.name))
        for name, delay_ns in self.then.items():
            self.clock.after(delay_ns, Mark(self.clock, self.seen, name))


@both
def test_events_run_by_time_then_in_the_order_they_were_scheduled(make: Any) -> None:
    clock, seen = make(), []
    for name, at in (("c", 20), ("a", 10), ("b", 10), ("d", 0)):
        clock.after(at, Mark(clock, seen, name))
    clock.run(ENDLESS, 100)
    assert seen == [(0, "d"), (10, "a"), (10, "b"), (20, "c")]


@both
def test_what_an_event_schedules_for_now_comes_after_what_waits_for_now(make: Any) -> None:
    clock, seen = make(), []
    clock.after(10, Mark(clock, seen, "first", then={"afterwards": 0}))
    clock.after(10, Mark(clock, seen, "second"))
    clock.run(ENDLESS, 100)
    assert [name for _, name in seen] == ["first", "second", "afterwards"]


@both
def test_a_fault_comes_before_all_else_at_its_moment_however_late_it_was_scheduled(make: Any) -> None:
    clock, seen = make(), []
    clock.after(10, Mark(clock, seen, "message"))
    clock.at_fault(10, Mark(clock, seen, "fault"))
    clock.at_fault(10, Mark(clock, seen, "later fault"))
    clock.run(ENDLESS, 100)
    assert [name for _, name in seen] == ["fault", "later fault", "message"]


@both
def test_faults_are_numbered_apart_so_that_one_more_leaves_the_order_of_all_else_alone(make: Any) -> None:
    def order(faults: int) -> list[tuple[int, str]]:
        clock, seen = make(), []
        for name, at in (("c", 30), ("a", 10), ("b", 15)):
            clock.after(at, Mark(clock, seen, name))
        for _ in range(faults):
            clock.at_fault(15, Mark(clock, seen, "fault"))
        clock.run(ENDLESS, 100)
        return [entry for entry in seen if entry[1] != "fault"]

    assert order(0) == order(1) == order(5)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans()), max_size=60))
def test_both_queues_have_one_order(plan: list[tuple[int, int, bool]]) -> None:
    def order(make: Any) -> list[tuple[int, str]]:
        clock, seen = make(), []
        for number, (at, more, fault) in enumerate(plan):
            mark = Mark(clock, seen, str(number), then={f"{number}.{i}": i for i in range(more)})
            if fault:
                clock.at_fault(at, mark)
            else:
                clock.after(at, mark)
        clock.run(5, 1000)
        waiting = sorted(mark.name for mark in clock.waiting())
        clock.run(ENDLESS, 10_000)
        return [*seen, (len(waiting), ",".join(waiting))]

    assert order(kernel.Kernel) == order(kernel.NativeKernel)


@both
def test_run_stops_before_its_end_and_after_so_many_events(make: Any) -> None:
    clock, seen = make(), []
    for at in (10, 20, 30, 40):
        clock.after(at, Mark(clock, seen, str(at)))
    assert clock.run(30, 100) == 2
    assert clock.run(ENDLESS, 1) == 1
    assert [time for time, _ in seen] == [10, 20, 30]
    assert clock.now == 30
    assert clock.events == 3


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 5), max_size=40), st.integers(0, 1000))
def test_the_order_is_total_and_independent_of_how_the_run_is_sliced(times: list[int], seed: int) -> None:
    def order(slices: list[int]) -> list[tuple[int, str]]:
        clock, seen = kernel.Kernel(), []
        for number, at in enumerate(times):
            clock.after(at, Mark(clock, seen, str(number), then={f"{number}'": at % 3}))
        for count in slices:
            clock.run(ENDLESS, count)
        clock.run(ENDLESS, 1000)
        return seen

    chance = random.Random(seed)
    whole = order([])
    assert [time for time, _ in whole] == sorted(time for time, _ in whole)
    assert order([chance.randrange(10) for _ in range(5)]) == whole


def test_in_a_run_a_crash_precedes_the_message_of_its_moment_and_a_restart_does_too() -> None:
    async def main(a: Actor) -> None:
        for _ in range(3):
            a.send("b", Tell(f"at {a.now_ns // MS}"))
            await a.sleep(10 * MS)

    def heard(*faults: Any) -> list[str]:
        nodes = [actor("a", main), actor("b")]
        return [text for _, text in run(world(nodes, [link("a", "b", 5)], faults=faults)).notes("b")]

    assert heard() == ["heard at 0", "heard at 10", "heard at 20"]
    assert heard(crash("b", 15)) == ["heard at 0"]
    assert heard(crash("b", 10, 15)) == ["heard at 0", "heard at 10", "heard at 20"]
    assert heard(crash("b", 10, 15.000001)) == ["heard at 0", "heard at 20"]
