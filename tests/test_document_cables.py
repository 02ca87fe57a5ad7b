"""Switches, routers and drawn cables in a document: who is joined by what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.catalogue import node_types
from simulations.document import validate
from simulations.engine.simulation import Limits, Simulation
from tests.test_document import mistakes, sound


def joined(*links: tuple[str, str], clusters: Any = (), **nodes: str) -> dict[str, Any]:
    """A document of nodes by type and links by their ends."""
    return {
        "format": "netsplit/1",
        "nodes": [{"id": id, "type": kind.replace("_", "-")} for id, kind in nodes.items()],
        "links": [{"id": f"{a}-{b}", "a": a, "b": b} for a, b in links],
        "clusters": list(clusters),
    }


def acquainted(data: dict[str, Any]) -> dict[str, tuple[list[str], list[str]]]:
    """Targets and peers of every node that has any."""
    hosts = Simulation(validate(data).physical(), node_types(), Limits()).network.hosts
    return {id: (host.targets, host.peers) for id, host in hosts.items() if host.targets or host.peers}


STORES = {"r": "register", "s": "register", "t": "register", "v": "switch", "w": "switch"}
STAR = (("r", "v"), ("s", "v"), ("v", "w"), ("t", "w"))


def store(cables: str = "drawn", **more: Any) -> list[dict[str, Any]]:
    return [{"id": "store", "protocol": "register", "members": ["r", "s", "t"], "cables": cables, **more}]


@pytest.mark.parametrize("kind", ["switch", "router"])
def test_a_client_asks_the_servers_behind_a_switch(kind: str) -> None:
    nodes = {"c": "client", "v": kind, "s": "service", "t": "service"}
    for links in ([("c", "v"), ("v", "s"), ("v", "t")], [("c", "v"), ("s", "v"), ("t", "v")]):
        assert acquainted(joined(*links, **nodes)) == {"c": (["s", "t"], [])}
    assert acquainted(joined(("v", "c"), ("s", "v"), **nodes)) == {"c": (["s"], [])}


def test_cables_drawn_to_servers_tell_whom_a_client_asks() -> None:
    nodes = {"c": "client", "v": "switch", "s": "service", "d": "database"}
    assert acquainted(joined(("c", "v"), ("v", "s"), ("d", "v"), **nodes))["c"] == (["s"], [])
    assert acquainted(joined(("c", "v"), ("s", "v"), ("d", "v"), **nodes))["c"] == (["s", "d"], [])


def test_tiers_stand_between_switches() -> None:
    nodes = {"c": "client", "v": "switch", "lb": "load_balancer", "w": "switch", "s": "service", "t": "service"}
    links = [("c", "v"), ("v", "lb"), ("lb", "w"), ("w", "s"), ("w", "t")]
    assert acquainted(joined(*links, **nodes)) == {"c": (["lb"], []), "lb": (["s", "t"], [])}


def test_the_way_of_a_cable_between_switches_says_nothing() -> None:
    nodes = {"c": "client", "v": "switch", "w": "router", "s": "service"}
    for trunk in (("v", "w"), ("w", "v")):
        assert acquainted(joined(("c", "v"), trunk, ("w", "s"), **nodes)) == {"c": (["s"], [])}
    assert acquainted(joined(("c", "v"), ("w", "s"), **nodes)) == {}


def test_replicas_behind_switches_are_peers() -> None:
    assert acquainted(joined(*STAR, **STORES)) == {"r": ([], ["s", "t"]), "s": ([], ["r", "t"]), "t": ([], ["r", "s"])}


def test_replicas_of_other_clusters_are_not() -> None:
    pairs = [
        {"id": "one", "protocol": "register", "members": ["r", "s"], "cables": "drawn"},
        {"id": "two", "protocol": "register", "members": ["t", "u"], "cables": "drawn"},
    ]
    data = joined(*STAR, ("u", "w"), clusters=pairs, **STORES, u="register")
    assert acquainted(data) == {id: ([], [peer]) for id, peer in zip("rstu", "srut", strict=True)}


@pytest.mark.parametrize("cables", ["mesh", "drawn"])
def test_a_cluster_has_cables_of_its_own_or_those_drawn(cables: str) -> None:
    physical = validate(joined(*STAR, clusters=store(cables), **STORES)).physical()
    assert physical["clusters"][0].get("cables") == (None if cables == "mesh" else "drawn")
    simulation = Simulation(physical, node_types(), Limits())
    assert simulation.network.hosts["r"].channels["s"].link == ("store:r-s" if cables == "mesh" else "")
    assert simulation.network.hosts["r"].peers == ["s", "t"]


def test_a_document_without_cables_is_what_it_was() -> None:
    assert all("cables" not in cluster for cluster in validate(sound()).physical()["clusters"])


def test_members_that_nothing_joins_are_refused() -> None:
    refused = mistakes(joined(("r", "v"), ("s", "v"), ("t", "w"), clusters=store(), **STORES))
    assert refused == {
        "clusters[0].cables": 'Nothing drawn joins "r" and "t": link them, or both to a switch, or leave'
        " the cables to the cluster (mesh)."
    }
    assert mistakes(joined(("r", "v"), ("s", "v"), ("t", "r"), ("s", "t"), clusters=store(), **STORES)) == {}


def test_parameters_of_a_mesh_that_is_not_laid_are_refused() -> None:
    assert list(mistakes(joined(*STAR, clusters=store(link={"loss": 0.5}), **STORES))) == ["clusters[0].link"]
    assert list(mistakes(joined(*STAR, clusters=store("wires"), **STORES))) == ["clusters[0].cables"]


def test_more_pairs_than_the_limit_are_refused() -> None:
    data = joined(("c", "v"), ("v", "s"), c="client", v="switch", s="service")
    data["nodes"][0]["count"] = data["nodes"][2]["count"] = 150
    assert mistakes(data) == {
        "links": "Switches and routers join 22,500 pairs of nodes that may talk; the limit is 20,000."
        " Join fewer nodes by each."
    }
    data["nodes"][2]["count"] = 100
    assert mistakes(data) == {}


def test_links_of_copies_have_names_of_their_own() -> None:
    data = joined(("c", "r"), ("c", "s"), c="client", r="service", s="service")
    data["nodes"][1]["count"] = 2
    data["links"][0]["id"], data["links"][1]["id"] = "y", "y-1"
    assert mistakes(data) == {"links[1].id": 'Is "y-1", which links[0] stands for already.'}
    data["links"].reverse()
    assert mistakes(data) == {"links[1].id": 'Stands for "y-1", which links[0] stands for already.'}
    data["links"][0]["id"] = "y-3"
    assert mistakes(data) == {}


def test_meshes_larger_than_the_limit_are_refused() -> None:
    clusters = [{"id": "store", "protocol": "register", "members": ["r", "s"]}]
    data = joined(r="register", s="register", clusters=clusters)
    data["nodes"][0]["count"] = 1000
    assert mistakes(data) == {
        "clusters": "Meshes join 500,500 pairs of members, each to each; the limit is 500,000. Use fewer members, or"
        " drawn cables."
    }
    data["nodes"][0]["count"] = 999
    assert mistakes(data) == {}


def test_links_of_a_mesh_are_laid_when_they_are_used() -> None:
    clusters = [{"id": "store", "protocol": "register", "members": ["r"]}]
    data = joined(r="register", clusters=clusters)
    data["nodes"][0]["count"] = 1000
    network = Simulation(validate(data).physical(), node_types(), Limits()).network
    assert not network.channels
    assert network.hosts["r-1"].peers == [f"r-{number}" for number in range(2, 1001)]
    assert network.hosts["r-9"].channels["r-2"].link == "store:r-2-r-9"
    assert [channel.dst.id for channel in network.along("store:r-3-r-4", "both")] == ["r-4", "r-3"]
    assert list(network.channels) == ["store:r-2-r-9", "store:r-3-r-4"]
    with pytest.raises(KeyError):
        network.hosts["r-1"].channels["nobody"]
