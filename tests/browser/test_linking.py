"""Links and why they cannot be, the list of keys, and the view of the canvas."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.drawing import chosen, drag, node, small
from tests.browser.stage import middle, open_sandbox, violations


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
