"""Scenarios: documents under a link. What was shared never changes; the gallery's follow their files."""

import secrets
import uuid
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from simulations.models import SavedDocument, Viewing


def new_slug() -> str:
    """132 random bits in 22 characters of a URL."""
    return secrets.token_urlsafe(17)[:22]


class ScenarioQuerySet(models.QuerySet["Scenario"]):
    def gallery(self) -> "ScenarioQuerySet":
        return self.filter(in_gallery=True).order_by("position", "slug")

    def of(self, owner: uuid.UUID) -> "ScenarioQuerySet":
        return self.filter(owner=owner, in_gallery=False).order_by("-created")


class Scenario(models.Model):
    """A document and the viewing that everybody who opens the link watches."""

    slug = models.SlugField(gettext_lazy("slug"), max_length=60, primary_key=True, default=new_slug)
    document = models.ForeignKey(SavedDocument, on_delete=models.PROTECT, verbose_name=gettext_lazy("document"))
    viewing = models.OneToOneField(
        Viewing, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=gettext_lazy("viewing")
    )
    branches = models.JSONField(gettext_lazy("branches"), null=True, blank=True)
    title = models.CharField(gettext_lazy("title"), max_length=200)
    owner = models.UUIDField(gettext_lazy("owner"), null=True, blank=True, db_index=True)
    in_gallery = models.BooleanField(gettext_lazy("in the gallery"), default=False)
    position = models.PositiveIntegerField(gettext_lazy("position"), default=0)
    created = models.DateTimeField(gettext_lazy("created"), default=timezone.now)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("scenario")
        verbose_name_plural = gettext_lazy("scenarios")

    def __str__(self) -> str:
        return self.title or self.slug

    def get_absolute_url(self) -> str:
        return reverse("shared", args=[self.slug])

    @property
    def data(self) -> dict[str, Any]:
        document: dict[str, Any] = self.document.data
        return document
