"""Sagas. Sections are those of Garcia-Molina and Salem, "Sagas" (SIGMOD 1987)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from simulations.engine.declare import Neighbour
from simulations.engine.messages import Body, Increment, Work
from simulations.engine.sagas import Release
from simulations.nodes.inventory import Inventory
from simulations.nodes.saga import Saga
from tests.hosts import broken
from tests.nodes.commitment import asking, ends, published
from tests.worlds import MS, Entry, Run, client, crash, cut, exponential, interpreted, link, lossy, node, run, world

SERVICES = ("flights", "hotels", "cars")
BETWEEN = 10.0  # ms: of a saga asked for at 0 ms the seat is set aside, and the room is not


def travel(
    others: Sequence[Entry],
    faults: Sequence[Entry] = (),
    *types: Any,
    stocks: Sequence[int] = (10, 10, 10),
    latency: Any = 2,
    loss: float = 0.0,
    duration_ms: float = 1000,
    settle_ms: float = 0,
    seed: int = 1,
    remembers: bool = True,
    **params: Any,
) -> Run:
    """Customers, a coordinator, and three services."""
    services = [
        node(Inventory, id, stock=stock, remembers_releases=remembers)
        for id, stock in zip(SERVICES, stocks, strict=True)
    ]
    nodes = [*others, node(Saga, "s", **{"timeout_ms": 50, **params}), *services]
    links = [link(one["id"], "s") for one in others] + [link("s", id, latency, loss) for id in SERVICES]
    links += [link(one["id"], id) for one in others for id in SERVICES]
    return run(world(nodes, links, (), faults, duration_ms, settle_ms, seed), *types)


def held(story: Run) -> list[int]:
    """What is set aside at each service in the end."""
    return [published(story, id, "stock.held")[-1] for id in SERVICES]


def book(*more: tuple[float, Body], at_ms: float = 0, amount: int = 1) -> Entry:
    return asking("u", [(at_ms, Increment("trip", amount)), *more], "s")


def test_steps_are_taken_one_after_another() -> None:
    """Section 2: T1, T2, …, Tn."""
    story = travel([book()])
    assert ends(story) == ["ok"]
    assert held(story) == [1, 1, 1]
    assert [message.dst for message in story.messages("reserve")] == list(SERVICES)
    assert story.states("s", "outcome")[-1][1] == "s.0.0 = completed"


def test_a_step_that_cannot_be_done_has_the_others_undone_last_first() -> None:
    """Section 2: T1, T2, C2, C1."""
    story = travel([book()], stocks=(10, 10, 0))
    assert ends(story) == [("fail", "sold out")]
    assert held(story) == [0, 0, 0]
    assert [message.dst for message in story.messages("release")] == ["cars", "hotels", "flights"]


def test_nothing_is_taken_back_by_less_than_nothing() -> None:
    story = travel([book(amount=-1)])
    assert ends(story) == [("fail", "nothing is taken back")]
    assert not story.messages("reserve")


def test_without_compensation_what_was_done_stands() -> None:
    story = travel([book()], stocks=(10, 10, 0), compensates=False)
    assert ends(story) == [("info", "sold out")]
    assert held(story) == [1, 1, 0]


def test_what_is_done_so_far_is_seen_by_everybody() -> None:
    """Section 1: other transactions may see the effects of a partially executed saga. A seat set aside for a trip that
    comes to nothing is refused to somebody who would have flown.
    """
    early = asking("v", [(14, Work(""))], "flights")
    rival = asking("w", [(12, Increment("trip", 1)), (300, Increment("trip", 1))], "s")
    story = travel([book(), rival, early], stocks=(1, 10, 0))
    assert ends(story, "v") == ["ok"]
    assert story.at(15, "flights", "held") == 1
    assert ends(story, "w")[0] == ("fail", "sold out")
    assert [message.dst for message in story.messages("reserve")].count("flights") == 3
    assert held(story) == [0, 0, 0]


@pytest.mark.parametrize(("recovery", "left"), [("backward", [0, 0, 0]), ("forward", [1, 1, 1])])
def test_after_a_crash_a_saga_is_taken_back_or_to_its_end(recovery: str, left: list[int]) -> None:
    """Sections 4 and 5."""
    story = travel([book()], [crash("s", BETWEEN, 400)], recovery=recovery)
    assert story.at(390, "flights", "held") == 1
    assert story.at(390, "cars", "held") == 0
    assert held(story) == left
    assert published(story, "s", "sagas.recovered") == [1]


class Hasty(interpreted("nodes/saga").Saga):  # type: ignore[misc, name-defined]
    """What it finds it takes to be on disk."""

    async def recover(self, saga: Any, plan: Any, forward: bool) -> None:
        await self.carry_out(saga, plan)


def test_no_step_is_asked_for_before_a_saga_found_in_the_page_cache_is_on_disk() -> None:
    """Section 4: the process ends while a slow disk syncs the saga, the next one finds it, and the machine dies."""
    faults = [
        broken("disk", "s", 0, 400, mode="slow", factor=100),
        broken("stop", "s", 20, 25),
        crash("s", 42, 300),
    ]
    story = travel([book()], faults, recovery="forward")
    assert held(story) == [1, 1, 1]
    assert min(message.sent_ns for message in story.messages("reserve")) == 300 * MS
    story = travel([book()], faults, Hasty, recovery="forward")
    assert min(message.sent_ns for message in story.messages("reserve")) == 25 * MS


def test_without_a_log_it_stays_half_done() -> None:
    story = travel([book()], [crash("s", BETWEEN, 400)], keeps_log=False)
    assert held(story)[0] == 1
    assert held(story)[2] == 0


def test_a_saga_that_was_ended_is_left_alone_after_a_crash() -> None:
    story = travel([book()], [crash("s", 200, 300)])
    assert held(story) == [1, 1, 1]
    assert not story.messages("release")


def test_a_compensation_is_asked_for_until_it_is_done() -> None:
    """Section 4: a compensation cannot fail for good."""
    story = travel([book()], [crash("hotels", 22, 700)], stocks=(10, 10, 0), settle_ms=200)
    assert story.at(690, "flights", "held") == 1
    assert held(story) == [0, 0, 0]
    assert len(story.messages("release", dst="hotels")) > 5


def test_a_lost_answer_does_not_have_a_step_done_twice() -> None:
    story = travel([book()], [cut("s-flights", 4, 50, "b-to-a")])
    assert ends(story) == ["ok"]
    assert held(story) == [1, 1, 1]
    assert len(story.messages("reserve", dst="flights")) == 2


@pytest.mark.parametrize(("remembers", "left"), [(True, [0, 0, 0]), (False, [1, 0, 0])])
def test_a_step_that_comes_after_its_compensation_is_refused(remembers: bool, left: list[int]) -> None:
    late = [{"kind": "delay", "target": "s-flights", "latency": 300, "direction": "a-to-b", "at_ms": 0, "until_ms": 10}]
    story = travel([book()], late, remembers=remembers, attempts_max=1)
    assert held(story) == left


def test_a_service_knows_after_a_crash_what_it_has_set_aside() -> None:
    story = travel([book((500, Increment("trip", 4)))], [crash(id, 200, 300) for id in SERVICES], stocks=(4, 9, 9))
    assert ends(story) == ["ok", ("fail", "sold out")]
    assert held(story) == [1, 1, 1]


def test_in_the_end_all_of_a_saga_stands_or_nothing_does() -> None:
    """Whatever fails, as long as it comes back."""
    for seed in range(4):
        load = {"requests": "increment", "rate_per_s": 40, "keys": 1, "timeout_ms": 400}
        faults = [crash("s", 200 + 31 * seed, 300), crash("hotels", 350, 380 + 20 * seed), crash("s", 600, 640)]
        faults += [lossy("s-cars", 0.3, 100, 900)]
        story = travel([client("u", **load)], faults, stocks=(25, 25, 25), settle_ms=1500, seed=seed)
        assert held(story)[0] == held(story)[1] == held(story)[2] >= 5
        assert story.states("s", "open")[-1][1] == 0


class Twice(interpreted("nodes/inventory").Inventory):  # type: ignore[misc, name-defined]
    """It does not notice that a compensation has been done already."""

    async def on_release(self, body: Release, message: Any) -> Body:
        known = self.sagas.get(body.saga)
        reply: Body = await super().on_release(body, message)
        if known is not None and not known.amount:
            self.count("trip", -1)
        return reply


def test_a_compensation_done_twice_is_found() -> None:
    faults = [lossy("s-flights", 0.5, 0)]
    for kind, same in ((Inventory, True), (Twice, False)):
        load = {"requests": "increment", "rate_per_s": 40, "keys": 1, "key_pattern": "sequential"}
        story = travel([client("u", **load)], faults, kind, stocks=(99, 9, 9), latency=exponential(3), settle_ms=1500)
        assert (len(set(held(story))) == 1) == same


def test_a_coordinator_without_services_is_doubted() -> None:
    assert Saga.doubts_beside({}, {"u": Neighbour("client", {}, False)})
    assert not Saga.doubts_beside({}, {"i": Neighbour("inventory", {}, True)})
