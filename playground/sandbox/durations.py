"""Distributions in the inspector: the numbers that describe each kind, shown as fields and read from a form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Input:
    """One input of a kind: its words, what it starts from (as a multiple of the mean, or as it is), and its form."""

    words: str
    factor: float = 0.0
    start: Any = None
    form: str = "number"  # or "numbers", separated by commas, or "json"
    unit: str = "ms"


KINDS: Final[dict[str, tuple[str, dict[str, Input]]]] = {
    "constant": ("Always the same", {"value_ms": Input("value", 1.0)}),
    "uniform": ("Uniform", {"low_ms": Input("lowest", 0.5), "high_ms": Input("highest", 1.5)}),
    "exponential": ("Exponential", {"mean_ms": Input("mean", 1.0)}),
    "normal": ("Normal", {"mean_ms": Input("mean", 1.0), "sd_ms": Input("deviation", 0.25)}),
    "lognormal": ("Log-normal", {"median_ms": Input("median", 1.0), "p99_ms": Input("p99", 4.0)}),
    "pareto": ("Pareto", {"scale_ms": Input("least", 0.5), "shape": Input("shape", start=2, unit="")}),
    "gamma": ("Gamma", {"mean_ms": Input("mean", 1.0), "shape": Input("shape", start=2, unit="")}),
    "empirical": (
        "Measured values",
        {"values_ms": Input("values", 1.0, form="numbers"), "weights": Input("weights", form="numbers", unit="")},
    ),
    "mixture": ("Mixture", {"parts": Input("parts", form="json", unit="JSON")}),
}


def distribution_kinds(value: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Each kind with its numbers: those of the value for its own kind, for the others some that fit its mean."""
    given = [number for key, number in value.items() if key != "kind" and isinstance(number, (int, float))]
    mean = given[0] if given else 1.0
    for kind, (title, inputs) in KINDS.items():
        current = kind == value.get("kind")
        said_last = [name for name, one in inputs.items() if one.unit][-1]  # the unit stands behind the last it is of
        yield {
            "kind": kind,
            "title": _(title),
            "current": current,
            "numbers": [
                {
                    "name": name,
                    "title": _(one.words),
                    "unit": one.unit if name == said_last else "",
                    "value": _text(one, value.get(name) if current else _start(one, mean)),
                }
                for name, one in inputs.items()
            ],
        }


def _start(one: Input, mean: float) -> Any:
    if one.form == "json":
        slow = {"kind": "constant", "value_ms": tidy(mean * 10)}
        return [{"weight": 9, "of": {"kind": "constant", "value_ms": tidy(mean)}}, {"weight": 1, "of": slow}]
    if one.form == "numbers":
        return [mean * one.factor] if one.factor else None
    return one.start if one.start is not None else mean * one.factor


def _text(one: Input, value: Any) -> Any:
    """A value as its input shows it."""
    if value is None:
        return "" if one.form != "number" else 0
    if one.form == "json":
        return json.dumps(value)
    if one.form == "numbers" and isinstance(value, list):
        return ", ".join(str(tidy(number)) for number in value)
    return tidy(value)


def distribution_of(post: QueryDict) -> tuple[Any, str]:
    """The posted distribution, and what is wrong with it, if anything."""
    kind = post.get("dist", "")
    if kind not in KINDS:
        return None, _("Choose one of the distributions.")
    value: dict[str, Any] = {"kind": kind}
    for name, one in KINDS[kind][1].items():
        read, error = _read(one, post.get(f"{kind}.{name}", "").strip())
        if error:
            return None, f"{_(one.words).capitalize()}: {error}"
        if read is not None:
            value[name] = read
    return value, ""


def _read(one: Input, text: str) -> tuple[Any, str]:
    if one.form == "json":
        try:
            return json.loads(text), ""
        except (ValueError, RecursionError):
            return None, _("Must be JSON.")
    if one.form == "number":
        return number_of(text)
    if not text:
        return None, ""
    numbers = []
    for part in text.split(","):
        number, error = number_of(part.strip())
        if error:
            return None, _("Must be numbers with commas between them.")
        numbers.append(number)
    return numbers, ""


def number_of(text: str) -> tuple[Any, str]:
    """A number, as short as it can be written, or what is wrong with it."""
    try:
        number = tidy(float(text.replace(",", "")))
    except ValueError:
        return None, _("Must be a number.")
    if number != number or number in (float("inf"), float("-inf")):
        return None, _("Must be a number.")
    return number, ""


def tidy(number: Any) -> Any:
    """A number as short as it can be written."""
    return int(number) if isinstance(number, float) and number.is_integer() else number
