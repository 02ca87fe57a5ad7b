"""Requests as spans, charts with their tables, verdicts that walk through their evidence, and the second pane."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import (
    open_sandbox,
    open_shared,
    run,
    shown,
    violations,
    wait_shown,
    wait_until,
)


def choose_first(page: Page, tab: str = "#tab-requests") -> Locator:
    """The first request of the list, chosen."""
    page.locator(tab).click()
    row = page.locator(".rq-row").first
    row.click()
    expect(page.locator(".wf-row").first).to_be_visible()
    return row


def test_a_request_is_shown_hop_by_hop(page: Page) -> None:
    open_shared(page, "multi-tier")
    row = choose_first(page)
    expect(row).to_have_attribute("aria-selected", "true")
    expect(page.locator(".wf h2")).to_have_text(re.compile("work"))
    spans = page.locator('.wf-tree [role="treeitem"]')
    expect(spans.nth(1)).to_have_attribute("aria-label", re.compile("work → Balancer. Sent by .* on the way"))
    expect(page.locator(".wf-lost").first).to_have_text("node down")
    began = shown(page, "playheadMs")
    spans.nth(2).locator(".wf-name").click()
    wait_shown(page, f"Number(d.playheadMs) > {began} && Number(d.messages) > 0")
    expect(spans.nth(2)).to_have_class(re.compile("pinned"))
    expect(page.locator(".wf-story")).to_contain_text("Sent by Balancer")
    expect(page.locator(".wf-line")).to_be_visible()


def test_requests_are_sorted_and_found_by_words(page: Page) -> None:
    open_shared(page, "cap-partition", "cp")
    page.locator("#tab-requests").click()
    count = page.locator(".rq-count")
    expect(count).to_have_text("761 requests")
    page.locator('[data-view="failed"]').click()
    expect(count).to_have_text("106 requests")
    expect(page.locator(".rq-row .chip.bad").first).to_have_text("no quorum")
    page.locator(".rq input").fill("carol read k1")
    expect(count).not_to_have_text("106 requests")
    expect(page.locator(".rq-row").first).to_contain_text("read k1")
    page.locator(".rq input").fill("nobody")
    expect(count).to_have_text("None found")


def test_requests_by_keyboard(page: Page) -> None:
    open_shared(page, "multi-tier")
    page.locator("#tab-requests").click()
    rows = page.locator('.rq [role="listbox"]')
    rows.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".rq-row").nth(1)).to_have_attribute("aria-selected", "true")
    expect(rows).to_have_attribute("aria-activedescendant", re.compile(r"rq-\d+"))
    page.keyboard.press("End")
    expect(page.locator('.rq-row[aria-selected="true"]')).to_have_attribute("aria-posinset", "1417")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator(".wf-row").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".wf-row").nth(1)).to_have_class(re.compile("pinned"))


def test_an_event_chooses_its_request(page: Page) -> None:
    open_shared(page, "client-server")
    page.locator("#play").click()
    page.locator("#tab-events").click()
    page.locator(".vrow", has_text="Asked").first.click()
    page.locator("#tab-requests").click()
    expect(page.locator(".wf h2")).to_contain_text("work")


def test_charts_are_of_what_the_run_has(page: Page) -> None:
    open_shared(page, "cap-partition", "ap")
    page.locator("#tab-charts").click()
    for name in ("throughput", "latency", "in-flight", "lag", "staleness", "versions"):
        expect(page.locator(f'[data-chart="{name}"] .uplot')).to_be_visible()
    expect(page.locator('[data-chart="errors"]')).to_have_count(0)
    open_shared(page, "client-server")
    page.locator("#tab-charts").click()
    expect(page.locator('[data-chart="errors"] .uplot')).to_be_visible()
    expect(page.locator('[data-chart="queues"] .uplot')).to_be_visible()
    expect(page.locator('[data-chart="lag"]')).to_have_count(0)


def test_a_chart_moves_the_playhead(page: Page) -> None:
    open_shared(page, "client-server")
    page.locator("#tab-charts").click()
    plot = page.locator('[data-chart="latency"] .plot')
    box = plot.locator(".u-over").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_shown(page, "Math.abs(Number(d.playheadMs) - 20750) < 700")
    plot.focus()
    before = shown(page, "playheadMs")
    page.keyboard.press("ArrowRight")
    wait_shown(page, f"Math.abs(Number(d.playheadMs) - {before} - 1000) < 1")
    expect(plot).to_have_attribute("aria-valuetext", re.compile(r"p50 .*ms, p95 .*ms, p99"))


def test_each_chart_has_a_table_and_a_file(page: Page) -> None:
    open_shared(page, "client-server")
    page.locator("#tab-charts").click()
    chart = page.locator('[data-chart="throughput"]')
    chart.get_by_role("button", name="Throughput as a table").click()
    expect(chart.locator("thead th")).to_have_text(["From, s", "goodput, /s", "ended, /s", "asked, /s"])
    expect(chart.locator("tbody tr")).to_have_count(42)
    with page.expect_download() as download:
        chart.get_by_role("button", name="Download Throughput as CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == '"From, s","goodput, /s","ended, /s","asked, /s"'
    assert len(lines) == 43
    chart.get_by_role("button", name="Throughput as a table").click()
    expect(chart.locator(".uplot")).to_be_visible()


def test_claims_say_what_was_measured(page: Page) -> None:
    open_shared(page, "client-server")
    claim = page.locator(".vitem", has_text="Below capacity every request is served").locator(".claim")
    expect(claim).to_contain_text("ops.success_ratio")
    expect(claim).to_contain_text(re.compile("was 1, must be = 1"))


def walk(page: Page) -> Locator:
    """Starts to walk through the evidence of the first failure."""
    page.locator('[data-act="walk"]').first.click()
    bar = page.locator(".walk")
    expect(bar).to_be_visible()
    return bar


def test_a_failure_walks_through_its_evidence(page: Page) -> None:
    open_shared(page, "cap-partition", "ap")
    bar = walk(page)
    expect(bar).to_contain_text("1 of 2")
    expect(bar.locator('[data-way="next"]')).to_be_focused()
    first = shown(page, "playheadMs")
    page.keyboard.press("Enter")
    expect(bar).to_contain_text("2 of 2")
    expect(bar.locator(".walk-words")).to_contain_text("Alice")
    wait_shown(page, f"Number(d.playheadMs) > {first} && Number(d.messages) > 0")
    expect(page.locator('#canvas .walk-marks .on[data-owner="alice"]')).to_have_text("2")
    expect(page.locator('#canvas .walk-marks .on[data-owner="r1"]')).to_have_text("2")
    expect(page.locator("#p-verdicts .steps button").nth(1)).to_have_attribute("aria-current", "step")
    page.locator("#tab-timeline").click()
    expect(page.locator(".tl-plot .walk-marks .on")).to_have_text("2")
    page.locator("#tab-requests").click()
    expect(page.locator(".wf h2")).to_contain_text("Alice read k1")
    bar.locator('[data-way="previous"]').press("ArrowLeft")
    expect(bar).to_contain_text("1 of 2")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    expect(page.locator("#canvas .walk-marks .no")).to_have_count(0)
    expect(page.locator('[data-act="walk"]').first).to_be_focused()


def test_a_step_out_of_view_is_brought_into_it(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_shared(page, "cap-partition", "ap")
    page.locator("#tab-verdicts").tap()
    bar = walk(page)
    canvas = page.locator("#canvas").bounding_box()
    assert canvas
    page.mouse.move(canvas["x"] + 200, canvas["y"] + 250)
    page.mouse.wheel(900, 0)
    label = page.locator(".walk-label")
    wait_until(page, "() => document.querySelector('[data-node=alice]').getBoundingClientRect().right < 0")
    bar.locator('[data-way="next"]').tap()
    expect(label).to_have_text("read k1 → nothing")
    wait_until(page, "() => document.querySelector('[data-node=alice]').getBoundingClientRect().left > 0")
    box = label.bounding_box()
    assert box
    assert canvas["y"] < box["y"] < canvas["y"] + canvas["height"]
    bar.locator('[data-way="leave"]').tap()
    expect(bar).to_be_hidden()


def test_a_reload_shows_the_same_tab(page: Page) -> None:
    open_shared(page, "client-server")
    page.locator("#tab-charts").click()
    page.reload()
    expect(page.locator("#tab-charts")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#p-charts .uplot").first).to_be_visible()


def test_the_second_pane_shows_what_is_chosen(page: Page) -> None:
    open_shared(page, "client-server")
    expect(page.locator("#second #p-verdicts")).to_be_visible()
    expect(page.locator("#tab-verdicts")).to_be_hidden()
    page.locator("#tab-charts").click()
    page.locator("#second-choice").select_option("Charts")
    expect(page.locator("#second #p-charts .uplot").first).to_be_visible()
    expect(page.locator("#first #p-verdicts")).to_be_visible()
    page.reload()
    expect(page.locator("#second #p-charts")).to_be_visible()
    page.locator("#second-close").click()
    expect(page.locator("#second-pane")).to_be_hidden()
    expect(page.locator("#tab-charts")).to_be_visible()
    page.reload()
    expect(page.locator("#second-pane")).to_be_hidden()
    page.locator("#second-open").click()
    expect(page.locator("#second #p-verdicts")).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(page.locator("#tab-verdicts")).to_be_visible()
    page.locator("#tab-verdicts").click()
    expect(page.locator("#first #p-verdicts")).to_be_visible()


def test_panels_fill_while_the_run_goes_on(page: Page) -> None:
    open_sandbox(page)
    page.locator("#tab-requests").click()
    expect(page.locator("#p-requests")).to_contain_text("No run yet")
    run(page)
    wait_until(page, "() => document.querySelectorAll('.rq-row').length > 3")


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1440, 900), ("dark", 390, 844), ("dark", 820, 1180)])
def test_they_have_no_axe_violations_and_fit(new_context: Any, scheme: str, width: int, height: int) -> None:
    page = new_context(color_scheme=scheme, has_touch=width < 1000).new_page()
    page.set_viewport_size({"width": width, "height": height})
    open_shared(page, "cap-partition", "ap")
    if page.locator("#tab-verdicts").is_visible():
        page.locator("#tab-verdicts").click()
    bar = walk(page)
    bar.locator('[data-way="next"]').click()
    assert violations(page) == [], "walk"
    page.locator("#tab-requests").click()
    expect(page.locator(".wf-row").first).to_be_visible()
    assert violations(page) == [], "spans"
    if page.locator(".wf-back").is_visible():
        page.locator(".wf-back").click()
        expect(page.locator(".rq-row").first).to_be_visible()
        assert violations(page) == [], "requests"
    page.locator("#tab-charts").click()
    expect(page.locator('[data-chart="latency"] .uplot')).to_be_visible()
    page.locator('[data-chart="latency"]').get_by_role("button", name="Latency as a table").click()
    expect(page.locator('[data-chart="latency"] tbody tr').first).to_be_visible()
    assert violations(page) == [], "charts"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 600:
        for tab in page.locator("#dock-tabs [role=tab]:visible").all():
            box = tab.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 44
