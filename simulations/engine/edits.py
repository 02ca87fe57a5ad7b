"""Changing a set or a map: what a client asks for, how it chooses that, and what a store makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.crdt_maps import put
from simulations.engine.crdt_sets import ObservedSet, Tag
from simulations.engine.declare import Param
from simulations.engine.headers import PLAIN, Header
from simulations.engine.messages import Body, Request, wrong_key
from simulations.engine.node import Node

ADD: Final = "add"
REMOVE: Final = "remove"
SET: Final = "set"
CHANGES: Final = (ADD, REMOVE, SET)
SETS: Final = "sets"
MAPS: Final = "maps"
ELEMENTS_MAX: Final = 1000

ELEMENT_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "elements",
        "Elements",
        "integer",
        10,
        "",
        1,
        ELEMENTS_MAX,
        help="How many different elements a set, or fields a map, may have.",
        section="Keys",
        when=("requests", SETS, MAPS),
    ),
    Param(
        "remove_ratio",
        "Share of removals",
        "number",
        0.3,
        "",
        0,
        1,
        help="The rest are additions, or set a field.",
        section="Keys",
        when=("requests", SETS, MAPS),
    ),
    Param(
        "own_elements",
        "Elements of its own",
        "boolean",
        False,
        help="Each client adds, removes and sets what no other does, under the same keys.",
        section="Keys",
        when=("requests", SETS, MAPS),
    ),
)


@dataclass(frozen=True)
class Edit(Request):
    """Add an element to a set, set a field of a map, or remove either. `token`: its idempotency key; −1: none."""

    key: str
    change: str
    element: str
    value: int = 0
    priority: int = 0
    token: int = -1
    head: Header = PLAIN

    def header(self) -> Header:
        return self.head

    def with_header(self, header: Header) -> Body:
        return Edit(self.key, self.change, self.element, self.value, self.priority, self.token, header)

    def rank(self) -> int:
        return 2 * self.priority

    def idempotency_key(self) -> int:
        return self.token

    def altered(self, draw: float) -> Body:
        element = wrong_key(self.element, draw)
        return Edit(self.key, self.change, element, self.value, self.priority, self.token, self.head)


class Edits:
    """Which changes a client makes."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.maps = node.text("requests") == MAPS
        self.count = node.integer("elements")
        self.remove_ratio = node.number("remove_ratio")
        self.prefix = f"{node.id}." if node.boolean("own_elements") else ""

    def choose(self) -> str:
        """The change that begins now."""
        if self.node.draw("change") < self.remove_ratio:
            return REMOVE
        return SET if self.maps else ADD

    def body(self, f: str, key: str, value: int | None, priority: int, token: int, head: Header) -> Body:
        """What to send for it."""
        number = int(self.node.draw("element") * self.count)
        element = f"{self.prefix}{'field' if self.maps else 'item'}{number}"
        return Edit(key, f, element, value or 0, priority, token, head)


def edited(held: ObservedSet, edit: Edit, tag: Tag) -> ObservedSet:
    """A set or map after a change."""
    if edit.change == ADD:
        return held.added(edit.element, tag)
    if edit.change == REMOVE:
        return held.without(edit.element)
    return put(held, edit.element, edit.value, tag)
