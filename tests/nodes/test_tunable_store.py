"""The tunable store: what each of four consistency models lets clients see.

Lamport, IEEE Transactions on Computers 28(9), 1979; Herlihy and Wing, TOPLAS 12(3), 1990; Attiya and Welch, TOCS 12(2),
1994; Ahamad et al., Distributed Computing 9(1), 1995; Vogels, CACM 52(1), 2009.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from simulations.checks.causal import check_causal
from simulations.checks.finding import Finding
from simulations.checks.history import registers
from simulations.checks.registers import check_linearizability
from simulations.checks.sequential import check_sequential
from simulations.engine.node import Node
from tests.nodes.leaderless import last, log_of, published
from tests.nodes.stories import Step, answers, atomic, read, user, write
from tests.worlds import (
    Entry,
    Run,
    client,
    crash,
    exponential,
    interpreted,
    link,
    lossy,
    mesh,
    node,
    partition,
    run,
    world,
)

TunableStore = interpreted("nodes/tunable_store").TunableStore
MODELS = ["linearizable", "sequential", "causal", "eventual"]
ALONE = partition([["r0"], ["r1", "r2"]], 100, 900)


def store(
    users: Mapping[str, Sequence[Step]],
    faults: Iterable[Entry] = (),
    slow: bool = False,
    kind: type[Node] = TunableStore,
    **params: Any,
) -> Run:
    """Members r0 (the sequencer), r1 and r2; users u0, v0, u1… each ask the member of the same number, over a link of
    1 ms. Members are 5 ms apart; where it is slow, r0 and r2 are 200 ms apart.
    """
    ids = ["r0", "r1", "r2"]
    nodes = [user(id, f"r{id[1]}", steps) for id, steps in users.items()] + [node(kind, id, **params) for id in ids]
    links = [link(id, f"r{id[1]}") for id in users] + ([link("r0", "r2", 200)] if slow else [])
    return run(world(nodes, links, [mesh(ids, 5)], faults, 2000, 500), kind)


def taken_ms(consistency: str, member: int) -> list[float]:
    """How long a write and then a read take at a member when nothing else goes on; an fsync takes 0.5 ms."""
    story = store({f"u{member}": [write(100, 1), read(200)]}, consistency=consistency)
    return [op.takes_ms for op in story.operations()]


def test_each_model_costs_what_its_answers_wait_for() -> None:
    """Linearizable: both cost a round trip to the sequencer; sequential: reads are free; weaker ones: both."""
    assert taken_ms("linearizable", 1) == [2 + 10 + 0.5 + 0.5, 2 + 10]
    assert taken_ms("sequential", 1) == [2 + 10 + 0.5 + 0.5, 2]
    assert taken_ms("causal", 1) == taken_ms("eventual", 1) == [2.5, 2]
    assert taken_ms("linearizable", 0) == taken_ms("sequential", 0) == [2.5, 2]


class Local(TunableStore):  # type: ignore[misc, valid-type]
    """Answers reads from its own copy without asking how far the order has come."""

    async def ask(self, write: Any) -> None:
        if write is not None:
            await super().ask(write)


@pytest.mark.parametrize(
    ("kind", "consistency", "found"),
    [(TunableStore, "linearizable", 1), (Local, "linearizable", None), (TunableStore, "sequential", None)],
)
def test_only_a_linearizable_read_sees_every_write_that_has_ended(
    kind: type[Node], consistency: str, found: int | None
) -> None:
    """Herlihy and Wing, 1990."""
    steps = {"u0": [write(100, 1)], "u2": [read(110)], "v2": [read(1900)]}
    story = store(steps, slow=True, kind=kind, consistency=consistency)
    assert answers(story) == [found, 1]
    assert atomic(story) is (found is not None)


@pytest.mark.parametrize(("consistency", "missed"), [("sequential", 1), ("causal", 2)])
def test_only_without_an_order_two_who_write_both_miss_what_the_other_wrote(consistency: str, missed: int) -> None:
    """In one order of all, one of the two writes is first, and who made the second sees it (Attiya and Welch, 1994)."""
    at_ms = 114.0 if consistency == "sequential" else 103.0  # each has its answer
    steps = {"u1": [write(100, 1, "x"), read(at_ms, "y")], "u2": [write(100, 2, "y"), read(at_ms, "x")]}
    assert answers(store(steps, consistency=consistency)).count(None) <= missed
    assert (answers(store(steps, consistency=consistency)) == [None, None]) is (missed == 2)


class Hasty(TunableStore):  # type: ignore[misc, valid-type]
    """Takes what arrives at once, whatever has to be before it."""

    def is_due(self, update: Any) -> bool:
        return True


@pytest.mark.parametrize(
    ("kind", "consistency", "seen"),
    [(TunableStore, "causal", None), (Hasty, "causal", 2), (TunableStore, "eventual", 2)],
)
def test_an_answer_waits_for_its_question_where_causes_count(
    kind: type[Node], consistency: str, seen: int | None
) -> None:
    """Ahamad et al., 1995. Who has seen the question answers it; at r2 the answer arrives first, by way of r1."""
    steps = {
        "u0": [write(100, 1, "question")],
        "u1": [read(120, "question"), write(130, 2, "answer")],
        "u2": [read(200, "answer"), read(210, "question"), read(900, "answer"), read(910, "question")],
    }
    story = store(steps, slow=True, kind=kind, consistency=consistency)
    assert answers(story, "u1") == [1]
    assert answers(story, "u2") == [seen, None, 2, 1]
    assert published(story, "tunable.held_back") == (seen is None)


@pytest.mark.parametrize("consistency", MODELS)
def test_members_agree_after_a_partition(consistency: str) -> None:
    steps = {
        "u0": [write(200, 1), write(210, 2, "y")],
        "u1": [write(220, 3), read(250)],
        "u2": [write(230, 4, "z")],
        "v0": [read(250)],
        "v1": [read(2400)],
    }
    story = store(steps, [ALONE], consistency=consistency)
    assert len(set(last(story, "digest", 3))) == 1
    if consistency in ("causal", "eventual"):
        assert answers(story, f="write") == ["ok"] * 4
        assert [answers(story, id) for id in ("u1", "v0", "v1")] == [[3], [1], [3]]
    else:
        assert answers(story, "u1", "write") == ["timed out"]
        assert answers(story, "v0") == [1]


def test_a_linearizable_read_is_refused_without_the_sequencer_and_a_sequential_one_answered() -> None:
    steps = {"u0": [write(50, 1)], "u1": [read(200)]}
    assert answers(store(steps, [ALONE], consistency="linearizable")) == ["timed out"]
    assert answers(store(steps, [ALONE], consistency="sequential")) == [1]


def test_a_write_that_is_refused_for_want_of_an_answer_may_have_taken_effect() -> None:
    story = store({"u1": [write(93, 1)], "v1": [read(2300)]}, [ALONE], consistency="linearizable")
    assert [(op.type, op.error) for op in story.operations(f="write")] == [("info", "timed out")]
    assert answers(story) == [1]


class Forgetful(TunableStore):  # type: ignore[misc, valid-type]
    """Acknowledges what is not on its disk."""

    async def sync(self) -> None:
        self.durable = len(self.own)
        self.disk.cached.clear()


@pytest.mark.parametrize("consistency", MODELS)
def test_what_was_acknowledged_outlives_a_crash_and_reaches_the_others(consistency: str) -> None:
    steps = {"u0": [write(110, 1)], "u1": [read(2300)]}
    faults = [ALONE, crash("r0", 150, 300)]
    assert answers(store(steps, faults, consistency=consistency)) == [1]
    assert answers(store(steps, faults, kind=Forgetful, consistency=consistency)) == [None]


@pytest.mark.parametrize("consistency", MODELS)
def test_what_a_crash_takes_before_it_was_on_disk_has_been_no_update(consistency: str) -> None:
    """Its number is given anew, and nobody has heard of the first that had it."""
    faults = [crash("r0", 20, 30), crash("r0", 150, 200)]
    story = store({"u0": [write(100, 1), write(300, 2)]}, faults, fsync_time=100, consistency=consistency)
    words = [str(shown).split(" = ") for id in ("r0", "r1", "r2") for _, shown in story.states(id, "update") if shown]
    assert {change for _, change in words} == {"x := 2"}
    assert len({name for name, _ in words}) == 1


def judged(consistency: str, seed: int) -> dict[str, Finding]:
    """Six users on three keys, through a partition, a crash and loss, as three checks see them."""
    ids = ["r0", "r1", "r2"]
    load = {"arrivals": "closed", "users": 2, "think_time": exponential(40), "requests": "read-write", "keys": 3}
    nodes = [client(f"c{n}", **load, timeout_ms=300) for n in range(3)]
    settings = {"consistency": consistency, "timeout_ms": 60, "fsync_time": exponential(1)}
    nodes += [node(TunableStore, id, **settings) for id in ids]
    faults = [partition([["r0", "r1"], ["r2"]], 300, 500), crash("r1", 600, 700), crash("r0", 800, 850)]
    faults.append(lossy("r0-r2", 0.2, 0, 1000))
    links = [link(f"c{n}", f"r{n}") for n in range(3)] + [link("r0", "r2", exponential(60))]
    story = run(world(nodes, links, [mesh(ids, exponential(10))], faults, 1000, 1500, seed), TunableStore)
    histories = registers(log_of(story).operations.values())
    found = [check_linearizability(histories), check_sequential(histories), check_causal(histories)]
    assert len(set(last(story, "digest", 3))) == 1
    return {one.name: one for one in found}


def test_each_model_is_kept_through_faults() -> None:
    assert judged("linearizable", 0)["linearizability"].verdict == "pass"
    assert judged("sequential", 1)["sequential"].verdict == "pass"
    assert judged("causal", 2)["causal"].verdict == "pass"
    judged("eventual", 3)
