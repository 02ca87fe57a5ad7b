"""Workers are lost; their runs are not: leases, fencing, the sweeper."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from simulations import computing, runs
from simulations.models import ChunkRow, Run, State
from tests.web.asking import BOB, ask, document, fresh, half, hashes, let_lease_expire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


def test_the_sweeper_finds_a_lost_run_and_the_next_attempt_writes_the_same(no_broker: list[int]) -> None:
    viewing = ask(duration_ms=20_000)
    undisturbed = runs.request_run(document(duration_ms=20_000, title="Twin"), None, None, BOB)
    assert undisturbed.run_id == viewing.run_id
    lost = Run.objects.claim(viewing.run_id)
    assert lost is not None
    half(lost, 3)
    before = hashes(lost)
    assert len(before) == 3
    let_lease_expire(lost)
    no_broker.clear()
    runs.sweep()
    assert no_broker == [lost.pk]
    assert fresh(lost).state == State.QUEUED
    runs.compute(lost.pk)
    run = fresh(lost)
    assert (run.state, run.attempt) == (State.FINISHED, 2)
    assert hashes(run)[:3] == before
    assert list(ChunkRow.objects.filter(run=run).values_list("attempt", flat=True))[:4] == [1, 1, 1, 2]


def test_a_worker_that_lost_its_lease_writes_nothing_more() -> None:
    viewing = ask(duration_ms=20_000)
    old = Run.objects.claim(viewing.run_id)
    assert old is not None
    let_lease_expire(old)
    runs.sweep()
    assert Run.objects.claim(viewing.run_id) is not None
    with pytest.raises(computing.LeaseLost):
        half(old, 1)
    assert not old.release(State.FINISHED, "", digest="0" * 64)
    assert hashes(old) == []
    assert fresh(old).attempt == 2


def test_attempts_that_differ_fail_the_run() -> None:
    viewing = ask()
    ChunkRow.objects.create(
        run=viewing.run, number=1, sha256="f" * 64, start_ns=0, end_ns=1, rows=1, size_bytes=1, attempt=0
    )
    runs.compute(viewing.run_id)
    run = fresh(viewing.run)
    assert run.state == State.FAILED
    assert "chunk 1" in run.reason


def test_after_three_lost_workers_the_run_has_failed_and_can_be_asked_for_again() -> None:
    viewing = ask()
    for _ in range(3):
        assert Run.objects.claim(viewing.run_id) is not None
        let_lease_expire(viewing.run)
        runs.sweep()
    run = fresh(viewing.run)
    assert run.state == State.FAILED
    assert "3" in run.reason
    assert ask().status == State.QUEUED
    runs.compute(run.pk)
    assert fresh(run).state == State.FINISHED


def test_the_lease_is_renewed_while_no_chunk_comes(settings: Any) -> None:
    settings.RUN_LEASE_SECONDS = 0.2
    run = Run.objects.claim(ask().run_id)
    assert run is not None
    with computing.LeaseKeeper(run):
        time.sleep(0.5)
        assert not Run.objects.lapsed().exists()


def test_a_lease_is_renewed_after_the_database_was_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RUN_LEASE_SECONDS = 0.2
    run = Run.objects.claim(ask().run_id)
    assert run is not None
    really, away = Run.renew, [True]

    def renew(self: Run, **progress: int) -> bool:
        if away:
            away.pop()
            raise OperationalError("away")
        return really(self, **progress)

    monkeypatch.setattr(Run, "renew", renew)
    with computing.LeaseKeeper(run):
        time.sleep(0.5)
        assert not away
        assert not Run.objects.lapsed().exists()


def test_a_database_that_goes_away_costs_an_attempt_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def store(self: object, chunk: object) -> None:
        raise OperationalError("away")

    viewing = ask()
    with monkeypatch.context() as patch:
        patch.setattr(computing.Computation, "store", store)
        runs.compute(viewing.run_id)
    run = fresh(viewing.run)
    assert run.state == State.RUNNING
    let_lease_expire(run)
    runs.sweep()
    runs.compute(run.pk)
    assert fresh(run).state == State.FINISHED


def test_the_sweeper_sends_what_was_never_sent_and_what_the_broker_lost(no_broker: list[int]) -> None:
    viewing = runs.request_run(document(), None, None, None, send_now=False)
    assert no_broker == []
    runs.sweep()
    assert no_broker == [viewing.run_id]
    Run.objects.update(sent_at=timezone.now())
    runs.sweep()
    assert no_broker == [viewing.run_id]
    Run.objects.update(sent_at=timezone.now() - timedelta(seconds=60))
    runs.sweep()
    assert no_broker == [viewing.run_id] * 2


def test_batch_runs_go_one_at_a_time(no_broker: list[int]) -> None:
    one, two = (runs.request_run(document(seed=n), None, None, None, Run.BATCH, send_now=False) for n in (1, 2))
    runs.sweep()
    assert no_broker == [one.run_id]
    Run.objects.claim(one.run_id)
    runs.sweep()
    assert no_broker == [one.run_id]
    runs.compute(one.run_id)
    Run.objects.filter(pk=one.run_id).update(state=State.FINISHED)
    runs.sweep()
    assert no_broker == [one.run_id, two.run_id]


def test_a_batch_run_that_somebody_asks_for_goes_first(no_broker: list[int]) -> None:
    viewing = runs.request_run(document(), None, None, None, Run.BATCH, send_now=False)
    assert ask().run_id == viewing.run_id
    assert no_broker == [viewing.run_id]
    assert fresh(viewing.run).queue == Run.INTERACTIVE


def test_what_waits_at_the_broker_is_not_sent_twice(no_broker: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    no_broker.clear()
    Run.objects.update(sent_at=timezone.now() - timedelta(seconds=60))
    monkeypatch.setattr("simulations.broker.queue_length", lambda queue: 1)
    runs.sweep()
    assert no_broker == []
