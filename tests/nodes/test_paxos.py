"""Single-decree Paxos: Lamport, "Paxos Made Simple", 2001 (PMS)."""

from __future__ import annotations

import pytest

from simulations.nodes.paxos import Paxos
from tests.nodes.consensus import failures, group, judged, names, storm
from tests.nodes.stories import answers, atomic, read, write
from tests.worlds import crash, cut, partition


def test_the_first_write_to_a_key_decides_it_for_ever() -> None:
    steps = {"u0": [write(100, 1), write(300, 2, "y")], "u1": [write(200, 3), read(400)], "u2": [read(500, "y")]}
    story = group(Paxos, steps)
    assert answers(story, "u0", "write") == ["ok", "ok"]
    assert answers(story, "u1", "write") == ["already decided"]
    assert answers(story) == [1, 2]
    assert [story.states(id, "chosen")[-1][1] for id in names(3)] == ["y = 2"] * 3


def test_a_decision_costs_two_round_trips() -> None:
    """PMS, section 2.2: a prepare and an accept, each answered by a majority once it is on disk."""
    story = group(Paxos, {"u0": [write(100, 1)]}, fsync_time=0.5)
    (op,) = story.operations()
    assert op.takes_ms == 2 * 1 + 2 * (2 * 5 + 0.5)
    kinds = [message.kind for message in story.messages() if message.op == op.id]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "accept": 2, "accepted": 2, "chosen": 2, "done": 1, "prepare": 2, "promise": 2, "write": 1,
    }  # fmt: skip


def test_a_read_of_what_nobody_wrote_finds_nothing() -> None:
    assert answers(group(Paxos, {"u0": [read(100)]})) == [None]


def test_a_read_completes_what_a_proposer_left() -> None:
    """PMS, section 2.3: who wants to know whether a value was chosen has a proposal issued."""
    faults = [cut("mesh:r0-r2", 105, 3000), crash("r0", 116)]  # the accept has reached r1, and no answer r0
    story = group(Paxos, {"u0": [write(100, 7)], "u2": [read(1500)], "u1": [write(1800, 8)]}, faults)
    assert [op.end for op in story.operations("u0")] == [("info", "timed out")]
    assert answers(story, "u2") == [7]
    assert answers(story, "u1", "write") == ["already decided"]


def test_a_minority_decides_nothing() -> None:
    sides = partition([["r0"], ["r1", "r2"]], 50, 900)
    story = group(Paxos, {"u0": [write(100, 1)], "u1": [write(500, 2)], "v0": [read(1000)]}, [sides])
    assert [op.end for op in story.operations("u0")] == [("fail", "no quorum")]
    assert answers(story, "u1", "write") == ["ok"]
    assert answers(story) == [2]


def test_a_value_that_may_have_been_accepted_is_not_called_refused() -> None:
    sides = partition([["r0"], ["r1", "r2"]], 118, 900)  # between the accept's arrival and its answers'
    story = group(Paxos, {"u0": [write(100, 1)], "u1": [read(1000)]}, [sides])
    assert [op.end for op in story.operations("u0")] == [("info", "no quorum")]
    assert answers(story) == [1]


def test_a_decision_outlives_the_crash_of_all() -> None:
    """PMS, section 2.5."""
    faults = [crash(id, 500, 600) for id in names(3)]
    story = group(Paxos, {"u0": [write(100, 1)], "u1": [write(1000, 2), read(1100)]}, faults)
    assert answers(story, "u1", "write") == ["already decided"]
    assert answers(story) == [1]


def test_duelling_proposers_keep_each_other_from_finishing_and_random_pauses_let_one_win() -> None:
    """PMS, section 2.4."""
    steps = {f"u{n}": [write(100, n + 1)] for n in range(5)}
    duel = group(Paxos, steps, replicas=5, backoff="none", duration_ms=2500)
    assert {op.type for op in duel.operations()} <= {"fail", "info"}
    assert not [text for id in names(5) for _, text in duel.states(id, "chosen")]
    assert len(duel.messages("prepare")) > 500
    peace = group(Paxos, steps, replicas=5, duration_ms=2500)
    assert sorted(answers(peace, f="write")) == ["already decided"] * 4 + ["ok"]
    assert len(peace.messages("prepare")) < 200


@pytest.mark.parametrize("backoff", ["random", "none"])
def test_every_rule_holds_through_random_faults(backoff: str) -> None:
    for seed in range(100, 110):
        document = storm(Paxos, seed, 3 + seed % 2 * 2, keys=25, quorum_timeout_ms=80, give_up_ms=200, backoff=backoff)
        story, verdicts = judged(Paxos, document)
        assert verdicts["paxos_one_value"] == "pass"
        assert failures(Paxos, document) == {}
        assert atomic(story)
