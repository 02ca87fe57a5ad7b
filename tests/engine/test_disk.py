"""Disks: `write` is not `fsync`. A crash keeps a seeded prefix of what was not synced; what was synced stays.

The model is that of Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014, section 2, without reordering.
"""

from __future__ import annotations

from collections import Counter

from simulations.engine.distributions import Distribution, distribution
from tests.worlds import MS, Actor, Run, actor, crash, run, world

AT_ONCE = distribution(0)
SLOW = distribution(50)


def after_crash(writes: int, synced: int, seed: int = 1, fsync: Distribution = AT_ONCE) -> list[int]:
    """Writes 1…n, an fsync after the first `synced`, a crash at 100 ms: the values that the next incarnation finds."""

    async def main(a: Actor) -> None:
        if a.now_ns:
            a.note(",".join(str(value) for value in a.disk.read().values()))
            return
        for value in range(1, writes + 1):
            a.disk.write(f"k{value}", value)
            if value == synced:
                await a.disk.fsync(fsync)

    story = run(world([actor("a", main)], faults=[crash("a", 100, 200)], seed=seed))
    ((_, found),) = story.notes("a")
    return [int(value) for value in found.split(",") if value]


def test_what_was_synced_survives_and_of_the_rest_a_prefix() -> None:
    found = [after_crash(writes=10, synced=4, seed=seed) for seed in range(40)]
    for values in found:
        assert values == list(range(1, len(values) + 1))
        assert len(values) >= 4
    # Sometimes nothing more, sometimes all of it, sometimes some.
    assert {4, 10} < {len(values) for values in found}


def test_without_fsync_nothing_is_certain() -> None:
    lengths = Counter(len(after_crash(writes=3, synced=0, seed=seed)) for seed in range(80))
    assert set(lengths) == {0, 1, 2, 3}
    assert min(lengths.values()) > 8


def test_the_prefix_belongs_to_the_seed() -> None:
    assert after_crash(9, 0, seed=3) == after_crash(9, 0, seed=3)


def test_an_fsync_that_was_not_over_at_the_crash_promised_nothing() -> None:
    assert any(len(after_crash(5, 5, seed=seed, fsync=distribution(150))) < 5 for seed in range(10))
    assert all(len(after_crash(5, 5, seed=seed, fsync=distribution(50))) == 5 for seed in range(10))


def test_an_fsync_covers_what_was_written_before_it_not_during_it() -> None:
    async def main(a: Actor) -> None:
        if a.now_ns:
            a.note(f"found {sorted(a.disk.read())}")
            return
        a.disk.write("before", 1)
        sync = a.disk.fsync(SLOW)
        a.disk.write("during", 2)
        await sync
        a.note(f"durable {sorted(a.disk.durable)}")

    found = set()
    for seed in range(10):
        notes = [text for _, text in run(world([actor("a", main)], faults=[crash("a", 60, 70)], seed=seed)).notes("a")]
        assert notes[0] == "durable ['before']"
        found.add(notes[1])
    assert found == {"found ['before']", "found ['before', 'during']"}


def test_an_fsync_takes_its_time_and_two_at_once_may_end_in_either_order() -> None:
    async def sync(a: Actor, key: str, takes_ms: int) -> None:
        a.disk.write(key, 1)
        await a.disk.fsync(distribution(takes_ms))
        a.note(f"{key}: {sorted(a.disk.durable)}")

    async def main(a: Actor) -> None:
        a.spawn(sync(a, "x", 50), a.cause)
        a.spawn(sync(a, "y", 20), a.cause)

    # The later, shorter fsync makes the earlier write durable too.
    assert run(world([actor("a", main)])).notes() == [(20, "y: ['x', 'y']"), (50, "x: ['x', 'y']")]


def test_the_last_write_of_a_key_counts() -> None:
    async def main(a: Actor) -> None:
        if a.now_ns:
            a.note(str(a.disk.read()))
            return
        for value in (1, 2, 3):
            a.disk.write("k", value)
        await a.disk.fsync(AT_ONCE)

    assert run(world([actor("a", main)], faults=[crash("a", 10, 20)])).notes() == [(20, "{'k': 3}")]


def test_a_disk_survives_crash_after_crash() -> None:
    async def main(a: Actor) -> None:
        a.note(f"found {len(a.disk.read())}")
        a.disk.write(f"boot {a.now_ns // MS}", 1)
        await a.disk.fsync(SLOW)

    faults = [crash("a", at, at + 10) for at in (100, 200, 300)]
    story: Run = run(world([actor("a", main)], faults=faults))
    assert [text for _, text in story.notes()] == ["found 0", "found 1", "found 2", "found 3"]


def test_what_is_read_is_a_copy() -> None:
    async def main(a: Actor) -> None:
        a.disk.read()["smuggled"] = 1
        a.note(str(a.disk.read()))

    assert run(world([actor("a", main)])).notes() == [(0, "{}")]


def pair_after_crash(together: bool, seed: int) -> str:
    """Two values written before a crash, as one record or one after the other: what the next incarnation finds."""

    async def main(a: Actor) -> None:
        if a.now_ns:
            a.note(",".join(sorted(a.disk.read())))
        elif together:
            a.disk.write_together({"x": 1, "y": 1})
        else:
            a.disk.write("x", 1)
            a.disk.write("y", 1)

    story = run(world([actor("a", main)], faults=[crash("a", 100, 200)], seed=seed))
    ((_, found),) = story.notes("a")
    return found


def test_what_is_written_together_survives_together() -> None:
    assert {pair_after_crash(True, seed) for seed in range(30)} == {"", "x,y"}
    assert "x" in {pair_after_crash(False, seed) for seed in range(30)}


def effect_and_record(seed: int) -> tuple[int, bool]:
    """How often an effect came about that a crash met before its fsync was over, and whether its record is there."""

    async def main(a: Actor) -> None:
        if a.now_ns:
            a.note(str("done" in a.disk.read()))
        else:
            a.effect_kept({"done": 1})

    story = run(world([actor("a", main)], faults=[crash("a", 100, 200), crash("a", 300, 400)], seed=seed))
    found = [text for _, text in story.notes("a")]
    assert found[0] == found[1]
    return len(story.rows("effects")), found[0] == "True"


def test_an_effect_on_disk_comes_about_with_its_record_and_once() -> None:
    assert {effect_and_record(seed) for seed in range(30)} == {(0, False), (1, True)}
