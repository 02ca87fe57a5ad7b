"""The inspector shows what applies."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import open_sandbox


def choose(select: Locator, value: str) -> None:
    """As a person does: with the focus on it, and waiting for the check of what was chosen."""
    select.focus()
    with select.page.expect_response("**/sandbox/inspector/check/"):
        select.select_option(value)


def test_fields_that_do_not_apply_are_out_of_the_way_and_keep_their_values(page: Page) -> None:
    open_sandbox(page)
    page.locator('[data-node="alice"]').click()
    arrivals, rate, users = (page.locator(f"#f-params-{name}") for name in ("arrivals", "rate_per_s", "users"))
    expect(rate).to_be_visible()
    expect(users).to_be_hidden()
    expect(page.locator("#f-params-spike_factor")).to_be_hidden()
    was = rate.input_value()
    choose(page.locator("#f-params-pattern"), "spike")
    expect(page.locator("#f-params-spike_factor")).to_be_visible()
    choose(arrivals, "closed")
    expect(users).to_be_visible()
    expect(rate).to_be_hidden()
    expect(page.locator("#f-params-spike_factor")).to_be_hidden()
    choose(arrivals, "open")
    expect(rate).to_be_visible()
    assert rate.input_value() == was


def test_what_a_node_does_besides_its_work_is_folded_until_it_does_it(page: Page) -> None:
    open_sandbox(page)
    page.locator('[data-node="server"]').click()
    retry, pause = page.locator("#f-params-retry"), page.locator("#f-params-backoff_ms")
    expect(page.locator("#f-params-concurrency")).to_be_visible()
    expect(retry).to_be_hidden()
    page.locator("#inspector summary", has_text="Retries").click()
    choose(retry, "fixed")
    expect(pause).to_be_visible()
    page.locator('[data-node="alice"]').click()
    expect(page.locator("#f-params-rate_per_s")).to_be_visible()
    page.locator('[data-node="server"]').click()
    expect(pause).to_be_visible()  # it is set, so it is shown
    choose(retry, "none")
    expect(retry).to_be_visible()
    expect(pause).to_be_hidden()


def test_a_problem_unfolds_its_field(page: Page) -> None:
    open_sandbox(page)
    page.locator('[data-node="server"]').click()
    page.locator("#inspector summary", has_text="Bulkhead").click()
    queue = page.locator("#f-params-bulkhead_queue")
    with page.expect_response("**/sandbox/inspector/check/"):
        queue.fill("5")
        queue.press("Tab")
    page.locator("#tab-problems").click()
    expect(page.locator("#p-problems")).to_contain_text("Nobody waits")
    page.locator("#p-problems a, #p-problems button", has_text="Nobody waits").first.click()
    expect(queue).to_be_focused()
