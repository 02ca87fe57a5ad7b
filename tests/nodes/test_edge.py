"""What stands at the edge: copies of content near those who ask, and the way to the nearest region that is well."""

from __future__ import annotations

from typing import Any

from simulations.nodes.cdn_edge import CdnEdge
from simulations.nodes.region_gateway import RegionGateway
from tests.nodes.stories import answers, read, user, write
from tests.worlds import MS, Run, balancer, client, crash, cut, database, link, node, run, service, world

# The edge of a content delivery network


def content(faults: Any = (), duration_ms: float = 3000, **params: Any) -> Run:
    steps = [write(0, 7), read(300), read(400), write(600, 8), read(900), read(1000), read(2600)]
    nodes = [user("u", "edge", steps), node(CdnEdge, "edge", service_time=0, **params), database("origin")]
    return run(world(nodes, [link("u", "edge"), link("edge", "origin", 50)], (), faults, duration_ms))


def test_a_copy_is_near_and_the_origin_far() -> None:
    found = content()
    takes = [op.takes_ms for op in found.operations(f="read")]
    assert answers(found) == [7, 7, 8, 8, 8]
    assert [time < 5 for time in takes] == [False, True, False, True, True]
    assert len(found.messages("read", dst="origin")) == 2
    assert sum(row[3] for row in found.rows("published") if row[2] == "origin.requests") == 4


def test_past_its_time_it_is_fetched_anew_or_given_when_the_origin_is_away() -> None:
    away = [cut("edge-origin", 1500)]
    assert answers(content(away, 4000, ttl_ms=1000, timeout_ms=300))[-1] == "timed out"
    assert answers(content(away, 4000, ttl_ms=1000, timeout_ms=300, stale="on-error"))[-1] == 8


def test_only_what_is_the_same_for_all_may_be_kept() -> None:
    load = {"requests": "read-write", "read_ratio": 1, "keys": 10, "rate_per_s": 200}
    nodes = [client("c", **load), node(CdnEdge, "edge", files=5), service("origin", service_time=1)]
    found = run(world(nodes, [link("c", "edge"), link("edge", "origin")], settle_ms=500))
    fetched = [found.operations()[one.op].key for one in found.messages("read", dst="origin")]
    assert all(fetched.count(f"k{number}") == 1 for number in range(5))
    assert all(fetched.count(f"k{number}") > 5 for number in range(5, 10))


def test_work_is_the_origins() -> None:
    nodes = [client("c"), node(CdnEdge, "edge"), service("origin", service_time=1)]
    found = run(world(nodes, [link("c", "edge"), link("edge", "origin")], settle_ms=500))
    assert len(found.messages("work", dst="origin")) == len(found.operations())


# The gateway to regions


def regions(faults: Any = (), **params: Any) -> Run:
    """Three regions, 5, 20 and 60 ms away."""
    nodes = [
        client("c", rate_per_s=100, timeout_ms=900),
        node(RegionGateway, "gate", **{"probe_interval_ms": 200, "probe_timeout_ms": 150, "timeout_ms": 300, **params}),
        *[service(id, service_time=1) for id in ("far", "near", "next")],
    ]
    links = [link("c", "gate"), link("gate", "far", 60), link("gate", "near", 5), link("gate", "next", 20)]
    return run(world(nodes, links, (), faults, 4000, 1000))


def asked(found: Run, dst: str, from_ms: float = 0, to_ms: float = 4000) -> int:
    return len([one for one in found.messages("work", dst=dst) if from_ms * MS <= one.sent_ns < to_ms * MS])


def test_the_nearest_region_is_asked() -> None:
    found = regions()
    assert asked(found, "near", 300) == len([op for op in found.operations() if op.start_ns >= 299 * MS])
    assert found.at(3000, "gate", "region") == "near"


def test_when_it_is_lost_the_next_nearest_is_until_it_is_back() -> None:
    found = regions([crash("near", 1000, 2500)])
    assert found.ends() == {("ok", ""): len(found.operations())}
    assert asked(found, "next", 1700, 2500) > 60
    assert asked(found, "near", 1700, 2500) == 0
    assert asked(found, "near", 3000) > 80
    assert asked(found, "far", 500) == 0
    notes = [text for _, text in found.notes("gate") if text != "late reply"]
    assert notes == ["near left out after 2 failed probes", "near is back"]


def test_without_a_retry_what_was_on_its_way_is_lost_with_it() -> None:
    found = regions([crash("near", 1000)], retries=0)
    lost = [op for op in found.operations() if op.type != "ok"]
    assert lost
    assert all(980 * MS < op.start_ns < 1700 * MS for op in lost)


def test_with_no_region_at_all_it_says_so() -> None:
    found = regions([crash(id, 500) for id in ("near", "next", "far")])
    assert found.operations()[-1].end == ("fail", "no healthy region")


# A load balancer at layer 4 and at layer 7


def spread(layer: str, faults: Any = (), **params: Any) -> dict[tuple[str, str], int]:
    """How much of each caller's traffic went to which of two servers; c asks twice as much as d."""
    nodes = [client("c", rate_per_s=100), client("d", rate_per_s=50), balancer("lb", layer=layer, **params)]
    nodes += [service("a", service_time=1), service("b", service_time=1)]
    links = [link("c", "lb"), link("d", "lb"), link("lb", "a"), link("lb", "b")]
    found = run(world(nodes, links, (), faults, 4000, 500))
    origins = {op.id: op.node for op in found.operations()}
    shares: dict[tuple[str, str], int] = {}
    for sent in found.messages("work", src="lb"):
        pair = origins[sent.op], sent.dst
        shares[pair] = shares.get(pair, 0) + 1
    return shares


def test_at_layer_7_each_request_is_balanced_at_layer_4_each_caller() -> None:
    requests, connections = spread("request"), spread("connection")
    assert len(requests) == 4
    assert abs(requests["c", "a"] + requests["d", "a"] - requests["c", "b"] - requests["d", "b"]) <= 1
    assert len(connections) == 2
    assert {server for _, server in connections} == {"a", "b"}


def test_a_connection_moves_when_its_server_is_out() -> None:
    shares = spread("connection", [crash("a", 1000)], probe_interval_ms=100, retries=1)
    assert len(shares) == 3
