"""What tests of stores share: a client that follows a script, and judging a history of one key after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulations.checks.history import registers
from simulations.checks.linearizability import linearizable
from simulations.engine.log import Log
from simulations.engine.messages import Read, Value, Write
from simulations.engine.tasks import Failure
from tests.worlds import MS, Actor, Entry, Run, actor, exponential

Step = tuple[float, str, str, int | None]  # at ms, read or write, key, value


def write(at_ms: float, value: int, key: str = "x") -> Step:
    return at_ms, "write", key, value


def read(at_ms: float, key: str = "x") -> Step:
    return at_ms, "read", key, None


def copied(target: str, from_ms: float, late_ms: float) -> list[Entry]:
    """What goes over a link within a millisecond comes twice, and one of two so much later."""
    spell = {"target": target, "at_ms": from_ms, "until_ms": from_ms + 1}
    return [
        {"kind": "duplicate", "probability": 1, **spell},
        {"kind": "reorder", "probability": 0.5, "latency": late_ms, **spell},
    ]


def late_copies(target: str) -> tuple[list[Step], list[Entry]]:
    """Two writes and a read, again and again, and links that double and delay what they carry meanwhile."""
    steps = [step for at in range(1200, 2000, 40) for step in (write(at, at), write(at + 15, at + 15), read(at + 35))]
    spell = {"target": target, "at_ms": 1000, "until_ms": 2500}
    return steps, [
        {"kind": "duplicate", "probability": 0.5, **spell},
        {"kind": "reorder", "probability": 0.3, "latency": exponential(30), **spell},
    ]


def user(id: str, store: str, steps: Sequence[Step], timeout_ms: float = 1000) -> Entry:
    """A client that starts these operations at these times, whatever becomes of earlier ones, and records them."""

    async def operate(me: Actor, f: str, key: str, value: int | None) -> None:
        op = me.invoke(f, key, value, me.new_process())
        try:
            body = Read(key) if value is None else Write(key, value)
            reply = await me.call(store, body, timeout_ms)
            me.complete(op, "ok", reply.value if isinstance(reply, Value) else None, "", 1)
        except Failure as failure:
            unknown = failure.uncertain and f == "write"
            me.complete(op, "info" if unknown else "fail", None, failure.reason, 1)

    async def main(me: Actor) -> None:
        for at_ms, f, key, value in steps:
            if at_ms * MS >= me.now_ns:
                await me.sleep(int(at_ms * MS) - me.now_ns)
                me.spawn(operate(me, f, key, value), me.cause)

    return actor(id, main)


def answers(story: Run, user: str = "", f: str = "read") -> list[Any]:
    """What operations came to, in the order of invocation: a read's value, "ok" for a write, otherwise the error."""
    return [
        op.error or op.type if op.type != "ok" else op.result if f == "read" else "ok"
        for op in story.operations(user, f)
    ]


def atomic(story: Run) -> bool:
    """Whether each key's operations are linearizable (Herlihy and Wing, TOPLAS 1990)."""
    log = Log()
    for chunk in story.decoded:
        log.add(chunk)
    verdicts = [linearizable(operations) for operations in registers(log.operations.values()).values()]
    assert None not in verdicts, "the search gave up"
    return all(verdicts)
