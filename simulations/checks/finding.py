"""What a check finds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from simulations.engine.log import Operation
from simulations.engine.metrics_table import NS_PER_MS

TITLES: Final[dict[str, str]] = {
    "linearizability": "Linearizable registers",
    "stale_reads": "No stale reads",
    "lost_writes": "No lost writes",
    "known_values": "Only written values are read",
    "convergence": "Replicas agree in the end",
    "causal": "Causal consistency",
    "causal_memory": "Causal memory",
    "sequential": "Sequential consistency",
    "read_your_writes": "Clients read their own writes",
    "monotonic_reads": "Reads never go back in time",
    "monotonic_writes": "A client's writes keep their order",
    "writes_follow_reads": "Writes come after what was read",
    "duplicated_effects": "Nothing is done twice",
    "lost_effects": "What was confirmed was done",
    "lamport_clocks": "Lamport clocks put causes first",
    "vector_clocks": "Vector clocks tell what happened before",
    "causal_delivery": "Causes are delivered first",
    "fifo_delivery": "Each sender's messages keep their order",
}

DEFINITIONS: Final[dict[str, str]] = {
    "linearizability": "Each key's reads and writes can be put in one order that explains every answer, each at a"
    " moment between its start and its end; what timed out may take effect later, or never.",
    "stale_reads": "No read returns a version that a write had replaced which ended before the read began.",
    "lost_writes": "What was confirmed is there at the end, unless a write that came after or had seen it replaced it.",
    "known_values": "Every read returns a value whose write had begun, and had not failed.",
    "convergence": "At the end all live replicas of each cluster hold the same data.",
    "causal": "Nobody sees an effect and then misses its cause, over all keys: what a client did or saw before is the"
    " cause of what it does next.",
    "causal_memory": "Each client can put all writes and its own reads in one order, causes before effects; clients may"
    " differ in it, but none changes its mind.",
    "sequential": "All reads and writes of all keys can be put in one order that explains every answer and keeps each"
    " client's own order; time does not count.",
    "read_your_writes": "No read returns anything older than what its own client had written to that key.",
    "monotonic_reads": "No read returns anything older than what its own client had read of that key.",
    "monotonic_writes": "No copy of a key takes a client's earlier write after its later one.",
    "writes_follow_reads": "No copy of a key takes a value after the write of a client that had read that value.",
    "duplicated_effects": "What an operation asks for is done no more than once.",
    "lost_effects": "What was answered with success has been done.",
    "lamport_clocks": "An event that happened before another has the smaller number (of the first 1,000 events).",
    "vector_clocks": "Of two events one has the smaller vector if it happened before the other, and neither if neither"
    " did (of the first 1,000 events).",
    "causal_delivery": "No message is delivered to a process after one that was sent because of it, or after it by the"
    " same process.",
    "fifo_delivery": "No message is delivered to a process after a later one of the same sender.",
}


@dataclass
class Finding:
    """A check's verdict: pass, fail or unknown, in words, with the operations that suffice to show a failure.

    `words` mark the ids of nodes, as `called` does, so that a page can put what it calls them in their place.
    `violations` is None where nothing could be judged. `offenders` are the ids of the operations that broke the rule.
    """

    name: str
    verdict: str
    words: str
    evidence: list[Operation] = field(default_factory=list)
    at_ns: int | None = None
    violations: int | None = None
    offenders: frozenset[int] = frozenset()
    population: frozenset[int] = frozenset()
    title: str = ""  # of a rule that a node type declares
    by_session: bool = False  # which user of a client did what matters
    figures: dict[str, float] = field(default_factory=dict)  # metrics that the check gives beside

    @property
    def explanation(self) -> str:
        """The words, with the ids of nodes."""
        return self.explained({})

    def explained(self, labels: Mapping[str, str]) -> str:
        """The words, with labels by id; nodes without one go by their ids."""
        return _CALLED.sub(lambda mark: labels.get(mark[1], mark[1]), self.words)

    def as_dict(self, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The finding as plain data, in words that call nodes by their labels where these are given."""
        return {
            "name": self.name,
            "title": self.title or TITLES[self.name],
            "verdict": self.verdict,
            "explanation": self.explained(labels or {}),
            "evidence": [as_evidence(operation, self.by_session) for operation in self.evidence],
            "at_ms": None if self.at_ns is None else self.at_ns / NS_PER_MS,
        }


def called(id: str) -> str:
    """A node in a sentence: its id, marked as a name that is put into a text of another script or direction is
    (Unicode, UAX #9: first strong isolate, pop directional isolate).
    """
    return f"\u2068{id}\u2069"


_CALLED: Final = re.compile("\u2068(.*?)\u2069")


def as_evidence(operation: Operation, by_session: bool = False) -> dict[str, Any]:
    """An operation as it is shown beside a verdict. `end_ms` is None for one whose outcome nobody knows."""
    known = operation.type != "info" and operation.end_ns is not None
    return {
        "op": operation.id,
        "client": f"{operation.node}, {_session(operation)}" if by_session else operation.node,
        "text": text_of(operation),
        "start_ms": operation.start_ns / NS_PER_MS,
        "end_ms": (operation.end_ns or 0) / NS_PER_MS if known else None,
    }


def session_name(operation: Operation) -> str:
    """Who did it, one user of a closed client told from another: `alice, session 3`."""
    return f"{called(operation.node)}, {_session(operation)}"


def _session(operation: Operation) -> str:
    return f"session {operation.process}"


def text_of(operation: Operation) -> str:
    """What an operation did: `write k1 = 7`, `read k1 → 7`."""
    if operation.f == "write":
        return f"write {operation.key} = {operation.value}" + (" (outcome unknown)" if operation.type == "info" else "")
    if operation.f != "read":
        return " ".join(str(part) for part in (operation.f, operation.key, operation.value) if part not in ("", None))
    return f"read {operation.key} → {'nothing' if operation.result is None else operation.result}"


def count_of(number: int, noun: str, many: str = "") -> str:
    """`1 read`, `1,204 reads`; `many` where the plural is another one."""
    return f"{number:,} {noun if number == 1 else many or f'{noun}s'}"


def moment(ns: int) -> str:
    """A moment as it is told: `1,204.5 ms`."""
    text = f"{ns / NS_PER_MS:,.3f}".rstrip("0").rstrip(".")
    return f"{text} ms"


def span(operation: Operation) -> str:
    """From when to when an operation lasted, in words."""
    if operation.type == "info" or operation.end_ns is None:
        return f"from {moment(operation.start_ns)}, never confirmed"
    return f"{moment(operation.start_ns)[:-3]}–{moment(operation.end_ns)}"


def in_order(operations: Iterable[Operation]) -> list[Operation]:
    """Operations by the time they began."""
    return sorted(operations, key=lambda operation: (operation.start_ns, operation.id))
