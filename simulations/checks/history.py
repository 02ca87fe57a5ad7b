"""Histories: the reads and writes of each key, as the clients saw them."""

from __future__ import annotations

from collections.abc import Iterable

from simulations.engine.log import Operation


def registers(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    """The reads and writes of each keyed register that bear on correctness, by start.

    A failed operation had no effect and told nothing; a read without an answer told nothing either. A write whose
    outcome is unknown stays.
    """
    found: dict[str, list[Operation]] = {}
    for operation in sorted(operations, key=lambda one: (one.start_ns, one.id)):
        if operation.key and (
            (operation.type == "ok" and operation.f in ("read", "write"))
            or (operation.type == "info" and operation.f == "write")
        ):
            found.setdefault(operation.key, []).append(operation)
    return found


def end_of(operation: Operation, never: int) -> int:
    """When an operation had taken effect for certain; `never` for one whose outcome is unknown."""
    return never if operation.type == "info" or operation.end_ns is None else operation.end_ns
