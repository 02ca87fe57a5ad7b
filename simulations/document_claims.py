"""What can be wrong with a claim: its sides, its metrics, its variants, its window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from simulations.catalogue import check_titles, node_types
from simulations.checks.goals import BINARY, FOLDS, LOGARITHM, slack_of
from simulations.document_base import (
    EXPRESSION_DEPTH_MAX,
    METRICS_IN_CLAIMS_MAX,
    MISTAKES_MAX,
    Mistake,
    did_you_mean,
    shown,
)
from simulations.document_expand import Names
from simulations.engine.metrics_table import METRICS

if TYPE_CHECKING:
    from simulations.document import Document

_WHERE: Final = ("zone", "client", "operation", "class")
_KEYS: Final = ("metric", "variant", "window_ms", "where")
_FIGURES: Final = tuple(
    metric.name.removeprefix("ops.")
    for metric in METRICS
    if metric.name.startswith("ops.") and not metric.name.startswith("ops.<f>")
)
_LINK_FIGURES: Final = tuple(
    metric.name.removeprefix("links.<id>.") for metric in METRICS if metric.name.startswith("links.")
)
_HOST_FIGURES: Final = tuple(
    metric.name.removeprefix("hosts.<id>.") for metric in METRICS if metric.name.startswith("hosts.")
)
_CLUSTER_FIGURES: Final = _FIGURES + tuple(
    metric.name.removeprefix("clusters.<id>.")
    for metric in METRICS
    if metric.name.startswith("clusters.<id>.") and not metric.name.endswith("<metric>")
)
_NODE_FIGURES: Final = tuple(
    metric.name.removeprefix("nodes.<id>.") for metric in METRICS if metric.name.startswith("nodes.")
)


def claim_mistakes(document: Document) -> list[Mistake]:
    """Every mistake in the document's claims."""
    known = _Known(document)
    found: list[Mistake] = []
    for index, claim in enumerate(document.expect):
        path = f"expect[{index}]"
        if len(found) >= MISTAKES_MAX:
            break
        found += _side(claim.left, f"{path}.left", known, 1)
        found += _side(claim.right, f"{path}.right", known, 1)
        if isinstance(claim.left, (int, float)) and isinstance(claim.right, (int, float)):
            found.append(Mistake(path, "A claim is about a run: at least one side names a metric."))
        try:
            slack = slack_of(claim.tolerance, 1.0)
        except ValueError:
            slack = -1.0
        if not 0 <= slack < float("inf"):
            found.append(
                Mistake(
                    f"{path}.tolerance",
                    f'Must be a number ≥ 0, or a percentage such as "5%". Got {shown(claim.tolerance)}.',
                )
            )
    if known.metrics > METRICS_IN_CLAIMS_MAX:
        found.append(Mistake("expect", f"Claims name {known.metrics:,} metrics; the limit is {METRICS_IN_CLAIMS_MAX}."))
    return found


class _Known:
    """The names that a claim may use."""

    def __init__(self, document: Document) -> None:
        self.metrics = 0
        self.variants = list(document.variants)
        self.zones = {zone.id for zone in document.zones}
        names = Names(document.nodes, document.links)
        self.nodes = set(names.nodes)
        self.links = {one for group in names.links.values() for one in group}
        self.clusters = {cluster.id for cluster in document.clusters}
        self.hosts = {*names.hosts, *(host.id for host in document.hosts)}
        self.classes: set[str] = set()
        for node in document.nodes:
            self._learn_classes(node.params)
        self.end_ms = document.duration_ms + document.settle_ms
        for operations in document.variants.values():
            for operation in operations:
                self._learn(operation.value, operation.path)

    def _learn(self, value: Any, path: str) -> None:
        """Take in the entries that a variant adds, and longer runs."""
        for entry in value if isinstance(value, list) else [value]:
            self._learn_classes(entry)
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                self.nodes.add(entry["id"])
                self.zones.add(entry["id"])
                self.links.add(entry["id"])
                self.clusters.add(entry["id"])
                self.hosts.add(entry["id"])
            if isinstance(entry, dict) and isinstance(entry.get("host"), str):
                self.hosts.add(entry["host"])
        if "/classes" in path:
            self._learn_classes({"classes": value if isinstance(value, list) else [value]})
        if path in ("/duration_ms", "/settle_ms") and isinstance(value, (int, float)):
            self.end_ms += value

    def _learn_classes(self, entry: Any) -> None:
        """Take in the request classes of a node's parameters, or of an entry that has some."""
        params = entry.get("params", entry) if isinstance(entry, dict) else {}
        classes = params.get("classes") if isinstance(params, dict) else None
        for one in classes if isinstance(classes, list) else ():
            name = one.get("name") if isinstance(one, dict) else one
            if isinstance(name, str):
                self.classes.add(name)


def _side(side: Any, path: str, known: _Known, depth: int) -> Iterator[Mistake]:
    if isinstance(side, bool) or not isinstance(side, (int, float, dict)):
        yield Mistake(
            path, f'Must be a number, a metric such as {{"metric": "ops.ok"}}, or an expression. Got {shown(side)}.'
        )
    elif depth > EXPRESSION_DEPTH_MAX:
        yield Mistake(path, f"An expression is nested at most {EXPRESSION_DEPTH_MAX} deep.")
    elif isinstance(side, dict) and "metric" in side:
        yield from _metric_side(side, path, known)
    elif isinstance(side, dict):
        yield from _expression(side, path, known, depth)


def _expression(side: dict[str, Any], path: str, known: _Known, depth: int) -> Iterator[Mistake]:
    operators = (*FOLDS, LOGARITHM)
    if len(side) != 1 or next(iter(side)) not in operators:
        yield Mistake(path, f'Must name a "metric", or have exactly one of {" ".join(operators)} as its key.')
        return
    name, parts = next(iter(side.items()))
    low, high = (2, 2) if name in BINARY else (1, 2) if name == LOGARITHM else (1, 50)
    if not isinstance(parts, list) or not low <= len(parts) <= high:
        yield Mistake(f"{path}.{name}", f"Must be a list of {low if low == high else f'{low} to {high}'} sides.")
        return
    for index, part in enumerate(parts):
        yield from _side(part, f"{path}.{name}[{index}]", known, depth + 1)


def _metric_side(side: dict[str, Any], path: str, known: _Known) -> Iterator[Mistake]:
    known.metrics += 1
    if known.metrics > METRICS_IN_CLAIMS_MAX:
        return
    for key in side:
        if key not in _KEYS:
            yield Mistake(
                f"{path}.{key}", f"Unknown key.{did_you_mean(key, _KEYS) or ' Known: ' + ', '.join(_KEYS) + '.'}"
            )
    message = _metric(side["metric"], known)
    if message:
        yield Mistake(f"{path}.metric", message)
    variant = side.get("variant")
    if variant is not None and variant not in known.variants:
        yield Mistake(
            f"{path}.variant", f"There is no variant {shown(variant)}.{did_you_mean(variant, known.variants)}"
        )
    window = side.get("window_ms")
    if window is not None and not _is_window(window, known.end_ms):
        yield Mistake(
            f"{path}.window_ms",
            f"Must be [from, to] with 0 ≤ from < to ≤ {known.end_ms:g}, the run's end in ms. Got {shown(window)}.",
        )
    where = side.get("where")
    if where is not None:
        yield from _where(where, f"{path}.where", known)


def _is_window(window: Any, end_ms: float) -> bool:
    if not isinstance(window, list) or len(window) != 2:
        return False
    if not all(isinstance(edge, (int, float)) and not isinstance(edge, bool) for edge in window):
        return False
    return bool(0 <= window[0] < window[1] <= end_ms)


def _where(where: Any, path: str, known: _Known) -> Iterator[Mistake]:
    if not isinstance(where, dict) or not where:
        yield Mistake(path, f"Must be an object with {', '.join(_WHERE)}.")
        return
    for name, value in where.items():
        if name not in _WHERE:
            yield Mistake(
                f"{path}.{name}", f"Operations are chosen by {', '.join(_WHERE)}.{did_you_mean(name, _WHERE)}"
            )
        elif not isinstance(value, str):
            yield Mistake(f"{path}.{name}", f"Must be a text. Got {shown(value)}.")
        elif name == "zone" and value not in known.zones:
            yield Mistake(f"{path}.zone", f'There is no zone "{value[:60]}".{did_you_mean(value, known.zones)}')
        elif name == "class" and value not in known.classes:
            known_ones = f" Known: {', '.join(sorted(known.classes))}." if known.classes else " No client has any."
            hint = did_you_mean(value, known.classes) or known_ones
            yield Mistake(f"{path}.class", f'There is no class "{value[:60]}".{hint}')
        elif name == "client" and value not in known.nodes:
            yield Mistake(f"{path}.client", f'There is no node "{value[:60]}".{did_you_mean(value, known.nodes)}')


def _metric(name: Any, known: _Known) -> str:
    """What is wrong with a metric's name, or ""."""
    if not isinstance(name, str) or len(name) > 200:
        return f'Must be a metric\'s name, such as "ops.success_ratio". Got {shown(name)}.'
    plain = [metric.name for metric in METRICS if "<" not in metric.name]
    families = [metric.name for metric in METRICS if "<" in metric.name]
    if name in plain or any(
        re.fullmatch(_pattern(family), name)
        for family in families
        if not family.startswith(("ops.<f>", "nodes.", "checks.", "links.", "zones.", "clusters.", "hosts."))
    ):
        return ""
    head, _, rest = name.partition(".")
    if head == "ops" and rest.partition(".")[2] and _is_figure(rest.partition(".")[2]):
        return ""
    if head == "nodes":
        node, _, wanted = rest.partition(".")
        own = _published(gauges=True)
        if node not in known.nodes:
            return f'There is no node "{node}".{did_you_mean(node, known.nodes)}'
        return (
            ""
            if wanted in own or _is_figure(wanted, _NODE_FIGURES)
            else f"Nodes have no such metric.{did_you_mean(wanted, {*own, *_NODE_FIGURES})}"
        )
    if head in ("links", "zones", "clusters", "hosts"):
        return _place_metric(head, rest, known)
    if head == "checks":
        check = rest.removesuffix(".violations")
        return (
            ""
            if check in check_titles() and rest.endswith(".violations")
            else f"Checks have checks.<name>.violations, with a name among {', '.join(check_titles())}."
        )
    return f"There is no such metric.{did_you_mean(name, plain)}"


def _place_metric(head: str, rest: str, known: _Known) -> str:
    """What is wrong with a metric of a link, zone, cluster or machine, or ""."""
    place, _, wanted = rest.partition(".")
    there = {"links": known.links, "zones": known.zones, "clusters": known.clusters, "hosts": known.hosts}[head]
    if place not in there:
        return f'There is no {head[:-1]} "{place}".{did_you_mean(place, there)}'
    figures = {"links": _LINK_FIGURES, "hosts": _HOST_FIGURES, "clusters": _CLUSTER_FIGURES}.get(head, _FIGURES)
    if _is_figure(wanted, figures) or (head == "clusters" and wanted in _published()):
        return ""
    return f"{head.capitalize()} have no such metric.{did_you_mean(wanted, figures)}"


def _published(gauges: bool = False) -> set[str]:
    """The figures that node types publish; those of gauges only when asked for."""
    types = node_types().values()
    metrics = [metric for node_type in types for metric in node_type.METRICS]
    return {name for metric in metrics if gauges or metric.kind != "gauge" for name in metric.figures()}


def _is_figure(name: str, figures: tuple[str, ...] = _FIGURES) -> bool:
    return any(re.fullmatch(_pattern(figure), name) for figure in figures)


def _pattern(name: str) -> str:
    return "[a-z0-9_-]+".join(re.escape(part) for part in re.split(r"<[a-z]+>", name))
