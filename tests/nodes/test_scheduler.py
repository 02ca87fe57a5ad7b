"""The scheduler and its machines: who gets which machine under each policy, and what becomes of jobs whose machine
goes (Verma et al.: "Large-scale cluster management at Google with Borg", EuroSys 2015).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.machine import Machine
from simulations.nodes.scheduler import Scheduler
from tests.worlds import MS, Entry, Run, client, crash, link, node, run, world

SPECIAL: list[Entry] = [{"name": "special", "share": 1, "priority": 0}]
ORDINARY: dict[str, Any] = {"service_time": 100, "special_time": 400}


def jobs(id: str, times: list[float], special: bool = False, **params: Any) -> Entry:
    """Somebody who submits jobs at these times."""
    load: dict[str, Any] = {"pattern": "recorded", "times": times, "timeout_ms": 100_000}
    return client(id, **load, classes=SPECIAL if special else [], **params)


def cluster(users: list[Entry], machines: dict[str, dict[str, Any]], faults: Any = (), **params: Any) -> Run:
    """Users of one scheduler, with these machines behind it."""
    nodes = [*users, node(Scheduler, "s", **params)]
    nodes += [node(Machine, id, **{**ORDINARY, **its}) for id, its in machines.items()]
    links = [*(link(user["id"], "s") for user in users), *(link("s", id) for id in machines)]
    return run(world(nodes, links, (), faults, 5000, 20_000))


def ran(story: Run, machine: str) -> int:
    return len(story.messages("assign_job", dst=machine))


TWO: dict[str, dict[str, Any]] = {"gpu": {"special": True}, "cpu": {}}


def test_a_special_job_goes_to_a_special_machine_only() -> None:
    story = cluster([jobs("a", [10, 20], special=True)], TWO)
    assert (ran(story, "gpu"), ran(story, "cpu")) == (2, 0)
    first, second = story.operations()
    assert first.takes_ms == pytest.approx(404)
    assert second.takes_ms == pytest.approx(400 - 10 + 404, abs=3)  # waits for its turn


def test_best_fit_leaves_the_special_machine_to_who_needs_it_first_fit_does_not() -> None:
    users = [jobs("a", [10]), jobs("b", [20], special=True)]
    best, first = cluster(users, TWO), cluster(users, TWO, policy="first-fit")
    assert (ran(best, "cpu"), ran(first, "cpu")) == (1, 0)
    (special,) = best.operations("b")
    assert special.takes_ms == pytest.approx(404)
    (special,) = first.operations("b")
    assert special.takes_ms > 404 + 80


def test_in_a_pool_ordinary_jobs_use_a_special_machine_that_is_free_statically_they_wait() -> None:
    pool, static = (cluster([jobs("a", [10, 11])], TWO, policy=policy) for policy in ("best-fit", "static"))
    assert [op.takes_ms for op in pool.operations()] == pytest.approx([104, 104])
    assert ran(static, "gpu") == 0
    assert static.operations()[1].takes_ms > 200


def test_static_machines_are_their_owners_alone() -> None:
    machines: dict[str, dict[str, Any]] = {"a1": {"owner": "a"}, "b1": {"owner": "b"}, "all": {}}
    users = [jobs("a", [10, 11, 12]), jobs("b", [500])]
    static, pool = cluster(users, machines, policy="static"), cluster(users, machines)
    assert [sent.dst for sent in static.messages("assign_job")] == ["a1", "all", "a1", "b1"]
    assert max(op.takes_ms for op in static.operations("a")) > 200
    assert max(op.takes_ms for op in pool.operations("a")) == pytest.approx(104)


def test_best_fit_fills_the_machine_with_the_least_room() -> None:
    machines: dict[str, dict[str, Any]] = {"wide": {"concurrency": 4}, "narrow": {"concurrency": 1}}
    assert ran(cluster([jobs("a", [10])], machines), "narrow") == 1
    assert ran(cluster([jobs("a", [10])], machines, policy="first-fit"), "wide") == 1


def test_a_special_job_does_not_wait_behind_ordinary_ones_under_best_fit() -> None:
    users = [jobs("a", [10, 11, 12, 13, 14, 15]), jobs("b", [20], special=True)]
    best, first = cluster(users, TWO), cluster(users, TWO, policy="first-fit")
    (sooner,), (later,) = best.operations("b"), first.operations("b")
    assert sooner.takes_ms < 500 < later.takes_ms


def test_a_full_queue_refuses() -> None:
    story = cluster([jobs("a", [10, 11, 12, 13])], {"cpu": {}}, queue_max=1)
    assert story.ends() == {("ok", ""): 2, ("fail", "queue full"): 2}


def test_jobs_of_a_machine_that_is_gone_are_placed_again() -> None:
    machines: dict[str, dict[str, Any]] = {"one": {"service_time": 3000}, "two": {"service_time": 3000}}
    story = cluster([jobs("a", [100])], machines, [crash("one", 500)], poll_interval_ms=100, poll_failures=2)
    assert [sent.dst for sent in story.messages("assign_job")] == ["one", "two"]
    assert story.ends() == {("ok", ""): 1}
    (gone,) = [time for time, text in story.notes("s") if text == "one has gone"]
    assert 600 <= gone <= 900
    patient = cluster([jobs("a", [100])], machines, [crash("one", 500)], poll_interval_ms=100, poll_failures=100)
    assert patient.operations()[0].takes_ms > 10_000 > story.operations()[0].takes_ms


def test_a_machine_that_was_restarted_between_two_polls_has_lost_its_jobs() -> None:
    story = cluster([jobs("a", [100])], {"one": {"service_time": 1000}}, [crash("one", 500, 520)])
    assert len(story.messages("assign_job")) == 2
    assert story.ends() == {("ok", ""): 1}


def test_who_gives_up_leaves_the_queue() -> None:
    users = [jobs("a", [10]), jobs("b", [20], propagate_cancellation=True)]
    users[1]["params"]["timeout_ms"] = 50
    story = cluster(users, {"cpu": {}})
    assert ran(story, "cpu") == 1
    assert story.at(100, "s", "queue") == 0


def test_waits_are_told_by_sort() -> None:
    story = cluster([jobs("a", [10, 11]), jobs("b", [500], special=True)], {"cpu": {}, "gpu": {"special": True}})
    told = [(row[2], row[3] / MS) for row in story.rows("published") if "wait" in row[2]]
    assert [name for name, _ in told].count("scheduler.wait_ms") == 3
    assert [name for name, _ in told].count("scheduler.special_wait_ms") == 1
