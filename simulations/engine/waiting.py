"""Waiting for answers on behalf of somebody who may give up: a request, or one of many calls made at once."""

from __future__ import annotations

from collections.abc import Callable

from simulations.engine.channel import Message
from simulations.engine.messages import Body
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
    """What is waited for on behalf of a request, or of one call of many for it, so that it can be given up."""
    if isinstance(request, Branch):
        request.waits = future
        return future
    return future if request is None else node.cancellable(request, future)


async def first_answer(
    node: Node, request: Message | Branch | None, first: Future, after_ns: int, second: Callable[[], Future | None]
) -> Body:
    """The first good answer of a call and of the `second`, made when the first takes longer than this; the other goes
    unheeded. `second` may have nobody to ask. Raises the first call's failure when both fail.
    """
    calls = [first]
    if not first.done:
        await awaited(node, request, node.race([first, node.sleep(after_ns)]))
    if not first.done:
        more = second()
        if more is not None:
            calls.append(more)
    while True:
        for call in calls:
            if call.done and call.error is None:
                answer: Body = call.value
                return answer
        open_calls = [call for call in calls if not call.done]
        if not open_calls:
            assert first.error is not None
            raise first.error
        await awaited(node, request, node.race(open_calls))
