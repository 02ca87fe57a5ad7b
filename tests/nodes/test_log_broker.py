"""Logs and their consumers: order within a partition, groups that share partitions, offsets, rebalancing, retention and
lag (Kreps, Narkhede, Rao: "Kafka: a Distributed Messaging System for Log Processing", NetDB 2011, section 3; the way in
which partitions change hands: KIP-848).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from simulations.engine.groups import shared_out
from simulations.engine.node import Node
from simulations.nodes.consumer import Consumer
from simulations.nodes.log_broker import LogBroker
from tests.hosts import broken
from tests.worlds import MS, Entry, Run, client, crash, exponential, interpreted, link, node, run, world

STEADY: dict[str, Any] = {
    "pattern": "deterministic",
    "rate_per_s": 100,
    "requests": "increment",
    "keys": 40,
    "timeout_ms": 400,
}


def consumer(id: str, **params: Any) -> Entry:
    mine = {"service_time": 2, "heartbeat_ms": 100, "session_ms": 400, "timeout_ms": 100, "wait_ms": 50}
    return node(Consumer, id, **{**mine, **params})


def read_by(*consumers: Entry, faults: Any = (), load: Any = None, broker: Any = None, settle_ms: float = 3000) -> Run:
    """A client that publishes 100 events a second for two seconds to a log that these consumers read."""
    log = node(LogBroker, "log", **{"service_time": 0, "rebalance_delay_ms": 50, **(broker or {})})
    links = [link("c", "log"), *(link("log", one["id"]) for one in consumers)]
    return run(world([client("c", **{**STEADY, **(load or {})}), log, *consumers], links, (), faults, 2000, settle_ms))


def done(story: Run, group: str = "consumers") -> Counter[int]:
    """How often a group worked on the event of each operation."""
    return Counter(op for _, _, key, op in story.rows("effects") if key == group)


def done_by(story: Run, id: str) -> list[int]:
    """The operations whose events a consumer worked on, in the order of its doing so."""
    return [op for _, where, _, op in story.rows("effects") if story.nodes[where] == id]


def accepted(story: Run) -> Counter[int]:
    return Counter({op.id: 1 for op in story.operations() if op.type == "ok"})


def count(story: Run, id: str, name: str) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == name and story.nodes[row[1]] == id)


def partitions(story: Run, id: str, ms: float) -> str:
    return str(story.at(ms, id, "partitions"))


# Groups


def test_a_group_shares_the_records_and_another_group_has_them_all() -> None:
    story = read_by(consumer("a"), consumer("b"), consumer("z", group="others"))
    assert len(story.operations()) == 199
    assert done(story) == accepted(story) == done(story, "others")
    assert not set(done_by(story, "a")) & set(done_by(story, "b"))
    assert min(len(done_by(story, "a")), len(done_by(story, "b"))) > 40
    assert sorted([partitions(story, "a", 1000), partitions(story, "b", 1000)]) == ["0, 2", "1, 3"]


def test_what_has_one_key_is_worked_on_in_its_order_by_one_consumer() -> None:
    varied = {"service_time": exponential(15)}
    story = read_by(consumer("a", **varied), consumer("b", **varied), load={"keys": 7})
    keys = {op.id: op.key for op in story.operations()}
    where: dict[str, set[str]] = {}
    for id in ("a", "b"):
        order = done_by(story, id)
        for key in sorted(set(keys.values())):
            of_key = [op for op in order if keys[op] == key]
            assert of_key == sorted(of_key)
            if of_key:
                where.setdefault(key, set()).add(id)
    assert all(len(ids) == 1 for ids in where.values())
    assert order != sorted(order)  # over several partitions there is no order


def test_more_consumers_than_partitions_leave_some_without() -> None:
    story = read_by(*(consumer(f"c{n}") for n in range(3)), broker={"partitions": 2})
    assert sorted(partitions(story, f"c{n}", 1000) for n in range(3)) == ["0", "1", "none"]
    assert done(story) == accepted(story)


def test_the_work_of_a_record_goes_on_from_the_operation_that_it_came_of() -> None:
    story = read_by(consumer("a", connects_ms=1500))  # long after the broker has answered
    assert done(story) == accepted(story)


@pytest.mark.parametrize("begins", ["start", "end"])
def test_a_group_that_comes_late_begins_at_the_start_or_at_the_end(begins: str) -> None:
    story = read_by(consumer("a", connects_ms=1005, begins=begins))
    early = [op.id for op in story.operations() if op.start_ns < 1000 * MS]
    late = [op.id for op in story.operations() if op.start_ns > 1020 * MS]
    assert all(done(story)[op] == int(begins == "start") for op in early)
    assert all(done(story)[op] == 1 for op in late)


# Rebalancing


def test_who_joins_gets_its_share_and_nothing_is_done_twice() -> None:
    story = read_by(consumer("a"), consumer("b", connects_ms=1000))
    assert partitions(story, "a", 900) == "0, 1, 2, 3"
    assert {len(partitions(story, id, 1900)) for id in ("a", "b")} == {len("0, 1")}
    assert done(story) == accepted(story)
    assert count(story, "log", "commits.refused") == 0


def test_who_leaves_gives_its_share_back_and_nothing_is_done_twice() -> None:
    story = read_by(consumer("a"), consumer("b", leaves_ms=1000))
    assert partitions(story, "a", 1900) == "0, 1, 2, 3"
    assert partitions(story, "b", 1900) == "none"
    assert done(story) == accepted(story)
    assert not any("session" in text for _, text in story.notes("log"))


def test_whose_session_ends_loses_its_share_and_what_it_had_not_committed_is_done_again() -> None:
    story = read_by(consumer("a"), consumer("b", service_time=8), faults=[crash("b", 1000)])
    ended = [time for time, text in story.notes("log") if text == "the session of b has ended"]
    assert len(ended) == 1
    assert 1290 <= ended[0] <= 1410
    assert partitions(story, "a", 1900) == "0, 1, 2, 3"
    assert set(done(story)) == set(accepted(story))


def test_who_was_paused_for_longer_than_its_session_can_no_longer_commit() -> None:
    pause = {"kind": "pause", "target": "b", "at_ms": 1000, "until_ms": 1800}
    slow = {"service_time": 12, "concurrency": 1}
    story = read_by(consumer("a", **slow), consumer("b", **slow), faults=[pause], settle_ms=5000)
    assert count(story, "log", "commits.refused") >= 1
    assert set(done(story)) == set(accepted(story))
    assert max(done(story).values()) == 2


@pytest.mark.parametrize(
    ("partitions", "members", "before"),
    [(4, ["a"], {}), (4, ["a", "b"], {0: "a", 1: "a", 2: "a", 3: "a"}), (7, ["a", "b", "d"], {0: "c", 1: "c", 6: "a"})],
)
def test_partitions_are_shared_evenly_with_few_moves(partitions: int, members: list[str], before: Any) -> None:
    found = shared_out(partitions, members, before)
    load = Counter(found.values())
    assert sorted(found) == list(range(partitions))
    assert max(load.values()) - min(load[member] for member in members) <= 1
    share = -(-partitions // len(members))
    kept = sum(min(share, sum(1 for one in before.values() if one == member)) for member in members)
    assert sum(1 for one, member in before.items() if found[one] == member) >= kept - 1


# Crashes


@pytest.mark.parametrize("commits", ["after", "before"])
def test_committed_after_the_work_a_crash_repeats_some_before_it_loses_some(commits: str) -> None:
    reader = consumer("a", commits=commits, service_time=exponential(25))
    story = read_by(reader, faults=[crash("a", at, at + 50) for at in range(505, 1505, 200)], settle_ms=6000)
    lost = accepted(story) - done(story)
    twice = done(story) - accepted(story)
    assert (bool(lost), bool(twice)) == ((False, True) if commits == "after" else (True, False))


class Hasty(interpreted("nodes/log_broker").LogBroker):  # type: ignore[misc, name-defined]
    """What it finds it takes to be on disk."""

    def start(self) -> None:
        super().start()
        self.shut = ""


def test_nobody_reads_a_record_that_is_in_the_page_cache_alone() -> None:
    """Its offset would be given to another record once a crash has taken it, and who has read it goes on behind it."""
    faults = [broken("stop", "log", at, at + 3) for at in range(400, 2000, 200)]
    faults += [crash("log", at + 55, at + 65) for at in range(400, 2000, 200)]

    def unread(kind: type[Node]) -> Counter[int]:
        log = node(LogBroker, "log", service_time=0, rebalance_delay_ms=0, fsync_time=60)
        reader = consumer("a", session_ms=4000, heartbeat_ms=5, service_time=0.1, timeout_ms=30)
        nodes = [client("c", **STEADY, retry="fixed", attempts_max=5), log, reader]
        story = run(world(nodes, [link("c", "log"), link("log", "a")], (), faults, 2000, 3000), kind)
        return accepted(story) - done(story)

    assert not unread(LogBroker)
    assert unread(Hasty)


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_crash_of_the_broker_loses_nothing_accepted_and_no_committed_offset(seed: int) -> None:
    log = node(LogBroker, "log", service_time=0, rebalance_delay_ms=150, fsync_time=6)
    nodes = [client("c", **STEADY), log, consumer("a"), consumer("b")]
    links = [link("c", "log"), link("log", "a"), link("log", "b")]
    story = run(world(nodes, links, (), [crash("log", 800, 1000)], 2000, 4000, seed))
    assert 150 < len(accepted(story)) < 190
    assert not accepted(story) - done(story)
    again = [op for op, times in done(story).items() if times > 1]
    assert len(again) <= 20  # what was done and not committed


def test_idempotency_keys_append_a_retried_event_once() -> None:
    def appended(**params: Any) -> Run:
        load = {"timeout_ms": 20, "retry": "fixed", "backoff_ms": 5, "attempts_max": 50}
        log = node(LogBroker, "log", service_time=0, **params)
        publisher = client("c", **{**STEADY, **load, "idempotency_keys": True})
        links = [link("c", "log", loss=0.2), link("log", "a")]
        return run(world([publisher, log, consumer("a")], links, (), (), 2000, 4000))

    assert max(done(appended(keeps_results=True)).values()) == 1
    assert max(done(appended()).values()) > 1


# Retention and lag


def test_the_retention_takes_what_is_old_read_or_not() -> None:
    story = read_by(consumer("a", connects_ms=1505), broker={"retention_ms": 400})
    late = [op.id for op in story.operations() if op.start_ns > 1250 * MS]
    old = [op.id for op in story.operations() if op.start_ns < 1000 * MS]
    assert all(done(story)[op] == 1 for op in late)
    assert not any(done(story)[op] for op in old)
    assert count(story, "log", "records.expired") > 100


def test_who_was_away_for_longer_than_the_retention_skips() -> None:
    story = read_by(consumer("a"), faults=[crash("a", 500, 1500)], broker={"retention_ms": 300})
    assert count(story, "a", "events.skipped") > 30
    assert accepted(story) - done(story)


def test_lag_is_what_the_groups_have_not_committed() -> None:
    story = read_by(consumer("a"), faults=[crash("a", 500, 1500)])
    assert story.at(480, "log", "lag") <= 25
    assert story.at(1490, "log", "lag") >= 95
    assert story.states("log", "lag")[-1][1] == 0


def test_a_session_shorter_than_the_heartbeat_is_doubted() -> None:
    params = {param.name: param.default for param in Consumer.PARAMS}
    assert not Consumer.doubts(params, frozenset())
    found = Consumer.doubts({**params, "session_ms": 200}, frozenset())
    assert [name for name, _ in found] == ["session_ms"]
