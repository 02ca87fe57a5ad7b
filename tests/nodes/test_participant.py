"""Participants in atomic commitment: what becomes of them when the coordinator crashes between the phases. Sections are
those of chapter 7 of Bernstein, Hadzilacos, Goodman (1987); the protocols' failures are those of Skeen (1981).
"""

from __future__ import annotations

import pytest

from simulations.engine.declare import Neighbour
from simulations.engine.messages import Increment, Read, Write
from simulations.nodes.participant import Participant
from tests.nodes.commitment import PARTICIPANTS, asking, atomicity, bank, decisions, ends, linear, net, published
from tests.worlds import Entry, Run, client, crash, cut, partition

BETWEEN = 19.0  # ms: all have voted on what was asked at 10 ms, and no vote has come back


def between(protocol: str, *more: Entry, until_ms: float | None = None, write_at: float = 10) -> Run:
    """The coordinator crashes when all have voted yes."""
    steps = [(write_at, Write("x", 7))]
    return bank([asking("u", steps)], [crash("c", BETWEEN, until_ms), *more], protocol=protocol)


def test_two_phase_commit_blocks_until_the_coordinator_is_back() -> None:
    """Section 7.4: all participants are uncertain, and none can tell another anything."""
    story = between("2pc", until_ms=700)
    for id in PARTICIPANTS:
        assert story.at(690, id, "in_doubt") == story.at(690, id, "blocked") == 1
        assert published(story, id, "locks.held")[1] == 1
        assert decisions(story, id) == ["c.0.0 = abort"]
        assert published(story, id, "transactions.blocked_ms")[0] > 400_000_000


def test_three_phase_commit_goes_on_without_the_coordinator() -> None:
    """Section 7.5: those who are left are all uncertain, so that nobody can have committed."""
    story = between("3pc")
    for id in PARTICIPANTS:
        assert decisions(story, id) == ["c.0.0 = abort"]
        assert story.at(300, id, "in_doubt") == 0
        assert not published(story, id, "transactions.blocked_ms")


def test_three_phase_commit_commits_what_somebody_knows_to_be_agreed() -> None:
    """Section 7.5, rule 4: one of those who are left has been told that all voted yes, so it may have committed."""
    cuts = [cut(f"c-{id}", 21.6, 30) for id in ("p1", "p3")]  # p2 alone is told
    story = bank([asking("u", [(10, Write("x", 7))])], [*cuts, crash("c", 24)], protocol="3pc")
    assert [decisions(story, id) for id in PARTICIPANTS] == [["c.0.0 = commit"]] * 3
    assert {message.src for message in story.messages("pre_commit")} == {"c", "p1"}


def test_the_next_member_leads_when_the_first_is_down_too() -> None:
    story = between("3pc", crash("p1", 30))
    assert [decisions(story, id) for id in ("p2", "p3")] == [["c.0.0 = abort"]] * 2
    assert {message.src for message in story.messages("decide")} == {"p2"}


def test_an_old_state_does_not_count() -> None:
    """Section 7.5.4: p2, told that all voted yes, is down while the others abort. Back, it follows them, and may not
    commit by itself.
    """
    cuts = [cut(f"c-{id}", 21.6, 30) for id in ("p1", "p3")]
    faults = [*cuts, crash("c", 24), crash("p2", 40, 120)]
    story = bank([asking("u", [(10, Write("x", 7))])], faults, protocol="3pc")
    assert [decisions(story, id) for id in PARTICIPANTS] == [["c.0.0 = abort"]] * 3


def test_after_a_total_failure_they_wait_for_everybody() -> None:
    """Skeen: "total failures". p1 is back at 100 ms, and waits until the coordinator, too, is back at 600 ms."""
    crashes = [crash(id, 30, 100 * place) for place, id in enumerate(PARTICIPANTS, 1)]
    story = between("3pc", *crashes, until_ms=600)
    for id in PARTICIPANTS:
        assert decisions(story, id) == ["c.0.0 = abort"]
        assert story.states(id, "decision")[0][0] > 600


def test_three_phase_commit_takes_a_cut_for_a_crash_and_is_torn_apart() -> None:
    """Section 7.5: the protocol assumes that only sites fail. One side knows that all voted yes, the other does not."""
    torn = partition([["u", "c", "p1"], ["p2", "p3"]], 21.6, 600)
    story = bank([asking("u", [(10, Write("x", 7))])], [torn], protocol="3pc")
    assert [decisions(story, id) for id in ("c", *PARTICIPANTS)] == [["c.0.0 = commit"]] * 2 + [["c.0.0 = abort"]] * 2
    assert atomicity(story).verdict == "fail"
    whole = bank([asking("u", [(10, Write("x", 7))])], [torn], protocol="2pc")
    assert [decisions(whole, id) for id in PARTICIPANTS] == [["c.0.0 = commit"]] * 3
    assert atomicity(whole).verdict == "pass"


def test_one_that_has_not_voted_ends_the_wait_of_the_others() -> None:
    """Section 7.4, cooperative termination: it may still abort, and does so for all."""
    story = between("2pc", cut("c-p3", 10, 30))
    assert [decisions(story, id) for id in PARTICIPANTS] == [["c.0.0 = abort"]] * 3
    assert story.at(400, "p1", "in_doubt") == 0


def test_one_that_knows_the_outcome_tells_the_others() -> None:
    cuts = [cut(f"c-{id}", 21.6, 900) for id in ("p1", "p3")]
    story = bank([asking("u", [(10, Write("x", 7))])], [*cuts, crash("c", 24)])
    assert [decisions(story, id) for id in PARTICIPANTS] == [["c.0.0 = commit"]] * 3


def test_without_links_among_them_they_can_ask_only_the_coordinator() -> None:
    cuts = [cut(f"c-{id}", 21.6, 900) for id in ("p1", "p3")]
    apart = [cut(link, 0) for link in ("mesh:p1-p2", "mesh:p1-p3", "mesh:p2-p3")]
    story = bank([asking("u", [(10, Write("x", 7))])], [*cuts, *apart, crash("c", 24)])
    assert story.at(900, "p1", "blocked") == 1


def test_a_promise_outlives_a_crash_locks_and_all() -> None:
    """Section 7.4, recovery: a participant that has voted yes is in doubt again when it is back."""
    faults = [crash("c", BETWEEN, 500), crash("p1", 100, 200)]
    story = bank([asking("u", [(10, Write("x", 7)), (600, Read("x"))])], faults)
    assert story.at(400, "p1", "in_doubt") == 1
    assert published(story, "p1", "locks.held")[-2:] == [1, 0]
    assert decisions(story, "p1") == ["c.0.0 = abort"]


def test_what_is_locked_is_not_read() -> None:
    load = {"requests": "read-write", "read_ratio": 0.8, "rate_per_s": 60, "keys": 1, "timeout_ms": 100}
    story = bank([client("u", **load)], [crash("p1", 400, 420)], settle_ms=300)
    assert story.ends("u")[("fail", "locked")] > 0
    assert linear(story)


def test_after_a_crash_of_everybody_what_was_committed_is_there() -> None:
    steps = [(10, Write("x", 7)), (60, Increment("a", 5)), (110, Write("x", 8)), (500, Read("x"))]
    story = bank([asking("u", steps)], [crash(id, 200, 300) for id in ("c", *PARTICIPANTS)])
    assert ends(story) == ["ok", "ok", "ok", 8]
    assert net(story) == 0
    assert sorted(published(story, id, "accounts.net")[-1] for id in PARTICIPANTS) == [-5, 0, 5]


@pytest.mark.parametrize("protocol", ["2pc", "3pc"])
@pytest.mark.parametrize("seed", range(4))
def test_crashes_leave_all_of_one_mind(protocol: str, seed: int) -> None:
    """And in the end of no doubt, with all the money there is, and histories as of one copy."""
    load = {"rate_per_s": 40, "keys": 3, "timeout_ms": 300}
    clients = [client("u", requests="read-write", **load), client("v", requests="increment", **load)]
    times = [(200 + 37 * seed, 400 + 50 * seed), (500 + 41 * seed, 650), (700, 760 + 29 * seed)]
    faults = [crash(id, *at) for id, at in zip(("c", "p1", "c"), times, strict=True)]
    latency = {"kind": "uniform", "low_ms": 2, "high_ms": 12}
    story = bank(clients, faults, protocol=protocol, latency=latency, settle_ms=1000, seed=seed)
    assert atomicity(story).verdict == "pass"
    assert linear(story)
    assert net(story) == 0
    assert [story.states(id, "in_doubt")[-1][1] for id in PARTICIPANTS] == [0, 0, 0]
    assert story.ends()[("ok", "")] > 20


def test_parameters_are_doubted() -> None:
    params = {"patience_ms": 10, "answer_timeout_ms": 50}
    assert [name for name, _ in Participant.doubts(params, frozenset())] == ["patience_ms"]
    assert not Participant.doubts({"patience_ms": 50, "answer_timeout_ms": 50}, frozenset())
    assert Participant.doubts_beside({}, {"p2": Neighbour("participant", {}, False)})
    assert not Participant.doubts_beside({}, {"c": Neighbour("coordinator", {}, False)})
