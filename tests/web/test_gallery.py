"""The gallery follows its files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from playground.sharing.library import load_gallery
from playground.sharing.models import Scenario
from simulations import keys, runs
from simulations.models import Run, State, Viewing
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "scenarios"
    found.mkdir()
    return found


def write(folder: Path, slug: str, **changes: Any) -> None:
    (folder / f"{slug}.json").write_text(json.dumps(scenario(**changes)))


def test_a_file_becomes_a_scenario_with_its_run_waiting(folder: Path) -> None:
    write(folder, "first", title="First")
    assert load_gallery(folder) == {"first": "added"}
    found = Scenario.objects.gallery().get()
    assert (found.slug, found.title) == ("first", "First")
    assert found.viewing is not None
    assert (found.viewing.run.queue, found.viewing.run.sent_at) == (Run.BATCH, None)


def test_loading_again_changes_nothing(folder: Path) -> None:
    write(folder, "first")
    load_gallery(folder)
    assert load_gallery(folder) == {"first": "unchanged"}
    assert Viewing.objects.count() == 1


def test_an_edited_file_gets_a_new_run_and_a_text_only_edit_does_not(folder: Path) -> None:
    write(folder, "first")
    load_gallery(folder)
    before = Scenario.objects.get().viewing
    write(folder, "first", title="Better title")
    assert load_gallery(folder) == {"first": "updated"}
    write(folder, "first", title="Better title", duration_ms=500)
    assert load_gallery(folder) == {"first": "updated"}
    after = Scenario.objects.get()
    assert before is not None
    assert after.viewing is not None
    assert (after.title, after.viewing.run_id == before.run_id) == ("Better title", False)
    assert Run.objects.count() == 2
    assert Viewing.objects.count() == 1


def test_a_removed_file_leaves_the_gallery(folder: Path) -> None:
    write(folder, "first")
    load_gallery(folder)
    (folder / "first.json").unlink()
    assert load_gallery(folder) == {"first": "removed"}
    assert not Scenario.objects.exists()


def test_variants_that_claims_compare_are_computed_too(folder: Path) -> None:
    claim = {"claim": "x", "left": {"metric": "ops.ok", "variant": "long"}, "op": ">", "right": 1}
    write(
        folder, "first", expect=[claim], variants={"long": [{"op": "replace", "path": "/duration_ms", "value": 5000}]}
    )
    load_gallery(folder)
    assert Run.objects.count() == 2


def test_runs_of_an_earlier_state_that_have_not_begun_are_let_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = {"claim": "x", "left": {"metric": "ops.ok", "variant": "long"}, "op": ">", "right": 1}
    write(
        folder, "first", expect=[claim], variants={"long": [{"op": "replace", "path": "/duration_ms", "value": 5000}]}
    )
    load_gallery(folder)
    for module in (keys, runs):
        monkeypatch.setattr(module, "version_for", lambda _: "another engine")
    load_gallery(folder)
    waiting = Run.objects.filter(state=State.QUEUED)
    assert [run.engine_version for run in waiting] == ["another engine"] * 2
    assert Run.objects.filter(state=State.STOPPED).count() == 2
    assert Viewing.objects.count() == 2


def test_our_own_gallery_loads_and_opens_on_runs_that_can_be_computed(client: Client) -> None:
    assert {"client-server", "multi-tier", "cap-partition"} <= set(load_gallery())
    found = Scenario.objects.get(slug="client-server")
    assert found.viewing is not None
    runs.compute(found.viewing.run_id)
    assert Run.objects.get(pk=found.viewing.run_id).is_complete
    assert found.title in client.get("/").content.decode()


def test_scenarios_stand_in_chapters_in_their_order(folder: Path, client: Client) -> None:
    for slug in ("bulkhead", "scalability", "multi-tier", "client-server", "of-no-chapter"):
        write(folder, slug, title=slug.title())
    load_gallery(folder)
    page = client.get("/").content.decode()
    told = re.findall(r'<h2 class="ghd"[^>]*>([^<]+)|<h3><a href="/s/([^/]+)/"', page)
    assert [title or slug for title, slug in told] == [
        "Why distribute",
        "scalability",
        "Architectural models",
        "client-server",
        "multi-tier",
        "Living with failure",
        "bulkhead",
        "More",
        "of-no-chapter",
    ]
