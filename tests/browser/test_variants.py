"""Variants: the page shows the one that is chosen, wherever it shows the scenario; it is there to be looked at."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.stage import (
    digest,
    document,
    drag_part,
    finished,
    middle,
    open_shared,
    other_digest,
    pause,
    violations,
    wait_shown,
)

LANE = "#fault-lane .fl"
CUT = "#graph .mesh.cut"
PAIRS_ACROSS = 9  # of three nodes with three


def open_at(page: Page, slug: str, at_ms: int) -> str:
    """A scenario of the gallery as drawn, run and paused at a moment; the digest of its run."""
    open_shared(page, slug, at_ms=at_ms)
    pause(page)
    wait_shown(page, f"Number(d.playheadMs) >= {at_ms}")
    return digest(page)


def choose(page: Page, variant: str, before: str) -> str:
    """Chooses a variant, "" for as drawn; the digest of its run."""
    page.locator("#variant").select_option(variant, force=True)
    return other_digest(page, before)


def remix(page: Page, slug: str, at_ms: int) -> str:
    before = open_at(page, slug, at_ms)
    page.locator("#remix button").click()
    page.wait_for_url("**/sandbox/*-*/")
    finished(page)
    assert digest(page) == before
    return before


def as_drawn(page: Page) -> None:
    expect(page.locator(LANE)).to_have_attribute("aria-label", re.compile("^P6 crashes"))
    expect(page.locator("#graph .pillt")).to_have_count(0)
    expect(page.locator(CUT)).to_have_count(0)
    expect(page.locator("#variant-name")).to_be_hidden()


def partitioned(page: Page) -> None:
    expect(page.locator(LANE)).to_have_attribute("aria-label", re.compile(r"^Partition P1, P2, P3 \| P4, P5, P6"))
    expect(page.locator("#graph .pillt")).to_have_text(re.compile("Partition since 2.100"))
    expect(page.locator(CUT)).to_have_count(PAIRS_ACROSS)
    expect(page.locator("#variant-name")).to_have_text("Variant “partition”")


def test_lane_canvas_and_details_show_the_faults_of_the_chosen_variant(page: Page) -> None:
    before = open_at(page, "leader-election-bully", 3000)
    as_drawn(page)
    ran = choose(page, "partition", before)
    partitioned(page)
    changes = page.locator("#inspector .changes")
    expect(changes).to_contain_text("P6 crashes")
    expect(changes.locator("dd")).to_have_text(["removed", re.compile("^added, from 2.100")])
    page.locator(LANE).click()
    expect(page.locator("#p-events")).to_contain_text("Partition P1, P2, P3")
    expect(page.locator("#inspector-head")).to_contain_text("Partition")
    assert violations(page) == []
    assert choose(page, "", ran) == before
    as_drawn(page)
    expect(page.locator("#inspector-head h2")).to_have_text("Nothing selected")


def test_a_variant_is_shown_before_it_has_been_run(page: Page, console: Any) -> None:
    console.allow("Failed to load resource")
    before = open_at(page, "leader-election-bully", 3000)
    page.route("**/api/runs", lambda route: route.fulfill(status=503, json={}))
    page.locator("#variant").select_option("partition")
    expect(page.locator(LANE)).to_have_attribute("aria-label", re.compile("^Partition"))
    expect(page.locator("#chip")).to_have_text("Changed since this run")
    assert digest(page) == before
    page.unroute("**/api/runs")
    page.locator("#run").click()
    other_digest(page, before)
    expect(page.locator("#chip")).to_have_text("Finished")


def test_of_two_choices_in_a_row_the_last_is_shown_with_its_own_run(page: Page) -> None:
    before = open_at(page, "leader-election-bully", 3000)
    wanted = choose(page, "partition", before)
    assert choose(page, "", wanted) == before
    held: list[Route] = []
    page.route("**/api/runs", lambda route: held.append(route), times=1)  # the first answer comes after the second
    page.locator("#variant").select_option("impatient")
    page.locator("#variant").select_option("partition")
    assert other_digest(page, before) == wanted
    held[0].continue_()
    page.wait_for_timeout(500)
    expect(page.locator("#variant")).to_have_value("partition")
    assert digest(page) == wanted
    partitioned(page)


def test_nodes_and_members_of_a_variant_are_on_the_canvas_and_in_view(page: Page) -> None:
    before = open_at(page, "gossip", 3000)
    more = page.locator('#graph [data-node="more"]')
    expect(page.locator("#graph .gl")).to_contain_text("20")
    ran = choose(page, "push-32", before)
    expect(more).to_contain_text("More sites")
    expect(page.locator("#graph .gl")).to_contain_text("32")
    card, canvas = more.locator(".box").bounding_box(), page.locator("#canvas").bounding_box()
    assert card
    assert canvas
    assert card["x"] + card["width"] <= canvas["x"] + canvas["width"]
    expect(page.locator("#inspector .changes")).to_contain_text("More sites")
    more.locator(".box").click()
    expect(page.locator("#world")).to_contain_text("12 of 12 up")
    assert choose(page, "", ran) == before
    expect(more).to_have_count(0)


def test_compared_runs_show_each_its_own_variant(page: Page) -> None:
    before = open_at(page, "leader-election-bully", 3000)
    ran = choose(page, "partition", before)
    page.locator("[data-compare]:visible").first.click()
    expect(page.locator("#name-b")).to_have_text("Main")
    expect(page.locator("#other-graph .mesh")).to_have_count(15)
    expect(page.locator("#other-graph .mesh.cut")).to_have_count(0)
    expect(page.locator('#other-graph [data-node="p6"]')).to_have_class(re.compile(r"\bdown\b"))
    expect(page.locator('#graph [data-node="p6"]')).not_to_have_class(re.compile(r"\bdown\b"))
    expect(page.locator(CUT)).to_have_count(PAIRS_ACROSS)
    page.locator("#compare-b-variant").select_option("healed")
    expect(page.locator("#other-graph .mesh.cut")).to_have_count(PAIRS_ACROSS)
    page.locator("#compare-a-variant").select_option("")
    assert other_digest(page, ran) == before
    as_drawn(page)


def test_in_a_variant_nothing_is_changed_and_the_way_to_what_can_be_is_offered(page: Page) -> None:
    before = remix(page, "leader-election-bully", 3000)
    ran = choose(page, "partition", before)
    drawn = document(page)
    toast = page.locator(
        ".toast", has_text="This is the variant “partition”. Only the scenario as drawn can be changed."
    )
    x, y = middle(page, "p2")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 80, steps=5)
    page.mouse.up()
    expect(toast).to_be_visible()
    assert middle(page, "p2") == pytest.approx((x, y), abs=2)
    for key in ("ArrowRight", "Delete", "Control+d", "Control+z"):
        page.keyboard.press(key)
    page.locator("#palette button").first.click()
    expect(toast).to_have_count(1)
    expect(page.locator("#graph .node")).to_have_count(6)
    expect(page.locator("#world .acts")).to_have_count(0)
    expect(page.locator("#heal")).to_be_disabled()
    name = page.locator("#inspector").get_by_label("Name", exact=True)
    expect(name).to_be_disabled()
    page.locator("#title").fill("Another")
    page.locator("#title").press("Enter")
    expect(page.locator("#title")).to_have_value(drawn["title"])
    assert document(page) == drawn
    assert violations(page) == []
    toast.get_by_role("button", name="Go to “As drawn”").click()
    assert other_digest(page, ran) == before
    expect(page.locator("#variant")).to_have_value("")
    expect(name).to_be_enabled()
    page.locator('[data-node="p2"]').focus()
    page.keyboard.press("Delete")
    expect(page.locator("#graph .node")).to_have_count(5)


def test_a_variant_becomes_the_scenario_and_undo_takes_it_back(page: Page) -> None:
    before = remix(page, "leader-election-bully", 3000)
    ran = choose(page, "partition", before)
    page.locator('#world [data-act="independent"]').click()
    expect(page.locator("#toasts")).to_contain_text("“partition” is the scenario now")
    finished(page)
    expect(page.locator("#chip")).to_have_text("Finished")
    assert digest(page) == ran
    expect(page.locator("#variant")).to_be_hidden()
    expect(page.locator(LANE)).to_have_attribute("aria-label", re.compile("^Partition"))
    made = document(page)
    assert "variants" not in made
    assert [fault["kind"] for fault in made["faults"]] == ["partition"]
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    assert other_digest(page, ran) == before
    as_drawn(page)
    expect(page.locator("#variant")).to_be_visible()


def test_a_reload_comes_back_to_the_variant(page: Page) -> None:
    before = remix(page, "leader-election-bully", 3000)
    ran = choose(page, "partition", before)
    page.reload()
    assert digest(page) == ran
    expect(page.locator("#variant")).to_have_value("partition")
    partitioned(page)
    expect(page.locator("#chip")).to_have_text("Finished")


def test_a_phone_says_which_variant_it_shows(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_shared(page, "leader-election-bully", "partition")
    expect(page.locator("#variant-name")).to_have_text("Variant “partition”")
    expect(page.locator("#variant-name")).to_be_in_viewport()
    assert violations(page) == []


def test_a_copied_link_opens_with_the_variant_at_the_moment_that_was_seen(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    before = open_at(page, "leader-election-bully", 3000)
    ran = choose(page, "partition", before)
    page.locator("#share").click()
    expect(page.locator("#toasts")).to_contain_text("Link copied")
    link = str(page.evaluate("navigator.clipboard.readText()"))
    assert link.endswith("/s/leader-election-bully/?at=3000&variant=partition")
    page.goto(link)
    assert digest(page) == ran
    wait_shown(page, "d.playheadMs === '3000.000'")
    partitioned(page)
    page.goto(link.replace("partition", "unknown"))
    assert digest(page) == before
    as_drawn(page)


def test_a_remix_opens_with_the_variant_that_was_seen_and_a_reload_does_too(page: Page) -> None:
    before = open_at(page, "leader-election-bully", 3000)
    ran = choose(page, "partition", before)
    page.locator("#remix button").click()
    page.wait_for_url("**/sandbox/*-*/")
    finished(page)
    for _ in range(2):
        assert digest(page) == ran
        wait_shown(page, "d.playheadMs === '3000.000'")
        partitioned(page)
        page.reload()
        finished(page)


def test_what_another_tab_changes_arrives_while_a_variant_is_shown(page: Page) -> None:
    before = remix(page, "leader-election-bully", 3000)
    choose(page, "partition", before)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator("#variant")).to_have_value("partition")
    other.locator("#variant").select_option("", force=True)
    expect(other.locator(CUT)).to_have_count(0)
    drag_part(other, "client", 60, 60)
    expect(page.locator("#graph .node")).to_have_count(7)
    expect(page.locator("#variant")).to_have_value("partition")
    expect(page.locator(CUT)).to_have_count(PAIRS_ACROSS)
    page.locator("#variant").select_option("", force=True)
    drag_part(page, "client", 60, 160)
    expect(other.locator("#graph .node")).to_have_count(8)
