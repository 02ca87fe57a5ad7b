"""A trace as metrics and checks read it: operations, messages and metered state, gathered chunk by chunk."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

METERED: Final = frozenset({"up", "busy", "queue", "digest", "concurrency", "links", "running", "stamp", "failed"})
COLUMNWISE: Final = frozenset({"sent", "settled"})  # tables so long that they are not taken in row by row
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
    sent_op: array[int] = field(default_factory=lambda: array("i"))
    sent_src: array[int] = field(default_factory=lambda: array("i"))
    sent_dst: array[int] = field(default_factory=lambda: array("i"))
    sent_size: array[int] = field(default_factory=lambda: array("I"))
    sent_cause: array[int] = field(default_factory=lambda: array("i"))
    settled: array[int] = field(default_factory=lambda: array("H"))
    settled_ns: array[int] = field(default_factory=lambda: array("q"))  # −1: never
    answer: array[int] = field(default_factory=lambda: array("i"))  # the reply to a message, −1: none
    hops: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)  # message → (left at, node, for which)
    copies: dict[int, int] = field(default_factory=dict)  # what was sent again, or copied by a link → the first of it
    arrived: dict[int, int] = field(default_factory=dict)  # the first of a message → a copy of it that was delivered
    answered: dict[int, int] = field(default_factory=dict)  # the first of a message → a copy of it that has an answer
    roles: dict[str, str] = field(default_factory=dict)
    changes: dict[int, tuple[array[int], list[str]]] = field(default_factory=dict)
    states: dict[tuple[int, str], tuple[array[int], list[Any]]] = field(default_factory=dict)
    published: dict[tuple[int, str], tuple[array[int], array[int]]] = field(default_factory=dict)
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
        tables = {
            name: list(zip(*table["cols"].values(), strict=True))
            for name, table in chunk["tables"].items()
            if name not in COLUMNWISE
        }
        for op, time, node, process, f, key, value, *rest in tables["invoked"]:
            made = self.operations[op] = Operation(op, time, self.nodes[node], process, f, key, value)
            made.request_class = rest[0] if rest else ""
        for op, time, type_, value, error, attempts in tables["returned"]:
            done = self.operations[op]
            done.end_ns, done.type, done.result, done.error, done.attempts = time, type_, value, error, attempts
        self._sent(chunk["tables"]["sent"]["cols"])
        self._settled(chunk["tables"]["settled"]["cols"])
        for id_, time, node, following in tables.get("hops", ()):
            self.hops.setdefault(id_, []).append((time, node, following))
        for time, node, name, value in tables["state"]:
            self._state(time, node, name, value)
        for time, node, name, amount in tables.get("published", ()):
            times, amounts = self.published.setdefault((node, name), (array("q"), array("q")))
            times.append(time)
            amounts.append(amount)
        self.faults += tables["faults"]
        self.effects += tables.get("effects", ())

    def _sent(self, cols: Mapping[str, list[Any]]) -> None:
        first = len(self.sent_ns)
        rows = len(cols["id"])
        if cols["id"] != list(range(first, first + rows)):
            raise ValueError("Messages are numbered from 0 in the order of sending.")
        kinds = {kind: number for number, kind in enumerate(self.kinds)}
        words = cols["kind"]
        for word in dict.fromkeys(words):
            kinds.setdefault(word, len(kinds))
        self.kinds = list(kinds)
        self.sent_ns.extend(cols["time"])
        self.sent_kind.extend([kinds[word] for word in words])
        self.sent_op.extend(cols["op"])
        self.sent_src.extend(cols["src"])
        self.sent_dst.extend(cols["dst"])
        self.sent_size.extend(cols["size"])
        self.sent_cause.extend(cols["cause"])
        self.settled.extend([0] * rows)
        self.settled_ns.extend([-1] * rows)
        self.answer.extend([-1] * rows)
        replies = {word for word in kinds if self.roles.get(word) == "reply"}
        rows_by_way = zip(words, cols["src"], cols["dst"], cols["cause"], strict=True)
        for id_, (word, src, dst, cause) in enumerate(rows_by_way, first):
            if cause >= 0 and self.sent_src[cause] == src and self.sent_dst[cause] == dst:
                self.copies[id_] = self.copies.get(cause, cause)  # its cause went the same way
            elif word in replies:
                self._answers(id_, src, dst, cause)

    def _settled(self, cols: Mapping[str, list[Any]]) -> None:
        outcomes = {outcome: number for number, outcome in enumerate(self.outcomes)}
        for id_, time, outcome in zip(cols["id"], cols["time"], cols["outcome"], strict=True):
            self.settled_ns[id_] = time
            self.settled[id_] = outcomes.setdefault(outcome, len(outcomes))
            if id_ in self.copies and outcome == "delivered":
                self.arrived.setdefault(self.copies[id_], id_)
        self.outcomes = list(outcomes)

    def _answers(self, reply: int, src: int, dst: int, cause: int) -> None:
        """Find the request that a reply answers: the nearest of its causes that came the other way."""
        for _ in range(CHAIN_MAX):
            if cause < 0:
                return
            if self.sent_src[cause] == dst and self.sent_dst[cause] == src and self.answer[cause] < 0:
                self.answer[cause] = reply
                if cause in self.copies:
                    self.answered.setdefault(self.copies[cause], cause)
                return
            cause = self.sent_cause[cause]

    def delivered(self, id_: int) -> bool:
        """Whether a message arrived."""
        return self.outcomes[self.settled[id_]] == "delivered"

    def answer_to(self, id_: int) -> int:
        """The reply to a message or to a copy of it; −1: none."""
        answer = self.answer[id_]
        return self.answer[self.answered[id_]] if answer < 0 and id_ in self.answered else answer

    def arrival_ns(self, id_: int) -> int:
        """When a message, or a copy of it, arrived; −1: never."""
        one = id_ if self.delivered(id_) else self.arrived.get(id_, id_)
        return self.settled_ns[one] if self.delivered(one) else -1

    def retransmitted(self, id_: int) -> bool:
        """Whether a message is one sent again; a copy that a link made left when the first did."""
        return id_ in self.copies and self.sent_ns[id_] > self.sent_ns[self.sent_cause[id_]]

    def requests(self) -> list[int]:
        """The messages that ask for something, by id."""
        asking = [self.roles.get(kind) == "request" for kind in self.kinds]
        return [id_ for id_, kind in enumerate(self.sent_kind) if asking[kind]]

    def crash_after(self, node: int, time_ns: int) -> int:
        """When a node crashes next; the run's end if it does not."""
        times, values = self.states.get((node, "up"), ((), ()))
        for position in range(bisect_left(times, time_ns), len(times)):
            if not values[position]:
                return times[position]
        return self.end_ns

    def crashes(self, node: int) -> list[int]:
        """When a node's process has ended: crashed, or stopped."""
        times, values = self.states.get((node, "up"), ((), ()))
        return [time for time, value in zip(times, values, strict=True) if not value]

    def _state(self, time: int, node: int, name: str, value: Any) -> None:
        if name == CHANGE:
            self._change(node, value)
            if value:
                times, changes = self.changes.setdefault(node, (array("q"), []))
                times.append(time)
                changes.append(str(value))
        elif name in METERED or name in self.watched:
            line = self.states.get((node, name))
            if line is None:
                line = self.states[node, name] = (array("q"), [])
            line[0].append(time)
            line[1].append(value)

    def _change(self, node: int, shown: Any) -> None:
        """Follow what a store holds by the changes it shows; after a crash nobody can tell from them."""
        held = self.contents.setdefault(node, {})
        if shown is None:
            self.contents[node] = None
        elif held is not None and " = " in str(shown):
            key, _, value = str(shown).partition(" = ")
            held[key] = value

    def replicas(self) -> list[int]:
        """The nodes that are copies of something: those that show a digest of what they hold, but for those that live
        and show none at the end, for they have been let go.
        """
        shown = {node for node, name in self.states if name == "digest"}
        return sorted(node for node in shown if self.shows_digest(node) or not self.is_up(node))

    def shows_digest(self, node: int) -> bool:
        """Whether a node shows a digest at the end."""
        return self.states[node, "digest"][1][-1] is not None

    def is_up(self, node: int) -> bool:
        """Whether a node lives at the end."""
        return bool(self.states.get((node, "up"), ((), (True,)))[1][-1])

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
        area = 0
        before_ns, level = from_ns, 0
        for time, value in self._within(node, name, from_ns, to_ns):
            if time > before_ns:
                area += (time - before_ns) * level
                before_ns = time
            level = int(value or 0)
        return (area + (to_ns - before_ns) * level) / (to_ns - from_ns)

    def highest(self, node: int, name: str, from_ns: int, to_ns: int) -> float:
        """A state field's highest value in a window."""
        return float(max((int(value or 0) for _, value in self._within(node, name, from_ns, to_ns)), default=0))

    def _within(self, node: int, name: str, from_ns: int, to_ns: int) -> Iterator[tuple[int, Any]]:
        """The values that a state field has in a window, each with when it took it."""
        times, values = self.states[node, name]
        for position in range(max(0, bisect_right(times, from_ns) - 1), bisect_left(times, to_ns)):
            yield times[position], values[position]
