"""Calls that take failure into account: whom to ask, how often, how many at once, and what to answer when all fails.

The parts are nested as a client library nests them: a fallback around the retries, around a circuit breaker, around a
bulkhead, around the call with its timeout and its hedge. Bulkheads and breakers: Nygard, "Release It!", 2nd edition,
chapter 5; hedging: Dean and Barroso, "The Tail at Scale", CACM 2013.
"""

from __future__ import annotations

from typing import Final

from simulations.engine.admission import NO_TIME_MS, Admission
from simulations.engine.breakers import BULKHEAD_FULL, breakers
from simulations.engine.call_params import APART, FAILOVER
from simulations.engine.channel import Message
from simulations.engine.distributions import NS_PER_MS, to_ns
from simulations.engine.fallbacks import Fallback
from simulations.engine.marshalling import codec
from simulations.engine.messages import Body
from simulations.engine.naming import NO_INSTANCE, Resolver, resolver
from simulations.engine.node import Node
from simulations.engine.retries import GIVE_UP, retries
from simulations.engine.tasks import Cancelled, Failure, Future, Refused, TimedOut
from simulations.engine.timeouts import timeouts
from simulations.engine.waiting import Branch, awaited, first_answer
from simulations.engine.workers import Slots

OF_REQUEST: Final = -2  # the deadline is that of the request, where deadlines count
NO_DEADLINE: Final = -1
NEXT: Final = -1  # of the targets, whose turn it is


class Calls:
    """How a process calls its targets, by its parameters CALL_PARAMS and `timeout_ms`."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.timeout_ms = node.number("timeout_ms")
        self.timeouts = timeouts(node)
        self.retries = retries(node)
        self.breakers = breakers(node)
        self.failover = node.params.get("call_order") == FAILOVER
        self.hedge_after_ns = to_ns(float(node.params.get("hedge_after_ms", 0)))
        self.fallback = Fallback(node)
        self.drop_expired = bool(node.params.get("drop_expired", False))
        apart = (self.fallback.spare, *[str(node.params.get(name, "")) for name in APART])
        self.targets = [target for target in node.targets if target not in apart]
        self.any = bool(self.targets) or self.fallback.spare in node.targets  # somebody stands behind
        room = node.integer("bulkhead_calls")
        queue_max = node.integer("bulkhead_queue")
        self.bulkheads = (
            {target: Slots(room, queue_max, full=BULKHEAD_FULL) for target in node.targets} if room else None
        )
        self.names = resolver(node, self.targets)  # None: the targets stay those that it is linked to
        self.admission: Admission | None = None  # told how long calls wait at a bulkhead
        self.turns: dict[str, int] = {}  # of the targets, and of each group of some that are alike
        self.codec = codec(node, "request_bytes")
        self.direct = (  # an attempt is a call and no more
            self.codec is None
            and self.breakers is None
            and self.bulkheads is None
            and self.hedge_after_ns <= 0
            and self.timeouts is None
            and self.fallback.none
        )
        self.plain = self.direct and self.retries is None and not self.failover and self.names is None  # all is

    def pick(self, first: int, attempts: int, targets: list[str] | None = None) -> str:
        """Whom of the targets to ask after so many attempts: in turn from the `first`, or by their order; nobody whose
        circuit is open as long as there is somebody else.
        """
        if targets is None:
            targets = self.targets
        count = len(targets)
        start = attempts if self.failover else first + attempts
        if self.breakers is not None:
            for step in range(count):
                target = targets[(start + step) % count]
                if not self.breakers.of[target].shut:
                    return target
        return targets[start % count]

    async def find(self, names: Resolver, targets: list[str] | None = None) -> list[str]:
        """Learn who can be asked now, of these or of all. Raises Refused when nobody can."""
        if not names.fresh():
            await names.look_up()
        if names.known:
            self.targets = names.known
        found = names.known if targets is None else [target for target in targets if target in names.known]
        if not found:
            raise Refused(NO_INSTANCE, False)
        return found

    async def tell(self, body: Body, targets: list[str] | None) -> None:
        """Send a message to the next of some targets (None: of all), and expect no answer."""
        if not self.targets:
            raise Refused("no target", False)
        if self.codec is not None:
            body = await self.codec.marshal(body)
        among = targets if self.names is None else await self.find(self.names, targets)
        self.node.send(self.pick(self.next_turn("" if targets is None else targets[0]), 0, among), body)

    def next_turn(self, group: str) -> int:
        """The number of a call among those to the same group."""
        turn = self.turns.get(group, 0)
        self.turns[group] = turn + 1
        return turn

    async def ask(
        self,
        body: Body,
        request: Message | Branch | None,
        deadline_ns: int = OF_REQUEST,
        targets: list[str] | None = None,
        first: int = NEXT,
    ) -> Body:
        """Get an answer of one of the targets, all alike, on behalf of a request and by its deadline, or a given one.
        Raises the last attempt's failure, uncertain if any attempt was; Refused where nobody waits for it any more.
        """
        if deadline_ns == OF_REQUEST:
            deadline_ns = self.until_ns(request)
        group = "" if targets is None else targets[0]
        if first == NEXT:
            first = self.next_turn(group)
        attempts = pause_ns = 0
        uncertain = False
        target = targets[0] if targets else ""
        if self.retries is not None:
            self.retries.begin()
        while True:
            if 0 <= deadline_ns <= self.node.kernel.now:
                raise Refused("expired", uncertain)
            attempts += 1
            try:
                among = targets if self.names is None else await self.find(self.names, targets)
                if not self.targets:
                    raise Refused("no target", False)
                target = self.pick(first, attempts - 1, among)
                alike = None if targets is None else among
                return await self.once(target, body, request, self.time_left_ms(deadline_ns), alike)
            except Cancelled:
                raise
            except Failure as failure:
                reason = failure.reason
                uncertain = uncertain or failure.uncertain
            pause_ns = GIVE_UP if self.retries is None else self.retries.pause_ns(attempts, pause_ns)
            if pause_ns < 0 or 0 <= deadline_ns <= self.node.kernel.now + pause_ns:
                break
            self.node.publish("calls.retried", 1)
            await self.waiting(request, self.node.sleep(pause_ns))
        answer: Body | None = None
        if self.fallback.covers(self.targets if targets is None else targets):
            answer = await self.fallback.answer(group, body, request)
        if answer is None:
            raise Refused(reason, uncertain)
        return answer

    def ask_beside(self, body: Body, deadline_ns: int, targets: list[str] | None, first: int = NEXT) -> Branch:
        """Begin to ask, beside others. The branch ends as the answer does."""
        branch = Branch(deadline_ns)
        self.node.spawn(self.settle(branch, body, targets, first), self.node.cause)
        return branch

    async def settle(self, branch: Branch, body: Body, targets: list[str] | None, first: int) -> None:
        """Ask for a branch."""
        try:
            answer = await self.ask(body, branch, branch.deadline_ns, targets, first)
        except Failure as failure:
            branch.fail(failure, self.node.cause)
            return
        branch.resolve(answer, self.node.cause)

    def until_ns(self, request: Message | Branch | None) -> int:
        """Until when an answer on behalf of a request is of use, where deadlines count; −1: for ever."""
        return request.deadline_ns if self.drop_expired and request is not None else NO_DEADLINE

    def time_left_ms(self, deadline_ns: int) -> float:
        """The timeout of the next attempt, no longer than until a deadline (−1: none)."""
        if deadline_ns < 0:
            return self.timeout_ms
        return max(NO_TIME_MS, min(self.timeout_ms, (deadline_ns - self.node.kernel.now) / NS_PER_MS))

    async def once(
        self,
        target: str,
        body: Body,
        request: Message | Branch | None,
        timeout_ms: float,
        alike: list[str] | None = None,
    ) -> Body:
        """One attempt at one of those that are `alike`. Raises Refused where a circuit is open or a bulkhead full."""
        if self.codec is not None:
            body = await self.codec.marshal(body)
        if self.breakers is None:
            reply = await self.attempt(target, body, request, timeout_ms, alike)
        else:
            reply = await self.breakers.guard(target, lambda: self.attempt(target, body, request, timeout_ms, alike))
        if self.codec is not None:
            await self.codec.unmarshal(reply)
        if self.fallback.caches:
            self.fallback.remember(self.group(alike), body, reply)
        return reply

    def group(self, alike: list[str] | None) -> str:
        """By whom answers are told apart."""
        return "" if alike is None else alike[0]

    def queued(self) -> int:
        """How many calls wait at a bulkhead."""
        return 0 if self.bulkheads is None else sum([bulkhead.queued for bulkhead in self.bulkheads.values()])

    async def attempt(
        self, target: str, body: Body, request: Message | Branch | None, timeout_ms: float, alike: list[str] | None
    ) -> Body:
        """One attempt, once there is room for it."""
        if self.bulkheads is None:
            return await self.timed(target, body, request, timeout_ms, alike)
        bulkhead = self.bulkheads[target]
        came_ns = self.node.kernel.now
        try:
            await self.waiting(request, bulkhead.acquire())
        except Refused:
            self.node.publish("bulkhead.refused", 1)
            raise
        waited_ns = self.node.kernel.now - came_ns
        if self.admission is not None:
            self.admission.waited(waited_ns)
        deadline_ns = self.until_ns(request)
        if waited_ns and deadline_ns >= 0:
            if deadline_ns <= self.node.kernel.now:
                bulkhead.release()
                raise Refused("expired", False)
            timeout_ms = min(timeout_ms, self.time_left_ms(deadline_ns))
        try:
            reply = await self.timed(target, body, request, timeout_ms, alike)
        except Failure:
            bulkhead.release()
            raise
        bulkhead.release()
        return reply

    async def timed(
        self, target: str, body: Body, request: Message | Branch | None, timeout_ms: float, alike: list[str] | None
    ) -> Body:
        """One attempt, with no more time than others took where the timeout goes by that."""
        if self.timeouts is None:
            return await self.hedged(target, body, request, timeout_ms, alike)
        usual_ms = self.timeouts.of_ms(target)
        began_ns = self.node.kernel.now
        try:
            reply = await self.hedged(target, body, request, min(timeout_ms, usual_ms), alike)
        except TimedOut:
            if usual_ms <= timeout_ms:  # a deadline that came before says nothing of the target
                self.timeouts.took(target, self.node.kernel.now - began_ns)
            raise
        self.timeouts.took(target, self.node.kernel.now - began_ns)
        return reply

    async def hedged(
        self, target: str, body: Body, request: Message | Branch | None, timeout_ms: float, alike: list[str] | None
    ) -> Body:
        """One attempt, and where it takes too long a second one elsewhere beside it."""
        node = self.node
        first = node.call(target, body, timeout_ms)
        targets = self.targets if alike is None else alike
        if self.hedge_after_ns <= 0 or len(targets) < 2:
            reply: Body = await self.waiting(request, first)
            return reply

        def second() -> Future:
            node.publish("calls.hedged", 1)
            place = targets.index(target) if target in targets else -1  # it may have gone from the list meanwhile
            return node.call(targets[(place + 1) % len(targets)], body, timeout_ms)

        return await first_answer(node, request, first, self.hedge_after_ns, second)

    def waiting(self, request: Message | Branch | None, future: Future) -> Future:
        """What an attempt waits for."""
        return awaited(self.node, request, future)
