"""Requests that a member of a cluster hands on to the one in charge."""

from __future__ import annotations

from dataclasses import dataclass

from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Request
from simulations.engine.node import Node
from simulations.engine.tasks import Refused


@dataclass(frozen=True)
class Forwarded(Request):
    """A client's request from a member that got it. Member, incarnation and number tell it from every other."""

    request: Request
    member: int
    incarnation: int
    number: int

    def size(self) -> int:
        return 24 + self.request.size()


class Forwarding:
    """What a member does with requests when it is not in charge, and with those that others hand on to it."""

    def __init__(self, node: Node, timeout_ms: float) -> None:
        self.node = node
        self.timeout_ms = timeout_ms
        self.began_ns = node.now_ns
        self.sent = 0
        self.taken: dict[tuple[int, int, int], bool] = {}

    async def ask(self, leader: str, request: Request) -> Body:
        """The answer of the one in charge. Raises Refused when nobody is known to be."""
        if not leader:
            raise Refused("no leader", False)
        self.sent += 1
        node = self.node
        forwarded = Forwarded(request, node.host.index, node.incarnation, self.sent)
        answer: Body = await node.call(leader, forwarded, self.timeout_ms)
        return answer

    def is_new(self, body: Forwarded) -> bool:
        """Whether this has not come before: the network may deliver it twice."""
        which = (body.member, body.incarnation, body.number)
        if which in self.taken:
            return False
        self.taken[which] = True
        return True

    def refusal(self) -> Refused:
        """The answer of who is not in charge to what is new: a copy may have come to the incarnation before this one
        as long as somebody waits for it.
        """
        node = self.node
        young = node.now_ns - self.began_ns < to_ns(self.timeout_ms)
        return Refused("no leader", node.incarnation > 0 and young)
