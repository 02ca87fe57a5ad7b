"""Idempotency keys: attempts of one operation take effect once, also over a crash; without keys, or without results
kept, they do not (Helland: "Idempotence Is Not a Medical Condition", ACM Queue 10(4), 2012).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.node import Node
from simulations.nodes.database import Database
from tests.hosts import broken
from tests.nodes.test_database_disk import Hasty
from tests.worlds import Entry, Run, client, crash, database, link, run, service, world

ASKING: dict[str, Any] = {
    "pattern": "deterministic",
    "rate_per_s": 40,
    "timeout_ms": 30,
    "retry": "fixed",
    "backoff_ms": 5,
    "attempts_max": 100,
    "keys": 2,
}


def counted(
    keys: bool,
    keeps: bool,
    faults: Any = (),
    loss: float = 0.2,
    store: Any = None,
    kind: type[Node] = Database,
    **params: Any,
) -> Run:
    """Increments over a link that loses requests and replies."""
    asking = client("c", **{**ASKING, "requests": "increment", "idempotency_keys": keys, **params})
    store = database("d", service_time=0, keeps_results=keeps, **(store or {}))
    return run(world([asking, store], [link("c", "d", loss=loss)], (), faults, 5000, 10_000), kind)


def total(story: Run) -> int:
    """The sum of the numbers, as they stand at the end."""
    last = {text.split(" = ")[0]: int(text.split(" = ")[1]) for _, text in story.states("d", "value") if text}
    return sum(last.values())


def confirmed(story: Run) -> int:
    assert set(story.ends()) == {("ok", "")}  # so that every increment is known to have come about
    return len(story.operations())


def test_with_keys_and_results_kept_each_increment_counts_once() -> None:
    story = counted(True, True)
    assert total(story) == confirmed(story)
    assert len(story.rows("effects")) == confirmed(story)
    assert sum(row[3] for row in story.rows("published") if row[2] == "results.repeated") > 20


@pytest.mark.parametrize(("keys", "keeps"), [(True, False), (False, True), (False, False)])
def test_without_either_some_count_twice(keys: bool, keeps: bool) -> None:
    story = counted(keys, keeps)
    assert total(story) > confirmed(story) + 20


def test_an_attempt_that_overtakes_its_elder_waits_for_its_result() -> None:
    """The work takes longer than the timeout: all attempts are under way together."""
    slow = {"concurrency": 100}
    asking = {"timeout_ms": 10, "rate_per_s": 5}
    with_keys = counted(True, True, (), 0.0, slow | {"fsync_time": 45}, **asking)
    without = counted(False, True, (), 0.0, slow | {"fsync_time": 45}, **asking, attempts_max=3)
    assert total(with_keys) == len(with_keys.operations())
    assert all(op.attempts > 1 for op in with_keys.operations())
    assert total(without) == 3 * len(without.operations())


def test_a_result_in_the_page_cache_alone_is_no_answer() -> None:
    """The process ends before its fsync does; the next one finds effect and result; then the machine loses power."""
    faults = [broken("stop", "d", at, at + 3) for at in range(150, 5000, 250)]
    faults += [crash("d", at + 25, at + 40) for at in range(150, 5000, 250)]
    story = counted(True, True, faults, 0.0, {"fsync_time": 60}, timeout_ms=150)
    assert total(story) == confirmed(story)
    story = counted(True, True, faults, 0.0, {"fsync_time": 60}, Hasty, timeout_ms=150)
    assert total(story) < confirmed(story)


@pytest.mark.parametrize("seed", range(1, 9))
def test_a_result_is_as_durable_as_its_effect(seed: int) -> None:
    """Crashes all over, between writing and syncing too: what was kept of a crash is kept whole."""
    faults = [crash("d", at, at + 60) for at in range(150 + seed, 5000, 250)]
    story = counted(True, True, faults, 0.1, {"fsync_time": 8})
    assert total(story) == confirmed(story)


def test_results_that_stay_in_memory_outlive_no_crash_though_their_effects_do() -> None:
    faults = [crash("d", at, at + 60) for at in range(150, 5000, 250)]
    story = counted(True, True, faults, 0.1, {"fsync_time": 8, "results_durable": False})
    assert total(story) > confirmed(story)
    assert total(counted(True, True, (), 0.1, {"results_durable": False})) == len(story.operations())


def test_a_result_kept_in_memory_is_gone_with_a_crash() -> None:
    """A service keeps its results in memory only: an attempt after a restart is carried out again."""

    def done(faults: list[Entry]) -> int:
        server = service("d", service_time=0, counts_effects=True, keeps_results=True)
        asking = client("c", **{**ASKING, "requests": "work", "idempotency_keys": True})
        story = run(world([asking, server], [link("c", "d", loss=0.2)], (), faults, 5000, 10_000))
        return len(story.rows("effects")) - len(story.operations())

    assert done([]) == 0
    assert done([crash("d", at, at + 1) for at in range(200, 5000, 40)]) > 0


def test_setting_a_value_again_does_no_harm() -> None:
    """One writer a key: however often a write is repeated, the last value is the last one written."""
    asking = client(
        "c", **{**ASKING, "requests": "read-write", "read_ratio": 0, "arrivals": "closed", "users": 1, "own_keys": True}
    )
    story = run(
        world([asking, database("d", service_time=0)], [link("c", "d", loss=0.2)], duration_ms=3000, settle_ms=5000)
    )
    last = {op.key: op.value for op in story.operations()}
    values = dict(text.split(" = ") for _, text in story.states("d", "value"))
    assert {key: int(value) for key, value in values.items()} == last


def test_so_many_results_are_kept() -> None:
    story = counted(True, True, store={"results_max": 1}, rate_per_s=400)
    assert total(story) > confirmed(story)
