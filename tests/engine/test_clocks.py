"""Clocks: a wall clock that is off or drifts, a monotonic one that never goes back, and what a store makes of it.

That skew loses writes where the last writer wins is the known price of such stores (Kleppmann, "Designing
Data-Intensive Applications", 2017, chapter 8: "Timestamps for ordering events").
"""

from __future__ import annotations

from simulations.engine.messages import Read, Write
from tests.hosts import broken
from tests.worlds import MS, Actor, Entry, Run, actor, link, mesh, register, run, world


def shown(*faults: Entry, at_ms: tuple[int, ...]) -> list[tuple[float, float, float]]:
    """(true, wall, monotonic) time in ms at each of these moments, of a host that is polled from outside."""
    found = []

    async def main(poller: Actor) -> None:
        for ms in at_ms:
            await poller.sleep(ms * MS - poller.now_ns)
            seen = poller.network.hosts["a"].process
            assert seen is not None
            found.append((poller.now_ns / MS, seen.wall_ns / MS, seen.now_ns / MS))

    run(world([actor("a"), actor("poller", main)], faults=faults))
    return found


def test_without_a_fault_all_clocks_agree() -> None:
    assert shown(at_ms=(0, 100, 900)) == [(0, 0, 0), (100, 100, 100), (900, 900, 900)]


def test_an_offset_moves_the_wall_clock_alone_and_is_taken_back() -> None:
    fault = broken("clock", "a", 100, 200, offset_ms=-30, drift_ppm=0, timers=True)
    assert shown(fault, at_ms=(99, 100, 150, 200)) == [(99, 99, 99), (100, 70, 100), (150, 120, 150), (200, 200, 200)]


def test_a_drift_grows_and_the_monotonic_clock_keeps_what_it_gained() -> None:
    fault = broken("clock", "a", 100, 500, offset_ms=0, drift_ppm=100_000, timers=True)
    assert shown(fault, at_ms=(100, 300, 500, 600)) == [
        (100, 100, 100),
        (300, 320, 320),
        (500, 500, 540),
        (600, 600, 640),
    ]


def test_skews_that_overlap_add_up() -> None:
    faults = [
        broken("clock", "a", 100, 400, offset_ms=50, drift_ppm=0, timers=True),
        broken("clock", "a", 200, 300, offset_ms=7, drift_ppm=-100_000, timers=True),
    ]
    found = shown(*faults, at_ms=(150, 250, 350, 450))
    assert [(true, wall) for true, wall, _ in found] == [(150, 200), (250, 302), (350, 400), (450, 450)]
    assert [monotonic for _, _, monotonic in found] == [150, 245, 340, 440]


def fired(timers: bool, ppm: int) -> list[float]:
    """When a timer of 100 ms, set every time at once anew, fires."""

    async def main(a: Actor) -> None:
        await a.sleep(MS)
        for _ in range(3):
            await a.sleep(100 * MS)
            a.note("fires")

    fault = broken("clock", "a", 0.5, offset_ms=0, drift_ppm=ppm, timers=timers)
    return [round(time, 1) for time, text in run(world([actor("a", main)], faults=[fault])).notes() if text == "fires"]


def test_timers_follow_the_drift_where_they_are_said_to() -> None:
    assert fired(timers=False, ppm=100_000) == [101, 201, 301]
    assert fired(timers=True, ppm=100_000) == [91.9, 182.8, 273.7]
    assert fired(timers=True, ppm=-50_000) == [106.3, 211.5, 316.8]


def two_writes(offset_ms: float, gap_ms: float, settle_ms: float = 1000) -> tuple[Run, int | None]:
    """Writes 1 at r0, whose clock is ahead, and when that is acknowledged and `gap_ms` have passed, 2 at r1. What a
    read gives at the end.
    """
    read: list[int | None] = []

    async def main(c: Actor) -> None:
        await c.sleep(50 * MS)
        await c.call("r0", Write("k", 1), 100)
        await c.sleep(int(gap_ms * MS))
        await c.call("r1", Write("k", 2), 100)
        await c.sleep(int(settle_ms * MS))
        value = await c.call("r1", Read("k"), 100)
        read.append(value.value)

    nodes = [actor("c", main), *(register(f"r{i}", mode="ap", anti_entropy_ms=100) for i in range(2))]
    faults = [broken("clock", "r0", 0, offset_ms=offset_ms, drift_ppm=0, timers=True)] if offset_ms else []
    document = world(nodes, [link("c", "r0"), link("c", "r1")], [mesh(["r0", "r1"])], faults, 3000)
    return run(document), read[0] if read else None


def test_however_many_drifts_add_up_a_monotonic_clock_goes_on() -> None:
    faults = [broken("clock", "a", 100, 400, offset_ms=0, drift_ppm=-100_000, timers=True) for _ in range(30)]
    assert [local for _, _, local in shown(*faults, at_ms=(100, 200, 400, 500))] == [100, 110, 130, 230]


def test_skew_beyond_the_replication_delay_loses_a_causally_later_write() -> None:
    assert two_writes(offset_ms=500, gap_ms=5)[1] == 1


def test_without_skew_the_later_write_stays() -> None:
    assert two_writes(offset_ms=0, gap_ms=5)[1] == 2


def test_skew_loses_nothing_once_the_first_write_has_been_replicated() -> None:
    assert two_writes(offset_ms=500, gap_ms=600)[1] == 2


def test_skew_smaller_than_the_time_between_the_writes_loses_nothing() -> None:
    assert two_writes(offset_ms=4, gap_ms=5)[1] == 2
