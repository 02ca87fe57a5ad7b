"""Playback of a run: jumps by kind, loop, speed, and the events as a list and as a log."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.stage import digest, finished, pause, shown, wait_shown
from tests.browser.watching import open_run, to


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


def test_end_waits_for_a_run_that_is_over_and_still_on_its_way(page: Page) -> None:
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    pass_on_max = 3

    def hold_after_the_beginning(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            nonlocal pass_on_max
            if pass_on_max:
                pass_on_max -= 1
                socket.send(message)
            else:
                held.append((socket, message))

        server.on_message(pass_on)

    open_run(page)
    page.route_web_socket("**/ws/runs/**", hold_after_the_beginning)
    page.reload()
    wait_shown(page, "Number(d.total) > 0")
    expect(page.locator("body")).to_have_attribute("data-run", "finished")
    page.keyboard.press("End")
    page.wait_for_timeout(200)
    pass_on_max = 1000
    for socket, message in held:
        socket.send(message)
    digest(page)
    wait_shown(page, "Number(d.playheadMs) === 23000")


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
    open_run(page, 0)
    page.locator("#run").click()
    finished(page)
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    page.keyboard.press(".")
    wait_shown(page, "Number(d.playheadMs) > 0")
    before = shown(page, "playheadMs")
    page.locator("#play").click()
    wait_shown(page, f"Number(d.playheadMs) > {before} + 5")
