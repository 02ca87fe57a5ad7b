"""Sets and maps in the multi-leader store: carts that merge, and carts that are written as a whole.

Observed-remove sets: Shapiro, Preguiça, Baquero, Zawirski, INRIA RR-7506, 2011, section 3.3.5. Carts whose siblings are
taken together: DeCandia et al., "Dynamo", SOSP 2007, section 4.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest

from simulations.checks.history import registers
from simulations.engine.crdt_sets import ObservedSet, united
from simulations.engine.declare import Neighbour
from simulations.engine.edits import Edit
from simulations.engine.node import Node
from simulations.engine.tasks import Failure
from simulations.nodes.client import Client
from tests.hosts import broken
from tests.nodes.leaderless import last, log_of, published
from tests.nodes.test_multi_leader import CONFLICTS, SPLIT, MultiLeader, behind
from tests.worlds import (
    MS,
    Actor,
    Entry,
    Run,
    actor,
    client,
    crash,
    database,
    exponential,
    link,
    mesh,
    node,
    partition,
    run,
    world,
)

Change = tuple[float, str, str, int]  # at ms, which, of what, value


def add(at_ms: float, element: str) -> Change:
    return at_ms, "add", element, 0


def remove(at_ms: float, element: str) -> Change:
    return at_ms, "remove", element, 0


def put(at_ms: float, field: str, value: int) -> Change:
    return at_ms, "set", field, value


def shopper(id: str, store: str, changes: Sequence[Change]) -> Entry:
    async def main(me: Actor) -> None:
        for at_ms, change, element, value in changes:
            await me.sleep(int(at_ms * MS) - me.now_ns)
            with suppress(Failure):
                await me.call(store, Edit("x", change, element, value), 50)

    return actor(id, main)


def carts(
    users: Mapping[str, Sequence[Change]],
    faults: Iterable[Entry] = (SPLIT,),
    kind: type[Node] = MultiLeader,
    **params: Any,
) -> Run:
    """Members r0, r1 and r2, r0 cut off from 100 to 900 ms; u0 asks r0, u1 asks r1."""
    ids = ["r0", "r1", "r2"]
    nodes = [shopper(id, f"r{id[1]}", changes) for id, changes in users.items()]
    nodes += [node(kind, id, **params) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users]
    return run(world(nodes, links, [mesh(ids, 5)], faults, 2000), kind)


def together(story: Run) -> str:
    """The cart in the end, siblings taken together, on which all members agree."""
    (shown,) = set(last(story, "value", 3))
    items = {item for sibling in shown.removeprefix("x = ").split(" | ") for item in sibling.strip("{}").split(", ")}
    return " ".join(sorted(items))


@pytest.mark.parametrize(
    ("conflicts", "cart", "lost", "returned"),
    [("wall-clock", "milk tea", 1, 1), ("siblings", "bread milk tea", 0, 1), ("crdt", "bread tea", 0, 0)],
)
def test_what_becomes_of_a_cart_that_two_change_at_once(conflicts: str, cart: str, lost: int, returned: int) -> None:
    """One side adds bread and removes milk, the other one, later, adds tea."""
    changes = {"u0": [add(10, "milk"), add(200, "bread"), remove(250, "milk")], "u1": [add(300, "tea")]}
    story = carts(changes, conflicts=conflicts)
    assert together(story) == cart
    assert (published(story, "multi.lost_elements"), published(story, "multi.returned")) == (lost, returned)


@pytest.mark.parametrize("conflicts", CONFLICTS)
def test_what_is_removed_by_one_who_has_seen_it_is_gone_everywhere(conflicts: str) -> None:
    story = carts({"u0": [add(10, "milk"), add(20, "tea")], "u1": [remove(60, "milk")]}, (), conflicts=conflicts)
    assert together(story) == "tea"
    assert published(story, "multi.lost_elements") == published(story, "multi.returned") == 0


@pytest.mark.parametrize(("conflicts", "cart", "won"), [("crdt", "milk tea", 1), ("wall-clock", "tea", 0)])
def test_who_adds_again_what_another_removes_at_once_keeps_it(conflicts: str, cart: str, won: int) -> None:
    """Section 3.3.5: the addition has a tag that the removal has not seen. By the clock the later change wins."""
    changes = {"u0": [add(10, "milk"), add(20, "tea"), add(200, "milk")], "u1": [remove(300, "milk")]}
    story = carts(changes, conflicts=conflicts)
    assert together(story) == cart
    assert published(story, "multi.add_won") == won


def test_who_takes_out_and_puts_in_again_wins_against_nobody() -> None:
    changes = {"u0": [add(10, "milk")], "u1": [remove(60, "milk"), add(62, "milk")]}
    story = carts(changes, (), conflicts="crdt", collect_ms=20)
    assert together(story) == "milk"
    assert published(story, "multi.add_won") == 0


@pytest.mark.parametrize(
    ("conflicts", "profile", "lost"), [("wall-clock", "street: 2", 1), ("crdt", "name: 1 street: 2", 0)]
)
def test_two_who_set_different_fields_of_a_map(conflicts: str, profile: str, lost: int) -> None:
    story = carts({"u0": [put(200, "name", 1)], "u1": [put(300, "street", 2)]}, conflicts=conflicts)
    assert together(story) == profile
    assert published(story, "multi.lost_elements") == lost


def test_two_who_set_one_field_at_once_leave_both_values_until_somebody_has_seen_them() -> None:
    changes = {"u0": [put(200, "name", 1)], "u1": [put(300, "name", 2)]}
    assert together(carts(changes, conflicts="crdt")) == "name: 1/2"
    assert together(carts({**changes, "v1": [put(1500, "name", 3)]}, conflicts="crdt")) == "name: 3"


def test_a_field_that_one_removes_while_another_sets_it_stays_as_it_was_set() -> None:
    """Section 3.3.5: what the removal has seen is gone, what was set meanwhile it has not seen."""
    changes = {"u0": [put(10, "name", 1), put(20, "street", 2), put(200, "name", 3)], "u1": [remove(300, "name")]}
    story = carts(changes, conflicts="crdt")
    assert together(story) == "name: 3 street: 2"
    changes = {"u0": [put(10, "name", 1), put(20, "street", 2)], "u1": [remove(60, "name")]}
    story = carts(changes, (), conflicts="crdt")
    assert together(story) == "street: 2"
    assert published(story, "multi.lost_elements") == published(story, "multi.returned") == 0


@pytest.mark.parametrize("conflicts", CONFLICTS)
def test_a_cart_outlives_a_crash(conflicts: str) -> None:
    changes = {"u0": [add(200, "milk"), add(210, "tea"), remove(220, "tea")]}
    story = carts(changes, [SPLIT, crash("r0", 300, 950)], conflicts=conflicts)
    assert story.states("r1", "value")[-1][1] == "x = {milk}"
    assert len(set(last(story, "digest", 3))) == 1


class Forgetful(MultiLeader):  # type: ignore[misc]
    """Merges what is there, and not what was removed."""

    def merge(self, key: str, collection: ObservedSet) -> None:
        held = self.entries(key)
        self.set_collection(key, ObservedSet(united((held, collection.entries)), ()))


def market(conflicts: str, seed: int = 1, kind: type[Node] = MultiLeader, requests: str = "sets") -> Run:
    """Three clients change two carts through a partition, crashes, loss and a clock that is behind."""
    ids = ["r0", "r1", "r2"]
    load = {"rate_per_s": 25, "keys": 2, "elements": 4, "timeout_ms": 200}
    nodes = [client(f"c{n}", requests=requests, own_elements=requests == "maps", **load) for n in range(3)]
    nodes += [node(kind, id, conflicts=conflicts, fsync_time=exponential(1), timeout_ms=100) for id in ids]
    faults = [partition([["r0"], ["r1", "r2"]], 200, 600), crash("r2", 300, 500), crash("r0", 750, 800)]
    links = [link(f"c{n}", f"r{n}") for n in range(3)]
    changes = [*faults, behind("r1", 300)]
    return run(world(nodes, links, [mesh(ids, exponential(10), 0.05)], changes, 1000, 4000, seed), kind)


@pytest.mark.parametrize("requests", ["sets", "maps"])
def test_what_merges_loses_nothing_through_faults_of_every_kind(requests: str) -> None:
    for conflicts in CONFLICTS:
        stories = [market(conflicts, seed, requests=requests) for seed in range(2)]
        assert all(len(set(last(story, "digest", 3))) == 1 for story in stories)
        assert all(story.ends("c1") == {("ok", ""): len(story.operations("c1"))} for story in stories)
        lost = sum(published(story, "multi.lost_elements") for story in stories)
        returned = sum(published(story, "multi.returned") for story in stories)
        assert (lost > 0) is (conflicts == "wall-clock")
        assert returned == 0 or conflicts != "crdt"
        assert returned > 0 or conflicts != "siblings"


def test_a_set_that_forgets_what_was_removed_is_found_out() -> None:
    assert published(market("crdt", kind=Forgetful), "multi.returned") > 0


def test_changes_are_no_reads_and_writes_of_a_register() -> None:
    story = market("crdt")
    assert {op.f for op in story.operations()} == {"add", "remove"}
    assert not registers(log_of(story).operations.values())


def test_others_do_not_understand_and_the_document_is_doubted() -> None:
    story = run(world([client("c", requests="sets"), database("d")], [link("c", "d")], (), (), 500))
    assert set(story.ends("c")) == {("fail", "not understood")}
    asked = {"d": Neighbour("database", {}, True)}
    assert Client.doubts_beside({"requests": "maps"}, asked)
    assert not Client.doubts_beside({"requests": "increment"}, asked)
    assert not Client.doubts_beside({"requests": "sets"}, {"m": Neighbour("multi-leader", {}, True)})


def test_what_loses_at_once_against_a_clock_ahead_is_counted_as_well() -> None:
    """Acknowledged by a member whose clock is behind, and never there: an addition, and a removal."""
    story = carts({"u0": [add(10, "milk")], "u1": [add(60, "tea")]}, [behind("r1", 500)], conflicts="wall-clock")
    assert together(story) == "milk"
    assert (published(story, "multi.lost_elements"), published(story, "multi.returned")) == (1, 0)
    story = carts({"u0": [add(10, "milk")], "u1": [remove(60, "milk")]}, [behind("r1", 500)], conflicts="wall-clock")
    assert together(story) == "milk"
    assert (published(story, "multi.lost_elements"), published(story, "multi.returned")) == (0, 1)


def test_a_removal_that_a_full_disk_refused_is_none() -> None:
    """r0 removes the milk, r1 could not, and r2, cut off, brings it back to both: to r0 alone it has returned."""
    changes = {"u0": [add(10, "milk"), remove(200, "milk")], "u1": [remove(150, "milk")], "u2": [add(300, "tea")]}
    alone = partition([["r0", "r1"], ["r2"]], 100, 900)
    full = broken("disk", "r1", 120, 180, mode="full", factor=1, checksums=True)
    story = carts(changes, [alone, full], conflicts="wall-clock")
    assert together(story) == "milk tea"
    assert published(story, "multi.returned") == 1
