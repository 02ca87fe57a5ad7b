"""Breaking at the playhead: every way to break a part is an edit of the scenario, and the run is taken from it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.stage import (
    digest,
    finished,
    open_sandbox,
    open_shared,
    other_digest,
    pause,
    run,
    violations,
    wait_shown,
    wait_until,
)

ALL_VALID = """async () => {
  const made = await import("/static/js/document/breaking.js");
  const data = JSON.parse(document.getElementById("stage-data").textContent);
  const doc = { ...data.document, faults: [] };
  const [node, link] = [doc.nodes.find((entry) => entry.type === "service"), doc.links[0]];
  const { lies } = data.catalogue.types.find(({ type }) => type === node.type);
  const on_node = ["crash", "restart", "stop", "pause", "hang", "slow", "clock", "disk-slow", "disk-full",
    ...lies.map(({ name }) => `lie:${name}`)];
  const on_link = ["cut", "cut-a-to-b", "cut-b-to-a", "delay", "lose", "duplicate", "tamper"];
  const end_ms = doc.duration_ms + (doc.settle_ms ?? 0);
  const faults = [0, 1234.567, end_ms].flatMap((at_ms) => [5000, null].flatMap((lasts_ms) => [
    ...on_node.flatMap((name) => made.faultsAt(doc, name, [node.id], at_ms, lasts_ms)),
    ...on_link.flatMap((name) => made.faultsAt(doc, name, [link.id], at_ms, lasts_ms)),
    ...made.partitionAt(doc, [node.id], at_ms, lasts_ms), ...made.chaosAt(doc, () => true, at_ms),
  ]));
  const headers = { "Content-Type": "application/json",
    "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content };
  const body = JSON.stringify({ document: { ...doc, variants: {}, expect: [], faults } });
  const answer = await fetch("/api/documents/validate", { method: "POST", headers, body });
  return { made: faults.length, status: answer.status, mistakes: (await answer.json()).mistakes };
}"""


def open_store(page: Page) -> str:
    """A draft of the replicated store over two zones, run and paused at 2 s; the digest of its run."""
    open_shared(page, "cap-partition")
    page.locator("form button", has_text="Remix").click()
    page.wait_for_url("**/sandbox/*-*/")
    finished(page)
    before = digest(page)
    pause(page)
    scrub_to(page, 0.1)
    return before


def scrub_to(page: Page, share: float) -> None:
    """Moves the playhead to this share of the run."""
    box = page.locator("#scrub").bounding_box()
    assert box
    page.mouse.click(box["x"] + 14 + share * (box["width"] - 28), box["y"] + box["height"] / 2)
    wait_shown(page, "Number(d.playheadMs) > 0")


def act(page: Page, name: str, before: str) -> str:
    """Presses a way to break; the digest of the run that follows."""
    page.locator(f'#world [data-act="{name}"]').click()
    after = other_digest(page, before)
    finished(page)
    return after


def faults(page: Page, n: int) -> None:
    expect(page.locator("#fault-count")).to_have_text(str(n))


def test_every_break_makes_a_valid_scenario(page: Page) -> None:
    open_sandbox(page)
    answer: dict[str, Any] = page.evaluate(ALL_VALID)
    assert answer["made"] > 100
    assert (answer["status"], answer["mistakes"]) == (200, [])


def test_a_node_pauses_at_the_playhead_and_undo_takes_it_back(page: Page) -> None:
    before = open_store(page)
    page.locator('[data-node="r2"]').click()
    page.locator('#world [data-act="lasts"]').select_option("1")
    act(page, "pause", before)
    faults(page, 2)
    expect(page.locator("#fault-lane .fl", has_text="R2 pauses")).to_be_visible()
    expect(page.locator('[data-node="r2"]')).to_have_class(re.compile(r"\bstill\b"))
    expect(page.locator("#world")).to_contain_text("paused")
    expect(page.locator('#world [data-act="pause"]')).to_be_focused()
    page.keyboard.press("Control+z")
    wait_until(page, "before => document.body.dataset.digest === before", before)
    faults(page, 1)
    expect(page.locator('[data-node="r2"]')).not_to_have_class(re.compile(r"\bstill\b"))
    page.keyboard.press("Control+y")
    other_digest(page, before)
    faults(page, 2)


def test_a_link_is_cut_one_way(page: Page) -> None:
    before = open_store(page)
    page.locator("#tab-outline").click()
    page.locator('#p-outline [data-id="alice-r1"]').click()
    page.locator("#world button", has_text="Cut Alice → R1").click()
    other_digest(page, before)
    expect(page.locator("#fault-lane .fl", has_text="Cut Alice → R1")).to_be_visible()
    expect(page.locator("#graph .pillt", has_text="Cut one way since")).to_be_visible()
    page.locator("#fault-lane .fl", has_text="Cut Alice → R1").click()
    expect(page.locator("#f-entry-direction")).to_have_value("a-to-b")


def test_lassoed_nodes_are_partitioned_and_all_is_healed(page: Page) -> None:
    before = open_store(page)
    boxes = [page.locator(f'[data-node="{id}"] .box').bounding_box() for id in ("r4", "r5")]
    assert boxes[0]
    assert boxes[1]
    page.locator('[data-tool="lasso"]').click()
    page.mouse.move(boxes[0]["x"] - 12, boxes[0]["y"] - 12)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + 60, boxes[1]["y"] + 20, steps=3)
    page.mouse.move(boxes[1]["x"] + boxes[1]["width"] + 8, boxes[1]["y"] + boxes[1]["height"] + 12, steps=3)
    page.mouse.up()
    expect(page.locator("#inspector-head")).to_contain_text("2 nodes")
    cut = act(page, "partition", before)
    expect(page.locator("#graph .pillt", has_text="Partition since")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#inspector-head")).to_contain_text("Nothing selected")
    scrub_to(page, 0.15)
    act(page, "heal", cut)
    faults(page, 2)
    expect(page.locator('#world [data-act="heal"]')).to_be_disabled()
    expect(page.locator("#graph .pillt", has_text="Partition since")).to_have_count(0)


def test_what_is_healed_where_it_began_is_gone(page: Page) -> None:
    before = open_store(page)
    page.locator('[data-node="r2"]').click()
    act(page, "crash", before)
    faults(page, 2)
    page.locator('#world [data-act="heal"]').click()
    wait_until(page, "before => document.body.dataset.digest === before", before)
    faults(page, 1)


def test_chaos_crashes_servers_for_ten_seconds(page: Page) -> None:
    before = open_store(page)
    act(page, "chaos", before)
    faults(page, 6)
    expect(page.locator("#fault-lane .fl", has_text="R1: chaos")).to_be_visible()
    page.locator("#undo").click()
    wait_until(page, "before => document.body.dataset.digest === before", before)


def test_a_lying_replica_breaks_linearizability(page: Page) -> None:
    before = open_store(page)
    page.locator('[data-node="r2"]').click()
    page.locator('#world [data-act="lasts"]').select_option("")
    page.locator('#world [data-act="more"]').click()
    act(page, "lie:wrong values", before)
    expect(page.locator("#second .vitem", has_text="inearizab").filter(has_text="Failed").first).to_be_visible()


def test_a_crash_within_another_runs_and_is_told(page: Page) -> None:
    before = open_store(page)
    page.locator('[data-node="r2"]').click()
    page.locator('#world [data-act="lasts"]').select_option("")
    act(page, "crash", before)
    scrub_to(page, 0.2)
    page.locator('#world [data-act="lasts"]').select_option("1")
    page.locator('#world [data-act="crash"]').click()
    expect(page.locator("#toasts")).to_contain_text("because “R2 crashes” does the same from")
    faults(page, 3)
    page.locator("#tab-problems").click()
    problem = page.locator("#p-problems .doubt")
    expect(problem).to_contain_text("Nothing is mended at")
    problem.click()
    expect(page.locator("#fault-lane .fl.sel")).to_have_count(1)


def test_the_menu_is_worked_by_keyboard_and_has_no_barriers(page: Page) -> None:
    open_store(page)
    page.locator('[data-node="r2"]').click()
    page.locator('#world [data-act="more"]').press("Enter")
    expect(page.locator("#break-more")).to_be_visible()
    assert violations(page) == []


def test_on_a_phone_several_are_chosen_and_split_by_tap(new_context: Any) -> None:
    phone = new_context(has_touch=True).new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    open_sandbox(phone)
    run(phone)
    before = digest(phone)
    phone.locator('[data-node="server"]').tap()
    phone.locator("#tab-details").tap()
    phone.locator('#world [data-act="several"]').tap()
    phone.locator('[data-node="alice"]').tap()
    expect(phone.locator("#inspector-head")).to_contain_text("2 nodes")
    phone.locator('#world [data-act="partition"]').tap()
    other_digest(phone, before)
