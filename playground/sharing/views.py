"""Gallery, shared scenarios, embeds, and one's own."""

from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_POST

from playground.middleware import owner_of, visited
from playground.sandbox.models import Draft, TooManyDrafts
from playground.sandbox.stage import stage_data
from playground.sharing.library import watched
from playground.sharing.models import Scenario
from playground.text import to_html, to_text


@require_GET
@visited
def gallery(request: HttpRequest) -> HttpResponse:
    scenarios = Scenario.objects.gallery().select_related("document")
    return render(request, "gallery.html", {"scenarios": [card(scenario) for scenario in scenarios]})


def card(scenario: Scenario) -> dict[str, Any]:
    data = scenario.data
    return {
        "slug": scenario.slug,
        "url": scenario.get_absolute_url(),
        "title": scenario.title,
        "summary": to_text(data.get("summary", "")),
        "predict": data.get("predict", ""),
        "concepts": data.get("concepts", []),
        "claims": len(data.get("expect", [])),
        "duration_ms": data["duration_ms"],
        "document": data,
    }


@require_GET
@never_cache
@visited
def shared(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, slug, "shared", "shared.html")


@require_GET
@never_cache
@xframe_options_exempt
@csp_update({"frame-ancestors": ["*"]})
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    return show(request, slug, "embed", "embed.html")


def show(request: HttpRequest, slug: str, mode: str, template: str) -> HttpResponse:
    found = get_object_or_404(Scenario.objects.select_related("document", "viewing__run"), slug=slug)
    viewing = watched(found)
    stage = stage_data(request, mode, found.data, viewing=viewing, slug=slug, branches=found.branches)
    context = {
        "document_title": found.title,
        "stage_data": stage,
        "slug": slug,
        "summary": to_text(found.data.get("summary", "")),
        "summary_html": to_html(found.data.get("summary", "")),
    }
    return render(request, template, context)


@require_POST
def remix(request: HttpRequest, slug: str) -> HttpResponse:
    """A copy of one's own, opened where the original was."""
    found = get_object_or_404(Scenario.objects.select_related("document", "viewing"), slug=slug)
    try:
        draft = Draft.objects.begin(owner_of(request), found.data, found.viewing, found.branches)
    except TooManyDrafts:
        return render(request, "429.html", status=429)
    return redirect("draft", draft.pk)


@require_GET
@never_cache
@visited
def mine(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    return render(request, "mine.html", {"drafts": Draft.objects.of(owner), "links": Scenario.objects.of(owner)})
