"""Chain replication with one rule broken: faults find it, and do not fault the honest one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulations.checks.invariants import check_invariants
from simulations.engine.log import Log
from simulations.engine.messages import DONE
from simulations.engine.node import Node
from simulations.engine.tasks import Failure
from tests.nodes.chains import ChainMaster, ChainStore, row, source
from tests.nodes.stories import atomic
from tests.worlds import Entry, Run, client, crash, exponential, link, node, partition, run, world

MEMBERS = ["r0", "r1", "r2"]


class ReadsAnywhere(ChainStore):  # type: ignore[misc, valid-type]
    """Whoever is asked answers with all that it has, done or not."""

    async def on_read(self, body: Any, message: Any) -> Any:
        machine = source.StateMachine()
        for entry in self.journal.entries:
            machine.apply(entry.command)
        return machine.read(body.key)


class HeadAnswers(ChainStore):  # type: ignore[misc, valid-type]
    """The head says that a write is done before it is at the tail."""

    async def change(self, body: Any, message: Any) -> Any:
        if self.chain.members[:1] != (self.id,):
            return await super().change(body, message)
        self.spawn(self.unheeded(body, message), self.cause)
        return DONE

    async def unheeded(self, body: Any, message: Any) -> None:
        """The write, whatever comes of it."""
        try:
            await super().change(body, message)
        except Failure:
            return


class Leaseless(ChainStore):  # type: ignore[misc, valid-type]
    """The tail takes it that it will be told when it is given up."""

    async def on_read(self, body: Any, message: Any) -> Any:
        self.lease_until_ns = self.now_ns + 1
        return await super().on_read(body, message)


class JoinsAtOnce(ChainStore):  # type: ignore[misc, valid-type]
    """A new tail answers before it has what the others have."""

    def adopt(self, chain: Any) -> None:
        super().adopt(chain)
        self.whole = self.id in chain.members


def nothing(seed: int) -> list[Entry]:
    return []


def tail_cut_off(seed: int) -> list[Entry]:
    """The tail and its client are cut off from the others."""
    at = 500 + 13 * seed
    return [partition([["r2", "cr2"], ["r0", "r1", "m", "cr0", "cr1"]], at, at + 900)]


def tail_returns(seed: int) -> list[Entry]:
    """The tail is away for a while."""
    return [crash("r2", 400 + 7 * seed, 1300)]


def ran(seed: int, faults: list[Entry], kind: type[Node]) -> Run:
    nodes = [client(f"c{id}", requests="read-write", rate_per_s=50, keys=2, timeout_ms=400) for id in MEMBERS]
    nodes += [node(kind, id, fsync_time=exponential(2)) for id in MEMBERS]
    nodes.append(node(ChainMaster, "m"))
    links = [*[link(f"c{id}", id) for id in MEMBERS], *[link("m", id) for id in MEMBERS]]
    document = world(nodes, links, [row(MEMBERS, exponential(6))], faults, 2000, 1500, seed)
    return run(document, kind, ChainMaster)


def right(story: Run, kind: type[Node]) -> bool:
    """Whether the history is linearizable and no declared rule is broken."""
    log = Log(watched=frozenset({"role", "version", "done"}))
    for chunk in story.decoded:
        log.add(chunk)
    broken = [one for one in check_invariants(log, [(kind.INVARIANTS, MEMBERS)]) if one.verdict == "fail"]
    return not broken and atomic(story)


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        (ReadsAnywhere, nothing),
        (HeadAnswers, nothing),
        (Leaseless, tail_cut_off),
        (JoinsAtOnce, tail_returns),
    ],
)
def test_a_broken_rule_is_found_and_the_honest_one_passes(
    kind: type[Node], faults: Callable[[int], list[Entry]]
) -> None:
    wrong = [seed for seed in range(3) if not right(ran(seed, faults(seed), kind), kind)]
    assert wrong
    assert right(ran(wrong[0], faults(wrong[0]), ChainStore), ChainStore)
