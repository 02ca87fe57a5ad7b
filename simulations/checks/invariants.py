"""The rules that node types declare over the fields they show, held against every row of the trace (see `Invariant`).

What several rows of one node show at one moment counts as it stands at the end of that moment, for a node changes its
fields one after another; only decisions are taken in row by row. A rule that nothing ever came under is unknown: never
two leaders in a term is worth something where there was a leader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulations.checks.finding import Finding, called, count_of, moment
from simulations.engine.declare import Invariant
from simulations.engine.log import Log

Group = tuple[Sequence[Invariant], Sequence[str]]  # rules, and the nodes among which they hold


@dataclass(frozen=True)
class Breach:
    """When a rule was broken, and how."""

    at_ns: int
    words: str


Judged = tuple[int, list[Breach]]  # how much came under the rule, and where it was broken


def check_invariants(log: Log, groups: Sequence[Group]) -> list[Finding]:
    """Judge each declared rule, over all groups that it holds in, in the order of declaration."""
    number = {name: index for index, name in enumerate(log.nodes)}
    rules: dict[str, tuple[Invariant, list[list[int]]]] = {}
    for invariants, names in groups:
        for invariant in invariants:
            places = rules.setdefault(invariant.name, (invariant, []))[1]
            places.append([number[name] for name in names if name in number])
    return [_finding(log, invariant, places) for invariant, places in rules.values()]


def terms_of(log: Log, groups: Sequence[Group]) -> int:
    """In how many terms somebody was in charge, by the rules that allow one at most."""
    number = {name: index for index, name in enumerate(log.nodes)}
    return sum(
        one_per_term(log, invariant, [number[name] for name in names if name in number])[0]
        for invariants, names in groups
        for invariant in invariants
        if invariant.kind == "one-per-term"
    )


def _finding(log: Log, invariant: Invariant, places: Sequence[Sequence[int]]) -> Finding:
    judge, noun = KINDS[invariant.kind]
    results = [judge(log, invariant, nodes) for nodes in places]
    judged = sum(count for count, _ in results)
    breaches = [breach for _, found in results for breach in found]
    name, title, rule = invariant.name, invariant.title, invariant.definition
    if not judged:
        return Finding(name, "unknown", f"{rule} Nothing in this run came under that rule.", title=title)
    if not breaches:
        return Finding(name, "pass", f"{rule} So it was for {count_of(judged, noun)}.", violations=0, title=title)
    first = min(breaches, key=lambda breach: (breach.at_ns, breach.words))
    more = f" So it went {len(breaches):,} times." if len(breaches) > 1 else ""
    return Finding(name, "fail", f"{first.words}{more}", at_ns=first.at_ns, violations=len(breaches), title=title)


def _moments(log: Log, node: int, fields: Sequence[str]) -> list[tuple[int, list[Any]]]:
    """What a node showed in these fields, whenever one of them changed; None for what it did not show."""
    rows = [
        (time, place, order, value)
        for place, field in enumerate(fields)
        for order, (time, value) in enumerate(_rows(log, node, field))
    ]
    rows.sort(key=lambda row: row[:3])
    found: list[tuple[int, list[Any]]] = []
    for time, place, _, value in rows:
        if not found or found[-1][0] != time:
            found.append((time, list(found[-1][1]) if found else [None] * len(fields)))
        found[-1][1][place] = value
    return found


def _rows(log: Log, node: int, field: str) -> list[tuple[int, Any]]:
    times, values = log.states.get((node, field), ((), ()))
    return list(zip(times, values, strict=True))


def one_per_term(log: Log, invariant: Invariant, nodes: Sequence[int]) -> Judged:
    """At most one node shows the role in any one term, over the whole run."""
    first: dict[Any, list[tuple[int, int]]] = {}  # by term: who had the role, from when
    for node in nodes:
        for time, (role, term) in _moments(log, node, invariant.fields):
            if role == invariant.value and term is not None and node not in [one for _, one in first.get(term, ())]:
                first.setdefault(term, []).append((time, node))
    breaches: list[Breach] = []
    for term, holders in first.items():
        if len(holders) > 1:
            holders.sort()
            who = " and ".join(f"{called(log.nodes[node])} (from {moment(time)})" for time, node in holders)
            all_of = "both" if len(holders) == 2 else "all"
            words = f"In {invariant.fields[1]} {term} {who} were {all_of} {invariant.value}."
            breaches.append(Breach(holders[1][0], words))
    return len(first), breaches


def monotonic(log: Log, invariant: Invariant, nodes: Sequence[int]) -> Judged:
    """A number never falls: within an incarnation, or over all of them where it is durable."""
    count = 0
    breaches: list[Breach] = []
    field = invariant.fields[0]
    for node in nodes:
        before: tuple[int, Any] | None = None
        for time, (value,) in _moments(log, node, invariant.fields):
            if value is None:
                before = before if invariant.durable else None
                continue
            count += 1
            if before is not None and value < before[1]:
                whose = f"{field} of {called(log.nodes[node])}"
                fell = f"{whose} fell from {before[1]}, which it was from {moment(before[0])} on,"
                breaches.append(Breach(time, f"{fell} to {value} at {moment(time)}."))
            before = (time, value)
    return count, breaches


def agreement(log: Log, invariant: Invariant, nodes: Sequence[int]) -> Judged:
    """Decisions under one key never differ, between nodes or in time."""
    field = invariant.fields[0]
    shown = sorted(
        (time, node, str(value))
        for node in nodes
        for time, value in _rows(log, node, field)
        if value is not None and value != ""
    )
    decided: dict[str, tuple[str, int, int]] = {}  # by key: what, when, by whom
    differ: dict[str, Breach] = {}
    for time, node, text in shown:
        key, is_pair, value = text.partition(" = ")
        key, value = (key, value) if is_pair else ("", text)
        what, since, who = decided.setdefault(key, (value, time, node))
        if value != what and key not in differ:
            under = f" for {key}" if key else ""
            words = (
                f"{called(log.nodes[who])} showed {field} {what}{under} at {moment(since)},"
                f" {called(log.nodes[node])} {value} at {moment(time)}."
            )
            differ[key] = Breach(time, words)
    return len(decided), list(differ.values())


def one_holder(log: Log, invariant: Invariant, nodes: Sequence[int]) -> Judged:
    """At any moment at most one node shows the value."""
    turns = sorted(
        (time, node, value == invariant.value)
        for node in nodes
        for time, (value,) in _moments(log, node, invariant.fields)
    )
    holding: dict[int, int] = {}  # who holds, since when
    count = 0
    breaches: list[Breach] = []
    for place, (time, node, holds) in enumerate(turns):
        if holds and node not in holding:
            holding[node] = time
            count += 1
        elif not holds:
            holding.pop(node, None)
        over = place + 1 == len(turns) or turns[place + 1][0] != time
        if over and len(holding) > 1 and time in holding.values():
            who = " and ".join(
                f"{called(log.nodes[one])} (from {moment(since)})" for one, since in sorted(holding.items())
            )
            breaches.append(Breach(time, f"At {moment(time)} {who} both showed {invariant.fields[0]}."))
    return count, breaches


def completeness(log: Log, invariant: Invariant, nodes: Sequence[int]) -> Judged:
    """Whoever takes on the role holds what was decided before."""
    role, held, decided = invariant.fields
    decisions = sorted(
        (time, *at, node) for node in nodes for time, value in _rows(log, node, decided) if (at := _place(value))
    )
    count = 0
    breaches: list[Breach] = []
    for node in nodes:
        holds = [(time, _place(value)) for time, value in _rows(log, node, held)]
        for time, (value,) in _moments(log, node, (role,)):
            before = [decision for decision in decisions if decision[0] < time]
            if value != invariant.value or not before:
                continue
            count += 1
            since, position, content, who = max(before, key=lambda decision: decision[1])
            found = _held([place for moment_ns, place in holds if moment_ns <= time], position)
            if found != content and found is not None:
                holder = f"{called(log.nodes[node])} was {value} at {moment(time)}"
                shown = f"{called(log.nodes[who])} had shown {decided} {content} at {moment(since)}"
                words = f"{holder} and held {found or 'nothing'} at {position}, for which {shown}."
                breaches.append(Breach(time, words))
    return count, breaches


def _place(value: Any) -> tuple[int, str] | None:
    """Position and content of a text like "17/3 = abc"."""
    if value is None or value == "":
        return None
    key, _, content = str(value).partition(" = ")
    return int(key.partition("/")[0]), content


def _held(places: Sequence[tuple[int, str] | None], position: int) -> str | None:
    """What is held at a position after all of these were shown; "": nothing; None: it was never to be held."""
    sequence: list[tuple[int, str]] = []
    for place in places:
        if place is None:  # a new incarnation
            sequence = []
            continue
        while sequence and sequence[-1][0] >= place[0]:
            sequence.pop()
        sequence.append(place)
    if sequence and sequence[0][0] > position:
        return None
    return dict(sequence).get(position, "")


KINDS: Final[dict[str, tuple[Callable[[Log, Invariant, Sequence[int]], Judged], str]]] = {
    "one-per-term": (one_per_term, "term"),
    "monotonic": (monotonic, "value"),
    "agreement": (agreement, "decision"),
    "completeness": (completeness, "turn"),
    "one-holder": (one_holder, "holder"),
}
