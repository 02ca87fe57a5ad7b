"""POST /api/runs and what can be asked of a viewing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulations import runs
from simulations.models import Run, State, Verdict, Viewing
from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def start(caller: Caller, **changes: Any) -> str:
    answer = caller.post("/api/runs", {"document": scenario(**changes)})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["viewing"])


def test_a_run_is_asked_for(caller: Caller, no_broker: list[int]) -> None:
    answer = caller.post("/api/runs", {"document": scenario(), "variant": None, "seed": 7})
    assert answer.status_code == 201
    body = answer.json()
    assert len(body["viewing"]) == 32
    assert body["status"] == "queued"
    assert body["nodes"] == ["client", "service"]
    assert body["ws"] == f"/ws/runs/{body['viewing']}/"
    run = Run.objects.get()
    assert run.physical["seed"] == 7
    assert no_broker == [run.pk]


def test_the_visitor_gets_a_signed_cookie_of_one_year(caller: Caller) -> None:
    cookie = caller.post("/api/runs", {"document": scenario()}).cookies["netsplit_owner"]
    assert cookie["max-age"] == 365 * 24 * 3600
    assert cookie["httponly"]
    assert str(Viewing.objects.get().owner) in cookie.value


def test_a_forged_cookie_is_nobodys(caller: Caller) -> None:
    start(caller)
    owner = Viewing.objects.get().owner
    caller.client.cookies["netsplit_owner"] = f"{owner}:forged:signature"
    start(caller)
    assert Viewing.objects.filter(owner=owner).count() == 1


def test_a_variant_is_run(caller: Caller) -> None:
    document = scenario(variants={"long": [{"op": "replace", "path": "/duration_ms", "value": 5000}]})
    assert caller.post("/api/runs", {"document": document, "variant": "long"}).status_code == 201
    assert Run.objects.get().physical["duration_ms"] == 5000


def test_the_status_is_told(caller: Caller) -> None:
    viewing = start(caller)
    assert caller.get(f"/api/runs/{viewing}").json() == {
        "status": "queued",
        "position": 1,
        "simulated_ms": 0,
        "duration_ms": 1000,
        "chunks": 0,
        "reason": "",
        "digest": "",
    }
    runs.compute(Run.objects.get().pk)
    after = caller.get(f"/api/runs/{viewing}").json()
    assert (after["status"], after["position"], after["simulated_ms"]) == ("finished", None, 1000)
    assert len(after["digest"]) == 64


# --- refusals -------------------------------------------------------------------------------------------------------
def wrong(**changes: Any) -> dict[str, Any]:
    return scenario(**changes)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (wrong(nodes=[{"id": "a", "type": "teapot"}], links=[]), "nodes[0].type"),
        (wrong(links=[{"id": "l", "a": "client", "b": "nobody"}]), "links[0].b"),
        (
            wrong(links=[{"id": "l", "a": "client", "b": "service", "params": {"latency": -1}}]),
            "links[0].params.latency",
        ),
        (wrong(duration_ms="long"), "duration_ms"),
        (wrong(nodes=[{"id": f"n{i}", "type": "service"} for i in range(10_000)], links=[]), "nodes"),
        (wrong(colour="red"), "colour"),
        ({}, "format"),
        ([], ""),
        (None, ""),
        ("text", ""),
    ],
)
def test_a_document_with_a_mistake_is_refused_with_its_path(caller: Caller, document: Any, path: str) -> None:
    answer = caller.post("/api/runs", {"document": document})
    assert answer.status_code == 422
    mistakes = answer.json()["mistakes"]
    assert any(mistake["path"].startswith(path) for mistake in mistakes), mistakes
    assert all(mistake["message"] for mistake in mistakes)
    assert not Run.objects.exists()
    assert not Viewing.objects.exists()


def test_not_a_number_is_refused(caller: Caller) -> None:
    answer = caller.post("/api/runs", b'{"document": {"format": "netsplit/1", "duration_ms": NaN, "nodes": []}}')
    assert answer.status_code == 422
    assert "NaN" in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"document": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"],
)
def test_what_is_no_json_object_is_refused(caller: Caller, body: bytes) -> None:
    answer = caller.post("/api/runs", body)
    assert answer.status_code in (400, 422)
    assert answer.json()["mistakes"][0]["message"] != "Cannot parse request body"
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize("depth", [70, 400, 900])
def test_a_deep_document_is_refused(caller: Caller, depth: int) -> None:
    body = b'{"document": {"format": "netsplit/1", "nodes": ' + b"[" * depth + b"]" * depth + b"}}"
    assert caller.post("/api/runs", body).status_code in (400, 422)


@pytest.mark.parametrize("more", [{"seed": -1}, {"seed": 2**80}, {"seed": "x"}, {"seed": 1.5}, {"variant": 3}])
def test_a_wrong_parameter_is_refused_by_name(caller: Caller, more: dict[str, Any]) -> None:
    answer = caller.post("/api/runs", {"document": scenario(), **more})
    assert answer.status_code == 422
    assert answer.json()["mistakes"][0]["path"] == next(iter(more))


def test_an_unknown_variant_is_refused(caller: Caller) -> None:
    answer = caller.post("/api/runs", {"document": scenario(), "variant": "nope"})
    assert answer.status_code == 422
    assert answer.json()["mistakes"][0]["path"] == "variant"


def test_without_the_csrf_token_nothing_is_changed(caller: Caller) -> None:
    answer = caller.client.post("/api/runs", {"document": scenario()}, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["mistakes"]
    assert not Run.objects.exists()


def test_too_many_runs_are_refused_in_words(caller: Caller, settings: Any) -> None:
    settings.RUNS_WAITING_PER_OWNER_MAX = 1
    start(caller, seed=1)
    answer = caller.post("/api/runs", {"document": scenario(seed=2)})
    assert answer.status_code == 429
    assert "1 runs waiting" in answer.json()["mistakes"][0]["message"]


@pytest.mark.parametrize("path", ["", "/verdict"])
def test_an_unknown_viewing_is_not_found(caller: Caller, path: str) -> None:
    answer = caller.get(f"/api/runs/{'0' * 32}{path}")
    assert answer.status_code == 404
    assert answer.json()["mistakes"]


def test_a_fault_here_is_told_without_a_traceback(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulations.runs.find_viewing", lambda viewing: 1 / 0)
    answer = caller.get("/api/runs/x")
    assert answer.status_code == 500
    assert b"ZeroDivision" not in answer.content


# --- stop -----------------------------------------------------------------------------------------------------------
def test_the_owner_stops_a_run(caller: Caller) -> None:
    viewing = start(caller)
    assert caller.post(f"/api/runs/{viewing}/stop").status_code == 204
    assert caller.get(f"/api/runs/{viewing}").json()["status"] == "stopped"
    assert Run.objects.get().state == State.STOPPED


def test_nobody_else_stops_it(caller: Caller, new_caller: Callable[[], Caller]) -> None:
    viewing = start(caller)
    assert new_caller().post(f"/api/runs/{viewing}/stop").status_code == 404
    assert Run.objects.get().state == State.QUEUED


# --- verdict --------------------------------------------------------------------------------------------------------
CLAIM = {"claim": "Work is done", "left": {"metric": "ops.ok"}, "op": ">", "right": 1}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Viewings that a worker was asked to judge."""
    found: list[str] = []
    monkeypatch.setattr("simulations.verdicts.ask_worker", lambda viewing: found.append(viewing.pk))
    monkeypatch.setattr("simulations.broker.first_to_ask", lambda what, seconds: True)
    return found


def test_a_verdict_is_judged_once_and_kept(caller: Caller, asked: list[str]) -> None:
    viewing = start(caller, expect=[CLAIM])
    runs.compute(Run.objects.get().pk)
    assert caller.get(f"/api/runs/{viewing}/verdict").status_code == 202
    assert asked == [viewing]
    runs.judge(viewing)
    runs.judge(viewing)
    answer = caller.get(f"/api/runs/{viewing}/verdict")
    assert answer.status_code == 200
    verdict = answer.json()
    assert verdict["metrics"]["ops.ok"] > 1
    assert verdict["checks"] == []  # no registers, nothing to check
    assert [claim["ok"] for claim in verdict["expect"]] == [True]
    assert Verdict.objects.count() == 1


def test_a_claim_about_a_variant_takes_its_run_in_when_there_is_one(caller: Caller, asked: list[str]) -> None:
    claim = {
        "claim": "More time, more work",
        "left": {"metric": "ops.ok", "variant": "long"},
        "op": ">",
        "right": {"metric": "ops.ok"},
    }
    variants = {"long": [{"op": "replace", "path": "/duration_ms", "value": 5000}]}
    document = scenario(expect=[claim], variants=variants)
    viewing = start(caller, expect=[claim], variants=variants)
    runs.compute(Run.objects.get().pk)
    runs.judge(viewing)
    assert caller.get(f"/api/runs/{viewing}/verdict").json()["expect"][0]["ok"] is None
    caller.post("/api/runs", {"document": document, "variant": "long"})
    runs.compute(Run.objects.get(state=State.QUEUED).pk)
    runs.judge(viewing)
    assert caller.get(f"/api/runs/{viewing}/verdict").json()["expect"][0]["ok"] is True


def test_a_verdict_speaks_of_the_watched_variant_first(caller: Caller, asked: list[str]) -> None:
    claim = {"claim": "Work", "left": {"metric": "ops.ok", "variant": "long"}, "op": ">", "right": {"metric": "ops.ok"}}
    document = scenario(expect=[claim], variants={"long": [{"op": "replace", "path": "/duration_ms", "value": 5000}]})
    viewings = []
    for variant in (None, "long"):
        viewings.append(caller.post("/api/runs", {"document": document, "variant": variant}).json()["viewing"])
        runs.compute(Run.objects.get(state=State.QUEUED).pk)
    for viewing in viewings:
        runs.judge(viewing)
    base, long = (caller.get(f"/api/runs/{viewing}/verdict").json() for viewing in viewings)
    assert base["metrics"]["ops.ok"] < long["metrics"]["ops.ok"]
    assert base["expect"] == long["expect"]


def test_while_more_variants_come_in_the_verdict_that_knew_fewer_is_given(caller: Caller, asked: list[str]) -> None:
    claim = {"claim": "Work", "left": {"metric": "ops.ok", "variant": "long"}, "op": ">", "right": {"metric": "ops.ok"}}
    document = scenario(expect=[claim], variants={"long": [{"op": "replace", "path": "/duration_ms", "value": 5000}]})
    viewing = caller.post("/api/runs", {"document": document}).json()["viewing"]
    runs.compute(Run.objects.get(state=State.QUEUED).pk)
    runs.judge(viewing)
    assert "partial" not in caller.get(f"/api/runs/{viewing}/verdict").json()
    caller.post("/api/runs", {"document": document, "variant": "long"})
    runs.compute(Run.objects.get(state=State.QUEUED).pk)
    early = caller.get(f"/api/runs/{viewing}/verdict").json()
    assert early["partial"]
    assert early["expect"][0]["ok"] is None
    runs.judge(viewing)
    full = caller.get(f"/api/runs/{viewing}/verdict").json()
    assert "partial" not in full
    assert full["expect"][0]["ok"] is True


def test_an_unfinished_run_has_no_verdict(caller: Caller, asked: list[str]) -> None:
    assert caller.get(f"/api/runs/{start(caller)}/verdict").status_code == 409
    assert asked == []
