"""Trying again: how often, after which pause, and as long as a budget allows.

Pauses and jitter are those of Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. The budget
is a token bucket: each operation puts a part of a token in, each retry takes a whole one out, so that retries stay a
share of the traffic when everything fails.
"""

from __future__ import annotations

from typing import Final

from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body
from simulations.engine.node import Node
from simulations.engine.tasks import Failure

GIVE_UP: Final = -1
TOKEN: Final = 1_000  # the bucket counts thousandths, in integers


async def call_until_answered(node: Node, to: str, body: Body, timeout_ms: float, pause_ns: int) -> Body:
    """Call a neighbour again and again, with a pause in between, until it answers. Returns the reply's body."""
    own = node.cause
    while True:
        node.cause = own
        try:
            reply: Body = await node.call(to, body, timeout_ms)
            return reply
        except Failure:
            pass  # the pause must not lie in here: the compiler does not put exceptions aside where a coroutine waits
        await node.sleep(pause_ns)


class Retries:
    """The retry policy of a client."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.attempts_max = node.integer("attempts_max")
        self.grows = node.text("retry") == "exponential"
        self.jitter = node.text("jitter")
        self.base_ns = to_ns(node.number("backoff_ms"))
        self.cap_ns = max(self.base_ns, to_ns(node.number("backoff_max_ms")))
        self.limited = node.boolean("retry_budget")
        self.tokens_max = node.integer("budget_tokens") * TOKEN
        self.tokens = self.tokens_max
        self.earned = int(node.number("budget_per_operation") * TOKEN + 0.5)

    def begin(self) -> None:
        """An operation begins, and earns its part of a token."""
        self.tokens = min(self.tokens_max, self.tokens + self.earned)

    def pause_ns(self, attempts: int, last_ns: int) -> int:
        """How long to wait before the next attempt, after so many; `last_ns` is the pause before (0: none yet).
        GIVE_UP when there is to be none.
        """
        if attempts >= self.attempts_max:
            return GIVE_UP
        if self.limited:
            if self.tokens < TOKEN:
                return GIVE_UP
            self.tokens -= TOKEN
        return self.with_jitter(attempts, last_ns)

    def with_jitter(self, attempts: int, last_ns: int) -> int:
        """The pause after so many attempts, jitter and all."""
        full_ns = min(self.cap_ns, self.base_ns << min(attempts - 1, 40)) if self.grows else self.base_ns
        if self.jitter == "none":
            return full_ns
        chance = self.node.draw(f"back-off {attempts}")
        if self.jitter == "full":
            return int(chance * full_ns + 0.5)
        if self.jitter == "equal":
            return full_ns - full_ns // 2 + int(chance * (full_ns // 2) + 0.5)
        reach_ns = 3 * max(last_ns, self.base_ns) - self.base_ns
        return min(self.cap_ns, self.base_ns + int(chance * reach_ns + 0.5))


def retries(node: Node) -> Retries | None:
    """The retry policy that a node's parameters describe; None for none."""
    return None if node.text("retry") == "none" else Retries(node)
