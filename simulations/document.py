"""The scenario document: read, checked with the path of every mistake, and made into what a run is computed from."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, JsonValue, StringConstraints, TypeAdapter, ValidationError

from simulations.catalogue import node_types, params_model
from simulations.document_base import (
    DOCUMENT_BYTES_MAX,
    DOCUMENT_DEPTH_MAX,
    DURATION_MS_MAX,
    EXPECTATIONS_MAX,
    FAULTS_MAX,
    FORMAT,
    LATENCIES_MAX,
    LINKS_MAX,
    NODES_MAX,
    PATCH_OPERATIONS_MAX,
    SEED_MAX,
    VARIANTS_MAX,
    DocumentError,
    Entry,
    Identifier,
    Instant,
    Mistake,
    Number,
    Whole,
    canonical_bytes,
    did_you_mean,
    shown,
)
from simulations.document_checks import Inspector, Parts, raw_ids
from simulations.document_claims import claim_mistakes
from simulations.document_entries import ClusterEntry, Expectation, Fault, LatencyEntry, LinkEntry, NodeEntry, ZoneEntry
from simulations.document_expand import Names
from simulations.document_hosts import HOSTS_MAX, HostEntry
from simulations.document_links import LINK_MODEL
from simulations.document_params import mistakes_of
from simulations.document_patch import patched
from simulations.document_physical import physical, whole_dict

__all__ = ["Document", "DocumentError", "Mistake", "canonical_bytes", "json_schema", "parse", "validate"]

_STRUCTURE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TITLE: Final = "Untitled scenario"


class PatchOperation(Entry):
    """One operation of JSON Patch (RFC 6902)."""

    op: Literal["add", "remove", "replace", "move", "copy", "test"]
    path: Annotated[str, StringConstraints(max_length=500)]
    from_: Annotated[str | None, StringConstraints(max_length=500), Field(alias="from")] = None
    value: JsonValue = None


class Document(Entry):
    """A scenario: topology, workload, faults, variants and claims."""

    format: Literal["netsplit/1"]
    title: Annotated[str, StringConstraints(min_length=1, max_length=120)] = _TITLE
    summary: Annotated[str, StringConstraints(max_length=20_000)] = ""
    predict: Annotated[str, StringConstraints(max_length=500)] | None = None
    concepts: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=60)]], Field(max_length=30)] = (
        Field(default_factory=list)
    )
    seed: Annotated[Whole, Field(ge=0, le=SEED_MAX)] = 1
    duration_ms: Annotated[Number, Field(gt=0, le=DURATION_MS_MAX)] = 10_000
    settle_ms: Instant = 0
    warmup_ms: Instant | None = None
    nodes: Annotated[list[NodeEntry], Field(max_length=NODES_MAX)]
    links: Annotated[list[LinkEntry], Field(max_length=LINKS_MAX)] = Field(default_factory=list)
    zones: Annotated[list[ZoneEntry], Field(max_length=200)] = Field(default_factory=list)
    latencies: Annotated[list[LatencyEntry], Field(max_length=LATENCIES_MAX)] = Field(default_factory=list)
    hosts: Annotated[list[HostEntry], Field(max_length=HOSTS_MAX)] = Field(default_factory=list)
    clusters: Annotated[list[ClusterEntry], Field(max_length=200)] = Field(default_factory=list)
    faults: Annotated[list[Fault], Field(max_length=FAULTS_MAX)] = Field(default_factory=list)
    variants: Annotated[
        dict[Identifier, Annotated[list[PatchOperation], Field(max_length=PATCH_OPERATIONS_MAX)]],
        Field(max_length=VARIANTS_MAX),
    ] = Field(default_factory=dict)
    expect: Annotated[list[Expectation], Field(max_length=EXPECTATIONS_MAX)] = Field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """The complete document as plain JSON data, as it was written, with the top-level defaults filled in."""
        written = self.model_dump(mode="json", exclude_unset=True, by_alias=True)
        defaults = {
            name: value for name, value in self.model_dump(mode="json", by_alias=True).items() if value is not None
        }
        return whole_dict({name: written.get(name, value) for name, value in defaults.items()})

    def variant(self, name: str) -> Document:
        """The document with a variant's changes made. Raises KeyError for a variant that it does not have."""
        data = self.data()
        return _checked(patched(data, data["variants"][name], f"variants.{name}"))

    def physical(self, variant: str | None = None, seed: int | None = None) -> dict[str, Any]:
        """All that a run depends on, in canonical form. Raises KeyError for a variant that it does not have."""
        document = self if variant is None else self.variant(variant)
        return physical(document, document.seed if seed is None else seed)


def parse(text: str | bytes) -> Document:
    """Read a document from JSON text. Raises DocumentError with every mistake."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
    if len(raw) > DOCUMENT_BYTES_MAX:
        raise _refusal(f"The document has {len(raw):,} bytes; the limit is {DOCUMENT_BYTES_MAX:,}.")
    try:
        plain = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(f"The document is not UTF-8 text (byte {error.start}).") from None
    _refuse_deep(plain)
    try:
        data = json.loads(plain, object_pairs_hook=_object, parse_constant=_constant)
    except DocumentError:
        raise
    except json.JSONDecodeError as error:
        raise _refusal(f"The document is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None
    except ValueError:
        raise _refusal("The document is not JSON: a number has too many digits.") from None
    return validate(data)


def validate(data: object) -> Document:
    """Check plain data as a document, its variants included. Raises DocumentError with every mistake."""
    if not isinstance(data, dict):
        raise _refusal(f"A scenario document is a JSON object. Got {shown(data)}.")
    refuse_unprintable(data)
    document = _checked(whole_dict(data))
    mistakes = claim_mistakes(document)
    plain = document.data()
    for name, operations in plain["variants"].items():
        try:
            _checked(patched(plain, operations, f"variants.{name}"))
        except DocumentError as error:
            own = f"variants.{name}"
            mistakes += [
                m if m.path.startswith(own) else Mistake(own, f"Makes {m.path or 'the scenario'} wrong: {m.message}")
                for m in error.mistakes
            ]
    if mistakes:
        raise DocumentError(mistakes)
    return document


def _checked(data: dict[str, Any]) -> Document:
    """Structure, references and parameters, without variants and claims."""
    document: Document | None = None
    mistakes: list[Mistake] = []
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        mistakes += mistakes_of(error, Document, data)
        if data.get("format") != FORMAT:
            mistakes = [Mistake("format", f'Must be "{FORMAT}". Got {shown(data.get("format"))}.')] + [
                m for m in mistakes if m.path != "format"
            ]
    if document is not None and document.warmup_ms and document.warmup_ms >= document.duration_ms:
        told = f"Must be less than duration_ms, {shown(document.duration_ms)}. Got {shown(document.warmup_ms)}."
        mistakes.append(Mistake("warmup_ms", told))
    mistakes += Inspector(_parts(data) if document is None else _parts_of(document)).inspect()
    if mistakes or document is None:
        raise DocumentError(dict.fromkeys(mistakes))
    return document


def _parts_of(document: Document) -> Parts:
    entries: dict[str, Any] = {name: list(enumerate(getattr(document, name))) for name in _ADAPTERS}
    return Parts(**entries, broken=frozenset(), end_ms=document.duration_ms + document.settle_ms)


_ADAPTERS: Final[dict[str, tuple[TypeAdapter[Any], int]]] = {
    "nodes": (TypeAdapter(NodeEntry), NODES_MAX),
    "links": (TypeAdapter(LinkEntry), LINKS_MAX),
    "zones": (TypeAdapter(ZoneEntry), 200),
    "latencies": (TypeAdapter(LatencyEntry), LATENCIES_MAX),
    "hosts": (TypeAdapter(HostEntry), HOSTS_MAX),
    "clusters": (TypeAdapter(ClusterEntry), 200),
    "faults": (TypeAdapter(Fault), FAULTS_MAX),
}


def _parts(data: Mapping[str, Any]) -> Parts:
    """The entries of a mistaken document that can be read nevertheless, so that all its mistakes are told at once."""
    good: dict[str, list[Any]] = {}
    for name, (adapter, limit) in _ADAPTERS.items():
        entries = data.get(name)
        good[name] = []
        for index, entry in enumerate(entries[:limit] if isinstance(entries, list) else ()):
            try:
                good[name].append((index, adapter.validate_python(entry)))
            except ValidationError:
                continue
    times = [data.get("duration_ms", 10_000), data.get("settle_ms", 0)]
    known = all(isinstance(time, (int, float)) and 0 <= time <= DURATION_MS_MAX for time in times)
    return Parts(**good, broken=raw_ids(data, _ADAPTERS), end_ms=sum(times) if known else math.inf)


def _refusal(message: str) -> DocumentError:
    return DocumentError([Mistake("", message)])


def _refuse_deep(text: str) -> None:
    """Refuse nesting that a reader of JSON would have to recurse into too deep, without recursing."""
    depth = 0
    for token in _STRUCTURE.finditer(text):
        mark = token.group()
        if mark in ("[", "{"):
            depth += 1
            if depth > DOCUMENT_DEPTH_MAX:
                raise _refusal(f"The document is nested more than {DOCUMENT_DEPTH_MAX} deep.")
        elif mark in ("]", "}"):
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _refusal(f"The key {shown(twice)} stands twice in one object.")
    return result


def _constant(word: str) -> Any:
    raise _refusal(f"{word} is no JSON number; times, rates and the like are finite.")


def refuse_unprintable(data: object) -> None:
    """Refuse depth, numbers that are not finite, control characters and foreign objects, walking without recursion."""
    mistakes: list[Mistake] = []
    open_items: list[tuple[str, object, int]] = [("", data, 1)]
    while open_items and len(mistakes) < 20:
        path, value, depth = open_items.pop()
        if depth > DOCUMENT_DEPTH_MAX + 1:
            raise _refusal(f"The document is nested more than {DOCUMENT_DEPTH_MAX} deep.")
        if isinstance(value, dict):
            for key, item in value.items():
                if not isinstance(key, str) or _UNPRINTABLE.search(key):
                    mistakes.append(Mistake(path, f"A key is a text without control characters. Got {shown(key)}."))
                    continue
                open_items.append((f"{path}.{key}" if path else key, item, depth + 1))
        elif isinstance(value, list):
            open_items += [(f"{path}[{index}]", item, depth + 1) for index, item in enumerate(value)]
        elif isinstance(value, str):
            if _UNPRINTABLE.search(value):
                mistakes.append(Mistake(path, "Must be a text without control characters."))
        elif isinstance(value, float) and not math.isfinite(value):
            mistakes.append(Mistake(path, "Must be a finite number."))
        elif value is not None and not isinstance(value, (int, float)):
            mistakes.append(Mistake(path, f"Is no JSON value but {type(value).__name__}."))
    if mistakes:
        raise DocumentError(sorted(mistakes))


def json_schema() -> dict[str, Any]:
    """The document's JSON Schema (2020-12), each node type's parameters included."""
    schema = Document.model_json_schema(mode="validation")
    definitions: dict[str, Any] = schema["$defs"]

    def refer(model: type[BaseModel], name: str) -> dict[str, Any]:
        own = model.model_json_schema(mode="validation", ref_template="#/$defs/{model}")
        definitions.update(own.pop("$defs", {}))
        definitions[name] = own
        return {"$ref": f"#/$defs/{name}"}

    types = sorted(node_types())
    link = refer(LINK_MODEL, "link-params")
    for key in ("params", "a_to_b", "b_to_a"):
        definitions["LinkEntry"]["properties"][key] = link
    definitions["ClusterEntry"]["properties"]["link"] = link
    definitions["NodeEntry"]["properties"]["type"] = {"enum": types}
    for entry, key in (("NodeEntry", "type"), ("ClusterEntry", "protocol")):
        definitions[entry]["allOf"] = [
            {
                "if": {"properties": {key: {"const": name}}},
                "then": {"properties": {"params": refer(params_model(name), f"{name}-params")}},
            }
            for name in types
        ]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Netsplit scenario"}


def names_of(document: Document) -> Names:
    """Which nodes and links of the physical document each name stands for."""
    return Names(document.nodes, document.links, document.clusters)


def variant_hint(document: Document, name: str) -> str:
    """What to say of a variant that a document does not have."""
    known = sorted(document.variants)
    listed = f" Known: {', '.join(known)}." if known else " The scenario has none."
    return f'There is no variant "{name}".{did_you_mean(name, known) or listed}'
