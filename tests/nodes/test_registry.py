"""Discovery by name: registrations, leases and look-ups; beside each, callers or instances that do without."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.catalogue import node_types
from tests.hosts import broken
from tests.nodes.naming import BY_NAME, SELF, STEADY, failed, found, instances, registry, shares
from tests.worlds import MS, client, crash, cut, link, node, partition, run, service, world

GONE = crash("s1", 1000)


def test_instances_register_and_callers_find_them() -> None:
    story = found()
    assert [text for _, text in story.notes("r")] == [f"s{n} registers: up" for n in range(3)]
    assert story.at(100, "r", "instances") == 3
    assert failed(story) == []
    counts = [shares(story, f"s{n}") for n in range(3)]
    assert max(counts) - min(counts) <= 2
    assert len(counts) * min(counts) > 350


def test_a_crashed_instance_is_listed_until_its_lease_expires_and_asked_no_longer() -> None:
    story = found(faults=[GONE])
    expired = [at for at, text in story.notes("r") if "expired" in text]
    assert len(expired) == 1
    assert 1000 + 200 <= expired[0] <= 1000 + 300 + 2  # the last renewal was up to 100 ms before the crash
    late = [at for at in failed(story) if at > 100]
    assert late
    assert min(late) >= 1000 - 2
    assert max(late) <= expired[0] + 50 + 10  # what was looked up is used for 50 ms more
    assert story.states("r", "instances")[-1] == (expired[0], 2)


def test_a_registration_without_a_lease_outlives_its_instance() -> None:
    story = found(instances(lease_ms=0), faults=[GONE])
    assert story.at(2000, "r", "listed") == 3
    assert max(failed(story)) > 1950


def test_who_is_told_to_end_takes_its_registration_back() -> None:
    drained = found(faults=[broken("stop", "s1", 1000, 1500, drain_ms=200, lead_ms=100)])
    assert (1001, "s1 is deregistered") in drained.notes("r")
    assert [at for at in failed(drained) if at > 100] == []
    assert shares(drained, "s1", 1100, 1500) == 0
    assert shares(drained, "s1", 1600) > 20
    at_once = found(faults=[broken("stop", "s1", 1000, 1500)])
    assert len([at for at in failed(at_once) if at > 100]) > 5


def test_a_heartbeat_that_a_goodbye_overtakes_brings_nobody_back() -> None:
    """Both are said at 1000 ms, and the heartbeat arrives last."""
    servers = instances(renew_ms=50)
    links = [link("c", "r"), *(link("c", f"s{n}") for n in range(3))]
    links += [link(f"s{n}", "r", {"kind": "uniform", "low_ms": 1, "high_ms": 40}) for n in range(3)]
    faults = [broken("stop", f"s{n}", 1000, drain_ms=500, lead_ms=300) for n in range(2)]
    for seed in range(1, 9):
        nodes = [client("c", **STEADY, **BY_NAME), registry(), *servers]
        story = run(world(nodes, links, faults=faults, seed=seed, duration_ms=2000, settle_ms=100))
        assert story.at(1060, "r", "listed") == story.at(2000, "r", "listed") == 1
        assert story.at(990, "r", "listed") == 3


def test_an_instance_that_starts_is_listed_and_not_handed_out() -> None:
    story = found(instances(startup_ms=300), faults=[crash("s1", 1000, 1500)])
    assert [value for _, value in story.states("r", "instances") if value is not None][:4] == [0, 1, 2, 3]
    assert story.at(200, "r", "listed") == 3
    assert story.at(200, "r", "instances") == 0
    assert story.ends()["fail", "no instance known"] > 50
    assert ("fail", "starting") not in story.ends()
    assert (1501, "s1 registers: starting") in story.notes("r")


def test_a_registry_that_starts_anew_learns_everybody_from_the_next_heartbeats() -> None:
    story = found(faults=[crash("r", 1000, 1010)])
    assert story.at(1011, "r", "instances") == 0
    assert story.at(1150, "r", "instances") == 3


def test_callers_go_on_with_what_they_knew_while_no_registry_answers() -> None:
    story = found(faults=[crash("r", 1000)])
    assert [at for at in failed(story) if at > 100] == []
    published = [row[2] for row in story.rows("published")]
    assert published.count("discovery.failed") > 3


def test_without_a_cache_every_call_looks_up_and_takes_a_round_trip_longer() -> None:
    story, cached = found(lookup_cache_ms=0), found()
    asked = [op.id for op in story.operations()]
    assert len(story.messages(kind="lookup")) == len(asked)
    assert len(cached.messages(kind="lookup")) < len(asked) / 8
    end = [op.takes_ms for op in story.operations() if op.type == "ok" and op.start_ns > 500 * MS]
    plain = [op.takes_ms for op in cached.operations() if op.type == "ok" and op.start_ns > 500 * MS]
    assert min(end) == pytest.approx(min(plain) + 2)
    failing = found(faults=[crash("r", 1000)], lookup_cache_ms=0)
    assert [at for at in failed(failing) if at > 1000] == []  # it waits for the timeout, then asks whom it knew


def test_only_instances_within_reach_are_asked() -> None:
    nodes = [client("c", **STEADY, **BY_NAME), registry(), *instances()]
    links = [link("c", "r"), link("c", "s0"), *(link(f"s{n}", "r") for n in range(3))]
    story = run(world(nodes, links))
    assert {message.dst for message in story.messages(kind="work")} == {"s0"}


def test_callers_by_links_know_no_registry_and_ask_everybody() -> None:
    story = found(discovery="links", faults=[GONE])
    assert story.messages(kind="lookup") == []
    assert shares(story, "r") == 0
    assert max(failed(story)) > 1950


def test_who_is_cut_off_from_the_registry_is_forgotten_and_comes_back() -> None:
    story = found(faults=[partition([["s1"], ["r"]], 500, 1200)])
    assert shares(story, "s1", 860, 1200) == 0
    assert shares(story, "s1", 1400) > 20
    assert [at for at in failed(story) if at > 100] == []


def test_a_second_registry_answers_for_the_first() -> None:
    more = [link("c", "q"), *(link(f"s{n}", "q") for n in range(3))]
    servers = [*instances()]
    nodes = [client("c", **STEADY, **BY_NAME), registry(), registry("q"), *servers]
    links = [link("c", "r"), *(link("c", f"s{n}") for n in range(3)), *(link(f"s{n}", "r") for n in range(3)), *more]
    story = run(world(nodes, links, faults=[crash("r", 500), GONE], duration_ms=2000, settle_ms=200))
    assert [at for at in failed(story) if 100 < at < 990 or at > 1500] == []
    assert len([m for m in story.messages(kind="lookup", dst="r") if m.sent_ns > 500 * MS]) <= 3  # it stays with q


def test_a_service_finds_what_stands_behind_it_by_name() -> None:
    front = service("front", service_time=1, timeout_ms=50, retry="fixed", backoff_ms=0, **BY_NAME)
    links = [link("c", "front"), link("front", "r")]
    links += [link("front", f"s{n}") for n in range(3)] + [link(f"s{n}", "r") for n in range(3)]
    nodes = [client("c", **STEADY), front, registry(), *instances()]
    story = run(world(nodes, links, faults=[GONE], duration_ms=2000, settle_ms=200))
    assert shares(story, "s1", 1400, src="front") == 0
    assert shares(story, "s0", 1400, src="front") > 40


@pytest.mark.parametrize("kind", ["sequence", "gather", "one-way", "sync"])
def test_calls_of_every_kind_go_to_who_is_listed(kind: str) -> None:
    front = service("front", service_time=1, timeout_ms=50, calls=kind, **BY_NAME)
    links = [link("c", "front"), link("front", "r")]
    links += [link("front", f"s{n}") for n in range(3)] + [link(f"s{n}", "r") for n in range(3)]
    nodes = [client("c", **STEADY), front, registry(), *instances()]
    story = run(world(nodes, links, faults=[GONE], duration_ms=2000, settle_ms=200))
    assert shares(story, "s1", 600, 990, src="front") > 20
    assert shares(story, "s1", 1400, src="front") == 0
    assert [at for at in failed(story) if 100 < at < 980 or at > 1400] == []


def test_when_nobody_is_listed_calls_fail_and_fall_back() -> None:
    def asked(**params: Any) -> set[tuple[str, str]]:
        front = service("front", service_time=1, timeout_ms=50, **BY_NAME, **params)
        links = [link("c", "front"), link("front", "r"), link("front", "s0")]
        story = run(world([client("c", **STEADY), front, registry(), service("s0")], links, settle_ms=100))
        assert story.messages(dst="s0") == []
        return set(story.ends())

    assert asked() == {("fail", "no instance known")}
    assert asked(fallback="default") == {("ok", "")}


def test_hedges_and_breakers_go_by_the_list_too() -> None:
    story = found(hedge_after_ms=20, breaker="count", faults=[GONE, cut("c-s2", 1200, 1400)])
    assert shares(story, "s1", 1400) == 0
    assert [at for at in failed(story) if 100 < at < 990] == []


def test_a_registry_behind_a_switch_is_asked_and_is_nobodys_target() -> None:
    nodes = [client("c", **STEADY, **BY_NAME), registry(), *instances(), node(node_types()["switch"], "w")]
    links = [link("c", "w"), link("w", "r"), *(link("w", f"s{n}") for n in range(3))]
    links += [link(f"s{n}", "r") for n in range(3)]
    story = run(world(nodes, links, settle_ms=100))
    assert story.messages(kind="lookup", src="c", dst="r")
    assert story.messages(kind="work", dst="r") == []
    assert failed(story) == []


def test_one_that_lies_leaves_callers_without_anybody() -> None:
    lies = {"kind": "byzantine", "target": "r", "at_ms": 1000, "until_ms": None, "behaviour": "knows nobody"}
    story = found(faults=[lies])
    assert story.ends()["fail", "no instance known"] > 150


@pytest.mark.parametrize(
    ("kind", "params", "name"),
    [
        ("client", {"discovery": "registry"}, "lookup_name"),
        ("service", {**SELF, "renew_ms": 300}, "lease_ms"),
        ("load-balancer", {"probe_kind": "readiness"}, "probe_interval_ms"),
        ("registrar", {"lease_ms": 100}, "lease_ms"),
        ("registrar", {"register_as": ""}, "register_as"),
    ],
)
def test_contradictions_are_told(kind: str, params: dict[str, Any], name: str) -> None:
    node_type = node_types()[kind]
    defaults = {param.name: param.default for param in node_type.PARAMS}
    assert name in [found for found, _ in node_type.doubts({**defaults, **params}, frozenset())]
    assert node_type.doubts(defaults, frozenset()) == []
