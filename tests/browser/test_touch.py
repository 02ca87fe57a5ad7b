"""Editing by touch: on a phone, and on a tablet."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.drawing import changed, node, places
from tests.browser.stage import middle, open_sandbox, violations


def test_a_phone_has_the_tools_and_undo(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_sandbox(page)
    page.locator("[data-layout]").tap()
    undo = page.locator('.tools [data-history="undo"]')
    expect(undo).to_be_enabled()
    undo.tap()
    expect(undo).to_be_disabled()
    expect(node(page, "server")).not_to_be_in_viewport(ratio=1)
    page.locator('[data-zoom="fit"]').tap()
    expect(node(page, "server")).to_be_in_viewport(ratio=1)
    page.locator('[data-tool="connect"]').tap()
    node(page, "alice").tap()
    node(page, "bob").tap()
    expect(page.locator('[data-link="alice-bob"]')).to_have_count(1)
    expect(page.locator(".toast").last).to_contain_text("Neither Alice nor Bob answers requests")
    toasts = page.locator("#toasts").bounding_box()
    transport = page.locator(".transport").bounding_box()
    assert toasts
    assert transport
    assert toasts["y"] + toasts["height"] <= transport["y"]
    page.locator("#tab-parts").tap()
    page.locator('#palette [data-type="service"]').tap()
    expect(node(page, "service-1")).to_have_count(1)
    assert violations(page) == []


def test_a_tablet_places_moves_and_links_by_touch(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 820, "height": 1180})
    open_sandbox(page)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    for kind in ("client", "service"):
        page.locator('.top [data-sheet="left"]').tap()
        page.locator(f'#palette [data-type="{kind}"]').tap()
    expect(page.locator("#graph .node")).to_have_count(2)
    before = places(page)
    touch = page.context.new_cdp_session(page)
    x, y = middle(page, "client-1")

    def finger(kind: str, *points: tuple[float, float]) -> None:
        held = [{"x": px, "y": py, "id": n} for n, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": held})

    finger("touchStart", (x, y))
    for n in range(1, 6):
        finger("touchMove", (x - 24 * n, y + 20 * n))
    page.evaluate("new Promise(requestAnimationFrame)")
    finger("touchMove", (x - 120, y + 101))  # a finger that rests; one that leaves in flight is a fling
    page.evaluate("new Promise(requestAnimationFrame)")
    finger("touchEnd")
    changed(page, before, places)
    assert places(page)["service-1"] == before["service-1"]
    page.locator('[data-tool="connect"]').tap()
    expect(page.locator('[data-tool="connect"]')).to_have_attribute("aria-pressed", "true")
    node(page, "client-1").tap()
    node(page, "service-1").tap()
    expect(page.locator('[data-link="client-1-service-1"]')).to_have_count(1)
    level = page.locator("#zoom-level").inner_text()
    box = page.locator("#canvas").bounding_box()
    assert box
    low = box["y"] + box["height"] - 120
    finger("touchStart", (box["x"] + 300, low))
    finger("touchStart", (box["x"] + 300, low), (box["x"] + 400, low))
    for n in range(1, 6):
        finger("touchMove", (box["x"] + 300 - 10 * n, low), (box["x"] + 400 + 10 * n, low))
    finger("touchEnd")
    expect(page.locator("#zoom-level")).not_to_have_text(level)
