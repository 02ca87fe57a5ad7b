"""The entries of a scenario document, as pydantic models: nodes, links, zones, clusters, faults, expectations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from simulations.document_adversaries import ADVERSARY_HELP, ADVERSARY_PARAMS, Byzantine, Replay, Spoof, Tamper
from simulations.document_base import (
    Coordinate,
    Distribution,
    Entry,
    Extent,
    Identifier,
    Label,
    LinkReference,
    Number,
    Price,
    Probability,
    Reference,
    Whole,
)
from simulations.document_faults import HOST_FAULT_HELP, HOST_FAULT_PARAMS, HostFault, Spell
from simulations.document_link_faults import (
    LINK_FAULT_HELP,
    LINK_FAULT_PARAMS,
    Bandwidth,
    Delay,
    Direction,
    Duplicate,
    Reorder,
)
from simulations.engine.declare import Param

COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
Comparison = Literal["<", "<=", "==", "!=", ">=", ">"]
Params = dict[str, JsonValue]


class NodeEntry(Entry):
    """A node, or `count` alike ones named `id-1` … `id-n`. Nodes with the same `host` are processes on one machine."""

    id: Identifier
    type: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    label: Label | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None
    zone: Reference | None = None
    host: Identifier | None = None
    cost_per_hour: Price | None = None
    count: Annotated[Whole, Field(ge=1, le=1_000)] = 1
    params: Params = Field(default_factory=dict)


class LinkEntry(Entry):
    """A cable. Requests flow from `a` to `b`. What `a_to_b` and `b_to_a` give holds one way, in place of `params`."""

    id: Identifier
    a: Reference
    b: Reference
    params: Params = Field(default_factory=dict)
    a_to_b: Params = Field(default_factory=dict)
    b_to_a: Params = Field(default_factory=dict)


class ZoneEntry(Entry):
    """A named area of the topology: a region, a data centre, a rack."""

    id: Identifier
    label: Label | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None
    width: Extent | None = None
    height: Extent | None = None


class LatencyEntry(Entry):
    """The latency between two zones, or within one: for links and clusters that give none of their own."""

    a: Reference
    b: Reference
    latency: Distribution


class ClusterEntry(Entry):
    """Nodes of one type that work as one: in a full mesh of links that need no drawing, or over the drawn cables."""

    id: Identifier
    label: Label | None = None
    protocol: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    members: Annotated[list[Reference], Field(min_length=1, max_length=2_000)]
    params: Params = Field(default_factory=dict)
    link: Params = Field(default_factory=dict)
    cables: Literal["mesh", "drawn"] = "mesh"


class Partition(Spell):
    """Nodes in different groups cannot talk; nodes in no group are unaffected."""

    kind: Literal["partition"]
    target: Annotated[
        list[Annotated[list[Reference], Field(min_length=1, max_length=2_000)]], Field(min_length=2, max_length=50)
    ]


class Cut(Spell):
    """A link carries nothing, in one direction or both."""

    kind: Literal["cut"]
    target: LinkReference
    direction: Direction = "both"


class Loss(Spell):
    """A link loses messages with this probability, beside its own loss, in one direction or both."""

    kind: Literal["loss"]
    target: LinkReference
    probability: Probability
    direction: Direction = "both"


Fault = Annotated[
    HostFault | Partition | Cut | Loss | Delay | Duplicate | Reorder | Bandwidth | Tamper | Replay | Spoof | Byzantine,
    Field(discriminator="kind"),
]

FAULT_HELP: dict[str, tuple[str, str]] = {
    **HOST_FAULT_HELP,
    "partition": ("Partition", "Nodes in different groups cannot reach each other until it heals."),
    "cut": ("Cut link", "The link carries nothing, in one direction or both, until it is mended."),
    "loss": ("Loss", "The link loses messages with this probability."),
    **LINK_FAULT_HELP,
    **ADVERSARY_HELP,
}
FAULT_PARAMS: dict[str, tuple[Param, ...]] = {**HOST_FAULT_PARAMS, **LINK_FAULT_PARAMS, **ADVERSARY_PARAMS}


class Expectation(Entry):
    """A claim that each run is held to. A side is a number, a metric or an expression over them."""

    claim: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    left: JsonValue
    op: Comparison
    right: JsonValue
    tolerance: Number | str | None = None
