"""What every answer carries: static files, the content security policy, the visitor's cookie."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import ensure_csrf_cookie
from whitenoise.middleware import WhiteNoiseMiddleware

OWNER_COOKIE = "netsplit_owner"
OWNER_COOKIE_SECONDS = 365 * 24 * 3600
OWNER_SALT = "netsplit.owner"

# Unfold's Alpine.js evaluates expressions and styles elements.
ADMIN_POLICY = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise, with the file read at once: its file iterator is a synchronous one, which ASGI cannot stream."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with found.file as file:
                body = file.read()
        response = HttpResponse(body, status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response


class ContentSecurityPolicy(CSPMiddleware):
    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/") and not report_only:
            parts.update = ADMIN_POLICY
        return parts


def owner_of(request: HttpRequest) -> uuid.UUID:
    """The visitor's own number. A new visitor gets one, and with the answer the cookie that keeps it."""
    known: uuid.UUID | None = getattr(request, "netsplit_owner", None)
    if known is None:
        known = read_owner(request.COOKIES)
        if known is None:
            known = uuid.uuid4()
            request.netsplit_owner_is_new = True  # type: ignore[attr-defined]
        request.netsplit_owner = known  # type: ignore[attr-defined]
    return known


def read_owner(cookies: dict[str, str]) -> uuid.UUID | None:
    """The number in a visitor's cookies, or None when none of them is ours."""
    request = HttpRequest()
    request.COOKIES = cookies
    try:
        signed = request.get_signed_cookie(OWNER_COOKIE, salt=OWNER_SALT, max_age=OWNER_COOKIE_SECONDS)
        return uuid.UUID(signed)
    except (KeyError, ValueError, signing.BadSignature):
        return None


def visited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages one acts from: they carry the CSRF cookie and the visitor's own.

    With a cookie given by the first act only, two first acts at once would have two owners, and what belongs to one
    of them would be lost.
    """

    @wraps(view)
    def page(request: HttpRequest, **named: Any) -> HttpResponse:
        owner_of(request)
        return view(request, **named)

    return ensure_csrf_cookie(page)


def owner_cookie(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(request, "netsplit_owner_is_new", False):
            response.set_signed_cookie(
                OWNER_COOKIE,
                str(owner_of(request)),
                salt=OWNER_SALT,
                max_age=OWNER_COOKIE_SECONDS,
                httponly=True,
                samesite="Lax",
                secure=settings.HTTPS or request.is_secure(),
            )
        return response

    return middleware
