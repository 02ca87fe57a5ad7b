"""Latencies between zones: for links and clusters that give none of their own, and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import canonical_bytes, validate
from simulations.engine.simulation import Limits, Simulation
from simulations.nodes.client import Client
from simulations.nodes.register import Register
from tests.test_document import mistakes
from tests.worlds import Run

FAR = {"kind": "constant", "value_ms": 80}
NEAR = {"kind": "constant", "value_ms": 3}
DEFAULT = {"kind": "constant", "value_ms": 1}


def regions(**changes: Any) -> dict[str, Any]:
    """A client and three replicas in two zones, and one in none."""
    return {
        "format": "netsplit/1",
        "duration_ms": 400,
        "settle_ms": 400,
        "zones": [{"id": "east"}, {"id": "west"}, {"id": "south"}],
        "latencies": [{"a": "west", "b": "east", "latency": 80}, {"a": "east", "b": "east", "latency": 3}],
        "nodes": [
            {"id": "ann", "type": "client", "zone": "west", "params": {"requests": "read-write"}},
            {"id": "e", "type": "register", "zone": "east", "count": 2},
            {"id": "w", "type": "register", "zone": "west"},
            {"id": "n", "type": "register"},
        ],
        "links": [{"id": "front", "a": "ann", "b": "e"}, {"id": "home", "a": "ann", "b": "w"}],
        "clusters": [{"id": "store", "protocol": "register", "members": ["e", "w", "n"]}],
        **changes,
    }


def physical(**changes: Any) -> dict[str, Any]:
    return validate(regions(**changes)).physical()


def latencies(world: dict[str, Any]) -> dict[str, Any]:
    return {link["id"]: link["params"]["latency"] for link in world["links"]}


def run(**changes: Any) -> Run:
    simulation = Simulation(physical(**changes), {"client": Client, "register": Register}, Limits())
    chunks = list(simulation.chunks())
    assert simulation.outcome is not None
    return Run(chunks, simulation.outcome)


def test_a_link_between_zones_takes_their_latency_whichever_way_it_is_drawn() -> None:
    assert latencies(physical()) == {"front-1": FAR, "front-2": FAR, "home": DEFAULT}
    turned = [{"id": "front", "a": "e", "b": "ann"}]
    assert latencies(physical(links=turned)) == {"front-1": FAR, "front-2": FAR}


def test_a_latency_of_the_links_own_wins_and_other_parameters_do_not_matter() -> None:
    own = [{"id": "front", "a": "ann", "b": "e-1", "params": {"latency": 7}}]
    assert latencies(physical(links=own)) == {"front": {"kind": "constant", "value_ms": 7}}
    lossy = [{"id": "front", "a": "ann", "b": "e-1", "params": {"loss": 0.5}}]
    assert latencies(physical(links=lossy)) == {"front": FAR}


def test_one_direction_of_its_own_leaves_the_zones_the_other() -> None:
    (link,) = physical(links=[{"id": "front", "a": "ann", "b": "e-1", "b_to_a": {"latency": 7}}])["links"]
    assert link["params"]["latency"] == FAR
    assert link["b_to_a"]["latency"] == {"kind": "constant", "value_ms": 7}


def test_the_mesh_of_a_cluster_takes_them_pair_by_pair() -> None:
    def times(story: Run) -> dict[tuple[str, str], float]:
        delivered = story.messages(outcome="delivered")
        return {(one.src, one.dst): one.takes_ms for one in delivered if "ann" not in (one.src, one.dst)}

    found = times(run())
    assert {found[pair] for pair in found if set(pair) == {"e-1", "e-2"}} == {3}
    assert {found[pair] for pair in found if "w" in pair and "n" not in pair} == {80}
    assert {found[pair] for pair in found if "n" in pair} == {1}
    assert len(found) >= 6
    assert set(times(run(latencies=[])).values()) == {1}
    own = [{"id": "store", "protocol": "register", "members": ["e", "w", "n"], "link": {"latency": 5}}]
    assert set(times(run(clusters=own)).values()) == {5}


def test_what_a_run_does_not_use_is_no_part_of_it() -> None:
    plain = canonical_bytes(physical())
    table = regions()["latencies"]
    assert canonical_bytes(physical(latencies=[*table, {"a": "south", "b": "west", "latency": 5}])) == plain
    assert canonical_bytes(physical(latencies=[*table, {"a": "west", "b": "west", "latency": 5}])) != plain
    turned = [{"a": "east", "b": "east", "latency": NEAR}, {"a": "east", "b": "west", "latency": FAR}]
    assert canonical_bytes(physical(latencies=turned)) == plain
    bare = regions(links=[], clusters=[])
    assert validate(bare).physical() == validate({**bare, "latencies": []}).physical()


def test_a_variant_may_change_them() -> None:
    change = [{"op": "replace", "path": "/latencies/0/latency", "value": 9}]
    world = validate(regions(variants={"closer": change})).physical("closer")
    assert latencies(world)["front-1"] == {"kind": "constant", "value_ms": 9}


@pytest.mark.parametrize(
    ("entry", "place", "words"),
    [
        ({"a": "eastt", "b": "west", "latency": 1}, ".a", 'There is no zone "eastt". Did you mean "east"?'),
        ({"a": "east", "b": "ann", "latency": 1}, ".b", 'There is no zone "ann".'),
        ({"a": "east", "b": "west", "latency": 1}, "", 'latencies[0] is between "east" and "west" already.'),
        ({"a": "south", "b": "west"}, ".latency", "Is required."),
        ({"a": "south", "b": "west", "latency": -1}, ".latency", "Must be at least 0. Got -1."),
        ({"a": "south", "b": "west", "latency": {"kind": "gamma", "mean_ms": 1}}, ".latency.shape", "Is required."),
        ({"a": "south", "b": "west", "latency": 1, "loss": 1}, ".loss", "Unknown key."),
    ],
)
def test_what_cannot_be_is_refused(entry: dict[str, Any], place: str, words: str) -> None:
    found = mistakes(regions(latencies=[{"a": "west", "b": "east", "latency": 80}, entry]))
    assert list(found) == [f"latencies[1]{place}"]
    assert words in found[f"latencies[1]{place}"]
