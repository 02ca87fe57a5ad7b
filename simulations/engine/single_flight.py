"""Single flight: many who want the same at once need one fetch, not many.

Nishtala et al.: "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1 (leases).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure, Future

SLACK_NS: Final = 1_000  # a call ends by its deadline, give or take the rounding of its timeout

Fetch = Callable[[int], Coroutine[Any, Any, Body]]  # of what is of use until then (ns; −1: for ever)


class SingleFlight:
    """Fetches under way, by key. `counts`: the metric that counts who waits for another's, if any does."""

    def __init__(self, node: Node, counts: str = "") -> None:
        self.node = node
        self.counts = counts
        self.waiting: dict[str, list[Future]] = {}

    async def share(self, key: str, fetch: Fetch, until_ns: int) -> Body:
        """What one's own fetch gives, or another one's for the same key. Raises its failure."""
        while key in self.waiting:
            if self.counts:
                self.node.publish(self.counts, 1)
            mine = Future()
            self.waiting[key].append(mine)
            found: Body | None = await mine
            if found is not None:
                return found
        return await self.lead(key, fetch, until_ns)

    async def lead(self, key: str, fetch: Fetch, until_ns: int) -> Body:
        """Fetch, and tell who waits. Who gives up or runs out of time leaves it to another of those."""
        waiting = self.waiting.setdefault(key, [])
        try:
            found = await fetch(until_ns)
        except Failure as failure:
            self.waiting.pop(key, None)
            late = 0 <= until_ns <= self.node.kernel.now + SLACK_NS
            for one in waiting:
                if late or isinstance(failure, Cancelled):
                    one.resolve(None, None)
                else:
                    one.fail(failure, None)
            raise
        self.waiting.pop(key, None)
        for one in waiting:
            one.resolve(found, None)
        return found
