"""A real Chromium against the real processes; any console error, page error or foreign request fails the test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError, expect

from browser import find_browser
from tests.stack import Stack

# Playwright's own loop runs in this thread, and Django would refuse to talk to a database beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

WAIT_MS_MAX = 15_000
expect.set_options(timeout=WAIT_MS_MAX)


class Console:
    """What a page complained about. A test that provokes a complaint says so with `allow`."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.complaints: list[str] = []
        self.allowed: list[re.Pattern[str]] = []

    def allow(self, pattern: str) -> None:
        """Complaints in which this regular expression is found do not fail the test."""
        self.allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(pattern.search(text) for pattern in self.allowed)]

    def listen(self, context: BrowserContext) -> None:
        context.on("console", self.on_console)
        context.on("weberror", self.on_error)
        context.on("request", self.on_request)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def on_error(self, error: WebError) -> None:
        self.complaints.append(f"page error: {error.error.stack or error.error}")

    def on_request(self, request: Request) -> None:
        if not request.url.startswith((self.base_url, "data:", "blob:", "about:")):
            self.complaints.append(f"foreign request: {request.url}")


@pytest.fixture(scope="session")
def base_url(stack: Stack) -> str:
    return stack.base_url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, **find_browser().launch_arguments()}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}


@pytest.fixture
def console(base_url: str) -> Iterator[Console]:
    listening = Console(base_url)
    yield listening
    assert not listening.unexpected(), "the browser complained:\n" + "\n".join(listening.unexpected())


@pytest.fixture
def new_context(new_context: Any, console: Console) -> Any:
    """Makes contexts that are listened to; `context` and `page` are made by it, too."""

    def make(**options: Any) -> BrowserContext:
        context: BrowserContext = new_context(**options)
        context.set_default_timeout(WAIT_MS_MAX)
        console.listen(context)
        return context

    return make
