"""Waiting on behalf of a request, so that it can be given up: for one call, or for one of many made at once."""

from __future__ import annotations

from simulations.engine.channel import Message
from simulations.engine.node import Node
from simulations.engine.tasks import Call, Cancelled, Future


class Branch(Future):
    """The answer of one of many calls made at once. `waits` is what it waits for at the moment."""

    __slots__ = ("waits",)

    def __init__(self) -> None:
        super().__init__()
        self.waits: Future | None = None

    def give_up(self, node: Node) -> None:
        """Nobody waits for it any longer: tell the other side, where the node does."""
        call = self.waits
        if isinstance(call, Call) and call.to and not call.done:
            node.cancel(call, node.cause)
            call.fail(Cancelled(), None)


def awaited(node: Node, request: Message | Branch | None, future: Future) -> Future:
    """What is waited for on behalf of a request, or of one call of many for it (None: of neither)."""
    if isinstance(request, Branch):
        request.waits = future
        return future
    return future if request is None else node.cancellable(request, future)
