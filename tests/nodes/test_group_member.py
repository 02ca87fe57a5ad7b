"""Groups: clocks (Lamport, CACM 1978; Fidge 1988; Mattern 1989) and causal broadcast (Birman, Schiper, Stephenson, ACM
TOCS 9(3), 1991, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

from simulations.checks.clock_order import ORDERS, check_clocks
from simulations.checks.finding import Finding
from simulations.engine.log import Log
from simulations.engine.node import Node
from simulations.nodes.group_member import GroupMember, Said
from tests.hosts import broken
from tests.worlds import MS, Entry, Run, crash, exponential, link, lossy, node, run, world

SKEWED = [broken("clock", "p2", 0, 2000, offset_ms=60, drift_ppm=0, timers=False)]
FAR = {("p1", "p4"): {"kind": "uniform", "low_ms": 80, "high_ms": 120}}
NEAR = {"kind": "uniform", "low_ms": 5, "high_ms": 25}


def group(
    faults: Iterable[Entry] = (),
    kind: type[Node] = GroupMember,
    more: dict[str, Any] | None = None,
    **params: Any,
) -> Run:
    """Four members for a second; what the first and the last tell each other takes long."""
    ids = [f"p{number}" for number in range(1, 5)]
    spoken = {"acts_every": exponential(100), "local_share": 0, "answer_ratio": 0.3} | params
    nodes = [node(kind, id, **spoken) for id in ids]
    links = [link(*pair, latency=FAR.get(pair, NEAR), **(more or {})) for pair in combinations(ids, 2)]
    return run(world(nodes, links, (), faults, duration_ms=1000, settle_ms=600), kind)


def judged(story: Run) -> dict[str, Finding]:
    log = Log()
    for chunk in story.decoded:
        log.add(chunk)
    return {finding.name: finding for finding in check_clocks(log, frozenset(ORDERS))}


def figures(story: Run) -> dict[str, float]:
    return judged(story)["lamport_clocks"].figures


def published(story: Run, metric: str) -> int:
    return sum(amount for _, _, name, amount in story.rows("published") if name == metric)


def breaches(story: Run) -> tuple[int | None, ...]:
    found = judged(story)
    return tuple(found[name].violations for name in ORDERS)


# Clocks


def test_logical_clocks_are_right_where_wall_clocks_are_not() -> None:
    found = figures(group(SKEWED, reach="one", local_share=0.4))
    assert found["clocks.wall_misordered"] > 10
    assert found["clocks.lamport_misordered"] == found["clocks.vector_wrong"] == 0
    assert found["clocks.vector_concurrent"] == found["clocks.pairs_concurrent"] > 100
    assert found["clocks.lamport_ordered_concurrent"] > 100
    assert found["clocks.pairs_ordered"] > 100


def test_wall_clocks_are_right_where_nothing_is_wrong_with_them() -> None:
    assert figures(group(reach="one", local_share=0.4))["clocks.wall_misordered"] == 0


def test_clocks_that_do_not_heed_messages_know_nothing_of_others() -> None:
    found = judged(group(reach="one", witnesses=False))
    assert found["lamport_clocks"].verdict == found["vector_clocks"].verdict == "fail"


class Forgetful(GroupMember):
    """Heeds what it hears only after it has stamped the receipt."""

    TYPE = "forgetful"

    def deliver(self, one: Any) -> None:
        self.witnesses = False
        super().deliver(one)
        self.lamport.witness(one.said.lamport)
        self.vector.witness(one.said.vector)


class HalfDeaf(GroupMember):
    """Has a vector clock that counts on from the message in place of joining what it knew."""

    TYPE = "half-deaf"

    def deliver(self, one: Any) -> None:
        own = dict(self.vector.vector).get(self.own, 0)
        self.vector.vector = ((self.own, own),) if own else ()
        super().deliver(one)


def test_clocks_that_are_built_wrongly_are_found_out() -> None:
    forgetful = judged(group(kind=Forgetful, reach="one"))
    assert forgetful["lamport_clocks"].verdict == forgetful["vector_clocks"].verdict == "fail"
    half_deaf = judged(group(kind=HalfDeaf, reach="one"))
    assert (half_deaf["lamport_clocks"].verdict, half_deaf["vector_clocks"].verdict) == ("pass", "fail")


# Orders of delivery


def test_causally_no_answer_comes_before_its_question() -> None:
    story = group(ordering="causal")
    assert published(story, "group.early_answers") == 0
    assert breaches(story) == (0, 0)
    assert published(story, "group.delivered") == 3 * published(story, "group.said") == len(story.messages()) > 100


def test_in_no_order_some_do() -> None:
    story = group(ordering="unordered")
    assert published(story, "group.early_answers") > 0
    assert min(count or 0 for count in breaches(story)) > 0


def test_in_fifo_order_some_do_though_each_senders_messages_are_in_order() -> None:
    story = group(ordering="fifo")
    assert published(story, "group.early_answers") > 0
    causal, fifo = breaches(story)
    assert (fifo, bool(causal)) == (0, True)


class Hasty(GroupMember):
    """Heeds what its sender had delivered of all but itself."""

    TYPE = "hasty"

    def may_deliver(self, said: Said, sender: int) -> bool:
        return said.number == dict(self.delivered).get(sender, 0) + 1


class Gappy(GroupMember):
    """Heeds what the sender had delivered of others, and not which of its own messages it is."""

    TYPE = "gappy"

    def may_deliver(self, said: Said, sender: int) -> bool:
        had = dict(self.delivered)
        return all(had.get(member, 0) >= count for member, count in said.delivered if member != sender)


@pytest.mark.parametrize("kind", [Hasty, Gappy])
def test_half_of_the_rule_is_not_enough(kind: type[Node]) -> None:
    assert (breaches(group(kind=kind, ordering="causal"))[0] or 0) > 0


def test_copies_and_disorder_on_the_way_change_nothing() -> None:
    disorder = {"duplication": 0.3, "reordering": 0.3, "reordering_delay": 60}
    story = group(more=disorder, ordering="causal")
    assert breaches(story) == (0, 0)
    assert published(story, "group.delivered") == 3 * published(story, "group.said")


def test_what_depends_on_a_lost_message_waits_for_ever() -> None:
    story = group([lossy("p1-p4", 1, 200, 600)], ordering="causal")
    assert breaches(story) == (0, 0)
    assert story.states("p4", "waiting")[-1][1] > 0
    assert published(story, "group.delivered") < 3 * published(story, "group.said")


def test_and_over_streams_none_is_lost() -> None:
    story = group([lossy("p1-p4", 0.5, 200, 400)], more={"transport": "stream"}, ordering="causal")
    assert story.messages(outcome="lost")
    assert breaches(story) == (0, 0)
    assert published(story, "group.delivered") == 3 * published(story, "group.said")


def test_who_has_crashed_has_left() -> None:
    story = group([crash("p2", 300, 500)], ordering="causal")
    assert story.at(900, "p2", "role") == "left"
    assert not [one for one in story.messages(src="p2") if one.sent_ns > 300 * MS]
    assert breaches(story) == (0, 0)
    assert judged(story)["vector_clocks"].verdict == "pass"


def test_one_alone_has_nobody_to_ask() -> None:
    story = run(world([node(GroupMember, "p1", acts_every=exponential(100))], duration_ms=1000))
    assert not story.messages()
    assert story.states("p1", "lamport")[-1][1] > 3
