"""Branches: a break at the playhead forks the run; every line can be gone to, named, kept, deleted and shared."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.stage import digest, finished, other_digest, prepare, shown, violations, wait_shown, wait_until
from tests.browser.test_breaking import act, faults, open_store, scrub_to


def break_node(page: Page, node: str, how: str, before: str) -> str:
    page.locator(f'[data-node="{node}"]').click()
    return act(page, how, before)


def line(page: Page, name: str) -> str:
    """The selector of a branch in the bar."""
    return f'#tree [data-branch]:has(title:text-matches("^{name}"))'


def wait_digest(page: Page, wanted: str) -> None:
    wait_until(page, "wanted => document.body.dataset.digest === wanted", wanted)


def open_list(page: Page) -> None:
    page.locator("#branches-open").click()
    expect(page.locator("#branch-list")).to_be_visible()


def row(page: Page, name: str) -> str:
    return f'#branch-list li:has(b:text-matches("^{name}"))'


def test_a_break_forks_the_run_and_one_can_go_back_and_forth(page: Page) -> None:
    before = open_store(page)
    expect(page.locator("#branch-bar")).to_be_hidden()
    at_ms = shown(page, "playheadMs")
    crashed = break_node(page, "r2", "crash", before)
    expect(page.locator("#branch-bar")).to_be_visible()
    expect(page.locator(line(page, "R2 crashes at 2.300"))).to_have_attribute("aria-current", "true")
    expect(page.locator("#branch-now")).to_contain_text("R2 crashes at 2.3")
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    faults(page, 1)
    wait_shown(page, f"Math.abs(Number(d.playheadMs) - {at_ms}) < 0.01")
    page.locator(line(page, "R2 crashes")).press("Enter")
    wait_digest(page, crashed)
    faults(page, 2)
    expect(page.locator(line(page, "R2 crashes"))).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator(line(page, "Main"))).to_be_focused()
    page.locator(line(page, "Main")).evaluate("line => line.dataset.drawn = 'before'")
    page.set_viewport_size({"width": 1300, "height": 900})
    expect(page.locator('#tree [data-drawn="before"]')).to_have_count(0)  # the tree is drawn anew
    expect(page.locator(line(page, "Main"))).to_be_focused()
    assert violations(page) == []


def test_undo_walks_the_tree_to_the_first_change(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    scrub_to(page, 0.3)
    both = break_node(page, "r3", "pause", crashed)
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    for wanted, n in ((both, 3), (crashed, 2), (before, 1)):
        page.locator("#undo").click()
        wait_digest(page, wanted)
        faults(page, n)
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator("#branch-count")).to_have_text("3")
    for wanted in (crashed, both, before):
        page.locator("#redo").click()
        wait_digest(page, wanted)
    expect(page.locator("#redo")).to_be_disabled()


def test_the_shared_past_is_what_the_server_has(page: Page) -> None:
    before = open_store(page)
    scrub_to(page, 0.5)
    break_node(page, "r2", "crash", before)
    finished(page)
    figures = [shown(page, name) for name in ("total", "totalDrops")]
    expect(page.locator("#saved")).to_have_attribute("data-state", "i-check")
    page.reload()
    finished(page)
    wait_shown(page, f"Number(d.total) === {figures[0]:.0f} && Number(d.totalDrops) === {figures[1]:.0f}")


def test_a_past_that_is_not_the_same_is_asked_for_anew(page: Page) -> None:
    opened: list[WebSocketRoute] = []

    def alter_the_third(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        opened.append(socket)
        if len(opened) == 3:  # after those of the link and of the draft

            def altered(message: str | bytes) -> None:
                socket.send(message if isinstance(message, str) else message + b"!")

            server.on_message(altered)

    page.route_web_socket("**/ws/runs/**", alter_the_third)
    before = open_store(page)
    scrub_to(page, 0.5)
    break_node(page, "r2", "crash", before)
    finished(page)
    assert len(opened) == 4
    figures = [shown(page, name) for name in ("total", "totalDrops")]
    expect(page.locator("#saved")).to_have_attribute("data-state", "i-check")
    page.reload()
    finished(page)
    wait_shown(page, f"Number(d.total) === {figures[0]:.0f} && Number(d.totalDrops) === {figures[1]:.0f}")


def test_other_edits_stay_on_the_line_and_move_its_fork(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    page.locator("#run-options").click()
    page.locator("#seed").fill("7")
    page.locator("#seed").press("Tab")
    page.locator("#run-from-dialog").click()
    other_digest(page, crashed)
    finished(page)
    expect(page.locator("#branch-count")).to_have_text("2")
    open_list(page)
    expect(page.locator(row(page, "R2 crashes"))).to_contain_text("leaves “Main” at 0.000")


def test_the_same_break_again_and_its_mending_lead_to_known_branches(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    page.locator('#world [data-act="heal"]').click()
    wait_digest(page, before)
    expect(page.locator(line(page, "Main"))).to_have_attribute("aria-current", "true")
    page.locator('#world [data-act="crash"]').click()
    wait_digest(page, crashed)
    expect(page.locator("#branch-count")).to_have_text("2")


def test_a_branch_is_renamed_kept_and_deleted_with_a_way_back(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    open_list(page)
    page.locator(f'{row(page, "R2 crashes")} [data-act="rename"]').click()
    page.locator("#branch-list input").fill("What if R2 dies")
    page.keyboard.press("Enter")
    expect(page.locator(line(page, "What if R2 dies"))).to_be_visible()
    keep = page.locator(f'{row(page, "What if")} [data-act="keep"]')
    keep.click()
    expect(keep).to_have_attribute("aria-pressed", "true")
    assert violations(page) == []
    page.locator(f'{row(page, "What if")} [data-act="delete"]').click()
    wait_digest(page, before)
    expect(page.locator("#branch-bar")).to_be_hidden()
    expect(page.locator("#play")).to_be_focused()
    page.locator(".toast", has_text="Deleted “What if").locator("button").click()
    wait_digest(page, crashed)
    expect(page.locator(line(page, "What if R2 dies, current"))).to_be_visible()


def test_undo_brings_back_a_deleted_branch_where_it_leads_there(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    open_list(page)
    page.locator(f'{row(page, "R2 crashes")} [data-act="delete"]').click()
    expect(page.locator("#branch-bar")).to_be_hidden()
    page.locator("#undo").click()
    wait_digest(page, crashed)
    expect(page.locator("#branch-count")).to_have_text("2")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_reload_keeps_the_tree(page: Page, elsewhere: bool) -> None:
    """From this browser, and from the server where the browser has nothing."""
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    open_list(page)
    page.locator(f'{row(page, "R2 crashes")} [data-act="keep"]').click()
    page.keyboard.press("Escape")
    expect(page.locator("#saved")).to_have_attribute("data-state", "i-check")
    if elsewhere:
        page.evaluate("addEventListener('pagehide', () => localStorage.clear())")
    page.reload()
    finished(page)
    wait_digest(page, crashed)
    expect(page.locator(line(page, "R2 crashes.*current.*kept"))).to_be_visible()
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    faults(page, 1)


def share_link(page: Page) -> str:
    expect(page.locator("#link")).to_be_visible()
    return page.locator("#link").input_value()


def test_a_link_carries_the_kept_branches(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    open_list(page)
    page.locator(f'{row(page, "R2 crashes")} [data-act="keep"]').click()
    page.keyboard.press("Escape")
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    page.locator("#share").click()
    expect(page.locator("#share-body")).to_contain_text("Its branches go along: “Main”, “R2 crashes")
    page.goto(share_link(page))
    finished(page)
    wait_digest(page, before)
    page.locator(line(page, "R2 crashes")).click()
    wait_digest(page, crashed)
    faults(page, 2)
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    open_list(page)
    expect(page.locator('#branch-list [data-act="delete"]')).to_have_count(0)
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("form button", has_text="Remix").click()
    page.wait_for_url("**/sandbox/*-*/")
    page.locator(line(page, "R2 crashes")).click()
    wait_digest(page, crashed)


def test_one_branch_is_shared_alone(page: Page) -> None:
    before = open_store(page)
    crashed = break_node(page, "r2", "crash", before)
    page.locator(line(page, "Main")).click()
    wait_digest(page, before)
    open_list(page)
    page.locator(f'{row(page, "R2 crashes")} [data-act="share"]').click()
    expect(page.locator("#share-title")).to_contain_text("R2 crashes")
    page.goto(share_link(page))
    finished(page)
    wait_digest(page, crashed)
    expect(page.locator("#branch-bar")).to_be_hidden()


def test_on_a_phone_the_list_leads_to_every_branch(page: Page) -> None:
    before = open_store(page)
    break_node(page, "r2", "crash", before)
    expect(page.locator("#saved")).to_have_attribute("data-state", "i-check")
    page.set_viewport_size({"width": 390, "height": 844})
    prepare(page)
    expect(page.locator("#tree")).to_be_hidden()
    open_list(page)
    box = page.locator("#branch-list").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.locator(f'{row(page, "Main")} [data-act="go"]').click()
    wait_digest(page, before)
    expect(page.locator(row(page, "Main"))).to_have_attribute("aria-current", "true")


def test_another_tabs_branches_are_followed_and_that_can_be_undone(page: Page) -> None:
    open_store(page)
    other = page.context.new_page()
    prepare(other)
    other.goto(page.url)
    finished(other)
    scrub_to(other, 0.1)
    crashed = break_node(other, "r2", "crash", digest(other))
    expect(other.locator("#saved")).to_have_text(re.compile("Saved"))
    page.bring_to_front()
    expect(page.locator(line(page, "R2 crashes"))).to_have_attribute("aria-current", "true")
    wait_until(page, "crashed => document.body.dataset.digest === crashed", crashed)
    faults(page, 2)
    page.locator("#undo").click()
    faults(page, 1)
