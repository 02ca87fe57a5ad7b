"""What tests of atomic commitment share: a coordinator with its participants, and judging a run of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulations.catalogue import declared_fields, rules_of
from simulations.checks.finding import Finding
from simulations.checks.history import registers
from simulations.checks.invariants import check_invariants
from simulations.checks.linearizability import linearizable
from simulations.engine.log import Log
from simulations.engine.messages import Body, Increment, Value, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Failure
from simulations.nodes.coordinator import Coordinator
from simulations.nodes.participant import Participant
from tests.worlds import MS, Actor, Entry, Run, actor, link, mesh, node, run, world

PARTICIPANTS = ("p1", "p2", "p3")


def bank(
    others: Sequence[Entry],
    faults: Sequence[Entry] = (),
    *types: type[Node],
    protocol: str = "2pc",
    coordinators: Sequence[str] = ("c",),
    participants: Sequence[str] = PARTICIPANTS,
    latency: Any = 5,
    loss: float = 0.0,
    duration_ms: float = 1000,
    settle_ms: float = 0,
    seed: int = 1,
    timeout_ms: float = 50,
    **params: Any,
) -> Run:
    """Clients in front of coordinators, each linked to all participants, which are linked among themselves."""
    nodes = [
        *others,
        *(node(Coordinator, id, protocol=protocol, answer_timeout_ms=timeout_ms) for id in coordinators),
        *(node(Participant, id, **{"patience_ms": 100, **params}) for id in participants),
    ]
    links = [link(one["id"], coordinators[place % len(coordinators)]) for place, one in enumerate(others)]
    links += [link(c, p, latency, loss) for c in coordinators for p in participants]
    cluster = mesh(participants, latency, loss) | {"protocol": "participant"}
    return run(world(nodes, links, [cluster], faults, duration_ms, settle_ms, seed), *types)


def asking(id: str, steps: Sequence[tuple[float, Body]], to: str = "c", timeout_ms: float = 400) -> Entry:
    """A client that asks these things at these times, one after another, and records what comes of them."""

    async def main(me: Actor) -> None:
        for at_ms, body in steps:
            await me.sleep(max(0, int(at_ms * MS) - me.now_ns))
            f = type(body).__name__.lower()
            value = body.value if isinstance(body, Write) else body.amount if isinstance(body, Increment) else None
            op = me.invoke(f, getattr(body, "key", ""), value, 0)
            outcome: tuple[str, int | None, str] = ("fail", None, "")
            try:
                reply = await me.call(to, body, timeout_ms)
                outcome = ("ok", reply.value if isinstance(reply, Value) else None, "")
            except Failure as failure:
                outcome = ("info" if failure.uncertain and f != "read" else "fail", None, failure.reason)
            me.complete(op, *outcome, 1)

    return actor(id, main)


def ends(story: Run, user: str = "u") -> list[Any]:
    """What operations came to, in their order: a read's value, "ok", or the type of the end and why."""
    return [op.end if op.type != "ok" else op.result if op.f == "read" else "ok" for op in story.operations(user)]


def log_of(story: Run) -> Log:
    log = Log(watched=declared_fields())
    for chunk in story.decoded:
        log.add(chunk)
    return log


def atomicity(story: Run) -> Finding:
    """What the check of the declared rule says of coordinators and participants together."""
    types = {"c": "coordinator", "p": "participant"}
    nodes = [{"id": id, "type": types[id[0]]} for id in story.nodes if id[0] in types]
    members = [one["id"] for one in nodes if one["type"] == "participant"]
    physical = {"nodes": nodes, "clusters": [{"id": "mesh", "members": members}]}
    findings = check_invariants(log_of(story), rules_of(physical))
    return next(one for one in findings if one.name == "atomicity")


def decisions(story: Run, node: str) -> list[str]:
    """What a node has shown as decided, without repetition."""
    return list(dict.fromkeys(str(value) for _, value in story.states(node, "decision") if value))


def published(story: Run, node: str, metric: str) -> list[int]:
    """What a node has published under a name."""
    times, amounts = log_of(story).published.get((story.nodes.index(node), metric), ((), ()))
    return list(amounts)[: len(times)]


def net(story: Run, participants: Sequence[str] = PARTICIPANTS) -> int:
    """What transfers have made of all the money there is, at the end: 0 where none came about and none was lost."""
    return sum(published(story, id, "accounts.net")[-1] for id in participants)


def linear(story: Run) -> bool:
    """Whether each key's reads and writes are linearizable."""
    log = log_of(story)
    return all(linearizable(operations) is not False for operations in registers(log.operations.values()).values())
