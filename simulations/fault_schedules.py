"""Fault schedules drawn at random: what strikes a document's cluster, when, and for how long.

A schedule is a pure function of the document, a seed and a number. It strikes the members of the document's clusters,
the links between them, those on which others reach them, and who keeps them in order from outside; where there is no
cluster, every node that serves. Strikes come alone, at the same moment as another begins or ends, in quick succession,
when a node does something of note or comes to be in charge, and some while things begin. All that starts at a given
time is mended when HEALED of the workload is over, so that the rest can show a recovery; what waits for an event is
short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from pydantic import TypeAdapter

from simulations.catalogue import node_types
from simulations.document import Document, names_of
from simulations.document_entries import Fault
from simulations.document_expand import Names
from simulations.document_fault_checks import contradictions
from simulations.engine.messages import kind_of, role_of
from simulations.strikes import Dice, Entry, Group, Link, Strike, kinds

HEALED: Final = 0.75
STRIKES_MAX: Final = 6
FAULTS_MAX: Final = 8
LENGTH_MS_MIN: Final = 5
CLOSE_MS: Final = 40  # of a strike that follows another in quick succession
ALIGNED: Final = 0.5  # of the strikes begin when another begins or ends, or soon after
EARLY: Final = 0.3  # of the strikes come rather while things begin: any ten-fold of time is as likely as another
MESHED_MAX: Final = 30  # members of a large cluster between whom links are struck one by one
TOLD: Final = ("replication", "vote")

_FAULTS: Final[TypeAdapter[list[Any]]] = TypeAdapter(list[Fault])


def groups_of(document: Document) -> list[Group]:
    """What can be struck. Empty where there is neither a cluster nor a node that serves."""
    names = names_of(document)
    meshes = {cluster.id: cluster.cables == "mesh" for cluster in document.clusters}
    drawn = [
        Link(name, a, b)
        for link in document.links
        for name, (a, b) in zip(names.links[link.id], names.ends(link), strict=True)
    ]
    type_of = {name: node.type for node in document.nodes for name in names.nodes[node.id]}
    found = [_group(names, drawn, members, id if meshes[id] else "", type_of) for id, members in names.members.items()]
    if found:
        return found + _keepers(names, drawn, type_of)
    serving = [name for name, type_name in type_of.items() if node_types()[type_name].SERVES]
    return [_group(names, drawn, serving, "", type_of)] if serving else []


def _keepers(names: Names, drawn: Sequence[Link], type_of: Mapping[str, str]) -> list[Group]:
    """Each node of the members' kind that is linked to one of them and stands in no cluster: a monitor, a master."""
    members = {name for cluster in names.members.values() for name in cluster}
    beside = {end for link in drawn if (link.a in members) != (link.b in members) for end in (link.a, link.b)}
    kind = {node_types()[type_of[member]].CATEGORY for member in members}
    return [
        _group(names, drawn, [name], "", type_of)
        for name, type_name in type_of.items()
        if name in beside and name not in members and node_types()[type_name].CATEGORY in kind
    ]


def _group(names: Names, drawn: Sequence[Link], members: Sequence[str], mesh: str, type_of: Mapping[str, str]) -> Group:
    inside = frozenset(members)
    between = [link for link in drawn if link.a in inside and link.b in inside]
    if mesh:
        pairs = [Link(f"{mesh}:{a}-{b}", a, b) for a, b in combinations(members[:MESHED_MAX], 2)]
        between += [link for link in pairs if names.along(link.target)]
    towards = [link for link in drawn if (link.a in inside) != (link.b in inside)]
    whole = f"cluster:{mesh}" if mesh and len(members) > 1 else ""
    types = {type_of[member] for member in members}
    alike = len(types) == 1 and len(members) <= MESHED_MAX
    events = _events(type_of[members[0]]) if alike else ()
    offices = _offices(type_of[members[0]]) if alike else ()
    return Group(tuple(members), tuple(between), tuple(towards), whole, events, offices)


def _offices(type_name: str) -> tuple[str, ...]:
    """What a member shows when it comes to be in charge: the roles that one has at most."""
    rules = [rule for rule in node_types()[type_name].INVARIANTS if rule.kind == "one-per-term"]
    return tuple(f"{rule.fields[0]} = {rule.value}" for rule in rules)


def _events(type_name: str) -> tuple[str, ...]:
    """What members do of note: they write to disk, and tell each other."""
    told = [kind_of(body) for body in node_types()[type_name].HANDLES if role_of(body) in TOLD]
    return ("written", "fsync", *(f"{way} {kind}" for kind in told for way in ("sent", "received")))


def schedule(document: Document, seed: int, number: int) -> list[Entry]:
    """The faults of the schedule with that number, in the order in which they begin. Raises ValueError for a document
    in which nothing can be struck.
    """
    groups = groups_of(document)
    if not groups:
        raise ValueError("There is nothing to strike: no cluster, and no node that serves.")
    dice = Dice(seed, number)
    healed_ms = max(2 * LENGTH_MS_MIN, int(document.duration_ms * HEALED))
    moments: list[int] = []
    faults: list[Entry] = []
    for _ in range(1 + dice.below(STRIKES_MAX)):
        if len(faults) >= FAULTS_MAX:
            break
        struck = dice.pick([group for group in groups for _ in group.members])
        strike = _strike(dice, struck, moments, healed_ms)
        moments += [strike.at_ms, strike.until_ms]
        faults += dice.pick(kinds(strike.group))(strike)[: FAULTS_MAX - len(faults)]
    faults.sort(key=lambda fault: fault.get("at_ms", 0))
    return _without_contradictions(faults, names_of(document))


def _strike(dice: Dice, group: Group, moments: Sequence[int], healed_ms: int) -> Strike:
    latest_ms = healed_ms - LENGTH_MS_MIN
    at_ms = dice.spread(1, latest_ms) if dice.unit() < EARLY else dice.below(latest_ms)
    if moments and dice.unit() < ALIGNED:
        at_ms = min(latest_ms, dice.pick(moments) + dice.pick((0, dice.below(CLOSE_MS))))
    return Strike(dice, group, at_ms, min(healed_ms, at_ms + dice.spread(LENGTH_MS_MIN, healed_ms / 2)))


def _without_contradictions(faults: list[Entry], names: Names) -> list[Entry]:
    """The schedule without faults whose end mends nothing."""
    kept = list(faults)
    while wrong := next(contradictions(list(enumerate(_FAULTS.validate_python(kept))), names), None):
        kept.pop(int(wrong.path[len("faults[") : wrong.path.index("]")]))
    return kept
