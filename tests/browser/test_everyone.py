"""Everyone can use it: no axe violations, the keyboard alone, a phone, reduced motion, the tour."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import (
    digest,
    finished,
    open_sandbox,
    other_digest,
    pause,
    prepare,
    run,
    shown,
    violations,
    wait_shown,
)

PAGES = [
    "/",
    "/parts/",
    "/scenarios/mine/",
    "/s/cap-partition/?at=6100",
    "/embed/cap-partition/",
    "/no-such-page/",
]


MANY = ".cards > :nth-child(n + 5), section.part:nth-of-type(n + 20)"  # a hundred that are alike would take a minute
# The dark scheme differs by its colours alone.
SCHEMES = pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))])


@SCHEMES
def test_pages_have_no_axe_violations(new_context: Any, console: Any, scheme: str, rules: tuple[str, ...]) -> None:
    console.allow("404")
    page = new_context(color_scheme=scheme).new_page()
    prepare(page)
    for path in PAGES:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.evaluate("all => document.querySelectorAll(all).forEach((one) => one.remove())", MANY)
        assert violations(page, *rules) == [], path


@SCHEMES
def test_the_sandbox_has_no_axe_violations(new_context: Any, scheme: str, rules: tuple[str, ...]) -> None:
    page = new_context(color_scheme=scheme).new_page()
    open_sandbox(page)
    run(page)
    pause(page)
    page.locator('[data-node="server"]').click()
    expect(page.locator("#f-params-concurrency")).to_be_visible()
    for tab in ("#tab-outline", "#tab-problems", "#tab-palette", "#tab-charts", "#tab-requests", "#tab-events"):
        page.locator(tab).click()
        assert violations(page, *rules) == [], tab
    for opener in ("#run-options", "#share"):
        page.locator(opener).click()
        assert violations(page, *rules) == [], opener
        page.keyboard.press("Escape")


def test_from_an_empty_canvas_to_a_verdict_by_keyboard_alone(page: Page) -> None:
    open_sandbox(page)
    page.locator('[data-act="clear"]').press("Enter")
    page.keyboard.press("/")
    page.keyboard.type("client")
    page.locator('#palette [data-type="client"]').focus()
    page.keyboard.press("Enter")
    page.locator("#find-part").fill("")
    page.locator('#palette [data-type="service"]').focus()
    page.keyboard.press("Enter")
    page.locator('[data-node="client-1"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-inspector", "client-1")
    connect = page.locator('[data-act="connect"]')
    connect.focus()
    page.keyboard.press("Enter")
    expect(page.locator('[data-link="client-1-service-1"]')).to_have_count(1)
    page.keyboard.press("Control+Enter")
    finished(page)
    digest(page)  # all of it has come: until then the end is as far as it has
    page.locator("#scrub").focus()
    page.keyboard.press("End")
    wait_shown(page, "Number(d.playheadMs) >= 20000")
    page.keyboard.press("Home")
    page.locator("#step-on").focus()
    page.keyboard.press("Enter")
    wait_shown(page, "Number(d.playheadMs) > 0 && Number(d.playheadMs) < 5000")
    page.locator("#tab-events").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-charts")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#second")).not_to_contain_text("No run yet")


def test_a_phone_has_the_canvas_the_transport_and_the_tabs(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_sandbox(page)
    run(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for tab in ("events", "charts", "verdicts"):
        page.locator(f"#tab-{tab}").tap()
        expect(page.locator(f"#p-{tab}")).to_be_visible()
    page.locator("#tab-parts").tap()
    page.locator('#palette [data-type="client"]').tap()
    expect(page.locator('[data-node="client-1"]')).to_have_count(1)
    page.locator("#tab-details").tap()
    expect(page.locator("#inspector-head h2")).to_be_visible()
    page.keyboard.press("Escape")
    for name in ("#play", "#step-on", "#to-next", "#tab-events"):
        box = page.locator(name).bounding_box()
        assert box, name
        assert min(box["height"], box["width"]) >= 44, name
    assert violations(page) == []


def test_a_phone_chooses_a_variant_and_compares_from_the_details(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_sandbox(page)
    run(page)
    before = digest(page)
    page.locator("#tab-details").tap()
    page.locator("#run-choice select").select_option("overload")
    other_digest(page, before)
    expect(page.locator("#variant")).to_have_value("overload")
    assert violations(page) == []
    page.locator("#run-choice [data-compare]").tap()
    expect(page.locator("#name-a")).to_contain_text("overload")
    expect(page.locator("#right")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#other")).to_be_hidden()
    expect(page.locator("#tab-details")).to_be_focused()


def test_a_sheet_gives_the_focus_back_and_a_dialog_closes_before_it(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 820, "height": 1180})
    open_sandbox(page)
    opener = page.locator('.top [data-sheet="right"]')
    opener.press("Enter")
    expect(page.locator("#right")).to_be_visible()
    page.locator("#run-options").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#run-dialog")).to_be_hidden()
    expect(page.locator("#right")).to_be_visible()
    page.locator("#tab-params").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#right")).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.parametrize("page_of", ["/sandbox/", "/s/cap-partition/"])
def test_a_tablets_playback_and_tabs_are_large_enough_to_tap(new_context: Any, page_of: str) -> None:
    page = new_context(has_touch=True, is_mobile=True).new_page()
    page.set_viewport_size({"width": 820, "height": 1180})
    prepare(page)
    page.goto(page_of)
    for name in ("#to-prev", "#step-back", "#play", "#step-on", "#to-next", "#tab-events"):
        box = page.locator(name).bounding_box()
        assert box, name
        assert min(box["height"], box["width"]) >= 43.5, name
    fits = "e => e.scrollWidth <= e.clientWidth"
    assert page.locator(".transport .ctl").evaluate(fits)


def test_with_reduced_motion_playback_waits_to_be_asked(new_context: Any) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    open_sandbox(page)
    run(page)
    assert shown(page, "playheadMs") == 0
    page.locator("#step-on").click()
    wait_shown(page, "Number(d.playheadMs) > 0")
    page.locator("#play").click()
    wait_shown(page, "Number(d.messages) > 0")


def test_the_tour_is_shown_once_and_opens_again(page: Page) -> None:
    page.goto("/sandbox/")
    coach = page.locator("#coach")
    expect(coach).to_be_visible()
    for _ in range(2):
        coach.locator("button", has_text="Next").click()
    expect(coach).to_contain_text("Every dot is one message")
    page.keyboard.press("Escape")
    expect(coach).to_be_hidden()
    page.reload()
    page.wait_for_timeout(700)
    expect(coach).to_be_hidden()
    page.locator("#tour-open").click()
    expect(coach).to_be_visible()


def test_the_theme_is_kept(page: Page) -> None:
    page.goto("/")
    page.locator("[data-theme-switch]").click()
    chosen = page.locator("html").get_attribute("data-theme")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == chosen


def test_the_gallery_finds_by_words(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".card").first).to_be_visible()
    page.locator("#find").fill("consistent or available under a partition")
    expect(page.locator(".card:visible")).to_have_count(1)
    page.locator(".card:visible a").click()
    page.wait_for_url("**/s/cap-partition/")


def test_a_browser_whose_language_is_no_language_has_the_stage(page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'language', {value: 'en-US@posix', configurable: true})")
    open_sandbox(page)
    run(page)
    page.locator("#tab-charts").click()
    expect(page.locator("#p-charts canvas").first).to_be_visible()
