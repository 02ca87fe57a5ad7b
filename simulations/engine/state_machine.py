"""What the replicas of a log agree on: commands on keys and numbers, which each applies in the log's order.

Schneider, "Implementing Fault-Tolerant Services Using the State Machine Approach: A Tutorial", ACM Computing Surveys
22(4), 1990: replicas that begin alike and apply the same commands in the same order stay alike, and answer alike. A
command with an idempotency key that is applied again changes nothing and answers as it did (Ongaro and Ousterhout, "In
Search of an Understandable Consensus Algorithm", USENIX ATC 2014, section 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

from simulations.engine.messages import DONE, Body, Increment, Read, Request, Value, Write
from simulations.engine.process import Process
from simulations.engine.streams import mix


@dataclass(frozen=True)
class Command:
    """A client's request in a log, and its operation (−1: of nobody). Without a request it does nothing."""

    request: Request | None
    op: int

    def words(self) -> str:
        """As it is shown where what replicas hold in a place is compared."""
        request = self.request
        if request is None:
            return "nothing"
        if isinstance(request, Write):
            return f"{request.key} := {request.value} (operation {self.op})"
        if isinstance(request, Increment):
            return f"{request.key} += {request.amount} (operation {self.op})"
        return f"read {request.key} (operation {self.op})" if isinstance(request, Read) else f"operation {self.op}"


NOOP = Command(None, -1)


@dataclass(frozen=True)
class Snapshot:
    """All that a state machine has come to."""

    values: tuple[tuple[str, int], ...]
    answers: tuple[tuple[int, Body], ...]  # by idempotency key


class StateMachine:
    """Numbers by key. `digest` tells two machines apart that hold different ones."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.answers: dict[int, Body] = {}
        self.digest = 0

    def apply(self, command: Command) -> Body:
        """Carry out a command, and give the answer that its client is owed."""
        request = command.request
        if isinstance(request, Read):
            return Value(self.values.get(request.key))
        if not isinstance(request, (Write, Increment)):
            return DONE
        if request.token in self.answers:
            return self.answers[request.token]
        if isinstance(request, Write):
            self._set(request.key, request.value)
        else:
            self._set(request.key, self.values.get(request.key, 0) + request.amount)
        if request.token >= 0:
            self.answers[request.token] = DONE
        return DONE

    def read(self, key: str) -> Value:
        """What stands under a key."""
        return Value(self.values.get(key))

    def snapshot(self) -> Snapshot:
        """The present state."""
        return Snapshot(tuple(self.values.items()), tuple(self.answers.items()))

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a state."""
        self.values = {}
        self.digest = 0
        for key, value in snapshot.values:
            self._set(key, value)
        self.answers = dict(snapshot.answers)

    def show(self, process: Process, command: Command) -> None:
        """Show what a command, just applied, has changed, and the digest by which copies are compared."""
        request = command.request
        if isinstance(request, (Write, Increment)):
            process.show("value", f"{request.key} = {self.values[request.key]}")
        process.show("keys", len(self.values))
        process.show("digest", f"{self.digest:08x}")

    def show_all(self, process: Process) -> None:
        """The same of a state that was restored: every value, one after another."""
        for key, value in self.values.items():
            process.show("value", f"{key} = {value}")
        process.show("keys", len(self.values))
        process.show("digest", f"{self.digest:08x}")

    def _set(self, key: str, value: int) -> None:
        old: Any = self.values.get(key)
        if old is not None:
            self.digest ^= fingerprint(key, old)
        self.values[key] = value
        self.digest ^= fingerprint(key, value)


def fingerprint(key: str, value: int | None) -> int:
    """An entry's share of a digest of many, which are combined by exclusive or: 32 bits. A checksum alone would not do:
    it is linear, so that two entries that swap their values would cancel out.
    """
    return mix(crc32(f"{key}={value}".encode())) >> 31
