"""Chain replication (van Renesse and Schneider, OSDI 2004, "VRS04"): the way of a write, and who takes over."""

from __future__ import annotations

from typing import Any

import pytest

from simulations.engine.declare import Neighbour
from simulations.engine.node import Node
from tests.nodes.chains import ChainMaster, ChainStore, chain
from tests.nodes.stories import answers, atomic, copied, late_copies, read, write
from tests.worlds import MS, Run, crash, cut, partition

MEMBERS = ("r0", "r1", "r2")


def digests(story: Run) -> set[Any]:
    return {story.states(id, "digest")[-1][1] for id in MEMBERS}


def test_a_write_goes_down_the_chain_and_its_acknowledgement_up() -> None:
    """VRS04, section 2.2: each member sends it once."""
    story = chain({"u0": [write(500, 1)]})
    (op,) = story.operations()
    ways = [(message.kind, message.src, message.dst) for message in story.messages() if message.op == op.id]
    there, back = [("pass", "r0", "r1"), ("pass", "r1", "r2")], [("reached", "r2", "r1"), ("reached", "r1", "r0")]
    assert ways == [("write", "u0", "r0"), *there, *back, ("done", "r0", "u0")]
    assert op.takes_ms == 2 * 1 + 4 * 5 + 3 * 0.5
    assert len(digests(story)) == 1


def test_the_tail_answers_reads_and_asks_nobody() -> None:
    story = chain({"u0": [write(500, 1)], "u2": [read(600)]})
    assert answers(story) == [1]
    assert [op.takes_ms for op in story.operations(f="read")] == [2]


def test_what_is_not_yet_at_the_tail_is_read_by_nobody() -> None:
    story = chain({"u0": [write(500, 1), read(503)], "u2": [read(508)], "u1": [read(505)]})
    assert answers(story) == [None, None, None]


def test_any_member_takes_any_request() -> None:
    story = chain({"u1": [write(500, 1), read(600)], "u2": [write(700, 2)], "u0": [read(800)]})
    assert answers(story, f="write") == ["ok", "ok"]
    assert answers(story) == [1, 2]


@pytest.mark.parametrize("dead", MEMBERS)
def test_whoever_dies_is_left_out_and_nothing_is_lost(dead: str) -> None:
    """VRS04, section 3: failure of the head, of the tail, of another."""
    steps = {f"u{n}": [write(500, 1), read(1600), write(1700, 2), read(1800)] for n in range(3) if f"r{n}" != dead}
    story = chain(dict(list(steps.items())[:1]), [crash(dead, 1000)])
    left = [id for id in MEMBERS if id != dead]
    assert story.at(1500, "m", "order") == " → ".join(left)
    assert answers(story, f="write") == ["ok", "ok"]
    assert answers(story) == [1, 2]


def test_the_predecessor_sends_on_what_the_dead_one_had_not() -> None:
    """VRS04, section 3.2: what was sent and is not acknowledged is sent again."""
    story = chain({"u0": [write(999, 1)], "u2": [read(1600)]}, [crash("r1", 1001)])
    assert answers(story, f="write") == ["ok"]
    assert answers(story) == [1]
    assert [message.dst for message in story.messages(kind="pass", src="r0")][-1] == "r2"


def test_a_dead_heads_write_that_nobody_got_is_gone_everywhere() -> None:
    """It was never acknowledged; when the old head is back, at the end of the chain, it drops it."""
    steps = {"u0": [write(1000, 1)], "u1": [write(1500, 2)], "u2": [read(2800)]}
    faults = [partition([["r0"], ["r1", "r2"]], 990, 1100), crash("r0", 1005, 2000)]
    story = chain(steps, faults)
    assert answers(story, "u0", "write") == ["timed out"]
    assert answers(story) == [2]
    assert story.at(2800, "m", "order") == "r1 → r2 → r0"
    assert len(digests(story)) == 1


def test_who_comes_back_with_more_than_the_others_drops_it() -> None:
    """What the old head alone had is in no chain, though nothing was written since."""
    faults = [partition([["r0"], ["r1", "r2"]], 990, 1100), crash("r0", 1005, 2000)]
    story = chain({"u1": [write(500, 1)], "u0": [write(1000, 2)], "u2": [read(2800)]}, faults)
    assert [length for _, length in story.states("r0", "length") if length is not None][-2:] == [2, 1]
    assert answers(story) == [1]
    assert len(digests(story)) == 1


def test_who_comes_back_is_the_tail_once_it_has_what_it_lacks() -> None:
    steps = {"u0": [write(1400 + 2 * number, number + 1, f"k{number % 9}") for number in range(300)]}
    story = chain(steps | {"u1": [read(2700, "k8")]}, [crash("r1", 1000, 2200)])
    assert story.at(2700, "m", "order") == "r0 → r2 → r1"
    assert [text for _, text in story.notes("r1")] == ["has caught up"]
    assert len(digests(story)) == 1
    assert answers(story) == [297]


def test_lost_messages_are_sent_again() -> None:
    steps = {"u0": [write(500 + 20 * number, number + 1) for number in range(20)], "u2": [read(2500)]}
    story = chain(steps, loss=0.3)
    assert story.drops()["lost"] > 10
    assert answers(story) == [20]


def test_a_tail_that_is_given_up_answers_no_reads() -> None:
    """It cannot know that it is given up. The paper takes it that who is silent has stopped."""
    faults = [partition([["r2", "v2"], ["r0", "r1", "m", "u0"]], 1000, 2500)]
    steps = {"u0": [write(500, 1), write(1600, 2), read(1700)], "v2": [read(1100), read(1800)]}
    story = chain(steps, faults)
    assert answers(story, "v2") == [1, "no lease"]
    assert answers(story, "u0") == [2]
    assert atomic(story)
    overdue = chain(steps, faults, lease_ms=5000)
    assert answers(overdue, "v2") == [1, 1]
    assert not atomic(overdue)


def test_while_the_master_is_down_writes_go_on_and_reads_do_not() -> None:
    steps = {"u0": [write(1500, 1), read(1600), read(2500)]}
    assert answers(chain(steps, [crash("m", 1000, 2000)])) == ["no lease", 1]
    assert answers(chain(steps, [crash("m", 1000, 2000)]), f="write") == ["ok"]


def test_the_last_that_has_everything_is_never_left_out() -> None:
    """r2 is back before it has anything; then all the others die."""
    faults = [crash("r2", 800, 1700), cut("m-r2", 1690, 1710), crash("r0", 1500), crash("r1", 1760, 2400)]
    story = chain({"u0": [write(500, 1)], "u1": [read(2800)]}, faults)
    assert answers(story) == [1]


def test_after_a_crash_of_all_what_was_done_is_there() -> None:
    faults = [crash(id, 1000, 1200 + 100 * place) for place, id in enumerate((*MEMBERS, "m"))]
    story = chain({"u0": [write(500, 1)], "u2": [read(2500)]}, faults)
    assert answers(story) == [1]
    assert len(digests(story)) == 1


def test_a_lease_as_long_as_the_masters_patience_is_doubted() -> None:
    params = {"silence_ms": 300, "ping_ms": 50}
    assert ChainMaster.doubts_beside(params, {"r": Neighbour(ChainStore.TYPE, {"lease_ms": 300}, True)})
    assert not ChainMaster.doubts_beside(params, {"r": Neighbour(ChainStore.TYPE, {"lease_ms": 200}, True)})
    assert ChainMaster.doubts(params | {"silence_ms": 50}, frozenset())


class Unnamed(ChainStore):  # type: ignore[misc, valid-type]
    """The head puts in whatever comes."""

    async def on_forward(self, body: Any, message: Any) -> Any:
        return await self.change(body.request, message)


def copied_late(kind: type[Node], seed: int) -> Run:
    """Two writes and a read, again and again, by a member that is not the head; links double and delay them."""
    steps, faults = late_copies("cluster:chain")
    return chain({"u1": steps}, faults, kind=kind, seed=seed)


def test_a_copy_of_what_was_forwarded_brings_no_old_value_back() -> None:
    seeds = (1, 7, 8)
    for story in [copied_late(ChainStore, seed) for seed in seeds]:
        assert len(story.messages("forward", outcome="delivered")) > 50
        assert {op.end for op in story.operations()} == {("ok", "")}
        assert atomic(story)
    assert not all(atomic(copied_late(Unnamed, seed)) for seed in seeds)


class Forgetful(ChainStore):  # type: ignore[misc, valid-type]
    """It knows what it has put in until it crashes."""

    def start(self) -> None:
        super().start()
        self.taken = {}


def test_a_head_that_was_away_for_a_moment_knows_what_it_had_put_in() -> None:
    """r1 forwards a write to the head, which restarts before the master misses it; a copy comes after a later write."""
    faults = [*copied("chain:r0-r1", 500.5, 700), crash("r0", 600, 610)]
    steps = {"u1": [write(500, 1), write(900, 2), read(1500)]}
    found = {}
    for kind in (ChainStore, Forgetful):
        story = chain(steps, faults, kind=kind, seed=2)
        came = sorted(sent.settled_ns // MS for sent in story.messages("forward", outcome="delivered"))
        assert came == [506, 906, 1206]
        assert story.at(1500, "m", "order") == "r0 → r1 → r2"
        found[kind] = answers(story)
    assert found == {ChainStore: [2], Forgetful: [1]}
