"""Idempotency keys: a request that is made again gets the first one's answer, and nothing is done again.

The caller gives each operation a key of its own, the same in all its attempts; the callee keeps the result of each key.
What is kept must be as durable as the effect, and become so with it: a result that a crash takes lets the effect come
about twice (Helland: "Idempotence Is Not a Medical Condition", ACM Queue 10(4), 2012).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from simulations.engine.declare import Metric, Param
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.tasks import Failure, Future

IDEMPOTENCY_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "keeps_results",
        "Keep results by key",
        "boolean",
        False,
        help="A request with an idempotency key seen before gets the same answer, and is not carried out again.",
        section="Effects",
    ),
    Param(
        "results_max",
        "Results kept",
        "integer",
        10_000,
        "",
        1,
        1_000_000,
        help="The oldest is forgotten first.",
        section="Effects",
        when=("keeps_results", True),
    ),
)
IDEMPOTENCY_METRICS: Final[tuple[Metric, ...]] = (
    Metric("results.repeated", "requests", "Requests that were answered from a result kept by key.", "count"),
)


class Results:
    """Answers by idempotency key, and those on their way."""

    def __init__(self, node: Node, kept: dict[int, Body]) -> None:
        self.node = node
        self.results_max = node.integer("results_max")
        self.kept = kept
        self.under_way: dict[int, list[Future]] = {}

    async def of(self, token: int) -> Body | None:
        """The answer under a key; None where it is to be worked out now. One on its way is waited for; raises its
        failure.
        """
        while True:
            if token in self.kept:
                self.node.publish("results.repeated", 1)
                return self.kept[token]
            if token not in self.under_way:
                self.under_way[token] = []
                return None
            waiting = Future()
            self.under_way[token].append(waiting)
            await waiting

    def keep(self, token: int, answer: Body) -> None:
        """The answer is known."""
        self.kept[token] = answer
        while len(self.kept) > self.results_max:
            del self.kept[next(iter(self.kept))]
        self._wake(token, None)

    async def once(self, token: int, work: Callable[[], Coroutine[Any, Any, Body]]) -> Body:
        """The answer under a key, worked out where there is none yet. Raises its failure."""
        answer = await self.of(token)
        if answer is not None:
            return answer
        try:
            answer = await work()
        except Failure as failure:
            self._wake(token, failure)
            raise
        self.keep(token, answer)
        return answer

    def _wake(self, token: int, failure: Failure | None) -> None:
        for waiting in self.under_way.pop(token, []):
            if failure is None:
                waiting.resolve(None, None)
            else:
                waiting.fail(failure, None)


def results(node: Node, kept: dict[int, Body]) -> Results | None:
    """What a node keeps by its parameters; None for nothing."""
    return Results(node, kept) if node.boolean("keeps_results") else None
