"""What happened before what (Lamport, CACM 21(7), 1978), by hand on a small trace; stamps have no part in it."""

from __future__ import annotations

from array import array

import pytest

from simulations.checks.clock_order import EVENTS_MAX, check_clocks, compare, events_of, pasts
from simulations.checks.finding import Finding
from simulations.engine.log import Log
from simulations.engine.logical_clocks import LOCAL, RECEIVE, SEND, Stamped
from simulations.engine.versions import Vector


def one(what: str, wall_ns: int, lamport: int, vector: Vector) -> str:
    sender, number = ("", 0) if what == LOCAL else ("a", 1)
    return Stamped(what, sender, number, wall_ns, lamport, vector).text()


# a: does something at 10, sends at 20. b: does something at 15, receives at 40. b's clock is 30 slow.
A = [(10, one(LOCAL, 10, 1, ((0, 1),))), (20, one(SEND, 20, 2, ((0, 2),)))]
B = [(15, one(LOCAL, -15, 1, ((1, 1),))), (40, one(RECEIVE, 10, 3, ((0, 2), (1, 2))))]


def log(a: list[tuple[int, str]], b: list[tuple[int, str]], arrived_ns: int = 40) -> Log:
    made = Log(nodes=["a", "b"], outcomes=["in flight", "delivered"], kinds=["letter"])
    for node, rows in enumerate((a, b)):
        made.states[node, "stamp"] = (array("q", [time for time, _ in rows]), [text for _, text in rows])
    for line, value in ((made.sent_ns, 20), (made.sent_src, 0), (made.sent_dst, 1), (made.settled_ns, arrived_ns)):
        line.append(value)
    made.settled.append(1)
    return made


def found(made: Log) -> dict[str, Finding]:
    return {finding.name: finding for finding in check_clocks(made, frozenset({"causal_delivery"}))}


def test_an_event_has_seen_what_its_process_did_and_what_messages_told() -> None:
    made = log(A, B)
    events = events_of(made)
    assert [told.event.what for told in events] == [LOCAL, LOCAL, SEND, RECEIVE]
    assert pasts(made, events) == [0, 0, 0b1, 0b111]


def test_a_message_that_came_later_tells_nothing() -> None:
    made = log(A, B, arrived_ns=41)
    assert pasts(made, events_of(made)) == [0, 0, 0b1, 0b10]
    assert found(made)["vector_clocks"].violations == 2


def test_stamps_are_held_against_it() -> None:
    figures = found(log(A, B))["lamport_clocks"].figures
    assert figures == {
        "clocks.events": 4,
        "clocks.pairs_ordered": 4,
        "clocks.pairs_concurrent": 2,
        "clocks.wall_misordered": 1,
        "clocks.lamport_misordered": 0,
        "clocks.lamport_ordered_concurrent": 1,
        "clocks.vector_concurrent": 2,
        "clocks.vector_wrong": 0,
    }


@pytest.mark.parametrize(
    ("lamport", "vector", "wrong"),
    [(2, ((0, 2), (1, 2)), (1, 0)), (3, ((1, 2),), (0, 2)), (3, ((0, 2), (1, 1)), (0, 0)), (1, ((1, 1),), (3, 3))],
)
def test_each_wrong_pair_counts(lamport: int, vector: Vector, wrong: tuple[int, int]) -> None:
    verdicts = found(log(A, [B[0], (40, one(RECEIVE, 10, lamport, vector))]))
    assert (verdicts["lamport_clocks"].violations, verdicts["vector_clocks"].violations) == wrong
    for verdict in verdicts.values():
        assert verdict.verdict == "pass" or " at 0" in verdict.explanation


def test_of_long_runs_the_beginning_is_compared() -> None:
    rows = [(time, one(LOCAL, time, time, ((0, time),))) for time in range(1, EVENTS_MAX + 50)]
    made = log(rows, [])
    events = events_of(made)
    assert len(events) == EVENTS_MAX
    assert compare(events[:100], pasts(made, events)[:100]).ordered == 100 * 99 / 2


def test_nothing_is_said_of_runs_without_clocks() -> None:
    assert check_clocks(Log(nodes=["a"]), frozenset()) == []


def test_one_event_tells_nothing() -> None:
    assert {finding.verdict for finding in found(log(A[:1], [])).values()} == {"unknown"}
