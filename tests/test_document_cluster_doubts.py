"""Clusters of a size, or with quorums, that hardly can be meant: they run, and the consequence is said."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.document import DocumentError, validate
from simulations.document_doubts import doubts

MAJORITIES = ["raft", "paxos", "multi-paxos", "zab", "register", "ledger"]
OTHERS = ["multi-leader", "leaderless", "leader-follower", "chain", "tunable-store", "shard-store", "participant"]


def scenario(protocol: str, members: list[str], params: dict[str, Any], count: int = 1) -> dict[str, Any]:
    """A cluster of these members, the last of which stands for as many as `count` says."""
    ids = list(dict.fromkeys(members))
    nodes = [{"id": id, "type": protocol, "count": count if id == ids[-1] else 1} for id in ids]
    cluster = {"id": "all", "protocol": protocol, "members": members, "params": params}
    return {"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "clusters": [cluster]}


def doubted(protocol: str, size: int, **params: Any) -> dict[str, str]:
    """What is said of a cluster of that size."""
    data = scenario(protocol, [f"m{number}" for number in range(size)], params)
    return {doubt.path: doubt.message for doubt in doubts(validate(data)) if doubt.path.startswith("clusters")}


@pytest.mark.parametrize("protocol", MAJORITIES)
def test_an_even_cluster_is_doubted_where_a_majority_decides(protocol: str) -> None:
    found = [doubted(protocol, size).get("clusters[0].members", "") for size in (1, 2, 3, 4, 5, 6)]
    assert "Three tolerate one failure" in found[0]
    assert "no failure" in found[1]
    assert "tolerate 1 at most, as 3 do, for a majority of them is 3. Use 3, or 5 to tolerate 2." in found[3]
    assert "tolerate 2 at most, as 5 do, for a majority of them is 4. Use 5, or 7 to tolerate 3." in found[5]
    assert (found[2], found[4]) == ("", "")


@pytest.mark.parametrize("protocol", OTHERS)
def test_elsewhere_only_a_cluster_of_one_is(protocol: str) -> None:
    small = {"n": 1, "r": 1, "w": 1} if protocol == "leaderless" else {}
    found = doubted(protocol, 1, **({"acknowledge": "async"} if protocol == "leader-follower" else small))
    assert list(found) == ["clusters[0].members"]
    assert "nobody stands in for it when it fails" in found["clusters[0].members"]
    assert doubted(protocol, 4) == {}


@pytest.mark.parametrize("protocol", ["register", "ledger"])
def test_a_store_that_answers_alone_may_be_even(protocol: str) -> None:
    answers_alone = {"register": "ap", "ledger": "shares"}[protocol]
    assert doubted(protocol, 4, mode=answers_alone) == {}
    assert list(doubted(protocol, 1, mode=answers_alone)) == ["clusters[0].members"]


def test_a_member_that_stands_for_many_counts_as_many() -> None:
    data = scenario("raft", ["a", "b"], {}, count=3)
    assert "4 members tolerate 1" in next(doubt.message for doubt in doubts(validate(data)))
    assert doubts(validate(scenario("raft", ["a", "b"], {}, count=4))) == []


@pytest.mark.parametrize(
    ("size", "params", "name", "words"),
    [
        (2, {"n": 3, "r": 3, "w": 2}, "r", "Every read is refused: there are only 2 replicas. Choose 2 at most"),
        (2, {"n": 3, "r": 2, "w": 3}, "w", "Every write is refused"),
        (2, {"n": 3, "r": 2, "w": 2}, "n", "A key has 2 copies"),
        (5, {"n": 3, "replicas": "m0 m1"}, "n", "A key has 2 copies"),
        (3, {"n": 3, "sloppy": True}, "sloppy", "Nobody can stand in: all 3 are replicas of every key. Use N = 2"),
    ],
)
def test_quorums_that_the_cluster_cannot_meet(size: int, params: dict[str, Any], name: str, words: str) -> None:
    assert words in doubted("leaderless", size, **params)[f"clusters[0].params.{name}"]


def test_a_sloppy_quorum_with_members_to_stand_in_is_not_doubted() -> None:
    assert doubted("leaderless", 4, n=3, sloppy=True) == {}


@pytest.mark.parametrize(
    ("params", "name", "words"),
    [
        ({"n": 3, "r": 1, "w": 2}, "r", "R + W ≤ N"),
        ({"n": 3, "r": 4, "w": 2}, "r", "Every read is refused: there are only N = 3 replicas"),
        ({"n": 3, "r": 2, "w": 4}, "w", "Every write is refused"),
    ],
)
def test_quorums_that_do_not_fit_each_other(params: dict[str, Any], name: str, words: str) -> None:
    data = scenario("leaderless", ["a", "b", "c"], params)
    found = {doubt.path: doubt.message for doubt in doubts(validate(data))}
    assert words in found[f"clusters[0].params.{name}"]


@pytest.mark.parametrize(
    ("protocol", "size", "params", "name"),
    [
        ("pbft", 4, {"faulty": 2}, "faulty"),
        ("pbft", 5, {}, "faulty"),
        ("leaderless", 3, {"n": 3, "r": 4}, "r"),
        ("raft", 5, {"fsync_time": {"kind": "constant", "value_ms": 5000}}, "fsync_time"),
        ("swim", 4, {"period_ms": 100, "timeout_ms": 90}, "timeout_ms"),
    ],
)
def test_what_all_members_share_is_said_once(protocol: str, size: int, params: dict[str, Any], name: str) -> None:
    data = scenario(protocol, [f"m{number}" for number in range(size)], params)
    assert [doubt.path for doubt in doubts(validate(data))] == [f"clusters[0].params.{name}"]


def test_each_cluster_has_its_own() -> None:
    data = scenario("leaderless", ["a", "b", "c"], {"n": 3, "r": 4})
    other = scenario("leaderless", ["d", "e", "f"], {"n": 3, "r": 4})
    data["nodes"] += other["nodes"]
    data["clusters"].append(other["clusters"][0] | {"id": "others"})
    found = [doubt.path for doubt in doubts(validate(data))]
    assert found == ["clusters[0].params.r", "clusters[1].params.r"]


def test_what_members_have_for_themselves_is_said_where_it_stands() -> None:
    data = scenario("leaderless", ["a", "b", "c"], {"n": 3, "r": 2})
    data["nodes"][1]["params"] = {"r": 5}
    assert [doubt.path for doubt in doubts(validate(data))] == ["nodes[1].params.r"]
    data["nodes"][2]["params"] = {"r": 5}
    assert [doubt.path for doubt in doubts(validate(data))] == ["nodes[1].params.r"]
    data["nodes"][2]["params"] = {"w": 5}
    assert [doubt.path for doubt in doubts(validate(data))] == ["nodes[1].params.r", "nodes[2].params.w"]


def test_participants_that_nobody_asks_are_one_doubt() -> None:
    data = scenario("participant", ["a", "b", "c"], {})
    found = doubts(validate(data))
    assert [doubt.path for doubt in found] == ["nodes[0]"]
    assert "Link a coordinator" in found[0].message


def test_members_that_are_some_of_many_share_the_parameters_of_their_cluster() -> None:
    data = scenario("leaderless", ["a"], {"n": 3, "r": 4}, count=3)
    data["clusters"][0]["members"] = ["a-1", "a-2", "a-3"]
    assert [doubt.path for doubt in doubts(validate(data))] == ["clusters[0].params.r"]


@pytest.mark.parametrize(("size", "words"), [(3, "to tolerate 1 takes 4 replicas, not 3"), (4, "")])
def test_byzantine_faults_take_more_than_three_times_as_many(size: int, words: str) -> None:
    data = scenario("pbft", [f"m{number}" for number in range(size)], {"faulty": 1})
    found = [doubt.message for doubt in doubts(validate(data)) if doubt.path == "clusters[0].params.faulty"]
    assert [words in message for message in found] == ([True] if words else [])


def test_a_write_that_waits_for_a_follower_where_there_is_none() -> None:
    found = doubted("leader-follower", 1, acknowledge="semi-sync")
    assert "No write is ever acknowledged" in found["clusters[0].params.acknowledge"]
    assert doubted("leader-follower", 2, acknowledge="semi-sync") == {}


def test_members_of_one_store_that_keep_different_models() -> None:
    data = scenario("tunable-store", ["a", "b"], {"consistency": "causal"})
    assert doubts(validate(data)) == []
    data["nodes"][1]["params"] = {"consistency": "eventual"}
    found = {doubt.path: doubt.message for doubt in doubts(validate(data))}
    assert list(found) == ["nodes[1].params.consistency"]
    assert "Choose the same for all" in found["nodes[1].params.consistency"]


def test_snapshots_over_links_on_which_markers_may_be_overtaken() -> None:
    data = scenario("bank", ["a", "b"], {})
    assert doubts(validate(data)) == []
    data["nodes"][0]["params"] = {"snapshot_every_ms": 100}
    found = {doubt.path: doubt.message for doubt in doubts(validate(data))}
    assert list(found) == ["nodes[0].params.snapshot_every_ms"]
    assert "overtake markers on the way to b" in found["nodes[0].params.snapshot_every_ms"]
    data["clusters"][0]["link"] = {"transport": "stream"}
    assert doubts(validate(data)) == []
    data["links"] = [{"id": "own", "a": "a", "b": "b"}]
    assert len(doubts(validate(data))) == 1


def test_a_member_listed_twice_is_refused() -> None:
    with pytest.raises(DocumentError) as caught:
        validate(scenario("raft", ["a", "b", "a"], {}))
    assert [(one.path, one.message) for one in caught.value.mistakes] == [
        ("clusters[0].members[2]", '"a" is listed twice.')
    ]
