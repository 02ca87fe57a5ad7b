"""What the browser tests do on a page with a stage, in the words of the person doing it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

WAIT_S_MAX = 15.0


def wait_until(page: Page, expression: str, what: Any = None) -> None:
    """Asks the page again and again; its policy forbids the strings that Playwright's own waiting evaluates in it."""
    end = time.monotonic() + WAIT_S_MAX
    while not page.evaluate(expression, what):
        assert time.monotonic() < end, f"waited for {expression}; the canvas says {figures(page)}"
        page.wait_for_timeout(50)


def figures(page: Page) -> dict[str, str]:
    """What the message canvas and the page publish of themselves."""
    canvas = "document.getElementById('messages').dataset"
    found: dict[str, str] = page.evaluate(f"() => ({{...{canvas}, ...document.body.dataset}})")
    return found


def prepare(page: Page) -> None:
    """As somebody who has seen the tour."""
    page.add_init_script("try { localStorage.setItem('netsplit:tour', 'seen'); } catch {}")


def open_sandbox(page: Page) -> None:
    prepare(page)
    page.goto("/sandbox/")
    expect(page.locator("#graph .node").first).to_be_visible()


def open_shared(page: Page, slug: str, variant: str = "", at_ms: int = 0) -> None:
    """A scenario of the gallery, or one of its variants, run to its end."""
    prepare(page)
    page.goto(f"/s/{slug}/?at={at_ms}" if at_ms else f"/s/{slug}/")
    if page.locator("body").get_attribute("data-run") == "none":
        page.locator("#run").click()
    digest(page)
    if variant:
        before = page.locator("body").get_attribute("data-viewing") or ""
        page.locator("#variant").select_option(variant, force=True)  # which runs it
        expect(page.locator("body")).not_to_have_attribute("data-viewing", before)
    finished(page)
    digest(page)


def empty(page: Page) -> None:
    page.locator('[data-act="clear"]').click()
    expect(page.locator("#graph .node")).to_have_count(0)


def drag_part(page: Page, kind: str, x: float, y: float) -> None:
    """Drags a part from the palette to a place on the canvas."""
    found = page.locator(f'#palette [data-type="{kind}"]')
    found.scroll_into_view_if_needed()
    part = found.bounding_box()
    canvas = page.locator("#canvas").bounding_box()
    assert part
    assert canvas
    page.mouse.move(part["x"] + 20, part["y"] + 10)
    page.mouse.down()
    page.mouse.move(canvas["x"] + x - 40, canvas["y"] + y - 20, steps=4)
    page.mouse.move(canvas["x"] + x, canvas["y"] + y, steps=2)
    page.mouse.up()


def connect(page: Page, a: str, b: str) -> None:
    """Draws a link from the right port of one card to the middle of another."""
    start = page.locator(f'[data-node="{a}"] .box').bounding_box()
    end = page.locator(f'[data-node="{b}"] .box').bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"], start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] - 30, end["y"] + end["height"] / 2, steps=5)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    page.mouse.up()


def middle(page: Page, id: str) -> tuple[float, float]:
    """The middle of a card, in the window."""
    box = page.locator(f'#graph [data-node="{id}"] .box').bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def document(page: Page) -> dict[str, Any]:
    """The scenario as this browser keeps it; as it was served while nothing was changed."""
    found: dict[str, Any] = page.evaluate(
        """() => {
        const served = JSON.parse(document.getElementById('stage-data').textContent).document;
        const id = location.pathname.match(/sandbox\\/([^/]+)/)?.[1] ?? 'new';
        const kept = ['new', id].map(name => localStorage.getItem(`netsplit:work:${name}`)).filter(Boolean);
        return kept.length ? JSON.parse(kept[kept.length - 1]).document : served;
    }"""
    )
    return found


def expect_document(page: Page, pick: Callable[[dict[str, Any]], Any], wanted: Any) -> None:
    """Waits until what is picked from the scenario is what is wanted: a form's change is kept after it was checked."""
    end = time.monotonic() + WAIT_S_MAX
    while (found := pick(document(page))) != wanted:
        assert time.monotonic() < end, f"the scenario says {found!r} instead of {wanted!r}"
        page.wait_for_timeout(50)


def press_paste(page: Page, text: str, selector: str = "body") -> None:
    """What a browser does on Ctrl+V with this text on the clipboard."""
    page.evaluate(
        """([text, selector]) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', text);
        const event = new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true});
        document.querySelector(selector).dispatchEvent(event);
    }""",
        [text, selector],
    )


def run(page: Page) -> None:
    page.locator("#run").click()
    finished(page)


def finished(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-run", "finished")


def digest(page: Page) -> str:
    wait_until(page, "() => document.body.dataset.digest.length === 64")
    return str(page.evaluate("document.body.dataset.digest"))


def other_digest(page: Page, before: str) -> str:
    """The digest of the run that follows a change."""
    wait_until(page, "before => ![before, ''].includes(document.body.dataset.digest)", before)
    return digest(page)


def shown(page: Page, name: str) -> float:
    """A figure that the message canvas publishes: messages, drops, playheadMs, total, totalDrops, faults."""
    return float(page.evaluate("name => document.getElementById('messages').dataset[name] || '0'", name))


def wait_shown(page: Page, condition: str) -> None:
    """Waits until a condition on `d`, the figures of the message canvas, holds."""
    wait_until(page, f"() => {{ const d = document.getElementById('messages').dataset; return {condition}; }}")


def pause(page: Page) -> None:
    button = page.locator("#play")
    if button.get_attribute("aria-label") == "Pause":
        button.click()


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """What axe finds wrong, in short; by all of its rules, or by some."""
    page.wait_for_timeout(300)  # colours that are still fading in would be measured wrongly
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = Axe().run(page, options=options).response["violations"]
    return [{"rule": rule["id"], "where": [node["html"][:160] for node in rule["nodes"][:3]]} for rule in found]
