"""The distributed hash table: Kademlia (Maymounkov and Mazières 2002) and Chord (Stoica et al. 2001)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from simulations.engine.chord import Ring
from simulations.engine.kademlia import Buckets
from simulations.engine.log import Log
from simulations.engine.metrics import Selection
from simulations.engine.metrics_published import published_metrics
from simulations.engine.overlay import Contact, key_id, peer_id
from simulations.nodes.dht_peer import DhtPeer
from tests.worlds import Entry, Run, client, crash, link, node, run, world

LATENCY = {"kind": "uniform", "low_ms": 20, "high_ms": 60}
JOINED_MS = 6_000
KEYS = 40


def table(
    count: int = 32, *faults: Entry, duration_ms: float = 12_000, seed: int = 1, read_per_s: float = 40, **params: Any
) -> Run:
    """So many peers; a writer writes each key once when all have joined, a reader reads them: both ask the entry."""
    names = ["entry", *(f"p{number}" for number in range(1, count))]
    nodes = [
        client(
            "writer",
            requests="read-write",
            read_ratio=0,
            pattern="recorded",
            times=[JOINED_MS + 10 * number for number in range(KEYS)],
            keys=KEYS,
            key_pattern="sequential",
            timeout_ms=5000,
        ),
        client("reader", requests="read-write", read_ratio=1, rate_per_s=read_per_s, keys=KEYS, timeout_ms=5000),
        *(node(DhtPeer, name, **{"join_ms": 3_000, "refresh_ms": 1_000, **params}) for name in names),
    ]
    mesh = {"id": "dht", "protocol": "dht-peer", "members": names, "link": {"latency": LATENCY, "loss": 0}}
    links = [link("writer", "entry"), link("reader", "entry")]
    return run(world(nodes, links, [mesh], faults, duration_ms=duration_ms, settle_ms=3_000, seed=seed))


def success(story: Run, from_ms: float = JOINED_MS + 2_000) -> float:
    """The share of reads begun from then on that found a value."""
    reads = [op for op in story.operations("reader") if op.start_ns >= from_ms * 1e6]
    assert len(reads) > 50
    return len([op for op in reads if op.type == "ok"]) / len(reads)


def hops(story: Run, from_ms: float = JOINED_MS + 2_000) -> list[int]:
    return [row[3] for row in story.rows("published") if row[2] == "lookup.hops" and row[0] >= from_ms * 1e6]


def mean(values: list[int]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("routing", ["kademlia", "chord"])
def test_what_was_written_is_found(routing: str) -> None:
    story = table(routing=routing)
    assert story.ends("writer") == {("ok", ""): KEYS}
    assert success(story) == 1.0
    values = {op.key: op.value for op in story.operations("writer")}
    assert all(op.result == values[op.key] for op in story.operations("reader") if op.type == "ok")
    assert {error for kind, error in story.ends("reader") if kind == "fail"} == {"not found"}  # before the writes


@pytest.mark.parametrize("routing", ["kademlia", "chord"])
def test_values_are_spread_and_copied(routing: str) -> None:
    def held(copies: int) -> list[int]:
        story = table(routing=routing, copies=copies, republish_ms=0)
        return [story.at(12_000, name, "keys") for name in story.nodes if name not in ("writer", "reader")]

    single, thrice = held(1), held(3)
    assert sum(single) == KEYS
    assert sum(thrice) == 3 * KEYS
    assert max(single) < KEYS / 3


def test_kademlia_keeps_a_key_on_the_closest_by_exclusive_or() -> None:
    """Section 2.3: a pair is stored on the k peers whose ids are closest to its key."""
    story = table(copies=1)
    written = {op.id: op.key for op in story.operations("writer")}
    assert {sent.dst for sent in story.messages("store")} <= set(story.nodes)
    ids = {name: peer_id(1, name, 0, 40) for name in story.nodes if name not in ("writer", "reader")}
    for sent in story.messages("store"):
        key = written.get(sent.op)
        if key is not None and sent.src == "entry":
            assert min(ids, key=lambda name: ids[name] ^ key_id(key, 40)) == sent.dst


def test_hops_grow_like_the_logarithm() -> None:
    few, many = (mean(hops(table(count, bucket_size=3, copies=3))) for count in (16, 96))
    assert few < many < few + 2
    assert many < 7


def test_chord_without_fingers_goes_round_the_ring() -> None:
    with_fingers = hops(table(48, routing="chord", copies=1, parallel=1))
    without = hops(table(48, routing="chord", copies=1, parallel=1, fingers=False))
    assert max(with_fingers) <= 6
    assert mean(without) > 2 * mean(with_fingers)


def churn(count: int) -> list[Entry]:
    """One peer after another crashes for three seconds, from when the values are written."""
    return [crash(f"p{number}", 7_000 + 800 * number, 10_000 + 800 * number) for number in range(1, count)]


def test_values_outlive_those_who_held_them_when_they_are_published_anew() -> None:
    story, off = (
        table(16, *churn(16), duration_ms=21_000, republish_ms=period, copies=3, bucket_size=6) for period in (1_500, 0)
    )
    assert success(story) > 0.9
    assert success(off, 16_000) < 0.6


def test_dead_contacts_are_forgotten() -> None:
    def in_vain(replaces: bool) -> int:
        faults = [crash(f"p{number}", 8_000) for number in range(1, 12)]
        story = table(32, *faults, duration_ms=20_000, replaces=replaces, copies=8)
        return sum(row[3] for row in story.rows("published") if row[2] == "lookup.timeouts" and row[0] > 14e9)

    assert in_vain(True) * 4 < in_vain(False)


def test_parallel_questions_hide_the_dead() -> None:
    def slowest_ms(parallel: int) -> float:
        faults = [crash(f"p{number}", 8_000) for number in range(1, 12)]
        story = table(32, *faults, duration_ms=16_000, replaces=False, copies=8, parallel=parallel, refresh_ms=0)
        took = sorted(op.takes_ms for op in story.operations("reader") if op.start_ns > 9e9 and op.type == "ok")
        return took[len(took) * 9 // 10]

    assert slowest_ms(3) < 0.6 * slowest_ms(1)


def test_chord_mends_its_ring() -> None:
    """Stoica et al., section 5.3: a lookup survives as long as one of the successors lives."""
    faults = [crash(f"p{number}", 8_000) for number in range(1, 24, 3)]
    story = table(24, *faults, duration_ms=18_000, routing="chord", refresh_ms=500, republish_ms=1_000)
    assert success(story, 12_000) > 0.97


def test_a_restarted_peer_joins_again() -> None:
    story = table(16, crash("p3", 8_000, 9_000))
    assert story.at(8_500, "p3", "role") is None
    assert story.at(11_000, "p3", "role") == "kademlia"


def test_a_bucket_prefers_who_has_been_known_for_long() -> None:
    """Maymounkov and Mazières, sections 2.2 and 4.1."""
    own = Contact(0, "me")
    buckets = Buckets([own], 8, 2, replaces=True)
    first, second, third = (Contact(id, f"p{id}") for id in (128, 129, 130))
    for contact in (first, second, third, own):
        buckets.seen(contact)
    assert buckets.closest(0, 128, 5) == [first, second]
    buckets.failed(second)
    assert buckets.closest(0, 128, 5) == [first, third]
    keeps = Buckets([own], 8, 2, replaces=False)
    keeps.seen(first)
    keeps.failed(first)
    assert keeps.closest(0, 128, 5) == [first]


def test_a_ring_knows_who_comes_next() -> None:
    """Stoica et al., section 4: a key belongs to the first whose id is not below it."""
    ring = Ring(Contact(10, "me"), 6, 2)
    assert ring.owners(5) == [ring.own]
    one, two, three = (Contact(id, f"p{id}") for id in (20, 30, 50))
    ring.adopt([three, two, one])
    assert ring.successors == [one, two]
    assert ring.owners(20) == [one, two]
    assert ring.owners(21) == []
    assert ring.preceding(30, 3) == [one]
    assert ring.preceding(10, 3) == [two, one]
    ring.notified(three)
    ring.notified(Contact(55, "p55"))
    ring.notified(three)
    assert ring.predecessor == Contact(55, "p55")


def test_virtual_nodes_even_out_the_keys() -> None:
    """Section 6.2: with more ids a peer's share of the ring varies less."""

    def spread(virtual_nodes: int) -> int:
        story = table(8, routing="chord", virtual_nodes=virtual_nodes, copies=1, join_ms=500, republish_ms=0)
        assert success(story) == 1.0
        held = [int(story.at(12_000, name, "keys")) for name in story.nodes if name not in ("writer", "reader")]
        return max(held) - min(held)

    assert spread(8) < spread(1)


def test_joins_are_spread_over_time() -> None:
    story = table(16)
    joins = sorted(sent.sent_ns for sent in story.messages("hello"))
    assert joins[-1] - joins[0] > 1_500e6
    assert all(a != b for a, b in pairwise(joins))


def test_hops_are_figures_of_the_entry_peer() -> None:
    """A sample's figures are in its own unit; only durations are in milliseconds."""
    story = table(16)
    log = Log()
    for chunk in story.decoded:
        log.add(chunk)
    figures = published_metrics(log, Selection(0, 10**12, {}), {"entry": DhtPeer.METRICS})
    found = hops(story, 0)
    assert figures["nodes.entry.lookup.hops.max"] == max(found)
    assert abs(figures["nodes.entry.lookup.hops.mean"] - mean(found)) < 1e-9


def test_doubts() -> None:
    def doubts(**params: Any) -> list[str]:
        return [name for name, _ in DhtPeer.doubts(node(DhtPeer, "p", **params)["params"], frozenset())]

    assert doubts() == []
    assert doubts(copies=9) == ["copies"]
    assert doubts(routing="chord", refresh_ms=0) == ["refresh_ms"]
