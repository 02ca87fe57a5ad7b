"""Stories told over streams: what was asked or said when, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulations.engine.tasks import Failure
from tests.worlds import MS, Actor, Ask, Entry, Run, Tell, actor, echo, link, run, world

CONTROL = ("syn", "syn_ack", "ack", "reset")


def stream(a: str, b: str, latency: Any = 1, loss: float = 0.0, **params: Any) -> Entry:
    """A link that carries a stream."""
    return link(a, b, latency, loss, transport="stream", **params)


async def until(one: Actor, ms: float) -> None:
    """Sleep until a moment."""
    await one.sleep(max(0, int(ms * MS) - one.now_ns))


def remarks(at_ms: Sequence[float], *faults: Entry, over: Entry | None = None, duration_ms: float = 1000) -> Run:
    """a says its 0th, 1st, 2nd… remark to b at these times, over 5 ms."""

    async def main(a: Actor) -> None:
        for number, ms in enumerate(at_ms):
            await until(a, ms)
            a.send("b", Tell(str(number)))

    nodes = [actor("a", main), actor("b")]
    return run(world(nodes, [over or stream("a", "b", 5)], faults=faults, duration_ms=duration_ms))


def asked(
    at_ms: Sequence[float],
    *faults: Entry,
    over: Entry | None = None,
    timeout_ms: float = 0,
    answer: Any = echo,
    duration_ms: float = 1000,
) -> Run:
    """a asks b at these times, over 5 ms, and notes what came back; each incarnation asks what is still to come."""

    async def ask(a: Actor, ms: float) -> None:
        await until(a, ms)
        try:
            await a.call("b", Ask(), timeout_ms)
            end = "ok"
        except Failure as failure:
            end = f"{failure.reason}{'?' if failure.uncertain else ''}"
        a.note(f"{ms:g} ended {end}")

    async def main(a: Actor) -> None:
        for ms in at_ms:
            if ms * MS >= a.now_ns:
                a.spawn(ask(a, ms), a.cause)

    nodes = [actor("a", main), actor("b", answer=answer)]
    return run(world(nodes, [over or stream("a", "b", 5)], faults=faults, duration_ms=duration_ms))


def ends(story: Run) -> dict[float, tuple[float, str]]:
    """Asked at (ms) → ended at (ms), how; a question mark where it may have had an effect."""
    rows = [(time, text.split(" ended ")) for time, text in story.notes("a") if " ended " in text]
    return {float(asked_at): (time, how) for time, (asked_at, how) in rows}


def heard(story: Run) -> list[tuple[float, str]]:
    """When (ms) b heard which remark."""
    return [(time, text.removeprefix("heard ")) for time, text in story.notes("b") if text.startswith("heard ")]


def rows(story: Run, *kinds: str) -> list[tuple[float, str, str]]:
    """When (ms) which way a message of some kinds was sent, and what became of it; of all kinds if none is given."""
    return [
        (sent.sent_ns / MS, f"{sent.src}>{sent.dst} {sent.kind}", sent.outcome)
        for sent in story.messages()
        if not kinds or sent.kind in kinds
    ]


def retransmitted(story: Run) -> list[tuple[float, float]]:
    """When (ms) messages were first sent, and when again."""
    return [
        (story.message(sent.cause).sent_ns / MS, sent.sent_ns / MS)
        for sent in story.messages()
        if sent.cause >= 0 and sent.src == story.message(sent.cause).src and sent.kind not in CONTROL
    ]
