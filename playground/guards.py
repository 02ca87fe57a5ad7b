"""What is refused before Django sees it: bodies over the limit, sockets from foreign pages."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext as _

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


def header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope.get("headers", []):
        if key == name:
            return str(value.decode("latin1"))
    return None


class BodyLimit:
    """Answers 413 to a body over `BODY_BYTES_MAX`, by its declared length or else by what arrives."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit_bytes = settings.BODY_BYTES_MAX
        declared = header(scope, b"content-length") or ""
        if declared.isdecimal() and int(declared) > limit_bytes:
            await self.refuse(scope, send)
            return
        if declared.isdecimal() or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.application(scope, receive, send)
            return
        # Chunked upload: it is read here, never further than the limit.
        messages: list[dict[str, Any]] = []
        size_bytes = 0
        while True:
            message = await receive()
            messages.append(message)
            size_bytes += len(message.get("body", b""))
            if size_bytes > limit_bytes:
                await self.refuse(scope, send)
                return
            if not message.get("more_body"):
                break

        async def replay() -> dict[str, Any]:
            return messages.pop(0) if messages else await receive()

        await self.application(scope, replay, send)

    async def refuse(self, scope: Scope, send: Send) -> None:
        words = _("The body may have at most %(limit)d MB.") % {"limit": settings.BODY_BYTES_MAX // 1024**2}
        if scope["path"].startswith("/api/"):
            kind, body = b"application/json", json.dumps({"mistakes": [{"path": "", "message": words}]}).encode()
        else:
            kind, body = b"text/plain; charset=utf-8", words.encode()
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class SameOrigin:
    """Refuses, with 403 at the handshake, a WebSocket opened by another site's page.

    Browsers always send Origin; a program that sends none carries no visitor's cookies and may pass.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin")
        allowed = origin is None or self.is_ours(origin, header(scope, b"host") or "")
        application = self.application if allowed else WebsocketDenier()
        await application(scope, receive, send)

    def is_ours(self, origin: str, host: str) -> bool:
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return True
        try:
            origin_host = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        domain, _port = split_domain_port(host.lower())
        return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS) and origin_host == host.lower()
