"""Looking on while a process acts. It sees nothing of that, and does what it would have done.

A process that nobody observes, which in an ordinary run is every one, pays a check for None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mypy_extensions import mypyc_attr

if TYPE_CHECKING:
    from simulations.engine.node import Node
    from simulations.engine.tasks import Future


@mypyc_attr(allow_interpreted_subclasses=True)
class Observer:
    """Told of the activations of a host's processes: each from when a handler begins or goes on until it returns or
    waits. One may lie within another: a handler that starts a task, or lets one go on.
    """

    def begins(self, node: Node, doing: Any) -> None:
        """A process begins to act because of `node.cause`; `doing` is a method, a function or a coroutine."""

    def ends(self, awaited: Future | None) -> None:
        """It has returned (None, or a future that is never done), or waits for a future."""
