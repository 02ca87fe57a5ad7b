"""The pages of architectural models and of motivations: every figure comes from runs, which they ask for where there
are none.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from playground.sharing.comparison import SLUG
from playground.sharing.library import load_gallery
from playground.sharing.models import Scenario
from playground.sharing.motivations import MOTIVATIONS, row
from simulations import runs
from simulations.gallery import CHAPTERS, FOLDER
from simulations.models import Run, Viewing

pytestmark = pytest.mark.django_db(transaction=True)
QUICK: dict[str, Any] = {"service_time": {"kind": "constant", "value_ms": 10}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Viewings that a worker was asked to judge."""
    found: list[str] = []
    monkeypatch.setattr("simulations.broker.first_to_ask", lambda what, seconds: True)
    monkeypatch.setattr("simulations.verdicts.ask_worker", lambda viewing: found.append(viewing.pk))
    return found


def user(zone: str) -> dict[str, Any]:
    params = {"pattern": "deterministic", "rate_per_s": 10, "timeout_ms": 200}
    return {"id": f"{zone}-users", "type": "client", "zone": zone, "params": params}


def load_comparison(folder: Path) -> None:
    """One server, and a balancer with a server that is down in a variant, in zones of their own."""
    document = {
        "format": "netsplit/1",
        "title": "Two models",
        "duration_ms": 5000,
        "settle_ms": 1000,
        "zones": [{"id": "one", "label": "One server"}, {"id": "two", "label": "Balanced"}],
        "nodes": [
            user("one"),
            {"id": "server", "type": "service", "zone": "one", "params": QUICK},
            user("two"),
            {"id": "balancer", "type": "load-balancer", "zone": "two"},
            {"id": "pool", "type": "service", "zone": "two", "count": 2, "params": QUICK},
        ],
        "links": [
            {"id": "a", "a": "one-users", "b": "server"},
            {"id": "b", "a": "two-users", "b": "balancer"},
            {"id": "c", "a": "balancer", "b": "pool"},
        ],
        "variants": {
            "more": [{"op": "replace", "path": f"/nodes/{number}/params/rate_per_s", "value": 40} for number in (0, 2)],
            "down": [
                {"op": "add", "path": "/faults/-", "value": {"kind": "crash", "target": target, "at_ms": 0}}
                for target in ("server", "pool-1")
            ],
        },
    }
    (folder / f"{SLUG}.json").write_text(json.dumps(document))
    load_gallery(folder)


def cells(page: str) -> list[list[str]]:
    """The table's rows as texts."""
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', page)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_the_table_is_computed_from_runs_that_the_page_asks_for(
    client: Client, tmp_path: Path, no_broker: list[int], asked: list[str]
) -> None:
    load_comparison(tmp_path)
    answer = client.get("/models/")
    page = answer.content.decode()
    assert "0 of 3 runs computed" in page
    assert answer.headers["Refresh"]
    assert cells(page) == [["One server", "1", *["–"] * 5], ["Balanced", "3", *["–"] * 5]]

    assert len(set(no_broker)) == 3
    for run in Run.objects.all():
        runs.compute(run.pk)
    assert "All 3 runs are computed" in client.get("/models/").content.decode()
    runs.judge(asked[-1])

    answer = client.get("/models/")
    assert "Refresh" not in answer.headers
    assert cells(answer.content.decode()) == [
        ["One server", "1", "2.0", "10.0", "40.0", "0&#8239;%", "server"],
        ["Balanced", "3", "4.0", "10.0", "40.0", "50&#8239;%", "pool-1"],
    ]
    before = Viewing.objects.count()
    client.get("/models/")
    assert Viewing.objects.count() == before


def test_without_the_scenario_there_is_no_page(client: Client) -> None:
    assert not Scenario.objects.exists()
    assert client.get("/models/").status_code == 404


def load_scalability(folder: Path) -> None:
    """One instance at its limit, or eight in a variant's place; the file's name is the scenario's in the gallery."""
    document = {
        "format": "netsplit/1",
        "title": "More of the same",
        "duration_ms": 10_000,
        "settle_ms": 1000,
        "nodes": [
            {"id": "users", "type": "client", "params": {"arrivals": "closed", "users": 8, "think_time": 0}},
            {"id": "app", "type": "service", "params": {"concurrency": 8, **QUICK}},
        ],
        "links": [{"id": "a", "a": "users", "b": "app", "params": {"latency": 0}}],
        "variants": {"one": [{"op": "replace", "path": "/nodes/1/params/concurrency", "value": 1}]},
    }
    (folder / "scalability.json").write_text(json.dumps(document))
    load_gallery(folder)


def test_what_a_motivation_is_worth_is_computed_from_two_runs(
    client: Client, tmp_path: Path, no_broker: list[int], asked: list[str]
) -> None:
    load_scalability(tmp_path)
    answer = client.get("/why/")
    assert "0 of 2 runs computed" in answer.content.decode()
    assert answer.headers["Refresh"]
    for run in Run.objects.all():
        runs.compute(run.pk)
    client.get("/why/")
    runs.judge(asked[-1])
    answer = client.get("/why/")
    assert "Refresh" not in answer.headers
    (found,) = cells(answer.content.decode())
    assert "Scalability" in found[0]
    assert [cell.split("<small>")[0] for cell in found[1:]] == ["100&#8239;/s", "800&#8239;/s"]


def test_without_motivations_there_is_no_page(client: Client) -> None:
    assert client.get("/why/").status_code == 404


def test_every_motivation_of_the_gallery_has_a_row_that_can_be_measured(no_broker: list[int]) -> None:
    assert tuple(one.slug for one in MOTIVATIONS) == CHAPTERS["Why distribute"]
    load_gallery(FOLDER)
    for one in MOTIVATIONS:
        found = row(one, Scenario.objects.get(slug=one.slug)).measured
        assert (found.wanted, found.failed) == (2, False), one.slug
