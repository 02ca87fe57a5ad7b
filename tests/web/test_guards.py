"""What is refused before Django sees it, and what stands beside the database."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channels.layers import get_channel_layer

from playground.guards import BodyLimit, SameOrigin
from playground.sandbox.consumers import RunConsumer, UnknownAddress
from playground.secret import secret_key
from playground.text import to_html
from tests.stack import ROOT

MB = 1024 * 1024


def ask(headers: dict[str, str], parts: list[bytes], path: str = "/api/runs") -> tuple[int, bytes]:
    """Status and body of the answer to a POST; the application behind the limit answers 200 with the size it got."""
    inbox = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    inbox.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return inbox.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        size = 0
        while (message := await receive())["more_body"]:
            size += len(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(size).encode()})

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(BodyLimit(application)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def test_a_body_within_the_limit_passes_whole() -> None:
    assert ask({"content-length": str(2 * MB)}, [b"x" * MB, b"x" * MB]) == (200, str(2 * MB).encode())
    assert ask({}, [b"x" * MB, b"x" * MB]) == (200, str(2 * MB).encode())


def test_a_declared_body_over_the_limit_is_refused_unread() -> None:
    status, body = ask({"content-length": str(10 * MB)}, [])
    assert status == 413
    assert "2 MB" in json.loads(body)["mistakes"][0]["message"]


def test_an_undeclared_body_over_the_limit_is_refused() -> None:
    assert ask({"transfer-encoding": "chunked"}, [b"x" * MB] * 3)[0] == 413


def test_a_page_gets_words_instead_of_json() -> None:
    assert ask({"content-length": str(10 * MB)}, [], "/s/x/remix") == (413, b"The body may have at most 2 MB.")


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("https://localhost", "localhost", True),
        ("http://localhost:8000", "localhost:9000", False),
        ("http://evil.example", "localhost:8000", False),
        ("http://evil.example", "evil.example", False),
        ("null", "localhost:8000", False),
        ("http://[", "localhost:8000", False),
        ("https://trusted.example", "localhost:8000", True),
    ],
)
def test_a_socket_is_for_our_own_pages(settings: Any, origin: str, host: str, ours: bool) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    assert SameOrigin(lambda *_: None).is_ours(origin, host) is ours  # type: ignore[arg-type]


def test_a_secret_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = secret_key(tmp_path)
    assert len(key) > 50
    assert secret_key(tmp_path) == key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize(
    "markdown",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://e/x.png)"],
)
def test_markdown_holds_nothing_active(markdown: str) -> None:
    html = to_html(markdown)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_markdown_is_formatted() -> None:
    assert to_html("**bold** and [a link](https://example.org)").startswith("<p><strong>bold</strong> and <a href=")


@pytest.mark.parametrize("consumer", [RunConsumer, UnknownAddress])
def test_a_socket_opens_without_a_broker(consumer: type[RunConsumer]) -> None:
    assert get_channel_layer(consumer.channel_layer_alias) is None


@pytest.mark.parametrize("given", ["", "play.example.org"])
def test_checks_on_this_machine_are_answered_whatever_the_site_is_called(tmp_path: Path, given: str) -> None:
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "ALLOWED_HOSTS": given}
    code = "from playground import settings; print(*settings.ALLOWED_HOSTS)"
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=environment, text=True)
    assert said.split() == [*given.split(), "localhost", "127.0.0.1", "[::1]"]


def test_a_table_stands_in_a_box_of_its_own_that_can_scroll() -> None:
    html = to_html("Both:\n\n| a | b |\n|---|---|\n| `1` | 2 |\n\nand `<table>` as a word")
    assert html.count('<div class="tablebox" tabindex="0"><table>') == html.count("</table></div>") == 1
    assert "<code>&lt;table&gt;</code>" in html
