"""Watching a run: messages under the pointer and by keyboard, colours and kinds, jumps, loop, flow, the log of events."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.stage import digest, figures, finished, pause, prepare, shown, violations, wait_shown, wait_until

MESSAGES = "document.getElementById('messages').dataset"


def open_run(page: Page, path: str = "/s/cap-partition/?at=5000") -> None:
    """The gallery's partition, run to its end and paused."""
    prepare(page)
    page.goto(path)
    if page.locator("body").get_attribute("data-run") == "none":
        page.locator("#run").click()
    finished(page)
    digest(page)
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
    words = page.locator(".walk + p[role=status]")
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
    assert kinds.count() > 3
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


def test_jumps_go_to_the_chosen_kind_by_button_and_key(page: Page) -> None:
    open_run(page)
    page.locator("#scrub").press("Home")
    to(page, "fault")
    expect(page.locator("#to-next")).to_have_attribute("aria-label", "Next fault")
    page.locator("#to-next").click()
    wait_shown(page, "d.playheadMs === '6000.000'")
    page.keyboard.press("n")
    wait_shown(page, "d.playheadMs === '14000.000'")
    page.keyboard.press("Shift+N")
    wait_shown(page, "d.playheadMs === '6000.000'")
    to(page, "drop")
    page.keyboard.press("n")
    wait_shown(page, "Number(d.playheadMs) > 6000 && Number(d.drops) > 0")
    to(page, "failed")
    page.locator("#to-next").click()
    wait_shown(page, "Number(d.playheadMs) > 6000")
    to(page, "leader")
    page.locator("#to-next").click()
    expect(page.locator(".toast")).to_contain_text("no other leader change")
    page.reload()
    expect(page.locator("#jump")).to_have_value("leader")


def test_marks_stand_on_the_scrub_bar(page: Page) -> None:
    open_run(page)
    expect(page.locator('#scrub [data-sign="fault"]')).to_have_count(1)
    expect(page.locator('#scrub [data-sign="recovery"]')).to_have_count(1)


def test_a_stretch_is_played_over_and_over(page: Page) -> None:
    open_run(page)
    loop = page.locator("#loop")
    expect(loop).to_have_attribute("aria-pressed", "false")
    start = shown(page, "playheadMs")
    page.keyboard.press("i")
    expect(loop).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("n")
    wait_shown(page, f"Number(d.playheadMs) > {start}")
    page.keyboard.press("o")
    end = shown(page, "playheadMs")
    expect(page.locator(".loop-band")).to_be_visible()
    page.locator("#speed").select_option("1")
    page.locator("#speed").evaluate("menu => menu.blur()")
    page.keyboard.press(" ")
    for _ in range(2):  # it comes round more than once
        wait_shown(page, f"Number(d.playheadMs) > {start + (end - start) * 0.55}")
        wait_shown(page, f"Number(d.playheadMs) < {start + (end - start) * 0.45}")
    pause(page)
    page.keyboard.press("Shift+O")
    expect(page.locator(".loop-band")).to_have_count(0)


def test_shift_and_a_drag_on_the_scrub_bar_set_the_loop(page: Page) -> None:
    open_run(page)
    before = shown(page, "playheadMs")
    box = page.locator("#scrub").bounding_box()
    assert box
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator(".loop-band")).to_be_visible()
    assert shown(page, "playheadMs") == before
    page.locator("#loop").click()
    expect(page.locator("#loop")).to_have_attribute("aria-pressed", "false")


def test_speed_and_ends_by_keyboard(page: Page) -> None:
    open_run(page)
    page.keyboard.press("End")
    wait_shown(page, "Number(d.playheadMs) >= 23000")
    page.keyboard.press("Home")
    wait_shown(page, "d.playheadMs === '0.000'")
    speed = page.locator("#speed")
    speed.select_option("50")
    speed.evaluate("menu => menu.blur()")
    page.keyboard.press(">")
    expect(speed).to_have_value("100")
    page.keyboard.press("<")
    page.keyboard.press("<")
    expect(speed).to_have_value("20")
    page.keyboard.press("s")
    expect(speed).to_have_value("smart")


def test_what_is_too_fast_to_see_flows(page: Page) -> None:
    open_run(page)
    assert shown(page, "flows") == 0
    page.locator("#scrub").press("Home")
    page.locator("#speed").select_option("1")
    page.locator("#play").click()
    wait_shown(page, "Number(d.flows) > 10 && Number(d.messages) > 0")
    pause(page)
    wait_shown(page, "d.flows === '0'")


def test_events_are_found_by_kind_node_and_words(page: Page) -> None:
    open_run(page)
    filters = page.locator(".vfilter")
    filters.get_by_label("Kind of event").select_option("drop")
    expect(filters.locator("[role=status]")).to_contain_text("1,096 found")
    expect(page.locator(".vrow").first).to_contain_text("Dropped")
    expect(page.locator(".vrow:not(.isbad)")).to_have_count(0)
    filters.get_by_label("Node of the event").select_option(label="R5")
    expect(page.locator(".vrow").first).to_contain_text("R5")
    filters.get_by_label("Words in the event").fill("store")
    expect(page.locator(".vrow").first).to_contain_text("store")
    filters.get_by_label("Words in the event").fill("no such words")
    expect(page.get_by_text("No such event")).to_be_visible()
    filters.get_by_label("Words in the event").fill("")
    page.locator(".vrow").nth(1).click()
    wait_shown(page, "d.pinned !== '' && Number(d.drops) > 0")


def test_the_list_follows_the_playhead_unless_told_to_stay(page: Page) -> None:
    open_run(page)
    follow = page.get_by_role("button", name="Follow")
    expect(follow).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("End")
    expect(page.locator(".vrow").last).to_contain_text(re.compile(r"^2\d\.\d"))
    follow.click()
    follow.evaluate("button => button.blur()")
    page.keyboard.press("Home")
    wait_shown(page, "d.playheadMs === '0.000'")
    expect(page.locator(".vrow").last).to_contain_text(re.compile(r"^2\d\.\d"))


def test_the_log_tells_each_step_and_sums_up_while_time_runs(page: Page) -> None:
    open_run(page)
    to(page, "fault")
    page.keyboard.press("n")
    log = page.get_by_role("log")
    expect(log).to_contain_text("Fault: Partition")
    lines = log.locator("p").count()
    page.keyboard.press(".")
    expect(log.locator("p")).to_have_count(lines + 1)
    page.locator("#speed").select_option("0.05")
    page.locator("#play").click()
    expect(log).to_contain_text(re.compile(r"\d+ messages? sent"))


def test_reduced_motion_starts_paused_and_still_plays(new_context: Any) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    open_run(page, "/s/cap-partition/")
    page.locator("#run").click()
    finished(page)
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    page.keyboard.press(".")
    wait_shown(page, "Number(d.playheadMs) > 0")
    before = shown(page, "playheadMs")
    page.locator("#play").click()
    wait_shown(page, f"Number(d.playheadMs) > {before} + 5")


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
