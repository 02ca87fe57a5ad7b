"""Problems: what is hardly meant is told while it is drawn, leads to its place, and is mended by one press."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.stage import drag_part, open_sandbox, prepare, violations


def row(page: Page, words: str) -> Any:
    return page.locator("#p-problems li", has_text=words)


def test_problems_come_and_go_as_the_scenario_is_drawn(page: Page) -> None:
    open_sandbox(page)
    page.locator("#tab-problems").click()
    expect(page.locator("#p-problems")).to_contain_text("No problems")
    page.locator("#tab-palette").click()
    drag_part(page, "database", 320, 400)
    expect(page.locator("#problem-count")).to_have_text("1")
    page.locator("#tab-problems").click()
    lonely = row(page, "No request reaches db-1")
    expect(lonely.locator(".pb")).to_contain_text("Warning:")
    assert violations(page) == []
    page.locator("#graph").press("Escape")
    lonely.locator("button.pb").click()
    expect(page.locator('[data-node="db-1"]')).to_have_attribute("aria-pressed", "true")
    lonely.locator("button.fix").click()
    expect(page.locator("#p-problems")).to_contain_text("No problems")
    expect(page.locator("#graph [data-link]")).to_have_count(4)
    page.locator("#undo").click()
    expect(lonely).to_be_visible()
    expect(page.locator("#graph [data-link]")).to_have_count(3)


def test_a_mistake_leads_to_its_field_and_is_gone_when_it_is_mended(page: Page) -> None:
    open_sandbox(page)
    page.locator("#tab-outline").click()
    page.locator('[data-id="fault:0"]').click()
    field = page.locator("#f-entry-at_ms")
    with page.expect_response("**/inspector/check/"):
        field.fill("99000")
        field.press("Tab")
    page.locator("#tab-problems").click()
    late = row(page, "Must be at most 41500 ms")
    expect(late.locator(".pb")).to_contain_text("Mistake:")
    page.locator('[data-node="bob"]').click()
    expect(page.locator("body")).to_have_attribute("data-inspector", "bob")
    late.locator("button.pb").click()
    expect(field).to_be_focused()
    late.locator("button.fix", has_text="Remove the fault").click()
    expect(late).to_have_count(0)
    expect(page.locator("#fault-count")).to_have_text("0")


def test_silence_is_mended_by_a_client(page: Page) -> None:
    prepare(page)
    page.goto("/sandbox/?new")
    drag_part(page, "service", 420, 300)
    page.locator("#tab-problems").click()
    row(page, "Nothing starts work").locator("button.fix").click()
    expect(page.locator("#p-problems")).to_contain_text("No problems")
    expect(page.locator("#graph .node")).to_have_count(2)


def test_even_quorums_and_empty_zones_are_told(page: Page) -> None:
    def with_problems(route: Route) -> None:
        answer = route.fetch()
        document = answer.json()
        document["clusters"][0]["members"] = ["r1", "r2", "r3", "r4"]
        document["zones"].append({"id": "oslo", "label": "Oslo", "x": 0, "y": 500, "width": 200, "height": 100})
        document["variants"], document["expect"] = {}, []
        route.fulfill(status=200, body=json.dumps(document), content_type="application/json")

    prepare(page)
    page.route("**/api/scenarios/cap-partition", with_problems)
    page.goto("/sandbox/?new")
    page.locator("#starts button").nth(2).click()
    page.locator("#tab-problems").click()
    expect(row(page, "4 members tolerate 1 at most, as 3 do")).to_be_visible()
    empty = row(page, "No node is in the zone Oslo")
    empty.locator("button.fix").click()
    expect(empty).to_have_count(0)


def test_on_a_phone_a_problem_opens_the_form(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    prepare(page)
    page.goto("/sandbox/?new")
    page.locator("#starts button").first.tap()
    expect(page.locator("#graph .node")).to_have_count(4)
    page.locator('[data-sheet="left"]').locator("visible=true").tap()
    page.locator('#palette [data-type="database"]').tap()
    page.locator('[data-sheet="left"]').locator("visible=true").tap()
    page.locator("#tab-problems").tap()
    row(page, "No request reaches db-1").locator("button.pb").tap()
    expect(page.locator("#right")).to_be_visible()
    expect(page.locator("#inspector-head h2")).to_have_text("db-1")
    assert violations(page) == []
