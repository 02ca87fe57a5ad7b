"""The scenario document: every mistake is refused with its path and what would be right."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.document import DocumentError, canonical_bytes, json_schema, parse, validate


def sound() -> dict[str, Any]:
    """A document with one of everything."""
    return {
        "format": "netsplit/1",
        "title": "Sound",
        "duration_ms": 1000,
        "settle_ms": 500,
        "zones": [{"id": "east", "label": "East", "x": 0, "y": 0, "width": 100, "height": 100}],
        "latencies": [{"a": "east", "b": "east", "latency": {"kind": "constant", "value_ms": 4}}],
        "nodes": [
            {"id": "ann", "type": "client", "zone": "east", "params": {"rate_per_s": 5}},
            {"id": "web", "type": "service", "count": 3},
            {"id": "copy", "type": "register", "count": 3, "params": {"quorum_timeout_ms": 50}},
            {"id": "spare", "type": "register"},
        ],
        "links": [
            {"id": "front", "a": "ann", "b": "web", "params": {"latency": 2, "loss": 0.1}},
            {"id": "back", "a": "ann", "b": "spare"},
        ],
        "clusters": [
            {
                "id": "store",
                "protocol": "register",
                "members": ["copy"],
                "params": {"mode": "ap", "quorum_timeout_ms": 70},
                "link": {"latency": {"kind": "uniform", "low_ms": 1, "high_ms": 3}},
            }
        ],
        "faults": [
            {"kind": "crash", "target": "web-2", "at_ms": 100, "until_ms": 200},
            {"kind": "partition", "target": [["ann"], ["web", "copy-1"]], "at_ms": 300},
            {"kind": "cut", "target": "front", "at_ms": 10, "direction": "a-to-b"},
            {"kind": "loss", "target": "back", "probability": 0.5, "at_ms": 10},
        ],
        "variants": {"busy": [{"op": "replace", "path": "/nodes/0/params/rate_per_s", "value": 50}], "same": []},
        "expect": [
            {
                "claim": "Busy does more",
                "left": {"metric": "ops.total", "variant": "busy", "window_ms": [0, 900], "where": {"zone": "east"}},
                "op": ">",
                "right": {"*": [2, {"metric": "ops.total"}]},
                "tolerance": "5%",
            }
        ],
    }


def mistakes(data: object) -> dict[str, str]:
    """Path → message of what is refused; {} where nothing is."""
    try:
        validate(data)
    except DocumentError as error:
        return {mistake.path: mistake.message for mistake in error.mistakes}
    return {}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sound document with one place set: `nodes.0.params.rate_per_s`."""
    data = sound()
    place: Any = data
    *steps, last = path.split(".")
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    place[int(last) if isinstance(place, list) else last] = value
    return data


def test_a_sound_document_is_accepted_and_comes_back_as_it_was() -> None:
    data = sound()
    before = copy.deepcopy(data)
    document = validate(data)
    assert data == before
    back = document.data()
    assert back == {"summary": "", "concepts": [], "seed": 1, "hosts": [], **sound()}
    assert validate(back).data() == back
    assert parse(json.dumps(back)).data() == back


BACKWARDS = {"kind": "uniform", "low_ms": 3, "high_ms": 1}
REFUSED: list[tuple[str, Any, str, str]] = [
    ("format", "netsplit/9", "format", 'Must be "netsplit/1"'),
    ("titel", "x", "titel", 'Did you mean "title"?'),
    ("title", "x" * 121, "title", "at most 120 characters"),
    ("seed", -1, "seed", "at least 0"),
    ("seed", 1.5, "seed", "whole number"),
    ("seed", True, "seed", "whole number"),
    ("duration_ms", 0, "duration_ms", "more than 0"),
    ("duration_ms", "10", "duration_ms", "a number"),
    ("duration_ms", float("nan"), "duration_ms", "finite"),
    ("settle_ms", float("inf"), "settle_ms", "finite"),
    ("nodes", None, "nodes", "a list"),
    ("nodes.0.id", "<b>x</b>", "nodes[0].id", "small letter"),
    ("nodes.0.id", "web", "nodes[1].id", "is taken by nodes[0]"),
    ("nodes.3.id", "copy-2", "nodes[3].id", 'Is "copy-2"'),
    ("nodes.0.type", "clinet", "nodes[0].type", 'Did you mean "client"?'),
    ("nodes.0.type", "bicycle", "nodes[0].type", "Known: "),
    ("nodes.0.zone", "west", "nodes[0].zone", 'no zone "west"'),
    ("nodes.0.params.rate", 1, "nodes[0].params.rate", 'Did you mean "rate_per_s"?'),
    ("nodes.0.params.rate_per_s", -5, "nodes[0].params.rate_per_s", "/s. Got -5."),
    ("nodes.0.params.rate_per_s", "fast", "nodes[0].params.rate_per_s", "a number in /s"),
    ("nodes.0.params.arrivals", "opne", "nodes[0].params.arrivals", 'Did you mean "open"?'),
    ("nodes.0.params.think_time", -1, "nodes[0].params.think_time", "at least 0"),
    ("nodes.0.params.think_time", {"kind": "gauss"}, "nodes[0].params.think_time", 'Must have a "kind" among'),
    ("nodes.0.count", 0, "nodes[0].count", "at least 1"),
    ("nodes.0.count", 5000, "nodes[0].count", "at most 1000"),
    ("nodes.0.label", "bad\x00label", "nodes[0].label", "control characters"),
    ("links.0.a", "nan", "links[0].a", 'no node "nan"'),
    ("links.0.b", "wbe", "links[0].b", 'Did you mean "web"?'),
    ("links.0.b", "ann", "links[0].b", "to itself"),
    ("links.1.b", "web-1", "links[1]", 'joins "ann" to "web-1" already'),
    ("links.1", {"id": "home", "a": "web-2", "b": "ann"}, "links[1]", "already"),
    ("links.1.id", "front", "links[1].id", "is taken by links[0]"),
    ("links.0.params.latency", -1, "links[0].params.latency", "at least 0"),
    (
        "links.0.params.latency",
        {"kind": "uniform", "low_ms": 3, "high_ms": 1},
        "links[0].params.latency",
        "Needs a high_ms",
    ),
    ("links.0.params.latency", {"kind": "normal", "mean_ms": 3}, "links[0].params.latency.sd_ms", "Is required."),
    ("links.0.params.latency", {"kind": "normal", "mean_ms": 3, "sd": 1}, "links[0].params.latency.sd", "sd_ms"),
    ("links.0.params.loss", 1.5, "links[0].params.loss", "at most 1"),
    ("links.0.params.bandwidth", 5, "links[0].params.bandwidth", "Unknown key"),
    ("clusters.0.protocol", "service", "clusters[0].protocol", "forms clusters"),
    ("clusters.0.members", ["web"], "clusters[0].members[0]", 'is of type "service"'),
    ("clusters.0.members", ["copies"], "clusters[0].members[0]", "There is no node"),
    ("clusters.0.members", ["copy", "copy-1"], "clusters[0].members[1]", "listed twice"),
    ("clusters.0.params.mode", "ca", "clusters[0].params.mode", "Must be one of"),
    ("faults.0.kind", "explode", "faults[0]", 'Must have a "kind" among'),
    ("faults.0.target", "web-9", "faults[0].target", 'no node "web-9"'),
    ("faults.0.at_ms", 1501, "faults[0].at_ms", "at most 1500 ms"),
    ("faults.0.at_ms", -1, "faults[0].at_ms", "at least 0"),
    ("faults.0.until_ms", 100, "faults[0].until_ms", "later than at_ms"),
    ("faults.0.probability", 1, "faults[0].probability", "Unknown key"),
    ("faults.1.target", [["ann"]], "faults[1].target", "at least 2 entries"),
    ("faults.1.target", [["web"], ["web-1"]], "faults[1].target[1][0]", "must not overlap"),
    ("faults.2.target", "back-door", "faults[2].target", "There is no link"),
    ("faults.2.direction", "up", "faults[2].direction", "a-to-b"),
    ("faults.3.probability", 2, "faults[3].probability", "at most 1"),
    ("variants.Bad Name", [], "variants.Bad Name", "small letter"),
    ("variants.busy.0.path", "/nodes/9/params", "variants.busy[0]", "Nothing in the scenario is at"),
    ("variants.busy.0.path", "/expect/0", "variants.busy[0].path", "not format"),
    ("variants.busy.0.op", "substitute", "variants.busy[0].op", "Must be one of"),
    ("variants.busy.0.value", -3, "variants.busy", "Makes nodes[0].params.rate_per_s wrong"),
    ("expect.0.op", "=", "expect[0].op", "Must be one of"),
    ("expect.0.left.metric", "ops.totl", "expect[0].left.metric", 'Did you mean "ops.total"?'),
    ("expect.0.left.metric", "nodes.bob.up_ratio", "expect[0].left.metric", 'no node "bob"'),
    ("expect.0.left.metric", "nodes.ann.mood", "expect[0].left.metric", "no such metric"),
    ("expect.0.left.metric", "checks.magic.violations", "expect[0].left.metric", "linearizability"),
    ("expect.0.left.variant", "bussy", "expect[0].left.variant", 'Did you mean "busy"?'),
    ("expect.0.left.window_ms", [900, 100], "expect[0].left.window_ms", "from < to"),
    ("expect.0.left.window_ms", [0, 9000], "expect[0].left.window_ms", "1500"),
    ("expect.0.left.where", {"class": "gold"}, "expect[0].left.where.class", "No client has any"),
    ("expect.0.left.where", {"zone": "west"}, "expect[0].left.where.zone", "no zone"),
    ("expect.0.right", {"**": [1, 2]}, "expect[0].right", 'Must name a "metric"'),
    ("expect.0.right", {"-": [1]}, "expect[0].right.-", "a list of 2 sides"),
    ("expect.0.right", {"+": [1, "x"]}, "expect[0].right.+[1]", "Must be a number"),
    ("expect.0.right", None, "expect[0].right", "Must be a number"),
    ("expect.0.tolerance", "a bit", "expect[0].tolerance", "percentage"),
    ("expect.0.tolerance", [1], "expect[0].tolerance", "Must be a"),
    ("expect.0.tolerance", -1, "expect[0].tolerance", "≥ 0"),
]


@pytest.mark.parametrize(("place", "value", "path", "words"), REFUSED, ids=[f"{p}={v!r}"[:50] for p, v, *_ in REFUSED])
def test_a_mistake_is_named_with_its_path_and_what_would_be_right(
    place: str, value: Any, path: str, words: str
) -> None:
    found = mistakes(changed(place, value))
    assert path in found
    assert words in found[path]


def test_all_mistakes_are_told_at_once() -> None:
    data = changed("nodes.0.params.rate_per_s", -5)
    data["duration_ms"] = "long"
    data["links"][0]["b"] = "nobody"
    data["faults"][0]["target"] = "ghost"
    assert {"nodes[0].params.rate_per_s", "duration_ms", "links[0].b", "faults[0].target"} <= set(mistakes(data))


def test_a_reference_to_an_entry_with_another_mistake_is_not_called_dangling() -> None:
    found = mistakes(changed("nodes.0.label", 7))
    assert set(found) == {"nodes[0].label"}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_stands_anywhere_is_accepted_or_refused_with_a_path(data: st.DataObject) -> None:
    document = sound()
    place: Any = document
    while True:
        keys = list(range(len(place))) if isinstance(place, list) else sorted(place)
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], (dict, list)) or data.draw(st.integers(0, 3)) == 0:
            leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
            place[key] = data.draw(
                st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
            )
            break
        place = place[key]
    for mistake in mistakes(document).items():
        assert all(isinstance(part, str) for part in mistake)


def test_one_form_of_a_number() -> None:
    assert canonical_bytes({"b": 5.0, "a": [1e3, 0.5, -0.0], "é": True}) == b'{"a":[1000,0.5,0],"b":5,"\\u00e9":true}'
    with pytest.raises(ValueError, match=r".*"):
        canonical_bytes(float("nan"))


def test_the_schema_knows_every_type_and_its_parameters() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert "client" in schema["$defs"]["NodeEntry"]["properties"]["type"]["enum"]
    assert schema["$defs"]["client-params"]["properties"]["rate_per_s"]["maximum"] == 100_000
    json.dumps(schema)
