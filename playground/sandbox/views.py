"""The editor's page."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from playground.middleware import owner_of, visited
from playground.sandbox.models import Draft
from playground.sandbox.stage import stage_data
from simulations.gallery import empty, example


@require_GET
@never_cache
@visited
def new(request: HttpRequest) -> HttpResponse:
    """Opens on an example that runs, or empty for `?new`. It becomes a draft with the first save."""
    return page(request, stage_data(request, "edit", empty() if "new" in request.GET else example()))


@require_GET
@never_cache
@visited
def draft(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    found = get_object_or_404(Draft.objects.of(owner_of(request)), pk=draft_id)
    known = {"id": str(found.pk), "version": found.version, "title": found.title}
    stage = stage_data(request, "edit", found.document, viewing=found.viewing, draft=known, branches=found.branches)
    return page(request, stage)


def page(request: HttpRequest, stage: dict[str, Any]) -> HttpResponse:
    title = stage["document"].get("title") or _("Untitled scenario")
    return render(request, "sandbox.html", {"document_title": title, "stage_data": stage})
