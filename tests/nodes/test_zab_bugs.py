"""Zab with one rule broken at a time: under random faults some check fails, where the honest replica passes.

Junqueira, Reed, Serafini, "Zab: High-performance broadcast for primary-backup systems", DSN 2011, section 4.
"""

from __future__ import annotations

import pytest

from simulations.engine.atomic_broadcast import History, NewLeader
from simulations.engine.channel import Message
from tests.nodes.consensus import failures, storm
from tests.worlds import interpreted

Zab = interpreted("nodes/zab").Zab


class ForgetsEpochs(Zab):
    """Accepts an epoch, and does not write it down."""

    def accept_epoch(self, epoch: int, leader: str) -> None:
        self.accepted = (epoch, leader)


class ComparesNoEpochs(Zab):
    """Follows the leader of whatever epoch, also one that it has left."""

    def takes_part(self, epoch: int, leader: str) -> bool:
        self.current = epoch
        return True


class BroadcastsBeforeSynchronisation(Zab):
    """Appends to the history that it happens to have."""

    async def on_new_leader(self, body: NewLeader, message: Message) -> None:
        if self.takes_part(body.epoch, self.leader) and self.current != body.epoch:
            self.adopt(body.epoch, tuple(self.history))
        await self.acknowledge(self.leader, body.epoch)


class TakesTheOldestHistory(Zab):
    """Begins its epoch with the history of whoever is farthest behind."""

    def latest(self) -> History:
        return min(self.histories.values(), key=lambda entry: entry[0])[1]


class AsksTooFew(Zab):
    """Two of its quorums need not share a replica."""

    def start(self) -> None:
        super().start()
        self.majority = (len(self.peers) + 1) // 2


BUGS = (ForgetsEpochs, ComparesNoEpochs, BroadcastsBeforeSynchronisation, TakesTheOldestHistory, AsksTooFew)
SEEDS = range(12)


@pytest.mark.parametrize("kind", BUGS, ids=lambda kind: kind.__name__)
def test_a_broken_rule_is_found(kind: type[Zab]) -> None:
    rules = {rule.name for rule in Zab.INVARIANTS}
    assert any(rules & failures(kind, storm(kind, seed)).keys() for seed in SEEDS)


def test_who_begins_with_an_older_history_leads_without_what_was_delivered() -> None:
    assert "zab_primary_integrity" in failures(TakesTheOldestHistory, storm(Zab, 5))


def test_the_honest_replica_passes() -> None:
    assert [failures(Zab, storm(Zab, seed)) for seed in SEEDS] == [{}] * len(SEEDS)
