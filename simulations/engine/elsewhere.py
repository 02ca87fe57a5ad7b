"""Calls of those who choose themselves whom to ask: a balancer by its policy, a gateway by distance.

A request that fails goes to another at once, as often as `retries` says. That is one attempt; whatever CALL_PARAMS ask
for beside it stands around it or within: pauses and a budget between attempts and a fallback after the last, circuit
breakers, bulkheads, timeouts and hedges for each that is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from simulations.engine.admission import Admission
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.messages import Body, Request
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure, Future, Refused
from simulations.engine.waiting import Branch, first_answer


class Elsewhere(Calls):
    """Calls by CHOOSER_PARAMS, `retries` and `timeout_ms`. `choose` names somebody who is not among those tried, for a
    caller (""; for anybody), or nobody (""); `nobody` is the reason then. Who may come in is up to ADMISSION_PARAMS;
    what waits is what bulkheads hold back.
    """

    def __init__(self, node: Node, choose: Callable[[list[str], str], str], nobody: str) -> None:
        super().__init__(node)
        self.choose = choose
        self.nobody = nobody
        self.elsewhere = node.integer("retries")
        self.door = self.admission = Admission(node)
        self.simple = self.direct and self.retries is None and self.names is None and not self.drop_expired

    def begin(self, body: Request, message: Message) -> Body | Coroutine[Any, Any, Body]:
        """What a request is answered, or what sees to that."""
        if not self.door.open:
            refusal = self.door.refusal(message, self.queued())
            if refusal is not None:
                return refusal
        return self.round(body, message) if self.simple else self.ask(body, message)

    async def once(
        self,
        target: str,
        body: Body,
        request: Message | Branch | None,
        timeout_ms: float,
        alike: list[str] | None = None,
    ) -> Body:
        """One attempt, whoever it takes."""
        return await self.round(body, request)

    async def round(self, body: Body, request: Message | Branch | None) -> Body:
        """Ask somebody, and others when that fails and retries are left. Raises the last failure."""
        deadline_ns = self.until_ns(request)
        caller = request.channel.src.id if isinstance(request, Message) else ""
        tried: list[str] = []
        uncertain = False
        reason = self.nobody
        for _try in range(self.elsewhere + 1):
            target = self.choose(tried, caller)
            if not target or 0 <= deadline_ns <= self.node.kernel.now:
                break
            if tried:
                self.again()
            tried.append(target)
            try:
                if self.direct:
                    return await self.single(target, body, request, self.time_left_ms(deadline_ns))
                return await super().once(target, body, request, self.time_left_ms(deadline_ns), tried)
            except Cancelled:
                raise
            except Failure as failure:
                uncertain = uncertain or failure.uncertain
                reason = failure.reason
        raise Refused(reason, uncertain)

    def group(self, alike: list[str] | None) -> str:
        return ""  # all that there are answer alike

    async def single(self, target: str, body: Body, request: Message | Branch | None, timeout_ms: float) -> Body:
        """Ask one of them."""
        self.count(target, 1)
        try:
            reply: Body = await self.waiting(request, self.node.call(target, body, timeout_ms))
        except Failure as failure:
            if not isinstance(failure, Cancelled):
                self.ended(target, True)
            raise
        finally:
            self.count(target, -1)
        self.ended(target, False)
        return reply

    async def hedged(
        self, target: str, body: Body, request: Message | Branch | None, timeout_ms: float, alike: list[str] | None
    ) -> Body:
        """Ask one of them and, when it takes too long, another, who then counts among those tried too."""
        if self.hedge_after_ns <= 0:
            return await self.single(target, body, request, timeout_ms)
        tried = [target] if alike is None else alike
        first = self.node.call(target, body, timeout_ms)
        asked: list[tuple[str, Future]] = [(target, first)]
        self.count(target, 1)

        def second() -> Future | None:
            other = self.choose(tried, "")
            if not other:
                return None
            self.node.publish("calls.hedged", 1)
            tried.append(other)
            call = self.node.call(other, body, timeout_ms)
            asked.append((other, call))
            self.count(other, 1)
            return call

        try:
            return await first_answer(self.node, request, first, self.hedge_after_ns, second)
        finally:
            for server, call in asked:
                self.count(server, -1)
                if call.done and not isinstance(call.error, Cancelled):
                    self.ended(server, call.error is not None)

    # What a subclass may want to know

    def again(self) -> None:
        """A request goes to another."""
        self.node.publish("calls.retried", 1)

    def count(self, target: str, change: int) -> None:
        """There is one more request under way, or one less."""

    def ended(self, target: str, failed: bool) -> None:
        """A request has ended."""
