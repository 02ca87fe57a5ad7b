"""What those who publish events, those who keep them and those who want to know of them say to each other.

An event is published as any request is made: Work, a Write or an Increment, answered when it has been accepted. From
then on it is a record, which names the client operation that it came of: however late it is delivered, what is done
about it is done because of that operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulations.engine.channel import Message
from simulations.engine.messages import Body, Increment, Occurrence, Reply, Request, Write
from simulations.engine.node import Node
from simulations.engine.streams import nth
from simulations.engine.tasks import Cause

RECORD_BYTES: Final = 100  # beside a message's headers
FROM_NOW: Final = -1  # a place in what was published: behind all of it


@dataclass(frozen=True)
class Record:
    """An event as it is kept: its number where it is kept, what it says, when it was accepted, and why it is there (the
    message, the client operation and the lineage of its draws).
    """

    number: int
    key: str
    value: int
    token: int
    accepted_ns: int
    message: int
    op: int
    lineage: int

    def cause(self, again: int) -> Cause:
        """Why it is delivered, for the again-th time."""
        return Cause(self.message, self.op, nth(self.lineage, again))


def record_of(body: Body, message: Message, number: int, now_ns: int) -> Record:
    """The record of a request that publishes an event."""
    key, value = "", 0
    if isinstance(body, Write):
        key, value = body.key, body.value
    elif isinstance(body, Increment):
        key, value = body.key, body.amount
    return Record(number, key, value, body.idempotency_key(), now_ns, message.id, message.op, message.lineage)


def understanding(node: Node, body: type[Body]) -> list[str]:
    """The neighbours that understand a kind of request, whichever way their links were drawn."""
    found: list[str] = []
    for id in node.host.channels:
        node_type = node.network.hosts[id].node_type
        if node_type is not None and body in node_type.HANDLES:
            found.append(id)
    return found


# Topics


@dataclass(frozen=True)
class Subscribe(Request):
    """I want to know, and am here for as long as this is repeated in time. `here`: so far only keep what comes."""

    durable: bool
    here: bool
    keep_alive_ms: float


@dataclass(frozen=True)
class Publication(Occurrence):
    """An event, for who is there."""

    record: Record

    def size(self) -> int:
        return 128 + RECORD_BYTES


@dataclass(frozen=True)
class EventDelivery(Request):
    """An event that is kept until it is acknowledged."""

    record: Record

    def size(self) -> int:
        return 128 + RECORD_BYTES


@dataclass(frozen=True)
class Poll(Request):
    """What has come after this number? Where nothing has, the answer may wait for as long as `wait_ms`."""

    after: int
    wait_ms: float


@dataclass(frozen=True)
class Records(Reply):
    """Events in their order, and the number of the last one that there is."""

    records: tuple[Record, ...]
    end: int

    def size(self) -> int:
        return 128 + RECORD_BYTES * len(self.records)


# Logs


@dataclass(frozen=True)
class Attend(Request):
    """I am a member of the group, or leave it, and have these partitions in hand. A group that is new begins at the
    start of the log, or at its end.
    """

    group: str
    held: tuple[int, ...]
    from_start: bool
    session_ms: float
    leaves: bool


@dataclass(frozen=True)
class Assigned(Reply):
    """The partitions that a member is to read now, each with the offset that the group has come to."""

    generation: int
    partitions: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Fetch(Request):
    """Records of a partition from an offset on, so many at most. Where there are none, the answer may wait."""

    partition: int
    offset: int
    most: int
    wait_ms: float


@dataclass(frozen=True)
class Commit(Request):
    """The group has come to this offset of a partition."""

    group: str
    partition: int
    offset: int


# Outboxes


@dataclass(frozen=True)
class Change(Request):
    """Carry out a write or an increment; with `outbox`, put an event of it into the outbox, both or neither."""

    request: Write | Increment
    outbox: bool

    def rank(self) -> int:
        return self.request.rank()

    def idempotency_key(self) -> int:
        return self.request.idempotency_key()


@dataclass(frozen=True)
class ReadOutbox(Request):
    """The oldest events in the outbox, so many at most."""

    most: int


@dataclass(frozen=True)
class MarkSent(Request):
    """The events up to this number have been published: they may go."""

    number: int
