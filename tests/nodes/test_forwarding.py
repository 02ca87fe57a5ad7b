"""Requests that a member forwards to the leader, on links that double and delay them."""

from __future__ import annotations

import pytest

from simulations.engine.node import Node
from simulations.nodes.leader_follower import LeaderFollower
from simulations.nodes.multi_paxos import MultiPaxos
from simulations.nodes.raft import Raft
from simulations.nodes.zab import Zab
from tests.nodes.consensus import group
from tests.nodes.stories import atomic, copied, late_copies, read, write
from tests.worlds import MS, crash


@pytest.mark.parametrize("kind", [Raft, MultiPaxos, Zab, LeaderFollower])
def test_a_copy_that_comes_late_brings_no_old_value_back(kind: type[Node]) -> None:
    steps, faults = late_copies("cluster:mesh")
    story = group(kind, {"u1": steps}, faults, seed=4)
    copies = [sent.dst for sent in story.messages("forward")]
    assert len(copies) > 50
    assert {op.end for op in story.operations()} == {("ok", "")}
    assert atomic(story)


@pytest.mark.parametrize("kind", [Raft, MultiPaxos, Zab])
def test_who_may_have_forgotten_a_request_does_not_say_that_it_was_not_done(kind: type[Node]) -> None:
    """r1 forwards a write to the leader, which crashes with it; a copy comes after the restart."""
    quiet = group(kind, {"u1": [write(1500, 1)]}, seed=4)
    assert [sent.dst for sent in quiet.messages("forward")] == ["r2"]
    faults = [*copied("mesh:r1-r2", 1500.5, 100), crash("r2", 1509, 1560)]
    story = group(kind, {"u1": [write(1500, 1)]}, faults, seed=4)
    assert len(story.messages("forward", outcome="delivered")) == 2
    assert [op.end for op in story.operations()] == [("info", "not the leader")]


def test_a_leader_that_leads_on_after_a_restart_does_not_take_up_what_it_has_forgotten() -> None:
    """r1 forwards a write to r0, which crashes and leads on in its epoch; a copy comes after a later write."""
    faults = [*copied("mesh:r0-r1", 500.5, 700), crash("r0", 600, 700)]
    steps = {"u1": [write(500, 1), write(900, 2), read(1500)]}
    story = group(LeaderFollower, steps, faults, seed=5)
    came = sorted(sent.settled_ns // MS for sent in story.messages("forward", outcome="delivered"))
    assert came == [506, 906, 1206, 1506]
    assert [op.end for op in story.operations()] == [("ok", "")] * 3
    assert atomic(story)
