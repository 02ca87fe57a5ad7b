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
