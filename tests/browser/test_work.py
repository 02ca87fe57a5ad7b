"""Work is never lost: undo, reload, refusals, a lost connection, two tabs."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.stage import digest, drag_part, finished, open_sandbox, pause, prepare, run, shown, wait_shown


def test_every_change_is_undone_and_redone(page: Page) -> None:
    open_sandbox(page)
    nodes = page.locator("#graph .node")
    before = nodes.count()
    drag_part(page, "database", 420, 380)
    expect(nodes).to_have_count(before + 1)
    page.locator("#f-entry-label").fill("Ledger")
    page.locator("#f-entry-label").press("Tab")
    expect(page.locator('[data-node="db-1"] .nt')).to_have_text("Ledger")
    page.locator("#title").fill("My own")
    page.locator("#title").press("Enter")
    page.locator("#undo").click()
    expect(page.locator("#title")).not_to_have_value("My own")
    page.locator("#undo").click()
    expect(page.locator('[data-node="db-1"] .nt')).to_have_text("db-1")
    page.locator("#undo").click()
    expect(nodes).to_have_count(before)
    expect(page.locator("#undo")).to_be_disabled()
    for _ in range(3):
        page.locator("#redo").click()
    expect(page.locator("#title")).to_have_value("My own")
    expect(page.locator('[data-node="db-1"] .nt')).to_have_text("Ledger")
    page.locator('[data-node="db-1"]').focus()
    page.keyboard.press("Delete")
    expect(nodes).to_have_count(before)
    page.keyboard.press("Control+z")
    expect(nodes).to_have_count(before + 1)


def test_a_reload_keeps_work_run_and_playhead(page: Page) -> None:
    open_sandbox(page)
    drag_part(page, "client", 420, 380)
    run(page)
    pause(page)
    was = digest(page)
    page.locator("#scrub").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    wait_shown(page, "Number(d.playheadMs) > 1000")
    page.wait_for_timeout(300)  # what the canvas publishes follows the last key by a tenth of a second
    at_ms = shown(page, "playheadMs")
    page.wait_for_url("**/sandbox/*-*/")
    expect(page.locator("#saved")).to_have_attribute("data-state", "i-check")
    page.reload()
    expect(page.locator('[data-node="client-1"]')).to_be_visible()
    finished(page)
    assert digest(page) == was
    wait_shown(page, f"Math.abs(Number(d.playheadMs) - {at_ms}) < 1")
    page.locator("#undo").click()
    expect(page.locator('[data-node="client-1"]')).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()
    page.reload()
    expect(page.locator("#graph .node").first).to_be_visible()
    page.locator("#redo").click()
    expect(page.locator('[data-node="client-1"]')).to_be_visible()


def test_a_wrong_parameter_says_what_would_be_right(page: Page) -> None:
    open_sandbox(page)
    page.locator('[data-node="server"]').click()
    field = page.locator("#f-params-concurrency")
    was = field.input_value()
    field.fill("0")
    field.press("Tab")
    expect(page.locator("#f-params-concurrency-h")).to_contain_text("Must be")
    expect(page.locator("#f-params-concurrency-h")).to_contain_text("Default")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#undo")).to_be_disabled()
    field.fill(str(int(was) + 1))
    field.press("Tab")
    expect(field).to_have_attribute("aria-invalid", "false")
    expect(page.locator("#undo")).to_be_enabled()


def misspell(route: Route) -> None:
    """Sends on a document in which every link has a mistake."""
    route.continue_(post_data=(route.request.post_data or "").replace('"latency"', '"latencyy"'))


def test_a_refused_scenario_keeps_the_work(page: Page, console: Any) -> None:
    console.allow("422")
    open_sandbox(page)
    nodes = page.locator("#graph .node").count()
    page.route("**/api/runs", misspell)
    page.locator("#run").click()
    expect(page.locator("#p-problems .pb").first).to_be_visible()
    expect(page.locator("#problem-count")).to_be_visible()
    expect(page.locator(".toast", has_text="Not run")).to_be_visible()
    expect(page.locator("#graph .node")).to_have_count(nodes)


def test_without_a_server_the_work_stays_here(page: Page, console: Any) -> None:
    console.allow("Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket")
    open_sandbox(page)
    page.context.set_offline(True)
    drag_part(page, "client", 420, 380)
    expect(page.locator("#saved")).to_have_text("Kept in this browser")
    page.locator("#run").click()
    expect(page.locator(".toast", has_text="The server cannot be reached")).to_be_visible()
    page.context.set_offline(False)
    page.locator("#run").click()
    finished(page)
    expect(page.locator("#graph .node")).to_have_count(5)


def test_a_lost_connection_is_told_and_taken_up_again(page: Page) -> None:
    opened: list[WebSocketRoute] = []

    def break_the_first(socket: WebSocketRoute) -> None:
        opened.append(socket)
        if len(opened) == 1:
            socket.close(code=1011, reason="gone")
        else:
            socket.connect_to_server()

    page.route_web_socket("**/ws/runs/**", break_the_first)
    open_sandbox(page)
    page.locator("#run").click()
    expect(page.locator("#notice")).to_contain_text("Lost the connection. Your work is kept here; trying again in")
    finished(page)
    expect(page.locator("#notice")).to_be_hidden()
    assert len(opened) == 2
    wait_shown(page, "Number(d.total) > 0")


def test_two_tabs_do_not_overwrite_each_other(page: Page, console: Any) -> None:
    console.allow("409")
    page.add_init_script("delete window.BroadcastChannel")  # as on two machines
    open_sandbox(page)
    drag_part(page, "client", 420, 380)
    page.wait_for_url("**/sandbox/*-*/")
    expect(page.locator("#saved")).to_have_attribute("data-state", "i-check")
    other = page.context.new_page()
    prepare(other)
    other.goto(page.url)
    expect(other.locator('[data-node="client-1"]')).to_be_visible()
    drag_part(other, "service", 520, 380)
    expect(other.locator("#saved")).to_have_text(re.compile("Saved"))
    drag_part(page, "database", 320, 380)
    expect(page.locator("#saved")).to_contain_text("Changed in another tab")
    page.locator("#saved button", has_text="Keep mine").click()
    expect(page.locator("#saved")).to_have_text(re.compile("Saved"))
    expect(page.locator('[data-node="db-1"]')).to_be_visible()


def test_a_name_full_of_markup_is_only_a_name(page: Page) -> None:
    open_sandbox(page)
    name = '<img src=x onerror="window.broken=1">'
    page.locator('[data-node="server"]').click()
    page.locator("#f-entry-label").fill(name)
    page.locator("#f-entry-label").press("Tab")
    expect(page.locator('[data-node="server"]')).to_have_attribute("aria-label", re.compile(re.escape(name)))
    page.locator("#tab-outline").click()
    expect(page.locator("#p-outline", has_text=name)).to_be_visible()
    assert page.evaluate("window.broken") is None


def test_a_link_is_dropped_anywhere_on_a_card_and_a_second_one_is_refused_in_words(page: Page) -> None:
    open_sandbox(page)
    links = page.locator("#graph [data-link]")
    expect(links).to_have_count(3)
    drag_part(page, "database", 420, 380)
    drag_link(page, "server", "db-1", 30, 20)
    expect(links).to_have_count(4)
    drag_link(page, "db-1", "server", 40, 30)
    expect(page.locator("#toasts")).to_contain_text("db-1 and Server are linked already.")
    expect(links).to_have_count(4)


def drag_link(page: Page, a: str, b: str, dx: float, dy: float) -> None:
    """From the bottom port of one card to a place inside another, given from its corner."""
    start = page.locator(f'[data-node="{a}"] .box').bounding_box()
    end = page.locator(f'[data-node="{b}"] .box').bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"])
    page.mouse.down()
    page.mouse.move(end["x"] - 60, end["y"] + 90, steps=4)
    page.mouse.move(end["x"] + dx, end["y"] + dy, steps=4)
    page.mouse.up()


def test_a_refused_run_leaves_the_one_before_and_its_notice_ends_with_the_next(page: Page, console: Any) -> None:
    console.allow("422")
    open_sandbox(page)
    run(page)
    refuse: list[bool] = [True]

    def answer(route: Route) -> None:
        if refuse[0]:
            route.fulfill(status=422, json={"mistakes": [{"path": "seed", "message": "Not this one."}]})
        else:
            route.continue_()

    page.route("**/api/runs", answer)
    page.locator("#run").click()
    notice = page.locator("#toasts .toast", has_text="Not this one.")
    expect(notice).to_be_visible()
    finished(page)
    refuse[0] = False
    page.locator("#run").click()
    expect(notice).to_have_count(0)
