"""Names and addresses: what resolvers are asked and answer, and how a client finds out whom to ask.

A name stands for addresses, the ids of nodes, for a time to live (RFC 1034, RFC 1035); that a name does not exist is
kept for a while too (RFC 2308).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.declare import Param
from simulations.engine.distributions import to_ns
from simulations.engine.messages import Body, Reply, Request
from simulations.engine.node import Node
from simulations.engine.tasks import Refused

RESOLVER_PARAMS: Final[tuple[Param, ...]] = (
    Param(
        "resolver",
        "Resolver",
        "text",
        "",
        help="A DNS resolver with a link to it, which is asked for the name below. Empty: all links are asked in turn.",
        section="Name",
    ),
    Param(
        "server_name",
        "Name asked for",
        "text",
        "www",
        help="Of the addresses that it stands for, those with a link are asked.",
        section="Name",
    ),
)
UNKNOWN_NAME: Final = "no such name"
NO_ADDRESS: Final = "no address within reach"


@dataclass(frozen=True)
class NameQuery(Request):
    """What does a name stand for?"""

    name: str


@dataclass(frozen=True)
class NameAnswer(Reply):
    """What it stands for: addresses, the best first, or a value that somebody wrote there; and for how long that is
    good. A name that does not `exist` has neither.
    """

    addresses: tuple[str, ...]
    value: int | None
    ttl_ms: float
    exists: bool


class Stub:
    """The part of a client that asks a resolver, and keeps the answer for as long as it is good."""

    def __init__(self, node: Node, resolver: str) -> None:
        self.node = node
        self.resolver = resolver
        self.name = node.text("server_name")
        self.timeout_ms = node.number("timeout_ms")
        self.addresses: list[str] = []
        self.good_until_ns = -1

    async def resolve(self) -> list[str]:
        """The addresses to ask, the best first. Raises the failure to get any."""
        node = self.node
        if node.now_ns < self.good_until_ns:
            return self.addresses
        answer: Body = await node.call(self.resolver, NameQuery(self.name), self.timeout_ms)
        if not isinstance(answer, NameAnswer) or not answer.exists:
            raise Refused(UNKNOWN_NAME, False)
        self.addresses = [address for address in answer.addresses if address in node.host.channels]
        if not self.addresses:
            raise Refused(NO_ADDRESS, False)
        self.good_until_ns = node.now_ns + to_ns(answer.ttl_ms)
        return self.addresses


def stub(node: Node) -> Stub | None:
    """The resolver that a node's parameters name among its neighbours; None for none."""
    resolver = node.text("resolver")
    return Stub(node, resolver) if resolver in node.host.channels else None
