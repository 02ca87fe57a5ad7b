"""Disks that are slow, full, torn or lying, and fsyncs that queue or share a flush."""

from __future__ import annotations

import pytest

from simulations.engine.disk import EACH, GROUP, QUEUE
from simulations.engine.distributions import distribution
from simulations.engine.tasks import Failure
from tests.hosts import broken
from tests.worlds import MS, Actor, Entry, Run, actor, crash, run, world


def synced_at(how: str, *faults: Entry, at_ms: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[list[float], int]:
    """When each write, made at these times, is durable, with fsyncs of 10 ms; and how many flushes it took."""
    flushes: list[int] = []

    async def write(a: Actor, at: int) -> None:
        await a.sleep(at * MS)
        a.disk.write(f"k{at}", at)
        await a.disk.fsync(distribution(10), how)
        assert f"k{at}" in a.disk.durable
        a.note(f"{at}")
        flushes.append(a.disk.syncs)

    async def main(a: Actor) -> None:
        for at in at_ms:
            a.spawn(write(a, at), a.cause)

    notes = run(world([actor("a", main)], faults=faults)).notes()
    return [time for time, _ in notes], flushes[-1]


def test_each_fsync_by_itself() -> None:
    assert synced_at(EACH) == ([10, 11, 12, 13], 4)


def test_fsyncs_in_a_queue_wait_for_each_other() -> None:
    assert synced_at(QUEUE) == ([10, 20, 30, 40], 4)


def test_fsyncs_in_a_group_share_the_next_flush() -> None:
    assert synced_at(GROUP) == ([10, 20, 20, 20], 2)


def test_a_slow_disk_takes_its_factor_longer_and_a_slow_host_slows_its_disk() -> None:
    assert synced_at(EACH, broken("disk", "a", 0.5, mode="slow", factor=4, checksums=True))[0] == [10, 41, 42, 43]
    both = [broken("disk", "a", 0.5, mode="slow", factor=4, checksums=True), broken("slow", "a", 0.5, factor=2)]
    assert synced_at(EACH, *both)[0] == [10, 81, 82, 83]


def test_a_full_disk_refuses_writes_until_there_is_room() -> None:
    async def main(a: Actor) -> None:
        for _ in range(3):
            try:
                a.disk.write("k", 1)
                a.note("written")
            except Failure as failure:
                a.note(f"{failure.reason}, uncertain: {failure.uncertain}")
            await a.sleep(50 * MS)

    fault = broken("disk", "a", 40, 90, mode="full", factor=10, checksums=True)
    story = run(world([actor("a", main)], faults=[fault]))
    assert story.notes() == [(0, "written"), (50, "disk full, uncertain: False"), (100, "written")]


def after_crash(*faults: Entry, seed: int) -> Run:
    """Ten keys written and synced as 1, then written again as 2; a crash, and what the next incarnation finds."""

    async def main(a: Actor) -> None:
        if a.now_ns:
            found = a.disk.read()
            a.note("".join(str(found.get(f"k{i}", "-")) for i in range(10)))
            return
        for value in (1, 2):
            for i in range(10):
                a.disk.write(f"k{i}", value)
            if value == 1:
                await a.disk.fsync(distribution(10))

    return run(world([actor("a", main)], faults=[*faults, crash("a", 100, 200)], seed=seed))


def found(story: Run) -> str:
    return [text for _, text in story.notes("a") if " " not in text][-1]


@pytest.mark.parametrize("seed", range(8))
def test_a_torn_write_is_dropped_by_its_checksum_or_lost_with_what_it_overwrote(seed: int) -> None:
    plain = found(after_crash(seed=seed))
    kept = plain.count("2")
    assert plain == "2" * kept + "1" * (10 - kept)
    guarded = after_crash(broken("disk", "a", 0, mode="torn", factor=10, checksums=True), seed=seed)
    assert found(guarded) == plain
    told = [text for _, text in guarded.notes("a") if "torn" in text]
    assert told == ([f"the torn write of k{kept} was found by its checksum and dropped"] if kept < 10 else [])
    bare = found(after_crash(broken("disk", "a", 0, mode="torn", factor=10, checksums=False), seed=seed))
    assert bare == ("2" * kept + "-" + "1" * (9 - kept) if kept < 10 else plain)


def test_a_lying_disk_loses_what_it_said_was_synced() -> None:
    def survivors(*faults: Entry, seed: int) -> str:
        return found(after_crash(*faults, seed=seed))

    assert all("-" not in survivors(seed=seed) for seed in range(10))
    lie = broken("disk", "a", 0, mode="lying", factor=10, checksums=True)
    assert any("-" in survivors(lie, seed=seed) for seed in range(10))
    over = broken("disk", "a", 0, 5, mode="lying", factor=10, checksums=True)  # the fsync ends when it is over
    assert all("-" not in survivors(over, seed=seed) for seed in range(10))
