"""Lies: what a Byzantine node of each type does to those who believe it, and that an honest one does not."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.node import Node
from simulations.nodes.consumer import Consumer
from simulations.nodes.log_broker import LogBroker
from simulations.nodes.subscriber import Subscriber
from simulations.nodes.topic import Topic
from tests.nodes.stories import answers, atomic, read, user, write
from tests.worlds import Entry, Run, balancer, client, crash, database, link, mesh, node, register, run, service, world


def byzantine(target: str, behaviour: str, at_ms: float = 0, until_ms: float | None = None) -> Entry:
    return {"kind": "byzantine", "target": target, "at_ms": at_ms, "until_ms": until_ms, "behaviour": behaviour}


def replicated(*faults: Entry, mode: str = "cp", seed: int = 1) -> Run:
    """Three replicas, each with a client that reads and writes one key."""
    ids = ["r0", "r1", "r2"]
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=20, keys=1, timeout_ms=300) for n in range(3)]
    nodes += [register(id, mode=mode) for id in ids]
    links = [link(f"c{n}", f"r{n}") for n in range(3)]
    return run(world(nodes, links, [mesh(ids, 5)], faults, 1000, 200, seed))


REGISTER_LIES = ["old values", "wrong values", "false acknowledgements", "equivocation"]


@pytest.mark.parametrize("behaviour", REGISTER_LIES)
def test_one_lying_replica_of_three_breaks_linearizability(behaviour: str) -> None:
    assert atomic(replicated())
    assert not atomic(replicated(byzantine("r0", behaviour)))


def test_a_majority_outvotes_nobody_who_only_keeps_silent() -> None:
    story = replicated(byzantine("r0", "silent"))
    assert atomic(story)
    assert story.drops() == {"withheld": len(story.messages(src="r0", outcome="withheld"))}
    assert {op.type for op in story.operations("c1")} == {"ok"}
    assert "ok" not in {op.type for op in story.operations("c0")}


@pytest.mark.parametrize("behaviour", [*REGISTER_LIES, "silent"])
def test_honest_again_it_tells_what_it_has(behaviour: str) -> None:
    story = replicated(byzantine("r0", behaviour, 5000))
    assert atomic(story)
    assert all(text is None for _, text in story.states("r0", "condition"))
    ended = replicated(byzantine("r0", behaviour, 300, 500))
    later = [op for op in ended.operations("c0") if op.start_ns > 510_000_000]
    assert {op.type for op in later} == {"ok"}


def test_equivocation_tells_two_neighbours_different_things() -> None:
    users = {"u": [read(100)], "v": [read(100)]}
    nodes = [user("w", "r", [write(10, 7)]), *(user(id, "r", steps) for id, steps in users.items())]
    nodes += [register("r", mode="ap")]
    links = [link(id, "r") for id in ("w", "u", "v")]
    told = run(world(nodes, links, faults=[byzantine("r", "equivocation", 50)]))
    assert sorted(value == 7 for value in [*answers(told, "u"), *answers(told, "v")]) == [False, True]


def test_lies_outlive_a_restart_and_old_values_are_those_of_the_disk() -> None:
    steps = [write(10, 1), write(300, 2), read(500)]
    links = [link("u", "r")]
    faults = [byzantine("r", "false acknowledgements", 100, 600), crash("r", 200, 250)]
    story = run(world([user("u", "r", steps), register("r")], links, faults=faults))
    assert answers(story) == [1]
    assert answers(run(world([user("u", "r", steps), register("r")], links, faults=faults[1:]))) == [2]


def stored(kind: Any, *faults: Entry) -> Run:
    """A user writes 5 and reads it; what it asks is a database or a service before one."""
    nodes = [
        user("u", "s", [write(10, 5), read(300)]),
        database("d"),
        service("s") if kind is service else database("s"),
    ]
    links = [link("u", "s"), link("s", "d")]
    return run(world(nodes, links, faults=faults))


@pytest.mark.parametrize("kind", [service, database])
def test_a_store_that_lies_gives_wrong_values_or_keeps_nothing(kind: Any) -> None:
    assert answers(stored(kind)) == [5]
    (wrong,) = answers(stored(kind, byzantine("s", "wrong answers")))
    assert wrong < 0
    claimed = stored(kind, byzantine("s", "false acknowledgements"))
    assert answers(claimed) == [None]
    assert answers(claimed, f="write") == ["ok"]


def test_a_service_that_says_done_does_no_work() -> None:
    def served(*faults: Entry) -> Run:
        return run(world([client("c", rate_per_s=50), service("s")], [link("c", "s")], faults=faults))

    claimed = served(byzantine("s", "false acknowledgements"))
    assert claimed.states("s", "busy") == [(0, 0)]
    assert {sent.takes_ms for sent in claimed.messages("done", outcome="delivered")} == {1}
    assert len(served().states("s", "busy")) > 20


def test_a_balancer_that_is_a_black_hole_looks_well() -> None:
    def spread(*faults: Entry) -> Run:
        nodes = [client("c", rate_per_s=50, timeout_ms=100), balancer("front", probe_interval_ms=50, retries=0)]
        nodes += [balancer("lb"), service("s", service_time=5)]
        links = [link("c", "front"), link("front", "lb"), link("lb", "s")]
        return run(world(nodes, links, faults=faults))

    hole = spread(byzantine("lb", "black hole", 200))
    assert hole.at(900, "front", "healthy") == 1
    assert {op.type for op in hole.operations() if op.start_ns > 210_000_000} == {"fail", "info"}
    assert {sent.kind for sent in hole.messages(src="lb", outcome="withheld")} == {"work"}
    assert "fail" not in {op.type for op in spread().operations()}


def test_two_lies_at_once_are_both_told_and_each_takes_back_its_own() -> None:
    faults = [byzantine("s", "wrong answers", 0), byzantine("s", "false acknowledgements", 0, 200)]
    nodes = [user("u", "s", [write(10, 5), write(250, 6), read(300)]), database("s")]
    story = run(world(nodes, [link("u", "s")], faults=faults))
    assert story.at(100, "s", "condition") == "lies: wrong answers, lies: false acknowledgements"
    assert story.at(400, "s", "condition") == "lies: wrong answers"
    assert story.states("s", "value")[-1][1] == "x = 6"
    assert answers(story)[0] < 0


@pytest.mark.parametrize(("broker", "reader"), [(Topic, Subscriber), (LogBroker, Consumer)])
def test_a_broker_that_acknowledges_falsely_keeps_nothing(broker: type[Node], reader: type[Node]) -> None:
    def heard(*faults: Entry) -> tuple[int, int]:
        nodes = [client("c", rate_per_s=50, requests="increment"), node(broker, "b"), node(reader, "z")]
        story = run(world(nodes, [link("c", "b"), link("b", "z")], (), faults, 1000, 2000))
        assert set(story.ends()) == {("ok", "")}
        return len(story.operations()), len(story.rows("effects"))

    asked, done = heard()
    assert asked == done
    asked, done = heard(byzantine("b", "false acknowledgements", 500))
    assert 0 < done < asked
