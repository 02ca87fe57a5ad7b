"""What the tests of editing do on the canvas, in the words of the person drawing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import WAIT_S_MAX, document, drag_part, empty, middle, open_sandbox


def node(page: Page, id: str) -> Locator:
    return page.locator(f'#graph [data-node="{id}"]')


def chosen(page: Page) -> list[str]:
    found: list[str] = page.locator("#graph .node.sel").evaluate_all("all => all.map(e => e.dataset.node)")
    return sorted(found)


def places(page: Page) -> dict[str, tuple[float, float]]:
    return {entry["id"]: (entry["x"], entry["y"]) for entry in document(page)["nodes"]}


def drag(page: Page, id: str, dx: float, dy: float) -> None:
    x, y = middle(page, id)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2, steps=3)
    page.mouse.move(x + dx, y + dy, steps=3)


def small(page: Page) -> None:
    """Three clients beside a service that they are not linked to yet."""
    open_sandbox(page)
    empty(page)
    page.keyboard.press("Escape")
    for y in (80, 160, 280):
        drag_part(page, "client", 220, y)
    drag_part(page, "service", 560, 240)
    expect(page.locator("#graph .node")).to_have_count(4)
    page.keyboard.press("Escape")


def changed(page: Page, before: Any, ask: Callable[[Page], Any] = document) -> Any:
    """What is there once it is no longer as before."""
    end = time.monotonic() + WAIT_S_MAX
    while (now := ask(page)) == before:
        assert time.monotonic() < end, "nothing changed"
        page.wait_for_timeout(50)
    return now
