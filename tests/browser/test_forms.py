"""Forms: several parts changed together, faults in full."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import expect_document, open_sandbox, violations, wait_until


def select(page: Page, *ids: str) -> None:
    page.locator(f'[data-node="{ids[0]}"]').click()
    for other in ids[1:]:
        page.locator(f'[data-node="{other}"]').click(modifiers=["Shift"])
    wanted = f"several:{' '.join(ids)}" if len(ids) > 1 else ids[0]
    expect(page.locator("body")).to_have_attribute("data-inspector", wanted)


def fill(field: Locator, value: str) -> None:
    """As a person does, waiting for the check of what was typed."""
    with field.page.expect_response("**/sandbox/inspector/check/"):
        field.fill(value)
        field.press("Tab")


def choose(field: Locator, value: str) -> None:
    field.focus()
    with field.page.expect_response("**/sandbox/inspector/check/"):
        field.select_option(value)


def test_nodes_of_one_type_are_changed_together_and_undone_at_once(page: Page) -> None:
    open_sandbox(page)
    select(page, "alice")
    rate = page.locator("#f-params-rate_per_s")
    fill(rate, "33")
    select(page, "alice", "bob")
    expect(page.locator("#inspector-head h2")).to_have_text("2 nodes")
    expect(rate).to_have_value("")
    expect(rate).to_have_attribute("placeholder", "mixed")
    fill(rate, "44")
    expect_document(page, lambda d: [node["params"]["rate_per_s"] for node in d["nodes"][:2]], [44, 44])
    page.locator("#undo").click()
    wait_until(page, "() => document.querySelector('#f-params-rate_per_s')?.placeholder === 'mixed'")
    expect_document(page, lambda d: d["nodes"][0]["params"]["rate_per_s"], 33)
    expect_document(page, lambda d: d["nodes"][1]["params"]["rate_per_s"] == 44, False)
    assert violations(page) == []


def test_nodes_of_different_types_share_only_what_all_have(page: Page) -> None:
    open_sandbox(page)
    select(page, "alice", "server")
    expect(page.locator("#inspector")).to_contain_text("Only what all of them have is shown")
    expect(page.locator('#inspector [data-group="params"]')).to_have_count(0)
    fill(page.locator("#f-entry-host"), "box")
    expect_document(
        page, lambda d: [node["id"] for node in d["nodes"] if node.get("host") == "box"], ["alice", "server"]
    )


def test_links_are_changed_together(page: Page) -> None:
    open_sandbox(page)
    page.locator("#tab-outline").click()
    links = page.locator("#p-outline .it", has_text="→")
    links.nth(0).click()
    links.nth(1).click(modifiers=["Shift"])
    expect(page.locator("#inspector-head h2")).to_have_text("2 links")
    fill(page.locator("#f-params-loss"), "0.25")
    expect_document(page, lambda d: [link.get("params", {}).get("loss", 0) for link in d["links"]], [0.25, 0.25, 0])


def test_a_fault_is_made_to_wait_for_an_event(page: Page) -> None:
    open_sandbox(page)
    page.locator("#tab-outline").click()
    page.locator('[data-id="fault:0"]').click()
    choose(page.locator("#f-entry-start"), "when")
    event = page.locator("#f-entry-when_event")
    expect(event).to_have_value("boot")
    choose(page.locator("#f-entry-when_node"), "alice")
    fill(event, "sometimes")
    expect(page.locator("#f-entry-when_event-h")).to_contain_text("Must be a field of the state")
    fill(event, "operation ok")
    fill(page.locator("#f-entry-when_nth"), "3")
    fill(page.locator("#f-entry-lasts_ms"), "750")
    when = {"node": "alice", "event": "operation ok", "after_ms": 15000, "nth": 3}  # not before the moment it stood at
    expect_document(page, lambda d: d["faults"][0]["when"], when)
    expect_document(page, lambda d: d["faults"][0]["lasts_ms"], 750)
    choose(page.locator("#f-entry-target"), "alice")
    expect_document(page, lambda d: d["faults"][0]["target"], "alice")
    choose(page.locator("#f-entry-start"), "at")
    expect(page.locator("#f-entry-at_ms")).to_be_visible()
    expect_document(page, lambda d: d["faults"][0].get("until_ms", 0) - d["faults"][0]["at_ms"], 750)
