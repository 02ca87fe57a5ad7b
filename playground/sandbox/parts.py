"""The parts' reference: what the catalogue says of every node type, link and fault, for people to read."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from playground.middleware import visited
from playground.text import to_html
from simulations.catalogue import describe


@require_GET
@visited
def parts(request: HttpRequest) -> HttpResponse:
    told = describe()
    categories: dict[str, list[dict[str, Any]]] = {}
    for info in told["types"]:
        entry = {**info, "prose": to_html(info["doc"]), "params": [row(param) for param in info["params"]]}
        categories.setdefault(info["category"], []).append(entry)
    link = [row(param) for param in told["link"]["params"]]
    faults = [{**fault, "params": [row(param) for param in fault["params"]]} for fault in told["faults"]]
    return render(request, "parts.html", {"categories": categories, "link": link, "faults": faults})


def row(param: dict[str, Any]) -> dict[str, Any]:
    """A parameter's line: its default, and what is allowed, in words."""
    return {**param, "told": default_words(param), "allowed": allowed_words(param)}


def default_words(param: dict[str, Any]) -> str:
    value = param["default"]
    if param["kind"] == "boolean":
        return _("on") if value else _("off")
    if param["kind"] == "choice":
        return next(choice["title"] for choice in param["choices"] if choice["value"] == value)
    if param["kind"] == "distribution":
        figures = ", ".join(f"{key.removesuffix('_ms')} {number:,}" for key, number in value.items() if key != "kind")
        return f"{value['kind']}: {figures} ms".replace("constant: value ", "")
    if value in ("", [], None):
        return pgettext("default value", "none")
    return f"{value:,}\u2009{param['unit']}".strip() if isinstance(value, int | float) else str(value)


def allowed_words(param: dict[str, Any]) -> str:
    if param["kind"] == "choice":
        return " · ".join(choice["title"] for choice in param["choices"])
    low, high = param["min"], param["max"]
    if low is not None and high is not None:
        return f"{low:,} … {high:,}"
    return ""
