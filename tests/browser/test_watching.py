"""Messages of a run: under the pointer and by keyboard, pinned, coloured, hidden by kind, flowing."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.stage import pause, shown, violations, wait_shown, wait_until
from tests.browser.watching import MESSAGES, marked_place, open_run, some_under_way


def test_a_message_tells_of_itself_under_the_pointer_and_a_press_pins_it(page: Page) -> None:
    open_run(page)
    some_under_way(page)
    page.keyboard.press("m")
    x, y = marked_place(page)
    page.keyboard.press("Escape")
    page.mouse.move(x - 60, y - 60)
    page.mouse.move(x, y, steps=3)
    card = page.locator(".hover-card")
    expect(card).to_be_visible()
    for word in ("From", "To", "Sent", "Size"):
        expect(card).to_contain_text(word)
    page.mouse.down()
    page.mouse.up()
    wait_shown(page, "d.pinned !== '' && Number(d.lit) > 0")
    pinned = page.locator(".pin-card")
    expect(pinned).to_be_visible()
    expect(pinned).to_contain_text("followed from it")
    page.keyboard.press("Escape")
    wait_shown(page, "d.pinned === ''")
    expect(pinned).to_be_hidden()


def test_a_pinned_message_is_one_thing_across_the_page(page: Page) -> None:
    open_run(page)
    page.locator("#tab-timeline").click()
    some_under_way(page)
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    wait_shown(page, "d.pinned !== ''")
    wait_until(page, f"() => document.querySelector('.tl-plot').dataset.pinned === {MESSAGES}.pinned")
    page.locator("#tab-events").click()
    row = page.locator(".vrow[aria-pressed=false]").nth(2)
    row.click()
    expect(page.locator(".vrow.pinned")).not_to_have_count(0)
    page.locator("#tab-timeline").click()
    wait_until(page, f"() => document.querySelector('.tl-plot').dataset.pinned === {MESSAGES}.pinned")
    page.locator('.tl-foot [aria-label="Unpin"]').click()
    wait_shown(page, "d.pinned === ''")


def test_a_chain_is_walked_in_steps(page: Page) -> None:
    open_run(page)
    some_under_way(page)
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    card = page.locator(".pin-card")
    expect(card).to_be_visible()
    before = shown(page, "playheadMs")
    card.get_by_role("button", name="Later in the chain").click()
    wait_shown(page, f"Number(d.playheadMs) > {before}")
    after = shown(page, "playheadMs")
    card.get_by_role("button", name="Earlier in the chain").click()
    wait_shown(page, f"Number(d.playheadMs) < {after}")
    card.get_by_role("button", name="Unpin").click()
    expect(card).to_be_hidden()


def test_messages_by_keyboard_are_told_politely(page: Page) -> None:
    open_run(page)
    some_under_way(page)
    words = page.locator(".rove + p[role=status]")
    page.keyboard.press("m")
    expect(words).to_have_text(re.compile(r"^1 of \d+: .*→"))
    page.keyboard.press("m")
    expect(words).to_have_text(re.compile(r"^2 of \d+:"))
    page.keyboard.press("Shift+M")
    expect(words).to_have_text(re.compile(r"^1 of \d+:"))
    page.keyboard.press("ArrowRight")
    expect(words).to_have_text(re.compile(r"^2 of \d+:"))
    page.keyboard.press("Enter")
    wait_shown(page, "d.pinned !== ''")
    page.keyboard.press("Escape")
    wait_shown(page, "d.pinned === ''")


def test_colours_follow_what_they_are_chosen_for_and_are_remembered(page: Page) -> None:
    open_run(page)
    colours = page.get_by_label("Colour messages by")
    expect(colours).to_have_value("role")
    colours.select_option("outcome")
    page.get_by_role("button", name="Kinds").click()
    expect(page.locator(".kinds")).to_contain_text("Will be dropped")
    colours.select_option("request")
    expect(page.locator(".kinds")).to_contain_text("eight colours")
    page.reload()
    expect(page.get_by_label("Colour messages by")).to_have_value("request")


def test_a_kind_is_hidden_on_the_canvas_and_in_the_timeline(page: Page) -> None:
    open_run(page)
    some_under_way(page)
    under_way = shown(page, "messages")
    page.get_by_role("button", name="Kinds").click()
    kinds = page.locator(".kinds button")
    expect(kinds.nth(3)).to_be_visible()
    expect(kinds.first).to_contain_text(re.compile(r"\d"))
    for i in range(kinds.count()):
        kinds.nth(i).click()
    wait_shown(page, "d.messages === '0'")
    expect(kinds.first).to_have_attribute("aria-pressed", "false")
    for i in range(kinds.count()):
        kinds.nth(i).click()
    wait_shown(page, f"Number(d.messages) === {under_way}")
    kinds.first.press("Escape")
    expect(page.locator(".kinds")).to_be_hidden()


def test_what_is_too_fast_to_see_flows(page: Page) -> None:
    open_run(page)
    assert shown(page, "flows") == 0
    page.locator("#scrub").press("Home")
    page.locator("#speed").select_option("1")
    page.locator("#play").click()
    wait_shown(page, "Number(d.flows) > 10 && Number(d.messages) > 0")
    pause(page)
    wait_shown(page, "d.flows === '0'")


def test_it_has_no_axe_violations_and_fits(new_context: Any) -> None:
    for scheme, width, height in (("light", 1440, 900), ("dark", 820, 1180), ("dark", 390, 844)):
        page = new_context(color_scheme=scheme).new_page()
        page.set_viewport_size({"width": width, "height": height})
        open_run(page)
        page.locator("#tab-events").click()
        some_under_way(page)
        page.keyboard.press("m")
        page.keyboard.press("Enter")
        expect(page.locator(".pin-card")).to_be_visible()
        page.locator(".legend .more").click()
        page.keyboard.press("i")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
