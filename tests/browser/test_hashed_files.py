"""The pages as an image serves them: static files collected under hashed names and cached for ever."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from tests.browser.conftest import Console
from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.browser, pytest.mark.processes]
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture(scope="module")
def hashed(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("hashed")
    stack = Stack(folder / "data", prepared, STATIC_HASHED="1", STATIC_ROOT=str(folder / "static"))
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    try:
        stack.start()
        yield stack
    finally:
        stack.clean_up()


@pytest.mark.parametrize("path", ["/", "/sandbox/", "/s/cap-partition/"])
def test_every_file_of_a_page_is_found_under_its_hashed_name(browser: Browser, hashed: Stack, path: str) -> None:
    context = browser.new_context(base_url=hashed.base_url)
    console, asked = Console(hashed.base_url), list[str]()
    console.listen(context)

    def note(request: Request) -> None:
        if "/static/" in request.url:
            asked.append(request.url)

    context.on("request", note)
    page = context.new_page()
    page.goto(path)
    page.wait_for_timeout(1500)
    context.close()
    assert console.complaints == []
    assert 3 < len(asked) < 20
    assert [url for url in asked if not HASHED.search(url)] == []


def test_hashed_files_are_cached_for_ever(hashed: Stack) -> None:
    with urllib.request.urlopen(f"{hashed.base_url}/") as page:
        found = re.findall(r'"(/static/[^"]+\.js)"', page.read().decode())
    assert found
    with urllib.request.urlopen(f"{hashed.base_url}{found[0]}") as response:
        assert "immutable" in response.headers["Cache-Control"]
