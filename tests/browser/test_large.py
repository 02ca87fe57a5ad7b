"""A topology too large for cards of its own kind: the simplified view, and what stays possible in it."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from playwright.sync_api import Page, expect

from bench_documents import pairs
from tests.browser.stage import open_sandbox, prepare, run, violations, wait_shown, wait_until

PLACE = """() => {
  const matrix = document.querySelector('#graph .x6-graph-svg-viewport').getAttribute('transform');
  const [a, , , d, e, f] = matrix.match(/[-\\d.]+/g).map(Number);
  return { a, d, e, f };
}"""


def open_large(page: Page, count: int = 250, **changes: Any) -> dict[str, Any]:
    """A draft with so many clients and as many services."""
    prepare(page)
    document = {**pairs(count, 2, 20, 1000, "Large"), **changes}
    page.context.request.get("/sandbox/")
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    answer = page.context.request.post("/api/drafts", data={"document": document}, headers={"X-CSRFToken": token})
    assert answer.status == 201
    page.goto(f"/sandbox/{answer.json()['id']}/")
    expect(page.locator(".large-view")).to_be_visible()
    return document


def go_to(page: Page, node: str) -> None:
    page.get_by_role("combobox", name="Go to a node").select_option(node)
    expect(page.locator("#inspector-head")).to_contain_text(node)


def place_of(page: Page, document: dict[str, Any], node: str) -> tuple[float, float]:
    """Where a node's card is in the window."""
    view = page.evaluate(PLACE)
    entry = next(entry for entry in document["nodes"] if entry["id"] == node)
    canvas = page.locator("#canvas").bounding_box()
    assert canvas
    return canvas["x"] + entry["x"] * view["a"] + view["e"], canvas["y"] + entry["y"] * view["d"] + view["f"]


def test_many_nodes_are_drawn_on_a_canvas_that_says_so(page: Page) -> None:
    open_large(page)
    expect(page.locator("#graph .node")).to_have_count(0)
    expect(page.locator(".large-note")).to_contain_text("Simplified view of 500 nodes")
    expect(page.get_by_role("img", name="Topology, simplified: 500 nodes and 250 links")).to_be_visible()
    wait_until(page, "() => document.querySelector('.large-view').dataset.cards === '500'")
    assert violations(page) == []


def test_a_node_is_gone_to_and_seen_closer(page: Page) -> None:
    open_large(page)
    wait_until(page, "() => +document.querySelector('.large-view').dataset.cards === 500")
    go_to(page, "s120")
    wait_until(page, "() => +document.querySelector('.large-view').dataset.cards < 200")
    expect(page.locator("#zoom-level")).to_have_text("50%")
    page.get_by_role("tab", name="Outline").click()
    expect(page.locator('#p-outline [data-id="s120"]')).to_have_attribute("aria-pressed", "true")


def test_nodes_and_links_are_chosen_by_a_press(page: Page) -> None:
    document = open_large(page)
    go_to(page, "s120")
    x, y = place_of(page, document, "c120")
    page.mouse.click(x, y)
    expect(page.locator("#inspector-head")).to_contain_text("c120")
    to_x, to_y = place_of(page, document, "s120")
    page.mouse.click((x + to_x) / 2, (y + to_y) / 2)
    expect(page.locator("#inspector-head")).to_contain_text("c120 → s120")
    page.mouse.click(x, y - 20)
    expect(page.locator("#inspector-head")).to_contain_text("Nothing selected")


def test_a_node_is_dragged_and_put_back(page: Page) -> None:
    document = open_large(page)
    go_to(page, "s120")
    x, y = place_of(page, document, "s120")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 12, steps=4)
    page.mouse.up()
    page.locator("#undo").click()
    page.locator("#redo").click()
    page.mouse.click(x + 40, y + 12)
    expect(page.locator("#inspector-head")).to_contain_text("s120")


def test_its_run_is_watched(page: Page) -> None:
    open_large(page)
    run(page)
    wait_shown(page, "+d.total > 500")
    wait_shown(page, "+d.messages > 0 || +d.playheadMs > 900")


def test_two_runs_are_compared_whole(page: Page) -> None:
    """Both panes show all of it, and nothing stands over their names."""
    document = open_large(page, 450)
    run(page)
    page.locator("[data-compare]:visible").click()
    expect(page.locator("#other")).to_have_attribute("data-run", "finished")
    notes = page.locator(".large-note:visible")
    expect(notes).to_have_count(1)
    note, name, canvas = (part.bounding_box() for part in (notes, page.locator("#name-a"), page.locator("#canvas")))
    assert note
    assert name
    assert canvas
    assert note["y"] >= name["y"] + name["height"]
    outermost = [most(document["nodes"], key=itemgetter(axis))["id"] for most in (min, max) for axis in "xy"]
    for x, y in (place_of(page, document, node) for node in outermost):
        assert canvas["x"] <= x <= canvas["x"] + canvas["width"]
        assert canvas["y"] <= y <= canvas["y"] + canvas["height"]


def test_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    document = open_large(page)
    page.get_by_role("combobox", name="Go to a node").select_option("s120")
    wait_until(page, "() => +document.querySelector('.large-view').dataset.cards < 200")
    x, y = place_of(page, document, "s120")
    page.mouse.click(x, y)
    assert violations(page) == []


def test_a_small_topology_keeps_its_cards(page: Page) -> None:
    open_sandbox(page)
    expect(page.locator(".large-view")).to_be_hidden()
    expect(page.locator(".large-note")).to_be_hidden()
