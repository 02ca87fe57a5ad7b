"""Gallery, shared scenarios, embeds, and one's own."""

from typing import Any

from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_POST

from playground.middleware import owner_of, visited
from playground.sandbox.models import Draft, TooManyDrafts
from playground.sandbox.stage import instant_asked, stage_data
from playground.sharing import comparison, motivations
from playground.sharing.library import watched
from playground.sharing.measuring import Measured
from playground.sharing.models import Scenario
from playground.text import to_html, to_text
from simulations.document import validate
from simulations.gallery import CHAPTERS

ASK_AGAIN_SECONDS = 2


@require_GET
@visited
def gallery(request: HttpRequest) -> HttpResponse:
    cards = [card(scenario) for scenario in Scenario.objects.gallery().select_related("document")]
    return render(request, "gallery.html", {"chapters": chapters(cards), "count": len(cards)})


def chapters(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The chapters that have scenarios, with their cards; what no chapter names comes last."""
    chapter_of = {slug: title for title, slugs in CHAPTERS.items() for slug in slugs}
    found: dict[str, list[dict[str, Any]]] = {}
    for one in cards:
        found.setdefault(chapter_of.get(one["slug"], "More"), []).append(one)
    return [{"title": title, "id": slugify(title), "scenarios": scenarios} for title, scenarios in found.items()]


def card(scenario: Scenario) -> dict[str, Any]:
    data = scenario.data
    return {
        "slug": scenario.slug,
        "url": scenario.get_absolute_url(),
        "title": scenario.title,
        "summary": to_text(data.get("summary", "")),
        "predict": to_text(data.get("predict", "")),
        "concepts": data.get("concepts", []),
        "claims": len(data.get("expect", [])),
        "duration_ms": data["duration_ms"],
        "picture": picture(data),
    }


def picture(data: dict[str, Any]) -> dict[str, Any]:
    """What of a document its small picture shows."""
    kept = {
        "nodes": ("id", "type", "x", "y", "zone", "count"),
        "links": ("id", "a", "b"),
        "zones": ("id", "x", "y", "width", "height"),
        "clusters": ("id", "members", "cables"),
    }
    return {
        part: [{key: entry[key] for key in keys if entry.get(key) is not None} for entry in data.get(part, [])]
        for part, keys in kept.items()
    }


@require_GET
@never_cache
def models(request: HttpRequest) -> HttpResponse:
    """The table of architectural models; until it is whole the page asks again by itself."""
    found = get_object_or_404(Scenario.objects.gallery().select_related("document"), slug=comparison.SLUG)
    table = comparison.table(validate(found.data))
    context = {"table": table, "title": found.title, "scenario": found.get_absolute_url()}
    return measured(request, "models.html", context, [table.measured])


@require_GET
@never_cache
def why(request: HttpRequest) -> HttpResponse:
    """The table of motivations."""
    rows = motivations.table()
    if not rows:
        raise Http404
    return measured(request, "why.html", {"rows": rows}, [row.measured for row in rows])


def measured(request: HttpRequest, template: str, context: dict[str, Any], parts: list[Measured]) -> HttpResponse:
    """A page of measured figures; until all are there the page asks again by itself."""
    context |= {
        "computed": sum(part.computed for part in parts),
        "wanted": sum(part.wanted for part in parts),
        "failed": any(part.failed for part in parts),
        "judged": all(part.judged for part in parts),
        "section": "gallery",
    }
    answer = render(request, template, context)
    if not context["judged"] and not context["failed"]:
        answer.headers["Refresh"] = str(ASK_AGAIN_SECONDS)
    return answer


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
        "predict": to_text(found.data.get("predict", "")),
    }
    return render(request, template, context)


@require_POST
def remix(request: HttpRequest, slug: str) -> HttpResponse:
    """A copy of one's own, opened where the original was; with `?at=<ms>` at that moment, with `?variant=` that one."""
    found = get_object_or_404(Scenario.objects.select_related("document", "viewing"), slug=slug)
    try:
        draft = Draft.objects.begin(owner_of(request), found.data, found.viewing, found.branches)
    except TooManyDrafts:
        return render(request, "429.html", status=429)
    at_ms = instant_asked(request)
    seen = {"at": str(at_ms)} if at_ms else {}
    if "variant" in request.GET:
        seen["variant"] = request.GET["variant"]
    return redirect(reverse("draft", args=[draft.pk]) + (f"?{urlencode(seen)}" if seen else ""))


@require_GET
@never_cache
@visited
def mine(request: HttpRequest) -> HttpResponse:
    owner = owner_of(request)
    return render(request, "mine.html", {"drafts": Draft.objects.of(owner), "links": Scenario.objects.of(owner)})
