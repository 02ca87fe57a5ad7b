"""Rules of atomic commitment, each broken on purpose: the checks must notice, and must not where nothing is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulations.engine.channel import Message
from simulations.engine.commitment import PREPARED, Prepare, Yes
from simulations.engine.messages import Body, Read, Value
from simulations.engine.node import Node
from tests.nodes.commitment import atomicity, bank, linear, net
from tests.worlds import Run, client, crash, interpreted, lossy, partition

Coordinator: Any = interpreted("nodes/coordinator").Coordinator
Participant: Any = interpreted("nodes/participant").Participant


class ForgetfulVoter(Participant):  # type: ignore[misc]
    """Its vote leaves before the promise is on disk, and never gets there."""

    def promise(self, body: Prepare) -> None:
        super().promise(body)
        self.disk.cached.pop()

    async def on_prepare(self, body: Prepare, message: Message) -> Body:
        if body.transaction not in self.states:
            self.promise(body)
            self.spawn(self.see_through(body), message)
        return Yes()


class HastyCoordinator(Coordinator):  # type: ignore[misc]
    """It tells of a commit that it has not forced to disk."""

    async def durable(self) -> None:
        return


class ImpatientParticipant(Participant):  # type: ignore[misc]
    """It has voted yes, gets no answer to its question, and aborts on its own."""

    async def inquire(self, body: Prepare, place: int) -> None:
        await super().inquire(body, place)
        if self.states[body.transaction] == PREPARED:
            await self.settle(body.transaction, False)


class OutspokenParticipant(Participant):  # type: ignore[misc]
    """It tells what stands under a key while it does not know whether that has changed."""

    def on_read(self, body: Read, message: Message) -> Body:
        return Value(self.values.get(body.key))


def trouble(seed: int, *types: type[Node]) -> Run:
    """Three times messages to a participant are lost, the coordinator crashes and comes back, and so does another
    participant; in the end the network falls apart for a while.
    """
    load = {"rate_per_s": 60, "keys": 2, "timeout_ms": 300}
    clients = [client("u", requests="read-write", **load), client("v", requests="increment", **load)]
    faults = [partition([["u", "v", "c", "p1"], ["p2", "p3"]], 1300, 1600)]
    for round_ms in (200 + 23 * seed, 550 + 23 * seed, 900 + 23 * seed):
        faults += [lossy("c-p3", 0.7, round_ms - 60, round_ms), crash("c", round_ms, round_ms + 80)]
        faults += [crash("p2", round_ms + 150, round_ms + 170)]
    latency = {"kind": "uniform", "low_ms": 2, "high_ms": 12}
    return bank(clients, faults, *types, latency=latency, duration_ms=1700, settle_ms=600, seed=seed)


def sound(story: Run) -> bool:
    """What must hold of every run: one outcome, copies as one, and no money made or lost."""
    return atomicity(story).verdict == "pass" and linear(story) and net(story) == 0


SEEDS = range(8)


def test_on_these_schedules_the_protocol_holds() -> None:
    assert all(sound(trouble(seed)) for seed in SEEDS)


@pytest.mark.parametrize(
    ("bug", "broken"),
    [
        (ForgetfulVoter, lambda story: atomicity(story).verdict == "fail"),
        (HastyCoordinator, lambda story: atomicity(story).verdict == "fail"),
        (ImpatientParticipant, lambda story: atomicity(story).verdict == "fail"),
        (OutspokenParticipant, lambda story: not linear(story)),
    ],
)
def test_a_broken_rule_is_found(bug: type[Node], broken: Callable[[Run], bool]) -> None:
    assert any(broken(trouble(seed, bug)) for seed in SEEDS)
