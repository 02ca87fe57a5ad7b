"""The fields of the inspector's form: those of an entry itself, and the declared parameters of its type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from simulations.catalogue import describe
from simulations.document_base import DELAY_MS_MAX, PRICE_MAX
from simulations.document_entries import FAULT_PARAMS
from simulations.document_hosts import CORES_MAX
from simulations.engine.declare import Choice, Param

TIME_MAX_MS: Final = 604_800_000

MACHINE: Final = "Machine"

NODE_ENTRY: Final = (
    Param("label", "Name", "text", "", high=80),
    Param("zone", "Zone", "text", "", high=50),
    Param("count", "Copies", "integer", 1, low=1, high=1_000, help="Equal nodes behind one card, linked alike."),
    Param(
        "host",
        "Runs on",
        "text",
        "",
        high=40,
        help="A name; nodes on one machine share its CPU and crash together. Empty: one of its own.",
        section=MACHINE,
    ),
    Param("machine_cores", "Cores", "integer", 1, low=1, high=CORES_MAX, section=MACHINE),
    Param("machine_cost_per_hour", "Its price", "number", 0, "$/h", 0, PRICE_MAX, section=MACHINE),
    Param(
        "cost_per_hour",
        "Price",
        "number",
        0,
        "$/h",
        0,
        PRICE_MAX,
        help="Of each copy. It changes the bill, not the run.",
        section=MACHINE,
    ),
)
CLUSTER_ENTRY: Final = (
    Param("label", "Name", "text", "", high=80),
    Param(
        "cables",
        "Cables",
        "choice",
        "mesh",
        choices=(Choice("mesh", "Every two members"), Choice("drawn", "Those drawn")),
        help="Drawn ones can be cut, and may lead through switches.",
    ),
)
START: Final = Param(
    "start",
    "Starts",
    "choice",
    "at",
    choices=(Choice("at", "At a time"), Choice("when", "At an event")),
    section="When",
)
AT: Final = replace(START, name="at_ms", title="At", kind="number", default=0, unit="ms", choices=(), low=0)
FAULT_AT: Final = (
    replace(AT, high=TIME_MAX_MS),
    replace(AT, name="until_ms", title="Ends at", default=None, high=TIME_MAX_MS, help="Empty: it lasts to the end."),
)
FAULT_WHEN: Final = (
    replace(AT, name="when_node", title="Node", kind="text", default="", unit="", low=None, high=50),
    replace(
        AT,
        name="when_event",
        title="Event",
        kind="event",
        default="boot",
        unit="",
        low=None,
        help="Such as role = leader, received write, sent write, operation ok, note …, boot, crash, written, fsync.",
    ),
    replace(
        AT,
        name="when_nth",
        title="Which time",
        kind="integer",
        default=1,
        unit="",
        low=1,
        high=1_000_000,
        help="1: the first time.",
    ),
    replace(AT, name="when_after_ms", title="And then after", high=DELAY_MS_MAX),
    replace(AT, name="lasts_ms", title="Lasts", default=None, low=0.001, high=DELAY_MS_MAX, help="Empty: to the end."),
)
TARGET: Final = Param("target", "Target", "text", "", high=140)
GROUPS: Final = Param(
    "target", "Groups", "groups", None, high=50, help="Ids with commas between them, and | between the groups."
)


def params_of(group: str, subject: str) -> list[dict[str, Any]]:
    """The declared parameters of a subject: a node type or `link`; for the entry itself `node:`, `fault:crash`, and
    where its target's type counts `fault:byzantine:register`.
    """
    if group == "params":
        known = describe()
        if subject == "link":
            return list(known["link"]["params"])
        return next((list(info["params"]) for info in known["types"] if info["type"] == subject), [])
    return [plain(param) for param in entry_params(subject)]


def entry_params(subject: str) -> tuple[Param, ...]:
    kind, sort, of = (*subject.split(":"), "", "")[:3]
    if kind == "fault":
        own = FAULT_PARAMS.get(sort, ())
        if sort == "byzantine":
            own = tuple(replace(param, choices=lies_of(of) or param.choices) for param in own)
        times = (START, *FAULT_AT, *FAULT_WHEN)
        if sort == "restart":
            times = tuple(param for param in times if param.name not in ("until_ms", "lasts_ms"))
        return (GROUPS if sort == "partition" else TARGET, *own, *times)
    return {"node": NODE_ENTRY, "cluster": CLUSTER_ENTRY}.get(kind, ())


def lies_of(node_type: str) -> tuple[Choice, ...]:
    """The lies that a node of a type knows; none for an unknown type."""
    lies = [lie for info in describe()["types"] if info["type"] == node_type for lie in info["lies"]]
    return tuple(Choice(lie["name"], lie["title"]) for lie in lies)


def plain(param: Param) -> dict[str, Any]:
    keys = ("name", "title", "kind", "unit", "default", "help", "section")
    choices = [{"value": choice.value, "title": choice.title} for choice in param.choices]
    return {**{key: getattr(param, key) for key in keys}, "min": param.low, "max": param.high, "choices": choices}
