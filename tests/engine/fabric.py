"""What tests of routing share: actors that talk at given times, and the nodes that a message went through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from simulations.nodes.router import Router
from simulations.nodes.switch import Switch
from tests.worlds import (
    MS,
    Actor,
    Entry,
    Run,
    Sent,
    Tell,
    actor,
    client,
    crash,
    cut,
    exponential,
    link,
    node,
    partition,
    register,
    run,
    world,
)


def switch(id: str, **params: Any) -> Entry:
    return node(Switch, id, **params)


def router(id: str, **params: Any) -> Entry:
    return node(Router, id, **params)


def talker(id: str, to: str, at_ms: Sequence[float]) -> Entry:
    """An actor that sends a remark at each of these times."""

    async def main(one: Actor) -> None:
        for ms in at_ms:
            await one.sleep(int(ms * MS) - one.now_ns)
            one.send(to, Tell(f"of {ms}"))

    return actor(id, main)


def talk(boxes: Iterable[Entry], links: Iterable[Entry], faults: Iterable[Entry], at_ms: Sequence[float]) -> Run:
    """a sends b a remark at each of these times, through these boxes."""
    return run(world([talker("a", "b", at_ms), actor("b"), *boxes], links, faults=faults))


# a — v — b at 6 ms, a — w — x — b at 5 ms
DIAMOND = [link("a", "v", 2), link("v", "b", 4), link("a", "w", 1), link("w", "x", 2), link("x", "b", 2)]


def quick(id: str) -> Entry:
    return switch(id, forwarding_time=0)


def diamond(*faults: Entry, at_ms: list[float]) -> Run:
    return talk([quick("v"), quick("w"), quick("x")], DIAMOND, faults, at_ms)


def fates(story: Run) -> dict[float, str]:
    """Sending time (ms) → outcome."""
    return {message.sent_ns / MS: message.outcome for message in story.messages()}


def way(story: Run, message: Sent) -> list[str]:
    """The nodes that a message has left, and the last one that it was sent to."""
    legs = [(node, following) for id, _, node, following in story.rows("hops") if id == message.id]
    if not legs:
        return [message.src, message.dst]
    return [story.nodes[node] for node, _ in legs] + [story.nodes[legs[-1][1]]]


def ways(story: Run) -> dict[float, str]:
    """Sending time (ms) → the way, its nodes joined by spaces."""
    return {message.sent_ns / MS: " ".join(way(story, message)) for message in story.messages()}


def tangle() -> Entry:
    """A world with every kind of forwarder, link and fault."""
    users = [client(id, requests="read-write", rate_per_s=60, timeout_ms=120) for id in ("c", "d")]
    stores = [register(id, quorum_timeout_ms=60) for id in ("s", "t", "u")]
    boxes = [router("p", convergence_ms=0), router("q", convergence_ms=150), router("r", convergence_ms=150)]
    boxes.append(switch("v", forwarding_time=exponential(0.2)))
    bursty = {"burst_start": 0.05, "burst_end": 0.3, "duplication": 0.1}
    links = [link("c", "v"), link("d", "v"), link("v", "p"), link("p", "q", exponential(1)), link("p", "r", 2)]
    links += [link("q", "r", 20, bandwidth_mbit_per_s=0.4, queue_bytes=2000), link("q", "s", 1, 0.02, **bursty)]
    links += [link("q", "t"), link("q", "u", exponential(2)), link("c", "s", 9)]
    faults = [
        cut("p-q", 200, 600),
        crash("q", 700, 800),
        partition([["c", "d", "s"], ["t", "u"]], 850, 950),
        cut("v-p", 1000, 1020, "a-to-b"),
        cut("c-s", 500, 560),
        {"kind": "pause", "target": "p", "at_ms": 1100, "until_ms": 1300},
        cut("p-r", 1150, 1250),
    ]
    cluster = {"id": "store", "protocol": "register", "members": ["s", "t", "u"], "cables": "drawn", "link": {}}
    return world([*users, *stores, *boxes], links, [cluster], faults, duration_ms=1400, settle_ms=200)
