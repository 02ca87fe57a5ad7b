"""Raft's elections: who leads, and who must not.

Ongaro, Ousterhout: "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014 (sections by number); Ongaro:
"Consensus: Bridging Theory and Practice", Stanford, 2014 (thesis).
"""

from __future__ import annotations

from simulations.nodes.raft import Raft as Declared
from tests.nodes.rafts import LATE, broken, first, last, leaders, members
from tests.nodes.stories import answers, read, write
from tests.worlds import crash, cut, partition


def test_one_leader_is_elected_and_stays() -> None:
    story = members({})
    assert leaders(story) == [(171, "r0", 1)]  # pre-vote 10 ms, own fsync 0.5, votes 10 and their fsync 0.5
    assert last(story, "role") == ["leader", "follower", "follower"]
    assert last(story, "term") == [1, 1, 1]


def test_with_real_timeouts_a_leader_is_found_on_any_seed() -> None:
    for seed in range(8):
        story = members({}, count=5, seed=seed, own={})
        assert last(story, "role", 5).count("leader") == 1
        assert len(set(last(story, "term", 5))) == 1
        assert not broken(story)


def test_when_the_leader_crashes_another_is_elected_and_the_old_one_follows_it() -> None:
    story = members(
        {"u1": [write(1200, 7)], "u0": [read(2500)]}, [crash("r0", 500, 1500)], own={"r0": first(), "r1": LATE}
    )
    assert [(who, term) for _, who, term in leaders(story)] == [("r0", 1), ("r2", 2)]
    assert answers(story) == [7]
    assert last(story, "role") == ["follower", "follower", "leader"]


def test_a_side_without_a_majority_elects_nobody() -> None:
    """5.2: a candidate needs the votes of a majority of all, also when there are four."""
    assert not leaders(members({}, [partition([["r0", "r1"], ["r2", "r3"]], 0)], 4))
    side = partition([["r0", "r1"], ["r2", "r3", "r4"]], 0)
    assert {who for _, who, _ in leaders(members({}, [side], 5), count=5)} <= {"r2", "r3", "r4"}


def test_who_has_less_in_its_log_gets_no_vote() -> None:
    """5.4.1: r1 has missed a committed write and stands first; r2 must win."""
    faults = [partition([["r1"], ["r0", "r2"]], 200, 600), crash("r0", 590)]
    own = {"r0": first(), "r1": first(160), "r2": LATE}
    story = members({"u0": [write(300, 7)], "u2": [read(2000)]}, faults, own=own)
    assert [who for _, who, _ in leaders(story)] == ["r0", "r2"]
    assert answers(story) == [7]


def test_who_gets_no_vote_delays_nobody() -> None:
    """5.2, figure 2: a timeout begins anew for a leader or a vote granted. r1, which must not win, stands more often:
    by its answer to r2's first attempt r2 learns the term, and the second one counts.
    """
    faults = [partition([["r1"], ["r0", "r2"]], 200, 600), crash("r0", 590)]
    seldom = {"election_timeout_ms_min": 440, "election_timeout_ms_max": 441}
    story = members(
        {"u0": [write(300, 7)]}, faults, own={"r0": first(), "r1": first(160), "r2": seldom}, pre_vote=False
    )
    assert [who for _, who, _ in leaders(story)] == ["r0", "r2"]
    assert leaders(story)[-1][0] < 590 + 2 * 441 + 50


def test_a_member_on_its_own_comes_back_in_the_same_term_with_pre_vote_and_topples_the_leader_without() -> None:
    """Thesis 9.6."""
    alone = [partition([["r2"], ["r0", "r1"]], 500, 1500)]
    asked = members({}, alone)
    assert (last(asked, "term"), len(leaders(asked))) == ([1, 1, 1], 1)
    unasked = members({}, alone, pre_vote=False)
    assert min(last(unasked, "term")) > 3
    assert len(leaders(unasked)) > 1


def test_who_hears_a_leader_does_not_vote_against_it() -> None:
    """Thesis 4.2.3: r2 hears nothing from r0, but r1 does."""
    story = members({}, [cut("raft:r0-r2", 500, None, "a-to-b")])
    assert len(leaders(story)) == 1
    assert "pre-candidate" in [role for _, role in story.states("r2", "role")]


def test_with_check_quorum_a_cut_off_leader_steps_down_within_its_election_timeout_and_without_it_stays() -> None:
    """Thesis 6.2."""
    alone = [partition([["r0"], ["r1", "r2"]], 500, 2000)]
    story = members({}, alone)
    assert 500 < next(at for at, role in story.states("r0", "role") if role == "follower" and at > 500) <= 650
    stays = members({}, alone, check_quorum=False)
    assert stays.at(1999, "r0", "role") == "leader"
    assert len(leaders(stays)) == 2
    assert stays.at(2200, "r0", "role") == "follower"


def test_doubts_are_told_of_timeouts_that_cannot_work() -> None:
    params = {param.name: param.default for param in Declared.PARAMS}
    assert not Declared.doubts(params, frozenset())
    bad = dict.fromkeys(["fsync_time", "election_timeout_ms_max", "heartbeat_ms"], 150)
    assert [name for name, _ in Declared.doubts({**params, **bad}, frozenset())] == list(bad)
    assert not leaders(members({}, own={}, fsync_time=150))


def test_a_candidate_waits_for_votes_as_long_as_anybody_for_a_leader() -> None:
    """Figure 2: the timer begins anew with the election, not with the canvass before it. r0 canvasses at 150 ms, stands
    at 160 and then hears nothing.
    """
    story = members({}, [partition([["r0"], ["r1", "r2"]], 162)], own={"r0": first(), "r1": LATE, "r2": LATE})
    canvassed = [sent.sent_ns / 1e6 for sent in story.messages("pre_vote", src="r0", dst="r1")]
    assert canvassed[:3] == [150, 310, 460]
