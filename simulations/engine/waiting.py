"""Waiting for answers on behalf of somebody who may give up: a request, or one of many calls made at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simulations.engine.channel import Message
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.tasks import Call, Cancelled, Future


class Branch(Future):
    """The answer of one of many calls made at once, of use until its deadline (−1: for ever). `waits` is what it waits
    for at the moment.
    """

    __slots__ = ("deadline_ns", "waits")

    def __init__(self, deadline_ns: int = -1) -> None:
        super().__init__()
        self.deadline_ns = deadline_ns
        self.waits: Future | None = None

    def give_up(self, node: Node) -> None:
        """Nobody waits for it any longer: tell the other side, where the node does."""
        if self.waits is not None:
            give_up(node, [self.waits])


def give_up(node: Node, futures: Sequence[Future]) -> None:
    """Nobody waits for these any longer: where the node cancels, tell those who were asked."""
    for future in futures:
        if future.done or not node.cancels:
            continue
        if isinstance(future, Branch):
            future.give_up(node)
            continue
        if isinstance(future, Call) and future.to:
            node.cancel(future, node.cause)
        future.fail(Cancelled(), None)


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
    try:
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
    except Cancelled:
        give_up(node, calls)
        raise
