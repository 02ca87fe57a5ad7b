"""The Code tab: source, the handler at the playhead, and a node's state before and after."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Console
from tests.browser.stage import open_sandbox, pause, prepare, run, shown, violations, wait_shown


def open_code(page: Page, node: str) -> Locator:
    page.locator("#tab-code").click()
    page.get_by_role("combobox", name="Node", exact=True).select_option(node)
    return page.locator("#p-code")


def open_finished(page: Page, node: str, at_ms: int = 1500) -> Locator:
    """A shared scenario whose run is done, at a moment."""
    prepare(page)
    page.goto(f"/s/cap-partition/?at={at_ms}")
    wait_shown(page, "+d.total > 1000")
    return open_code(page, node)


def test_the_source_of_a_type_is_shown_before_any_run(page: Page) -> None:
    open_sandbox(page)
    page.locator("#graph .node").first.click()
    page.locator("#tab-code").click()
    panel = page.locator("#p-code")
    expect(panel.locator(".cd-src")).to_contain_text("class Client(Node):")
    expect(panel.locator(".cd-keyword").first).to_be_visible()
    expect(panel).to_contain_text("No run yet")
    expect(panel.get_by_role("region", name="simulations/nodes/client.py")).to_be_visible()


def test_the_handler_that_ran_last_is_marked_with_what_it_changed(page: Page) -> None:
    panel = open_finished(page, "r1")
    words = panel.get_by_role("status")
    expect(words).to_contain_text(re.compile(r"Nothing runs on R1 at 1\.500\s*s\. The last was \w+ at .* The next is"))
    marked = panel.locator('[aria-current="location"]')
    expect(marked).to_contain_text("def ")
    expect(marked).to_be_in_viewport()
    expect(panel.get_by_role("table", name="State before and after")).to_contain_text("entries")


def test_activations_are_stepped_through_and_move_the_playhead(page: Page) -> None:
    panel = open_finished(page, "r1")
    words = panel.get_by_role("status")
    before = shown(page, "playheadMs")
    panel.get_by_role("button", name="Next activation").click()
    expect(words).to_contain_text(re.compile(r"^on_write runs on R1 at"))
    wait_shown(page, f"+d.playheadMs > {before}")
    expect(panel.locator(".cd-now").first).to_contain_text("async def on_write")
    expect(panel).to_contain_text(re.compile(r"Goes on, because of kept #\d+ from R3.*Sent done → Alice"))
    expect(panel.locator("tr.changed").first).to_contain_text("changed")
    panel.get_by_role("button", name="Previous activation").click()
    wait_shown(page, f"+d.playheadMs < {before}")
    expect(words).to_contain_text(re.compile("^on_store runs on R1 at"))


def test_a_handler_that_waits_says_for_whom(page: Page) -> None:
    panel = open_finished(page, "r1")
    waits = panel.get_by_text(re.compile(r"^ ?Then it waits for \d of the replies of R2, R3, R4, R5\.$"))
    for _ in range(30):
        if waits.count():
            break
        panel.get_by_role("button", name="Next activation").click()
        page.wait_for_timeout(50)
    expect(waits.first).to_be_visible()


def test_the_message_that_made_it_run_is_pinned(page: Page) -> None:
    panel = open_finished(page, "r1")
    panel.get_by_role("button", name="Next activation").click()
    message = panel.locator(".cd-msg")
    expect(message).to_have_text(re.compile(r"kept #\d+"))
    expect(message).to_have_attribute("aria-pressed", "false")
    message.click()
    expect(message).to_have_attribute("aria-pressed", "true")


def test_a_node_chosen_on_the_canvas_and_one_of_several_copies(page: Page) -> None:
    prepare(page)
    page.goto("/s/multi-tier/?at=1000")
    wait_shown(page, "+d.total > 1000")
    panel = open_code(page, "web-2")
    expect(panel.get_by_role("status")).to_contain_text("Web 2")
    page.locator('[data-node="database"] .box').click()
    expect(panel.get_by_role("combobox", name="Node", exact=True)).to_have_value("database")
    expect(panel.locator(".cd-src")).to_contain_text("class Database(Server):")


def test_it_follows_a_run_as_it_plays(page: Page) -> None:
    open_sandbox(page)
    run(page)
    pause(page)
    panel = open_code(page, "server")
    expect(panel.locator("tr").nth(1)).to_be_visible()
    page.locator("#play").click()
    expect(panel.get_by_role("status")).to_contain_text("Server")


def test_by_keyboard_and_for_a_screen_reader(page: Page) -> None:
    panel = open_finished(page, "r2")
    expect(panel.get_by_role("table")).to_be_visible()
    step = panel.get_by_role("button", name="Next activation")
    step.focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("runs on R2")
    expect(step).to_be_focused()
    assert violations(page) == []


def test_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    panel = open_finished(page, "r1")
    expect(panel.get_by_role("table")).to_be_visible()
    box = panel.get_by_role("button", name="Next activation").bounding_box()
    assert box
    assert box["width"] >= 44
    assert violations(page) == []


def test_a_failure_is_told_in_place_and_can_be_tried_again(page: Page, console: Console) -> None:
    console.allow("500")
    failing = {"on": True}

    def answer(route: Route) -> None:
        if failing["on"]:
            route.fulfill(status=500, json={"mistakes": [{"path": "", "message": "Out of order."}]})
        else:
            route.continue_()

    page.route("**/probe", answer)
    panel = open_finished(page, "r1")
    expect(panel.get_by_role("alert")).to_contain_text("Out of order.")
    failing["on"] = False
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_role("table")).to_be_visible()
