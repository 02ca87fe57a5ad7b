"""What a document may hold, and whether one does."""

from __future__ import annotations

import pytest

from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = pytest.mark.django_db


def test_the_catalogue_names_the_node_types(caller: Caller) -> None:
    types = {entry["type"] for entry in caller.get("/api/catalogue").json()["types"]}
    assert {"client", "load-balancer", "service", "database", "register"} <= types


def test_the_schema_is_a_json_schema(caller: Caller) -> None:
    assert "nodes" in caller.get("/api/schema/scenario").json()["properties"]


def test_a_good_document_has_no_mistakes(caller: Caller) -> None:
    assert caller.post("/api/documents/validate", {"document": scenario()}).json() == {"mistakes": [], "doubts": []}


def test_every_mistake_is_named(caller: Caller) -> None:
    nodes = [{"id": "client", "type": "client", "params": {"rate_per_s": -1}}, {"id": "service", "type": "teapot"}]
    found = caller.post("/api/documents/validate", {"document": scenario(nodes=nodes)}).json()["mistakes"]
    assert {"nodes[0].params.rate_per_s", "nodes[1].type"} <= {mistake["path"] for mistake in found}


def test_the_api_describes_itself_without_foreign_pages(caller: Caller) -> None:
    paths = caller.get("/api/openapi.json").json()["paths"]
    assert "/api/runs" in paths
    assert "/api/drafts/{draft_id}" in paths
    assert caller.get("/api/docs").status_code == 404


def test_what_is_hardly_meant_is_told_and_may_run(caller: Caller) -> None:
    crash = {"kind": "crash", "target": "s", "at_ms": 100}
    document = scenario() | {"faults": [crash | {"until_ms": 400}, crash | {"at_ms": 200, "until_ms": 300}]}
    document["faults"] = [fault | {"target": document["nodes"][0]["id"]} for fault in document["faults"]]
    checked = caller.post("/api/documents/validate", {"document": document}).json()
    assert checked["mistakes"] == []
    assert [doubt["path"] for doubt in checked["doubts"]] == ["faults[1].until_ms"]
    answer = caller.post("/api/runs", {"document": document})
    assert (answer.status_code, answer.json()["doubts"]) == (201, checked["doubts"])


def test_unknown_addresses_are_refused_as_json(caller: Caller) -> None:
    answer = caller.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json()["mistakes"]


def test_other_methods_are_refused(caller: Caller) -> None:
    assert caller.put("/api/runs", {}).status_code == 405
