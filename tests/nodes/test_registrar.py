"""Third-party registration: a registrar probes, registers and deregisters; beside it, lists that nobody mends."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.registrar import Registrar
from tests.hosts import broken
from tests.nodes.naming import BY_NAME, STEADY, failed, registry, shares
from tests.worlds import Run, client, crash, link, node, run, service, world

PROBING: dict[str, Any] = {"register_as": "shop", "probe_interval_ms": 100, "probe_timeout_ms": 50}


def watched(faults: Any = (), server: dict[str, Any] | None = None, **params: Any) -> Run:
    """Three services that know of no registry, and a registrar that does."""
    ids = [f"s{n}" for n in range(3)]
    servers = [service(id, **{"service_time": 1, "concurrency": 50, **(server or {})}) for id in ids]
    nodes = [client("c", **STEADY, **BY_NAME), registry(), node(Registrar, "w", **{**PROBING, **params}), *servers]
    links = [link("c", "r"), link("w", "r"), *(link("c", id) for id in ids), *(link("w", id) for id in ids)]
    return run(world(nodes, links, faults=faults, duration_ms=2000, settle_ms=200))


def test_who_answers_a_probe_is_registered() -> None:
    story = watched()
    assert [text for _, text in story.notes("r")] == [f"s{n} registers: up" for n in range(3)]
    assert [at for at in failed(story) if at > 60] == []
    assert story.at(100, "w", "registered") == 3


def test_who_fails_its_probes_is_deregistered_and_comes_back() -> None:
    story = watched([crash("s1", 950, 1500)])
    assert story.notes("w") == [(1150, "s1 deregistered after 2 failed probes")]  # those at 1000 and 1100 ms
    assert (1151, "s1 is deregistered") in story.notes("r")
    late = [at for at in failed(story) if at > 60]
    assert min(late) >= 948
    assert max(late) <= 1151 + 50 + 5
    assert shares(story, "s1", 1210, 1500) == 0
    assert shares(story, "s1", 1700) >= 20


def test_without_a_registrar_that_works_the_list_stays_as_it_is() -> None:
    story = watched([crash("w", 900), crash("s1", 950)])
    assert story.at(2000, "r", "instances") == 3
    assert max(failed(story)) > 1950


def test_leases_end_with_the_registrar_and_everybody_is_forgotten() -> None:
    story = watched([crash("w", 950)], lease_ms=300)
    assert story.at(940, "r", "instances") == 3
    assert story.at(1300, "r", "instances") == 0


@pytest.mark.parametrize(("kind", "asked"), [("liveness", True), ("readiness", False)])
def test_only_probes_for_readiness_keep_those_out_that_start(kind: str, asked: bool) -> None:
    story = watched([broken("stop", "s1", 900, 1200)], {"startup_ms": 400}, probe_kind=kind)
    assert (("fail", "starting") in story.ends()) is asked
    assert (shares(story, "s1", 1310, 1590) > 0) is asked
    assert shares(story, "s1", 1800) > 10
