"""What is said when there is nothing at an address or a request is refused: JSON under /api/, else a page."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _


def answer(request: HttpRequest, status: int, template: str, words: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"mistakes": [{"path": "", "message": words}]}, status=status)
    return render(request, template, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 400, "400.html", _("This request cannot be understood."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 403, "403.html", _("This is not yours to see or change."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, 403, "403_csrf.html", _("The page is too old to send changes. Reload it and try again."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 404, "404.html", _("There is nothing at this address."))


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    if request.path.startswith("/api/"):
        return answer(request, 500, "500.html", _("Something went wrong here. Your work is kept in the page."))
    # Without request and context processors, one of which may be what went wrong.
    return HttpResponseServerError(loader.render_to_string("500.html"))
