"""The consensus scenarios survive fault schedules; `make explore` runs 10,000 of each."""

from __future__ import annotations

import pytest

from simulations.document import parse
from simulations.explorations import Tally
from simulations.exploring import EXPLORED, Explored, explore, prepared
from simulations.gallery import FOLDER

SCHEDULES = {"consensus-pbft": 30}  # of others: 60
CONSENSUS = [one for one in EXPLORED if one.slug.startswith("consensus-")]


@pytest.mark.parametrize("explored", CONSENSUS, ids=lambda one: " ".join(filter(None, (one.slug, one.variant))))
def test_a_consensus_scenario_survives_and_others_take_over(explored: Explored) -> None:
    ready = prepared(parse((FOLDER / f"{explored.slug}.json").read_text()), explored.variant)
    runs = SCHEDULES.get(explored.slug, 60)
    tally = Tally()
    for verdict in explore(ready, 1, range(1, runs + 1), explored.without):
        tally.add(verdict)
    found = tally.as_dict()
    assert found["violated"] == []
    assert found["answered"] > 0.9 * runs
    if explored.slug != "consensus-paxos":  # which has nobody in charge, and is asked once
        assert found["recovered"] > 0.9 * runs
        assert found["taken_over"] > 0.05 * runs


def test_every_protocol_of_consensus_is_explored() -> None:
    slugs = {one.slug for one in CONSENSUS}
    assert slugs == {f"consensus-{name}" for name in ("paxos", "multi-paxos", "raft", "zab", "pbft")}
