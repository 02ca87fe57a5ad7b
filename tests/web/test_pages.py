"""The pages: what they open with, whose they are, and what they say when there is nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from playground.sandbox.models import Draft
from simulations import runs
from simulations.models import Run, State
from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]
NASTY = "</script><img src=x onerror=alert(1)>"


def stage(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    found = re.search(r'<script id="stage-data" type="application/json">(.*?)</script>', answer.content.decode(), re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def share(caller: Caller, **changes: Any) -> str:
    return str(caller.post("/api/scenarios", {"document": scenario(**changes)}).json()["slug"])


# --- gallery --------------------------------------------------------------------------------------------------------
def test_an_empty_gallery_says_so(caller: Caller) -> None:
    answer = caller.get("/")
    assert answer.status_code == 200
    assert answer.cookies["csrftoken"]


def test_every_page_one_acts_from_makes_the_visitor_known(caller: Caller) -> None:
    """First acts sent at once (a run that starts by itself, and Remix) are one visitor's: the page gave the cookie."""
    for address in ["/", "/sandbox/", f"/s/{share(caller)}/", "/scenarios/mine/"]:
        caller.client.cookies.pop("netsplit_owner", None)
        assert caller.get(address).cookies["netsplit_owner"].value, address
        assert "netsplit_owner" not in caller.get(address).cookies, address


# --- sandbox --------------------------------------------------------------------------------------------------------
def test_the_sandbox_opens_on_an_example_that_runs(caller: Caller) -> None:
    data = stage(caller.get("/sandbox/"))
    assert (data["mode"], data["draft"], data["viewing"], data["slug"]) == ("edit", None, None, None)
    assert data["catalogue"]["types"]
    assert caller.post("/api/runs", {"document": data["document"]}).status_code == 201


def test_a_draft_opens_where_it_was_left(caller: Caller) -> None:
    viewing = caller.post("/api/runs", {"document": scenario()}).json()["viewing"]
    draft = caller.post("/api/drafts", {"document": scenario(title="Mine"), "viewing": viewing}).json()
    data = stage(caller.get(f"/sandbox/{draft['id']}/"))
    assert data["draft"] == draft
    assert data["viewing"] == viewing
    assert data["document"]["title"] == "Mine"


def test_a_page_says_which_variant_it_watches(caller: Caller) -> None:
    document = scenario(variants={"slow": [{"op": "replace", "path": "/duration_ms", "value": 700}]})
    viewing = caller.post("/api/runs", {"document": document, "variant": "slow"}).json()["viewing"]
    draft = caller.post("/api/drafts", {"document": document, "viewing": viewing}).json()["id"]
    link = caller.post("/api/scenarios", {"document": document, "viewing": viewing}).json()["slug"]
    assert stage(caller.get(f"/sandbox/{draft}/"))["variant"] == "slow"
    assert stage(caller.get(f"/s/{link}/"))["variant"] == "slow"
    assert stage(caller.get("/sandbox/"))["variant"] is None


def test_a_draft_of_another_is_not_found(caller: Caller, new_caller: Callable[[], Caller]) -> None:
    draft = caller.post("/api/drafts", {"document": scenario()}).json()["id"]
    assert new_caller().get(f"/sandbox/{draft}/").status_code == 404


# --- shared links ---------------------------------------------------------------------------------------------------
def test_a_shared_link_opens_for_anybody_without_a_worker(caller: Caller, new_caller: Callable[[], Caller]) -> None:
    slug = share(caller)
    runs.compute(Run.objects.get().pk)
    other = new_caller()
    data = stage(other.get(f"/s/{slug}/?at=250.5"))
    assert (data["mode"], data["slug"], data["at_ms"]) == ("shared", slug, 250.5)
    assert other.get(f"/api/runs/{data['viewing']}").json()["status"] == "finished"


def test_a_shared_link_asks_for_a_guess_first(caller: Caller) -> None:
    page = caller.get(f"/s/{share(caller, predict='How **many** are *lost*?')}/").content.decode()
    assert "Predict first." in page
    assert "How many are lost?" in page
    assert "Predict first." not in caller.get(f"/s/{share(caller)}/").content.decode()


@pytest.mark.parametrize("at", ["", "x", "-1", "nan", "inf", "1e999"])
def test_a_moment_that_is_none_is_ignored(caller: Caller, at: str) -> None:
    assert stage(caller.get(f"/s/{share(caller)}/?at={at}"))["at_ms"] is None


def test_opening_a_link_whose_run_was_stopped_asks_for_it_again(caller: Caller, no_broker: list[int]) -> None:
    slug = share(caller)
    Run.objects.update(state=State.STOPPED)
    no_broker.clear()
    stage(caller.get(f"/s/{slug}/"))
    assert no_broker == [Run.objects.get(state=State.QUEUED).pk]


def test_markup_in_names_stays_text(caller: Caller) -> None:
    nodes = [{"id": "client", "type": "client", "label": NASTY}, {"id": "service", "type": "service"}]
    slug = share(caller, title=NASTY, summary=NASTY, concepts=[NASTY], nodes=nodes)
    for path in (f"/s/{slug}/", f"/embed/{slug}/", "/scenarios/mine/"):
        answer = caller.get(path)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.content.decode(), path
    assert stage(caller.get(f"/s/{slug}/"))["document"]["title"] == NASTY


def test_an_unknown_link_is_a_page_of_our_own(caller: Caller) -> None:
    for path in ("/s/nothing/", "/embed/nothing/", "/nothing", "/sandbox/nothing/"):
        answer = caller.get(path)
        assert answer.status_code == 404
        assert "To the gallery" in answer.content.decode()


def test_a_remix_is_an_own_draft_opened_where_the_original_was(
    caller: Caller, new_caller: Callable[[], Caller]
) -> None:
    slug = share(caller, title="Original")
    other = new_caller()
    answer = other.post(f"/s/{slug}/remix")
    assert answer.status_code == 302
    data = stage(other.get(answer["Location"]))
    assert (data["mode"], data["document"]["title"]) == ("edit", "Original")
    assert data["viewing"]
    assert Draft.objects.count() == 1
    assert caller.get(answer["Location"]).status_code == 404


@pytest.mark.parametrize(("asked", "at_ms"), [("?at=250.5", 250.5), ("?at=0", None), ("?at=soon", None), ("", None)])
def test_a_remix_opens_at_the_moment_that_was_seen(caller: Caller, asked: str, at_ms: float | None) -> None:
    slug = share(caller)
    assert stage(caller.get(caller.post(f"/s/{slug}/remix{asked}")["Location"]))["at_ms"] == at_ms


def test_one_draft_too_many_is_refused_in_words(caller: Caller, settings: Any) -> None:
    slug = share(caller)
    settings.DRAFTS_PER_OWNER_MAX = 0
    answer = caller.post(f"/s/{slug}/remix")
    assert answer.status_code == 429
    assert "as many drafts" in answer.content.decode()


def test_a_remix_needs_the_csrf_token_and_a_post(caller: Caller) -> None:
    slug = share(caller)
    assert caller.client.post(f"/s/{slug}/remix").status_code == 403
    assert caller.get(f"/s/{slug}/remix").status_code == 405


# --- embeds ---------------------------------------------------------------------------------------------------------
def test_only_an_embed_may_stand_in_a_foreign_frame(caller: Caller) -> None:
    slug = share(caller)
    embed, shared = caller.get(f"/embed/{slug}/"), caller.get(f"/s/{slug}/")
    assert "X-Frame-Options" not in embed
    assert re.search(r"frame-ancestors [^;]*\*", embed["Content-Security-Policy"])
    assert shared["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self';" in shared["Content-Security-Policy"] + ";"


# --- one's own ------------------------------------------------------------------------------------------------------
def test_my_scenarios_lists_my_own(caller: Caller, new_caller: Callable[[], Caller]) -> None:
    caller.post("/api/drafts", {"document": scenario(title="My draft")})
    share(caller, title="My link")
    mine = caller.get("/scenarios/mine/").content.decode()
    assert "My draft" in mine
    assert "My link" in mine
    others = new_caller().get("/scenarios/mine/").content.decode()
    assert "My draft" not in others
    assert "My link" not in others


# --- the rest -------------------------------------------------------------------------------------------------------
def test_the_policy_lets_in_nothing_foreign(caller: Caller) -> None:
    policy = caller.get("/sandbox/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy


def test_headers_of_every_page(caller: Caller) -> None:
    answer = caller.get("/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_small_files(caller: Caller) -> None:
    assert b"Disallow: /s/" in caller.get("/robots.txt").content
    assert caller.get("/favicon.ico")["Location"].endswith("favicon.svg")
    assert caller.get("/jsi18n/")["Content-Type"].startswith("text/javascript")


def test_a_fault_here_is_a_page_without_a_traceback(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    caller.client.raise_request_exception = False
    monkeypatch.setattr("playground.sandbox.views.example", lambda: 1 / 0)
    answer = caller.get("/sandbox/")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert "Something went wrong here" in text
    assert "ZeroDivision" not in text


def test_a_refused_form_is_a_page_of_our_own(caller: Caller) -> None:
    answer = caller.client.post("/s/whatever/remix")
    assert answer.status_code == 403
    assert "too old" in answer.content.decode()
