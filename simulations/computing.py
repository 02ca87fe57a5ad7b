"""The worker's side of a run: claim it, simulate it, store each chunk before telling of it.

The engine is deterministic, so a second attempt goes through the same chunks from the start: those already stored are
compared, not written again, and viewers notice nothing but the pause.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connections, transaction
from django.utils.translation import gettext as _

from simulations import chunks
from simulations.catalogue import node_types
from simulations.engine.simulation import Limits, Simulation
from simulations.engine.trace import Chunk
from simulations.models import ChunkRow, Run, State
from simulations.notifier import announce

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another attempt holds the run now, or it was ended from outside."""


class Unwanted(Exception):
    """Nobody wants the run any more."""


class DifferentTrace(Exception):
    """Two attempts at one run produced different chunks: the engine was not deterministic."""


def compute(run_id: int) -> None:
    """Compute a queued run to its end, whatever that is. Does nothing when the run is not in the queue."""
    run = Run.objects.claim(run_id)
    if run is None:
        return
    announce(run_id)
    with without_garbage_collection():
        attempt(run)
        announce(run_id)


def attempt(run: Run) -> None:
    """Simulate, store, and let go of the run with what came of it."""
    try:
        with LeaseKeeper(run) as keeper:
            Computation(run, keeper).carry_out()
    except LeaseLost:
        log.warning("lease_lost", run=run.pk, attempt=run.attempt)
    except Unwanted:
        run.release(State.STOPPED, _("Stopped."))
    except SoftTimeLimitExceeded:
        run.release(State.STOPPED, _("Stopped after %(s)d s of computing.") % {"s": settings.RUN_WALL_SECONDS_MAX})
    except DifferentTrace as error:
        log.error("different_trace", run=run.pk, attempt=run.attempt, error=str(error))
        run.release(State.FAILED, _("Two attempts at this run differed: %(error)s.") % {"error": error})
    except Exception as error:
        log.exception("run_failed", run=run.pk, attempt=run.attempt)
        run.release(State.FAILED, _("The simulator failed: %(error)s") % {"error": f"{type(error).__name__}: {error}"})


class Computation:
    """One attempt at one run."""

    def __init__(self, run: Run, keeper: "LeaseKeeper") -> None:
        self.run = run
        self.keeper = keeper
        self.stored = dict(ChunkRow.objects.filter(run=run).values_list("number", "sha256"))
        self.rows = 0
        self.size_bytes = 0

    def carry_out(self) -> None:
        simulation = Simulation(self.run.physical, node_types(), Limits(**self.run.limits))
        for chunk in simulation.chunks():
            if self.keeper.lost:
                raise LeaseLost
            self.store(chunk)
            announce(self.run.pk)
        outcome = simulation.outcome
        assert outcome is not None
        released = self.run.release(
            State(outcome.status),
            outcome.reason,
            digest=outcome.digest,
            simulated_ns=outcome.simulated_ns,
            events=outcome.events,
            chunk_count=outcome.chunks,
            rows=self.rows,
            size_bytes=self.size_bytes,
        )
        if not released:
            raise LeaseLost

    def store(self, chunk: Chunk) -> None:
        """Blob first, then, in one transaction, its line in the manifest and the lease."""
        address = chunks.put(chunk.data)
        self.rows += chunk.rows
        self.size_bytes += len(chunk.data)
        known = self.stored.get(chunk.number)
        if known is not None and known != address:
            raise DifferentTrace(f"chunk {chunk.number} was {known[:12]} and is {address[:12]}")
        progress = {
            "simulated_ns": chunk.end_ns,
            "chunk_count": chunk.number + 1,
            "rows": self.rows,
            "size_bytes": self.size_bytes,
        }
        with transaction.atomic():
            # A later attempt shows no progress before it has caught up with what viewers have.
            if not self.run.renew(**(progress if known is None else {})):
                raise LeaseLost
            if not Run.objects.wanted().filter(pk=self.run.pk).exists():
                raise Unwanted
            if known is None:
                ChunkRow.objects.create(
                    run=self.run,
                    number=chunk.number,
                    sha256=address,
                    start_ns=chunk.start_ns,
                    end_ns=chunk.end_ns,
                    rows=chunk.rows,
                    size_bytes=len(chunk.data),
                    attempt=self.run.attempt,
                )


class LeaseKeeper:
    """Renews the lease by time, for the stretches between two chunks that outlast it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        try:
            while not self._over.wait(settings.RUN_LEASE_SECONDS / 4):
                if not self.run.renew():
                    self.lost = True
                    return
        except Exception:
            # A database that is busy or away for a moment: the next chunk's own renewal decides.
            log.exception("lease_not_renewed", run=self.run.pk)
        finally:
            connections.close_all()


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Within a run the engine leaves no cycles that matter, and looking for them costs it 40 %."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        gc.collect(0)  # what was made meanwhile is all in the youngest generation
