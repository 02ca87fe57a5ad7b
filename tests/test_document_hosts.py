"""Machines in the document: what is accepted and refused, and what of it a run depends on."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import validate
from tests.test_document import mistakes


def shared(**changes: Any) -> dict[str, Any]:
    """A client, two web servers and a database on one machine, and a server elsewhere."""
    return {
        "format": "netsplit/1",
        "zones": [{"id": "east"}, {"id": "west"}],
        "hosts": [{"id": "box", "label": "The box", "zone": "east", "cores": 4, "cost_per_hour": 0.25}],
        "nodes": [
            {"id": "c", "type": "client"},
            {"id": "web", "type": "service", "host": "box", "zone": "east", "count": 2},
            {"id": "db", "type": "database", "host": "box", "zone": "east"},
            {"id": "far", "type": "service", "host": "spare", "cost_per_hour": 1},
        ],
        "links": [{"id": "l", "a": "c", "b": "web"}, {"id": "m", "a": "web", "b": "db", "params": {"cost_per_gb": 2}}],
        **changes,
    }


def test_machines_are_accepted_and_come_back_as_they_were() -> None:
    assert validate(shared()).data()["hosts"] == shared()["hosts"]


def test_a_run_knows_the_machines_and_their_cores() -> None:
    physical = validate(shared()).physical()
    assert [(node["id"], node["host"]) for node in physical["nodes"]] == [
        ("c", None),
        ("web-1", "box"),
        ("web-2", "box"),
        ("db", "box"),
        ("far", "spare"),
    ]
    assert physical["hosts"] == [{"id": "box", "cores": 4}]


def test_what_is_at_its_default_or_has_no_process_is_left_out() -> None:
    hosts = [{"id": "box", "zone": "east"}, {"id": "spare", "cores": 1}, {"id": "empty", "cores": 8}]
    assert "hosts" not in validate(shared(hosts=hosts)).physical()


def test_money_is_no_part_of_a_run() -> None:
    dear, free = shared(), shared(hosts=[{"id": "box", "zone": "east", "cores": 4}])
    del free["nodes"][3]["cost_per_hour"], free["links"][1]["params"]
    assert validate(dear).physical() == validate(free).physical()


@pytest.mark.parametrize(
    ("kind", "target", "hit"),
    [
        ("crash", "web", ["web-1"]),
        ("crash", "db", ["db"]),
        ("crash", "box", ["box"]),
        ("slow", "web", ["web-1"]),
        ("stop", "web", ["web-1", "web-2"]),
        ("pause", "box", ["box"]),
        ("stop", "spare", ["spare"]),
    ],
)
def test_a_fault_of_the_machine_befalls_it_once(kind: str, target: str, hit: list[str]) -> None:
    document = validate(shared(faults=[{"kind": kind, "target": target, "at_ms": 5}]))
    assert [fault["target"] for fault in document.physical()["faults"]] == hit


def node(id: str = "x", **more: Any) -> dict[str, Any]:
    return {"id": id, "type": "service", **more}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"hosts": [{"id": "box", "cores": 0}]}, "hosts[0].cores", "at least 1"),
        ({"hosts": [{"id": "box", "cores": 2.5}]}, "hosts[0].cores", "whole number"),
        ({"hosts": [{"id": "box", "cpus": 2}]}, "hosts[0].cpus", "cores"),
        ({"hosts": [{"id": "Box"}]}, "hosts[0].id", ""),
        ({"hosts": [{"id": "box"}, {"id": "box"}]}, "hosts[1].id", "taken by hosts[0]"),
        ({"hosts": [{"id": "box", "zone": "weast"}]}, "hosts[0].zone", 'There is no zone "weast"'),
        ({"hosts": [{"id": "box", "cost_per_hour": -1}]}, "hosts[0].cost_per_hour", "at least 0"),
        ({"hosts": [{"id": "web-1", "zone": "east"}]}, "hosts[0].id", "a name of its own"),
        ({"hosts": [], "nodes": [node(host="x")]}, "nodes[0].host", "a name of its own"),
        ({"hosts": [{"id": "box", "zone": "west"}]}, "nodes[1].zone", 'in zone "west" (hosts[0])'),
        ({"hosts": [], "nodes": [node(host="b", zone="east"), node("y", host="b")]}, "nodes[1].zone", "Got none."),
        ({"faults": [{"kind": "crash", "target": "bix", "at_ms": 1}]}, "faults[0].target", "bix"),
        ({"faults": [{"kind": "cut", "target": "box", "at_ms": 1}]}, "faults[0].target", "There is no link"),
    ],
)
def test_a_mistake_is_told_with_its_path(changes: dict[str, Any], path: str, words: str) -> None:
    assert words in mistakes(shared(**changes))[path]


def test_a_fault_may_be_on_a_machine_that_no_entry_describes() -> None:
    assert validate(shared(hosts=[], faults=[{"kind": "crash", "target": "box", "at_ms": 1}]))


def test_claims_may_name_machines() -> None:
    def claim(metric: str) -> dict[str, Any]:
        return shared(expect=[{"claim": "It is busy", "left": {"metric": metric}, "op": "<=", "right": 1}])

    assert validate(claim("hosts.box.utilisation"))
    assert validate(claim("hosts.spare.cost"))
    place = "expect[0].left.metric"
    assert 'There is no host "bax". Did you mean "box"?' in mistakes(claim("hosts.bax.utilisation"))[place]
    assert 'Did you mean "utilisation"?' in mistakes(claim("hosts.box.utilization"))[place]
