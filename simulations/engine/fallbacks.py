"""Fallbacks: what is answered when a call and its retries have failed."""

from __future__ import annotations

from typing import Final

from simulations.engine.call_params import CACHED, DEFAULT, NO_FALLBACK, OTHER
from simulations.engine.channel import Message
from simulations.engine.messages import DONE, Body, Read, Value, Work, Write
from simulations.engine.name_lists import is_one_of, names_in
from simulations.engine.node import Node
from simulations.engine.tasks import Cancelled, Failure
from simulations.engine.waiting import Branch, awaited

ANSWERS_MAX: Final = 10_000  # kept for the fallback


class Fallback:
    """The fallback that a node's parameters describe."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.kind = node.text("fallback")
        self.caches = self.kind == CACHED
        self.none = self.kind == NO_FALLBACK
        self.spare = node.text("fallback_to") if self.kind == OTHER else ""
        self.optional = names_in(node.text("fallback_for"))
        self.timeout_ms = node.number("timeout_ms")
        self.answers: dict[tuple[str, str], Body] = {}  # by who was asked, where several are, and the key

    def covers(self, targets: list[str]) -> bool:
        """Whether the failure of these is made up for."""
        return not self.optional or any(is_one_of(target, name) for target in targets for name in self.optional)

    def remember(self, group: str, body: Body, reply: Body) -> None:
        """Keep an answer, the oldest going when there are too many."""
        if isinstance(body, Write):
            reply = Value(body.value)
        elif not isinstance(body, Read):
            return
        if (group, body.key) not in self.answers and len(self.answers) >= ANSWERS_MAX:
            del self.answers[next(iter(self.answers))]
        self.answers[group, body.key] = reply

    async def answer(self, group: str, body: Body, request: Message | Branch | None) -> Body | None:
        """The answer when all attempts have failed; None for none."""
        answer: Body | None = None
        if self.kind == DEFAULT and isinstance(body, (Work, Read)):
            answer = DONE if isinstance(body, Work) else Value(None)
        elif self.kind == CACHED and isinstance(body, Read):
            answer = self.answers.get((group, body.key))
        elif self.kind == OTHER and self.node.host.reaches(self.spare):
            try:
                answer = await awaited(self.node, request, self.node.call(self.spare, body, self.timeout_ms))
            except Cancelled:
                raise
            except Failure:
                return None
        if answer is not None:
            self.node.publish("calls.fallbacks", 1)
        return answer
