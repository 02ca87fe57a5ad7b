"""Raft with one rule broken: the checks find what comes of it, and nothing where the rule is kept.

Ongaro, Ousterhout: "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014 (sections by number); Ongaro:
"Consensus: Bridging Theory and Practice", Stanford, 2014 (thesis).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulations.engine.node import Node
from tests.nodes.rafts import Raft, broken, first, members, source
from tests.nodes.stories import atomic, read, write
from tests.worlds import Run, crash, partition

LATE = {"election_timeout_ms_max": 1500}


class ForgetsItsVote(Raft):  # type: ignore[misc]
    """The vote is only in memory; the term is on disk."""

    def promise(self, term: int, vote: str) -> bool:
        kept: bool = super().promise(term, "")
        if kept:
            self.vote: str = vote
        return kept


def second_vote(kind: type[Node], seed: int) -> Run:
    """r2 votes for r0, crashes, and is asked by r1 for its vote in the same term."""
    faults = [
        partition([["r1"], ["r0", "r2"]], 0, 162),
        partition([["r0"], ["r1", "r2"]], 162, 2000),
        crash("r2", 163, 180),
    ]
    own = {"r0": first(), "r1": first(400), "r2": LATE}
    return members({}, faults, kind=kind, seed=seed, own=own, pre_vote=False)


class CountsOldEntries(Raft):  # type: ignore[misc]
    """What a majority has is committed, whichever term it is of."""

    def advance(self) -> None:
        index = self.agreed({peer: one.match for peer, one in self.progress.items()} | {self.id: self.synced_to})
        if index > self.commit:
            self.apply_to(index)
            self.let_read()


def figure_8(kind: type[Node], seed: int) -> Run:
    """5.4.2, figure 8: r0's entry of term 1 reaches r1; r4 leads term 2 and puts another in its place, alone; r0 leads
    again and brings its entry to r2 and r3, but none of its new term; then r4 is elected and replaces it.
    """
    everybody = ["r0", "r1", "r2", "r3", "r4"]
    faults = [
        partition([["r0", "r1"], ["r2", "r3", "r4"]], 300, 453),
        partition([["r4"], everybody[:4]], 453, 764),
        partition([["r0", "r1"], everybody[2:]], 764, 3000),
    ]
    own = {"r0": first(), "r1": LATE, "r2": LATE, "r3": LATE, "r4": first(155)}
    return members({"u0": [write(310, 7)]}, faults, 5, kind=kind, seed=seed, own=own, batch_max=1)


class ReadsAlone(Raft):  # type: ignore[misc]
    """A leader reads without asking anybody."""

    async def read(self, body: Any) -> Any:
        return self.machine.read(body.key)


def deposed(kind: type[Node], seed: int) -> Run:
    """A leader that is cut off is read from after its successor has written."""
    alone = partition([["r0"], ["r1", "r2"]], 500)
    steps = {"u0": [write(300, 1), read(1500)], "u1": [write(1300, 2)]}
    return members(steps, [alone], kind=kind, seed=seed, check_quorum=False)


class AcknowledgesWhatIsNotOnDisk(Raft):  # type: ignore[misc]
    """Answers without waiting for its disk."""

    async def settled(self) -> None:
        return


def power_cut(kind: type[Node], seed: int) -> Run:
    """All crash soon after a write was acknowledged, and read it when they are back."""
    faults = [crash(f"r{number}", 945, 1100) for number in range(3)]
    steps = {"u0": [write(700, 1), write(900, 2)], "u1": [read(2500)]}
    return members(steps, faults, kind=kind, seed=seed, own={"r0": first(400)}, fsync_time=80, **LATE)


class HalfIsEnough(Raft):  # type: ignore[misc]
    """Two of four make a majority."""

    def start(self) -> None:
        super().start()
        self.majority = (len(self.peers) + 1) // 2


def halves(kind: type[Node], seed: int) -> Run:
    return members({}, [partition([["r0", "r1"], ["r2", "r3"]], 0, 1000)], 4, kind=kind, seed=seed)


class FollowsOldTerms(Raft):  # type: ignore[misc]
    """Takes entries from whoever says that it leads."""

    def accept(self, term: int, leader: str) -> bool:
        self.observe(term)
        self.follow(leader)
        self.since_ns = self.heard_ns = self.now_ns
        return True


def old_leader_returns(kind: type[Node], seed: int) -> Run:
    """r0 writes on alone, in a term that is over, and is then heard again."""
    alone = partition([["r0"], ["r1", "r2"]], 500, 1500)
    steps = {"u0": [write(600, 1), write(610, 2)], "u1": [write(1300, 3)]}
    return members(steps, [alone], kind=kind, seed=seed, check_quorum=False)


class SkipsTheCheck(Raft):  # type: ignore[misc]
    """Takes entries whatever comes before them."""

    def agrees(self, index: int, term: int) -> bool:
        return True


def conflict(kind: type[Node], seed: int) -> Run:
    """r0 writes alone in a term that is over; then it votes for a leader whose log is as long, and other."""
    faults = [partition([["r0"], ["r1", "r2"]], 500, 1500), crash("r1", 1490, 2500)]
    steps = {"u0": [write(600, 1), write(610, 2)], "u1": [write(1300, 3)]}
    own = {"r0": first(), "r1": first(155), "r2": LATE}
    return members(steps, faults, kind=kind, seed=seed, own=own, check_quorum=False)


class RewritesItsLog(Raft):  # type: ignore[misc]
    """A leader drops what is not committed by its next heartbeat."""

    def pulse(self, term: int) -> None:
        if self.role == "leader" and self.log.last > self.commit + 1:
            self.append(self.commit + 1, (source.Entry(term, source.NOOP),))
        super().pulse(term)


Story = Callable[[type[Node], int], Run]


@pytest.mark.parametrize(
    ("bug", "story", "rule"),
    [
        (ForgetsItsVote, second_vote, "election_safety"),
        (CountsOldEntries, figure_8, "leader_completeness"),
        (CountsOldEntries, figure_8, "state_machine_safety"),
        (ReadsAlone, deposed, "linearizability"),
        (AcknowledgesWhatIsNotOnDisk, power_cut, "linearizability"),
        (HalfIsEnough, halves, "election_safety"),
        (SkipsTheCheck, conflict, "log_matching"),
        (RewritesItsLog, old_leader_returns, "leader_append_only"),
        (FollowsOldTerms, old_leader_returns, "state_machine_safety"),
    ],
)
def test_a_planted_bug_is_found_and_the_rule_kept_is_not_accused(bug: type[Node], story: Story, rule: str) -> None:
    def found(kind: type[Node], seed: int) -> set[str]:
        run = story(kind, seed)
        return broken(run, kind) | (set() if atomic(run) else {"linearizability"})

    seeds = range(1, 7)
    assert any(rule in found(bug, seed) for seed in seeds)
    assert not any(found(Raft, seed) for seed in seeds)
