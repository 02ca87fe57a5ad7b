"""The entries of a scenario document, as pydantic models: nodes, links, zones, clusters, faults, expectations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from simulations.document_base import (
    Coordinate,
    Entry,
    Extent,
    Identifier,
    Label,
    Number,
    Probability,
    Reference,
    Whole,
)
from simulations.document_faults import HOST_FAULT_HELP, HostFault, Spell

COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
Comparison = Literal["<", "<=", "==", "!=", ">=", ">"]
Params = dict[str, JsonValue]


class NodeEntry(Entry):
    """A node, or `count` alike ones named `id-1` … `id-n`."""

    id: Identifier
    type: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    label: Label | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None
    zone: Reference | None = None
    host: Identifier | None = None
    count: Annotated[Whole, Field(ge=1, le=1_000)] = 1
    params: Params = Field(default_factory=dict)


class LinkEntry(Entry):
    """A cable. Requests flow from `a` to `b`."""

    id: Identifier
    a: Reference
    b: Reference
    params: Params = Field(default_factory=dict)


class ZoneEntry(Entry):
    """A named area of the topology: a region, a data centre, a rack."""

    id: Identifier
    label: Label | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None
    width: Extent | None = None
    height: Extent | None = None


class ClusterEntry(Entry):
    """Nodes of one type that work as one, in a full mesh of links that need no drawing."""

    id: Identifier
    label: Label | None = None
    protocol: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    members: Annotated[list[Reference], Field(min_length=1, max_length=2_000)]
    params: Params = Field(default_factory=dict)
    link: Params = Field(default_factory=dict)


class Partition(Spell):
    """Nodes in different groups cannot talk; nodes in no group are unaffected."""

    kind: Literal["partition"]
    target: Annotated[
        list[Annotated[list[Reference], Field(min_length=1, max_length=2_000)]], Field(min_length=2, max_length=50)
    ]


class Cut(Spell):
    """A link carries nothing, in one direction or both."""

    kind: Literal["cut"]
    target: Reference
    direction: Literal["both", "a-to-b", "b-to-a"] = "both"


class Loss(Spell):
    """A link loses messages with this probability, in place of its own."""

    kind: Literal["loss"]
    target: Reference
    probability: Probability


Fault = Annotated[HostFault | Partition | Cut | Loss, Field(discriminator="kind")]

FAULT_HELP: dict[str, tuple[str, str]] = {
    **HOST_FAULT_HELP,
    "partition": ("Partition", "Nodes in different groups cannot reach each other until it heals."),
    "cut": ("Cut link", "The link carries nothing, in one direction or both, until it is mended."),
    "loss": ("Loss", "The link loses messages with this probability."),
}


class Expectation(Entry):
    """A claim that each run is held to. A side is a number, a metric or an expression over them."""

    claim: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    left: JsonValue
    op: Comparison
    right: JsonValue
    tolerance: Number | str | None = None
