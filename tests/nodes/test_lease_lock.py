"""Locks for a time: the lock service, its holders, and a store that checks their tokens (Gray and Cheriton, "Leases",
SOSP 1989; Kleppmann, "How to do distributed locking", 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from simulations.catalogue import rules_of
from simulations.checks.invariants import check_invariants
from simulations.engine.declare import Neighbour
from simulations.engine.node import Node
from simulations.nodes.fenced_store import FencedStore
from simulations.nodes.lock_holder import LockHolder
from simulations.nodes.lock_service import LockService
from tests.hosts import broken
from tests.nodes.commitment import log_of, published
from tests.worlds import Entry, Run, crash, cut, interpreted, link, node, partition, run, world

PAUSE: Entry = {"kind": "pause", "target": "h1", "at_ms": 105, "until_ms": 700}


def office(
    faults: Sequence[Entry] = (),
    *types: type[Node],
    holders: int = 2,
    fencing: bool = True,
    latency: Any = 2,
    duration_ms: float = 1500,
    settle_ms: float = 0,
    seed: int = 1,
    work_ms: Any = 20,
    **params: Any,
) -> Run:
    """Holders of one lock; the first asks before the others do."""
    ids = [f"h{n}" for n in range(1, holders + 1)]
    nodes = [node(LockHolder, id, work_time=work_ms, **{"changes": 1000, **params}) for id in ids]
    nodes += [node(LockService, "l", lease_ms=200), node(FencedStore, "s", fencing=fencing)]
    links = [link(id, to, latency if id == "h1" else 4) for id in ids for to in ("l", "s")]
    return run(world(nodes, links, (), faults, duration_ms, settle_ms, seed), *types)


def verdicts(story: Run) -> dict[str, str]:
    types = {"h": "lock-holder", "l": "lock-service", "s": "fenced-store"}
    rules = rules_of({"nodes": [{"id": id, "type": types[id[0]]} for id in story.nodes]})
    return {one.name: one.verdict for one in check_invariants(log_of(story), rules)}


def total(story: Run, node: str, metric: str) -> int:
    return sum(published(story, node, metric))


def changes(story: Run) -> int:
    """What the store's number has come to."""
    return int(str(story.states("s", "value")[-1][1]).removeprefix("file = "))


def test_one_holds_the_lock_and_renews_it() -> None:
    story = office()
    assert story.states("l", "token") == [(2.5, 1)]
    assert total(story, "h2", "lock.turns") == 0
    assert total(story, "l", "leases.renewed") >= 10
    assert changes(story) == total(story, "s", "writes.accepted") > 40


def test_who_gives_it_back_lets_others_in_under_higher_tokens() -> None:
    story = office(changes=5)
    tokens = [token for _, token in story.states("l", "token")]
    assert tokens == list(range(1, len(tokens) + 1))
    assert min(total(story, id, "lock.turns") for id in ("h1", "h2")) > 1
    assert changes(story) == total(story, "s", "writes.accepted") > 20
    assert verdicts(story) == {"token_grows": "pass", "fencing": "pass"}


def test_a_crashed_holder_is_replaced_when_its_lease_has_run_out() -> None:
    """Gray and Cheriton, section 1: a lease bounds how long a failed client is waited for."""
    story = office([crash("h1", 115)])
    assert 115 < story.states("l", "token")[1][0] <= 115 + 200 + 75 + 5


def test_a_paused_holder_writes_after_its_lease_and_is_refused() -> None:
    story = office([PAUSE])
    assert total(story, "h1", "lock.late") == total(story, "h1", "lock.fenced") == 1
    assert total(story, "s", "writes.late") == total(story, "s", "writes.undone") == 0
    assert changes(story) == total(story, "s", "writes.accepted")
    assert verdicts(story)["fencing"] == "pass"


def test_without_fencing_it_undoes_what_was_written_meanwhile() -> None:
    story = office([PAUSE], fencing=False)
    assert total(story, "s", "writes.late") == 1
    assert total(story, "s", "writes.undone") > 5
    assert changes(story) == total(story, "s", "writes.accepted") - total(story, "s", "writes.undone")
    assert verdicts(story)["fencing"] == "fail"


@pytest.mark.parametrize(("looks_again", "late"), [(True, 0), (False, 1)])
def test_a_look_at_the_clock_helps_against_a_pause(looks_again: bool, late: int) -> None:
    story = office([PAUSE], fencing=False, looks_again=looks_again)
    assert total(story, "s", "writes.late") == late


def test_a_look_at_the_clock_does_not_help_against_a_late_message() -> None:
    """Kleppmann: the packet is delayed in the network."""
    slow = {"kind": "delay", "target": "h1-s", "direction": "a-to-b", "latency": 500, "at_ms": 100, "until_ms": 130}
    story = office([slow], fencing=False, looks_again=True)
    assert total(story, "s", "writes.late") == 1
    assert total(office([slow], looks_again=True), "s", "writes.late") == 0


def test_a_slow_clock_makes_a_holder_believe_for_too_long() -> None:
    """Gray and Cheriton, section 5: leases rest on clocks whose drift is bounded."""
    slow = {"kind": "clock", "target": "h1", "offset_ms": 0, "drift_ppm": -600_000, "timers": True, "at_ms": 50}
    away = cut("h1-l", 55)
    for faults, late in (([away], False), ([away, {**slow, "until_ms": None}], True)):
        story = office(faults, fencing=False, work_ms=5)
        assert (total(story, "s", "writes.late") > 0) == late


def test_a_holder_cut_off_from_the_service_stops_in_time() -> None:
    story = office([cut("h1-l", 60)], fencing=False)
    last = max(message.sent_ns for message in story.messages("fenced_read", src="h1"))
    assert last / 1e6 < story.states("l", "token")[1][0]
    assert total(story, "s", "writes.undone") == 0


def test_the_service_waits_after_a_crash_until_all_it_may_have_lent_has_run_out() -> None:
    """Gray and Cheriton, section 2."""
    story = office([crash("l", 100, 120), cut("h1-l", 90)], fencing=False)
    assert [token for _, token in story.states("l", "token") if token] == [1, 2]
    assert story.states("l", "token")[-1][0] > 120 + 200
    assert total(story, "s", "writes.late") == 0


class ImpatientService(interpreted("nodes/lock_service").LockService):  # type: ignore[misc, name-defined]
    """It has a lease begin before the disk has it."""

    def syncing_until_ns(self) -> int:
        return int(self.now_ns + self.lease_ns)


def test_a_disk_that_takes_longer_than_a_lease_has_no_lock_lent_twice() -> None:
    """Gray and Cheriton, section 2: one may write until the term ends that was granted."""
    slow = [broken("disk", "l", 0, 900, mode="slow", factor=500)]
    story = office(slow)
    assert set(verdicts(story).values()) == {"pass"}
    assert total(story, "l", "leases.granted") >= 3
    assert verdicts(office(slow, ImpatientService))["token_grows"] == "fail"


def test_the_store_remembers_its_tokens() -> None:
    story = office([PAUSE, crash("s", 650, 690)])
    assert verdicts(story)["fencing"] == "pass"
    assert total(story, "s", "writes.late") == 0


# Planted bugs


class ForgetfulService(interpreted("nodes/lock_service").LockService):  # type: ignore[misc, name-defined]
    """Its tokens begin anew after a crash."""

    def start(self) -> None:
        self.disk.durable = {}
        super().start()


class HastyService(interpreted("nodes/lock_service").LockService):  # type: ignore[misc, name-defined]
    """It lends at once after a crash."""

    def opening_ns(self, lent_before: bool) -> int:
        return int(self.now_ns)


class ForgetfulStore(interpreted("nodes/fenced_store").FencedStore):  # type: ignore[misc, name-defined]
    """It compares tokens with none."""

    async def check(self, key: str, token: int) -> None:
        self.seen[key] = 0
        await super().check(key, token)
        self.seen[key] = 0


def trouble(seed: int, *types: type[Node]) -> Run:
    """The service crashes while a holder is cut off from it; a holder stands still."""
    at_ms = 150 + 37 * seed
    faults = [crash("l", at_ms, at_ms + 20), partition([["h1", "s"], ["l"]], at_ms - 5, at_ms + 400)]
    faults.append({"kind": "pause", "target": "h2", "at_ms": at_ms + 500, "until_ms": at_ms + 900})
    work = {"kind": "exponential", "mean_ms": 30}
    return office(faults, *types, duration_ms=1800, work_ms=work, changes=12, holders=3, seed=seed)


def sound(story: Run) -> bool:
    return "fail" not in verdicts(story).values() and total(story, "s", "writes.undone") == 0


def test_on_these_schedules_the_locks_hold() -> None:
    assert all(sound(trouble(seed)) for seed in range(6))


@pytest.mark.parametrize("bug", [ForgetfulService, ForgetfulStore])
def test_a_broken_rule_is_found(bug: type[Node]) -> None:
    assert any(not sound(trouble(seed, bug)) for seed in range(6))


def test_lending_at_once_after_a_crash_is_harmless_behind_a_fence_and_nowhere_else() -> None:
    def early(fencing: bool) -> Run:
        return office([crash("l", 100, 120), cut("h1-l", 90)], HastyService, fencing=fencing)

    assert total(early(False), "s", "writes.late") > 0
    assert total(early(True), "s", "writes.late") == 0


def test_a_holder_without_service_or_store_is_doubted() -> None:
    assert len(LockHolder.doubts_beside({}, {})) == 2
    both: dict[str, Any] = {name: Neighbour(name, {}, True) for name in ("lock-service", "fenced-store")}
    assert not LockHolder.doubts_beside({}, both)
