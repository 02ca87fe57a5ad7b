"""Calls that take failure into account: whom to ask, how often, how many at once, and what to answer when all fails.

The parts are nested as a client library nests them: a fallback around the retries, around a circuit breaker, around a
bulkhead, around the call with its timeout and its hedge. Bulkheads and breakers: Nygard, "Release It!", 2nd edition,
chapter 5; hedging: Dean and Barroso, "The Tail at Scale", CACM 2013.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulations.engine.breakers import BULKHEAD_FULL, breakers
from simulations.engine.call_params import CACHED, DEFAULT, FAILOVER, NO_FALLBACK, OTHER
from simulations.engine.channel import Message
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.messages import DONE, Body, Read, Value, Work, Write
from simulations.engine.node import Node
from simulations.engine.retries import GIVE_UP, retries
from simulations.engine.tasks import Cancelled, Failure, Future, Refused
from simulations.engine.workers import Slots

ANSWERS_MAX: Final = 10_000  # kept for the fallback
APART: Final = ("cache", "resolver", "log_to", "rank_by")  # parameters that name who is asked in a way of its own
NO_TIME_MS: Final = 0.000_001  # a timeout of 0 would be none


class Calls:
    """How a process calls its targets, by its parameters CALL_PARAMS and `timeout_ms`."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.timeout_ms = node.number("timeout_ms")
        self.retries = retries(node)
        self.breakers = breakers(node)
        self.failover = node.text("call_order") == FAILOVER
        self.hedge_after_ns = to_ns(node.number("hedge_after_ms"))
        self.fallback = node.text("fallback")
        self.spare = node.text("fallback_to") if self.fallback == OTHER else ""
        apart = (self.spare, *[str(node.params.get(name, "")) for name in APART])
        self.targets = [target for target in node.targets if target not in apart]
        room = node.integer("bulkhead_calls")
        queue_max = node.integer("bulkhead_queue")
        self.bulkheads = (
            {target: Slots(room, queue_max, full=BULKHEAD_FULL) for target in node.targets} if room else None
        )
        self.answers: dict[str, Body] = {}
        self.turn = 0
        self.direct = (  # an attempt is a call and no more
            self.breakers is None
            and self.bulkheads is None
            and self.hedge_after_ns <= 0
            and self.fallback == NO_FALLBACK
        )
        self.plain = self.direct and self.retries is None and not self.failover  # all is

    def pick(self, first: int, attempts: int) -> str:
        """Whom to ask after so many attempts: in turn from the `first`, or by their order; nobody whose circuit is
        open as long as there is somebody else.
        """
        count = len(self.targets)
        start = attempts if self.failover else first + attempts
        if self.breakers is not None:
            for step in range(count):
                target = self.targets[(start + step) % count]
                if not self.breakers.of[target].shut:
                    return target
        return self.targets[start % count]

    async def ask(self, body: Body, request: Message, deadline_ns: int = -1) -> Body:
        """Get an answer on behalf of a request. Raises the last attempt's failure, uncertain if any attempt was."""
        first = self.turn
        self.turn += 1
        attempts = pause_ns = 0
        uncertain = False
        if self.retries is not None:
            self.retries.begin()
        while True:
            target = self.pick(first, attempts)
            attempts += 1
            try:
                return await self.once(target, body, request, self.time_left_ms(deadline_ns))
            except Cancelled:
                raise
            except Failure as failure:
                reason = failure.reason
                uncertain = uncertain or failure.uncertain
            pause_ns = GIVE_UP if self.retries is None else self.retries.pause_ns(attempts, pause_ns)
            if pause_ns < 0 or 0 <= deadline_ns <= self.node.kernel.now + pause_ns:
                break
            self.node.publish("calls.retried", 1)
            await self.node.cancellable(request, self.node.sleep(pause_ns))
        answer = await self.fall_back(body, request)
        if answer is None:
            raise Refused(reason, uncertain)
        return answer

    def time_left_ms(self, deadline_ns: int) -> float:
        """The timeout of the next attempt, no longer than until a deadline (−1: none)."""
        if deadline_ns < 0:
            return self.timeout_ms
        return max(NO_TIME_MS, min(self.timeout_ms, (deadline_ns - self.node.kernel.now) / NS_PER_MS))

    async def once(self, target: str, body: Body, request: Message | None, timeout_ms: float) -> Body:
        """One attempt. Raises Refused where a circuit is open or a bulkhead full."""
        if self.breakers is None:
            reply = await self.attempt(target, body, request, timeout_ms)
        else:
            reply = await self.breakers.guard(target, lambda: self.attempt(target, body, request, timeout_ms))
        if self.fallback == CACHED:
            self.remember(body, reply)
        return reply

    async def attempt(self, target: str, body: Body, request: Message | None, timeout_ms: float) -> Body:
        """One attempt, once there is room for it."""
        if self.bulkheads is None:
            return await self.hedged(target, body, request, timeout_ms)
        bulkhead = self.bulkheads[target]
        try:
            await self.waiting(request, bulkhead.acquire())
        except Refused:
            self.node.publish("bulkhead.refused", 1)
            raise
        try:
            reply = await self.hedged(target, body, request, timeout_ms)
        except Failure:
            bulkhead.release()
            raise
        bulkhead.release()
        return reply

    async def hedged(self, target: str, body: Body, request: Message | None, timeout_ms: float) -> Body:
        """One attempt, and where it takes too long a second one elsewhere beside it."""
        node = self.node
        first = node.call(target, body, timeout_ms)
        if self.hedge_after_ns <= 0 or len(self.targets) < 2:
            reply: Body = await self.waiting(request, first)
            return reply

        def second() -> Future:
            node.publish("calls.hedged", 1)
            other = self.targets[(self.targets.index(target) + 1) % len(self.targets)]
            return node.call(other, body, timeout_ms)

        return await first_answer(node, request, first, self.hedge_after_ns, second)

    def waiting(self, request: Message | None, future: Future) -> Future:
        """What an attempt waits for."""
        return future if request is None else self.node.cancellable(request, future)

    # The fallback

    def remember(self, body: Body, reply: Body) -> None:
        """Keep an answer, the oldest going when there are too many."""
        if isinstance(body, Write):
            reply = Value(body.value)
        elif not isinstance(body, Read):
            return
        if body.key not in self.answers and len(self.answers) >= ANSWERS_MAX:
            del self.answers[next(iter(self.answers))]
        self.answers[body.key] = reply

    async def fall_back(self, body: Body, request: Message | None) -> Body | None:
        """The answer when all attempts have failed; None for none."""
        answer: Body | None = None
        if self.fallback == DEFAULT and isinstance(body, (Work, Read)):
            answer = DONE if isinstance(body, Work) else Value(None)
        elif self.fallback == CACHED and isinstance(body, Read):
            answer = self.answers.get(body.key)
        elif self.fallback == OTHER and self.spare in self.node.host.channels:
            try:
                answer = await self.waiting(request, self.node.call(self.spare, body, self.timeout_ms))
            except Cancelled:
                raise
            except Failure:
                return None
        if answer is not None:
            self.node.publish("calls.fallbacks", 1)
        return answer


async def first_answer(
    node: Node, request: Message | None, first: Future, after_ns: int, second: Callable[[], Future | None]
) -> Body:
    """The first good answer of a call and of the `second`, made when the first takes longer than this; the other goes
    unheeded. `second` may have nobody to ask. Raises the first call's failure when both fail.
    """

    def waiting(future: Future) -> Future:
        return future if request is None else node.cancellable(request, future)

    calls = [first]
    if not first.done:
        await waiting(node.race([first, node.sleep(after_ns)]))
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
        await waiting(node.race(open_calls))
