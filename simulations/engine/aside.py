"""The use of a cache that stands beside the store (cache-aside, look-aside).

The user asks the cache, on a miss the store, and puts into the cache what the store said; after a write it has the
cache forget the key, because a put could overtake a later one's (Nishtala et al.: "Scaling Memcache at Facebook",
NSDI 2013, section 2). A cache that does not answer is a cache that has nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from simulations.engine.caching import Invalidate, Lookup, Miss, Put
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Param
from simulations.engine.messages import Body, Increment, Read, Request, Value, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure

ASIDE_PARAM: Final = Param(
    "cache",
    "Cache beside the store",
    "text",
    "",
    help="A cache with a link to it: reads look there first, and put there what the store says. Empty: none.",
    section="Calls",
)


class Aside:
    """A cache that a process looks into before it asks the store."""

    def __init__(self, node: Node, cache: str, calls: Calls) -> None:
        self.node = node
        self.cache = cache
        self.calls = calls

    async def ask(self, body: Request, request: Message, store: Callable[[], Coroutine[Any, Any, Body]]) -> Body:
        """The cache's answer, or the store's. Raises the store's failure."""
        if isinstance(body, Read):
            found = await self.once(Lookup(body.key), request)
            if isinstance(found, Value):
                return found
            answer = await store()
            if isinstance(answer, Value) and isinstance(found, Miss):
                self.node.send(self.cache, Put(body.key, answer.value))
            return answer
        answer = await store()
        if isinstance(body, (Write, Increment)):
            await self.once(Invalidate(body.key), request)
        return answer

    async def once(self, body: Request, request: Message) -> Body | None:
        """What the cache says to this; None when it does not answer."""
        timeout_ms = self.calls.time_left_ms(self.calls.until_ns(request))
        try:
            answer: Body = await self.node.cancellable(request, self.node.call(self.cache, body, timeout_ms))
        except Cancelled:
            raise
        except Failure:
            return None
        return answer


def aside(node: Node, calls: Calls) -> Aside | None:
    """The cache that a node's parameters name among its neighbours; None for none."""
    cache = node.text("cache")
    return Aside(node, cache, calls) if cache in node.host.channels else None
