"""Raft's members join and leave while clients read and write.

Ongaro: "Consensus: Bridging Theory and Practice", Stanford, 2014, chapter 4 (sections by number), with the correction
of 10 July 2015 on the list raft-dev.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from simulations.engine.node import Node
from simulations.nodes.raft import Raft as Declared
from tests.nodes.consensus import judged, mesh, weather
from tests.nodes.rafts import Raft, broken, first, leaders, members
from tests.nodes.stories import Step, answers, read, write
from tests.worlds import Entry, Run, client, crash, cut, exponential, link, node, partition, world

LATE = {"election_timeout_ms_min": 400, "election_timeout_ms_max": 1500}


def joins(at_ms: float) -> dict[str, Any]:
    return LATE | {"joins_at_ms": at_ms}


def cluster_of(
    founders: str,
    own: Mapping[str, Mapping[str, Any]],
    users: Mapping[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    kind: type[Node] = Raft,
    count: int = 4,
    **params: Any,
) -> Run:
    return members(users, faults, count, kind=kind, own={"r0": first()} | dict(own), founders=founders, **params)


def of(story: Run, id: str, at_ms: float = 2999) -> str:
    found: str = story.at(at_ms, id, "members")
    return found


def test_one_that_joins_gets_the_log_then_a_vote() -> None:
    """4.2.1: it counts only when it has what the others have."""
    steps = {"u0": [write(300 + 10 * n, n) for n in range(30)], "u3": [read(2000)]}
    story = cluster_of("r0 r1 r2", {"r3": joins(800)}, steps)
    assert [of(story, id) for id in ("r0", "r3")] == ["r0 r1 r2 r3"] * 2
    roles = [role for _, role in story.states("r3", "role")]
    assert roles == ["outside", "learner", "follower"]
    at_ms = next(at for at, shown in story.states("r0", "members") if "r3" in shown)
    assert story.at(at_ms, "r3", "last") >= 30
    assert answers(story, "u3") == [29]
    assert not broken(story)


def test_one_that_leaves_has_no_vote_and_elects_nobody() -> None:
    """4.2.3: it hears no leader any more, and disturbs nobody."""
    story = cluster_of("", {"r3": LATE | {"leaves_at_ms": 800}}, {"u0": [write(1500, 1)], "u1": [read(2500)]})
    assert [of(story, id) for id in ("r0", "r1", "r2")] == ["r0 r1 r2"] * 3
    assert story.at(2999, "r3", "role") == "outside"
    assert (len(leaders(story, count=4)), story.at(2999, "r0", "term")) == (1, 1)
    assert answers(story) == [1]


@pytest.mark.parametrize("pre_vote", [True, False])
def test_one_that_does_not_hear_that_it_was_let_go_disturbs_nobody(pre_vote: bool) -> None:
    """4.2.3: whoever hears a leader does not vote, so that even a higher term is not listened to."""
    deaf = [cut(f"raft:r{n}-r3", 850, None, "a-to-b") for n in range(3)]
    own = {"r3": {"leaves_at_ms": 845}}
    story = cluster_of("", own, {"u0": [write(2500, 1), read(2800)]}, deaf, pre_vote=pre_vote, check_quorum=False)
    assert of(story, "r3") == "r0 r1 r2 r3"
    assert of(story, "r0") == "r0 r1 r2"
    assert {role for _, role in story.states("r3", "role")} & {"candidate", "pre-candidate"}
    assert len(leaders(story, count=4)) == 1
    assert answers(story) == [1]


def test_a_leader_that_removes_itself_leads_until_that_is_committed() -> None:
    """4.2.2: it does not count itself, and then steps down; the others elect another."""
    steps = {"u1": [write(1500, 7), read(2500)]}
    story = cluster_of("", {"r0": first() | {"leaves_at_ms": 800}}, steps, count=3)
    left = next(at for at, role in story.states("r0", "role") if role == "outside")
    appended = next(at for at, shown in story.states("r0", "members") if "r0" not in shown)
    assert left - appended == pytest.approx(10.5)  # there, on disk, and back
    assert {who for _, who, _ in leaders(story)} == {"r0", "r1"} or len(leaders(story)) == 2
    assert answers(story) == [7]
    assert not broken(story)


def test_a_leader_that_is_to_go_may_have_to_be_elected_once_more() -> None:
    """4.2.2, figure 4.6: of two, the one to go has the entry that the other lacks, and nobody else can commit it."""
    apart = [partition([["r0"], ["r1"]], 801, 1400)]
    own = {"r0": first() | {"leaves_at_ms": 800}}
    story = cluster_of("", own, {"u1": [write(2500, 7), read(2800)]}, apart, count=2)
    assert [(who, term) for _, who, term in leaders(story, count=2)] == [("r0", 1), ("r0", 2), ("r1", 3)]
    assert of(story, "r1") == "r1"
    assert answers(story) == [7]


def test_a_majority_of_the_new_configuration_counts() -> None:
    """4.1: of three that became four, two are no majority any more; of four that became three they are."""
    apart = [partition([["r0", "r1"], ["r2", "r3"]], 1500)]
    steps = {"u0": [write(1600, 1)]}
    for founders, own, end in (
        ("r0 r1 r2", {"r3": joins(800)}, "info"),
        ("", {"r3": LATE | {"leaves_at_ms": 800}}, "ok"),
        ("", {"r3": LATE}, "info"),
    ):
        story = cluster_of(founders, own, steps, apart)
        assert [op.end[0] for op in story.operations()] == [end], founders


def test_a_change_that_is_not_committed_gives_way() -> None:
    """4.1: r0 adds r3 alone, and finds another leader's log in place of it; r3 asks that one."""
    apart = [partition([["r0", "r3"], ["r1", "r2"]], 801, 1500)]
    own = {"r1": {"election_timeout_ms_max": 160}, "r2": LATE, "r3": joins(795)}
    story = cluster_of("r0 r1 r2", own, {"u1": [write(2500, 7), read(2800)]}, apart, catch_up=False)
    shown = [text for _, text in story.states("r0", "members")]
    assert shown == ["r0 r1 r2", "r0 r1 r2 r3", "r0 r1 r2", "r0 r1 r2 r3"]
    assert answers(story) == [7]
    assert not broken(story)


def test_members_are_known_after_a_restart_of_all() -> None:
    """From the log, and from a snapshot (5.1)."""
    for after in (0, 5):
        everybody = [crash(f"r{number}", 1500, 1600) for number in range(4)]
        own = {"r3": joins(500), "r2": LATE | {"leaves_at_ms": 900}}
        steps = {"u0": [write(300 + 50 * n, n) for n in range(15)], "u3": [read(2700)]}
        story = cluster_of("r0 r1 r2", own, steps, everybody, snapshot_after=after)
        assert [of(story, id) for id in ("r0", "r1", "r3")] == ["r0 r1 r3"] * 3
        assert answers(story, "u3") == [14]
        assert not broken(story)


def test_a_newcomer_that_crashes_while_it_catches_up_is_let_in_when_it_is_back() -> None:
    steps = {"u0": [write(200 + 10 * n, n) for n in range(50)]}
    own = {"r3": joins(800)}
    story = cluster_of("r0 r1 r2", own, steps, [crash("r3", 830, 1500)], batch_max=2)
    at_ms = next(at for at, shown in story.states("r0", "members") if "r3" in shown)
    assert at_ms > 1500
    assert of(story, "r3") == "r0 r1 r2 r3"
    assert not broken(story)


def test_a_newcomer_with_an_empty_log_stops_the_cluster_if_it_counts_at_once() -> None:
    """4.2.1, figure 4.4 a: one of three is down when a fourth joins."""
    steps = {"u0": [write(200 + 10 * n, n) for n in range(130)]}
    latest: list[float] = []
    for catch_up in (True, False):
        story = cluster_of("r0 r1 r2", {"r3": joins(800)}, steps, [crash("r2", 700)], batch_max=2, catch_up=catch_up)
        assert of(story, "r3") == "r0 r1 r2 r3"
        latest.append(max(op.takes_ms for op in story.operations() if op.end[0] == "ok"))
    assert latest[0] < 60 < 300 < latest[1]


class ChangesAtOnce(Raft):  # type: ignore[misc]
    """Begins a change before an entry of its own term is committed: single-server changes as first published."""

    def may_change(self) -> bool:
        return self.role == "leader" and self.commit >= self.log.configuration.index  # type: ignore[no-any-return]


def two_majorities(kind: type[Node], seed: int) -> Run:
    """The case of raft-dev: r0 adds r4, alone with it; r1 leads and removes r3, with r2; r0 is elected by r3 and r4."""
    faults = [
        partition([["r0", "r4"], ["r1", "r2", "r3"]], 801, 1500),
        *[cut(f"raft:r{n}-r3", 950, 1500, "a-to-b") for n in (1, 2)],
        partition([["r0", "r3", "r4"], ["r1", "r2"]], 1500),
    ]
    slow = {"election_timeout_ms_max": 6000}
    own = {"r1": first(155), "r2": slow, "r3": slow | {"leaves_at_ms": 900}, "r4": slow | {"joins_at_ms": 795}}
    return cluster_of(
        "r0 r1 r2 r3", own, {"u1": [write(1300, 1)]}, faults, kind, 5, catch_up=False, check_quorum=False, seed=seed
    )


def test_a_change_before_an_entry_of_the_own_term_is_committed_may_undo_what_was_agreed() -> None:
    """The correction of 4.1: two configurations that do not follow each other need share no majority."""
    seeds = range(1, 5)
    assert any("leader_completeness" in broken(two_majorities(ChangesAtOnce, seed), Raft) for seed in seeds)
    assert not any(broken(two_majorities(Raft, seed)) for seed in seeds)


def storm(seed: int) -> Entry:
    """Clients read and write while members come and go, and all that is struck."""
    chance = random.Random(seed)
    ids = [f"r{number}" for number in range(5)]
    quick = {"election_timeout_ms_min": 60, "election_timeout_ms_max": 120, "heartbeat_ms": 15, "founders": "r0 r1 r2"}
    quick |= {"forward_timeout_ms": 150, "fsync_time": exponential(1), "batch_max": chance.choice([2, 100])}
    quick |= {"snapshot_after": chance.choice([0, 7]), "reads": chance.choice(["log", "read-index"])}
    quick |= {"catch_up": chance.random() < 0.7, "pre_vote": chance.random() < 0.7}
    changes = [{"leaves_at_ms": chance.randint(200, 1400)}, {"leaves_at_ms": chance.randint(200, 1400)}, {}]
    changes += [{"joins_at_ms": chance.randint(100, 1000)}, {"joins_at_ms": chance.randint(100, 1000)}]
    if chance.random() < 0.3:
        changes[3]["leaves_at_ms"] = changes[3]["joins_at_ms"] + chance.randint(1, 600)
    nodes = [client(f"c{n}", requests="read-write", rate_per_s=20, keys=2, timeout_ms=250) for n in range(5)]
    nodes += [node(Declared, id, **quick, **changes[n]) for n, id in enumerate(ids)]
    links = [link(f"c{n}", f"r{n}") for n in range(5)]
    return world(nodes, links, [mesh(ids, exponential(4), 0.02)], weather(ids, seed, 1500), 1600, 900, seed)


@pytest.mark.parametrize("seed", range(2))
def test_members_come_and_go_in_any_weather(seed: int) -> None:
    story, found = judged(Declared, storm(seed))
    assert "fail" not in found.values()
    stay = story.at(2499, "r2", "members").split()
    assert stay in (["r2", "r4"], ["r2", "r3", "r4"])
    for id in ("r0", "r1", "r2", "r3", "r4"):
        assert story.at(2499, id, "role") in (("leader", "follower") if id in stay else ("outside",))


def test_doubts_are_told_of_joining_and_leaving() -> None:
    params = {param.name: param.default for param in Declared.PARAMS}
    assert [name for name, _ in Declared.doubts(params | {"joins_at_ms": 5}, frozenset())] == ["joins_at_ms"]
    late = params | {"founders": "r0", "joins_at_ms": 5, "leaves_at_ms": 5}
    assert [name for name, _ in Declared.doubts(late, frozenset())] == ["leaves_at_ms"]
    unasked = params | {"leaves_at_ms": 5, "pre_vote": False}
    assert [name for name, _ in Declared.doubts(unasked, frozenset())] == ["pre_vote"]


def test_founders_may_have_commas_between_and_count_once_each() -> None:
    """A majority of three is two, however often one of them is named."""
    steps = {"u0": [write(300, 1), read(900)]}
    late = {"r3": joins(2900)}
    story = cluster_of("r0 r1 r2", late, steps, [crash("r2", 100)])
    assert (answers(story), of(story, "r0", 2800)) == ([1], "r0 r1 r2")
    for listed in ("r0, r1,r2", "r0 r1 r2 r2 r2", "r0 r1 r2 nobody"):
        other = cluster_of(listed, late, steps, [crash("r2", 100)])
        assert (answers(other), of(other, "r0", 2800)) == ([1], "r0 r1 r2"), listed
