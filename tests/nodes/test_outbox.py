"""The outbox: a change and its event are stored together or not at all, and every event is published, in order; two
writes to two systems are not (Richardson: "Microservices Patterns", Manning 2018, section 3.3).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulations.nodes.announcing_service import AnnouncingService
from simulations.nodes.consumer import Consumer
from simulations.nodes.log_broker import LogBroker
from simulations.nodes.outbox_relay import OutboxRelay
from simulations.nodes.subscriber import Subscriber
from simulations.nodes.topic import Topic
from tests.worlds import MS, Entry, Run, client, crash, database, link, node, run, world

LOAD: dict[str, Any] = {"pattern": "deterministic", "rate_per_s": 100, "requests": "increment", "timeout_ms": 500}
CRASHES = [crash("s", at, at + 30) for at in range(305, 2000, 100)]


def announced(
    announces: str = "outbox", faults: Any = (), seed: int = 1, load: Any = None, store: Any = None, log: Any = None
) -> Run:
    """A client whose changes a service stores and announces; a consumer hears of them by a log."""
    quick = {"service_time": 0}
    nodes = [
        client("c", **{**LOAD, **(load or {})}),
        node(AnnouncingService, "s", announces=announces, concurrency=50, timeout_ms=200, **quick),
        database("d", **{**quick, "fsync_time": 2, **(store or {})}),
        node(OutboxRelay, "r", poll_interval_ms=20, timeout_ms=100),
        node(LogBroker, "log", rebalance_delay_ms=20, **{**quick, **(log or {})}),
        node(Consumer, "z", service_time=1, timeout_ms=100),
    ]
    pairs = [("c", "s"), ("s", "d"), ("s", "log"), ("d", "r"), ("r", "log"), ("log", "z")]
    links = [link(a, b, latency=5 if (a, b) == ("s", "log") else 1) for a, b in pairs]
    return run(world(nodes, links, (), faults, 2000, 4000, seed))


def done(story: Run) -> list[int]:
    """The operations whose events were worked on, in that order."""
    return [op for _, where, _, op in story.rows("effects") if story.nodes[where] == "z"]


def stored(story: Run) -> int:
    return sum(row[3] for row in story.rows("published") if row[2] == "changes.stored")


def total(story: Run) -> int:
    """The sum of the numbers in the database, as they stand at the end."""
    last = {text.split(" = ")[0]: int(text.split(" = ")[1]) for _, text in story.states("d", "value") if text}
    return sum(last.values())


@pytest.mark.parametrize("announces", ["outbox", "afterwards", "beforehand"])
def test_while_nothing_fails_each_change_is_stored_and_announced_once(announces: str) -> None:
    story = announced(announces)
    assert story.ends() == {("ok", ""): 199}
    assert sorted(done(story)) == [op.id for op in story.operations()]
    assert total(story) == stored(story) == 199
    assert bool(story.messages("write", src="r")) == (announces == "outbox")


def test_with_the_outbox_crashes_of_the_service_leave_no_change_unheard_of() -> None:
    story = announced(faults=CRASHES)
    assert {op.type for op in story.operations()} > {"ok"}
    assert len(set(done(story))) == stored(story)
    assert set(done(story)) >= {op.id for op in story.operations() if op.type == "ok"}


def test_dual_writes_leave_changes_unheard_of_or_announce_what_never_was() -> None:
    afterwards, beforehand = announced("afterwards", CRASHES), announced("beforehand", CRASHES)
    assert len(set(done(afterwards))) < stored(afterwards)
    assert len(set(done(beforehand))) > stored(beforehand)


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("fsyncs", ["each", "group"])
def test_a_crash_of_the_database_keeps_change_and_event_or_neither(seed: int, fsyncs: str) -> None:
    faults = [crash("d", at, at + 40) for at in range(303 + seed, 1800, 211)]
    store = {"fsync_time": 9, "fsyncs": fsyncs, "concurrency": 50}
    story = announced("outbox", faults, seed, {"rate_per_s": 300, "keys": 1}, store)
    assert len(story.messages("change", outcome="delivered")) > len(set(done(story))) > 200
    assert max(int(text.split(" = ")[1]) for _, text in story.states("d", "value") if text) == len(set(done(story)))


def test_events_keep_the_order_of_the_changes() -> None:
    story = announced(load={"keys": 1, "rate_per_s": 300}, store={"concurrency": 50}, faults=[crash("r", 700, 900)])
    order = list(dict.fromkeys(done(story)))
    changes = [sent.op for sent in sorted(story.messages("change"), key=lambda sent: sent.settled_ns)]
    assert order == changes


def test_a_crash_of_the_relay_publishes_again_unless_the_log_knows_the_keys() -> None:
    faults = [crash("r", at, at + 40) for at in range(303, 2000, 101)]
    story = announced(faults=faults)
    keyed = announced(faults=faults, load={"idempotency_keys": True}, log={"keeps_results": True})
    assert len(done(story)) > len(set(done(story))) == 199
    assert len(done(keyed)) == len(set(done(keyed))) == 199


def test_while_the_log_is_away_the_outbox_keeps_the_events_and_customers_notice_nothing() -> None:
    away = [crash("log", 500, 1500)]
    story, without = announced(faults=away), announced("afterwards", away)
    assert story.ends() == {("ok", ""): 199}
    assert story.at(1490, "d", "outbox") > 90
    assert story.states("d", "outbox")[-1][1] == 0
    assert set(done(story)) == {op.id for op in story.operations()}
    assert sum(op.type != "ok" for op in without.operations()) > 90


def test_what_the_relay_publishes_goes_on_from_the_operation_that_it_came_of() -> None:
    story = announced()
    published = story.messages("write", src="r")
    assert len(published) == 199
    for sent in published:
        cause = story.message(sent.cause)
        assert (cause.kind, cause.op) == ("change", sent.op)


def test_the_relay_tells_topics_too() -> None:
    nodes: list[Entry] = [
        client("c", **LOAD),
        node(AnnouncingService, "s", service_time=0),
        database("d", service_time=0),
        node(OutboxRelay, "r"),
        node(Topic, "t", service_time=0),
        node(Subscriber, "z", service_time=1),
    ]
    links = [link("c", "s"), link("s", "d"), link("r", "d"), link("r", "t"), link("z", "t")]
    story = run(world(nodes, links, (), (), 1000, 1000))
    assert sorted(done(story)) == [op.id for op in story.operations()]


def test_without_a_database_it_refuses() -> None:
    nodes = [client("c", **LOAD), node(AnnouncingService, "s", service_time=0)]
    story = run(world(nodes, [link("c", "s")], (), (), 200, 500))
    assert set(story.ends()) == {("fail", "no database")}
    assert all(op.end_ns - op.start_ns == 2 * MS for op in story.operations())
