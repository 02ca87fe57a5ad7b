"""The code of node types, and looking into a node of a run."""

from __future__ import annotations

import time
from typing import Any

import pytest

from simulations import probes
from simulations.models import Run, Viewing
from tests.web.conftest import Caller
from tests.web.visitor import Visitor, scenario

in_process = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(no_broker: list[int], monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Questions that would have gone to a worker; a broker in a dict."""
    held: dict[str, bytes] = {}
    busy: set[str] = set()
    questions: list[tuple[Any, ...]] = []

    def first(what: str, seconds: int) -> bool:
        new = what not in busy
        busy.add(what)
        return new

    monkeypatch.setattr("simulations.broker.kept", held.get)
    monkeypatch.setattr("simulations.broker.keep", lambda what, data, seconds: held.update({what: data}))
    monkeypatch.setattr("simulations.broker.first_to_ask", first)
    monkeypatch.setattr("simulations.broker.forget_asking", busy.discard)
    monkeypatch.setattr(probes, "ask_worker", lambda viewing, *rest: questions.append((viewing.pk, *rest)))
    return questions


def start(caller: Caller) -> str:
    return str(caller.post("/api/runs", {"document": scenario()}).json()["viewing"])


def look(caller: Caller, viewing: str, **changes: Any) -> Any:
    return caller.post(f"/api/runs/{viewing}/probe", {"node": "service", "at_ms": 500, "from_ms": 300} | changes)


def test_the_source_of_a_type_is_served(caller: Caller) -> None:
    body = caller.get("/api/types/register/source").json()
    assert body["file"] == "simulations/nodes/register.py"
    assert "class Register(Node):" in body["source"]
    assert any(one["name"] == "on_write" for one in body["handlers"])


@pytest.mark.parametrize("name", ["nothing", "..%2Fengine%2Fnode", "__init__"])
def test_no_other_file_is_served(caller: Caller, name: str) -> None:
    assert caller.get(f"/api/types/{name}/source").status_code == 404


@in_process
def test_a_worker_looks_and_the_answer_is_kept(caller: Caller, asked: list[tuple[Any, ...]]) -> None:
    viewing = start(caller)
    first = look(caller, viewing)
    assert (first.status_code, first.json()) == (202, {"status": "looking"})
    assert asked == [(viewing, "service", 300_000_000, 500_000_000, str(Viewing.objects.get().owner))]
    probes.probe_run(*asked[0])
    answer = look(caller, viewing)
    assert answer.status_code == 200
    body = answer.json()
    assert body["type"] == "service"
    assert "on_request" in {one["handler"] for one in body["activations"]}
    assert len(asked) == 1


@in_process
def test_one_look_at_a_time(caller: Caller, asked: list[tuple[Any, ...]]) -> None:
    viewing = start(caller)
    assert look(caller, viewing).status_code == 202
    assert look(caller, viewing, at_ms=700).status_code == 202
    assert len(asked) == 1
    probes.probe_run(*asked[0])
    assert look(caller, viewing, at_ms=700).status_code == 202
    assert len(asked) == 2


@in_process
@pytest.mark.parametrize(
    ("changes", "status"),
    [({"node": "nobody"}, 422), ({"at_ms": -1}, 422), ({"at_ms": "soon"}, 422), ({"at_ms": 1e12}, 422)],
)
def test_what_cannot_be_looked_at_is_refused(
    caller: Caller, asked: list[tuple[Any, ...]], changes: dict[str, Any], status: int
) -> None:
    assert look(caller, start(caller), **changes).status_code == status
    assert not asked


@in_process
def test_a_run_of_another_version_is_not_looked_into(caller: Caller, asked: list[tuple[Any, ...]]) -> None:
    viewing = start(caller)
    Run.objects.update(engine_version="0" * 16)
    assert look(caller, viewing).status_code == 409
    probes.probe_run(viewing, "service", 0, 1, "ann")
    assert not asked


@in_process
def test_an_unknown_viewing_is_not_found(caller: Caller, asked: list[tuple[Any, ...]]) -> None:
    assert look(caller, "0" * 32).status_code == 404


@pytest.mark.processes
def test_a_look_by_a_real_worker(visitor: Visitor) -> None:
    viewing = visitor.run(scenario("Looked into"))
    visitor.watch(viewing)
    question = {"node": "client", "at_ms": 500}

    def looked() -> bool:
        return visitor.post(f"/api/runs/{viewing}/probe", question).status == 200

    end = time.monotonic() + 30
    while not looked():
        assert time.monotonic() < end
        time.sleep(0.2)
    body = visitor.post(f"/api/runs/{viewing}/probe", question).json()
    assert body["activations"][0]["handler"] in ("arrive", "operate")
