"""The coordinator of atomic commitment. Sections are those of chapter 7 of Bernstein, Hadzilacos, Goodman, "Concurrency
Control and Recovery in Database Systems" (1987), unless a paper is named.
"""

from __future__ import annotations

import pytest

from simulations.engine.declare import Neighbour
from simulations.engine.messages import Increment, Read, Write
from simulations.nodes.coordinator import Coordinator
from tests.hosts import broken
from tests.nodes.commitment import PARTICIPANTS, asking, atomicity, bank, decisions, ends, linear, net, published
from tests.worlds import client, crash, cut, interpreted, partition


def test_a_write_commits_at_all_participants_and_every_one_of_them_tells_of_it() -> None:
    story = bank([asking("u", [(10, Write("x", 7)), *((60 + 20 * n, Read("x")) for n in range(12))])])
    assert ends(story) == ["ok", *[7] * 12]
    assert {message.dst for message in story.messages("read", src="c")} == set(PARTICIPANTS)
    assert [decisions(story, id) for id in ("c", *PARTICIPANTS)] == [["c.0.0 = commit"]] * 4
    assert atomicity(story).verdict == "pass"


def test_a_transfer_takes_at_one_participant_what_it_gives_at_another() -> None:
    story = bank([asking("u", [(10, Increment("a", 30))])])
    assert ends(story) == ["ok"]
    assert sorted(published(story, id, "accounts.net")[-1] for id in PARTICIPANTS) == [-30, 0, 30]


@pytest.mark.parametrize(("protocol", "messages", "takes_ms"), [("2pc", 4 * 3, 13.0), ("3pc", 6 * 3, 23.5)])
def test_a_commit_takes_two_rounds_of_messages_or_three(protocol: str, messages: int, takes_ms: float) -> None:
    """Section 7.4: 3n to decide and n acknowledgements, n being participants beside the coordinator; section 7.5: two
    rounds more of n. One way is 5 ms, an fsync half a millisecond, the client 1 ms away.
    """
    story = bank([asking("u", [(10, Write("x", 7))])], protocol=protocol)
    assert len([message for message in story.messages() if "u" not in (message.src, message.dst)]) == messages
    assert [op.takes_ms for op in story.operations()] == [takes_ms]


def test_what_is_not_there_is_not_paid_out_and_who_said_no_hears_no_more_of_it() -> None:
    """Section 7.4, step 3: an abort is told to those that voted yes."""
    story = bank([asking("u", [(10, Increment("a", 30))])], opening_balance=29)
    assert ends(story) == [("fail", "insufficient funds")]
    assert decisions(story, "c") == ["c.0.0 = abort"]
    assert net(story) == 0
    asked = {message.dst for message in story.messages("prepare")}
    assert {message.dst for message in story.messages("decide")} < asked
    assert len(story.messages("decide")) == len(asked) - 1 == 1


def test_a_missing_vote_is_a_no_and_certainly_had_no_effect() -> None:
    """Section 7.4, step 2: the coordinator decides abort when it times out."""
    for protocol in ("2pc", "3pc"):
        steps = [(10.0, Write("x", 7)), (300.0, Read("x"))]
        story = bank([asking("u", steps)], [cut("c-p2", 0, 200)], protocol=protocol)
        assert ends(story) == [("fail", "timed out"), None]
        assert atomicity(story).verdict == "pass"


def test_what_somebody_else_has_locked_is_not_waited_for() -> None:
    story = bank([asking("u", [(10, Write("x", 1))]), asking("v", [(12, Write("x", 2)), (60, Read("x"))])])
    assert (ends(story), ends(story, "v")) == (["ok"], [("fail", "locked"), 1])


def test_a_decision_on_disk_is_told_after_a_crash() -> None:
    """Section 7.4, recovery: the commit is on disk at 22 ms, and nobody hears of it, for all links are cut."""
    cuts = [cut(f"c-{id}", 21.6, 400) for id in PARTICIPANTS]
    story = bank([asking("u", [(10, Write("x", 7)), (600, Read("x"))])], [*cuts, crash("c", 24, 300)])
    assert decisions(story, "c") == ["c.0.0 = commit"]
    assert ends(story)[-1] == 7
    assert all(story.states(id, "decision")[0][0] > 300 for id in PARTICIPANTS)


class Hasty(interpreted("nodes/coordinator").Coordinator):  # type: ignore[misc, name-defined]
    """What it finds it takes to be on disk."""

    def start(self) -> None:
        self.starting = True
        super().start()
        self.starting = False

    async def durable(self) -> None:
        if not self.starting:
            await super().durable()


def test_a_decision_found_in_the_page_cache_is_on_disk_before_anybody_is_told() -> None:
    """Section 7.4, step 3. The process ends while a slow disk syncs the commit; the next one finds it; then the machine
    loses power. p3 cannot be told meanwhile, and asks when it can.
    """
    faults = [
        partition([["u", "c", "p1", "p2"], ["p3"]], 120, 600),
        broken("disk", "c", 90, 400, mode="slow", factor=400),
        broken("stop", "c", 130, 135),
    ]
    for when, outcome in ((180, "abort"), (700, "commit")):
        story = bank([asking("u", [(100, Write("x", 1))])], [*faults, crash("c", when, when + 120)], seed=5)
        assert [decisions(story, id) for id in PARTICIPANTS] == [[f"c.0.0 = {outcome}"]] * 3
    story = bank([asking("u", [(100, Write("x", 1))])], [*faults, crash("c", 180, 300)], Hasty, seed=5)
    assert atomicity(story).verdict == "fail"


def test_nothing_on_disk_means_abort() -> None:
    """Mohan, Lindsay, Obermarck, ACM TODS 1986, presumed abort: the coordinator crashes before it has decided."""
    story = bank([asking("u", [(10, Write("x", 7)), (700, Read("x"))])], [crash("c", 19, 300)])
    assert ends(story)[-1] is None
    assert [decisions(story, id) for id in PARTICIPANTS] == [["c.0.0 = abort"]] * 3


def test_after_all_have_acknowledged_a_commit_is_told_no_more() -> None:
    story = bank([asking("u", [(10, Write("x", 7))])], [crash("c", 300, 400)])
    assert len(story.messages("decide")) == 3
    early = bank([asking("u", [(10, Write("x", 7))])], [crash("c", 25, 400)])
    assert len(early.messages("decide")) == 6


def test_two_coordinators_share_participants() -> None:
    load = {"requests": "read-write", "rate_per_s": 60, "keys": 2}
    story = bank([client("u", **load), client("v", **load)], coordinators=("c1", "c2"), settle_ms=300)
    assert atomicity(story).verdict == "pass"
    assert linear(story)
    assert story.ends("v")[("ok", "")] > 20


def test_a_participant_cut_off_stops_all_writes_and_no_more_than_its_share_of_reads() -> None:
    """What all must agree to needs all of them."""
    steps = [(50.0, Write("x", 1)), *((300.0 + 60 * n, Read("x")) for n in range(9))]
    story = bank([asking("u", steps)], [partition([["u", "c", "p1", "p2"], ["p3"]], 0)])
    assert ends(story)[0] == ("fail", "timed out")
    assert set(ends(story)[1:]) == {None, ("fail", "timed out")}
    assert all(op.takes_ms < 20 for op in story.operations() if op.type == "ok")


def test_a_coordinator_needs_two_participants() -> None:
    one = Neighbour("participant", {}, True)
    assert Coordinator.doubts_beside({}, {})
    assert Coordinator.doubts_beside({}, {"p1": one, "u": Neighbour("client", {}, False)})
    assert not Coordinator.doubts_beside({}, {"p1": one, "p2": one})
