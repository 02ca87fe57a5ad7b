"""Scatter and gather (Barroso, Dean, Hölzle: "Web Search for a Planet", 2003), and what stands around a search: web
servers, stores of large objects, collectors of logs.
"""

from __future__ import annotations

from typing import Any

from simulations.nodes.aggregator import Aggregator
from simulations.nodes.client import Client
from simulations.nodes.log_collector import LogCollector
from simulations.nodes.object_store import ObjectStore
from simulations.nodes.web_server import WebServer
from tests.nodes.stories import answers, read, user, write
from tests.worlds import MS, Entry, Run, client, crash, exponential, link, node, run, service, world


def total(found: Run, name: str) -> int:
    return sum(row[3] for row in found.rows("published") if row[2] == name)


# The aggregator


def search(leaves: int = 6, faults: Any = (), rate_per_s: float = 50, takes: Any = 10, **params: Any) -> Run:
    names = [f"l{number}" for number in range(leaves)] + ["ranker"] * ("rank_by" in params)
    root = node(Aggregator, "root", **{"service_time": 0, "timeout_ms": 200, **params})
    nodes: list[Entry] = [client("c", rate_per_s=rate_per_s, timeout_ms=900), root]
    nodes += [service(name, service_time=takes, concurrency=20) for name in names]
    links = [link("c", "root"), *[link("root", name) for name in names]]
    return run(world(nodes, links, (), faults, 2000, 1000))


def test_every_shard_is_asked_at_once_and_the_slowest_decides() -> None:
    found = search(takes=exponential(10), rank_by="ranker")
    for op in found.operations():
        leaves = [one for one in found.messages("done") if one.op == op.id and one.src.startswith("l")]
        assert len(leaves) == 6
        ranked = next(one for one in found.messages("work", dst="ranker") if one.op == op.id)
        assert ranked.sent_ns == max(one.settled_ns for one in leaves)


def test_one_replica_of_each_shard_is_asked_another_one_each_time() -> None:
    found = search(replicas=3)
    queries = len(found.operations())
    counts = [len(found.messages("work", dst=f"l{number}")) for number in range(6)]
    assert sum(counts) == 2 * queries
    assert all(abs(count - queries / 3) <= 1 for count in counts)


def test_a_shard_that_fails_fails_the_query_or_is_left_out_or_another_replica_is_asked() -> None:
    down = [crash("l0", 0)]
    assert set(search(faults=down).ends()) == {("fail", "shards missing")}
    partial = search(faults=down, share_needed=0.8)
    assert partial.ends() == {("ok", ""): len(partial.operations())}
    assert total(partial, "gather.partial") == len(partial.operations())
    elsewhere = search(faults=down, replicas=2, retries=1)
    assert set(elsewhere.ends()) == {("ok", "")}
    assert total(elsewhere, "gather.partial") == 0
    assert total(elsewhere, "gather.retried") > 0


def test_who_is_slow_is_counted() -> None:
    found = search(slow_after_ms=15)
    assert total(found, "gather.asked") == 6 * len(found.operations())
    assert total(found, "gather.slow") == 0
    all_slow = search(slow_after_ms=11)
    assert total(all_slow, "gather.slow") == 6 * len(all_slow.operations())
    assert total(all_slow, "gather.met_slow") == len(all_slow.operations())


def test_the_newest_value_that_a_shard_has_is_the_answer() -> None:
    nodes = [user("u", "root", [read(100)]), node(Aggregator, "root", service_time=0)]
    nodes += [user("w", "d1", [write(0, 7)]), node(ObjectStore, "d1"), node(ObjectStore, "d2")]
    found = run(world(nodes, [link("u", "root"), link("root", "d1"), link("root", "d2"), link("w", "d1")]))
    assert answers(found, "u") == [7]


# The web server


def test_files_are_answered_here_and_the_rest_passed_on() -> None:
    load = {"requests": "read-write", "read_ratio": 1, "keys": 10, "rate_per_s": 200}
    nodes = [client("c", **load), node(WebServer, "web", files=4), service("app", service_time=1)]
    found = run(world(nodes, [link("c", "web"), link("web", "app")], settle_ms=500))
    passed = {op.key for op in found.operations() if any(one.op == op.id for one in found.messages(dst="app"))}
    assert passed == {f"k{number}" for number in range(4, 10)}
    files = [op for op in found.operations() if op.key in ("k0", "k1", "k2", "k3")]
    assert total(found, "files.served") == len(files) > 0


# The log collector


def logged(faults: Any = (), rate_per_s: float = 100, duration_ms: float = 4000, **params: Any) -> Run:
    nodes = [
        client("c", rate_per_s=rate_per_s, pattern="deterministic"),
        node(WebServer, "web", log_to="logs"),
        node(LogCollector, "logs", **params),
        node(ObjectStore, "store", object_kb=10),
    ]
    links = [link("c", "web"), link("web", "logs"), link("logs", "store")]
    return run(world(nodes, links, (), faults, duration_ms, 2500))


def test_lines_are_stored_many_at_a_time() -> None:
    found = logged(batch_lines=50)
    assert total(found, "log.received") == total(found, "log.stored") == len(found.operations())
    assert total(found, "log.batches") <= len(found.operations()) / 50 + 1


def test_a_batch_that_is_not_full_goes_when_it_is_old_enough() -> None:
    found = logged(rate_per_s=10, batch_every_ms=300)
    assert total(found, "log.stored") == len(found.operations())
    assert max(one.sent_ns for one in found.messages("write")) <= (
        max(one.sent_ns for one in found.messages("logged")) + 302 * MS
    )


def test_while_the_store_is_away_lines_wait_are_dropped_and_slow_nobody_down() -> None:
    away = [crash("store", 1000, 3000)]
    found = logged(away, buffer_lines=100)
    usual = logged()
    assert total(found, "log.dropped") > 0
    assert total(found, "log.stored") + total(found, "log.dropped") == len(found.operations())
    assert [op.takes_ms for op in found.operations()] == [op.takes_ms for op in usual.operations()]
    assert total(logged(away), "log.dropped") == 0


def test_a_neighbour_that_is_not_there_is_a_doubt() -> None:
    params = node(WebServer, "web", log_to="lgos")["params"]
    assert [name for name, _ in WebServer.doubts(params, frozenset(["logs"]))] == ["log_to"]
    ranked = node(Aggregator, "root", rank_by="ranker")["params"]
    assert [name for name, _ in Aggregator.doubts(ranked, frozenset(["r"]))] == ["rank_by"]
    assert Client.doubts(client("c")["params"], frozenset()) == []


# The object store


def stored(latency: float = 1, **params: Any) -> Run:
    steps = [write(0, 7), read(1000), read(2000)]
    nodes = [user("u", "o", steps, 5000), node(ObjectStore, "o", **{"service_time": 10, "sizes": "equal", **params})]
    return run(world(nodes, [link("u", "o", latency, bandwidth_mbit_per_s=80)], duration_ms=9000))


def test_an_object_takes_the_time_of_its_bytes_in_the_store_and_on_the_wire() -> None:
    small, large = stored(object_kb=100), stored(object_kb=1000)
    assert answers(small) == answers(large) == [7, 7]
    assert len({one.size for one in large.messages("blob")}) == 1
    assert large.messages("blob")[0].size == 1_000_128
    difference = large.operations(f="read")[0].takes_ms - small.operations(f="read")[0].takes_ms
    assert abs(difference - (9 + 90)) < 0.1  # 900 kB at 100 MB/s and at 80 Mbit/s


def test_sizes_are_spread_and_an_objects_own() -> None:
    steps = [write(at, 1, f"k{at}") for at in range(10)]
    steps += [read(1000 + at, f"k{at}") for at in range(10)] + [read(2000 + at, f"k{at}") for at in range(10)]
    nodes = [user("u", "o", steps, 5000), node(ObjectStore, "o")]
    sizes = {}
    found = run(world(nodes, [link("u", "o")], duration_ms=4000))
    for one in found.messages("blob"):
        sizes.setdefault(found.operations()[one.op].key, set()).add(one.size)
    assert len(sizes) == 10
    assert all(len(own) == 1 for own in sizes.values())
    assert len({next(iter(own)) for own in sizes.values()}) == 10


def test_what_it_acknowledged_outlives_a_crash() -> None:
    nodes = [user("u", "o", [write(0, 7), read(1000)]), node(ObjectStore, "o")]
    found = run(world(nodes, [link("u", "o")], (), [crash("o", 500, 800)], 2000))
    assert answers(found) == [7]
