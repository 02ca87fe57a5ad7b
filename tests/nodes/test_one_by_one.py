"""Transactions without commitment, one part after another: what crashes leave of them, and not with two phases."""

from __future__ import annotations

import pytest

from simulations.engine.messages import Increment, Read, Write
from tests.nodes.commitment import PARTICIPANTS, asking, atomicity, bank, decisions, ends, net, published
from tests.worlds import crash

PAY = [(10.0, Increment("a", 30))]


def test_each_part_is_carried_out_before_the_next_is_asked_for() -> None:
    story = bank([asking("u", PAY)], protocol="one-by-one")
    assert ends(story) == ["ok"]
    first, second = story.messages("apply")
    assert first.dst != second.dst
    assert story.messages("standing", src=first.dst)[0].settled_ns == second.sent_ns
    assert len([message for message in story.messages() if "u" not in (message.src, message.dst)]) == 4
    assert sorted(published(story, id, "accounts.net")[-1] for id in PARTICIPANTS) == [-30, 0, 30]
    assert all(not any(published(story, id, "locks.held")) for id in PARTICIPANTS)


@pytest.mark.parametrize(("protocol", "lost"), [("one-by-one", 30), ("2pc", 0)])
def test_a_coordinator_that_crashes_between_two_writes_leaves_half_a_transfer(protocol: str, lost: int) -> None:
    """Nobody knows of it: with two phases a promise on disk is asked about and given up."""
    story = bank([asking("u", PAY)], [crash("c", 19, 300)], protocol=protocol)
    assert net(story) == -lost
    assert not any(published(story, "c", "transactions.half_done"))


def test_a_participant_that_is_down_leaves_half_a_write() -> None:
    """Two phases abort it everywhere: a vote that does not come is a no."""
    half, whole = (
        bank([asking("u", [(10, Write("x", 7))])], [crash("p2", 5)], protocol=protocol)
        for protocol in ("one-by-one", "2pc")
    )
    assert (ends(half)[0][0], ends(whole)[0][0]) == ("info", "fail")
    assert [decisions(half, id) for id in ("c", *PARTICIPANTS)] == [["c.0.0 = abort"], ["c.0.0 = commit"], [], []]
    assert [decisions(whole, id) for id in ("c", "p1", "p3")] == [["c.0.0 = abort"]] * 3
    assert (atomicity(half).verdict, atomicity(whole).verdict) == ("fail", "pass")
    assert (published(half, "c", "transactions.half_done"), published(whole, "c", "transactions.half_done")) == (
        [1],
        [],
    )


def test_a_part_that_is_asked_for_twice_is_carried_out_once() -> None:
    twice = [{"kind": "duplicate", "target": f"c-{id}", "probability": 1, "at_ms": 0} for id in PARTICIPANTS]
    story = bank([asking("u", PAY)], twice, protocol="one-by-one")
    assert ends(story) == ["ok"]
    assert sorted(published(story, id, "accounts.net")[-1] for id in PARTICIPANTS) == [-30, 0, 30]


def test_what_the_first_refuses_is_not_begun() -> None:
    story = bank([asking("u", PAY)], protocol="one-by-one", opening_balance=29)
    assert ends(story) == [("fail", "insufficient funds")]
    assert len(story.messages("apply")) == 1
    assert net(story) == 0


def test_what_was_confirmed_is_on_disk() -> None:
    reads = [(300.0 + 20 * n, Read("x")) for n in range(12)]
    crashes = [crash(id, 60, 100) for id in PARTICIPANTS]
    story = bank([asking("u", [(10, Write("x", 7)), *reads])], crashes, protocol="one-by-one")
    assert ends(story) == ["ok", *[7] * 12]
    assert {message.dst for message in story.messages("read", src="c")} == set(PARTICIPANTS)
