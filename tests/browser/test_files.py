"""Import, export and the whole scenario as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.stage import drag_part, open_sandbox, pause, prepare, run, violations, wait_shown

GALLERY = Path(__file__).resolve().parents[2] / "simulations" / "scenarios"


def export(page: Page, kind: str, folder: Path) -> Path:
    page.locator("#file").click()
    with page.expect_download() as waited:
        page.locator(f'[data-file="{kind}"]').click()
    found = folder / waited.value.suggested_filename
    waited.value.save_as(found)
    return found


def ask_import(page: Page) -> None:
    page.locator("#file").click()
    page.locator('[data-file="import"]').click()
    expect(page.locator("#import-dialog")).to_be_visible()


def drop(page: Page, name: str, text: str) -> None:
    """Drops a file on the canvas."""
    carried = page.evaluate_handle(
        "([name, text]) => { const d = new DataTransfer(); d.items.add(new File([text], name)); return d; }",
        [name, text],
    )
    page.dispatch_event("#canvas", "drop", {"dataTransfer": carried})


def test_the_file_menu_is_used_by_keyboard(page: Page) -> None:
    open_sandbox(page)
    button = page.locator("#file")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="New")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="My scenarios")).to_be_focused()
    page.keyboard.press("i")
    expect(page.get_by_role("menuitem", name="Import")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#file-menu")).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/mine/"))


def test_what_is_exported_is_imported_again(page: Page, tmp_path: Path) -> None:
    open_sandbox(page)
    page.locator("#title").fill("A / B: test")
    page.locator("#title").press("Enter")
    found = export(page, "json", tmp_path)
    assert found.name == "A B test.netsplit.json"
    assert len(json.loads(found.read_text())["nodes"]) == 4
    ask_import(page)
    page.locator("#import-file").set_input_files(GALLERY / "cap-partition.json")
    expect(page.locator("#graph .node")).to_have_count(8)
    expect(page.locator("#import-dialog")).to_be_hidden()
    page.locator("#undo").click()
    expect(page.locator("#title")).to_have_value("A / B: test")
    drop(page, "x.json", found.read_text().replace('"Alice"', '"Eve"'))
    expect(page.locator('[data-node="alice"] .nt')).to_have_text("Eve")


def test_a_broken_import_says_where_and_changes_nothing(page: Page) -> None:
    open_sandbox(page)
    ask_import(page)
    text, told = page.locator("#import-text"), page.locator("#import-told")
    text.fill('{\n  "format": "netsplit/1"\n  "nodes": []\n}')
    page.locator("#import-go").click()
    expect(told).to_contain_text("Line 3, column 3")
    document = json.loads((GALLERY / "client-server.json").read_text())
    document["nodes"][3]["type"] = "servce"
    text.fill(json.dumps(document, indent=1))
    page.locator("#import-go").click()
    expect(told).to_contain_text('Did you mean "service"?')
    expect(told).to_contain_text("nodes[3].type · line")
    assert violations(page) == []
    page.locator("#import-dialog [data-close]").click()
    expect(page.locator("#undo")).to_be_disabled()
    drop(page, "huge.json", "[" * 1_100_000)
    expect(told).to_contain_text("This has 1.1 MB; a scenario may have 1 MB. Nothing was read.")
    expect(page.locator("#graph .node")).to_have_count(4)


def test_a_link_may_have_the_id_of_a_node(page: Page) -> None:
    open_sandbox(page)
    nodes = [{"id": "west", "type": "client"}, {"id": "east", "type": "service"}]
    link = {"id": "west", "a": "west", "b": "east"}
    drop(page, "twins.json", json.dumps({"format": "netsplit/1", "title": "Twins", "nodes": nodes, "links": [link]}))
    expect(page.locator("#graph [data-node]")).to_have_count(2)
    expect(page.locator("#graph [data-link]")).to_have_count(1)
    expect(page.locator("#inspector-head")).to_contain_text("2 nodes, 1 link, 0 faults")
    page.locator('#graph [data-link="west"]').click(force=True)
    expect(page.locator('[data-link="west"].sel')).to_have_count(1)


def test_the_canvas_is_taken_along_as_a_picture(page: Page, new_context: Any, tmp_path: Path) -> None:
    open_sandbox(page)
    run(page)
    pause(page)
    page.locator("#step-on").click()
    wait_shown(page, "Number(d.messages) > 0")
    svg = export(page, "svg", tmp_path).read_text()
    assert "var(" not in svg
    assert " style=" not in svg
    assert svg.count("<symbol") == 2
    assert "Alice, Client" in svg
    assert 'stroke-width="2.' in svg.split('transform="scale(')[1], "messages are drawn on it"
    png = export(page, "png", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    assert width == 2 * int(re.search(r'<svg[^>]* width="(\d+)"', svg).group(1))  # type: ignore[union-attr]
    alone = new_context().new_page()
    alone.set_content(svg)
    expect(alone.locator("svg text", has_text="Alice").first).to_be_visible()


def test_the_scenario_is_edited_as_json(page: Page) -> None:
    open_sandbox(page)
    page.locator('[data-node="bob"]').click()
    page.locator("#tab-json").click()
    area, state = page.locator("#p-json textarea"), page.locator("#json-state")
    assert area.evaluate("a => a.value.slice(a.selectionStart).split('\\n')[1].trim()") == '"id": "bob",'
    before = area.input_value()
    area.fill(before.replace('"label": "Bob"', '"label": "Bob" "x"'))
    expect(state).to_have_text("1 mistake")
    expect(page.locator("#p-json .told")).to_contain_text("A comma or } belongs here.")
    expect(page.locator("#p-json [data-act=apply]")).to_be_disabled()
    area.fill(before.replace('"label": "Bob"', '"lable": "Bob"'))
    expect(page.locator("#p-json .told")).to_contain_text('Did you mean "label"?')
    page.locator("#p-json .told button").click()
    assert "lable" in area.evaluate("a => a.value.slice(a.selectionStart, a.selectionEnd)")
    expect(page.locator('[data-node="bob"] .nt')).to_have_text("Bob")
    assert violations(page) == []
    area.fill(before.replace('"label": "Bob"', '"label": "Robert"'))
    expect(state).to_have_text("Right; not applied yet")
    area.press("Control+Enter")
    expect(page.locator('[data-node="bob"] .nt')).to_have_text("Robert")
    expect(page.locator('[data-node="bob"]')).to_have_attribute("aria-pressed", "true")
    page.locator("#undo").click()
    expect(page.locator('[data-node="bob"] .nt')).to_have_text("Bob")
    expect(area).to_have_value(before)


def test_json_that_is_too_large_is_not_even_read(page: Page) -> None:
    open_sandbox(page)
    page.locator("#tab-json").click()
    area = page.locator("#p-json textarea")
    area.evaluate("a => { a.value = '['.repeat(1200000); a.dispatchEvent(new Event('input', { bubbles: true })); }")
    expect(page.locator("#json-state")).to_contain_text("This has 1.2 MB")
    expect(page.locator("#p-json [data-act=apply]")).to_be_disabled()
    page.locator("#p-json [data-act=discard]").click()
    expect(page.locator("#json-state")).to_have_text("As it is in the scenario")


def test_json_is_checked_when_the_server_is_back(page: Page, console: Any) -> None:
    console.allow("Failed to load resource|ERR_INTERNET_DISCONNECTED")
    open_sandbox(page)
    page.locator("#tab-json").click()
    area, state = page.locator("#p-json textarea"), page.locator("#json-state")
    page.context.set_offline(True)
    area.fill(area.input_value().replace('"seed": 1', '"seed": 2'))
    expect(state).to_have_text("Not checked")
    page.context.set_offline(False)
    expect(state).to_have_text("Right; not applied yet")


def test_on_a_phone_files_and_json_are_at_hand(new_context: Any) -> None:
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    prepare(page)
    page.goto("/sandbox/")
    page.locator("#file").tap()
    page.locator('[data-file="import"]').tap()
    expect(page.locator("#import-text")).to_be_visible()
    assert violations(page) == []
    page.locator("#import-dialog [data-close]").tap()
    page.locator("#tab-details").tap()
    page.locator("#tab-json").tap()
    expect(page.locator("#p-json textarea")).to_be_visible()
    assert violations(page) == []


def test_an_empty_canvas_offers_three_beginnings(page: Page, console: Any) -> None:
    console.allow("Failed to load resource|ERR_INTERNET_DISCONNECTED")
    open_sandbox(page)
    expect(page.locator("#starts")).to_be_hidden()
    page.goto("/sandbox/?new")
    starts = page.locator("#starts button")
    expect(starts).to_have_count(3)
    expect(page.locator("#starts svg rect").first).to_be_attached()
    assert violations(page) == []
    starts.nth(2).click()
    expect(page.locator("#graph .node")).to_have_count(8)
    expect(page.locator("#starts")).to_be_hidden()
    page.locator("#undo").click()
    expect(page.locator("#graph .node")).to_have_count(0)
    expect(page.locator("#undo")).to_be_disabled()
    expect(starts.first).to_be_visible()
    drag_part(page, "client", 420, 300)
    expect(page.locator("#starts")).to_be_hidden()
    page.reload()
    page.context.set_offline(True)
    page.locator("#undo").or_(page.locator('[data-act="clear"]')).last.click()
    starts.first.click()
    expect(page.locator("#toasts")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    starts.first.click()
    expect(page.locator("#graph .node")).to_have_count(4)
