"""What the tests of watching a run share."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.stage import figures, open_shared, pause, shown, wait_shown

MESSAGES = "document.getElementById('messages').dataset"


def open_run(page: Page, at_ms: int = 5000) -> None:
    """The gallery's partition, run to its end and paused."""
    open_shared(page, "cap-partition", at_ms=at_ms)
    pause(page)
    page.locator("#canvas").evaluate("() => document.activeElement.blur()")


def to(page: Page, what: str) -> None:
    """Chooses what the jump buttons go to, and leaves the menu."""
    page.locator("#jump").select_option(what)
    page.locator("#jump").evaluate("menu => menu.blur()")


def some_under_way(page: Page) -> None:
    """Steps to a moment with messages under way."""
    for _ in range(40):
        if shown(page, "messages") >= 3:
            return
        before = shown(page, "playheadMs")
        page.keyboard.press(".")
        wait_shown(page, f"Number(d.playheadMs) >= {before}")
        page.wait_for_timeout(120)
    raise AssertionError(f"nothing is under way: {figures(page)}")


def marked_place(page: Page) -> tuple[float, float]:
    """Where the message that is named is drawn, on the page."""
    wait_shown(page, "d.marked !== ''")
    box = page.locator("#messages").bounding_box()
    assert box
    x, y = (float(part) for part in str(page.evaluate(f"{MESSAGES}.marked")).split(","))
    return box["x"] + x, box["y"] + y
