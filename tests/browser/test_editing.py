"""The canvas as a drawing tool: clipboard, guides, arranging, grouping, linking, layout, view, keys, touch, undo."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.drawing import changed, chosen, drag, node, places, small
from tests.browser.stage import (
    connect,
    document,
    drag_part,
    empty,
    middle,
    open_sandbox,
    press_paste,
    violations,
    wait_until,
)


def paste(page: Page) -> None:
    """Waits until the system's clipboard, which belongs to another process, has what was copied."""
    page.context.grant_permissions(["clipboard-read"])
    wait_until(page, "async () => (await navigator.clipboard.readText()).includes('netsplit')")
    page.keyboard.press("Control+v")


def test_parts_are_copied_pasted_duplicated_and_cut_with_their_links(page: Page) -> None:
    open_sandbox(page)
    node(page, "alice").click()
    node(page, "server").click(modifiers=["Shift"])
    page.keyboard.press("Control+c")
    expect(page.locator("#said")).to_have_text("2 nodes copied")
    paste(page)
    expect(page.locator("#said")).to_have_text("2 nodes pasted")
    expect(page.locator("#graph .node")).to_have_count(6)
    expect(page.locator('[data-link="alice-1-server-1"]')).to_have_count(1)
    assert chosen(page) == ["alice-1", "server-1"]
    page.keyboard.press("Control+d")
    expect(page.locator("#said")).to_have_text("2 nodes duplicated")
    expect(page.locator("#graph .node")).to_have_count(8)
    was, now = (places(page)[id] for id in ("alice-1", "alice-2"))
    assert (now[0] - was[0], now[1] - was[1]) == (24, 24)
    page.keyboard.press("Control+x")
    expect(page.locator("#graph .node")).to_have_count(6)
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator("#graph .node")).to_have_count(4)
    expect(page.locator("#undo")).to_be_disabled()


def test_parts_go_from_one_tab_to_another(page: Page, context: Any) -> None:
    open_sandbox(page)
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    expect(page.locator("#said")).to_have_text("4 nodes copied")
    other = context.new_page()
    open_sandbox(other)
    empty(other)
    paste(other)
    expect(other.locator("#graph .node")).to_have_count(4)
    expect(other.locator("#graph .x6-edge")).to_have_count(3)
    assert document(other)["nodes"][0]["label"] == "Alice"


def test_what_cannot_be_pasted_is_said(page: Page) -> None:
    open_sandbox(page)
    before = document(page)
    crowd = {"format": "netsplit/1", "nodes": [{"id": "a", "type": "client", "count": 1999}]}
    for text, words in (
        ("a shopping list", "holds no Netsplit parts"),
        ('{"format": "netsplit/1", "nodes": []}', "has no nodes"),
        ("x" * 1_000_001, "more than 1\u2009MB"),
        (json.dumps(crowd), "a scenario has at most 2,000"),
    ):
        press_paste(page, text)
        expect(page.locator(".toast").last).to_contain_text(words)
    assert document(page) == before
    page.locator("#title").focus()
    press_paste(page, "a shopping list", "#title")
    assert document(page) == before, "a field's own paste is its own"


def test_a_dragged_card_finds_its_line_and_the_grid(page: Page) -> None:
    small(page)
    before = places(page)
    x, _ = middle(page, "client-1")
    there, _ = middle(page, "service-1")
    drag(page, "client-1", there - x + 3, 60)
    expect(page.locator("#graph .guides line").first).to_be_attached()
    page.mouse.up()
    expect(page.locator("#graph .guides line")).to_have_count(0)
    assert places(page)["client-1"][0] == before["service-1"][0]
    assert chosen(page) == ["client-1"]
    page.keyboard.press("Control+z")
    assert places(page) == before, "a drag is one step"
    drag(page, "client-1", 101, 3)
    page.mouse.up()
    assert all(value % 8 == 0 for value in places(page)["client-1"])
    page.keyboard.down("Alt")
    drag(page, "client-1", 13, 7)
    page.mouse.up()
    page.keyboard.up("Alt")
    assert any(value % 8 for value in places(page)["client-1"])
    moved = places(page)
    drag(page, "client-2", 90, 10)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert places(page) == moved, "Esc lets go"


def test_several_cards_are_moved_together_in_one_step(page: Page) -> None:
    small(page)
    before = places(page)
    node(page, "client-1").click()
    node(page, "client-3").click(modifiers=["Shift"])
    page.keyboard.down("Alt")
    drag(page, "client-3", 50, 20)
    page.mouse.up()
    page.keyboard.up("Alt")
    after = places(page)
    by = [(after[id][0] - before[id][0], after[id][1] - before[id][1]) for id in ("client-1", "client-3")]
    assert by[0] == by[1] != (0, 0)
    assert after["client-2"] == before["client-2"]
    page.keyboard.press("Control+z")
    assert places(page) == before
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert places(page)["client-3"] == (before["client-3"][0] + 8, before["client-3"][1] + 40)


def test_the_bar_over_a_selection_arranges_and_groups(page: Page) -> None:
    small(page)
    bar = page.locator(".selbar")
    expect(bar).to_be_hidden()
    page.keyboard.press("Control+a")
    expect(bar).to_be_visible()
    bar.locator('[data-arrange="left"]').click()
    assert len({x for x, _ in places(page).values()}) == 1
    bar.locator('[data-arrange="vertical"]').click()
    rows = sorted(y for _, y in places(page).values())
    gaps = [below - above for above, below in itertools.pairwise(rows)]
    assert max(gaps) - min(gaps) <= 1
    page.keyboard.press("Alt+s")
    assert len({y for _, y in places(page).values()}) == 1
    for _ in range(3):
        page.keyboard.press("Control+z")
    assert len({x for x, _ in places(page).values()}) > 1
    bar.locator('[data-arrange="cluster"]').press("Enter")
    expect(page.locator(".toast").last).to_contain_text("A cluster is of one type of node")
    bar.locator('[data-arrange="zone"]').click()
    expect(page.locator("#graph .zl")).to_have_text("Zone 1")
    assert {entry["zone"] for entry in document(page)["nodes"]} == {"zone-1"}
    assert violations(page) == []
    page.keyboard.press("Control+Shift+g")
    expect(page.locator("#graph .zl")).to_have_count(0)
    expect(page.locator("#graph .node")).to_have_count(4)
    bar.locator('[data-arrange="left"]').focus()
    page.keyboard.press("ArrowLeft")
    expect(bar.locator('[data-arrange="delete"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#graph .node")).to_have_count(0)


def test_replicas_become_a_cluster_and_a_zone_moves_by_its_name(page: Page) -> None:
    open_sandbox(page)
    empty(page)
    for y in (160, 230, 300):
        drag_part(page, "register", 500, y)
    page.keyboard.press("Control+a")
    page.keyboard.press("k")
    expect(page.locator("#graph .gl")).to_have_count(1)
    members = ["store-1", "store-2", "store-3"]
    assert document(page)["clusters"] == [{"id": "cluster-1", "protocol": "register", "members": members}]
    page.keyboard.press("Control+g")
    before = places(page)
    name = page.locator("#graph .zl").bounding_box()
    assert name
    page.mouse.move(name["x"] + 5, name["y"] + 5)
    page.mouse.down()
    page.mouse.move(name["x"] - 45, name["y"] + 25, steps=4)
    page.mouse.up()
    after = places(page)
    assert after["store-1"] != before["store-1"]
    assert after["store-1"][0] - before["store-1"][0] == after["store-3"][0] - before["store-3"][0]
    page.keyboard.press("Escape")
    drag(page, "store-2", -250, 0)
    page.mouse.up()
    expect(page.locator(".toast").last).to_contain_text("Now in no zone")
    assert [entry.get("zone") for entry in document(page)["nodes"]] == ["zone-1", None, "zone-1"]
    page.locator("#graph .zl").dblclick()
    page.locator(".rename").fill("Frankfurt")
    page.keyboard.press("Enter")
    expect(page.locator("#graph .zl")).to_have_text("Frankfurt")
    page.locator("#graph .tag").click()
    expect(page.locator("body")).to_have_attribute("data-inspector", "cluster-1")


def test_layout_puts_clients_left_and_can_be_undone(page: Page) -> None:
    small(page)
    for n in (1, 2, 3):
        connect(page, f"client-{n}", "service-1")
    expect(page.locator("#graph .x6-edge")).to_have_count(3)
    drag(page, "service-1", -480, 100)
    page.mouse.up()
    before = places(page)
    page.locator("[data-layout]").click()
    wait_until(page, "() => document.querySelector('.toast')?.textContent.includes('Laid out')")
    at = places(page)
    assert all(at[f"client-{n}"][0] < at["service-1"][0] for n in (1, 2, 3))
    page.keyboard.press("Control+z")
    assert places(page) == before


def test_every_change_is_undone_to_the_first_one_and_made_again(page: Page) -> None:
    open_sandbox(page)
    node(page, "alice").click()
    page.keyboard.press("ArrowRight")
    seen = [document(page)]

    def does(act: Callable[[], Any]) -> None:
        act()
        seen.append(changed(page, seen[-1]))

    def rename() -> None:
        node(page, "server").click()
        page.locator("#f-entry-label").fill("Box")
        page.keyboard.press("Tab")

    does(lambda: page.keyboard.press("Control+d"))
    page.keyboard.press("Control+a")
    for keys in ("Control+g", "Alt+a", "Alt+Shift+V", "Control+Shift+g"):
        does(partial(page.keyboard.press, keys))
    does(lambda: page.locator("[data-layout]").click())
    page.keyboard.press("Escape")
    node(page, "bob").click()
    does(lambda: page.keyboard.press("Delete"))
    does(rename)
    drag(page, "carol", 96, 48)
    does(page.mouse.up)
    connect(page, "alice-1", "server")
    seen.append(changed(page, seen[-1]))
    page.keyboard.press("Escape")
    does(lambda: page.locator('[data-act="clear"]').click())
    does(lambda: drag_part(page, "register", 400, 200))

    undo, redo = page.locator("#undo"), page.locator("#redo")
    for expected in reversed(seen[:-1]):
        undo.click()
        assert document(page) == expected
    undo.click()
    expect(undo).to_be_disabled()
    for expected in seen:
        redo.click()
        assert document(page) == expected
    expect(redo).to_be_disabled()
