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
from simulations.document_faults import Event
from simulations.document_links import LINK_MODEL
from simulations.document_lists import LISTS, list_text, list_value
from simulations.document_params import mistakes_of, param_model

ITEM_BYTES_MAX: Final = 200_000
# Sections of what a node does about failure and load besides its work.
BESIDES: Final = frozenset({"Retries", "Circuit breaker", "Bulkhead", "Fallback", "Admission", "Effects"})


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
    mixed: bool = False  # the entries that are shown together differ here

    @property
    def name(self) -> str:
        return str(self.info["name"])

    @property
    def uid(self) -> str:
        return f"f-{self.group}-{self.name}"

    @property
    def text(self) -> str:
        """The value as it stands in an input."""
        if self.mixed:
            return ""
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
    """The form of one entry: `kind` node, link, cluster or fault, `item` its JSON, `shared` a cluster's parameters.

    `choices` gives the parts that a field may name, as value and words. Of `several` entries `item` is what they have
    in common, and `mixed` says where they differ, such as `params.rate_per_s`; then its type may be missing.
    """
    kind = request.POST.get("kind", "")
    asked = {name: parsed(request.POST.get(name, "{}")) for name in ("item", "shared", "choices", "mixed")}
    item = asked["item"]
    if not item or None in asked.values() or kind not in ("node", "link", "cluster", "fault"):
        return HttpResponseBadRequest(_("This is no entry of a scenario."))
    several = bool(asked["mixed"])
    about = type_of(kind, item)
    rows = fields_of(kind, item, asked["shared"] or {}, about)
    rows = list(offering(rows, asked["choices"] or {}))
    if several:
        rows = list(together(rows, asked["mixed"] or {}))
    title = str(item.get("label") or item.get("id") or "")
    context = {"kind": kind, "item": item, "about": about, "sections": list(in_sections(rows)), "title": title}
    return render(request, "_inspector.html", {**context, "several": several})


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
    entry = with_start(item) if kind == "fault" else item
    rows = [row("entry", info, entry, {}, entry_subject) for info in params_of("entry", entry_subject)]
    if not item.get("host"):
        rows = [made for made in rows if not made.name.startswith("machine_")]
    if kind == "fault":
        other = ("at_ms", "until_ms") if entry["start"] == "when" else ("when_", "lasts_ms")
        rows = [made for made in rows if not made.name.startswith(other)]
    if kind in ("node", "cluster") and about:
        rows += [row("params", info, own, shared, about["type"]) for info in about["params"]]
    if kind == "link":
        rows += [row("params", info, own, {}, "link") for info in params_of("params", "link")]
    return sorted(rows, key=lambda made: made.info["section"] == MACHINE)  # what it does comes before what it runs on


def with_start(fault: dict[str, Any]) -> dict[str, Any]:
    """A fault with what its `when` says beside the rest: a form has no fields within fields."""
    when = fault.get("when")
    if not isinstance(when, dict):
        return {**fault, "start": "at"}
    return {**fault, "start": "when", **{f"when_{name}": value for name, value in when.items()}}


def offering(rows: list[Field], choices: dict[str, Any]) -> Iterable[Field]:
    """Rows in which a part is chosen among those that there are. A zone is asked for only where there are some."""
    for made in rows:
        pairs = [pair for pair in choices.get(made.name) or [] if isinstance(pair, list) and len(pair) == 2]
        offered = [{"value": str(value), "title": str(words)} for value, words in pairs]
        if offered:
            known = [choice["value"] for choice in offered]
            missing = [] if made.text in known or made.mixed else [{"value": made.text, "title": made.text}]
            made.info = {**made.info, "kind": "choice", "choices": [*missing, *offered]}
        if offered or made.name != "zone":
            yield made


def together(rows: list[Field], mixed: dict[str, Any]) -> Iterable[Field]:
    """The rows that several entries share: none that is of one entry alone."""
    for made in rows:
        if made.name != "label" and not made.name.startswith("machine_"):
            made.mixed = f"{made.group}.{made.name}" in (mixed.get("names") or [])
            yield made


def row(group: str, info: dict[str, Any], own: dict[str, Any], shared: dict[str, Any], subject: str) -> Field:
    name = info["name"]
    value = own.get(name, shared.get(name, info["default"]))
    made = Field(group, info, value, name in own, subject)
    if info["kind"] == "distribution":
        made.value = value if isinstance(value, dict) else {"kind": "constant", "value_ms": value or 0}
        made.kinds = list(distribution_kinds(made.value))
    return made


def in_sections(rows: list[Field]) -> Iterable[tuple[str, list[Field], bool]]:
    """Rows under their headings, in order of first appearance; folded: what a node can do besides, and does not."""
    sections: dict[str, list[Field]] = {}
    for made in rows:
        heading = made.info.get("section") or (_("Parameters") if made.group == "params" else "")
        sections.setdefault(heading, []).append(made)
    for heading, fields in sections.items():
        yield heading, fields, heading in BESIDES and not any(made.own or made.mixed for made in fields)


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
    if group == "entry" and name in ("host", "when_event"):
        return named(value) if name == "host" else event(value)
    model: type[Entry]
    if group == "params":
        model = LINK_MODEL if subject == "link" else params_model(subject)
    else:
        model = param_model("entry", [param for param in entry_params(subject) if param.name == name])
    try:
        model.model_validate({name: value})
    except ValidationError as error:
        return " ".join(mistake.message for mistake in mistakes_of(error, model, {name: value}))
    return ""


def event(value: str) -> str:
    """What is wrong with an event that a fault waits for; empty when it is right."""
    try:
        TypeAdapter(Event).validate_python(value)
    except ValidationError as error:
        return f"{error.errors()[0]['msg']}."
    return ""


def named(value: str) -> str:
    """What is wrong with a machine's name; empty when it is right."""
    try:
        TypeAdapter(Identifier).validate_python(value)
    except ValidationError:
        return _("A small letter, then small letters, digits, - or _; at most 40.")
    return ""
