"""Gossip: Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", PODC 1987."""

from __future__ import annotations

import math
from typing import Any

import pytest

from simulations.nodes.gossip import Gossip
from tests.nodes.stories import answers, read, user, write
from tests.worlds import MS, Entry, Run, crash, link, node, partition, run, world

FEEDBACK: Entry = {"interest": "feedback"}
BLIND: Entry = {"interest": "blind"}
NEVER: Entry = {"interest": "never"}
PULL: Entry = {"rumours": "pull"}


def group(count: int, steps: Any, ms: float, faults: Any = (), seed: int = 1, loss: float = 0, **params: Any) -> Run:
    """So many members, rounds of 100 ms that all begin together, and a user at each of the first two."""
    names = [f"m{number}" for number in range(count)]
    own = {"rounds": "together", "every_ms": 100, "compare_ms": 100, **params}
    cluster = {"id": "all", "protocol": "gossip", "members": names, "link": {"latency": 2, "loss": loss}}
    users: list[Entry] = [user("u0", "m0", steps), user("u1", "m1", [read(ms - 50)])]
    nodes = [*users, *(node(Gossip, name, **own) for name in names)]
    return run(world(nodes, [link("u0", "m0"), link("u1", "m1")], [cluster], faults, duration_ms=ms, seed=seed))


def members(story: Run) -> list[str]:
    return [name for name in story.nodes if name.startswith("m")]


def roles(story: Run, ms: float) -> dict[str, int]:
    found = [story.at(ms, name, "role") for name in members(story)]
    return {role: found.count(role) for role in sorted(set(found))}


def published(story: Run, metric: str) -> list[int]:
    return [amount for _, _, name, amount in story.rows("published") if name == metric]


def reached(story: Run) -> float:
    """The share of the members that hold something in the end."""
    held: list[int] = [story.at(10**9, name, "keys") for name in members(story)]
    return sum(held) / len(held)


def test_a_rumour_is_told_to_one_partner_a_round() -> None:
    """Section 1.4: the infected push each round; all three states are seen."""
    story = group(20, [write(10, 7)], 1500, **FEEDBACK, k=2)
    assert answers(story, "u0", "write") == ["ok"]
    assert roles(story, 5) == {"susceptible": 20}
    assert roles(story, 50) == {"infected": 1, "susceptible": 19}
    assert roles(story, 150) == {"infected": 2, "susceptible": 18}
    assert {round(sent.sent_ns / MS) % 100 for sent in story.messages("rumours")} == {0}
    assert "infected" not in roles(story, 1500)


def test_feedback_tells_which_contacts_were_in_vain() -> None:
    """Variation "blind versus feedback": with k = 1, blind counter, each infected member tells one partner and is
    removed; with feedback it goes on until one knew.
    """
    blind = group(30, [write(10, 7)], 1500, **BLIND, k=1)
    assert len(blind.messages("rumours")) == sum(1 for name in members(blind) if blind.at(1500, name, "keys"))
    feedback = group(30, [write(10, 7)], 1500, **FEEDBACK, k=1)
    assert reached(feedback) > 3 * reached(blind)


def test_a_counter_needs_so_many_contacts_in_vain_running() -> None:
    """Of two members, the second knows after the first contact: two more in vain, and each is silent."""
    story = group(2, [write(10, 7)], 3000, **FEEDBACK, k=3)
    by_first = story.messages("rumours", "m0")
    assert [round(sent.sent_ns / MS) for sent in by_first] == [100, 200, 300, 400]
    assert [round(sent.sent_ns / MS) for sent in story.messages("rumours", "m1")] == [200, 300, 400]


def test_a_coin_is_thrown_for_each_contact_in_vain() -> None:
    """ "Counter versus coin": with k = 1 the coin always falls; with k = 1000 hardly ever."""
    assert "infected" not in roles(group(10, [write(10, 7)], 1500, **BLIND, by="coin", k=1), 1500)
    assert roles(group(10, [write(10, 7)], 1500, **BLIND, by="coin", k=1000), 1500)["infected"] >= 8


def test_rumours_leave_a_residue_that_falls_with_k() -> None:
    """Section 1.4: s = e^−m, the residue falls as persistence grows."""
    left = [1 - reached(group(80, [write(10, 7)], 2000, **FEEDBACK, k=k)) for k in (1, 3)]
    assert 0.05 < left[0] < 0.35
    assert left[1] < 0.05


def test_a_pulled_rumour_is_asked_for_by_all() -> None:
    """ "Push versus pull": every member asks each round, with or without news; the residue is far smaller."""
    story = group(40, [write(10, 7)], 1000, **PULL, **FEEDBACK, k=2)
    assert len(story.messages("ask_rumours")) == 40 * 9
    assert reached(story) > 0.95
    assert len(story.messages("feedback")) == sum(published(story, "gossip.sent"))


def test_what_came_in_the_same_round_counts_as_news_where_all_act_together() -> None:
    """Table 1's cycles: two that tell a third in one round are both told that it needed it."""
    both = group(3, [write(10, 7)], 1500, **FEEDBACK, k=1, seed=4)
    firsts = {sent.dst: round(sent.sent_ns / MS) for sent in reversed(both.messages("rumours"))}
    assert set(firsts) <= {"m0", "m1", "m2"}
    assert reached(both) == 1


@pytest.mark.parametrize("how", ["push", "pull", "push-pull"])
def test_anti_entropy_reaches_all(how: str) -> None:
    """Section 1.3: a simple epidemic infects everybody, through loss, too."""
    story = group(16, [write(10, 7)], 2000, loss=0.2, rumours="none", anti_entropy=how)
    assert reached(story) == 1
    assert answers(story, "u1") == [7]
    assert (len(story.messages("missing")) > 0) == (how != "pull")


def test_pulling_is_faster_at_the_end_than_pushing() -> None:
    """Section 1.3: p → p² a round for pull, p → p / e for push."""

    def end(how: str) -> float:
        story = group(100, [write(10, 7)], 1500, seed=2, rumours="none", anti_entropy=how)
        rounds = sorted(published(story, "gossip.rounds"))
        assert len(rounds) == 99
        return rounds[-1] - rounds[49]

    push = end("push")
    assert end("pull") < push
    assert end("push-pull") < push


def test_pushing_for_ever_takes_log2_n_plus_ln_n_rounds() -> None:
    """Pittel 1987."""
    rounds = max(published(group(64, [write(10, 7)], 1600, **NEVER), "gossip.rounds"))
    expected = math.log2(64) + math.log(64)
    assert abs(rounds - expected) < 0.3 * expected


def test_anti_entropy_finds_whom_rumours_missed() -> None:
    """Section 1.5: backing up a complex epidemic; without the backup they stay susceptible."""
    seen: Entry = {"interest": "feedback", "k": 1, "seed": 3}
    alone = group(40, [write(10, 7)], 2000, **seen)
    backed = group(40, [write(10, 7)], 2000, **seen, anti_entropy="push-pull", compare_ms=500)
    assert roles(alone, 2000)["susceptible"] > 2
    assert roles(backed, 2000) == {"removed": 40}


def test_the_latest_stamp_wins_everywhere() -> None:
    """Section 1.1: an update with a newer stamp supersedes, and is news again."""
    story = group(10, [write(10, 7), write(350, 8)], 1500, **NEVER)
    assert [story.at(1500, name, "value") for name in members(story)] == ["x = 8"] * 10
    assert len({story.at(1500, name, "digest") for name in members(story)}) == 1


def test_two_sides_of_a_partition_agree_after_it() -> None:
    sides = [["u0", "m0", "m2", "m3"], ["u1", "m1", "m4", "m5"]]
    seen: Entry = {"rumours": "none", "anti_entropy": "push-pull"}
    story = group(6, [write(200, 7)], 2000, [partition(sides, 100, 1000)], **seen)
    assert {story.at(950, name, "keys") for name in sides[1] if name != "u1"} == {0}
    assert answers(story, "u1") == [7]


def test_who_restarts_has_what_was_acknowledged_and_spreads_no_rumours() -> None:
    story = group(2, [write(10, 7)], 1000, [crash("m0", 50, 120)], **FEEDBACK)
    assert story.at(130, "m0", "keys") == 1
    assert story.at(900, "m0", "role") == "removed"
    assert story.at(900, "m1", "role") == "susceptible"


def test_what_comes_while_a_later_write_is_on_its_way_to_the_disk_does_not_take_its_place() -> None:
    """m1's older rumour arrives at m0 during the fsync; m0 restarts where nobody can tell it again."""
    users = [user("u0", "m0", [write(85, 2), write(200, 3, "y"), read(600)]), user("u1", "m1", [write(50, 1)])]
    own = {"rounds": "together", "every_ms": 100, "anti_entropy": "none", "fsync_time": 30}
    nodes = [*users, *(node(Gossip, name, **own) for name in ("m0", "m1"))]
    cluster = {"id": "all", "protocol": "gossip", "members": ["m0", "m1"], "link": {"latency": 2, "loss": 0}}
    faults = [partition([["m0", "u0"], ["m1", "u1"]], 300, None), crash("m0", 400, 500)]
    story = run(world(nodes, [link("u0", "m0"), link("u1", "m1")], [cluster], faults, duration_ms=800))
    assert round(story.messages("rumours", "m1")[0].settled_ns / MS) == 102
    assert [value for _, value in story.states("m0", "value")][:2] == ["x = 1", "x = 2"]
    assert answers(story, "u0") == [2]


def test_a_lost_answer_is_no_feedback() -> None:
    """A member whose contacts are all lost goes on: it has heard of nobody that knew."""
    story = group(2, [write(10, 7)], 1500, loss=1, **FEEDBACK, k=1)
    assert len(story.messages("rumours", "m0")) == 14


def test_nothing_to_spread_by_is_doubted() -> None:
    params = {param.name: param.default for param in Gossip.PARAMS}
    assert Gossip.doubts(params, frozenset()) == []
    assert [name for name, _ in Gossip.doubts(params | {"rumours": "none"}, frozenset())] == ["rumours"]
