"""Parameters that hold names of nodes: what nobody has, or what is listed twice, is said, with the place."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.catalogue import node_types
from simulations.document import validate
from simulations.document_doubts import doubts
from simulations.engine.name_lists import names_in


def doubted(kind: str, member: dict[str, Any], shared: dict[str, Any] | None = None) -> dict[str, str]:
    """What is said of a cluster of r1, r2 and r3, with parameters of r1 and of all."""
    nodes = [{"id": "r1", "type": kind, "params": member}, *[{"id": one, "type": kind} for one in ("r2", "r3")]]
    nodes.append({"id": "r9", "type": kind})
    clusters = [{"id": "all", "protocol": kind, "members": ["r1", "r2", "r3"], "params": shared or {}}]
    document = {"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "clusters": clusters}
    names = ("founders", "replicas")
    return {one.path: one.message for one in doubts(validate(document)) if one.path.endswith(names)}


HOLD = [("raft", "founders"), ("shard-store", "founders"), ("leaderless", "replicas")]


@pytest.mark.parametrize(("kind", "name"), HOLD)
@pytest.mark.parametrize("listed", ["", "r1 r2", "r1, r2", "r1,r2,r3"])
def test_members_may_have_commas_or_blanks_between(kind: str, name: str, listed: str) -> None:
    assert doubted(kind, {}, {name: listed}) == {}


@pytest.mark.parametrize(("kind", "name"), HOLD)
@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ("r1 r7", 'There is no member "r7": it is left out. Members: r1, r2, r3.'),
        ("r1; r2", 'There is no member "r1;": it is left out. Members: r1, r2, r3.'),
        ("r1, r9", 'There is no member "r9": it is left out. Members: r1, r2, r3.'),
        ("x y", 'There is no member "x": all are taken. Members: r1, r2, r3.'),
        ("r1 r2 r1", '"r1" is listed twice. It counts once.'),
    ],
)
def test_who_is_no_member_or_listed_twice_is_said_where_it_stands(
    kind: str, name: str, listed: str, words: str
) -> None:
    assert doubted(kind, {}, {name: listed}) == {f"clusters[0].params.{name}": words}
    own = doubted(kind, {name: listed})[f"nodes[0].params.{name}"]
    assert own == words or kind == "shard-store"  # of which all have to say the same


def test_outside_of_a_cluster_all_of_the_type_may_be_named() -> None:
    nodes = [{"id": "r1", "type": "raft", "params": {"founders": "r1 r2 c"}}, {"id": "r2", "type": "raft"}]
    nodes.append({"id": "c", "type": "client"})
    links = [{"id": "l", "a": "r1", "b": "r2"}, {"id": "m", "a": "c", "b": "r1"}]
    found = doubts(validate({"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "links": links}))
    assert [(one.path, one.message) for one in found] == [
        ("nodes[0].params.founders", 'There is no member "c": it is left out. Members: r1, r2.')
    ]


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        ("dns-authoritative", {"records": "www: w-1, w-2"}, ""),
        (
            "dns-authoritative",
            {"records": "www: w-1 w-7; api: w-2"},
            'No node has the address "w-7". Nodes: n, w-1, w-2.',
        ),
        ("machine", {"owner": "n"}, ""),
        ("machine", {"owner": "w"}, 'There is no node "w". Nodes: n, w-1, w-2.'),
    ],
)
def test_addresses_and_owners_are_nodes(kind: str, params: dict[str, Any], words: str) -> None:
    nodes = [{"id": "n", "type": kind, "params": params}, {"id": "w", "type": "web-server", "count": 2}]
    document = {"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "links": []}
    found = [one.message for one in doubts(validate(document)) if one.path == f"nodes[0].params.{next(iter(params))}"]
    assert found == ([words] if words else [])


def test_a_directory_says_who_is_listed_twice() -> None:
    nodes = [{"id": "d", "type": "shard-directory", "params": {"founders": "s, s"}}, {"id": "s", "type": "shard-store"}]
    links = [{"id": "l", "a": "d", "b": "s"}]
    document = {"format": "netsplit/1", "duration_ms": 1000, "nodes": nodes, "links": links}
    found = [one.message for one in doubts(validate(document)) if one.path == "nodes[0].params.founders"]
    assert found == ['"s" is listed twice. It counts once.']


def test_names_are_listed_once_each_however_they_are_parted() -> None:
    assert names_in(" a,b  c , a,") == ["a", "b", "c"]


APART = {  # doubted by their types, which know which links there have to be; or no names of nodes
    "cache", "dead_letter_to", "directory", "fallback_for", "fallback_to", "log_to", "rank_by", "reply_queue",
    "preferred", "resolver", "routes", "takes_from",
    "group", "lookup_name", "poison_keys", "register_as", "server_name", "special_class", "split_points",
}  # fmt: skip


def test_every_parameter_that_is_a_text_is_looked_after() -> None:
    texts = {
        (kind, param.name)
        for kind, node_type in node_types().items()
        for param in node_type.PARAMS
        if param.kind == "text" and not param.names and param.name not in APART
    }
    assert texts == {("shard-directory", "founders")}
