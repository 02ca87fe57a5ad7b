"""The code of node types, and what it did in a run."""

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from playground.sandbox.api import owner, viewing_or_404
from simulations import runs
from simulations.node_sources import source

router = Router()

MOMENT_MS_MAX = 1e9


class Moment(Schema):
    node: str = Field(max_length=200)
    at_ms: float = Field(ge=0, le=MOMENT_MS_MAX)
    from_ms: float | None = Field(None, ge=0, le=MOMENT_MS_MAX)


@router.get("/types/{name}/source", response=dict[str, Any], tags=["documents"])
def type_source(request: HttpRequest, name: str) -> Any:
    """The Python file of a node type: its lines as words with their sort, and its handlers."""
    try:
        return source(name)
    except KeyError:
        raise Http404 from None


@router.post("/runs/{viewing}/probe", response={200: dict[str, Any], 202: dict[str, Any]}, tags=["runs"])
def probe_run(request: HttpRequest, viewing: str, body: Moment) -> Any:
    """What a node did about a moment, and its state before and after. 202: a worker is looking, ask again."""
    at_ns = round(body.at_ms * 1e6)
    from_ns = at_ns if body.from_ms is None else min(at_ns, round(body.from_ms * 1e6))
    try:
        found = runs.probe(viewing_or_404(viewing), body.node, from_ns, at_ns, str(owner(request)))
    except runs.UnknownNode:
        raise HttpError(422, _("This run has no node %(node)s.") % {"node": body.node}) from None
    except runs.OtherVersion:
        raise HttpError(409, _("The node types have changed since this run. Run it again to look into it.")) from None
    return Status(202 if found is None else 200, found if found is not None else {"status": "looking"})
