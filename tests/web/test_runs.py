"""A run's life: asked for, computed, limited, stopped, mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulations import chunks, computing, runs
from simulations.engine.simulation import Simulation
from simulations.engine.trace import Chunk
from simulations.models import Run, State, Verdict, Viewing
from tests.web.asking import ANN, BOB, ask, document, fresh, half, hashes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


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
    runs.request_run(document(seed=9), None, None, None, queue=Run.BATCH)  # nobody waits for it
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


def test_nothing_is_stored_after_too_long_computing(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        """Past its time when its first chunk comes; Celery's own limit may have cut that short."""

        def __init__(self, *arguments: Any) -> None:
            self.simulation = Simulation(*arguments)

        def chunks(self) -> Iterator[Chunk]:
            settings.RUN_WALL_SECONDS_MAX = 0
            yield from self.simulation.chunks()

    monkeypatch.setattr(computing, "Simulation", Slow)
    viewing = ask()
    runs.compute(viewing.run_id)
    assert fresh(viewing.run).state == State.STOPPED
    assert hashes(viewing.run) == []


def test_whoever_asks_once_a_run_was_found_unwanted_starts_it_anew(no_broker: list[int]) -> None:
    viewing = ask()
    run = Run.objects.claim(viewing.run_id)
    assert run is not None
    runs.stop(viewing)
    with pytest.raises(computing.Unwanted):
        half(run, 1)
    no_broker.clear()
    again = ask()  # before the worker has done anything more
    assert (fresh(run).state, no_broker) == (State.QUEUED, [run.pk])
    assert again.run_id == run.pk


def test_a_name_that_no_database_stores_is_no_viewing() -> None:
    assert runs.find_viewing("\0") is None


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


def test_a_run_asked_for_under_another_engine_is_not_computed_by_this_one() -> None:
    viewing = ask()
    Run.objects.update(engine_version="other")
    runs.compute(viewing.run_id)
    run = fresh(viewing.run)
    assert (run.state, hashes(run)) == (State.STOPPED, [])
    assert "Run it again" in run.reason


def test_a_run_to_be_judged_with_a_chunk_gone_is_computed_again(no_broker: list[int]) -> None:
    viewing = ask()
    runs.compute(viewing.run_id)
    chunks.path_of(hashes(viewing.run)[1]).unlink()
    runs.judge(viewing.pk)
    assert fresh(viewing.run).state == State.QUEUED
    runs.compute(viewing.run_id)
    runs.judge(viewing.pk)
    assert Verdict.objects.count() == 1
