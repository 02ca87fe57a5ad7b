"""Goals: the claims of a scenario, judged on its runs."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from simulations.engine.metrics_table import COUNTED

FOLDS: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "−": operator.sub,
    "*": operator.mul,
    "×": operator.mul,
    "/": operator.truediv,
    "÷": operator.truediv,
    "^": operator.pow,
    "min": min,
    "max": max,
}
BINARY: Final = frozenset({"-", "−", "/", "÷", "^"})
LOGARITHM: Final = "log"  # of one side: natural; of two: the second is the base
COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


class NoFigure(Exception):
    """A side of a claim has no value, and why."""


class NotRun(NoFigure):
    """A claim needs a run that is not at hand."""


Lookup = Callable[[Mapping[str, Any]], float]


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict. `ok` is None where a run that it needs is not at hand; `actual` is the left side's value."""

    claim: str
    ok: bool | None
    actual: float | None
    op: str
    right: float | None
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """The judgement as plain data."""
        return {
            "claim": self.claim,
            "ok": self.ok,
            "actual": self.actual,
            "op": self.op,
            "right": self.right,
            "reason": self.reason,
        }


def judge_claim(claim: Mapping[str, Any], lookup: Lookup) -> Judgement:
    """Hold a claim against figures. A side without a figure fails it, in words."""
    op = claim["op"]
    try:
        left = value_of(claim["left"], lookup)
        right = value_of(claim["right"], lookup)
    except NotRun as missing:
        return Judgement(claim["claim"], None, None, op, None, str(missing))
    except NoFigure as missing:
        return Judgement(claim["claim"], False, None, op, None, str(missing))
    ok = holds(left, op, right, claim.get("tolerance"))
    reason = (
        ""
        if ok
        else f"{figure(left)} is not {op} {figure(right)}"
        + (f" within {claim['tolerance']}" if claim.get("tolerance") else "")
        + "."
    )
    return Judgement(claim["claim"], ok, left, op, right, reason)


def holds(left: float, op: str, right: float, tolerance: object) -> bool:
    """The comparison, the tolerance granted to the claim: absolute, or relative to the right side ("5%")."""
    slack = slack_of(tolerance, right)
    if op == "==":
        return abs(left - right) <= slack
    if op == "!=":
        return abs(left - right) > slack
    return COMPARE[op](left, right + slack if op in ("<", "<=") else right - slack)


def slack_of(tolerance: object, right: float) -> float:
    """A tolerance as an absolute number. Raises ValueError for one that is neither a number nor a percentage."""
    if tolerance is None:
        return 0.0
    if isinstance(tolerance, str):
        if not tolerance.endswith("%"):
            raise ValueError(tolerance)
        return float(tolerance[:-1]) / 100 * abs(right)
    assert isinstance(tolerance, (int, float))
    return float(tolerance)


def value_of(side: Any, lookup: Lookup) -> float:
    """A side's value. Raises NoFigure. Depth is limited by the document's checks."""
    if isinstance(side, (int, float)):
        return side
    if "metric" in side:
        return lookup(side)
    name, parts = next(iter(side.items()))
    values = [value_of(part, lookup) for part in parts]
    try:  # whole numbers would grow without bound in a power
        floats = [float(value) for value in values]
        result = math.log(*floats) if name == LOGARITHM else _folded(name, floats)
    except (ArithmeticError, ValueError):
        raise NoFigure(f"{name} of {', '.join(figure(value) for value in values)} has no value.") from None
    if isinstance(result, complex) or not math.isfinite(result):
        raise NoFigure(f"{name} of {', '.join(figure(value) for value in values)} has no value.")
    return result


def _folded(name: str, values: Sequence[float]) -> float:
    result = values[0]
    for value in values[1:]:
        result = FOLDS[name](result, value)
    return result


class Claim(Protocol):
    """A claim has two sides."""

    left: Any
    right: Any


def metric_sides(claims: Iterable[Claim]) -> Iterator[dict[str, Any]]:
    """The parts of claims that name a metric."""
    open_sides: list[Any] = [side for claim in claims for side in (claim.left, claim.right)]
    while open_sides:
        side = open_sides.pop()
        if isinstance(side, dict) and "metric" in side:
            yield side
        elif isinstance(side, dict):
            open_sides += [part for parts in side.values() for part in parts]


def metric_value(metrics: Mapping[str, float], name: str, unknown: Mapping[str, str]) -> float:
    """A metric's value. Raises NoFigure with the reason; `unknown` holds those of the checks without a verdict."""
    if name in metrics:
        return metrics[name]
    for family, population in COUNTED.items():
        if name.startswith(family) and metrics.get(population, 0) > 0:
            return 0.0
    head, place, rest = [*name.split(".", 2), "", ""][:3]
    if head == "links" and rest.startswith("dropped.") and f"links.{place}.messages" in metrics:
        return 0.0
    if head in ("zones", "clusters") and rest.startswith("error") and metrics.get(f"{head}.{place}.total", 0) > 0:
        return 0.0
    if name in unknown:
        return _fail(f"{name} has no figure: {unknown[name]}")
    if name.startswith(("ops.", "reads.", "writes.")):
        return _fail(f"{name} has no figure: no operation of that sort was selected.")
    return _fail(f"{name} has no figure in this run.")


def _fail(reason: str) -> float:
    raise NoFigure(reason)


def figure(value: float) -> str:
    """A number as it is told."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:,.4g}"
