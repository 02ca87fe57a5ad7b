"""Linearizability of the registers of a run: operations of its trace as the search for an order takes them."""

from __future__ import annotations

from collections.abc import Sequence

from simulations.checks.calls import NEVER, UNKNOWN, Call
from simulations.checks.history import end_of
from simulations.checks.models import Register
from simulations.checks.proving import prove, wrong_at
from simulations.checks.searching import CONFIGURATIONS_MAX, search
from simulations.engine.log import Operation


def linearizable(operations: Sequence[Operation], configurations_max: int = CONFIGURATIONS_MAX) -> bool | None:
    """Whether one register's history, first value None, is linearizable. None: the search reached its limit."""
    return search(Register(), calls_of(operations), configurations_max).linearizable


def shown_at(operations: Sequence[Operation]) -> int:
    """The moment (ns) of the answer that made one register's history wrong."""
    return wrong_at(Register(), calls_of(operations))


def proof(operations: Sequence[Operation], shown_at_ns: int) -> list[Operation]:
    """A few of one register's operations that are wrong whatever the others did, and of which none can go."""
    return [operations[call.id] for call in prove(Register(), calls_of(operations), shown_at_ns)]


def calls_of(operations: Sequence[Operation]) -> list[Call]:
    """Reads and writes as calls; their ids are their places."""
    return [
        Call(
            number,
            operation.start_ns,
            end := end_of(operation, NEVER),
            operation.process,
            operation.f,
            operation.key,
            operation.value,
            UNKNOWN if end == NEVER else operation.result,
        )
        for number, operation in enumerate(operations)
    ]
