"""The catalogue: node types as found in `nodes/`, their parameters, what they show, and every metric's definition."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from simulations.checks.finding import DEFINITIONS, TITLES
from simulations.document_base import Entry, whole
from simulations.document_entries import FAULT_HELP, FAULT_PARAMS
from simulations.document_links import LINK_PARAMS
from simulations.document_params import param_model
from simulations.engine.declare import Invariant, Lie, Metric, Param, QuorumRule, Show
from simulations.engine.lies import LIES
from simulations.engine.messages import ROLES, Body, kind_of, role_of
from simulations.engine.metrics_table import METRICS
from simulations.engine.node import Node

HERE: Final = Path(__file__).resolve().parent
CATEGORIES: Final = (
    "Workload",
    "Services",
    "Storage and consensus",
    "Messaging",
    "Discovery and edge",
    "Peers",
    "Network",
)


def _digests(paths: Iterable[Path]) -> dict[str, str]:
    return {path.relative_to(HERE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


# Sources are read when the code is loaded: an edit counts from the next process on, the first that runs it.
_ENGINE: Final = _digests([*(HERE / "engine").glob("*.py"), *HERE.glob("document*.py")])


@cache
def _nodes() -> dict[str, str]:
    return _digests((HERE / "nodes").glob("*.py"))


@cache
def node_types() -> dict[str, type[Node]]:
    """Every node type by name: the subclasses of Node that the files under `nodes/` define, in palette order."""
    _nodes()
    found: list[type[Node]] = []
    for name in _modules():
        module = importlib.import_module(f"simulations.nodes.{name}")
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and issubclass(value, Node)
                and value.TYPE
                and value.__module__ == module.__name__
            ):
                found.append(value)
    found.sort(key=_palette_order)
    names = [node_type.TYPE for node_type in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise TypeError(f"Two files under nodes/ define the type {sorted(twice)[0]!r}.")
    return dict(zip(names, found, strict=True))


def _modules() -> list[str]:
    return sorted(path.stem for path in (HERE / "nodes").glob("*.py") if not path.stem.startswith("_"))


def _palette_order(node_type: type[Node]) -> tuple[int, str]:
    category = node_type.CATEGORY
    return (CATEGORIES.index(category) if category in CATEGORIES else len(CATEGORIES), node_type.TITLE)


@cache
def params_model(type_name: str) -> type[Entry]:
    """The model that checks and completes a node type's parameters. Raises KeyError for an unknown type."""
    return param_model(type_name, node_types()[type_name].PARAMS)


def declared_fields() -> frozenset[str]:
    """The fields that some type's declared rules are about."""
    return frozenset(
        field for node_type in node_types().values() for rule in node_type.INVARIANTS for field in rule.fields
    )


def check_titles() -> dict[str, str]:
    """Every check's title by name, the rules that node types declare among them."""
    return TITLES | {rule.name: rule.title for node_type in node_types().values() for rule in node_type.INVARIANTS}


def rules_of(physical: Mapping[str, Any]) -> list[tuple[Sequence[Invariant], Sequence[str]]]:
    """What types declare of the nodes of a physical document: of each cluster, of a type's nodes in none, and of the
    nodes of several types.
    """
    types = node_types()
    type_of = {node["id"]: node["type"] for node in physical.get("nodes", ()) if node.get("type") in types}
    groups: dict[str, list[str]] = {}
    clusters = {id: cluster["id"] for cluster in physical.get("clusters", ()) for id in cluster["members"]}
    for id, name in type_of.items():
        groups.setdefault(f"{clusters.get(id, '')} {name}", []).append(id)
    found: list[tuple[Sequence[Invariant], Sequence[str]]] = []
    shared: dict[Invariant, list[str]] = {}
    for members in groups.values():
        rules = types[type_of[members[0]]].INVARIANTS
        found.append((tuple([rule for rule in rules if not rule.across]), members))
        for rule in rules:
            if rule.across:
                shared.setdefault(rule, []).extend(members)
    found += [((rule,), members) for rule, members in shared.items()]
    return [(rules, members) for rules, members in found if rules]


def lies_of(type_name: str) -> tuple[Lie, ...]:
    """The ways in which a node of a type may deceive others. Raises KeyError for an unknown type."""
    return (*LIES, *node_types()[type_name].LIES)


@cache
def message_kinds() -> dict[str, str]:
    """Every kind of message that the engine or a node file defines, with its role, in alphabetical order."""
    shared = sorted(path.stem for path in (HERE / "engine").glob("*.py") if path.stem != "__init__")
    names = [*(f"simulations.engine.{name}" for name in shared), *(f"simulations.nodes.{name}" for name in _modules())]
    bodies = [
        value
        for module in map(importlib.import_module, names)
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Body) and value is not Body and value not in ROLES
    ]
    return {kind_of(body): role_of(body) for body in sorted(bodies, key=kind_of)}


@cache
def describe() -> dict[str, Any]:
    """The catalogue as plain data, for palette, inspector, docs and API."""
    types = node_types().values()
    return {
        "types": [_type(node_type) for node_type in types],
        "link": {"params": [_param(param) for param in LINK_PARAMS]},
        "faults": [_fault(kind, title, text) for kind, (title, text) in FAULT_HELP.items()],
        "metrics": [_metric(metric) for metric in METRICS],
        "checks": [{"name": name, "title": title, "definition": DEFINITIONS[name]} for name, title in TITLES.items()],
    }


def _fault(kind: str, title: str, text: str) -> dict[str, Any]:
    params = [_param(param) for param in FAULT_PARAMS.get(kind, ())]
    return {"kind": kind, "title": title, "help": text, "params": params}


def _type(node_type: type[Node]) -> dict[str, Any]:
    return {
        "type": node_type.TYPE,
        "title": node_type.TITLE,
        "category": node_type.CATEGORY,
        "summary": node_type.SUMMARY,
        "icon": node_type.ICON,
        "doc": _prose(node_type),
        "params": [_param(param) for param in node_type.PARAMS],
        "shows": [_show(show) for show in node_type.SHOWS],
        "initiates": node_type.INITIATES,
        "acts": node_type.ACTS or node_type.INITIATES,
        "serves": node_type.SERVES,
        "clusters": node_type.CLUSTERS,
        "forwards": node_type.FORWARDS,
        "quorum": _quorum(node_type.QUORUM),
        "lies": [{"name": lie.name, "title": lie.title, "help": lie.help} for lie in lies_of(node_type.TYPE)],
        "metrics": [
            {**_metric(metric), "name": name, "unit": metric.unit_of(name)}
            for metric in node_type.METRICS
            for name in metric.figures()
        ],
        "invariants": [
            {"name": rule.name, "title": rule.title, "definition": rule.definition} for rule in node_type.INVARIANTS
        ],
    }


def _quorum(rule: QuorumRule | None) -> dict[str, Any] | None:
    return None if rule is None else {"when": _when(rule.when), "faulty": rule.faulty}


def _when(when: tuple[Any, ...]) -> dict[str, Any] | None:
    return {"param": when[0], "values": list(when[1:])} if when else None


def _prose(node_type: type[Node]) -> str:
    """What the type's file teaches at its top; from the source, since compiled modules keep no docstrings."""
    return ast.get_docstring(ast.parse(_source(node_type).read_text(encoding="utf-8"))) or ""


def _source(node_type: type[Node]) -> Path:
    return HERE / "nodes" / f"{node_type.__module__.rsplit('.', 1)[-1]}.py"


def _param(param: Param) -> dict[str, Any]:
    return {
        "name": param.name,
        "title": param.title,
        "kind": param.kind,
        "unit": param.unit,
        "default": whole(_default(param)),
        "min": whole(param.low),
        "max": whole(param.high),
        "choices": [{"value": choice.value, "title": choice.title} for choice in param.choices],
        "help": param.help,
        "section": param.section,
        "when": _when(param.when),
    }


def _default(param: Param) -> object:
    if param.kind == "distribution" and isinstance(param.default, (int, float)):
        return {"kind": "constant", "value_ms": param.default}
    return param.default


def _show(show: Show) -> dict[str, Any]:
    return {
        "field": show.field,
        "title": show.title,
        "unit": show.unit,
        "as": show.look,
        "of": show.full,
        "title_first": show.title_first,
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {"name": metric.name, "unit": metric.unit, "definition": metric.definition}


def engine_version(types: Iterable[str]) -> str:
    """The version that a run belongs to: a hash of the sources of the engine, the document and the node files it uses.

    Raises KeyError for an unknown type.
    """
    known = node_types()
    names = {_source(known[name]).relative_to(HERE).as_posix() for name in types}
    parts = _ENGINE | {name: _nodes()[name] for name in names}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
