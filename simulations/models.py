"""Runs, their chunks, and who watches them.

A run is computed once for all who ask for it and belongs to nobody; a viewing is one person's (or one link's) look at
it. Every change of a run's state is one conditional UPDATE, fenced by the attempt, so that of two workers that both
believe they hold a run only one can write.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


def lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.RUN_LEASE_SECONDS)


class SavedDocument(models.Model):
    """A scenario document as somebody ran or shared it; never changed, kept once however often it is used."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    data = models.JSONField()

    class Meta:
        verbose_name = gettext_lazy("saved document")
        verbose_name_plural = gettext_lazy("saved documents")

    def __str__(self) -> str:
        return str(self.data.get("title") or self.sha256[:12])


class State(models.TextChoices):
    QUEUED = "queued", gettext_lazy("Queued")
    RUNNING = "running", gettext_lazy("Running")
    FINISHED = "finished", gettext_lazy("Finished")
    LIMITED = "limited", gettext_lazy("Limited")
    STOPPED = "stopped", gettext_lazy("Stopped")
    FAILED = "failed", gettext_lazy("Failed")


WAITING = (State.QUEUED, State.RUNNING)
COMPLETE = (State.FINISHED, State.LIMITED)  # has a digest, serves everybody who asks for the same
ABANDONED = (State.STOPPED, State.FAILED)  # computed again on the next request


class RunQuerySet(models.QuerySet["Run"]):
    def claim(self, run_id: int) -> Run | None:
        """The run, now ours to compute under a new attempt; None when it is not there to be taken."""
        now = timezone.now()
        taken = self.filter(pk=run_id, state=State.QUEUED).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            lease_until=lease_end(),
            started_at=now,
            ended_at=None,
            reason="",
        )
        return self.get(pk=run_id) if taken else None

    def restart(self, run_id: int, queue: str) -> bool:
        """Back in the queue, if it was stopped or failed."""
        return bool(self.filter(pk=run_id, state__in=ABANDONED).update(**queued(queue), losses=0))

    def hurry(self, run_id: int) -> bool:
        """From the batch queue into the interactive one; False when it does not wait there."""
        waiting = self.filter(pk=run_id, state=State.QUEUED, queue=Run.BATCH)
        return bool(waiting.update(queue=Run.INTERACTIVE))

    def wanted(self) -> RunQuerySet:
        return self.filter(Exists(Viewing.objects.filter(run=OuterRef("pk"), detached_at=None)))

    def lapsed(self) -> RunQuerySet:
        """Claimed, but their worker has not been heard of."""
        return self.filter(state=State.RUNNING, lease_until__lt=timezone.now())

    def fail_lost(self) -> int:
        """Give up on runs that have lost their worker too often."""
        return (
            self.lapsed()
            .filter(losses__gte=settings.RUN_ATTEMPTS_MAX - 1)
            .update(
                state=State.FAILED,
                ended_at=timezone.now(),
                lease_until=None,
                losses=F("losses") + 1,
                reason=_("The worker was lost %(times)d times while computing this run.")
                % {"times": settings.RUN_ATTEMPTS_MAX},
            )
        )

    def requeue_lost(self) -> int:
        """Put runs with an expired lease back in the queue, in their old place."""
        return self.lapsed().update(state=State.QUEUED, lease_until=None, sent_at=None, losses=F("losses") + 1)

    def stop_unwanted(self, run_id: int) -> bool:
        """A queued run nobody wants any more ends here; a running one ends at its next chunk."""
        return bool(
            self.filter(pk=run_id, state=State.QUEUED)
            .exclude(pk__in=Run.objects.wanted().filter(pk=run_id).values("pk"))
            .update(state=State.STOPPED, ended_at=timezone.now(), reason=_("Stopped."))
        )


def queued(queue: str) -> dict[str, Any]:
    """Column values of a run that has just entered the queue."""
    now = timezone.now()
    return {
        "state": State.QUEUED,
        "queue": queue,
        "queued_at": now,
        "sent_at": None,
        "ended_at": None,
        "reason": "",
    }


class Run(models.Model):
    """One physical document, simulated once. `attempt` fences the writes of workers that lost their lease."""

    INTERACTIVE, BATCH = "interactive", "batch"

    key = models.CharField(gettext_lazy("key"), max_length=64, unique=True)
    state = models.CharField(gettext_lazy("state"), max_length=10, choices=State, default=State.QUEUED)
    queue = models.CharField(gettext_lazy("queue"), max_length=20, default=INTERACTIVE)
    attempt = models.PositiveIntegerField(gettext_lazy("attempt"), default=0)
    losses = models.PositiveSmallIntegerField(gettext_lazy("workers lost"), default=0)
    lease_until = models.DateTimeField(gettext_lazy("lease until"), null=True, blank=True)
    sent_at = models.DateTimeField(gettext_lazy("sent to the broker"), null=True, blank=True)

    physical = models.JSONField(gettext_lazy("physical document"))
    limits = models.JSONField(gettext_lazy("limits"))
    engine_version = models.CharField(gettext_lazy("engine version"), max_length=16)

    simulated_ns = models.BigIntegerField(gettext_lazy("simulated ns"), default=0)
    events = models.BigIntegerField(gettext_lazy("events"), default=0)
    chunk_count = models.PositiveIntegerField(gettext_lazy("chunks"), default=0)
    rows = models.BigIntegerField(gettext_lazy("rows"), default=0)
    size_bytes = models.BigIntegerField(gettext_lazy("size"), default=0)
    digest = models.CharField(gettext_lazy("digest"), max_length=64, blank=True)
    reason = models.TextField(gettext_lazy("reason"), blank=True)

    created_at = models.DateTimeField(gettext_lazy("created"), default=timezone.now)
    queued_at = models.DateTimeField(gettext_lazy("queued"), default=timezone.now)
    started_at = models.DateTimeField(gettext_lazy("started"), null=True, blank=True)
    ended_at = models.DateTimeField(gettext_lazy("ended"), null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("run")
        verbose_name_plural = gettext_lazy("runs")
        indexes = [
            models.Index(
                fields=["state", "queued_at"],
                name="run_waiting",
                condition=Q(state__in=["queued", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.key[:12]} ({self.get_state_display()})"

    @property
    def is_complete(self) -> bool:
        return self.state in COMPLETE

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING

    @property
    def wall_seconds(self) -> float | None:
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()

    def position(self) -> int | None:
        """Place in the queue, 1 is next; None when not in the queue."""
        if self.state != State.QUEUED:
            return None
        ahead = Q(queued_at__lt=self.queued_at) | Q(queued_at=self.queued_at, pk__lt=self.pk)
        if self.queue == self.BATCH:
            ahead |= Q(queue=self.INTERACTIVE)
        else:
            ahead &= Q(queue=self.INTERACTIVE)
        return Run.objects.filter(ahead, state=State.QUEUED).exclude(pk=self.pk).count() + 1

    def mine(self) -> RunQuerySet:
        """This run, as long as this attempt holds it."""
        return Run.objects.filter(pk=self.pk, attempt=self.attempt, state=State.RUNNING)

    def renew(self, **progress: int) -> bool:
        """Hold on to the run; False when it is no longer ours."""
        return bool(self.mine().update(lease_until=lease_end(), **progress))

    def release(self, state: State, reason: str, **result: int | str) -> bool:
        """Let go of the run with its result; False when it was no longer ours."""
        return bool(self.mine().update(state=state, reason=reason, lease_until=None, ended_at=timezone.now(), **result))


class ChunkRow(models.Model):
    """One line of a run's manifest. Which attempt wrote it does not matter: all must write the same."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunk_rows")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    start_ns = models.BigIntegerField()
    end_ns = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    attempt = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.sha256[:12]}"


def new_viewing_id() -> str:
    return secrets.token_hex(16)


class Viewing(models.Model):
    """Somebody's look at a run; its unguessable name is all the browser knows. Without owner: a shared link's."""

    id = models.CharField(max_length=32, primary_key=True, default=new_viewing_id)
    owner = models.UUIDField(gettext_lazy("owner"), null=True, blank=True, db_index=True)
    document = models.ForeignKey(SavedDocument, on_delete=models.PROTECT, verbose_name=gettext_lazy("document"))
    variant = models.CharField(gettext_lazy("variant"), max_length=80, blank=True)
    seed = models.BigIntegerField(gettext_lazy("seed"), null=True, blank=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="viewings", verbose_name=gettext_lazy("run"))
    created_at = models.DateTimeField(gettext_lazy("created"), default=timezone.now)
    detached_at = models.DateTimeField(gettext_lazy("stopped"), null=True, blank=True)

    class Meta:
        verbose_name = gettext_lazy("viewing")
        verbose_name_plural = gettext_lazy("viewings")

    def __str__(self) -> str:
        return self.id[:8]

    def is_of(self, owner: uuid.UUID) -> bool:
        return self.owner == owner

    def detach(self) -> None:
        if self.detached_at is None:
            self.detached_at = timezone.now()
            self.save(update_fields=["detached_at"])

    @property
    def status(self) -> str:
        """The run's state, except that a viewing whose owner pressed Stop is stopped whoever else still watches."""
        if self.detached_at is not None and self.run.is_waiting:
            return State.STOPPED.value
        return self.run.state


class Verdict(models.Model):
    """What a document's claims and the checks say of certain runs; kept, since judging decodes whole traces."""

    key = models.CharField(max_length=64, unique=True)
    stem = models.CharField(max_length=64, db_index=True)  # the same for verdicts that compare with more or fewer runs
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="verdicts")
    data = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key[:12]
