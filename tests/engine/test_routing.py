"""Routing: by lowest latency over links that are up, hop by hop through forwarders, recomputed on a change."""

from __future__ import annotations

from collections import Counter

from simulations.engine.routing import HOPS_MAX
from tests.engine.fabric import DIAMOND, diamond, fates, quick, router, switch, talk, way, ways
from tests.rough import rough
from tests.worlds import (
    MS,
    Entry,
    Run,
    client,
    crash,
    cut,
    exponential,
    link,
    run,
    service,
    world,
)

# Ways


def test_a_message_takes_the_way_of_lowest_latency_though_it_has_more_hops() -> None:
    story = diamond(at_ms=[10])
    assert ways(story) == {10: "a w x b"}
    assert story.messages()[0].takes_ms == 5
    assert story.rows("hops") == [(0, 10 * MS, 0, 3), (0, 11 * MS, 3, 4), (0, 13 * MS, 4, 1)]


def test_the_mean_counts_and_the_forwarding_time_with_it() -> None:
    slow = [quick("v"), switch("w", forwarding_time=1.5), quick("x")]
    assert ways(talk(slow, DIAMOND, [], [10])) == {10: "a v b"}
    spread = [*DIAMOND[:3], link("w", "x", exponential(5)), DIAMOND[4]]
    assert ways(talk([quick("v"), quick("w"), quick("x")], spread, [], [10])) == {10: "a v b"}


def test_of_equal_ways_the_shorter_wins_and_then_the_one_that_comes_first() -> None:
    links = [link("a", id, 1) for id in "vw"] + [link(id, "b", 1) for id in "vw"]
    assert ways(talk([quick("v"), quick("w")], links, [], [10])) == {10: "a v b"}
    assert ways(talk([quick("w"), quick("v")], links, [], [10])) == {10: "a w b"}
    free = [link("a", "v", 0), link("v", "w", 0), link("v", "b", 0), link("w", "b", 0)]
    assert ways(talk([quick("v"), quick("w")], free, [], [10])) == {10: "a v b"}


def test_hosts_do_not_forward() -> None:
    links = [link("a", "v"), link("c", "v"), link("c", "w"), link("w", "b")]
    nodes = [client("a", rate_per_s=100), service("b"), client("c"), switch("v"), switch("w")]
    story = run(world(nodes, links))
    assert set(story.ends("a")) == {("fail", "no target")}


def test_a_direct_link_is_a_way_among_others() -> None:
    links = [*DIAMOND, link("a", "b", 4)]
    boxes = [quick("v"), quick("w"), quick("x")]
    story = talk(boxes, links, [cut("a-b", 100, 200)], [10, 98, 110, 210])
    assert ways(story) == {10: "a b", 98: "a b", 110: "a w x b", 210: "a b"}
    assert fates(story) == {10: "delivered", 98: "link cut", 110: "delivered", 210: "delivered"}


def test_replies_come_back_by_their_own_way() -> None:
    """One direction of the quick way is slow: there and back differ."""
    links = [link("c", "v", 1, back={"latency": 30}), link("v", "s"), link("c", "w", 5), link("w", "s", 5)]
    story = run(world([client("c", rate_per_s=20), service("s"), switch("v"), switch("w")], links))
    assert {" ".join(way(story, one)) for one in story.messages(kind="work")} == {"c v s"}
    assert {" ".join(way(story, one)) for one in story.messages(kind="done")} == {"s w c"}


# Changes


def test_a_cut_sends_messages_by_another_way_and_its_end_sends_them_back() -> None:
    story = diamond(cut("w-x", 100, 200), at_ms=[10, 98, 100, 150, 200])
    assert fates(story) == {10: "delivered", 98: "link cut", 100: "delivered", 150: "delivered", 200: "delivered"}
    assert ways(story) == {10: "a w x b", 98: "a w x", 100: "a v b", 150: "a v b", 200: "a w x b"}


def test_a_cut_one_way_leaves_the_other_way_as_it_was() -> None:
    assert ways(diamond(cut("w-x", 0, None, "b-to-a"), at_ms=[10])) == {10: "a w x b"}
    assert ways(diamond(cut("w-x", 0, None, "a-to-b"), at_ms=[10])) == {10: "a v b"}


def test_a_forwarder_that_is_down_takes_what_it_had_with_it_and_is_gone_round() -> None:
    story = diamond(crash("x", 100, 200), at_ms=[98.5, 150, 250])
    assert fates(story) == {98.5: "node down", 150: "delivered", 250: "delivered"}
    assert ways(story) == {98.5: "a w x", 150: "a v b", 250: "a w x b"}
    inside = talk([switch("v", forwarding_time=10)], [link("a", "v"), link("v", "b")], [crash("v", 100, 105)], [95])
    assert [(one.outcome, one.settled_ns / MS) for one in inside.messages()] == [("node down", 106)]


def test_without_a_way_messages_are_unreachable_at_once_or_where_the_way_ends() -> None:
    at_the_host = diamond(cut("a-v", 0), cut("a-w", 0), at_ms=[10])
    assert fates(at_the_host) == {10: "unreachable"}
    assert at_the_host.messages()[0].takes_ms == 0
    assert ways(at_the_host) == {10: "a b"}
    farther = diamond(cut("v-b", 0), cut("x-b", 0), at_ms=[10])
    assert fates(farther) == {10: "unreachable"}
    assert ways(farther) == {10: "a w"}
    assert farther.messages()[0].takes_ms == 1


def test_faults_that_slow_a_link_change_no_way() -> None:
    """Ways go by what a link is, not by how it feels: no cost follows the traffic."""
    assert ways(diamond(rough("delay", "w-x", 0, latency=100), at_ms=[10])) == {10: "a w x b"}


# Convergence


def ring(convergence_ms: float, *faults: Entry, at_ms: list[float]) -> Run:
    """a — p — q — b, and p — r — q the long way round."""
    boxes = [router(id, forwarding_time=0, convergence_ms=convergence_ms) for id in "pqr"]
    links = [link("a", "p"), link("p", "q", 1), link("p", "r", 5), link("r", "q", 5), link("q", "b")]
    return talk(boxes, links, faults, at_ms)


def test_until_a_router_has_converged_it_sends_into_the_dead_link() -> None:
    moments = [90.0, 110, 199, 201, 290, 499, 501]
    story = ring(100, cut("p-q", 100, 400), at_ms=moments)
    assert fates(story) == {
        90: "delivered",
        110: "link cut",
        199: "delivered",  # at p when it has just converged
        201: "delivered",
        290: "delivered",
        499: "delivered",
        501: "delivered",
    }
    assert ways(story)[201] == ways(story)[290] == "a p r q b"
    assert ways(story)[499] == ways(story)[501] == "a p q b"  # at p at 500 ms
    assert ring(0, cut("p-q", 100, 400), at_ms=[110]).messages()[0].outcome == "delivered"


def test_a_router_shows_that_its_table_is_behind() -> None:
    story = ring(100, cut("p-q", 100, 400), at_ms=[])
    assert story.states("p", "table") == [
        (0, "converged"), (100, "converging"), (200, "converged"), (400, "converging"), (500, "converged"),
    ]  # fmt: skip
    assert story.states("p", "links") == [(0, 3), (100, 2), (400, 3)]


def test_changes_that_follow_each_other_are_learnt_one_after_the_other() -> None:
    story = ring(100, cut("p-q", 100, 150), at_ms=[160, 210, 260])
    assert ways(story) == {160: "a p q b", 210: "a p r q b", 260: "a p q b"}


def test_a_router_that_boots_knows_no_way_until_it_has_converged() -> None:
    story = ring(100, crash("q", 100, 300), at_ms=[110, 310, 395, 410])
    assert fates(story) == {110: "node down", 310: "unreachable", 395: "unreachable", 410: "delivered"}


def test_tables_that_disagree_make_messages_go_round_until_their_hops_are_spent() -> None:
    """p follows at once and sends by r, which still holds p for the way."""
    quickly = router("p", forwarding_time=0, convergence_ms=0)
    slowly = [router(id, forwarding_time=0, convergence_ms=300) for id in "qr"]
    links = [link("a", "p"), link("p", "q", 1), link("p", "r", 1), link("r", "q", 9), link("q", "b")]
    story = talk([quickly, *slowly], links, [cut("p-q", 100)], [110, 420])
    assert fates(story) == {110: "expired", 420: "delivered"}
    lost = story.messages()[0]
    assert len(way(story, lost)) == HOPS_MAX + 1
    assert set(way(story, lost)) == {"a", "p", "r"}
    assert lost.takes_ms == HOPS_MAX


def test_in_circles_a_message_meets_new_chances() -> None:
    """A link that loses one message in ten would lose the first time or never, were the draws the same each time."""
    quickly, slowly = router("p", forwarding_time=0, convergence_ms=0), router("r", convergence_ms=900)
    links = [link("a", "p"), link("p", "q"), link("p", "r", 1, loss=0.1), link("r", "q", 9), link("q", "b")]
    nodes = [quickly, slowly, quick("q")]
    story = talk(nodes, links, [cut("p-q", 100)], [float(ms) for ms in range(110, 210)])
    assert 95 < Counter(fates(story).values())["lost"] <= 100
    lengths = {len(way(story, message)) for message in story.messages()}
    assert len(lengths) > 10


def test_a_paused_forwarder_goes_on_by_the_ways_it_knew() -> None:
    pause = {"kind": "pause", "target": "p", "at_ms": 50, "until_ms": 400}
    story = ring(100, cut("p-q", 100, 800), pause, at_ms=[60, 310, 390, 410])
    assert fates(story) == {60: "delivered", 310: "link cut", 390: "link cut", 410: "delivered"}
    assert ways(story)[410] == "a p r q b"


def test_a_stopped_forwarder_forwards_nothing() -> None:
    stop = {"kind": "stop", "target": "v", "at_ms": 50, "until_ms": 100}
    story = talk([quick("v")], [link("a", "v"), link("v", "b")], [stop], [10, 49.5, 60, 110])
    assert fates(story) == {10: "delivered", 49.5: "node down", 60: "unreachable", 110: "delivered"}


def test_a_slow_forwarder_takes_longer() -> None:
    slow = {"kind": "slow", "target": "v", "factor": 3, "at_ms": 50, "until_ms": 100}
    story = talk([switch("v", forwarding_time=4)], [link("a", "v"), link("v", "b")], [slow], [10, 60])
    assert [one.takes_ms for one in story.messages()] == [6, 14]
