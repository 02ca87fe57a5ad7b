"""Processor sharing: small cases worked out by hand, and the mean that theory gives."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.random_worlds import FEW
from tests.hosts import broken
from tests.machines import ends, machine, on, worker
from tests.worlds import MS, actor, client, crash, exponential, link, run, service, world


def test_work_of_two_processes_shares_a_core_and_work_alone_does_not() -> None:
    both = [worker("a", ("x", 0, 10)), worker("b", ("y", 0, 10))]
    assert ends(run(machine(both))) == {"x": 20, "y": 20}
    assert ends(run(world(both))) == {"x": 10, "y": 10}


def test_who_comes_later_gets_half_and_then_all_of_the_core() -> None:
    """x runs 5 ms alone; both halve the core until x has its other 5 at 15; y has 5 left then."""
    assert ends(run(machine([worker("a", ("x", 0, 10)), worker("b", ("y", 5, 10))]))) == {"x": 15, "y": 20}


def test_no_work_gets_more_than_one_core() -> None:
    three = [("x", 0, 10), ("y", 0, 10), ("z", 0, 4)]
    assert ends(run(machine([worker("a", *three)], cores=4))) == {"x": 10, "y": 10, "z": 4}
    # Two cores for three: 2/3 of one each, until z has its 4 at 6; the others have 6 left, and a core each.
    assert ends(run(machine([worker("a", *three)], cores=2))) == {"z": 6, "x": 12, "y": 12}


def test_work_without_length_ends_at_once_in_its_turn() -> None:
    assert ends(run(machine([worker("a", ("x", 0, 0), ("y", 0, 3))]))) == {"x": 0, "y": 3}


def test_a_paused_process_is_off_the_cpu_and_goes_on_with_what_is_left() -> None:
    """Until 4 each has done 2; y runs alone until the pause ends at 9 and has 3 left, x 8: y ends at 15, x at 20."""
    nodes = [worker("a", ("x", 0, 10)), worker("b", ("y", 0, 10))]
    for kind in ("pause", "hang"):
        assert ends(run(machine(nodes, faults=[broken(kind, "a", 4, 9)]))) == {"y": 15, "x": 20}


def test_a_stopped_process_leaves_the_cpu_to_the_others() -> None:
    nodes = [worker("a", ("x", 0, 10)), worker("b", ("y", 0, 10))]
    assert ends(run(machine(nodes, faults=[broken("stop", "a", 4)]))) == {"y": 12}


def test_work_that_begins_on_a_slow_machine_is_more_work() -> None:
    nodes = [worker("a", ("x", 0, 10), ("later", 30, 10)), worker("b", ("y", 5, 10))]
    found = ends(run(machine(nodes, faults=[broken("slow", "b", 1, 20, factor=3)])))
    # x keeps its 10, y has 30: x ends at 15; y has 25 left then, 10 of them when `later` joins at 30.
    assert found == {"x": 15, "later": 50, "y": 50}


def test_work_that_is_given_up_leaves_the_cpu_to_the_others() -> None:
    """Two requests share the core; one is cancelled at 10 ms, and the other has 15 of its 20 left."""

    def slowest(cancels: bool) -> float:
        once = {"pattern": "recorded", "times": [0]}
        hasty = client("hasty", timeout_ms=10, propagate_cancellation=cancels, **once)
        calm = client("calm", **once)
        links = [link("hasty", "s", 0), link("calm", "s", 0)]
        nodes = [hasty, calm, *on("m", service("s", service_time=20, concurrency=2))]
        return max(op.takes_ms for op in run(world(nodes, links)).operations("calm"))

    assert (slowest(False), slowest(True)) == (40, 25)


def test_the_field_says_how_much_work_is_on_the_cpu() -> None:
    nodes = [worker("a", ("x", 0, 10), ("z", 0, 10)), worker("b", ("y", 5, 10))]
    story = run(machine(nodes, faults=[broken("pause", "a", 10, 12), crash("a", 14)]))
    began, taken_off, went_on = [(0, 0), (0, 1), (0, 2)], [(10, 1), (10, 0)], [(12, 1), (12, 2)]
    assert story.states("a", "running") == [*began, *taken_off, *went_on, (14, 1), (14, 0), (14, None)]
    assert "running" not in run(world([actor("a")])).decoded[0]["strings"]


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 9_000)), min_size=1, max_size=12), st.integers(1, 4))
@FEW
def test_a_cpu_agrees_with_small_steps(pieces: list[tuple[int, int]], cores: int) -> None:
    """Against sharing in exact fractions; rounding is by less than a nanosecond an event."""
    todo = sorted((at, number, Fraction(takes)) for number, (at, takes) in enumerate(pieces))
    now, active, exact = Fraction(0), dict[int, Fraction](), dict[int, Fraction]()
    while todo or active:
        rate = min(Fraction(1), Fraction(cores, max(1, len(active))))
        first = min(active, key=lambda one: active[one]) if active else -1
        ends_at = now + active[first] / rate if active else None
        comes_at = Fraction(todo[0][0]) if todo else None
        to = min(time for time in (ends_at, comes_at) if time is not None)
        active = {one: left - (to - now) * rate for one, left in active.items()}
        now = to
        if comes_at == to and (ends_at is None or ends_at > to):
            _, number, takes = todo.pop(0)
            active[number] = takes
        else:
            exact[first] = now
            del active[first]
    listed = [(f"p{number}", at / MS, takes / MS) for number, (at, takes) in enumerate(pieces)]
    found = ends(run(machine([worker("a", *listed)], cores, duration_ms=1)))
    for number, time in exact.items():
        assert found[f"p{number}"] * MS == pytest.approx(float(time), abs=len(pieces) + 1)


def test_the_mean_response_of_an_m_m_1_queue_with_processor_sharing() -> None:
    """1 ÷ (μ − λ): 10 ms for 100 and 200 a second (Kleinrock 1976, volume 2, section 4.4)."""
    nodes = [
        client("c", rate_per_s=100, timeout_ms=60_000),
        *on("m", service("s", service_time=exponential(5), concurrency=10_000)),
    ]
    story = run(world(nodes, [link("c", "s", 0)], duration_ms=200_000, settle_ms=2_000))
    times = [op.takes_ms for op in story.operations()]
    assert len(times) > 19_000
    assert sum(times) / len(times) == pytest.approx(10, rel=0.05)
