"""The switch: whatever is joined by cables that meet in it works as if it were linked directly, only later."""

from __future__ import annotations

from typing import Any

from simulations.catalogue import describe
from tests.engine.fabric import switch
from tests.worlds import (
    MS,
    Entry,
    Run,
    balancer,
    client,
    crash,
    cut,
    database,
    exponential,
    link,
    register,
    run,
    service,
    world,
)


def tiers(switched: bool, *faults: Entry, **box: Any) -> Run:
    """Clients, a balancer, two services and their database; with or without a switch between every two tiers."""
    nodes = [
        client("c", requests="read-write", rate_per_s=80, timeout_ms=300),
        balancer("lb", timeout_ms=100, retries=1, probe_interval_ms=50, probe_timeout_ms=40),
        *(service(id, service_time=exponential(2)) for id in ("s", "t")),
        database("db", service_time=exponential(1)),
    ]
    if not switched:
        links = [link("c", "lb", 2), *(link("lb", id, 2) for id in "st"), *(link(id, "db", 2) for id in "st")]
        return run(world(nodes, links, faults=faults))
    nodes += [switch(id, **box) for id in ("u", "v", "w")]
    pairs = [("c", "u"), ("u", "lb"), ("lb", "v"), ("v", "s"), ("v", "t"), ("s", "w"), ("t", "w"), ("w", "db")]
    return run(world(nodes, [link(a, b) for a, b in pairs], faults=faults))


def test_tiers_work_through_switches_as_they_do_over_links() -> None:
    plain, switched = tiers(False), tiers(True, forwarding_time=0)
    assert set(switched.ends()) <= {("ok", ""), ("info", "run ended"), ("fail", "run ended")}
    assert [op.start_ns for op in plain.operations()] == [op.start_ns for op in switched.operations()]
    takes = [sum(op.takes_ms for op in story.operations()) / len(story.operations()) for story in (plain, switched)]
    assert abs(takes[0] - takes[1]) < 0.5
    sent = [len(story.messages()) for story in (plain, switched)]
    assert abs(sent[0] - sent[1]) < 0.02 * sent[0]


def test_forwarding_takes_its_time_on_each_switch() -> None:
    def mean_ms(**box: Any) -> float:
        operations = [op for op in tiers(True, **box).operations() if op.type == "ok"]
        return sum(op.takes_ms for op in operations) / len(operations)

    assert 11.5 < mean_ms(forwarding_time=2) - mean_ms(forwarding_time=0) < 12.5


def test_probes_go_through_it_and_find_what_is_cut_off() -> None:
    story = tiers(True, cut("v-s", 300, 600))
    assert [text for _, text in story.notes("lb")] == ["s ejected after 2 failed probes", "s is back"]
    assert story.at(450, "v", "links") == 2
    assert story.at(700, "v", "links") == 3


def test_one_that_crashes_takes_its_tier_with_it_until_it_is_back() -> None:
    story = tiers(True, crash("u", 300, 600))
    during = [op for op in story.operations() if 300 * MS <= op.start_ns < 550 * MS]
    assert {op.error for op in during} <= {"timed out", "run ended"}
    assert all(op.type == "ok" for op in story.operations() if 610 * MS <= op.start_ns < 900 * MS)
    assert set(story.drops()) <= {"node down", "unreachable"}


def test_a_closed_client_that_asks_at_once_finds_its_way() -> None:
    nodes = [client("c", arrivals="closed", users=5, think_time=0, timeout_ms=50), service("s"), switch("v")]
    story = run(world(nodes, [link("c", "v"), link("v", "s")], duration_ms=200))
    assert not story.drops()
    assert len(story.operations()) > 30


def test_replicas_behind_it_replicate_without_a_cluster() -> None:
    ids = ["r", "s", "t"]
    nodes = [client("c", requests="read-write", rate_per_s=50), *(register(id) for id in ids), switch("v")]
    story = run(world(nodes, [link("c", "v"), *(link("v", id) for id in ids)], settle_ms=200))
    assert set(story.ends()) == {("ok", "")}
    assert {one.dst for one in story.messages(kind="store", src="r")} == {"s", "t"}


def test_nobody_asks_it() -> None:
    about = next(entry for entry in describe()["types"] if entry["type"] == "switch")
    assert (about["serves"], about["initiates"], about["forwards"], about["category"]) == (
        False,
        False,
        True,
        "Network",
    )
    story = run(world([client("c", rate_per_s=50), switch("v")], [link("c", "v")]))
    assert set(story.ends()) == {("fail", "no target")}
    assert not story.messages()
