"""Parameters that are lists: refused with path and remedy, and the same as text and as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.catalogue import describe
from simulations.document import DocumentError, validate
from simulations.document_lists import list_text, list_value
from simulations.engine.simulation import Limits
from simulations.report import record


def document(params: dict[str, Any], **more: Any) -> dict[str, Any]:
    nodes = [{"id": "c", "type": "client", "params": params}, {"id": "s", "type": "service"}]
    return {
        "format": "netsplit/1",
        "duration_ms": 2000,
        "nodes": nodes,
        "links": [{"id": "l", "a": "c", "b": "s"}],
    } | more


CLASSES = [{"name": "gold", "share": 1, "priority": 5}, {"name": "silver", "share": 3, "priority": 0}]


@pytest.mark.parametrize(
    ("params", "path", "words"),
    [
        ({"times": [1, -2]}, "nodes[0].params.times[1]", "at least 0"),
        ({"times": "1, 2"}, "nodes[0].params.times", "a list"),
        ({"times": [1] * 10_001}, "nodes[0].params.times", "at most 10000"),
        ({"classes": [{"name": "gold"}, {"name": "gold"}]}, "nodes[0].params.classes", "stands twice"),
        ({"classes": [{"name": "gold", "share": 0}]}, "nodes[0].params.classes[0].share", "more than 0"),
        ({"classes": [{"name": "gold", "shares": 1}]}, "nodes[0].params.classes[0].shares", "share"),
        ({"classes": [{"share": 1}]}, "nodes[0].params.classes[0].name", "required"),
        ({"keys": 100_001}, "nodes[0].params.keys", "100000"),
    ],
)
def test_a_mistake_in_a_list_is_told_with_its_path(params: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(DocumentError) as refused:
        validate(document(params))
    told = {mistake.path: mistake.message for mistake in refused.value.mistakes}
    assert words in told[path]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("times", "0, 12.5,40", [0, 12.5, 40]),
        ("times", "", []),
        ("classes", "gold 1 5, silver 3 0", CLASSES),
        ("classes", "gold", [{"name": "gold"}]),
    ],
)
def test_a_list_is_the_same_as_text_and_as_json(kind: str, text: str, value: list[Any]) -> None:
    assert list_value(kind, text) == value
    assert list_value(kind, list_text(kind, value)) == value


@pytest.mark.parametrize(("kind", "text"), [("times", "1, soon"), ("classes", "gold lots"), ("classes", "a 1 2 3")])
def test_a_text_that_is_no_list_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError):
        list_value(kind, text)


def claim(name: str) -> dict[str, Any]:
    side = {"metric": "ops.total", "where": {"class": name}}
    return {"expect": [{"claim": "x", "left": side, "op": ">", "right": 0}]}


def test_claims_choose_operations_by_class() -> None:
    checked = validate(document({"classes": CLASSES}, **claim("gold")))
    recording = record(checked.physical(), Limits())
    gold, silver = (recording.metrics(where={"class": name})["ops.total"] for name in ("gold", "silver"))
    assert gold + silver == recording.metrics()["ops.total"]
    assert 0 < gold < silver
    with pytest.raises(DocumentError, match="gold"):
        validate(document({"classes": CLASSES}, **claim("golf")))
    patch = [{"op": "add", "path": "/nodes/0/params/classes", "value": CLASSES}]
    assert validate(document({}, variants={"classes": patch}, **claim("gold")))


def test_the_catalogue_says_when_a_parameter_applies() -> None:
    client = next(entry for entry in describe()["types"] if entry["type"] == "client")
    when = {param["name"]: param["when"] for param in client["params"]}
    assert when["arrivals"] is None
    assert when["users"] == {"param": "arrivals", "values": ["closed"]}
    assert when["budget_tokens"] == {"param": "retry_budget", "values": [True]}
