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
    assert caller.post("/api/documents/validate", {"document": scenario()}).json() == {"mistakes": []}


def test_every_mistake_is_named(caller: Caller) -> None:
    nodes = [{"id": "client", "type": "client", "params": {"rate_per_s": -1}}, {"id": "service", "type": "teapot"}]
    found = caller.post("/api/documents/validate", {"document": scenario(nodes=nodes)}).json()["mistakes"]
    assert {"nodes[0].params.rate_per_s", "nodes[1].type"} <= {mistake["path"] for mistake in found}


def test_the_api_describes_itself_without_foreign_pages(caller: Caller) -> None:
    paths = caller.get("/api/openapi.json").json()["paths"]
    assert "/api/runs" in paths
    assert "/api/drafts/{draft_id}" in paths
    assert caller.get("/api/docs").status_code == 404


def test_unknown_addresses_are_refused_as_json(caller: Caller) -> None:
    answer = caller.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.json()["mistakes"]


def test_other_methods_are_refused(caller: Caller) -> None:
    assert caller.put("/api/runs", {}).status_code == 405
