"""Which event caused which, and what wall clocks, Lamport clocks and vector clocks say of it.

Processes show their events one after another, each stamped by its clocks (`engine/logical_clocks.py`). Of two events
the one *happened before* the other when a process did them in that order, when the one is the sending of a message and
the other its receipt, or when events between them tell so (Lamport, CACM 21(7), 1978). That is worked out here from the
order of each process's events and from the messages of the trace, by following them: no stamp has a part in it.
Afterwards the stamps of every two events are held against it.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from graphlib import TopologicalSorter
from operator import le
from typing import Final

from simulations.checks.finding import Finding, called, count_of, moment
from simulations.engine.log import Log
from simulations.engine.logical_clocks import RECEIVE, SEND, STAMP, Stamped, stamped

EVENTS_MAX: Final = 1_000  # every two of them are compared
ORDERS: Final = ("causal_delivery", "fifo_delivery")  # judged only where a claim names them


@dataclass(frozen=True)
class Told:
    """An event: when and where it happened, and what the process told of it."""

    time_ns: int
    node: int
    event: Stamped


@dataclass
class Comparison:
    """How many pairs of events there are of each sort, and the first that each clock got wrong."""

    ordered: int = 0
    concurrent: int = 0
    wall_misordered: int = 0
    lamport_misordered: int = 0
    lamport_ordered_concurrent: int = 0
    vector_concurrent: int = 0
    vector_wrong: int = 0
    lamport_first: tuple[int, int] | None = None
    vector_first: tuple[int, int] | None = None


def check_clocks(log: Log, named: Set[str]) -> list[Finding]:
    """Judge the logical clocks of a run, if its processes stamp their events, and the orders of delivery named."""
    events = events_of(log)
    if not events:
        return []
    before = pasts(log, events)
    found = _clock_findings(log, events, compare(events, before))
    for name in ORDERS:
        if name in named:
            found.append(_delivery(log, events, before, name))
    return found


def events_of(log: Log) -> list[Told]:
    """The first events of a run, in the order of time; those of one process in the order in which it did them."""
    found = [
        Told(time, node, stamped(text))
        for node in range(len(log.nodes))
        for time, text in zip(*log.states.get((node, STAMP), ((), ())), strict=True)
        if text
    ]
    found.sort(key=lambda told: told.time_ns)
    return found[:EVENTS_MAX]


def pasts(log: Log, events: Sequence[Told]) -> list[int]:
    """For each event those that happened before it, as a set of bits. A receipt counts as one only where the trace has
    a message that left after the sending and arrived before the receipt.
    """
    sendings = _sendings(events)
    arrivals = _arrivals(log, events[-1].time_ns)
    graph: dict[int, list[int]] = {}
    last: dict[int, int] = {}  # node → its event before
    for i, told in enumerate(events):
        graph[i] = [last[told.node]] if told.node in last else []
        last[told.node] = i
        sending = sendings.get((told.event.sender, told.event.number), i)
        if told.event.what == RECEIVE and sending != i:
            sent = events[sending]
            for sent_ns, arrived_ns in arrivals.get((sent.node, told.node), ()):
                if sent.time_ns <= sent_ns and arrived_ns <= told.time_ns:
                    graph[i].append(sending)
                    break
    found = [0] * len(events)
    for i in TopologicalSorter(graph).static_order():
        for earlier in graph[i]:
            found[i] |= found[earlier] | 1 << earlier
    return found


def _sendings(events: Sequence[Told]) -> dict[tuple[str, int], int]:
    """Which event is the sending of a message, by its sender and number."""
    return {(told.event.sender, told.event.number): i for i, told in enumerate(events) if told.event.what == SEND}


def _arrivals(log: Log, until_ns: int) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """When the messages that arrived had left and when they came, by the two ends."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for id_, sent_ns in enumerate(log.sent_ns):
        if sent_ns > until_ns:
            break
        if log.delivered(id_):
            ends = log.sent_src[id_], log.sent_dst[id_]
            found.setdefault(ends, []).append((sent_ns, log.settled_ns[id_]))
    return found


def compare(events: Sequence[Told], before: Sequence[int]) -> Comparison:
    """Hold the stamps of every two events against which of them happened before which."""
    writers = sorted({writer for told in events for writer, _ in told.event.vector})
    counts = [dict(told.event.vector) for told in events]
    vectors = [tuple([count.get(writer, 0) for writer in writers]) for count in counts]
    walls = [told.event.wall_ns for told in events]
    numbers = [told.event.lamport for told in events]
    found = Comparison()
    for j in range(len(events)):
        for i in range(j):
            first, second = (j, i) if before[i] >> j & 1 else (i, j)
            truth = before[second] >> first & 1 == 1
            one, two = vectors[first], vectors[second]
            up = all(map(le, one, two))
            down = one == two if up else all(map(le, two, one))
            found.vector_concurrent += not up and not down
            if up != truth or down:
                found.vector_wrong += 1
                found.vector_first = found.vector_first or (first, second)
            if not truth:
                found.concurrent += 1
                found.lamport_ordered_concurrent += numbers[first] != numbers[second]
                continue
            found.ordered += 1
            found.wall_misordered += walls[first] > walls[second]
            if numbers[first] >= numbers[second]:
                found.lamport_misordered += 1
                found.lamport_first = found.lamport_first or (first, second)
    return found


def _clock_findings(log: Log, events: Sequence[Told], pairs: Comparison) -> list[Finding]:
    """What Lamport clocks and vector clocks got wrong, and the figures of all three."""
    figures = {
        "clocks.events": float(len(events)),
        "clocks.pairs_ordered": float(pairs.ordered),
        "clocks.pairs_concurrent": float(pairs.concurrent),
        "clocks.wall_misordered": float(pairs.wall_misordered),
        "clocks.lamport_misordered": float(pairs.lamport_misordered),
        "clocks.lamport_ordered_concurrent": float(pairs.lamport_ordered_concurrent),
        "clocks.vector_concurrent": float(pairs.vector_concurrent),
        "clocks.vector_wrong": float(pairs.vector_wrong),
    }
    lamport = Finding("lamport_clocks", "unknown", "No event of this run caused another.", figures=figures)
    if pairs.ordered:
        wrong = pairs.lamport_misordered
        words = f"Of {count_of(pairs.ordered, 'pair')} of cause and effect {_many(wrong)} got numbers that deny it."
        lamport = _judged("lamport_clocks", wrong, words, log, events, pairs.lamport_first)
        lamport.figures = figures
    vector = Finding("vector_clocks", "unknown", "There was one event only.")
    if len(events) > 1:
        wrong = pairs.vector_wrong
        total = pairs.ordered + pairs.concurrent
        words = f"Of {count_of(total, 'pair')} of events {_many(wrong)} got vectors that say something else."
        vector = _judged("vector_clocks", wrong, words, log, events, pairs.vector_first)
    return [lamport, vector]


def _many(count: int) -> str:
    return f"{count:,}" if count else "none"


def _judged(
    name: str, wrong: int, words: str, log: Log, events: Sequence[Told], first: tuple[int, int] | None
) -> Finding:
    if first is None:
        return Finding(name, "pass", words, violations=0)
    one, two = (events[i] for i in first)
    shown = f" The first: {_told(log, one)} and {_told(log, two)}."
    return Finding(name, "fail", words + shown, at_ns=max(one.time_ns, two.time_ns), violations=wrong)


def _told(log: Log, told: Told) -> str:
    return f"{called(log.nodes[told.node])} at {moment(told.time_ns)} ({told.event.text()})"


def _delivery(log: Log, events: Sequence[Told], before: Sequence[int], name: str) -> Finding:
    """What was delivered to a process after a message that it had caused; FIFO asks that of one sender's alone."""
    sendings = _sendings(events)
    delivered: dict[tuple[int, str], list[int]] = {}  # by receiver, and by sender where only that counts
    judged = 0
    late: list[tuple[Told, Told, Told]] = []  # the receipt, what had come too early, and what it should have followed
    for told in events:
        sending = sendings.get((told.event.sender, told.event.number))
        if told.event.what != RECEIVE or sending is None:
            continue
        judged += 1
        line = delivered.setdefault((told.node, told.event.sender if name == "fifo_delivery" else ""), [])
        for other in line:
            if before[other] >> sending & 1:
                late.append((told, events[other], events[sending]))
                break
        line.append(sending)
    if not judged:
        return Finding(name, "unknown", "Nothing was delivered.")
    if not late:
        words = f"Each of {count_of(judged, 'delivery', 'deliveries')} came in its order."
        return Finding(name, "pass", words, violations=0)
    told, effect, cause = late[0]
    words = (
        f"{len(late):,} of {judged:,} deliveries came too late. The first: to {called(log.nodes[told.node])} message"
        f" {cause.event.number} of {called(cause.event.sender)} was delivered at {moment(told.time_ns)}, after message"
        f" {effect.event.number} of {called(effect.event.sender)}, which was sent because of it or after it."
    )
    return Finding(name, "fail", words, at_ns=told.time_ns, violations=len(late))
