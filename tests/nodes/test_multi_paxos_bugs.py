"""Multi-Paxos with one rule broken at a time: under random faults some check fails, where the honest replica passes.

Lamport, "Paxos Made Simple", 2001, section 2.2: P1a (a promise), P2c (the value of the highest ballot), majorities.
"""

from __future__ import annotations

import pytest

from simulations.engine.ballots import Proposal
from simulations.engine.state_machine import NOOP, Command
from tests.nodes.consensus import failures, storm
from tests.worlds import interpreted

MultiPaxos = interpreted("nodes/multi_paxos").MultiPaxos


class ForgetsPromises(MultiPaxos):
    """Promises, and does not write it down."""

    async def promise(self, ballot: int) -> None:
        self.promised = max(self.promised, ballot)
        await self.sync(ballot)


class ReusesBallots(MultiPaxos):
    """What it promises to itself is not on disk: after a crash it may campaign in the same ballot once more."""

    async def promise(self, ballot: int) -> None:
        if ballot % self.count == self.rank:
            self.promised = max(self.promised, ballot)
        else:
            await super().promise(ballot)


class ForgetsValues(MultiPaxos):
    """Says that it has accepted what is not on disk."""

    def record(self, proposal: Proposal) -> None:
        self.keep(proposal)
        self.promised = max(self.promised, proposal.ballot)


class ComparesNoBallots(MultiPaxos):
    """Accepts whatever comes."""

    def admits(self, ballot: int) -> bool:
        return True


class IgnoresValues(MultiPaxos):
    """Proposes what it likes."""

    def safe(self, accepted: list[Proposal]) -> Command:
        return NOOP


class TakesTheFirstValue(MultiPaxos):
    """Proposes a value that was accepted once, but not the latest."""

    def safe(self, accepted: list[Proposal]) -> Command:
        return min(accepted, key=lambda proposal: proposal.ballot).command if accepted else NOOP


class AsksTooFew(MultiPaxos):
    """Two of its quorums need not share a replica."""

    def start(self) -> None:
        super().start()
        self.prepare_quorum = self.accept_quorum = self.count // 2


BUGS = {
    ForgetsPromises: "paxos_ballots_rise",
    ReusesBallots: "paxos_one_leader_per_ballot",
    ForgetsValues: "paxos_agreement",
    ComparesNoBallots: "paxos_agreement",
    IgnoresValues: "paxos_agreement",
    TakesTheFirstValue: "paxos_agreement",
    AsksTooFew: "paxos_agreement",
}
SEEDS = range(24)


@pytest.mark.parametrize("kind", BUGS, ids=lambda kind: kind.__name__)
def test_a_broken_rule_is_found(kind: type[MultiPaxos]) -> None:
    assert any(BUGS[kind] in failures(kind, storm(kind, seed)) for seed in SEEDS)


def test_the_honest_replica_passes() -> None:
    assert [failures(MultiPaxos, storm(MultiPaxos, seed)) for seed in SEEDS] == [{}] * len(SEEDS)
