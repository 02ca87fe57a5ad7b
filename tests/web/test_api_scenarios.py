"""Sharing: a document and the run that was watched, under an unguessable link."""

from __future__ import annotations

from typing import Any

import pytest

from playground.sharing.models import Scenario
from simulations import runs
from simulations.models import Run, State, Viewing
from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def share(caller: Caller, document: dict[str, Any], viewing: str | None = None) -> Scenario:
    answer = caller.post("/api/scenarios", {"document": document, "viewing": viewing})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["url"] == f"http://testserver/s/{body['slug']}/"
    return Scenario.objects.select_related("viewing__run").get(slug=body["slug"])


def test_a_link_keeps_the_run_that_was_watched(caller: Caller, no_broker: list[int]) -> None:
    viewing = caller.post("/api/runs", {"document": scenario(), "seed": 42}).json()["viewing"]
    runs.compute(Run.objects.get().pk)
    no_broker.clear()
    shared = share(caller, scenario(), viewing)
    assert len(shared.slug) == 22  # 132 bits
    assert shared.viewing is not None
    assert shared.viewing.pk != viewing
    assert shared.viewing.run.physical["seed"] == 42
    assert shared.viewing.run.state == State.FINISHED
    assert no_broker == []


def test_without_a_run_the_base_run_is_asked_for(caller: Caller, no_broker: list[int]) -> None:
    shared = share(caller, scenario())
    assert shared.viewing is not None
    assert shared.viewing.owner is None
    assert no_broker == [shared.viewing.run_id]


def test_a_run_of_what_the_document_was_before_an_edit_is_not_shown(caller: Caller) -> None:
    viewing = caller.post("/api/runs", {"document": scenario()}).json()["viewing"]
    shared = share(caller, scenario(duration_ms=2000), viewing)
    assert shared.viewing is not None
    assert shared.viewing.run.physical["duration_ms"] == 2000


def test_the_owners_stop_does_not_end_a_shared_run(caller: Caller) -> None:
    viewing = caller.post("/api/runs", {"document": scenario()}).json()["viewing"]
    shared = share(caller, scenario(), viewing)
    caller.post(f"/api/runs/{viewing}/stop")
    assert shared.viewing is not None
    assert caller.get(f"/api/runs/{shared.viewing.pk}").json()["status"] == "queued"
    assert caller.post(f"/api/runs/{shared.viewing.pk}/stop").status_code == 404


def test_the_document_is_given_as_it_was_shared(caller: Caller) -> None:
    shared = share(caller, scenario(title="Kept"))
    document = caller.get(f"/api/scenarios/{shared.slug}").json()
    assert document["title"] == "Kept"
    assert document["nodes"] == scenario()["nodes"]


def test_sharing_twice_makes_two_links_to_one_stored_document(caller: Caller) -> None:
    one, two = share(caller, scenario()), share(caller, scenario())
    assert one.slug != two.slug
    assert one.document_id == two.document_id


def test_what_cannot_run_is_not_shared(caller: Caller) -> None:
    answer = caller.post("/api/scenarios", {"document": scenario(links=[{"id": "l", "a": "client", "b": "x"}])})
    assert answer.status_code == 422
    assert not Scenario.objects.exists()
    assert not Viewing.objects.exists()


def test_an_unknown_slug_is_not_found(caller: Caller) -> None:
    answer = caller.get("/api/scenarios/nothing-here")
    assert answer.status_code == 404
    assert answer.json()["mistakes"]
