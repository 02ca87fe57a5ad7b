"""The router: what a change costs until its table has followed, seen from those who use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulations.catalogue import params_model
from tests.engine.fabric import router, switch
from tests.worlds import MS, Entry, Run, client, crash, cut, link, run, service, world


def two_ways(box: Callable[..., Entry], *faults: Entry, **params: float) -> Run:
    """A client and a service behind a box each; the boxes are joined by a cable and, the long way, by a third."""
    nodes = [client("c", rate_per_s=100, timeout_ms=60), service("s", concurrency=50, service_time=1)]
    nodes += [box(id, **params) for id in ("p", "q", "r")]
    links = [link("c", "p"), link("p", "q"), link("q", "s"), link("p", "r", 4), link("r", "q", 4)]
    return run(world(nodes, links, faults=faults, duration_ms=1500, settle_ms=100))


def failing_ms(story: Run) -> float:
    """From the first to the last start of an operation that failed; 0 for none."""
    failed = [op.start_ns / MS for op in story.operations() if op.type != "ok"]
    return failed[-1] - failed[0] if failed else 0


@pytest.mark.parametrize("convergence_ms", [100, 400])
def test_an_outage_lasts_as_long_as_convergence(convergence_ms: float) -> None:
    story = two_ways(router, cut("p-q", 500), convergence_ms=convergence_ms)
    assert convergence_ms - 40 < failing_ms(story) < convergence_ms + 20


def test_with_switches_it_does_not_last() -> None:
    assert failing_ms(two_ways(switch, cut("p-q", 500))) < 10
    assert failing_ms(two_ways(router, cut("p-q", 500), convergence_ms=0)) < 10


def test_a_heal_costs_nothing_because_the_long_way_still_stands() -> None:
    story = two_ways(router, cut("p-q", 0, 700), convergence_ms=200)
    assert all(op.type == "ok" for op in story.operations() if op.start_ns > 210 * MS)
    takes = {ms: [op.takes_ms for op in story.operations() if abs(op.start_ns / MS - ms) < 40] for ms in (800, 1000)}
    assert min(takes[800]) - max(takes[1000]) > 10  # the table follows at 900 ms


def test_a_crash_is_gone_round_after_convergence_and_a_boot_is_idle_until_then() -> None:
    nodes = [client("c", rate_per_s=100, timeout_ms=60), service("s", concurrency=50, service_time=1)]
    nodes += [router(id, convergence_ms=200) for id in ("p", "q", "r", "z")]
    links = [link("c", "p"), link("p", "q"), link("q", "z"), link("p", "r", 4), link("r", "z", 4), link("z", "s")]
    story = run(world(nodes, links, faults=[crash("q", 300, 800)], duration_ms=1500, settle_ms=100))
    failed = [op.start_ns / MS for op in story.operations() if op.type != "ok"]
    assert min(failed) > 290
    assert max(failed) < 500
    through_q = [time / MS for _, time, number, _ in story.rows("hops") if story.nodes[number] == "q"]
    assert not [time for time in through_q if 300 < time < 1000]
    assert [time for time in through_q if time > 1000]


def test_its_table_takes_a_fifth_of_a_second_unless_it_is_told_otherwise() -> None:
    complete = params_model("router").model_validate({}).model_dump()
    assert complete["convergence_ms"] == 200
    assert complete["forwarding_time"] == {"kind": "constant", "value_ms": 0.05}
