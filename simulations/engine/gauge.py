"""Gauges: numbers of a node's state that change often."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulations.engine.process import Process


class Gauge:
    """A number of a node's state; what `show` does, without looking the field up each time."""

    __slots__ = ("_code", "_field", "_node", "_value")

    def __init__(self, node: Process, field: str) -> None:
        self._node = node
        self._field = field
        self._code = node.trace.code(field)
        self._value = -1

    def set(self, value: int) -> None:
        """Show a value ≥ 0."""
        node = self._node
        if value != self._value and node.alive:
            self._value = value
            node.trace.change(node.kernel.now, node.host.index, self._field, self._code, value)
