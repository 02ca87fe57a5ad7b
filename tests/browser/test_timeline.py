"""The timeline: lanes, the playhead both ways, messages that are named, pinned and followed; by keyboard, too."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import digest, open_sandbox, open_shared, pause, run, violations, wait_shown, wait_until

PLOT = "document.querySelector('.tl-plot').dataset"


def open_timeline(page: Page) -> Locator:
    """The gallery's partition, paused, with its timeline in view."""
    open_shared(page, "cap-partition", at_ms=5000)
    pause(page)
    page.locator("#tab-timeline").click()
    plot = page.locator(".tl-plot")
    expect(plot).to_be_visible()
    wait_plot(page, "Number(d.total) > 0")
    return plot


def wait_plot(page: Page, condition: str) -> None:
    """Waits until a condition on `d`, what the diagram publishes of itself, holds."""
    wait_until(page, f"() => {{ const d = {PLOT}; return {condition}; }}")


def plotted(page: Page, name: str) -> str:
    return str(page.evaluate(f"name => {PLOT}[name]", name))


def size(plot: Locator) -> dict[str, float]:
    box = plot.bounding_box()
    assert box
    return dict(box)


def test_each_node_has_a_lane_with_its_state(page: Page) -> None:
    open_sandbox(page)
    run(page)
    digest(page)
    pause(page)
    page.locator("#tab-timeline").click()
    lanes = page.locator(".tl-name")
    expect(lanes).to_have_count(page.locator("#graph .node").count())
    page.locator('[data-node="server"]').click()
    page.locator("#to-next").click()
    expect(page.locator(".tl-name.sel")).to_have_count(1)
    expect(page.locator(".tl-name.sel .tl-state")).to_contain_text("down")
    lanes.first.press("ArrowDown")
    expect(lanes.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(lanes.nth(1)).to_have_class(re.compile(r"\bsel\b"))


def test_the_playhead_goes_where_the_ruler_is_pressed_and_is_followed(page: Page) -> None:
    plot = open_timeline(page)
    page.locator('.tl-controls [aria-label="Whole run"]').click()
    wait_plot(page, "d.from === '0' && Number(d.to) > 20e9")
    box = size(plot)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)
    wait_shown(page, "Math.abs(Number(d.playheadMs) - 11500) < 100")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 8, steps=4)
    page.mouse.up()
    wait_shown(page, "Math.abs(Number(d.playheadMs) - 5750) < 100")
    head = size(page.locator(".tl-head"))
    assert abs(head["x"] - box["x"] - box["width"] / 4) < 3
    page.locator('.tl-controls [aria-label="Whole run"]').click()
    page.locator("#scrub").press("End")
    wait_plot(page, "Number(d.from) > 20e9")


def test_wheel_and_drag_change_the_stretch_of_time(page: Page) -> None:
    plot = open_timeline(page)
    before = float(plotted(page, "from"))
    box = size(plot)
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 40)
    page.mouse.wheel(0, -300)
    wait_plot(page, f"Number(d.from) > {before}")
    zoomed = float(plotted(page, "from"))
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 40, steps=5)
    page.mouse.up()
    wait_plot(page, f"Number(d.from) < {zoomed}")
    assert plotted(page, "pinned") == ""


def test_a_press_on_a_message_pins_it_and_lights_its_chain(page: Page) -> None:
    plot = open_timeline(page)
    plot.focus()
    place = ""
    for _ in range(12):  # to a message that others followed
        page.keyboard.press("ArrowDown")
        wait_plot(page, f"d.place !== '' && d.place !== '{place}'")
        place = plotted(page, "place")
        if re.search(r"^Request “(read|write)", page.locator("#tl-words").inner_text()):
            break
    box = size(plot)
    x, y = (float(part) for part in place.split(","))
    page.mouse.click(box["x"] + x, box["y"] + y)
    wait_plot(page, "d.pinned !== '' && Number(d.lit) > 2")
    words = page.locator("#tl-words")
    expect(words).to_contain_text("Pinned:")
    expect(words).to_contain_text("led to it")
    expect(page.locator(".tl ul.vh li").nth(2)).to_have_text(re.compile("→"))
    page.locator('.tl-foot [aria-label="Unpin"]').click()
    wait_plot(page, "d.pinned === ''")


def test_all_of_it_by_keyboard(page: Page) -> None:
    plot = open_timeline(page)
    plot.focus()
    span = float(plotted(page, "to")) - float(plotted(page, "from"))
    page.keyboard.press("-")
    wait_plot(page, f"d.to - d.from > {span}")
    page.keyboard.press("+")
    page.keyboard.press("+")
    wait_plot(page, f"d.to - d.from < {span}")
    page.keyboard.press("ArrowRight")
    wait_shown(page, "Number(d.playheadMs) > 5000")
    page.keyboard.press("ArrowDown")
    wait_plot(page, "d.marked !== ''")
    expect(page.locator("#tl-words")).to_contain_text("sent at")
    page.keyboard.press("Enter")
    wait_plot(page, "d.pinned !== '' && d.pinned === d.marked")
    page.keyboard.press("Escape")
    wait_plot(page, "d.pinned === ''")
    page.keyboard.press("0")
    wait_plot(page, "d.from === '0' && Number(d.stride) > 1")
    page.keyboard.press("End")
    wait_shown(page, "Number(d.playheadMs) >= 23000")


def test_it_has_no_axe_violations_and_fits_a_phone(new_context: Any) -> None:
    for scheme, width, height in (("light", 1440, 900), ("dark", 390, 844)):
        page = new_context(color_scheme=scheme).new_page()
        page.set_viewport_size({"width": width, "height": height})
        open_timeline(page)
        page.locator(".tl-plot").press("ArrowDown")
        page.locator(".tl-plot").press("Enter")
        wait_plot(page, "d.pinned !== ''")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.locator('.tl-controls [aria-label="Whole run"]')).to_be_visible()
