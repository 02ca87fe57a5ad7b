"""Runs, drafts, and what a document may hold."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from playground.sandbox.branches import Branches, kept
from playground.sandbox.documents import document_of, sketch_of, variant_of
from playground.sandbox.models import Draft
from simulations import runs
from simulations.catalogue import describe
from simulations.document import DocumentError, json_schema
from simulations.document_base import SEED_MAX, Mistake
from simulations.document_doubts import doubts
from simulations.models import Viewing

router = Router()


class RunRequest(Schema):
    document: Any
    variant: str | None = Field(None, max_length=80)
    seed: int | None = Field(None, ge=0, le=SEED_MAX)


class RunStarted(Schema):
    viewing: str
    status: str
    nodes: list[str]
    ws: str
    doubts: list[dict[str, str]]


class RunStatus(Schema):
    status: str
    position: int | None
    simulated_ms: float
    duration_ms: float
    chunks: int
    reason: str
    digest: str


class DraftBody(Schema):
    document: Any
    version: int | None = None
    viewing: str | None = Field(None, max_length=32)
    branches: Branches | None = None


class DraftMade(Schema):
    id: uuid.UUID
    version: int
    title: str


class DraftWhole(DraftMade):
    document: dict[str, Any]
    branches: dict[str, Any] | None
    viewing: str | None


class DraftSaved(Schema):
    version: int


class DraftConflict(Schema):
    version: int
    document: dict[str, Any]
    branches: dict[str, Any] | None


class DocumentBody(Schema):
    document: Any


class Mistakes(Schema):
    mistakes: list[dict[str, str]]
    doubts: list[dict[str, str]] = []  # what runs, and is hardly meant


# --- runs -----------------------------------------------------------------------------------------------------------
@router.post("/runs", response={201: RunStarted}, tags=["runs"])
def start_run(request: HttpRequest, body: RunRequest) -> Any:
    """Ask for a run of a document. Equal requests share one computation."""
    document = document_of(body.document)
    viewing = runs.request_run(document, variant_of(document, body.variant), body.seed, owner(request))
    nodes = [node["id"] for node in viewing.run.physical["nodes"]]
    return Status(
        201,
        {
            "viewing": viewing.pk,
            "status": viewing.status,
            "nodes": nodes,
            "ws": socket_path(viewing),
            "doubts": told(doubts(document)),
        },
    )


@router.get("/runs/{viewing}", response=RunStatus, tags=["runs"])
def run_status(request: HttpRequest, viewing: str) -> Any:
    found = viewing_or_404(viewing)
    run = found.run
    return {
        "status": found.status,
        "position": run.position(),
        "simulated_ms": run.simulated_ns / 1e6,
        "duration_ms": runs.duration_ms(run),
        "chunks": run.chunk_count,
        "reason": run.reason,
        "digest": run.digest,
    }


@router.post("/runs/{viewing}/stop", response={204: None}, tags=["runs"])
def stop_run(request: HttpRequest, viewing: str) -> Any:
    """Only the one who asked for a run may stop it; others who watch the same run are not disturbed."""
    found = viewing_or_404(viewing)
    if not found.is_of(owner(request)):
        raise Http404
    runs.stop(found)
    return Status(204, None)


@router.get("/runs/{viewing}/verdict", response={200: dict[str, Any], 202: dict[str, Any]}, tags=["runs"])
def run_verdict(request: HttpRequest, viewing: str) -> Any:
    """Metrics, checks and claims of a complete run. 202: a worker is judging, ask again."""
    verdict = runs.verdict(viewing_or_404(viewing))
    return Status(202 if verdict is None else 200, verdict if verdict is not None else {"status": "judging"})


# --- drafts ---------------------------------------------------------------------------------------------------------
@router.get("/drafts", response=list[DraftMade], tags=["drafts"])
def list_drafts(request: HttpRequest) -> Any:
    return Draft.objects.of(owner(request))


@router.post("/drafts", response={201: DraftMade}, tags=["drafts"])
def make_draft(request: HttpRequest, body: DraftBody) -> Any:
    document = sketch_of(body.document)
    viewing = own_viewing(request, body.viewing)
    return Status(201, Draft.objects.begin(owner(request), document, viewing, kept(body.branches)))


@router.get("/drafts/{draft_id}", response=DraftWhole, tags=["drafts"])
def get_draft(request: HttpRequest, draft_id: uuid.UUID) -> Any:
    draft = own_draft(request, draft_id)
    return {
        "id": draft.pk,
        "version": draft.version,
        "title": draft.title,
        "document": draft.document,
        "branches": draft.branches,
        "viewing": draft.viewing_id,
    }


@router.put("/drafts/{draft_id}", response={200: DraftSaved, 409: DraftConflict}, tags=["drafts"])
def save_draft(request: HttpRequest, draft_id: uuid.UUID, body: DraftBody) -> Any:
    """Save over `version`; 409 with what is stored when somebody (another tab) saved in between."""
    draft = own_draft(request, draft_id)
    if body.version is None:
        raise HttpError(422, _("Say which version this was made from."))
    document = sketch_of(body.document)
    if not draft.store(document, body.version, own_viewing(request, body.viewing), kept(body.branches)):
        return Status(409, {"version": draft.version, "document": draft.document, "branches": draft.branches})
    return {"version": draft.version}


@router.delete("/drafts/{draft_id}", response={204: None}, tags=["drafts"])
def delete_draft(request: HttpRequest, draft_id: uuid.UUID) -> Any:
    own_draft(request, draft_id).delete()
    return Status(204, None)


# --- documents ------------------------------------------------------------------------------------------------------
@router.get("/catalogue", response=dict[str, Any], tags=["documents"])
def get_catalogue(request: HttpRequest) -> Any:
    return describe()


@router.get("/schema/scenario", response=dict[str, Any], tags=["documents"])
def get_schema(request: HttpRequest) -> Any:
    return json_schema()


@router.post("/documents/validate", response=Mistakes, tags=["documents"])
def check_document(request: HttpRequest, body: DocumentBody) -> Any:
    """Every mistake in a document; an empty list when it can be run."""
    try:
        document = document_of(body.document)
    except DocumentError as error:
        return {"mistakes": told(error.mistakes)}
    return {"mistakes": [], "doubts": told(doubts(document))}


# --------------------------------------------------------------------------------------------------------------------
def owner(request: HttpRequest) -> uuid.UUID:
    found: uuid.UUID = request.auth  # type: ignore[attr-defined]
    return found


def told(mistakes: Iterable[Mistake]) -> list[dict[str, str]]:
    return [{"path": mistake.path, "message": mistake.message} for mistake in mistakes]


def socket_path(viewing: Viewing) -> str:
    return f"/ws/runs/{viewing.pk}/"


def viewing_or_404(viewing_id: str) -> Viewing:
    viewing = runs.find_viewing(viewing_id)
    if viewing is None:
        raise Http404
    return viewing


def own_draft(request: HttpRequest, draft_id: uuid.UUID) -> Draft:
    return get_object_or_404(Draft.objects.of(owner(request)), pk=draft_id)


def own_viewing(request: HttpRequest, viewing_id: str | None) -> Viewing | None:
    """A viewing of the visitor's, or of a shared link; another's is not kept with a draft."""
    viewing = runs.find_viewing(viewing_id) if viewing_id else None
    return viewing if viewing is not None and viewing.owner in (None, owner(request)) else None
