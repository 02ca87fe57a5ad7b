"""Nothing is lost: two tabs on one draft, a full storage, a server or a worker that is away for a while."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.stage import drag_part, finished, open_sandbox, prepare, violations, wait_until
from tests.stack import Stack

NO_STORAGE = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text(re.compile("Saved"))


def begin(page: Page) -> Page:
    """A saved draft, open in two tabs."""
    open_sandbox(page)
    drag_part(page, "client", 420, 380)
    page.wait_for_url("**/sandbox/*-*/")
    saved(page)
    other = page.context.new_page()
    prepare(other)
    other.goto(page.url)
    expect(other.locator('[data-node="client-1"]')).to_be_visible()
    return other


def refuse_to_save(route: Route) -> None:
    if route.request.method == "PUT":
        route.abort()
    else:
        route.continue_()


def test_two_tabs_notice_each_other_and_one_follows_the_other(page: Page) -> None:
    other = begin(page)
    for one in (page, other):
        expect(one.locator("#others")).to_have_text("Open in another tab")
    drag_part(other, "service", 520, 380)
    expect(page.locator('[data-node="service-1"]')).to_be_visible()
    saved(page)
    drag_part(page, "database", 320, 380)
    expect(other.locator('[data-node="db-1"]')).to_be_visible()
    page.locator("#undo").click()
    expect(other.locator('[data-node="db-1"]')).to_have_count(0)
    page.locator("#undo").click()  # what was followed is undone like any change
    expect(other.locator('[data-node="service-1"]')).to_have_count(0)
    other.close()
    expect(page.locator("#others")).to_have_text("")


def test_unsaved_work_meets_the_other_tab_s_before_it_is_saved(page: Page, console: Any) -> None:
    console.allow("Failed to load resource")
    other = begin(page)
    page.route("**/api/drafts/*", refuse_to_save)
    drag_part(page, "database", 320, 380)
    expect(page.locator("#saved")).to_have_text("Kept in this browser")
    drag_part(other, "service", 520, 380)
    expect(page.locator("#saved")).to_contain_text("Changed in another tab")
    expect(page.locator('[data-node="db-1"]')).to_be_visible()
    assert violations(page) == []
    page.locator("#saved button", has_text="Load the other").click()
    expect(page.locator('[data-node="service-1"]')).to_be_visible()
    expect(page.locator('[data-node="db-1"]')).to_have_count(0)
    page.unroute("**/api/drafts/*")
    page.locator("#undo").click()
    expect(other.locator('[data-node="db-1"]')).to_be_visible()


def test_another_tab_does_not_overwrite_unsaved_work_in_the_browser(page: Page, console: Any) -> None:
    console.allow("Failed to load resource|ERR_")
    other = begin(page)
    expect(other.locator("#others")).to_have_text("Open in another tab")
    page.route("**/api/drafts/*", refuse_to_save)
    drag_part(page, "database", 320, 380)
    expect(page.locator("#saved")).to_have_text("Kept in this browser")
    other.reload()
    other.close(run_before_unload=False)
    page.reload()
    expect(page.locator('[data-node="db-1"]')).to_be_visible()


def test_the_server_coming_back_is_enough_to_save(page: Page, console: Any) -> None:
    console.allow("Failed to load resource|ERR_INTERNET_DISCONNECTED")
    open_sandbox(page)
    page.context.set_offline(True)
    drag_part(page, "client", 420, 380)
    expect(page.locator("#saved")).to_have_text("Kept in this browser")
    page.context.set_offline(False)
    saved(page)
    page.reload()
    expect(page.locator('[data-node="client-1"]')).to_be_visible()


def test_a_deleted_draft_is_saved_as_a_new_one(page: Page, console: Any) -> None:
    console.allow("404")
    open_sandbox(page)
    drag_part(page, "client", 420, 380)
    page.wait_for_url("**/sandbox/*-*/")
    saved(page)
    before = page.url
    page.evaluate(
        """() => fetch('/api/drafts/' + location.pathname.split('/')[2],
        { method: 'DELETE', headers: { 'X-CSRFToken': document.querySelector('meta[name=csrf-token]').content } })"""
    )
    drag_part(page, "database", 320, 380)
    wait_until(page, "before => location.href !== before", before)
    saved(page)
    page.reload()
    expect(page.locator('[data-node="db-1"]')).to_be_visible()


def test_a_full_storage_is_told_and_the_work_can_be_taken_along(page: Page, console: Any) -> None:
    console.allow("Failed to load resource|ERR_INTERNET_DISCONNECTED")
    open_sandbox(page)
    page.evaluate(f"() => {{ {NO_STORAGE} }}")
    drag_part(page, "client", 420, 380)
    toast = page.locator(".toast")
    expect(toast).to_contain_text("This browser keeps no copy")
    saved(page)
    page.context.set_offline(True)
    drag_part(page, "database", 320, 380)
    expect(page.locator("#saved")).to_have_text("Kept nowhere")
    expect(toast).to_contain_text("to be safe, export it")
    with page.expect_download():
        toast.locator("button", has_text="Export JSON").click()
    page.context.set_offline(False)
    saved(page)


def test_a_stopped_worker_is_waited_for(page: Page, stack: Stack) -> None:
    open_sandbox(page)
    page.locator("#run-options").click()
    page.locator("#seed").fill("4711")
    page.locator("#seed").press("Tab")
    page.locator("#run-dialog [data-close]").click()
    stack.stop_worker()
    try:
        page.locator("#run").click()
        expect(page.locator("#chip")).to_contain_text("Waiting for a worker")
        drag_part(page, "database", 320, 380)
        saved(page)
    finally:
        stack.start_worker()
    finished(page)


def test_stop_is_offered_to_whom_the_run_belongs(page: Page, new_context: Any, stack: Stack) -> None:
    open_sandbox(page)
    page.locator("#run-options").click()
    page.locator("#seed").fill("4712")
    page.locator("#seed").press("Tab")
    page.locator("#run-dialog [data-close]").click()
    other = new_context().new_page()
    stack.stop_worker()
    try:
        page.locator("#run").click()
        expect(page.locator("#run")).to_have_text("Stop")
        page.locator("#share").click()
        expect(page.locator("#copy-link")).to_be_enabled()
        prepare(other)
        other.goto(page.locator("#link").input_value())
        expect(other.locator("#run")).to_be_disabled()
        expect(other.locator("#run")).to_have_accessible_description(re.compile("Under way"))
        watched = other.locator("body").get_attribute("data-viewing")
        other.keyboard.press("Control+Enter")
        page.keyboard.press("Escape")
        page.locator("#run").click()
        expect(page.locator("#chip")).to_have_text("Stopped")
        expect(other.locator("#chip")).to_contain_text("Waiting for a worker")
        expect(other.locator("body")).to_have_attribute("data-viewing", str(watched))
    finally:
        stack.start_worker()
    finished(other)
    expect(other.locator("#run")).to_have_text("Run")
    expect(other.locator("#run")).to_be_enabled()
