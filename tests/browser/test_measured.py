"""Tables of measured figures: the pages as the views make them, without their runs, which would take minutes."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from playwright.sync_api import Page, Route, expect

from playground.sharing import comparison, motivations, views
from playground.sharing.measuring import Measured, Question
from playground.sharing.models import Scenario
from simulations.document import Document, parse
from simulations.gallery import FOLDER
from simulations.models import SavedDocument
from tests.browser.stage import prepare, violations


def document(slug: str) -> Document:
    return parse((FOLDER / f"{slug}.json").read_bytes())


def scenario(slug: str) -> Scenario:
    return Scenario(slug=slug, document=SavedDocument(data=document(slug).data()))


def measured(*, whole: bool) -> Any:
    """In place of asking for runs: every figure is there, or none."""

    def found(question: Question) -> Measured:
        figures: list[float | None] = [0.734 if whole else None] * len(question.claims)
        return Measured(figures, 2 if whole else 0, 2, failed=False, judged=whole)

    return found


def why() -> HttpResponse:
    rows = [motivations.row(one, scenario(one.slug)) for one in motivations.MOTIVATIONS]
    return views.measured(RequestFactory().get("/why/"), "why.html", {"rows": rows}, [row.measured for row in rows])


def models() -> HttpResponse:
    found = document(comparison.SLUG)
    table = comparison.table(found)
    context = {"table": table, "title": found.title, "scenario": f"/s/{comparison.SLUG}/"}
    return views.measured(RequestFactory().get("/models/"), "models.html", context, [table.measured])


def show(page: Page, made: HttpResponse) -> None:
    """The page at an address of its own, with the styles and scripts of the real one."""

    def answer(route: Route) -> None:
        route.fulfill(status=made.status_code, headers=dict(made.items()), body=made.content)

    page.route("**/measured/", answer)
    page.goto("/measured/")
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
def test_tables_have_no_axe_violations(
    new_context: Any, monkeypatch: pytest.MonkeyPatch, scheme: str, rules: tuple[str, ...]
) -> None:
    monkeypatch.setattr(Question, "measured", measured(whole=True))
    page = new_context(color_scheme=scheme).new_page()
    prepare(page)
    for made, figure in ((why(), "73"), (models(), "0.7")):
        assert "Refresh" not in made.headers
        show(page, made)
        expect(page.locator("td").filter(has_text=figure).first).to_be_visible()
        assert violations(page, *rules) == []


def test_on_a_phone_they_say_what_is_being_computed(new_context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Question, "measured", measured(whole=False))
    page = new_context(has_touch=True).new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    for made in (why(), models()):
        assert made.headers["Refresh"] == "2"
        del made.headers["Refresh"]  # axe looks at what stays as it is
        show(page, made)
        expect(page.get_by_role("status")).to_contain_text("0 of")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(page) == []
