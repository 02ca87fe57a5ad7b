"""Declared rules: by hand on small traces, against a look at every moment, and on nodes with planted bugs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.catalogue import check_titles, describe, node_types, rules_of
from simulations.checks.finding import DEFINITIONS, TITLES, Finding
from simulations.checks.invariants import KINDS, check_invariants
from simulations.document import validate
from simulations.engine.declare import Invariant
from simulations.engine.log import Log
from simulations.engine.node import Node
from simulations.engine.simulation import Limits, Simulation
from simulations.engine.trace import decode
from simulations.nodes.register import Register
from simulations.report import record, report
from tests.checks.histories import MS
from tests.checks.test_metrics import STORE, chunk
from tests.worlds import crash, node, world

LEADER = Invariant("one_leader", "One leader a term", "Never two.", "one-per-term", ("role", "term"), "leader")
GROWS = Invariant("term_grows", "Terms grow", "Never back.", "monotonic", ("term",), durable=True)
COMMITS = Invariant("commit_grows", "Commits stay", "Never back.", "monotonic", ("commit",))
SAME = Invariant("same_log", "Logs agree", "Never two values.", "agreement", ("decided",))
LOCK = Invariant("one_holder", "One holder", "Never two.", "one-holder", ("holds",))
WHOLE = Invariant("whole", "Complete", "Leaders hold all.", "completeness", ("role", "held", "decided"), "leader")
NODES = ["c", "s-1", "s-2"]


def judged(rule: Invariant, *state: tuple[int, int, str, Any]) -> Finding:
    """What a rule finds in rows of (ms, node, field, value)."""
    log = Log(watched=frozenset(rule.fields))
    rows = [(time * MS, number, field, value) for time, number, field, value in state]
    log.add(chunk(1000, [{}, {}, {}], state=rows))
    return check_invariants(log, [((rule,), NODES)])[0]


def leads(time: int, number: int, term: int) -> list[tuple[int, int, str, Any]]:
    return [(time, number, "term", term), (time, number, "role", "leader")]


def test_two_leaders_of_one_term_are_found_and_of_two_terms_are_not() -> None:
    sound = [*leads(1, 0, 1), *leads(5, 1, 2), (9, 0, "role", "follower")]
    assert judged(LEADER, *sound).verdict == "pass"
    finding = judged(LEADER, *sound, *leads(20, 2, 2))
    assert (finding.verdict, finding.violations, finding.at_ns) == ("fail", 1, 20 * MS)
    assert finding.explanation == "In term 2 s-1 (from 5 ms) and s-2 (from 20 ms) were both leader."
    assert finding.as_dict()["title"] == "One leader a term"


def test_a_node_that_takes_up_a_later_term_may_step_down_in_the_same_moment() -> None:
    down = [(7, 0, "term", 2), (7, 0, "role", "follower")]
    assert judged(LEADER, *leads(1, 0, 1), *leads(5, 1, 2), *down).verdict == "pass"
    late = [(7, 0, "term", 2), (8, 0, "role", "follower")]
    assert judged(LEADER, *leads(1, 0, 1), *leads(5, 1, 2), *late).verdict == "fail"


def test_without_a_leader_nothing_is_said() -> None:
    finding = judged(LEADER, (1, 0, "role", "follower"), (1, 0, "term", 1))
    assert (finding.verdict, finding.violations) == ("unknown", None)
    for rule in (GROWS, COMMITS, SAME, LOCK, WHOLE):
        assert judged(rule).verdict == "unknown"


def test_what_is_durable_survives_a_crash_and_the_rest_begins_anew() -> None:
    restart = [(1, 0, "term", 5), (1, 0, "commit", 5), (2, 0, "term", None), (2, 0, "commit", None)]
    assert judged(COMMITS, *restart, (3, 0, "commit", 1)).verdict == "pass"
    finding = judged(GROWS, *restart, (3, 0, "term", 4))
    assert finding.violations == 1
    assert finding.explanation == "term of c fell from 5, which it was from 1 ms on, to 4 at 3 ms."
    assert judged(GROWS, *restart, (3, 0, "term", 5)).verdict == "pass"
    assert judged(COMMITS, (1, 0, "commit", 2), (2, 0, "commit", 1)).verdict == "fail"


def test_decisions_under_one_key_are_the_same_for_ever() -> None:
    sound = [(1, 0, "decided", "1 = a"), (1, 0, "decided", "2 = b"), (4, 1, "decided", "1 = a")]
    assert judged(SAME, *sound).verdict == "pass"
    finding = judged(SAME, *sound, (9, 2, "decided", "2 = c"))
    assert (finding.violations, finding.at_ns) == (1, 9 * MS)
    assert finding.explanation == "c showed decided b for 2 at 1 ms, s-2 c at 9 ms."
    assert judged(SAME, (1, 0, "decided", 7), (2, 1, "decided", 8)).verdict == "fail"


def test_a_lock_may_pass_on_in_a_moment_but_not_be_held_by_two() -> None:
    taken = [(1, 0, "holds", True), (5, 1, "holds", True), (5, 0, "holds", False)]
    assert judged(LOCK, *taken).verdict == "pass"
    finding = judged(LOCK, taken[0], (4, 1, "holds", True), taken[2])
    assert finding.explanation == "At 4 ms c (from 1 ms) and s-1 (from 4 ms) both showed holds."
    assert judged(LOCK, taken[0], (3, 0, "holds", None), (4, 1, "holds", True)).verdict == "pass"


def test_a_leader_holds_the_last_decision_that_was_shown_before() -> None:
    decided = [
        (1, 0, "held", "1/1 = a"),
        (1, 0, "held", "2/1 = b"),
        (3, 0, "decided", "1 = a"),
        (3, 0, "decided", "2 = b"),
    ]
    assert judged(WHOLE, *decided).verdict == "unknown"
    assert judged(WHOLE, *decided, (2, 1, "role", "leader")).verdict == "unknown"
    both = [(2, 1, "held", "1/1 = a"), (2, 1, "held", "2/1 = b")]
    assert judged(WHOLE, *decided, *both, (9, 1, "role", "leader")).verdict == "pass"
    finding = judged(WHOLE, *decided, both[0], (9, 1, "role", "leader"))
    assert finding.violations == 1
    words = "s-1 was leader at 9 ms and held nothing at 2, for which c had shown decided b at 3 ms."
    assert finding.explanation == words
    for lost in ((4, 1, "held", "1/3 = x"), (4, 1, "held", None), (4, 1, "held", "2/3 = x")):
        assert judged(WHOLE, *decided, *both, lost, (9, 1, "role", "leader")).verdict == "fail"
    restored = [(4, 1, "held", None), (4, 1, "held", "3/1 = c")]  # what came before is compacted
    assert judged(WHOLE, *decided, *both, *restored, (9, 1, "role", "leader")).verdict == "pass"


ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 2), st.sampled_from(["role", "term", "holds"]), st.integers(0, 2)),
    max_size=14,
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(ROWS)
def test_agrees_with_a_look_at_every_moment(rows: list[tuple[int, int, str, int]]) -> None:
    """The reference: the whole state at the end of every millisecond."""
    rows.sort(key=lambda row: row[0])
    rule = Invariant("x", "x", "x", "one-per-term", ("role", "term"), 1)
    lock = Invariant("x", "x", "x", "one-holder", ("holds",), 1)
    leaders: dict[int, set[int]] = {}
    crowded = fell = False
    state: dict[tuple[int, str], int] = {}
    for time in range(10):
        before = dict(state)
        state |= {(number, field): value for at, number, field, value in rows if at == time}
        for number in range(3):
            if state.get((number, "role")) == 1 and (number, "term") in state:
                leaders.setdefault(state[number, "term"], set()).add(number)
            fell |= state.get((number, "term"), 9) < before.get((number, "term"), 0)
        crowded |= sum(state.get((number, "holds")) == 1 for number in range(3)) > 1
    assert (judged(rule, *rows).violations or 0) == sum(1 for holders in leaders.values() if len(holders) > 1)
    assert (judged(lock, *rows).verdict == "fail") is crowded
    assert (judged(GROWS, *rows).verdict == "fail") is fell


class Candidate(Node):
    """Leads from its first moment on, in a term that counts its incarnations; honest ones ask for leave first."""

    TYPE = "candidate"
    INVARIANTS = (LEADER, GROWS)

    def start(self) -> None:
        leads = self.boolean("bug") or self.host.index == 0
        self.show("term", 1 + self.incarnation)
        self.show("role", "leader" if leads else "follower")


def candidates(bug: bool, faults: Sequence[dict[str, Any]] = ()) -> dict[str, Finding]:
    nodes = [node(Candidate, f"n{number}") for number in range(3)]
    for one in nodes:
        one["params"] = {"bug": bug}
    document = world(nodes, [], faults=faults, duration_ms=100)
    log = Log(watched=frozenset({"role", "term"}))
    for part in Simulation(document, {"candidate": Candidate}, Limits()).chunks():
        log.add(decode(part.data))
    return {one.name: one for one in check_invariants(log, [(Candidate.INVARIANTS, ["n0", "n1", "n2"])])}


def test_a_planted_bug_is_found_with_names_and_times() -> None:
    assert {one.verdict for one in candidates(False, [crash("n1", 20, 40)]).values()} == {"pass"}
    found = candidates(True, [crash("n1", 20, 40)])
    assert found["one_leader"].explanation.startswith("In term 1 n0 (from 0 ms) and n1 (from 0 ms) and n2 (from 0 ms)")
    assert found["term_grows"].verdict == "pass"


def test_every_check_has_words_in_the_catalogue() -> None:
    assert set(DEFINITIONS) == set(TITLES)
    assert {check["name"] for check in describe()["checks"]} == set(TITLES)


def test_declared_rules_have_names_and_kinds_of_their_own() -> None:
    for node_type in node_types().values():
        for rule in node_type.INVARIANTS:
            assert rule.kind in KINDS
            assert re.fullmatch("[a-z][a-z_]*", rule.name)
            assert rule.name not in TITLES
            assert check_titles()[rule.name] == rule.title


def test_rules_hold_within_each_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Invariant("keys_grow", "Keys stay", "The number of keys never falls.", "monotonic", ("keys",), durable=True)
    monkeypatch.setattr(Register, "INVARIANTS", (rule,))
    claim = {"claim": "x", "left": {"metric": "checks.keys_grow.violations"}, "op": "==", "right": 0}
    document = validate(STORE | {"expect": [claim]})
    assert rules_of(document.physical()) == [((rule,), ["r-1", "r-2", "r-3"])]
    told = report(document)
    assert told["expect"][0]["ok"]
    assert told["checks"][-1]["title"] == "Keys stay"
    assert record(document.physical(), Limits()).metrics()["checks.keys_grow.violations"] == 0
