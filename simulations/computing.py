"""The worker's side of a run: claim it, simulate it, store each chunk before telling of it.

The engine is deterministic, so a second attempt goes through the same chunks from the start: those already stored are
compared, not written again, and viewers notice nothing but the pause.
"""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.utils.translation import gettext as _

from simulations import chunks
from simulations.catalogue import node_types
from simulations.engine.simulation import Limits, Simulation
from simulations.engine.trace import Chunk
from simulations.keys import version_for
from simulations.models import ChunkRow, Run, State
from simulations.notifier import announce

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Another attempt holds the run now, or it was ended from outside."""


class Unwanted(Exception):
    """Nobody wants the run any more; it has been let go of."""


class TooLong(Exception):
    """The run has been computed for as long as one may be."""


class OtherEngine(Exception):
    """The run was asked for under another version of the engine than this process runs."""


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
        pass
    except DatabaseError:
        # Not the run's fault: when the lease is over the sweeper lets another attempt go on.
        log.exception("store_away", run=run.pk, attempt=run.attempt)
    except OtherEngine:
        run.release(State.STOPPED, _("The simulator has changed since this run was asked for. Run it again."))
    except (TooLong, SoftTimeLimitExceeded):
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
        self.began_s = time.monotonic()

    def carry_out(self) -> None:
        if version_for(self.run.physical) != self.run.engine_version:
            raise OtherEngine
        simulation = Simulation(self.run.physical, node_types(), Limits(**self.run.limits))
        for chunk in simulation.chunks():
            if self.keeper.lost:
                raise LeaseLost
            # Before it is stored: Celery's limit, raised in a node's handler, closes the trace like a bug of the node.
            if time.monotonic() - self.began_s > settings.RUN_WALL_SECONDS_MAX:
                raise TooLong
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
            wanted = Run.objects.wanted().filter(pk=self.run.pk).exists()
            if not wanted:
                # Here, while the row is ours: whoever asks from now on finds a stopped run, and starts it anew.
                self.run.release(State.STOPPED, _("Stopped."))
        if not wanted:
            raise Unwanted


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
        while not self.lost and not self._over.wait(settings.RUN_LEASE_SECONDS / 4):
            try:
                self.lost = not self.run.renew()
            except DatabaseError:
                # Busy or away for a moment: it is tried again, over a new connection.
                log.exception("lease_not_renewed", run=self.run.pk)
                connections.close_all()
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
