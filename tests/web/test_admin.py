"""The admin: scenarios, runs, viewings, drafts, users; for staff alone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from playground.sharing.models import Scenario
from simulations import runs
from simulations.models import Run
from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

LISTS = [
    "/admin/",
    "/admin/simulations/run/",
    "/admin/simulations/viewing/",
    "/admin/sharing/scenario/",
    "/admin/sandbox/draft/",
    "/admin/auth/user/",
    "/admin/auth/group/",
]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="a long password of ours"))
    return client


@pytest.fixture
def run(caller: Caller) -> Run:
    caller.post("/api/scenarios", {"document": scenario(title="Shared one")})
    caller.post("/api/drafts", {"document": scenario(title="A draft")})
    found = Run.objects.get()
    runs.compute(found.pk)
    return Run.objects.get()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.usefixtures("run")
def test_every_list_opens(staff: Client, path: str) -> None:
    assert staff.get(path).status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_visitors_are_sent_to_the_login(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_a_run_shows_status_size_digest_duration_and_playback(staff: Client, run: Run) -> None:
    page = staff.get("/admin/simulations/run/").content.decode()
    for words in ("Finished", run.digest[:12], run.key[:12], f"/admin/simulations/run/{run.pk}/play/"):
        assert words in page
    assert staff.get(f"/admin/simulations/run/{run.pk}/change/").status_code == 200


def test_playback_opens_the_link_there_is(staff: Client, run: Run) -> None:
    answer = staff.get(f"/admin/simulations/run/{run.pk}/play/")
    assert answer["Location"] == Scenario.objects.get().get_absolute_url()


def test_playback_of_a_run_without_a_link_makes_one(staff: Client, caller: Caller) -> None:
    caller.post("/api/runs", {"document": scenario(title="Private")})
    found = Run.objects.get()
    answer = staff.get(f"/admin/simulations/run/{found.pk}/play/")
    assert staff.get(answer["Location"]).status_code == 200
    assert staff.get(f"/admin/simulations/run/{found.pk}/play/")["Location"] == answer["Location"]


def test_runs_and_shared_scenarios_are_not_made_or_changed_by_hand(staff: Client, run: Run) -> None:
    assert staff.get("/admin/simulations/run/add/").status_code == 403
    assert staff.get("/admin/sharing/scenario/add/").status_code == 403
    assert staff.post(f"/admin/simulations/run/{run.pk}/change/", {"state": "failed"}).status_code == 403


def test_scenarios_are_exported(staff: Client, run: Run) -> None:
    assert staff.get("/admin/sharing/scenario/export/").status_code == 200


def test_only_the_admin_may_evaluate_scripts(staff: Client) -> None:
    assert "'unsafe-eval'" in staff.get("/admin/")["Content-Security-Policy"]
    assert "unsafe" not in staff.get("/sandbox/")["Content-Security-Policy"]
