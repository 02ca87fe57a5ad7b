"""What a page with a stage (editor, shared scenario, embed) knows when it opens."""

import math
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from simulations.catalogue import describe
from simulations.gallery import starts
from simulations.models import Viewing


def stage_data(
    request: HttpRequest,
    mode: str,
    document: dict[str, Any],
    *,
    viewing: Viewing | None = None,
    draft: dict[str, Any] | None = None,
    slug: str | None = None,
    branches: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "mode": mode,
        "document": document,
        "draft": draft,
        "branches": branches,
        "viewing": viewing.pk if viewing else None,
        "variant": (viewing.variant or None) if viewing else None,
        "at_ms": instant_asked(request),
        "slug": slug,
        "urls": urls(slug),
        "starts": starts() if mode == "edit" else [],
        "catalogue": describe(),
    }


def instant_asked(request: HttpRequest) -> float | None:
    """`?at=<ms>`; anything else than a moment is no moment."""
    try:
        at_ms = float(request.GET["at"])
    except (KeyError, ValueError):
        return None
    return at_ms if math.isfinite(at_ms) and at_ms >= 0 else None


def urls(slug: str | None) -> dict[str, str | None]:
    return {
        "runs": "/api/runs",
        "types": "/api/types",
        "drafts": "/api/drafts",
        "scenarios": "/api/scenarios",
        "validate": "/api/documents/validate",
        "sandbox": reverse("sandbox"),
        "gallery": reverse("gallery"),
        "mine": reverse("mine"),
        "inspector": reverse("inspector"),
        "inspector_check": reverse("inspector-check"),
        "remix": reverse("remix", args=[slug]) if slug else None,
        "shared": reverse("shared", args=[slug]) if slug else None,
        "embed": reverse("embed", args=[slug]) if slug else None,
    }
