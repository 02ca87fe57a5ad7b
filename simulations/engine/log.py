"""A trace as metrics and checks read it: operations, messages and metered state, gathered chunk by chunk."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

METERED: Final = frozenset({"up", "busy", "queue", "digest", "concurrency"})
CHAIN_MAX: Final = 256  # how far back a reply's request is looked for
CHANGE: Final = "value"  # a store shows its last change in this field, as "key = value"


@dataclass(slots=True)
class Operation:
    """A client operation: `type` is ok, fail or info; `end_ns` is None while nobody knows its end."""

    id: int
    start_ns: int
    node: str
    process: int
    f: str
    key: str
    value: Any
    end_ns: int | None = None
    type: str = "info"
    result: Any = None
    error: str = ""
    attempts: int = 0
    request_class: str = ""


@dataclass
class Log:
    """A trace as the metrics and checks read it, gathered chunk by chunk."""

    nodes: list[str] = field(default_factory=list)
    operations: dict[int, Operation] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=lambda: ["in flight"])
    sent_ns: array[int] = field(default_factory=lambda: array("q"))
    sent_kind: array[int] = field(default_factory=lambda: array("H"))
    sent_op: array[int] = field(default_factory=lambda: array("q"))
    sent_src: array[int] = field(default_factory=lambda: array("i"))
    sent_dst: array[int] = field(default_factory=lambda: array("i"))
    sent_size: array[int] = field(default_factory=lambda: array("q"))
    sent_cause: array[int] = field(default_factory=lambda: array("q"))
    settled: array[int] = field(default_factory=lambda: array("H"))
    settled_ns: array[int] = field(default_factory=lambda: array("q"))  # −1: never
    answer: array[int] = field(default_factory=lambda: array("q"))  # the reply to a message, −1: none
    roles: dict[str, str] = field(default_factory=dict)
    changes: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    states: dict[tuple[int, str], tuple[list[int], list[Any]]] = field(default_factory=dict)
    contents: dict[int, dict[str, str] | None] = field(default_factory=dict)  # None: a crash hid what it holds
    faults: list[tuple[int, int, str]] = field(default_factory=list)
    effects: list[tuple[int, int, str, int]] = field(default_factory=list)  # time, node, key, operation
    end_ns: int = 0
    watched: frozenset[str] = frozenset()  # fields to keep beside the metered ones

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take in the next decoded chunk."""
        self.nodes = chunk["nodes"]
        self.end_ns = chunk["to"]
        self.roles.update(chunk.get("roles", {}))
        if chunk["n"] == 0:
            for node, fields in enumerate(chunk["keyframe"]["state"]):
                for name, value in fields.items():
                    self._state(0, node, name, value)
        tables = {name: list(zip(*table["cols"].values(), strict=True)) for name, table in chunk["tables"].items()}
        for op, time, node, process, f, key, value, *rest in tables["invoked"]:
            made = self.operations[op] = Operation(op, time, self.nodes[node], process, f, key, value)
            made.request_class = rest[0] if rest else ""
        for op, time, type_, value, error, attempts in tables["returned"]:
            done = self.operations[op]
            done.end_ns, done.type, done.result, done.error, done.attempts = time, type_, value, error, attempts
        self._messages(tables)
        for time, node, name, value in tables["state"]:
            self._state(time, node, name, value)
        self.faults += tables["faults"]
        self.effects += tables.get("effects", ())

    def _messages(self, tables: Mapping[str, list[tuple[Any, ...]]]) -> None:
        kinds = {kind: number for number, kind in enumerate(self.kinds)}
        for id_, time, src, dst, kind, cause, op, size in tables["sent"]:
            if id_ != len(self.sent_ns):
                raise ValueError("Messages are numbered from 0 in the order of sending.")
            self.sent_ns.append(time)
            self.sent_kind.append(kinds.setdefault(kind, len(kinds)))
            self.sent_op.append(op)
            self.sent_src.append(src)
            self.sent_dst.append(dst)
            self.sent_size.append(size)
            self.sent_cause.append(cause)
            self.settled.append(0)
            self.settled_ns.append(-1)
            self.answer.append(-1)
            if self.roles.get(kind) == "reply":
                self._answers(id_, src, dst, cause)
        self.kinds = list(kinds)
        outcomes = {outcome: number for number, outcome in enumerate(self.outcomes)}
        for id_, time, outcome in tables["settled"]:
            self.settled_ns[id_] = time
            self.settled[id_] = outcomes.setdefault(outcome, len(outcomes))
        self.outcomes = list(outcomes)

    def _answers(self, reply: int, src: int, dst: int, cause: int) -> None:
        """Find the request that a reply answers: the nearest of its causes that came the other way."""
        for _ in range(CHAIN_MAX):
            if cause < 0:
                return
            if self.sent_src[cause] == dst and self.sent_dst[cause] == src and self.answer[cause] < 0:
                self.answer[cause] = reply
                return
            cause = self.sent_cause[cause]

    def delivered(self, id_: int) -> bool:
        """Whether a message arrived."""
        return self.outcomes[self.settled[id_]] == "delivered"

    def requests(self) -> list[int]:
        """The messages that ask for something, by id."""
        asking = [self.roles.get(kind) == "request" for kind in self.kinds]
        return [id_ for id_, kind in enumerate(self.sent_kind) if asking[kind]]

    def crash_after(self, node: int, time_ns: int) -> int:
        """When a node crashes next; the run's end if it does not."""
        times, values = self.states.get((node, "up"), ([], []))
        for position in range(bisect_left(times, time_ns), len(times)):
            if not values[position]:
                return times[position]
        return self.end_ns

    def _state(self, time: int, node: int, name: str, value: Any) -> None:
        if name == CHANGE:
            self._change(node, value)
            if value:
                self.changes.setdefault(node, []).append((time, str(value)))
        elif name in METERED or name in self.watched:
            times, values = self.states.setdefault((node, name), ([], []))
            times.append(time)
            values.append(value)

    def _change(self, node: int, shown: Any) -> None:
        """Follow what a store holds by the changes it shows; after a crash nobody can tell from them."""
        held = self.contents.setdefault(node, {})
        if shown is None:
            self.contents[node] = None
        elif held is not None and " = " in str(shown):
            key, _, value = str(shown).partition(" = ")
            held[key] = value

    def replicas(self) -> list[int]:
        """The nodes that are copies of something: those that show a digest of what they hold."""
        return sorted({node for node, name in self.states if name == "digest"})

    def final_values(self) -> dict[str, str] | None:
        """What most replicas hold of each key at the end; None for a run without replicas."""
        replicas = self.replicas()
        if not replicas:
            return None
        votes: dict[str, dict[str, int]] = {}
        for node in replicas:
            for key, value in (self.contents.get(node) or {}).items():
                counts = votes.setdefault(key, {})
                counts[value] = counts.get(value, 0) + 1
        return {
            key: value for key, counts in votes.items() for value, count in counts.items() if 2 * count > len(replicas)
        }

    def count_messages(self, selected: Iterable[int] | None = None) -> tuple[int, dict[str, int], dict[str, int]]:
        """Sent, by outcome, by kind; of all messages or of those with these ids."""
        outcomes = [0] * len(self.outcomes)
        kinds = [0] * len(self.kinds)
        total = 0
        for id_ in range(len(self.sent_ns)) if selected is None else selected:
            total += 1
            outcomes[self.settled[id_]] += 1
            kinds[self.sent_kind[id_]] += 1
        return total, dict(zip(self.outcomes, outcomes, strict=True)), dict(zip(self.kinds, kinds, strict=True))

    def mean(self, node: int, name: str, from_ns: int, to_ns: int) -> float | None:
        """A state field's time-average; None where the node has no such field. A crashed node's fields count as 0."""
        if (node, name) not in self.states or to_ns <= from_ns:
            return None
        times, values = self.states[node, name]
        area = 0
        for position, time in enumerate(times):
            until = times[position + 1] if position + 1 < len(times) else max(self.end_ns, to_ns)
            area += max(0, min(until, to_ns) - max(time, from_ns)) * int(values[position] or 0)
        return area / (to_ns - from_ns)

    def highest(self, node: int, name: str, from_ns: int, to_ns: int) -> float:
        """A state field's highest value in a window."""
        times, values = self.states[node, name]
        found = 0
        for position, time in enumerate(times):
            until = times[position + 1] if position + 1 < len(times) else to_ns
            if time < to_ns and until > from_ns:
                found = max(found, int(values[position] or 0))
        return float(found)
