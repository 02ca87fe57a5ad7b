"""Drafts: kept for their owner, versioned."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from playground.sandbox.models import Draft
from simulations.models import Viewing
from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


def make(caller: Caller, **changes: Any) -> str:
    answer = caller.post("/api/drafts", {"document": scenario(**changes)})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def test_a_draft_is_made_read_listed_and_deleted(caller: Caller) -> None:
    draft = make(caller, title="Mine")
    found = caller.get(f"/api/drafts/{draft}").json()
    assert found["document"] == scenario(title="Mine")
    assert (found["version"], found["title"], found["viewing"]) == (1, "Mine", None)
    assert [entry["id"] for entry in caller.get("/api/drafts").json()] == [draft]
    assert caller.delete(f"/api/drafts/{draft}").status_code == 204
    assert caller.get(f"/api/drafts/{draft}").status_code == 404


def test_a_save_carries_a_version_and_gets_the_next(caller: Caller) -> None:
    draft = make(caller)
    answer = caller.put(f"/api/drafts/{draft}", {"document": scenario(title="Second"), "version": 1})
    assert (answer.status_code, answer.json()) == (200, {"version": 2})
    assert caller.get(f"/api/drafts/{draft}").json()["title"] == "Second"


def test_a_save_over_another_is_a_conflict_and_changes_nothing(caller: Caller) -> None:
    draft = make(caller)
    caller.put(f"/api/drafts/{draft}", {"document": scenario(title="First tab"), "version": 1})
    answer = caller.put(f"/api/drafts/{draft}", {"document": scenario(title="Second tab"), "version": 1})
    assert answer.status_code == 409
    assert answer.json()["version"] == 2
    assert answer.json()["document"]["title"] == "First tab"
    assert caller.get(f"/api/drafts/{draft}").json()["title"] == "First tab"


def test_a_draft_remembers_its_last_run(caller: Caller) -> None:
    draft = make(caller)
    viewing = caller.post("/api/runs", {"document": scenario()}).json()["viewing"]
    caller.put(f"/api/drafts/{draft}", {"document": scenario(), "version": 1, "viewing": viewing})
    assert caller.get(f"/api/drafts/{draft}").json()["viewing"] == viewing


def test_another_visitors_viewing_is_not_remembered(caller: Caller, new_caller: Callable[[], Caller]) -> None:
    viewing = new_caller().post("/api/runs", {"document": scenario()}).json()["viewing"]
    draft = caller.post("/api/drafts", {"document": scenario(), "viewing": viewing}).json()["id"]
    assert Viewing.objects.filter(pk=viewing).exists()
    assert caller.get(f"/api/drafts/{draft}").json()["viewing"] is None


def test_work_in_progress_is_kept_though_it_cannot_run_yet(caller: Caller) -> None:
    unfinished = scenario(links=[{"id": "l", "a": "client", "b": "gone"}])
    answer = caller.post("/api/drafts", {"document": unfinished})
    assert answer.status_code == 201
    assert caller.get(f"/api/drafts/{answer.json()['id']}").json()["document"] == unfinished


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_draft_is_nobody_elses(caller: Caller, new_caller: Callable[[], Caller], method: str) -> None:
    draft = make(caller)
    body = {"document": scenario(title="Stolen"), "version": 1}
    arguments = [body] if method == "put" else []
    assert getattr(new_caller(), method)(f"/api/drafts/{draft}", *arguments).status_code == 404
    assert Draft.objects.get().title == "A test"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"format": "other"},
        {"format": "netsplit/1", "nodes": 3},
        {"format": "netsplit/1", "links": ["x"]},
        {"format": "netsplit/1", "title": 5},
        {"format": "netsplit/1", "summary": "x" * 1_100_000},
        {"format": "netsplit/1", "title": "half a sign: \ud800"},
        {"format": "netsplit/1", "nodes": [{"label": "no character: \0"}]},
    ],
)
def test_what_the_editor_could_not_open_again_is_refused(caller: Caller, document: Any) -> None:
    answer = caller.post("/api/drafts", {"document": document})
    assert answer.status_code == 422
    assert answer.json()["mistakes"][0]["message"]
    assert not Draft.objects.exists()


@pytest.mark.parametrize("depth", [70, 900])
def test_a_deep_document_is_refused(caller: Caller, depth: int) -> None:
    body = b'{"document": {"format": "netsplit/1", "x": ' + b"[" * depth + b"]" * depth + b"}}"
    assert caller.post("/api/drafts", body).status_code in (400, 422)


def test_a_save_without_a_version_is_refused(caller: Caller) -> None:
    draft = make(caller)
    assert caller.put(f"/api/drafts/{draft}", {"document": scenario()}).status_code == 422


def test_unknown_drafts_are_not_found(caller: Caller) -> None:
    assert caller.get(f"/api/drafts/{uuid.uuid4()}").status_code == 404
    assert caller.get("/api/drafts/nonsense").status_code in (404, 422)


def test_too_many_drafts_are_refused_in_words(caller: Caller, settings: Any) -> None:
    settings.DRAFTS_PER_OWNER_MAX = 1
    make(caller)
    answer = caller.post("/api/drafts", {"document": scenario()})
    assert answer.status_code == 429
    assert "Delete one" in answer.json()["mistakes"][0]["message"]
