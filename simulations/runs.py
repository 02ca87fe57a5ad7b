"""The only bridge from Django to the engine: ask for a run, compute it, look at it, judge it, sweep up."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from simulations import broker
from simulations.computing import compute
from simulations.document import Document
from simulations.keys import limits, run_key, sha256_of, version_for
from simulations.models import ABANDONED, WAITING, ChunkRow, Run, SavedDocument, State, Viewing, queued
from simulations.notifier import announce
from simulations.probes import OtherVersion, UnknownNode, probe, probe_run
from simulations.verdicts import Damaged, NotComplete, judge_viewing, verdict

__all__ = [
    "Look",
    "NotComplete",
    "OtherVersion",
    "TooManyRuns",
    "UnknownNode",
    "compute",
    "duration_ms",
    "find_viewing",
    "judge",
    "limits",
    "look",
    "mend",
    "probe",
    "probe_run",
    "request_run",
    "resume",
    "run_key",
    "save_document",
    "shows",
    "stop",
    "sweep",
    "verdict",
    "view",
]

log = structlog.get_logger(__name__)

RESEND_AFTER_SECONDS = 5


class TooManyRuns(Exception):
    """Admission is refused; the words say why and what helps."""


def save_document(document: Document) -> SavedDocument:
    data = document.data()
    saved, _created = SavedDocument.objects.get_or_create(sha256=sha256_of(data), defaults={"data": data})
    return saved


# --- asking and stopping --------------------------------------------------------------------------------------------
def request_run(
    document: Document,
    variant: str | None,
    seed: int | None,
    owner: uuid.UUID | None,
    queue: str = Run.INTERACTIVE,
    send_now: bool = True,
) -> Viewing:
    """A viewing of the run of `document`, which is put in the queue unless it is there, under way or complete.

    With `send_now` false the broker hears of it from the sweeper, within a second or two.

    Raises TooManyRuns when something had to be queued and the owner or the house has too much waiting.
    """
    physical = document.physical(variant, seed)
    run_limits = limits()
    key = run_key(physical, run_limits)
    with transaction.atomic():
        # Held until commit, so that a worker about to stop the run as unwanted sees this viewing or has stopped it.
        known = Run.objects.select_for_update().filter(key=key).first()
        fresh = known is None or known.state in ABANDONED
        urgent = known is not None and queue == Run.INTERACTIVE and Run.objects.hurry(known.pk)
        if fresh and owner is not None:
            refuse_too_many(owner)
        if known is not None and fresh:
            Run.objects.restart(known.pk, queue)
        run, _created = Run.objects.get_or_create(
            key=key,
            defaults={
                **queued(queue),
                "physical": physical,
                "limits": run_limits.as_dict(),
                "engine_version": version_for(physical),
            },
        )
        viewing = view(run, document, variant, seed, owner)
        if urgent or (fresh and send_now):
            transaction.on_commit(lambda: send(run.pk))
    return viewing


def view(
    run: Run, document: Document, variant: str | None, seed: int | None, owner: uuid.UUID | None = None
) -> Viewing:
    """One more viewing of a run that is known to be one of `document`."""
    return Viewing.objects.create(
        owner=owner, document=save_document(document), variant=variant or "", seed=seed, run=run
    )


def shows(viewing: Viewing, document: Document) -> bool:
    """Whether the run of `viewing` is one of `document` (and not of what it was before an edit)."""
    if viewing.variant and viewing.variant not in document.variants:
        return False
    physical: object = viewing.run.physical
    return physical == document.physical(viewing.variant or None, viewing.seed)


def resume(viewing: Viewing) -> None:
    """See that the run gets on for somebody who opens it: a stopped one is queued again, one for later goes first.

    A failed one waits for somebody to press Run.
    """
    with transaction.atomic():
        run = viewing.run
        stopped = run.state == State.STOPPED and Run.objects.restart(run.pk, Run.INTERACTIVE)
        if stopped or Run.objects.hurry(run.pk):
            transaction.on_commit(lambda: send(run.pk))


def refuse_too_many(owner: uuid.UUID) -> None:
    waiting = Run.objects.filter(state=State.QUEUED)
    if waiting.filter(viewings__owner=owner, viewings__detached_at=None).distinct().count() >= (
        settings.RUNS_WAITING_PER_OWNER_MAX
    ):
        raise TooManyRuns(
            _("You have %(count)d runs waiting already. Stop one or let one finish.")
            % {"count": settings.RUNS_WAITING_PER_OWNER_MAX}
        )
    if waiting.filter(queue=Run.INTERACTIVE).count() >= settings.RUNS_WAITING_MAX:  # for the others nobody waits
        raise TooManyRuns(_("The queue is full. Try again in a minute."))


def send(run_id: int) -> None:
    """Hand a queued run to the broker. When that fails the sweeper does it again."""
    from simulations.tasks import compute as task

    run = Run.objects.get(pk=run_id)
    Run.objects.filter(pk=run_id).update(sent_at=timezone.now())
    try:
        task.apply_async((run_id,), queue=run.queue)
    except Exception as error:
        Run.objects.filter(pk=run_id).update(sent_at=None)
        log.warning("run_not_sent", run=run_id, error=str(error))


def stop(viewing: Viewing) -> None:
    """Detach the viewing. A run that nobody else wants ends: at once when queued, else at its next chunk."""
    with transaction.atomic():
        # Held until commit, so that somebody who asks for the same run now is seen, or sees it stopped.
        Run.objects.select_for_update().filter(pk=viewing.run_id).first()
        viewing.detach()
        Run.objects.stop_unwanted(viewing.run_id)
    announce(viewing.run_id)


def sweep() -> None:
    """Every second: runs whose worker fell silent, and runs the broker does not know of, go back in the queue."""
    lapsed = list(Run.objects.lapsed().values_list("pk", flat=True))
    if lapsed:
        failed = Run.objects.fail_lost()
        requeued = Run.objects.requeue_lost()
        log.warning("leases_expired", runs=lapsed, failed=failed, requeued=requeued)
    waiting = Run.objects.filter(state=State.QUEUED).order_by("queued_at", "pk")
    unsent = Q(sent_at=None)
    long_sent = Q(sent_at__lt=timezone.now() - timedelta(seconds=RESEND_AFTER_SECONDS))
    for queue in (Run.INTERACTIVE, Run.BATCH):
        forgotten = unsent
        # Sent, but no message waits: a restarted broker or a killed worker has lost it.
        if broker.queue_length(queue) == 0:
            forgotten |= long_sent
        found = waiting.filter(forgotten, queue=queue).values_list("pk", flat=True)
        if queue == Run.BATCH:
            # Nobody waits for these: few at a time, so that a process stays free for who presses Run.
            running = Run.objects.filter(queue=queue, state=State.RUNNING).count()
            found = found[: max(0, settings.BATCH_RUNS_AT_ONCE - running)]
        for run_id in found:
            send(run_id)
    for run_id in lapsed:
        announce(run_id)


def judge(viewing_id: str) -> None:
    """Judge what a viewing shows. A run with a chunk gone is computed again first, and judged when asked again."""
    try:
        judge_viewing(viewing_id)
    except Damaged as damaged:
        mend(damaged.run_id)


# --- looking --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Look:
    """What the store says of a run now."""

    state: str
    position: int | None
    simulated_ms: float
    reason: str
    digest: str
    total: int | None  # chunks of the whole run; None until it is complete
    addresses: list[str]  # of chunks from the number asked for, without gaps
    detached: frozenset[str]  # viewings whose owner pressed Stop

    @property
    def is_over(self) -> bool:
        return self.state not in (State.QUEUED, State.RUNNING)


def look(run_id: int, known: int = 0) -> Look:
    """The run's state, and the addresses of its stored chunks from number `known` on."""
    # State before chunks: a complete run then has all its chunks in the second answer.
    run = Run.objects.only("state", "queue", "queued_at", "simulated_ns", "reason", "digest", "chunk_count").get(
        pk=run_id
    )
    rows = ChunkRow.objects.filter(run_id=run_id, number__gte=known).order_by("number").values_list("number", "sha256")
    addresses: list[str] = []
    for number, address in rows:
        if number != known + len(addresses):
            break
        addresses.append(address)
    detached: frozenset[str] = frozenset()
    if run.is_waiting:
        detached = frozenset(Viewing.objects.filter(run=run, detached_at__isnull=False).values_list("pk", flat=True))
    return Look(
        state=run.state,
        position=run.position(),
        simulated_ms=run.simulated_ns / 1e6,
        reason=run.reason,
        digest=run.digest,
        total=run.chunk_count if run.is_complete else None,
        addresses=addresses,
        detached=detached,
    )


def duration_ms(run: Run) -> float:
    """Simulated time the run goes through when nothing limits it."""
    physical: dict[str, Any] = run.physical
    return float(physical["duration_ms"]) + float(physical.get("settle_ms", 0))


def find_viewing(viewing_id: str) -> Viewing | None:
    if "\0" in viewing_id:  # which PostgreSQL would refuse to look for
        return None
    return Viewing.objects.select_related("run", "document").filter(pk=viewing_id).first()


def mend(run_id: int) -> bool:
    """Compute a run again because a chunk of it is gone. False when the engine has changed since."""
    run = Run.objects.get(pk=run_id)
    if version_for(run.physical) != run.engine_version:
        return False
    with transaction.atomic():
        mended = Run.objects.filter(pk=run_id).exclude(state__in=WAITING).update(**queued(run.queue))
        if mended:
            transaction.on_commit(lambda: send(run_id))
    return True
