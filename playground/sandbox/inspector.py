"""The inspector: a form for one entry of the document, made from the parameters that its type declares.

Nothing is stored here. `inspect` renders the form of an entry; `check` judges one changed field and answers with the
line under it, and with an event that carries the value in its proper type, or says that it was refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from pydantic import TypeAdapter, ValidationError

from playground.sandbox.durations import distribution_kinds, distribution_of, number_of
from playground.sandbox.entry_fields import MACHINE, entry_params, params_of
from simulations.catalogue import describe, params_model
from simulations.document_base import Entry, Identifier
from simulations.document_links import LINK_MODEL
from simulations.document_lists import LISTS, list_text, list_value
from simulations.document_params import mistakes_of, param_model
from simulations.engine.declare import Param

ITEM_BYTES_MAX: Final = 200_000


@dataclass
class Field:
    """One row of the form."""

    group: str  # "params" or "entry"
    info: dict[str, Any]
    value: Any
    own: bool  # set in the document, not taken from a default
    subject: str
    error: str = ""
    kinds: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.info["name"])

    @property
    def uid(self) -> str:
        return f"f-{self.group}-{self.name}"

    @property
    def text(self) -> str:
        """The value as it stands in an input."""
        listed = self.info["kind"] in LISTS
        return list_text(self.info["kind"], self.value) if listed else "" if self.value is None else str(self.value)

    @property
    def when(self) -> str:
        """When the parameter applies, as JSON; empty: always."""
        return json.dumps(self.info["when"]) if self.info.get("when") else ""

    @property
    def help(self) -> str:
        """What the value means and which values are right."""
        parts = [self.info["help"]] if self.info["help"] else []
        if self.info["kind"] in ("integer", "number"):
            parts.append(bounds(self.info))
        return " ".join(part for part in parts if part)

    @property
    def default_words(self) -> str:
        """The default, as it is said after an error."""
        default = self.info["default"]
        if default in (None, "") or isinstance(default, dict):
            return ""
        words = f"{default:,}" if isinstance(default, (int, float)) and not isinstance(default, bool) else str(default)
        return _("Default %(value)s.") % {"value": words}


def bounds(info: dict[str, Any]) -> str:
    """The allowed range, in words."""
    low, high = info["min"], info["max"]
    if low is None and high is None:
        return ""
    if high is None:
        return _("%(low)s or more.") % {"low": f"{low:,}"}
    if low is None:
        return _("%(high)s or less.") % {"high": f"{high:,}"}
    return _("%(low)s to %(high)s.") % {"low": f"{low:,}", "high": f"{high:,}"}


@require_POST
def inspect(request: HttpRequest) -> HttpResponse:
    """The form of one entry: `kind` node, link, cluster or fault, `item` its JSON, `shared` a cluster's parameters."""
    kind = request.POST.get("kind", "")
    item = parsed(request.POST.get("item", ""))
    shared = parsed(request.POST.get("shared", "{}"))
    if item is None or shared is None or kind not in ("node", "link", "cluster", "fault"):
        return HttpResponseBadRequest(_("This is no entry of a scenario."))
    about = type_of(kind, item)
    sections = list(in_sections(fields_of(kind, item, shared, about)))
    title = str(item.get("label") or item.get("id") or "")
    context = {"kind": kind, "item": item, "about": about, "sections": sections, "title": title}
    return render(request, "_inspector.html", context)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """One changed field, checked: its help or its error, and the event `fieldchecked`."""
    group, subject, name = (request.POST.get(key, "") for key in ("group", "subject", "name"))
    info = next((info for info in params_of(group, subject) if info["name"] == name), None)
    if info is None:
        return HttpResponseBadRequest(_("There is no such parameter."))
    value, error = value_of(info, request.POST)
    if not error:
        error = verdict(group, subject, info, value)
    row = Field(group, info, value, True, subject, error)
    response = render(request, "_field_help.html", {"field": row})
    told = {"group": group, "name": name, "item": request.POST.get("item", ""), "ok": not error, "value": value}
    told["clear"] = not error and value in (None, "")
    response["HX-Trigger"] = json.dumps({"fieldchecked": told})
    return response


def parsed(text: str) -> dict[str, Any] | None:
    """A JSON object of a bearable size, or None."""
    if len(text) > ITEM_BYTES_MAX:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def type_of(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """What the catalogue says of the entry's type; an empty dictionary for links, faults and unknown types."""
    wanted = item.get("protocol" if kind == "cluster" else "type")
    if kind not in ("node", "cluster"):
        return {}
    return next((info for info in describe()["types"] if info["type"] == wanted), {})


def fields_of(kind: str, item: dict[str, Any], shared: dict[str, Any], about: dict[str, Any]) -> list[Field]:
    """All rows, those of the entry itself first."""
    own = item.get("params") if isinstance(item.get("params"), dict) else {}
    assert isinstance(own, dict)
    entry_subject = f"{kind}:{item.get('kind', '')}" + (f":{item['of']}" if item.get("of") else "")
    rows = [row("entry", info, item, {}, entry_subject) for info in params_of("entry", entry_subject)]
    if not item.get("host"):
        rows = [made for made in rows if not made.name.startswith("machine_")]
    if isinstance(item.get("when"), dict):  # started by an event, not by the clock
        rows = [made for made in rows if made.name not in ("at_ms", "until_ms")]
    if kind in ("node", "cluster") and about:
        rows += [row("params", info, own, shared, about["type"]) for info in about["params"]]
    if kind == "link":
        rows += [row("params", info, own, {}, "link") for info in params_of("params", "link")]
    return sorted(rows, key=lambda made: made.info["section"] == MACHINE)  # what it does comes before what it runs on


def row(group: str, info: dict[str, Any], own: dict[str, Any], shared: dict[str, Any], subject: str) -> Field:
    name = info["name"]
    value = own.get(name, shared.get(name, info["default"]))
    made = Field(group, info, value, name in own, subject)
    if info["kind"] == "distribution":
        made.value = value if isinstance(value, dict) else {"kind": "constant", "value_ms": value or 0}
        made.kinds = list(distribution_kinds(made.value))
    return made


def in_sections(rows: list[Field]) -> Iterable[tuple[str, list[Field]]]:
    """Rows under their headings, in order of first appearance."""
    sections: dict[str, list[Field]] = {}
    for made in rows:
        heading = made.info.get("section") or (_("Parameters") if made.group == "params" else "")
        sections.setdefault(heading, []).append(made)
    yield from sections.items()


def value_of(info: dict[str, Any], post: QueryDict) -> tuple[Any, str]:
    """The posted text in its proper type, and what is wrong with it, if anything."""
    kind = info["kind"]
    if kind == "distribution":
        return distribution_of(post)
    text = post.get("value", "").strip()
    if kind == "boolean":
        return text in ("true", "on", "1"), ""
    if kind in ("integer", "number"):
        if text == "" and info["default"] is None:
            return None, ""
        return number_of(text)
    if kind in LISTS:
        try:
            return list_value(kind, text), ""
        except ValueError:
            return None, info["help"]
    return text, ""


def verdict(group: str, subject: str, info: dict[str, Any], value: Any) -> str:
    """What the document's own rules say of the value; empty when it is right."""
    if value is None or (group == "entry" and value == ""):
        return ""
    name = info["name"]
    if group == "entry" and name == "host":
        return named(value)
    model: type[Entry]
    if group == "params":
        model = LINK_MODEL if subject == "link" else params_model(subject)
    else:
        model = param_model("entry", [param for param in entry_params(subject) if param.default is not None])
        if name not in model.model_fields:
            model = param_model(
                "entry", [Param(name, info["title"], "number", 0, info["unit"], info["min"], info["max"])]
            )
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return " ".join(mistake.message for mistake in mistakes_of(error, model, {name: value}))
    return ""


def named(value: str) -> str:
    """What is wrong with a machine's name; empty when it is right."""
    try:
        TypeAdapter(Identifier).validate_python(value)
    except ValidationError:
        return _("A small letter, then small letters, digits, - or _; at most 40.")
    return ""
