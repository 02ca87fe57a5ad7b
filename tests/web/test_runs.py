"""A run's life: asked for, claimed, computed under a lease, lost, found again, stopped."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from simulations import chunks, computing, runs
from simulations.document import Document, validate
from simulations.models import ChunkRow, Run, State, Viewing
from tests.web.visitor import scenario

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]
ANN, BOB = uuid.UUID(int=1), uuid.UUID(int=2)


def ask(owner: uuid.UUID = ANN, **changes: Any) -> Viewing:
    return runs.request_run(document(**changes), None, None, owner)


def document(**changes: Any) -> Document:
    return validate(scenario(**changes))


def fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def hashes(run: Run) -> list[str]:
    return list(ChunkRow.objects.filter(run=run).order_by("number").values_list("sha256", flat=True))


def let_lease_expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


# --- asking ---------------------------------------------------------------------------------------------------------
def test_equal_requests_share_one_run_and_have_viewings_of_their_own(no_broker: list[int]) -> None:
    first, second = ask(ANN), ask(BOB)
    assert first.run_id == second.run_id
    assert first.pk != second.pk
    assert no_broker == [first.run_id]


def test_what_is_not_physical_makes_no_other_run() -> None:
    nodes = [{"id": "client", "type": "client", "x": 7, "label": "Me"}, {"id": "service", "type": "service"}]
    assert ask().run_id == ask(title="Other", nodes=nodes).run_id


@pytest.mark.parametrize("change", [{"seed": 2}, {"duration_ms": 1001}])
def test_what_is_physical_makes_another_run(change: dict[str, Any]) -> None:
    assert ask().run_id != ask(**change).run_id


def test_limits_are_part_of_the_key(settings: Any) -> None:
    before = ask().run_id
    settings.RUN_EVENTS_MAX = 12_345
    assert ask().run_id != before


def test_a_complete_run_needs_no_worker(no_broker: list[int]) -> None:
    viewing = ask()
    runs.compute(viewing.run_id)
    no_broker.clear()
    assert ask(BOB).status == State.FINISHED
    assert no_broker == []


def test_too_many_waiting_runs_are_refused_and_nothing_is_stored(settings: Any) -> None:
    settings.RUNS_WAITING_PER_OWNER_MAX = 2
    ask(seed=1), ask(seed=2)
    with pytest.raises(runs.TooManyRuns):
        ask(seed=3)
    assert Run.objects.count() == 2
    assert ask(seed=2).run.is_waiting  # what waits already may be watched
    assert ask(BOB, seed=3).run.is_waiting


def test_a_full_queue_refuses_everybody(settings: Any) -> None:
    settings.RUNS_WAITING_MAX = 1
    ask(ANN, seed=1)
    with pytest.raises(runs.TooManyRuns):
        ask(BOB, seed=2)


def test_positions_count_from_one_and_batch_comes_last() -> None:
    batch = runs.request_run(document(seed=9), None, None, None, queue=Run.BATCH)
    one, two = ask(seed=1), ask(seed=2)
    assert [one.run.position(), two.run.position(), batch.run.position()] == [1, 2, 3]


# --- computing ------------------------------------------------------------------------------------------------------
def test_a_run_is_computed_to_its_end() -> None:
    viewing = ask()
    runs.compute(viewing.run_id)
    run = fresh(viewing.run)
    assert (run.state, run.attempt, run.lease_until) == (State.FINISHED, 1, None)
    assert run.simulated_ns == 1_000_000_000
    assert len(run.digest) == 64
    found = runs.look(run.pk)
    assert found.total == run.chunk_count == len(found.addresses)
    assert sum(len(chunks.get(address)) for address in found.addresses) == run.size_bytes


def test_only_one_of_two_workers_gets_the_run() -> None:
    viewing = ask()
    assert Run.objects.claim(viewing.run_id) is not None
    assert Run.objects.claim(viewing.run_id) is None


def test_a_limit_ends_the_run_as_limited_with_a_digest(settings: Any) -> None:
    settings.RUN_EVENTS_MAX = 20
    viewing = ask(duration_ms=60_000)
    runs.compute(viewing.run_id)
    run = fresh(viewing.run)
    assert run.state == State.LIMITED
    assert run.digest
    assert "20" in run.reason
    assert ask(duration_ms=60_000).run_id == run.pk


def test_a_fault_in_the_simulator_fails_the_run_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> Iterator[object]:
        raise ZeroDivisionError("by nothing")
        yield

    monkeypatch.setattr(computing, "Simulation", type("Broken", (), {"__init__": lambda *a: None, "chunks": broken}))
    viewing = ask()
    runs.compute(viewing.run_id)
    run = fresh(viewing.run)
    assert run.state == State.FAILED
    assert "by nothing" in run.reason
    assert run.digest == ""


# --- lost workers ---------------------------------------------------------------------------------------------------
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


def half(run: Run, count: int) -> None:
    """What a worker had stored when it was lost."""
    with computing.LeaseKeeper(run) as keeper:
        computation = computing.Computation(run, keeper)
        simulation = computing.Simulation(run.physical, computing.node_types(), computing.Limits(**run.limits))
        for chunk, _ in zip(simulation.chunks(), range(count), strict=False):
            computation.store(chunk)


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
        import time

        time.sleep(0.5)
        assert not Run.objects.lapsed().exists()


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


def test_what_waits_at_the_broker_is_not_sent_twice(no_broker: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    no_broker.clear()
    Run.objects.update(sent_at=timezone.now() - timedelta(seconds=60))
    monkeypatch.setattr("simulations.broker.queue_length", lambda queue: 1)
    runs.sweep()
    assert no_broker == []


# --- stopping -------------------------------------------------------------------------------------------------------
def test_a_queued_run_that_nobody_wants_stops_at_once() -> None:
    viewing = ask()
    runs.stop(viewing)
    assert fresh(viewing.run).state == State.STOPPED
    runs.compute(viewing.run_id)
    assert fresh(viewing.run).attempt == 0


def test_a_running_run_that_nobody_wants_stops_at_its_next_chunk_and_keeps_what_it_has() -> None:
    viewing = ask(duration_ms=20_000)
    run = Run.objects.claim(viewing.run_id)
    assert run is not None
    half(run, 2)
    runs.stop(viewing)
    with pytest.raises(computing.Unwanted):
        half(run, 3)
    run.release(State.STOPPED, "Stopped.")
    assert len(hashes(run)) == 2
    assert fresh(run).digest == ""


def test_stopping_disturbs_no_other_viewer() -> None:
    mine, other = ask(ANN), ask(BOB)
    runs.stop(mine)
    assert Viewing.objects.select_related("run").get(pk=mine.pk).status == State.STOPPED
    assert Viewing.objects.select_related("run").get(pk=other.pk).status == State.QUEUED
    runs.compute(mine.run_id)
    assert fresh(mine.run).state == State.FINISHED


def test_a_stopped_run_is_no_hit_and_starts_again_on_request(no_broker: list[int]) -> None:
    viewing = ask()
    runs.stop(viewing)
    no_broker.clear()
    again = ask(BOB)
    assert again.run_id == viewing.run_id
    assert no_broker == [again.run_id]
    runs.compute(again.run_id)
    assert fresh(again.run).state == State.FINISHED


def test_too_long_computing_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(self: object, chunk: object) -> None:
        raise computing.SoftTimeLimitExceeded

    monkeypatch.setattr(computing.Computation, "store", slow)
    viewing = ask()
    runs.compute(viewing.run_id)
    run = fresh(viewing.run)
    assert run.state == State.STOPPED
    assert "300 s" in run.reason


# --- mending, judging -----------------------------------------------------------------------------------------------
def test_a_lost_chunk_is_computed_again(no_broker: list[int]) -> None:
    viewing = ask()
    runs.compute(viewing.run_id)
    digest = fresh(viewing.run).digest
    address = hashes(viewing.run)[1]
    chunks.path_of(address).unlink()
    assert runs.mend(viewing.run_id)
    runs.compute(viewing.run_id)
    assert chunks.get(address)
    assert fresh(viewing.run).digest == digest


def test_a_run_of_an_older_engine_is_not_mended() -> None:
    viewing = ask()
    runs.compute(viewing.run_id)
    Run.objects.update(engine_version="older")
    assert not runs.mend(viewing.run_id)
    assert fresh(viewing.run).state == State.FINISHED
