"""Writes that a member of a sharded store is asked for and passes on to who has the key.

Each has a name, so that a copy that the network makes is known for one: carried out late, it would bring an old value
back. The name goes to disk with the value, so that it is known after a restart, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from simulations.engine.channel import Message
from simulations.engine.headers import Header
from simulations.engine.messages import Body, Read, Request, Write
from simulations.engine.node import Node

RELAYED: Final = " "  # on disk, before a name; no key of a client begins with a blank


@dataclass(frozen=True)
class Relayed(Request):
    """A write that `member` was asked for, for who has its key. The number is unlike any other of that member's."""

    member: str
    number: int
    request: Write

    @property
    def name(self) -> str:
        """Unlike that of any other."""
        return f"{RELAYED}{self.member} {self.number}"

    def size(self) -> int:
        return 16 + self.request.size()

    def header(self) -> Header:
        return self.request.header()

    def with_header(self, header: Header) -> Body:
        request = self.request.with_header(header)
        assert isinstance(request, Write)
        return Relayed(self.member, self.number, request)

    def rank(self) -> int:
        return self.request.rank()

    def idempotency_key(self) -> int:
        return self.request.idempotency_key()


class Relays:
    """What a member has passed on, and what has been passed on to it; takes the names out of what is on disk."""

    def __init__(self, node: Node, stored: dict[str, Any]) -> None:
        self.member = node.id
        self.sent = node.incarnation << 32
        self.taken = {name: True for name in stored if name.startswith(RELAYED)}
        for name in self.taken:
            del stored[name]

    def named(self, request: Read | Write) -> Request:
        """As it is passed on; a read needs no name. What comes here and goes on has another name from here on: while
        keys move it may well come by once more.
        """
        if isinstance(request, Read):
            return request
        self.sent += 1
        return Relayed(self.member, self.sent, request)

    def is_new(self, body: Relayed) -> bool:
        """Whether this has not come before."""
        is_new = body.name not in self.taken
        self.taken[body.name] = True
        return is_new


def name_of(message: Message) -> dict[str, Any]:
    """What is kept beside what was done for a message."""
    return {message.body.name: True} if isinstance(message.body, Relayed) else {}
