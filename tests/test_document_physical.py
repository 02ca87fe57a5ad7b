"""The physical document: what a run depends on; and the two ways of changing a document, variants and settings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulations.document import DocumentError, canonical_bytes, validate
from simulations.document_patch import with_settings
from tests.test_document import changed, sound


def physical(data: dict[str, Any], variant: str | None = None, seed: int | None = None) -> dict[str, Any]:
    return validate(data).physical(variant, seed)


def test_counts_are_expanded_everywhere() -> None:
    world = physical(sound())
    assert [node["id"] for node in world["nodes"]] == [
        "ann", "web-1", "web-2", "web-3", "copy-1", "copy-2", "copy-3", "spare",
    ]  # fmt: skip
    assert [(link["id"], link["a"], link["b"]) for link in world["links"]] == [
        ("front-1", "ann", "web-1"),
        ("front-2", "ann", "web-2"),
        ("front-3", "ann", "web-3"),
        ("back", "ann", "spare"),
    ]
    assert world["clusters"][0]["members"] == ["copy-1", "copy-2", "copy-3"]
    assert [fault["target"] for fault in world["faults"]] == [
        "web-2",
        [["ann"], ["web-1", "web-2", "web-3", "copy-1"]],
        "front-1",
        "front-2",
        "front-3",
        "back",
    ]


def test_defaults_are_filled_and_a_members_own_parameters_win() -> None:
    nodes = {node["id"]: node["params"] for node in physical(sound())["nodes"]}
    assert nodes["copy-1"]["mode"] == "ap"
    assert nodes["copy-1"]["quorum_timeout_ms"] == 50
    assert nodes["spare"]["mode"] == "cp"
    assert nodes["ann"]["rate_per_s"] == 5
    assert nodes["ann"]["think_time"] == {"kind": "exponential", "mean_ms": 500}
    assert physical(sound())["links"][0]["params"]["latency"] == {"kind": "constant", "value_ms": 2}


def test_prose_and_drawing_change_nothing() -> None:
    plain = canonical_bytes(physical(sound()))
    for place, value in [
        ("title", "Other"),
        ("summary", "Other"),
        ("predict", "What now?"),
        ("concepts", ["x"]),
        ("nodes.0.label", "Anna"),
        ("nodes.0.x", 77),
        ("zones.0.width", 500),
        ("expect", []),
        ("variants.same", [{"op": "remove", "path": "/faults/0"}]),
        ("nodes.0.params.rate_per_s", 5.0),
        ("nodes.0.params.keys", 5),
        ("links.0.params.latency", {"kind": "constant", "value_ms": 2.0}),
    ]:
        assert canonical_bytes(physical(changed(place, value))) == plain, place


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("seed", 2),
        ("duration_ms", 1001),
        ("nodes.0.params.rate_per_s", 6),
        ("nodes.0.zone", None),
        ("links.0.params.loss", 0.2),
        ("clusters.0.link", {}),
        ("faults.0.at_ms", 101),
    ],
)
def test_what_a_run_depends_on_changes_it(place: str, value: Any) -> None:
    data = changed(place, value)
    if value is None:
        del data["nodes"][0]["zone"]
        data["expect"] = []
    assert canonical_bytes(physical(data)) != canonical_bytes(physical(sound()))


def test_the_physical_document_survives_json() -> None:
    world = physical(sound())
    assert json.loads(canonical_bytes(world)) == world


def test_a_variant_and_a_seed_are_applied() -> None:
    world = physical(sound(), "busy", 9)
    assert world["nodes"][0]["params"]["rate_per_s"] == 50
    assert world["seed"] == 9
    assert physical(sound(), "same") == physical(sound())
    with pytest.raises(KeyError):
        physical(sound(), "none")


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"op": "add", "path": "/nodes/0/label"}, 'needs a "value"'),
        ({"op": "move", "path": "/nodes/0"}, 'needs a "from"'),
        ({"op": "test", "path": "/seed", "value": 5}, "The test of /seed fails"),
        ({"op": "replace", "path": "", "value": {}}, "not format"),
        ({"op": "remove", "path": "nodes"}, "Nothing in the scenario is at"),
        ({"op": "replace", "path": "/nodes/x", "value": 1}, "Nothing in the scenario is at"),
        ({"op": "copy", "from": "/nothing", "path": "/title"}, "Nothing in the scenario is at"),
        ({"op": "remove", "path": "/nodes/0"}, "Makes links[0].a wrong"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(operation: dict[str, Any], words: str) -> None:
    with pytest.raises(DocumentError) as refused:
        validate(changed("variants.busy", [operation]))
    assert words in str(refused.value)
    assert all(mistake.path.startswith("variants.busy") for mistake in refused.value.mistakes)


def test_a_patch_cannot_grow_a_document_without_bound() -> None:
    doubling = [{"op": "copy", "from": "/nodes", "path": f"/nodes/0/params/x{number}"} for number in range(40)]
    with pytest.raises(DocumentError, match="larger than 1,000,000 bytes"):
        validate(changed("variants.busy", doubling))


def test_settings_name_entries_by_id_or_index() -> None:
    made = with_settings(
        sound(),
        [
            "nodes.ann.params.rate_per_s=7",
            "clusters.store.params.mode=cp",
            "duration_ms=900",
            "links.front.params.latency={\"kind\": \"exponential\", \"mean_ms\": 4}",
            "nodes.web.params.concurrency=2",
            "faults.0.until_ms=250",
            "title=Changed = yes",
            "links.1.params.loss=0.25",
        ],
    )  # fmt: skip
    document = validate(made)
    world = document.physical()
    assert world["nodes"][0]["params"]["rate_per_s"] == 7
    assert world["nodes"][1]["params"]["concurrency"] == 2
    assert world["nodes"][4]["params"]["mode"] == "cp"
    assert world["links"][0]["params"]["latency"]["mean_ms"] == 4
    assert world["faults"][0]["until_ms"] == 250
    assert (document.title, document.duration_ms) == ("Changed = yes", 900)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("nodes.ann", "PATH=VALUE"),
        ("=3", "PATH=VALUE"),
        ("nodes..x=3", "PATH=VALUE"),
        ("nodes.anne.label=x", 'Did you mean "ann"?'),
        ("nodes.99.label=x", "Known: ann, web"),
        ("faults.99.at_ms=1", "There are 4, counted from 0"),
        ("wires.front.a=x", "Is not in the scenario"),
        ("title.x=1", "Nothing can be set inside"),
    ],
)
def test_a_setting_that_leads_nowhere_is_refused(setting: str, words: str) -> None:
    with pytest.raises(DocumentError) as refused:
        with_settings(sound(), [setting])
    assert words in str(refused.value)
