"""The JSON API: one parser, one shape of refusal ({"mistakes": [{"path", "message"}]}), routers of the apps."""

import json
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import APIKeyCookie

from playground.middleware import OWNER_COOKIE, owner_of
from playground.sandbox.api import router as sandbox
from playground.sandbox.code import router as code
from playground.sandbox.models import TooManyDrafts
from playground.sharing.api import router as sharing
from simulations.document import DocumentError
from simulations.runs import NotComplete, TooManyRuns

log = structlog.get_logger(__name__)


class Visitor(APIKeyCookie):
    """Everybody may come in; a change must carry the CSRF token. `request.auth` is the visitor's number."""

    param_name = OWNER_COOKIE

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return owner_of(request)


class Unreadable(Exception):
    """What is wrong with a body. Ninja catches whatever a parser raises and says less, so it is kept at the request."""

    def __init__(self, request: HttpRequest, status: int, words: str) -> None:
        super().__init__(words)
        request.netsplit_unreadable = (status, words)  # type: ignore[attr-defined]


class CarefulParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        try:
            body = json.loads(request.body)
        except RequestDataTooBig:
            raise Unreadable(request, 413, _("The body is too large.")) from None
        except RecursionError:
            raise Unreadable(request, 400, _("The JSON is nested too deeply.")) from None
        except ValueError as error:
            raise Unreadable(request, 400, _("The body is not JSON: %(error)s.") % {"error": error}) from None
        if not isinstance(body, dict):
            raise Unreadable(request, 400, _("The body must be a JSON object."))
        return body


api = NinjaAPI(
    title="Netsplit",
    version="1",
    description="Scenarios, runs and drafts. Changes need the CSRF token of the page in X-CSRFToken.",
    docs_url=None,
    auth=Visitor(),
    parser=CarefulParser(),
    urls_namespace="api",
)
api.add_router("", sandbox)
api.add_router("", code)
api.add_router("", sharing)


def refusal(status: int, *mistakes: tuple[str, str]) -> HttpResponse:
    return JsonResponse({"mistakes": [{"path": path, "message": message} for path, message in mistakes]}, status=status)


@api.exception_handler(DocumentError)
def on_document_error(request: HttpRequest, error: DocumentError) -> HttpResponse:
    return refusal(422, *((mistake.path, mistake.message) for mistake in error.mistakes))


@api.exception_handler(TooManyRuns)
def on_too_many_runs(request: HttpRequest, error: TooManyRuns) -> HttpResponse:
    return refusal(429, ("", str(error)))


@api.exception_handler(NotComplete)
def on_not_complete(request: HttpRequest, error: NotComplete) -> HttpResponse:
    return refusal(409, ("", _("This run is not complete, so there is nothing to judge.")))


@api.exception_handler(TooManyDrafts)
def on_too_many_drafts(request: HttpRequest, error: TooManyDrafts) -> HttpResponse:
    return refusal(429, ("", _("You keep as many drafts as you may. Delete one first.")))


@api.exception_handler(ValidationError)
def on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = []
    for mistake in error.errors:
        # ("body", parameter name, field…): the first two are ours, not the caller's.
        place = [str(part) for part in mistake["loc"][2 if mistake["loc"][0] == "body" else 1 :]]
        found.append((".".join(place), str(mistake["msg"])))
    return refusal(422, *found)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    status, words = getattr(request, "netsplit_unreadable", (error.status_code, error.message))
    return refusal(status, ("", words))


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return refusal(404, ("", _("There is nothing at this address.")))


@api.exception_handler(Exception)
def on_exception(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("api_failed", path=request.path)
    return refusal(500, ("", _("Something went wrong here. Your work is kept in the page.")))
