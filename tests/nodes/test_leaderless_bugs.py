"""Leaderless stores with one rule broken, found out: by stale reads, or by copies that stay apart."""

from __future__ import annotations

from typing import Any

from simulations.checks.invariants import agreement
from simulations.engine.versions import ONE_VALUE
from tests.nodes.leaderless import QUIET, Leaderless, contest, key_of, log_of, stale, store
from tests.nodes.stories import answers, read, write
from tests.worlds import crash

SEEDS = range(4)


class Halves(Leaderless):  # type: ignore[misc]
    """Takes two of five replicas for a majority."""

    def start(self) -> None:
        super().start()
        self.r = self.w = self.n // 2


class Optimist(Leaderless):  # type: ignore[misc]
    """Deletes a hint when it sends it, not when it has arrived."""

    async def hand_over_to(self, owner: str) -> None:
        for key in sorted(self.hints[owner]):
            self.disk.write(f"hint {owner} {key}", ())
        kept = dict(self.hints[owner])
        self.hints[owner] = {}
        for key, versions in kept.items():
            await self.bring(owner, key, versions)
        self.handing.discard(owner)


class Hasty(Leaderless):  # type: ignore[misc]
    """Acknowledges what is not on its disk yet."""

    async def sync(self) -> None:
        if self.disk.cached:
            self.disk.fsync(self.fsync_time)


def test_quorums_that_do_not_overlap_are_found_out() -> None:
    assert not any(stale(contest(Leaderless, seed, **QUIET)) for seed in SEEDS)
    assert any(stale(contest(Halves, seed, **QUIET)) for seed in SEEDS)


def test_a_hint_deleted_before_it_is_delivered_is_found_out() -> None:
    key = key_of("r1")
    steps = {"u0": [write(200, 1, key)], "u1": [read(1900, key)]}
    down = [crash("r1", 0, 1000)]
    given: dict[str, Any] = {"r": 1, "w": 3, "sloppy": True, **QUIET}
    assert answers(store(steps, down, **given)) == [1]
    assert answers(store(steps, down, kind=Optimist, **given)) == [None]


def test_an_acknowledgement_before_the_disk_is_found_out() -> None:
    steps = {"u0": [write(200, 1)], "v0": [read(600)]}
    lost = set()
    for seed in range(8):  # a crash keeps what the page cache held, or does not
        honest, hasty = (
            store(steps, [crash("r0", 204, 300)], members=1, kind=kind, fsync_time=20, n=1, r=1, w=1, seed=seed)
            for kind in (Leaderless, Hasty)
        )
        assert "ok" not in answers(honest, f="write")
        assert answers(hasty, f="write") == ["ok"]
        lost |= {value is None for value in answers(hasty)}
    assert lost == {False, True}


def test_versions_that_are_not_told_apart_are_found_out() -> None:
    """Coordinators that write under one name at one time: by the invariant that a version has one value."""

    class Nameless(Leaderless):  # type: ignore[misc]
        def start(self) -> None:
            super().start()
            self.store.writer = 0

    steps = {"u0": [write(200, 1)], "u1": [write(200, 2)]}
    for kind, broken in ((Leaderless, 0), (Nameless, 1)):
        log = log_of(store(steps, members=3, kind=kind))
        judged, breaches = agreement(log, ONE_VALUE, range(len(log.nodes)))
        assert judged > 0
        assert len(breaches) == broken
