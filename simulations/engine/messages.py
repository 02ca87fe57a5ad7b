"""What travels: message bodies, their roles, and the words that clients, services and stores share.

A body is a frozen dataclass whose base class is its role; what it carries is immutable. Bodies that only one protocol
uses live in that protocol's file under `nodes/`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mypy_extensions import mypyc_attr

from simulations.engine.headers import HEADER_BYTES, PLAIN, Header


@mypyc_attr(allow_interpreted_subclasses=True)
class Body:
    """What a message says. Subclass a role, not this."""

    def size(self) -> int:
        """Bytes on the wire, headers included."""
        return HEADER_BYTES + self.header().wire_bytes

    def header(self) -> Header:
        """What it says of itself."""
        return PLAIN

    def with_header(self, header: Header) -> Body:
        """The same message with another header; itself where it has no room for one."""
        return self

    def rank(self) -> int:
        """What goes first in a queue by priority: the higher."""
        return 0

    def idempotency_key(self) -> int:
        """The same in all attempts of one operation; −1: none."""
        return -1

    def altered(self, draw: float) -> Body:
        """The same message with other content, as somebody on the wire may make it of a draw in [0, 1). Itself where
        there is nothing to alter.
        """
        return self


@mypyc_attr(allow_interpreted_subclasses=True)
class Request(Body):
    """Asks for something and expects a reply."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Reply(Body):
    """Answers a request or a replication message."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Replication(Body):
    """Carries state between copies."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Heartbeat(Body):
    """Asks or tells whether somebody is alive."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Vote(Body):
    """Belongs to an election or an agreement."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Occurrence(Body):
    """Tells that something happened; expects no reply."""


ROLES: dict[type[Body], str] = {
    Request: "request",
    Reply: "reply",
    Replication: "replication",
    Heartbeat: "heartbeat",
    Vote: "vote",
    Occurrence: "event",
}


def role_of(body: type[Body]) -> str:
    """The role's word, as in the trace."""
    for base, role in ROLES.items():
        if issubclass(body, base):
            return role
    raise TypeError(
        f"{body.__name__} has no role: derive it from Request, Reply, Replication, Heartbeat, Vote or Occurrence."
    )


def wrong_value(draw: float) -> int:
    """A value that nobody wrote: clients write positive ones."""
    return -1 - int(draw * 1_000_000)


def wrong_key(key: str, draw: float) -> str:
    """A key that nobody uses."""
    return f"{key}~{int(draw * 1_000)}"


def kind_of(body: type[Body]) -> str:
    """The kind's word, as in the trace and in metrics: VoteRequest → vote_request."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", body.__name__).lower()


@dataclass(frozen=True)
class Work(Request):
    """A request that only costs time. `token`: its idempotency key; −1: none."""

    key: str
    priority: int = 0
    token: int = -1
    head: Header = PLAIN

    def header(self) -> Header:
        return self.head

    def with_header(self, header: Header) -> Body:
        return Work(self.key, self.priority, self.token, header)

    def rank(self) -> int:
        return 2 * self.priority

    def idempotency_key(self) -> int:
        return self.token

    def altered(self, draw: float) -> Body:
        return Work(wrong_key(self.key, draw), self.priority, self.token, self.head)


@dataclass(frozen=True)
class Read(Request):
    """Read a key."""

    key: str
    priority: int = 0
    head: Header = PLAIN

    def header(self) -> Header:
        return self.head

    def with_header(self, header: Header) -> Body:
        return Read(self.key, self.priority, header)

    def rank(self) -> int:
        return 2 * self.priority + 1

    def altered(self, draw: float) -> Body:
        return Read(wrong_key(self.key, draw), self.priority, self.head)


@dataclass(frozen=True)
class Write(Request):
    """Write a value to a key. `token`: its idempotency key; −1: none."""

    key: str
    value: int
    priority: int = 0
    token: int = -1
    head: Header = PLAIN

    def header(self) -> Header:
        return self.head

    def with_header(self, header: Header) -> Body:
        return Write(self.key, self.value, self.priority, self.token, header)

    def rank(self) -> int:
        return 2 * self.priority

    def idempotency_key(self) -> int:
        return self.token

    def altered(self, draw: float) -> Body:
        return Write(self.key, wrong_value(draw), self.priority, self.token, self.head)


@dataclass(frozen=True)
class Increment(Request):
    """Add to the number under a key. `token`: its idempotency key; −1: none."""

    key: str
    amount: int
    priority: int = 0
    token: int = -1
    head: Header = PLAIN

    def header(self) -> Header:
        return self.head

    def with_header(self, header: Header) -> Body:
        return Increment(self.key, self.amount, self.priority, self.token, header)

    def rank(self) -> int:
        return 2 * self.priority

    def idempotency_key(self) -> int:
        return self.token

    def altered(self, draw: float) -> Body:
        return Increment(self.key, wrong_value(draw), self.priority, self.token, self.head)


@dataclass(frozen=True)
class Done(Reply):
    """The request was carried out."""

    head: Header = PLAIN

    def header(self) -> Header:
        return self.head

    def with_header(self, header: Header) -> Body:
        return Done(header)


DONE: Final = Done()


@dataclass(frozen=True)
class Value(Reply):
    """A read's answer; None for a key that was never written."""

    value: int | None
    head: Header = PLAIN

    def header(self) -> Header:
        return self.head

    def with_header(self, header: Header) -> Body:
        return Value(self.value, header)

    def altered(self, draw: float) -> Body:
        return Value(wrong_value(draw), self.head)


@dataclass(frozen=True)
class Refusal(Reply):
    """The request was not carried out, and why. `uncertain`: it may have taken effect nevertheless."""

    reason: str
    uncertain: bool


@dataclass(frozen=True)
class Cancel(Occurrence):
    """Nobody waits for the answer to this request any longer: stop working on it."""

    request: int


@dataclass(frozen=True)
class Probe(Heartbeat):
    """Are you there? Or, for `readiness`: do you want requests?"""

    readiness: bool = False


@dataclass(frozen=True)
class ProbeReply(Heartbeat):
    """Yes."""
