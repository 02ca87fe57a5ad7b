"""Who leads carries requests out; whoever else is asked forwards them.

A request is forwarded to the leader of a term (or ballot, or epoch), which nobody leads twice. So a copy that the
network makes is known for one, and whoever does not lead in that term knows whether it may ever have. Where a leader
leads on after a restart, and has forgotten what it had taken on, its incarnation stands in place of the term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Param
from simulations.engine.messages import Body, Increment, Read, Request, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Refused

FORWARDING_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "followers",
        "A follower asked",
        "choice",
        "forward",
        choices=(Choice("forward", "Forwards to the leader"), Choice("refuse", "Refuses")),
        section="Clients",
    ),
    Param(
        "forward_timeout_ms",
        "Forwarding timeout",
        "number",
        500,
        "ms",
        0.1,
        3_600_000,
        help="How long a follower waits for the leader's answer to a request that it has forwarded.",
        section="Clients",
        when=("followers", "forward"),
    ),
)


@dataclass(frozen=True)
class Forward(Request):
    """A client's request, for the leader of a term. By the number copies that the network makes are known."""

    term: int
    number: int
    request: Request

    def size(self) -> int:
        return 16 + self.request.size()


CLIENT_BODIES: Final[tuple[type[Body], ...]] = (Read, Write, Increment, Forward)


class Forwarding:
    """What a member does with requests while another one leads, and with those that others forward to it."""

    def __init__(self, node: Node, term: int, timeout_ms: float) -> None:
        self.node = node
        self.timeout_ms = timeout_ms
        self.refuses = node.params.get("followers") == "refuse"
        self.born_in = term  # the last term that an earlier incarnation can have led
        self.sent = node.incarnation << 32
        self.taken: dict[tuple[str, int], bool] = {}

    async def ask(self, leader: str, term: int, request: Request) -> Body:
        """The answer of a term's leader ("": nobody is known to lead; 0: not in which term). Raises Refused where it is
        not to be asked.
        """
        if not leader or not term or self.refuses:
            raise Refused("not the leader" if leader and term else "no leader", False)
        self.sent += 1
        answer: Body = await self.node.call(leader, Forward(term, self.sent, request), self.timeout_ms)
        return answer

    def takes(self, body: Forward, message: Message, leads: int) -> bool:
        """Whether to carry out what was forwarded, as leader of a term (0: of none). A copy of what has been taken on
        already is not, and gets no answer of its own. Raises Refused where one does not lead in that term; whoever
        led it before a restart may have taken the request on, and forgotten.
        """
        what = (message.channel.src.id, body.number)
        if what in self.taken:
            return False
        if body.term != leads:
            raise Refused("not the leader", body.term <= self.born_in)
        self.taken[what] = True
        return True
