"""The map that merges: fields with values, each field a multi-value register of its own.

It is an observed-remove set of fields with values, as the shopping cart of the report by Shapiro, Preguiça, Baquero and
Zawirski is (INRIA RR-7506, 2011): to set a field is to remove the values of it that have been seen and to add the new
one. Two that set different fields never get in each other's way; where two set the same field at once both values stay,
as siblings, until somebody who has seen them sets it (the report's multi-value register, section 3.2.2). Who removes a
field removes the values that have been seen: one that somebody set meanwhile stays.
"""

from __future__ import annotations

from simulations.engine.crdt_sets import ObservedSet, Tag


def put(fields: ObservedSet, field: str, value: int, tag: Tag) -> ObservedSet:
    """The map once a field was set."""
    return fields.without(field).added(field, tag, value)
