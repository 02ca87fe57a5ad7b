"""Sharing a scenario."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Router, Schema, Status

from playground.sandbox.api import own_viewing, owner
from playground.sandbox.branches import Branches, carried
from playground.sandbox.documents import document_of
from playground.sharing import library
from playground.sharing.models import Scenario

router = Router(tags=["scenarios"])


class ScenarioBody(Schema):
    document: Any
    viewing: str | None = Field(None, max_length=32)
    branches: Branches | None = None


class ScenarioShared(Schema):
    slug: str
    url: str


@router.post("/scenarios", response={201: ScenarioShared})
def share_scenario(request: HttpRequest, body: ScenarioBody) -> Any:
    """Put a document under an unguessable link, with the run that was watched. What is shared never changes."""
    document = document_of(body.document)
    branches = carried(body.branches, body.document, document.data())
    scenario = library.share(document, own_viewing(request, body.viewing), owner(request), branches)
    url = request.build_absolute_uri(scenario.get_absolute_url())
    return Status(201, {"slug": scenario.slug, "url": url})


@router.get("/scenarios/{slug:slug}", response=dict[str, Any])
def get_scenario(request: HttpRequest, slug: str) -> Any:
    return get_object_or_404(Scenario.objects.select_related("document"), slug=slug).data
