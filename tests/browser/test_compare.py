"""Comparing: two runs side by side under one playhead, with what differs told and marked."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import (
    digest,
    finished,
    open_sandbox,
    open_shared,
    prepare,
    run,
    shown,
    violations,
    wait_shown,
    wait_until,
)
from tests.browser.test_branches import break_node, line, wait_digest
from tests.browser.test_breaking import open_store, scrub_to

OTHER = "document.getElementById('other-messages').dataset"


def begin(page: Page) -> None:
    page.locator("[data-compare]:visible").click()
    expect(page.locator("#compare")).to_be_visible()
    whole(page)


def whole(page: Page) -> None:
    """Both runs are here and the second is judged."""
    expect(page.locator("#other")).to_have_attribute("data-run", "finished")
    expect(page.locator("#compare-body")).not_to_contain_text("when both runs are over")
    expect(page.locator("#compare-body")).not_to_contain_text("Being judged")


def section(page: Page, title: str) -> str:
    return f'#compare-body section:has(h3:text-matches("^{title}"))'


def transform(page: Page, graph: str) -> str:
    found: str = page.evaluate(f"document.querySelector('{graph} .x6-graph-svg-viewport').getAttribute('transform')")
    return found


def test_a_branch_beside_its_parent(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    was = transform(page, "#graph")
    begin(page)
    expect(page.locator("#name-a")).to_contain_text("R2 crashes")
    expect(page.locator("#name-b")).to_have_text("Main")
    expect(page.locator('#graph [data-node="r2"]')).to_have_class(re.compile("down"))
    expect(page.locator('#other-graph [data-node="r2"]')).not_to_have_class(re.compile("down"))
    first = page.locator(section(page, "First difference"))
    expect(first).to_contain_text(re.compile(r"2\.3\d\d"))
    expect(page.locator("#diverges .tip")).to_have_count(1)
    expect(page.locator(section(page, "Scenario"))).to_contain_text("R2 crashes")
    expect(page.locator(f"{section(page, 'Metrics')} tbody tr").nth(3)).to_be_visible()
    expect(page.locator(f"{section(page, 'Verdicts')} tr.differs").first).to_be_visible()
    assert violations(page) == []
    page.locator('[data-act="diverges"]').click()
    at_ms = float(re.sub(r"\D*$", "", page.locator('[data-act="diverges"]').inner_text())) * 1000
    wait_shown(page, f"Math.abs(Number(d.playheadMs) - {at_ms}) < 1")
    wait_until(page, f"() => Math.abs(Number({OTHER}.playheadMs) - {at_ms}) < 1")
    page.keyboard.press("Escape")
    expect(page.locator("#compare")).to_be_hidden()
    expect(page.locator("#other-graph")).to_have_count(0)
    expect(page.locator("#diverges .tip")).to_have_count(0)
    assert transform(page, "#graph") == was
    assert digest(page) == crashed
    expect(page.locator('[data-node="r2"]')).to_have_class(re.compile(r"\bsel\b"))
    expect(page.locator("#branch-count")).to_have_text("2")


def test_pan_zoom_and_selection_are_common(page: Page) -> None:
    before = open_store(page)
    break_node(page, "r2", "crash", before)
    begin(page)
    whole_view = transform(page, "#graph")
    page.locator('[data-zoom="in"]').click()
    assert transform(page, "#graph") == transform(page, "#other-graph") != whole_view
    page.locator('#other-graph [data-node="r4"]').click()
    expect(page.locator('#graph [data-node="r4"]')).to_have_class(re.compile(r"\bsel\b"))
    expect(page.locator("#inspector-head")).to_contain_text("R4")
    before_ms = shown(page, "playheadMs")
    scrub_to(page, 0.5)
    wait_shown(page, f"Number(d.playheadMs) !== {before_ms}")
    at_ms = shown(page, "playheadMs")
    wait_until(page, f"() => Math.abs(Number({OTHER}.playheadMs) - {at_ms}) < 1")


def test_b_can_be_a_variant_or_another_seed_and_a_another_branch(page: Page) -> None:
    before = open_store(page)
    break_node(page, "r2", "crash", before)
    begin(page)
    page.locator("#compare-a").select_option("main")
    wait_digest(page, before)
    whole(page)
    expect(page.locator("#compare-body")).to_contain_text("both runs are alike, message by message")
    expect(page.locator("#compare-body")).to_contain_text("All metrics are the same")
    page.locator("#compare-b-variant").select_option("ap")
    whole(page)
    expect(page.locator("#name-b")).to_have_text("Main · ap")
    expect(page.locator(section(page, "Scenario"))).to_contain_text("under partition")
    page.locator("#compare-b-variant").select_option("")
    page.locator("#compare-b-seed").fill("99")
    page.locator("#compare-b-seed").press("Tab")
    whole(page)
    expect(page.locator("#name-b")).to_have_text("Main · seed 99")
    expect(page.locator(section(page, "Scenario"))).to_contain_text("Seed")
    page.locator("[data-compare-close]:visible").first.click()
    expect(page.locator("#compare")).to_be_hidden()
    page.locator("#undo").click()
    expect(page.locator("#branch-now")).to_contain_text("R2 crashes")


def test_without_branches_a_variant_is_taken_and_nothing_changes(page: Page) -> None:
    open_sandbox(page)
    page.locator("[data-compare]:visible").click()
    expect(page.locator("#toasts")).to_contain_text("Run this first")
    run(page)
    begin(page)
    expect(page.locator("#name-b")).to_have_text("Main · overload")
    expect(page.locator("#undo")).to_be_disabled()


def test_evidence_stands_below_the_name_of_the_run(page: Page) -> None:
    prepare(page)
    page.goto("/s/cap-partition/")
    page.locator("#variant").select_option("ap")
    finished(page)
    expect(page.locator("#variant")).to_have_value("ap")
    begin(page)
    page.locator('[data-act="walk"]').first.click()
    walk, name = page.locator(".walk").bounding_box(), page.locator("#name-a").bounding_box()
    assert walk
    assert name
    assert walk["y"] >= name["y"] + name["height"]
    expect(page.locator(".pin-card")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".walk")).to_be_hidden()
    expect(page.locator("#compare")).to_be_visible()


def test_from_the_list_of_branches(page: Page) -> None:
    before = open_store(page)
    break_node(page, "r2", "crash", before)
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    page.locator("#branches-open").click()
    page.locator('#branch-list [data-act="compare"]').click()
    whole(page)
    expect(page.locator("#name-a")).to_have_text("Main")
    expect(page.locator("#name-b")).to_contain_text("R2 crashes")


def test_undo_of_a_break_compares_with_what_was_broken(page: Page) -> None:
    before = open_store(page)
    break_node(page, "r2", "crash", before)
    begin(page)
    page.locator("#undo").click()
    wait_digest(page, before)
    expect(page.locator("#name-a")).to_have_text("Main")
    expect(page.locator("#name-b")).to_contain_text("R2 crashes")
    whole(page)
    expect(page.locator(section(page, "Scenario"))).to_contain_text("R2 crashes")
    page.locator("#branches-open").click()
    page.locator('#branch-list [data-act="delete"]').click()
    expect(page.locator("#compare")).to_be_hidden()


def test_on_a_shared_page(page: Page) -> None:
    open_shared(page, "cap-partition")
    begin(page)
    expect(page.locator("#name-b")).to_have_text("Main · cp")
    assert violations(page) == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (820, 1180)])
def test_on_narrow_screens_the_panes_are_stacked(page: Page, width: int, height: int) -> None:
    before = open_store(page)
    break_node(page, "r2", "crash", before)
    begin(page)
    page.set_viewport_size({"width": width, "height": height})
    a = page.locator("#canvas").bounding_box()
    b = page.locator("#other").bounding_box()
    assert a
    assert b
    assert a["y"] + a["height"] <= b["y"] + 1
    assert a["width"] == width
    page.locator("#compare-sheet").click()
    expect(page.locator(section(page, "First difference"))).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#compare-body")).to_be_hidden()
    expect(page.locator("#other")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#other")).to_be_hidden()
