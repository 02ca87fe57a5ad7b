"""Single-decree Paxos with one rule broken at a time: under random faults some check fails, where the honest replica
passes. Lamport, "Paxos Made Simple", 2001, section 2.2.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.nodes.consensus import failures, storm
from tests.worlds import Entry, interpreted

source = interpreted("nodes/paxos")
Paxos = source.Paxos


class WritesNothing(Paxos):
    """Promises and accepts, and writes nothing down."""

    def remember(self, key: str, state: Any) -> None:
        self.states[key] = state


class ComparesNoBallots(Paxos):
    """Accepts whatever comes."""

    def admits(self, state: Any, ballot: tuple[int, int]) -> bool:
        return True


class IgnoresValues(Paxos):
    """Proposes its own value whatever was accepted before."""

    def safe(self, found: list[Any], value: int | None) -> int | None:
        return super().safe(found, value) if value is None else value


class AsksTooFew(Paxos):
    """Two of its quorums need not share a replica."""

    def start(self) -> None:
        super().start()
        self.majority = (len(self.peers) + 1) // 2


BUGS = (WritesNothing, ComparesNoBallots, IgnoresValues, AsksTooFew)
SEEDS = range(20)


def contest(kind: type[Paxos], seed: int) -> Entry:
    return storm(kind, seed, keys=25, quorum_timeout_ms=80, give_up_ms=200)


@pytest.mark.parametrize("kind", BUGS, ids=lambda kind: kind.__name__)
def test_a_broken_rule_is_found(kind: type[Paxos]) -> None:
    assert any("paxos_one_value" in failures(kind, contest(kind, seed)) for seed in SEEDS)


def test_the_honest_replica_passes() -> None:
    assert [failures(Paxos, contest(Paxos, seed)) for seed in SEEDS] == [{}] * len(SEEDS)
