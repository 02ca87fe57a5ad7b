"""The catalogue: every node file is found and says enough of itself to be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulations import catalogue
from simulations.catalogue import describe, engine_version, node_types, params_model
from simulations.engine.node import Node

FIRST_STOREY = {"client", "load-balancer", "service", "database", "register"}


def test_every_node_file_is_found() -> None:
    types = node_types()
    assert set(types) >= FIRST_STOREY
    assert all(issubclass(node_type, Node) for node_type in types.values())
    categories = [catalogue.CATEGORIES.index(node_type.CATEGORY) for node_type in types.values()]
    assert categories == sorted(categories)


@pytest.mark.parametrize("name", sorted(node_types()))
def test_a_type_describes_itself_for_palette_and_inspector(name: str) -> None:
    entry = next(entry for entry in describe()["types"] if entry["type"] == name)
    assert entry["title"]
    assert entry["summary"]
    assert entry["icon"]
    assert entry["doc"]
    names = [param["name"] for param in entry["params"]]
    assert len(names) == len(set(names))
    for param in entry["params"]:
        assert param["kind"] in ("integer", "number", "boolean", "choice", "text", "distribution", "times", "classes")
        if param["when"]:
            ruling = next(other for other in entry["params"] if other["name"] == param["when"]["param"])
            allowed = [choice["value"] for choice in ruling["choices"]] or [True, False]
            assert set(param["when"]["values"]) <= set(allowed)
        assert param["title"]
        if param["kind"] in ("integer", "number"):
            assert param["min"] <= param["default"] <= param["max"], param["name"]
        if param["kind"] == "choice":
            assert param["default"] in [choice["value"] for choice in param["choices"]]
        if param["kind"] == "distribution":
            assert param["default"]["kind"]
    for show in entry["shows"]:
        assert show["as"] in ("text", "bar", "badge", "hidden")
        assert not show["of"] or show["of"] in names


@pytest.mark.parametrize("name", sorted(node_types()))
def test_defaults_are_allowed(name: str) -> None:
    complete = params_model(name).model_validate({}).model_dump()
    assert set(complete) == {param.name for param in node_types()[name].PARAMS}


def test_the_catalogue_is_plain_data_with_links_faults_and_metrics() -> None:
    told = describe()
    assert json.loads(json.dumps(told)) == told
    asked = [param["name"] for param in told["link"]["params"]]
    assert asked[:2] == ["latency", "loss"]
    assert {"burst_start", "duplication", "reordering", "bandwidth_mbit_per_s", "size_max_bytes"} <= set(asked)
    kinds = {fault["kind"] for fault in told["faults"]}
    assert {"partition", "cut", "loss", "delay", "duplicate", "reorder", "bandwidth"} < kinds
    assert {"crash", "restart", "stop", "pause", "hang", "slow", "clock", "disk"} < kinds
    assert all(metric["definition"] for metric in told["metrics"])


def test_the_version_depends_on_the_node_files_used() -> None:
    assert engine_version(["client"]) == engine_version(["client", "client"])
    assert engine_version(["client"]) != engine_version(["client", "service"])
    assert len(engine_version([])) == 16
    with pytest.raises(KeyError):
        engine_version(["toaster"])


def test_an_edit_counts_from_the_next_process_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = engine_version(["client"])
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"edited")
    assert engine_version(["client"]) == before


def test_types_that_need_a_quorum_say_how_many_that_is() -> None:
    rules = {name: node_type.QUORUM for name, node_type in node_types().items() if node_type.QUORUM}
    assert set(rules) == {"raft", "paxos", "multi-paxos", "zab", "register", "ledger", "pbft"}
    told = {one["type"]: one["quorum"] for one in describe()["types"]}
    assert told["raft"] == {"when": None, "faulty": ""}
    assert told["register"] == {"when": {"param": "mode", "values": ["cp"]}, "faulty": ""}
    assert told["pbft"] == {"when": None, "faulty": "faulty"}
    assert told["leader-follower"] is told["multi-leader"] is told["database"] is None
    for name, rule in rules.items():
        named = {rule.faulty, *rule.when[:1]} - {""}
        assert named <= {param.name for param in node_types()[name].PARAMS}
