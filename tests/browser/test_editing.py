"""The canvas as a drawing tool: clipboard, guides, arranging, grouping, linking, layout, view, keys, touch, undo."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import (
    WAIT_S_MAX,
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


def node(page: Page, id: str) -> Locator:
    return page.locator(f'#graph [data-node="{id}"]')


def chosen(page: Page) -> list[str]:
    found: list[str] = page.locator("#graph .node.sel").evaluate_all("all => all.map(e => e.dataset.node)")
    return sorted(found)


def places(page: Page) -> dict[str, tuple[float, float]]:
    return {entry["id"]: (entry["x"], entry["y"]) for entry in document(page)["nodes"]}


def drag(page: Page, id: str, dx: float, dy: float) -> None:
    x, y = middle(page, id)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2, steps=3)
    page.mouse.move(x + dx, y + dy, steps=3)


def small(page: Page) -> None:
    """Three clients beside a service that they are not linked to yet."""
    open_sandbox(page)
    empty(page)
    page.keyboard.press("Escape")
    for y in (80, 160, 280):
        drag_part(page, "client", 220, y)
    drag_part(page, "service", 560, 240)
    expect(page.locator("#graph .node")).to_have_count(4)
    page.keyboard.press("Escape")


def test_parts_are_copied_pasted_duplicated_and_cut_with_their_links(page: Page) -> None:
    open_sandbox(page)
    node(page, "alice").click()
    node(page, "server").click(modifiers=["Shift"])
    page.keyboard.press("Control+c")
    expect(page.locator("#said")).to_have_text("2 nodes copied")
    page.keyboard.press("Control+v")
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
    other.keyboard.press("Control+v")
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


def test_why_a_link_cannot_be_is_said_before_it_is_made(page: Page) -> None:
    open_sandbox(page)
    box = node(page, "alice").locator(".box").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 40, box["y"] + 80, steps=4)
    expect(node(page, "server")).to_have_class(re.compile(r"\bcannot\b"))
    page.mouse.move(*middle(page, "server"), steps=4)
    expect(page.locator(".linkhint.bad")).to_have_text("Alice and Server are linked already.")
    page.mouse.move(*middle(page, "bob"), steps=4)
    expect(page.locator(".linkhint.warn")).to_contain_text("Neither Alice nor Bob answers requests")
    page.mouse.move(*middle(page, "server"), steps=4)
    page.mouse.up()
    expect(page.locator(".toast").last).to_contain_text("linked already")
    expect(page.locator("#graph .x6-edge")).to_have_count(3)
    expect(page.locator("#graph .cannot")).to_have_count(0)


def test_two_nodes_are_linked_by_key_and_by_the_tool(page: Page) -> None:
    small(page)
    node(page, "client-1").click()
    node(page, "service-1").click(modifiers=["Shift"])
    page.keyboard.press("l")
    expect(page.locator('[data-link="client-1-service-1"]')).to_have_count(1)
    expect(page.locator("#said")).to_contain_text("client-1 → service-1")
    node(page, "client-2").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("l")
    expect(node(page, "client-2")).to_have_class(re.compile(r"\bfrom\b"))
    node(page, "service-1").focus()
    expect(page.locator(".linkhint.ok")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator('[data-link="client-2-service-1"]')).to_have_count(1)
    page.locator('[data-tool="connect"]').click()
    node(page, "client-1").click()
    node(page, "service-1").click()
    expect(page.locator(".toast").last).to_contain_text("linked already")
    page.keyboard.press("Escape")
    expect(page.locator('[data-tool="select"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#graph .x6-edge")).to_have_count(2)


def test_the_list_of_keys_opens_by_key_and_by_button_and_keys_can_be_switched_off(page: Page) -> None:
    open_sandbox(page)
    page.keyboard.press("?")
    dialog = page.locator("#keymap")
    expect(dialog).to_be_visible()
    for words in ("Undo", "Duplicate", "Align left", "Zoom to what is selected", "Play and pause"):
        expect(dialog.locator("dt", has_text=words).first).to_be_visible()
    assert violations(page) == []
    dialog.locator("#single-keys").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Control+a")
    assert len(chosen(page)) == 4
    page.locator(".top [data-keymap]").click()
    dialog.locator("#single-keys").check()
    dialog.locator("[data-close]").click()
    expect(page.locator(".top [data-keymap]")).to_be_focused()
    node(page, "alice").click()
    page.keyboard.press("t")
    assert chosen(page) == ["alice", "bob", "carol"]


def test_the_view_is_moved_and_zoomed_by_keys_and_pointer(page: Page) -> None:
    open_sandbox(page)
    level = page.locator("#zoom-level")
    page.keyboard.press("1")
    expect(level).to_have_text("100%")
    page.keyboard.press("+")
    expect(level).to_have_text("120%")
    page.keyboard.press("-")
    expect(level).to_have_text("100%")
    x, y = middle(page, "bob")
    page.keyboard.press("ArrowLeft")
    assert middle(page, "bob") == pytest.approx((x + 64, y), abs=1)
    page.keyboard.down(" ")
    drag(page, "bob", 30, 20)
    page.mouse.up()
    page.keyboard.up(" ")
    assert middle(page, "bob") == pytest.approx((x + 94, y + 20), abs=1)
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    page.mouse.move(x + 94, y + 20)
    page.mouse.down(button="middle")
    page.mouse.move(x, y, steps=3)
    page.mouse.up(button="middle")
    assert middle(page, "bob") == pytest.approx((x, y), abs=1)
    assert chosen(page) == []
    expect(page.locator("#undo")).to_be_disabled()
    page.keyboard.press("-")
    page.keyboard.press("-")
    node(page, "carol").click()
    page.keyboard.press("f")
    box = page.locator("#canvas").bounding_box()
    assert box
    assert middle(page, "carol") == pytest.approx((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), abs=40)


def changed(page: Page, before: Any, ask: Callable[[Page], Any] = document) -> Any:
    """What is there once it is no longer as before."""
    end = time.monotonic() + WAIT_S_MAX
    while (now := ask(page)) == before:
        assert time.monotonic() < end, "nothing changed"
        page.wait_for_timeout(50)
    return now


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
        does(lambda keys=keys: page.keyboard.press(keys))
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


def test_a_phone_has_the_tools_and_undo(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    open_sandbox(page)
    page.locator("[data-layout]").tap()
    undo = page.locator('.tools [data-history="undo"]')
    expect(undo).to_be_enabled()
    undo.tap()
    expect(undo).to_be_disabled()
    page.locator('[data-tool="connect"]').tap()
    node(page, "alice").tap()
    node(page, "bob").tap()
    expect(page.locator('[data-link="alice-bob"]')).to_have_count(1)
    expect(page.locator(".toast").last).to_contain_text("Neither Alice nor Bob answers requests")
    page.locator("#tab-parts").tap()
    page.locator('#palette [data-type="service"]').tap()
    expect(node(page, "service-1")).to_have_count(1)
    assert violations(page) == []


def test_a_tablet_places_moves_and_links_by_touch(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 820, "height": 1180})
    open_sandbox(page)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    for kind in ("client", "service"):
        page.locator('.top [data-sheet="left"]').tap()
        page.locator(f'#palette [data-type="{kind}"]').tap()
    expect(page.locator("#graph .node")).to_have_count(2)
    before = places(page)
    touch = page.context.new_cdp_session(page)
    x, y = middle(page, "client-1")

    def finger(kind: str, *points: tuple[float, float]) -> None:
        held = [{"x": px, "y": py, "id": n} for n, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": held})

    finger("touchStart", (x, y))
    for n in range(1, 6):
        finger("touchMove", (x - 24 * n, y + 20 * n))
    page.evaluate("new Promise(requestAnimationFrame)")
    finger("touchMove", (x - 120, y + 101))  # a finger that rests before it leaves; one that leaves in flight is a fling
    page.evaluate("new Promise(requestAnimationFrame)")
    finger("touchEnd")
    changed(page, before, places)
    assert places(page)["service-1"] == before["service-1"]
    page.locator('[data-tool="connect"]').tap()
    node(page, "client-1").tap()
    node(page, "service-1").tap()
    expect(page.locator('[data-link="client-1-service-1"]')).to_have_count(1)
    level = page.locator("#zoom-level").inner_text()
    box = page.locator("#canvas").bounding_box()
    assert box
    low = box["y"] + box["height"] - 120
    finger("touchStart", (box["x"] + 300, low))
    finger("touchStart", (box["x"] + 300, low), (box["x"] + 400, low))
    for n in range(1, 6):
        finger("touchMove", (box["x"] + 300 - 10 * n, low), (box["x"] + 400 + 10 * n, low))
    finger("touchEnd")
    expect(page.locator("#zoom-level")).not_to_have_text(level)
