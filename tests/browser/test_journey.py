"""The main job: build, run, watch, break, share, and see the same run elsewhere."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.stage import (
    connect,
    digest,
    drag_part,
    empty,
    finished,
    open_sandbox,
    open_shared,
    other_digest,
    pause,
    prepare,
    run,
    shown,
    wait_shown,
    wait_until,
)


def test_build_run_break_and_share(page: Page, new_context: Any) -> None:
    open_sandbox(page)
    empty(page)
    drag_part(page, "client", 220, 200)
    drag_part(page, "service", 560, 240)
    expect(page.locator("#graph .node")).to_have_count(2)
    connect(page, "client-1", "service-1")
    expect(page.locator('[data-link="client-1-service-1"]')).to_have_count(1)

    page.locator("#run").click()
    wait_shown(page, "Number(d.messages) > 0")
    finished(page)
    healthy = digest(page)

    pause(page)
    page.locator("#tab-outline").click()
    page.locator('#p-outline [data-id="client-1-service-1"]').click()
    page.locator('[data-act="cut"]').click()
    broken = other_digest(page, healthy)
    wait_shown(page, "Number(d.faults) === 1 && Number(d.totalDrops) > 0")
    page.locator("#to-next").click()
    wait_shown(page, "Number(d.drops) > 0")
    expect(page.locator('[data-link="client-1-service-1"]')).to_have_class(re.compile(r"\bcut\b"))
    expect(page.locator("#p-events .isbad", has_text="link cut").first).to_be_visible()

    page.locator("#share").click()
    expect(page.locator("#copy-link")).to_be_enabled()
    link = page.locator("#link").input_value()
    assert "/s/" in link

    other = new_context().new_page()
    prepare(other)
    other.goto(link)
    finished(other)
    assert digest(other) == broken
    wait_shown(other, "Number(d.faults) === 1 && Number(d.playheadMs) > 0")
    expect(other.locator("#graph .node")).to_have_count(2)
    other.locator("form button", has_text="Remix").click()
    other.wait_for_url("**/sandbox/*-*/")
    expect(other.locator("#graph .node")).to_have_count(2)
    assert digest(other) == broken


def test_a_remix_opens_at_the_moment_that_was_seen_and_a_reload_where_one_left(page: Page) -> None:
    prepare(page)
    page.goto("/s/cap-partition/?at=6100")
    finished(page)
    page.locator("#step-on").click()
    wait_shown(page, "Number(d.playheadMs) > 6100")
    moment = shown(page, "playheadMs")
    page.locator("#remix button").click()
    page.wait_for_url("**/sandbox/*-*/")
    wait_shown(page, f"Math.abs(Number(d.playheadMs) - {moment}) < 1")
    finished(page)
    page.keyboard.press("End")
    wait_shown(page, f"Number(d.playheadMs) > {moment} + 1000")
    left = shown(page, "playheadMs")
    page.reload()
    wait_shown(page, f"Number(d.playheadMs) === {left}")


def test_a_partition_is_drawn_with_its_sides(page: Page) -> None:
    open_shared(page, "cap-partition")
    wait_shown(page, "Number(d.totalDrops) > 0")
    page.locator("#to-next").click()
    wait_shown(page, "Number(d.faults) === 1")
    expect(page.locator("#graph .side")).to_have_count(2)
    expect(page.locator("#graph .pillt", has_text="Partition since")).to_be_visible()
    page.locator("#to-next").click()
    wait_shown(page, "Number(d.drops) > 0")


def test_the_head_of_a_cut_is_under_no_card(page: Page) -> None:
    open_shared(page, "consensus-raft")
    page.keyboard.press("Home")
    heads = page.locator("#graph .pillt", has_text="Partition since")
    expect(heads).to_have_count(3)  # R1 stands above the cut between two and two
    cards = [one.bounding_box() for one in page.locator("#graph .node .box").all()]
    for head in [one.bounding_box() for one in heads.all()]:
        assert not any(overlap(head, card) for card in cards)


def overlap(a: Any, b: Any) -> bool:
    across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
    return bool(across and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"])


def test_crash_restart_and_undo_are_edits(page: Page) -> None:
    open_sandbox(page)
    run(page)
    pause(page)
    before = digest(page)
    page.locator('[data-node="server"]').click()
    page.locator('[data-act="crash"]').click()
    other_digest(page, before)
    expect(page.locator('[data-node="server"]')).to_have_class(re.compile(r"\bdown\b"))
    expect(page.locator("#fault-count")).to_have_text("2")
    page.locator("#undo").click()
    wait_until(page, "before => document.body.dataset.digest === before", before)
    expect(page.locator('[data-node="server"]')).not_to_have_class(re.compile(r"\bdown\b"))
    expect(page.locator("#fault-count")).to_have_text("1")


def test_verdicts_charts_and_events_follow_the_run(page: Page) -> None:
    open_sandbox(page)
    run(page)
    expect(page.locator("#second .vitem").first).to_be_visible()
    page.locator("#tab-charts").click()
    expect(page.locator('[data-chart="latency"] .uplot')).to_be_visible()
    page.locator("#tab-events").click()
    row = page.locator("#p-events .vrow").nth(5)
    pause(page)
    # At once: a row that is read may have gone on to another event before it is clicked.
    time = float(row.evaluate("row => { row.click(); return row.querySelector('.mono').textContent; }"))
    wait_shown(page, f"Math.abs(Number(d.playheadMs) - {time * 1000}) < 1")
