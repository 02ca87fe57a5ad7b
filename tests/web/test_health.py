"""/healthz, /readyz, /metrics."""

from __future__ import annotations

import pytest
from django.test import Client

from simulations import broker
from tests.web.conftest import Caller
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]


def test_this_process_answers(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.parametrize(("alive", "pong", "status"), [(True, True, 200), (False, True, 503), (False, False, 503)])
def test_ready_means_broker_database_and_worker(
    client: Client, monkeypatch: pytest.MonkeyPatch, alive: bool, pong: bool, status: int
) -> None:
    monkeypatch.setattr(broker, "worker_is_alive", lambda: alive)
    monkeypatch.setattr(broker, "ping", lambda: pong)
    answer = client.get("/readyz")
    assert answer.status_code == status
    assert answer.json() == {"broker": pong, "database": True, "worker": alive}


def test_metrics_count_runs_by_state(caller: Caller) -> None:
    caller.post("/api/runs", {"document": scenario()})
    text = caller.get("/metrics").content.decode()
    assert 'netsplit_runs{state="queued"} 1' in text
    assert 'netsplit_runs{state="finished"} 0' in text
    assert 'netsplit_queue_messages{queue="interactive"} 0' in text
    assert "netsplit_chunks_served_total" in text
