"""Who leads carries requests out; whoever else is asked passes them on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Param
from simulations.engine.elections import Elector
from simulations.engine.messages import DONE, Body, Increment, Read, Request, Write
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
    Param("forward_timeout_ms", "Forwarding timeout", "number", 500, "ms", 0.1, 3_600_000, section="Clients"),
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


@mypyc_attr(allow_interpreted_subclasses=True)
class Forwarder(Elector):
    """A member that may be asked by clients. A subclass says what the leader does with a request."""

    def start_forwarding(self, term: int) -> None:
        """Begin, with the term that an earlier incarnation has written."""
        self.born_in = term
        self.seen: set[tuple[str, int]] = set()
        self.forwarded = self.incarnation << 32

    async def carry_out(self, request: Request) -> Body:
        """Do what is asked, as the leader. Raises a Failure where that is not possible, or not certain."""
        return DONE

    async def on_write(self, body: Write, message: Message) -> Body:
        return await (self.carry_out(body) if self.role == "leader" else self.pass_on(body))

    async def on_increment(self, body: Increment, message: Message) -> Body:
        return await (self.carry_out(body) if self.role == "leader" else self.pass_on(body))

    async def on_read(self, body: Read, message: Message) -> Body:
        return await (self.carry_out(body) if self.role == "leader" else self.pass_on(body))

    async def pass_on(self, body: Request) -> Body:
        """Ask the leader, or refuse."""
        if not self.leader or self.text("followers") == "refuse":
            raise Refused("not the leader" if self.leader else "no leader", False)
        self.forwarded += 1
        request = Forward(self.term, self.forwarded, body)
        answer: Body = await self.call(self.leader, request, self.number("forward_timeout_ms"))
        return answer

    async def on_forward(self, body: Forward, message: Message) -> Body | None:
        """A copy of what has been taken on already gets no answer of its own. Whoever led in that term before a restart
        may have taken it on, and forgotten.
        """
        what = (message.channel.src.id, body.number)
        if what in self.seen:
            return None
        if self.role != "leader" or self.term != body.term:
            raise Refused("not the leader", body.term <= self.born_in)
        self.seen.add(what)
        return await self.carry_out(body.request)
