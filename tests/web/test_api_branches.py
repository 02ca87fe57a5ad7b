"""Branches: kept with a draft as they are, carried by a link when each can be run."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from playground.sandbox.branches import BRANCHES_BYTES_MAX, BRANCHES_MAX
from playground.sandbox.models import Draft
from playground.sharing.models import Scenario
from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]

CRASH = {"kind": "crash", "target": "service", "at_ms": 500}


def entry(name: str, parent: str | None = "main", **more: Any) -> dict[str, Any]:
    whole = {"parent": parent, "at_ms": 500, "name": name, "viewing": None, "variant": None, "verdict": None}
    return {"id": name, **whole, "kept": True, "patch": [], "ran": None, **more}


def crashed(name: str = "crashed", **more: Any) -> dict[str, Any]:
    return entry(name, **{"patch": [{"op": "add", "path": "/faults", "value": [CRASH]}], **more})


def tree(*entries: dict[str, Any], current: str = "main") -> dict[str, Any]:
    return {"current": current, "entries": [entry("main", None), *entries]}


def make(caller: Caller, branches: Any) -> Any:
    return caller.post("/api/drafts", {"document": scenario(), "branches": branches})


def share(caller: Caller, branches: Any) -> Any:
    return caller.post("/api/scenarios", {"document": scenario(), "branches": branches})


def test_a_draft_keeps_its_branches(caller: Caller) -> None:
    draft = make(caller, tree(crashed())).json()["id"]
    assert caller.get(f"/api/drafts/{draft}").json()["branches"] == tree(crashed())
    caller.put(f"/api/drafts/{draft}", {"document": scenario(), "version": 1, "branches": None})
    assert Draft.objects.get().branches is None


def test_a_conflict_tells_the_branches_that_are_stored(caller: Caller) -> None:
    draft = make(caller, None).json()["id"]
    caller.put(f"/api/drafts/{draft}", {"document": scenario(), "version": 1, "branches": tree(crashed())})
    answer = caller.put(f"/api/drafts/{draft}", {"document": scenario(), "version": 1, "branches": None})
    assert (answer.status_code, answer.json()["branches"]) == (409, tree(crashed()))


def test_the_editor_and_a_remix_open_with_the_branches(caller: Caller) -> None:
    slug = share(caller, tree(crashed())).json()["slug"]
    assert caller.post(reverse("remix", args=[slug])).status_code == 302
    assert Draft.objects.get().branches == Scenario.objects.get(slug=slug).branches
    draft = make(caller, tree(crashed("other"))).json()["id"]
    assert b'"other"' in caller.get(f"/sandbox/{draft}/").content


def test_a_link_carries_each_branch_as_a_whole_document(caller: Caller) -> None:
    slug = share(caller, tree(crashed(viewing="a" * 32, verdict="fail"))).json()["slug"]
    stored = Scenario.objects.get(slug=slug).branches
    assert [one["name"] for one in stored["entries"]] == ["main", "crashed"]
    assert stored["entries"][0]["document"] == Scenario.objects.get(slug=slug).data
    assert stored["entries"][1]["document"]["faults"][0]["at_ms"] == 500
    assert not {"viewing", "verdict", "patch"} & set(stored["entries"][1])
    assert b'"crashed"' in caller.get(f"/s/{slug}/").content


def test_a_link_to_one_line_has_no_branches(caller: Caller) -> None:
    for branches in (None, tree()):
        slug = share(caller, branches).json()["slug"]
        assert Scenario.objects.get(slug=slug).branches is None


def test_a_branch_that_cannot_run_is_not_shared(caller: Caller) -> None:
    wrong = crashed(patch=[{"op": "add", "path": "/faults", "value": [{**CRASH, "target": "nobody"}]}])
    answer = share(caller, tree(wrong))
    assert answer.status_code == 422
    assert answer.json()["mistakes"][0]["path"].startswith("branches.crashed.faults[0]")


@pytest.mark.parametrize(
    "patch",
    [
        [{"op": "remove", "path": "/nothing"}],
        [{"op": "replace", "path": "/nodes/7/id", "value": 1}],
        [{"op": "add", "path": "nodes", "value": 1}],
        [{"op": "replace", "path": "", "value": []}],
        [{"op": "replace", "path": "/seed/x", "value": 1}],
    ],
)
def test_a_patch_that_does_not_fit_is_refused(caller: Caller, patch: list[Any]) -> None:
    answer = share(caller, tree(crashed(patch=patch)))
    assert answer.status_code == 422
    assert answer.json()["mistakes"][0]["path"].startswith("branches.crashed")


@pytest.mark.parametrize(
    "branches",
    [
        tree(crashed(parent="gone")),
        tree(entry("a", "b"), entry("b", "a")),
        tree(crashed(), crashed()),
        tree(crashed(), current="gone"),
        {"current": "a", "entries": [entry("a", None), entry("b", "a")]},
        tree(entry("a", None)),
    ],
)
def test_what_is_no_tree_is_not_shared(caller: Caller, branches: Any) -> None:
    answer = share(caller, branches)
    assert (answer.status_code, answer.json()["mistakes"][0]["path"]) == (422, "branches")


@pytest.mark.parametrize(
    "branches",
    [
        {"current": "main", "entries": []},
        tree(*(entry(f"b{i}") for i in range(BRANCHES_MAX))),
        tree(crashed(patch=[{"op": "copy", "from": "", "path": "/nodes/0"}])),
        tree(entry("../x")),
        tree(crashed(verdict="maybe")),
        tree(crashed(patch=[{"op": "add", "path": "/summary", "value": "\x00"}])),
        tree(crashed(patch=[{"op": "add", "path": "/summary", "value": "x" * BRANCHES_BYTES_MAX}])),
        {**tree(crashed()), "current": None},
        [],
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(caller: Caller, branches: Any) -> None:
    answer = make(caller, branches)
    assert answer.status_code == 422
    assert answer.json()["mistakes"]
    assert not Draft.objects.exists()
