"""Histories: the reads and writes of each key, as the clients saw them."""

from __future__ import annotations

from collections.abc import Iterable

from simulations.engine.log import Operation

Histories = dict[str, list[Operation]]  # by key, each key's by start


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


def sessions(histories: Histories) -> dict[int, list[Operation]]:
    """The same operations by process, each process's in its own order. An open client's are each a process alone."""
    found: dict[int, list[Operation]] = {}
    everything = [operation for operations in histories.values() for operation in operations]
    for operation in sorted(everything, key=lambda one: (one.start_ns, one.id)):
        found.setdefault(operation.process, []).append(operation)
    return found


def ambiguous(histories: Histories) -> str:
    """Where it cannot be told which write a read saw: a value that a key was given twice; "" if there is none."""
    for key, operations in histories.items():
        given: set[object] = set()
        for operation in operations:
            if operation.f == "write":
                if operation.value in given or operation.value is None:
                    return f"{key} was given the value {operation.value} twice, so a read of it has no one origin."
                given.add(operation.value)
    return ""


def by_key(operations: Iterable[Operation]) -> Histories:
    """These operations, all of them, by key and in the order given."""
    found: Histories = {}
    for operation in operations:
        found.setdefault(operation.key, []).append(operation)
    return found
