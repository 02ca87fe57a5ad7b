"""The leaderless store: quorums that overlap, versions, stand-ins with hints, read repair and Merkle trees.

DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store", SOSP 2007, by section.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from simulations.document import parse
from simulations.document_doubts import doubts
from tests.nodes import leaderless
from tests.nodes.leaderless import QUIET, Leaderless, contest, key_of, last, published
from tests.nodes.stories import answers, read, user, write
from tests.worlds import MS, client, crash, cut, link, mesh, node, partition, run, world

three = partial(leaderless.store, members=3)
five = partial(leaderless.store, members=5)
LONE = partition([["r0"], ["r1", "r2"]], 100, 900)
APART = {"u0": [write(200, 1)], "u1": [write(201, 2)], "u2": [read(800)]}

# Quorums (section 4.5)


@pytest.mark.parametrize(("need", "waits_ms"), [(1, 0), (2, 10), (3, 10)])
def test_a_coordinator_sends_to_all_n_and_waits_for_r_or_w(need: int, waits_ms: int) -> None:
    story = three({"u0": [write(100, 1), read(300)]}, r=need, w=need, read_repair=False, anti_entropy_ms=0)
    assert [op.takes_ms for op in story.operations()] == [2 + waits_ms + 0.5, 2 + waits_ms]
    assert len(story.messages("keep")) == len(story.messages("fetch")) == 2


def test_any_member_coordinates_for_any_key() -> None:
    steps = {"u0": [write(10 + n, n, f"k{n}") for n in range(8)]}
    steps |= {f"u{m}": [read(500, f"k{n}") for n in range(8)] for m in range(1, 5)}
    story = five(steps, n=2, r=1, w=2)
    assert all(answers(story, f"u{m}") == list(range(8)) for m in range(1, 5))
    assert sum(last(story, "keys")) == 2 * 8


def test_a_member_without_a_place_on_the_ring_only_coordinates() -> None:
    story = leaderless.store({"u0": [write(10, 1), read(200)]}, members=4, replicas="r1 r2 r3")
    assert answers(story) == [1]
    assert last(story, "keys", 4) == [0, 1, 1, 1]
    assert last(story, "role", 4) == ["coordinator", "replica", "replica", "replica"]
    assert len(story.messages("keep")) == len(story.messages("fetch")) == 3


def test_quorums_that_do_not_overlap_miss_the_last_write_and_others_do_not() -> None:
    steps = {"u0": [write(100, 1)], "u1": [read(120)]}
    assert answers(three(steps, latency=40, r=1, w=1)) == [None]
    assert answers(three({**steps, "u1": [read(190)]}, latency=40, r=2, w=2)) == [1]
    assert answers(three(steps, latency=40, r=3, w=1)) == [1]


def test_without_a_quorum_an_operation_is_refused_and_a_write_may_come_about() -> None:
    story = three({"u0": [write(200, 1), read(200)], "u1": [read(1900)]}, [LONE], anti_entropy_ms=200)
    assert [op.end for op in story.operations("u0")] == [("info", "no quorum"), ("fail", "no quorum")]
    assert answers(story, "u1") == [1]


def test_what_no_number_of_replicas_can_answer_is_refused_at_once_and_without_doubt() -> None:
    story = three({"u0": [write(100, 1), read(100)]}, n=5, r=4, w=4)
    assert [op.end for op in story.operations()] == [
        ("fail", "W exceeds the replicas"),
        ("fail", "R exceeds the replicas"),
    ]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"n": 3, "r": 1, "w": 1}, "With R = 3 it always does."),
        ({"n": 3, "r": 1, "w": 2}, "With R = 2 it always does."),
        ({"n": 3, "r": 4, "w": 2}, "Every read is refused: there are only N = 3 replicas. Choose at most 3."),
        ({"n": 3, "r": 2, "w": 4}, "Every write is refused: there are only N = 3 replicas. Choose at most 3."),
        ({"n": 3, "r": 2, "w": 2}, ""),
    ],
)
def test_quorums_that_do_not_overlap_or_cannot_be_met_are_doubted(params: dict[str, int], words: str) -> None:
    member = {"id": "a", "type": "leaderless", "x": 100, "y": 100, "params": params}
    found = doubts(parse(json.dumps({"format": "netsplit/1", "title": "T", "duration_ms": 100, "nodes": [member]})))
    assert (words in found[0].message) if words else (found == [])


# Versions (section 4.4)


def test_by_wall_clock_the_later_of_two_writes_wins() -> None:
    assert answers(three(APART)) == [2]
    assert answers(three({**APART, "u0": [write(202, 1)]})) == [1]


def test_version_vectors_keep_writes_that_did_not_see_each_other() -> None:
    for versions, kept, most in (("vectors", "1 | 2", 2), ("wall-clock", "2", 1)):
        story = three(APART, versions=versions)
        assert set(last(story, "value", 3)) == {f"x = {kept}"}
        assert answers(story) == [2]
        assert published(story, "leaderless.siblings") == most


def test_a_write_that_has_seen_both_siblings_replaces_them() -> None:
    story = three({**APART, "v2": [write(400, 3)]}, versions="vectors")
    assert set(last(story, "value", 3)) == {"x = 3"}


def test_increments_beside_each_other_are_lost_and_one_after_another_are_not() -> None:
    def count(clients: int) -> tuple[int, int]:
        ids = ["r0", "r1", "r2"]
        load = {"requests": "increment", "rate_per_s": 8, "pattern": "deterministic", "keys": 1, "timeout_ms": 500}
        nodes = [client(f"c{n}", **load) for n in range(clients)] + [node(Leaderless, id) for id in ids]
        links = [link(f"c{n}", f"r{n}") for n in range(clients)]
        story = run(world(nodes, links, [mesh(ids, 5)], duration_ms=2000, settle_ms=500), Leaderless)
        return len(story.operations()), int(last(story, "value", 3)[0].removeprefix("k0 = "))

    made, counted = count(1)
    assert made == counted > 10
    made, counted = count(2)
    assert counted < made


def test_a_restarted_coordinator_issues_no_version_twice() -> None:
    """Its clock put back to where it was, it still writes under another name."""
    steps = {"u0": [write(100, 1), write(400, 2)], "u1": [read(900)]}
    back = {
        "kind": "clock",
        "target": "r0",
        "at_ms": 250,
        "offset_ms": -300,
        "drift_ppm": 0,
        "timers": False,
        "until_ms": None,
    }
    story = three(steps, [crash("r0", 200, 220), back], versions="vectors")
    assert answers(story) == [2]
    assert set(last(story, "value", 3)) == {"x = 2"}


# What is acknowledged is on disk


def test_after_a_crash_of_all_members_what_was_acknowledged_is_there() -> None:
    steps = {"u0": [write(100, 1)], "u1": [read(600)]}
    assert answers(three(steps, [crash(f"r{n}", 300, 400) for n in range(3)])) == [1]


# Sloppy quorums and hinted handoff (section 4.6)


def test_a_healthy_member_stands_in_keeps_a_hint_and_hands_over() -> None:
    key = key_of("r1")
    steps = {"u0": [write(200, 1, key), read(400, key)]}
    strict = five(steps, [crash("r1", 0, 1000)], r=3, w=3, **QUIET)
    assert [op.end[1] for op in strict.operations()] == ["no quorum", "no quorum"]
    assert last(strict, "keys")[1] == 0
    sloppy = five(steps, [crash("r1", 0, 1000)], r=3, w=3, sloppy=True, **QUIET)
    assert (answers(sloppy, f="write"), answers(sloppy)) == (["ok"], [1])
    assert {row[3] for row in sloppy.rows("published") if row[2] == "leaderless.hints"} == {0, 1}
    assert sum(sloppy.at(900, f"r{m}", "hints") for m in (0, 2, 3, 4)) == 1
    assert last(sloppy, "hints") == [0] * 5
    assert last(sloppy, "keys")[1] == 1
    assert published(sloppy, "leaderless.hinted") == published(sloppy, "leaderless.handed_over") == 1


def test_who_did_not_answer_is_passed_over_for_a_while() -> None:
    key = key_of("r1")
    story = five({"u0": [write(200, 1, key), write(400, 2, key)]}, [crash("r1", 0)], w=3, sloppy=True, **QUIET)
    first, second = [op.takes_ms for op in story.operations()]
    assert first > 100 > 20 > second


def test_a_hint_outlives_a_crash_of_who_keeps_it() -> None:
    key = key_of("r1")
    faults = [crash("r1", 0, 1000), *(crash(f"r{m}", 500, 600) for m in (0, 2, 3, 4))]
    story = five({"u0": [write(200, 1, key)]}, faults, w=3, sloppy=True, **QUIET)
    assert last(story, "keys")[1] == 1
    assert last(story, "hints") == [0] * 5


def test_a_sloppy_quorum_overlaps_with_nothing() -> None:
    """Section 4.6: both sides of a partition go on, and read what they wrote themselves."""
    key = key_of("r1")
    sides = partition([["r0", "r1"], ["r2", "r3", "r4"]], 100, 900)
    steps = {"u0": [write(200, 1, key)], "u2": [read(700, key)]}
    story = five(steps, [sides], n=2, r=2, w=2, sloppy=True, **QUIET)
    assert (answers(story, f="write"), answers(story)) == (["ok"], [None])
    assert "ok" not in answers(five(steps, [sides], n=2, r=2, w=2, **QUIET), f="write")


# Read repair (section 5) and anti-entropy (4.7)


def test_a_read_mends_replicas_that_answered_with_old_versions() -> None:
    steps = {"u1": [write(200, 1), read(1000)]}
    for repairs, has in ((True, 1), (False, 0)):
        story = three(steps, [LONE], anti_entropy_ms=0, read_repair=repairs)
        assert last(story, "keys", 3)[0] == has
        assert published(story, "leaderless.repaired") == has


def test_merkle_trees_find_what_differs_and_exchange_no_more() -> None:
    """Section 4.7: the hashes that agree are not followed further down."""
    steps = {"u1": [*(write(10 + n, n, f"k{n}") for n in range(20)), write(200, 99, "late")]}
    mended = three(steps, [LONE], read_repair=False, anti_entropy_ms=100)
    assert last(mended, "keys", 3) == [21] * 3
    swapped = [message.size for message in mended.messages("swap_leaves")]
    assert swapped
    assert published(mended, "trees.synced") == 1
    whole_level = 64 + 8 * 64
    assert max(message.size for message in mended.messages("compare_trees")) < whole_level / 4
    never = three(steps, [LONE], **QUIET)
    assert last(never, "keys", 3) == [20, 21, 21]


def test_trees_that_agree_cost_one_hash() -> None:
    story = three({"u0": [write(10, 1)]}, anti_entropy_ms=200)
    compared = [message for message in story.messages("compare_trees") if message.sent_ns > 100 * MS]
    assert compared
    assert {message.size for message in compared} == {64 + 8}
    assert story.messages("swap_leaves") == []


# Faults of every kind


@pytest.mark.parametrize("versions", ["wall-clock", "vectors"])
@pytest.mark.parametrize("sloppy", [False, True])
def test_replicas_converge_after_faults_of_every_kind(versions: str, sloppy: bool) -> None:
    for seed in range(2):
        story = contest(Leaderless, seed, versions=versions, sloppy=sloppy)
        assert len(set(last(story, "digest"))) == 1
        assert {"ok", "fail", "info"} <= {op.type for op in story.operations()}


def test_duplicated_and_delayed_messages_change_nothing() -> None:
    faults: list[dict[str, Any]] = [
        {"kind": "duplicate", "target": "r0-r1", "probability": 1.0, "at_ms": 0, "until_ms": None},
        cut("r0-r2", 0, 500, "b-to-a"),
    ]
    ids = ["r0", "r1", "r2"]
    users = [user("u0", "r0", [write(100, 1), write(300, 2), read(600)])]
    links = [link("u0", "r0"), link("r0", "r1", 5), link("r0", "r2", 5)]
    nodes = [*users, *(node(Leaderless, id, anti_entropy_ms=100) for id in ids)]
    story = run(world(nodes, links, [mesh(ids, 5)], faults, 1500), Leaderless)
    assert answers(story) == [2]
    assert len(set(last(story, "digest", 3))) == 1
