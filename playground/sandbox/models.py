"""Drafts: scenarios that somebody is working on."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy

from simulations.models import Viewing


class TooManyDrafts(Exception):
    """The owner keeps as many drafts as one may."""


class DraftQuerySet(models.QuerySet["Draft"]):
    def of(self, owner: uuid.UUID) -> "DraftQuerySet":
        return self.filter(owner=owner)

    def begin(
        self,
        owner: uuid.UUID,
        document: dict[str, Any],
        viewing: Viewing | None = None,
        branches: dict[str, Any] | None = None,
    ) -> "Draft":
        """A new draft. Raises TooManyDrafts."""
        if self.of(owner).count() >= settings.DRAFTS_PER_OWNER_MAX:
            raise TooManyDrafts
        return self.create(owner=owner, document=document, title=title_of(document), viewing=viewing, branches=branches)


def title_of(document: dict[str, Any]) -> str:
    return str(document.get("title") or "")[:200]


class Draft(models.Model):
    """One document under one owner. `version` counts saves; a save must name the version it was made from."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.UUIDField(gettext_lazy("owner"), db_index=True)
    title = models.CharField(gettext_lazy("title"), max_length=200, blank=True)
    document = models.JSONField(gettext_lazy("document"))
    branches = models.JSONField(gettext_lazy("branches"), null=True, blank=True)
    version = models.PositiveIntegerField(gettext_lazy("version"), default=1)
    viewing = models.ForeignKey(
        Viewing, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=gettext_lazy("last viewing")
    )
    created = models.DateTimeField(gettext_lazy("created"), default=timezone.now)
    updated = models.DateTimeField(gettext_lazy("changed"), default=timezone.now)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-updated"]
        verbose_name = gettext_lazy("draft")
        verbose_name_plural = gettext_lazy("drafts")

    def __str__(self) -> str:
        return self.title or str(self.id)

    def store(
        self,
        document: dict[str, Any],
        version: int,
        viewing: Viewing | None,
        branches: dict[str, Any] | None = None,
    ) -> bool:
        """Save over `version`; False, and nothing changed, when the draft has moved on since."""
        changes: dict[str, Any] = {
            "document": document,
            "branches": branches,
            "title": title_of(document),
            "version": F("version") + 1,
            "updated": timezone.now(),
        }
        if viewing is not None:
            changes["viewing"] = viewing
        saved = Draft.objects.filter(pk=self.pk, version=version).update(**changes)
        self.refresh_from_db()
        return bool(saved)
