"""SWIM: Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol",
DSN 2002.
"""

from __future__ import annotations

from typing import Any

from simulations.nodes.swim import ALIVE, FAILED, SUSPECT, News, Swim
from simulations.report import Recording
from tests.worlds import Entry, Run, crash, lossy, node, partition, run, world

HASTY: Entry = {"suspicion_periods": 0}
TWICE: Entry = {"lambda": 2}


def group(
    count: int, ms: float, faults: Any = (), seed: int = 1, loss: float = 0, kind: type[Swim] = Swim, **params: Any
) -> Run:
    """So many members, periods of 100 ms that begin together, links of 5 ms."""
    names = [f"m{number}" for number in range(count)]
    own = {"rounds": "together", "period_ms": 100, "timeout_ms": 20, **params}
    cluster = {"id": "all", "protocol": "swim", "members": names, "link": {"latency": 5, "loss": loss}}
    nodes = [node(kind, name, **own) for name in names]
    return run(world(nodes, (), [cluster], faults, duration_ms=ms, seed=seed), kind)


def published(story: Run, metric: str) -> int:
    return sum(amount for _, _, name, amount in story.rows("published") if name == metric)


def figures(story: Run) -> dict[str, float]:
    physical = {"clusters": [{"id": "all", "members": story.nodes}], "duration_ms": 10_000}
    return Recording.from_chunks([chunk.data for chunk in story.chunks], "finished", "", physical).metrics()


def failed(story: Run, ms: float) -> list[str]:
    return [story.at(ms, name, "failed") for name in story.nodes]


def pinged(story: Run, src: str) -> list[str]:
    """Whom a member has probed, where nobody asked it to."""
    return [sent.dst for sent in story.messages("ping", src)]


def mute(story_ms: float, name: str, others: int) -> list[Entry]:
    """Loses all between a member and each of the others but one, from a moment on."""
    return [lossy(f"all:m{number}-{name}", 1, story_ms) for number in range(others)]


def test_a_well_group_pings_and_acks_and_no_more() -> None:
    """Section 3.1: one ping and one ack a member and period, whatever the number of members."""
    for count in (4, 12):
        story = group(count, 1050)
        assert len(story.messages("ping")) == len(story.messages("ack")) == 10 * count
        assert not story.messages("ping_req")
        assert figures(story)["detection.false_positives"] == 0


def test_a_crash_is_noticed_by_all() -> None:
    story = group(8, 3000, [crash("m3", 210)])
    held = failed(story, 2900)
    assert [one for name, one in zip(story.nodes, held, strict=True) if name != "m3"] == ["m3"] * 7
    found = figures(story)
    assert 1000 < found["detection.first_ms.max"] < 1700
    assert found["detection.first_ms.max"] <= found["detection.all_ms.max"] < 2200
    assert found["detection.missed"] == found["detection.false_positives"] == 0


def test_without_suspicion_it_is_declared_when_the_period_ends() -> None:
    """Two members: probed at 300, not there, declared at 400."""
    story = group(2, 1000, [crash("m1", 250)], **HASTY)
    assert story.states("m0", "failed")[-1] == (400, "m1")
    assert published(story, "swim.declared") == 1


def test_a_suspicion_lasts_so_many_periods() -> None:
    story = group(2, 2000, [crash("m1", 250)], suspicion_periods=3)
    assert story.states("m0", "suspected")[1:] == [(400, "m1"), (700, "")]
    assert story.states("m0", "failed")[-1] == (700, "m1")


def test_others_are_asked_where_the_way_is_bad() -> None:
    """Section 3.1: m0 and m1 cannot hear each other; over k others they can. Without those, m0 declares m1 failed."""
    deaf = [lossy("all:m0-m1", 1, 0)]
    story = group(6, 2000, deaf, k=3, **HASTY)
    assert story.messages("ping_req", "m0")
    assert figures(story)["detection.false_positives"] == 0
    direct = group(6, 2000, deaf, k=0, **HASTY)
    assert not direct.messages("ping_req")
    assert figures(direct)["detection.false_positives"] > 0


def test_the_suspected_refutes() -> None:
    """Section 4.2: a loss that ends is survived with suspicion, by a higher incarnation; not without."""
    deaf = mute(150, "m5", 5)
    for fault in deaf:
        fault["until_ms"] = 350
    story = group(6, 2500, deaf)
    assert published(story, "swim.refuted") > 0
    assert story.at(2400, "m5", "incarnation") >= 1
    assert failed(story, 2400) == [""] * 6
    assert figures(story)["detection.false_positives"] == 0
    hasty = group(6, 2500, deaf, **HASTY)
    assert figures(hasty)["detection.false_positives"] > 0


def test_suspicion_cuts_false_positives_under_loss() -> None:
    wrong = [figures(group(12, 3000, loss=0.25, k=1, **one))["detection.false_positives"] for one in ({}, HASTY)]
    assert wrong[1] > 20
    assert wrong[0] * 5 < wrong[1]


class Meek(Swim):
    """Never says that it is alive."""

    def refute(self, news: News) -> None:
        pass


class Stale(Swim):
    """Refutes without a new incarnation: its word counts no more than the suspicion."""

    def refute(self, news: News) -> None:
        if news.status != ALIVE:
            self.spread(News(self.id, ALIVE, self.own))


def test_suspicion_is_worth_nothing_without_refutation_or_incarnations() -> None:
    wrong = [
        figures(group(10, 3000, loss=0.25, kind=kind))["detection.false_positives"] for kind in (Swim, Meek, Stale)
    ]
    assert wrong[0] == 0
    assert wrong[1] > 3
    assert wrong[2] > 3


def test_each_is_pinged_within_two_passes() -> None:
    """Section 4.3: in turn in a shuffled order; at random some wait for longer."""
    story = group(6, 3000)
    for name in story.nodes:
        targets = pinged(story, name)
        passes = [targets[start : start + 5] for start in range(0, 25, 5)]
        assert all(len(set(one)) == 5 for one in passes)
        assert len({tuple(one) for one in passes}) > 1
    chances = pinged(group(6, 3000, order="random"), "m0")
    assert any(len(set(chances[start : start + 5])) < 5 for start in range(0, 25, 5))


def test_in_the_same_order_all_ping_the_same_one() -> None:
    story = group(6, 700, order="fixed")
    assert pinged(story, "m0") == ["m1", "m2", "m3", "m4", "m5", "m1"]
    assert pinged(story, "m5")[:5] == ["m0", "m1", "m2", "m3", "m4"]


def test_news_are_passed_on_so_often() -> None:
    """Section 4.1: λ log n times by each member, on messages that are sent anyway."""
    story = group(7, 6000, [crash("m6", 210)], retry_periods=0, **TWICE, **HASTY)
    assert all(sent.kind in ("ping", "ack", "ping_req") for sent in story.messages())
    with_news = [sent for sent in story.messages(src="m0") if sent.size > 32]
    assert len(with_news) == 2 * 3


def test_which_news_override_which() -> None:
    """Section 4.2's table."""
    alive, suspect, gone = (News("m", status, 1) for status in (ALIVE, SUSPECT, FAILED))
    assert suspect.overrides(alive)
    assert gone.overrides(suspect)
    assert gone.overrides(alive)
    assert not alive.overrides(suspect)
    assert not alive.overrides(alive)
    assert News("m", ALIVE, 2).overrides(suspect)
    assert not News("m", SUSPECT, 0).overrides(alive)


def test_who_restarts_joins_again() -> None:
    story = group(5, 5000, [crash("m2", 210, 2010)], suspicion_periods=2)
    assert "m2" in failed(story, 2000)
    assert failed(story, 4900) == [""] * 5


def test_who_joins_again_is_in_the_order_once() -> None:
    """Section 4.3: a joiner is put anywhere in the list; the pass goes on as it was."""
    story = group(6, 6000, [crash("m2", 210, 710)], suspicion_periods=1)
    assert "m2" in failed(story, 700)
    for name in ("m0", "m1"):
        late = pinged(story, name)[-25:]
        assert max(late.count(other) for other in story.nodes) <= 6


def test_the_sides_of_a_partition_find_together() -> None:
    """With retries; without, as in the paper, who is held failed has left for good."""
    split = [partition([["m0", "m1"], ["m2", "m3"]], 210, 2010)]
    story = group(4, 5000, split, suspicion_periods=2)
    assert failed(story, 2000) == ["m2 m3", "m2 m3", "m0 m1", "m0 m1"]
    assert failed(story, 4900) == [""] * 4
    apart = group(4, 5000, split, suspicion_periods=2, retry_periods=0)
    assert failed(apart, 4900) == failed(apart, 2000)


def test_who_has_missed_a_refutation_is_told_again() -> None:
    """m1 refutes a suspicion while m0 is cut off and holds it failed at the incarnation before."""
    faults = [partition([["m0"], ["m1", "m2", "m3", "m4"]], 210, 3010)]
    faults += [lossy(f"all:m1-m{number}", 1, 300, 480) for number in (2, 3, 4)]
    story = group(5, 6000, faults, suspicion_periods=8)
    assert story.at(3000, "m1", "incarnation") > 0
    assert "m1" in story.at(3000, "m0", "failed")
    assert failed(story, 5900) == [""] * 5


def test_a_crash_that_ends_before_it_is_noticed_is_missed() -> None:
    found = figures(group(4, 2000, [crash("m2", 210, 290)]))
    assert found["detection.missed"] == 1
    assert "detection.first_ms.mean" not in found


def test_messages_do_not_grow_with_the_group() -> None:
    for count in (4, 16):
        story = group(count, 1050)
        counts = [amount for _, _, name, amount in story.rows("published") if name == "swim.messages"]
        assert sum(counts) / len(counts) == 2


def test_a_timeout_that_leaves_no_time_is_doubted() -> None:
    params = {param.name: param.default for param in Swim.PARAMS}
    assert Swim.doubts(params, frozenset()) == []
    assert [name for name, _ in Swim.doubts(params | {"timeout_ms": 600}, frozenset())] == ["timeout_ms"]


def test_one_alone_holds_itself_alive() -> None:
    story = group(1, 500)
    assert not story.messages()
    assert story.at(400, "m0", "view") == "1 of 1"
