"""Faults on hosts in the scenario document: what is accepted, what is refused and with which words."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.catalogue import describe
from simulations.document import DocumentError, validate
from simulations.document_faults import HOST_KINDS


def document(*faults: dict[str, Any], count: int = 1) -> dict[str, Any]:
    return {
        "format": "netsplit/1",
        "duration_ms": 1000,
        "nodes": [{"id": "c", "type": "client"}, {"id": "s", "type": "service", "count": count}],
        "links": [{"id": "cs", "a": "c", "b": "s"}],
        "faults": list(faults),
    }


def mistakes(fault: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(DocumentError) as refused:
        validate(document(fault))
    return {mistake.path: mistake.message for mistake in refused.value.mistakes}


@pytest.mark.parametrize("kind", HOST_KINDS)
def test_every_kind_is_accepted_and_stands_for_every_copy(kind: str) -> None:
    own = {"clock": {"offset_ms": 5}, "disk": {"mode": "full"}}.get(kind, {})
    faults = validate(document({"kind": kind, "target": "s", "at_ms": 10, **own}, count=3)).physical()["faults"]
    assert [(fault["kind"], fault["target"]) for fault in faults] == [(kind, f"s-{i}") for i in (1, 2, 3)]


@pytest.mark.parametrize("kind", HOST_KINDS)
def test_a_target_that_is_no_node_is_refused(kind: str) -> None:
    own = {"clock": {"offset_ms": 5}, "disk": {"mode": "full"}}.get(kind, {})
    found = mistakes({"kind": kind, "target": "cs", "at_ms": 10, **own})
    assert 'There is no node "cs"' in found["faults[0].target"]


def test_a_restart_ends_when_the_node_is_to_boot() -> None:
    (fault,) = validate(document({"kind": "restart", "target": "s", "at_ms": 10, "down_ms": 40})).physical()["faults"]
    assert (fault["at_ms"], fault["until_ms"]) == (10, 50)


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        ({"kind": "clock"}, "faults[0]"),
        ({"kind": "clock", "drift_ppm": 1e6}, "faults[0].drift_ppm"),
        ({"kind": "slow", "factor": 1}, "faults[0].factor"),
        ({"kind": "disk"}, "faults[0].mode"),
        ({"kind": "disk", "mode": "wet"}, "faults[0].mode"),
        ({"kind": "restart", "until_ms": 30}, "faults[0].until_ms"),
        ({"kind": "stop", "drain_ms": 10, "lead_ms": 11}, "faults[0]"),
        ({"kind": "stop", "drain_ms": 20, "until_ms": 30}, "faults[0]"),
        ({"kind": "pause", "until_ms": 5}, "faults[0].until_ms"),
        ({"kind": "hang", "factor": 5}, "faults[0].factor"),
        ({"kind": "chaos", "rate_per_min": 1e-300}, "faults[0].rate_per_min"),
        ({"kind": "restart", "down_ms": 1e-9}, "faults[0].down_ms"),
    ],
)
def test_what_is_void_or_out_of_range_is_refused_with_its_path(fault: dict[str, Any], path: str) -> None:
    assert set(mistakes({"target": "s", "at_ms": 10, **fault})) == {path}


def test_the_catalogue_gives_the_fields_of_every_kind() -> None:
    fields = {fault["kind"]: [param["name"] for param in fault["params"]] for fault in describe()["faults"]}
    assert fields["clock"] == ["offset_ms", "drift_ppm", "timers"]
    assert fields["disk"] == ["mode", "factor", "checksums"]
    assert fields["slow"] == ["factor"]


EVENT = {"node": "s", "event": "queue = 5"}


def test_a_start_by_an_event_is_completed() -> None:
    (fault,) = validate(document({"kind": "crash", "target": "s", "when": EVENT, "lasts_ms": 50})).physical()["faults"]
    assert fault["when"] == {"node": "s", "event": "queue = 5", "nth": 1, "after_ms": 0}
    assert fault["lasts_ms"] == 50
    (fault,) = validate(document({"kind": "restart", "target": "s", "when": EVENT, "down_ms": 7})).physical()["faults"]
    assert fault["lasts_ms"] == 7
    (fault,) = validate(document({"kind": "cut", "target": "cs", "when": EVENT})).physical()["faults"]
    assert "at_ms" not in fault


def test_a_start_by_the_clock_says_nothing_of_events() -> None:
    (fault,) = validate(document({"kind": "crash", "target": "s", "at_ms": 5})).physical()["faults"]
    assert fault == {"kind": "crash", "target": "s", "at_ms": 5, "until_ms": None}


@pytest.mark.parametrize(
    ("fault", "path", "words"),
    [
        ({}, "faults[0]", "Needs an at_ms or a when"),
        ({"at_ms": 5, "when": EVENT}, "faults[0]", "not both"),
        ({"when": EVENT, "until_ms": 5}, "faults[0]", "lasts_ms in place of until_ms"),
        ({"at_ms": 5, "lasts_ms": 5}, "faults[0]", "until_ms in place of lasts_ms"),
        ({"when": {**EVENT, "node": "x"}}, "faults[0].when.node", 'There is no node "x"'),
        ({"when": {**EVENT, "event": "queue=5"}}, "faults[0].when.event", ""),
        ({"when": {**EVENT, "event": "quue = 5"}}, "faults[0].when.event", 'Did you mean "queue"?'),
        ({"when": {**EVENT, "event": "boot\n"}}, "faults[0].when.event", "Must be a field"),
        ({"when": {**EVENT, "nth": 0}}, "faults[0].when.nth", "at least 1"),
        ({"when": {**EVENT, "after_ms": -1}}, "faults[0].when.after_ms", "at least 0"),
    ],
)
def test_a_start_that_makes_no_sense_is_refused(fault: dict[str, Any], path: str, words: str) -> None:
    found = mistakes({"kind": "crash", "target": "s", **fault})
    assert list(found) == [path]
    assert words in found[path]


def test_an_event_of_one_of_many_copies_must_name_it() -> None:
    with pytest.raises(DocumentError, match="stands for 3 nodes; name one"):
        validate(document({"kind": "crash", "target": "c", "when": EVENT}, count=3))
    one = {**EVENT, "node": "s-2"}
    assert validate(document({"kind": "crash", "target": "c", "when": one}, count=3)).physical()["faults"]
