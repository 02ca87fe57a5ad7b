"""What is routed: partitions, what links do to what crosses them, and what the trace tells of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.engine.fabric import diamond, fates, quick, router, switch, talk, talker, tangle, way, ways
from tests.worlds import (
    MS,
    Entry,
    Run,
    actor,
    client,
    cut,
    exponential,
    link,
    lossy,
    partition,
    register,
    run,
    service,
    world,
)

# Partitions


def test_a_partition_separates_though_the_switch_is_on_no_side() -> None:
    story = diamond(partition([["a"], ["b"]], 100, 200), at_ms=[90, 96, 110, 198, 205])
    assert fates(story) == {
        90: "delivered",
        96: "partition",
        110: "partition",
        198: "partition",  # half-way on its first link while it lasts
        205: "delivered",
    }
    assert ways(story)[96] == "a w x b"
    assert ways(story)[110] == "a w"


def test_a_partition_between_forwarders_closes_the_links_between_them() -> None:
    story = diamond(partition([["w"], ["x"]], 100, 200), at_ms=[90, 110])
    assert ways(story) == {90: "a w x b", 110: "a v b"}
    apart = diamond(partition([["a"], ["b"]], 0), cut("a-v", 0), cut("a-w", 0), at_ms=[10])
    assert fates(apart) == {10: "partition"}


def halves(*faults: Entry, second: bool = False, convergence_ms: float = 0) -> Run:
    """Five replicas, two and three behind a router each; the routers are joined by one cable or two."""
    ids = ["r1", "r2", "r3", "r4", "r5"]
    users = [client("left", requests="read-write", rate_per_s=40, timeout_ms=150)]
    users.append(client("right", requests="read-write", rate_per_s=40, timeout_ms=150))
    boxes = [router(id, convergence_ms=convergence_ms) for id in ("p", "q")]
    nodes = [*users, *(register(id, quorum_timeout_ms=80) for id in ids), *boxes]
    links = [link("left", "r1"), link("right", "r5"), link("p", "q", 2)]
    links += [link(id, "p" if id in ("r1", "r2") else "q") for id in ids]
    if second:
        nodes.append(switch("z"))
        links += [link("p", "z", 5), link("z", "q", 5)]
    cluster = {"id": "store", "protocol": "register", "members": ids, "cables": "drawn", "link": {}}
    return run(world(nodes, links, [cluster], faults, duration_ms=1500, settle_ms=300))


def successes(story: Run, client: str, from_ms: float, to_ms: float) -> list[bool]:
    return [op.type == "ok" for op in story.operations(client) if from_ms * MS <= op.start_ns < to_ms * MS]


def test_a_cut_cable_parts_a_cluster_in_two() -> None:
    story = halves(cut("p-q", 500, 1000))
    assert all(successes(story, "left", 0, 400) + successes(story, "right", 0, 1500))
    assert not any(successes(story, "left", 510, 840))
    assert all(successes(story, "left", 1010, 1500))
    assert set(story.drops()) <= {"unreachable", "link cut"}


def test_a_second_cable_keeps_it_together() -> None:
    story = halves(cut("p-q", 500, 1000), second=True)
    spells = [(0, 450), (520, 1500)]  # what is on the cable when it is cut is lost
    assert all(all(successes(story, id, *spell)) for id in ("left", "right") for spell in spells)
    took = {" ".join(way(story, one)) for one in story.messages(src="r1", dst="r5") if 510 < one.sent_ns / MS < 990}
    assert took == {"r1 p z q r5"}


def test_a_second_cable_helps_when_the_tables_have_followed() -> None:
    story = halves(cut("p-q", 500, 1400), second=True, convergence_ms=200)
    assert not any(successes(story, "left", 510, 600))
    assert all(successes(story, "left", 760, 1300))
    assert story.drops()["link cut"] > 10


# What links do to what crosses them


def test_each_link_loses_delays_and_limits_what_crosses_it() -> None:
    links = [link("a", "v"), link("v", "b")]
    moments = [float(ms) for ms in range(10, 60)]
    lost = talk([quick("v")], links, [lossy("v-b", 0.5, 0)], moments)
    assert 10 < lost.drops()["lost"] < 40
    assert {len(way(lost, one)) for one in lost.messages(outcome="lost")} == {3}
    narrow = [links[0], link("v", "b", bandwidth_mbit_per_s=0.1, queue_bytes=300)]  # 10.24 ms a message
    tight = talk([quick("v")], narrow, [], moments)
    assert set(tight.drops()) == {"queue full"}
    assert max(one.takes_ms for one in tight.messages(outcome="delivered")) > 20
    small = [link("a", "v", size_max_bytes=100), links[1]]
    assert talk([quick("v")], small, [], [10]).drops() == {"too large": 1}


def test_a_copy_made_on_the_way_goes_on_from_there() -> None:
    links = [link("a", "v"), link("v", "b", duplication=1)]
    story = talk([quick("v")], links, [], [10])
    assert [(one.id, one.cause, one.outcome, one.sent_ns / MS) for one in story.messages()] == [
        (0, -1, "delivered", 10), (1, 0, "delivered", 11),
    ]  # fmt: skip
    assert [way(story, one) for one in story.messages()] == [["a", "v", "b"], ["v", "b"]]


def test_a_link_more_between_forwarders_leaves_the_draws_on_the_others() -> None:
    def latencies(*more: Entry) -> list[float]:
        links = [link("a", "v", exponential(4)), link("v", "b", exponential(4)), *more]
        moments = [float(ms) for ms in range(10, 60)]
        return [one.takes_ms for one in talk([quick("v"), quick("w")], links, [], moments).messages()]

    assert latencies() == latencies(link("v", "w", 30), link("w", "b", 30))


# Without forwarders


def test_without_forwarders_nothing_is_routed() -> None:
    links = [link("a", "b")]
    story = talk([], links, [cut("a-b", 50)], [10, 60])
    assert fates(story) == {10: "delivered", 60: "link cut"}
    assert all("hops" not in chunk["tables"] and "hops" not in chunk["keyframe"] for chunk in story.decoded)
    assert story.outcome.events == talk([actor("v")], links, [cut("a-b", 50)], [10, 60]).outcome.events


def test_who_is_not_joined_by_forwarders_is_not_routed() -> None:
    """A plain pair beside a fabric: its drops keep their reasons."""
    nodes = [talker("a", "b", [60]), actor("b"), client("c", rate_per_s=50), service("s"), switch("v")]
    story = run(world(nodes, [link("a", "b"), link("c", "v"), link("v", "s")], faults=[cut("a-b", 50)]))
    assert story.drops() == {"link cut": 1}


# The trace


def rows(table: dict[str, Any]) -> list[tuple[Any, ...]]:
    return list(zip(*table["cols"].values(), strict=True))


def test_a_keyframe_says_on_which_link_each_message_is() -> None:
    nodes = [*(client(id, rate_per_s=150) for id in ("c", "d")), service("s"), switch("v"), switch("w")]
    links = [link("c", "v", exponential(9)), link("d", "v"), link("v", "w", exponential(9)), link("w", "s", 3)]
    story = run(world(nodes, links))
    last: dict[int, tuple[Any, ...]] = {}
    seen = 0
    for chunk in story.decoded:
        flight = [row[0] for row in rows(chunk["keyframe"]["flight"])]
        assert rows(chunk["keyframe"]["hops"]) == [last[id] for id in flight]
        seen += len(flight)
        last |= {row[0]: row for row in rows(chunk["tables"]["hops"])}
    assert seen > 20


def test_every_message_is_settled_once_or_under_way() -> None:
    reasons: set[str] = set()
    for seed in range(4):
        story = run(tangle() | {"seed": seed})
        settled = Counter(id for id, _, _ in story.rows("settled"))
        assert set(settled.values()) == {1}
        under_way = {one.id for one in story.messages() if not one.outcome}
        assert len(story.messages()) == len(settled) + len(under_way)
        reasons |= set(story.drops())
        for id, time, _, _ in story.rows("hops"):
            message = story.message(id)
            assert message.sent_ns <= time
            assert not message.outcome or time <= message.settled_ns
    assert {"link cut", "node down", "partition", "lost", "expired", "unreachable"} <= reasons


def test_a_cut_more_leaves_every_chunk_before_it_byte_for_byte() -> None:
    plain = run(tangle())
    for at_ms in (300, 900):
        document = tangle()
        document["faults"] += [cut("p-q", at_ms, at_ms + 200)]
        broken = run(document)
        before = [chunk for chunk in plain.chunks if chunk.end_ns < at_ms * MS]
        assert len(before) > 1
        assert [chunk.data for chunk in before] == [chunk.data for chunk in broken.chunks[: len(before)]]
        assert plain.outcome.digest != broken.outcome.digest
