"""The trace: what happened, append-only, in numbered chunks of typed columns.

A chunk opens with a keyframe (the world at its start), so that any moment is one chunk away. Where a chunk ends
depends on simulated time and rows alone; early ones are small, so that a viewer sees something at once. Rows are
collected as flat lists, a row's fields beside each other, and become columns when the chunk closes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgpack

from simulations.engine.columns import pack, pack_below, pack_ids, pack_times, unpack
from simulations.engine.messages import Body, kind_of, role_of
from simulations.engine.rows import sent_columns, settled_columns

if TYPE_CHECKING:
    from simulations.engine.channel import Message

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "sent": ("id", "time", "src", "dst", "kind", "cause", "op", "size"),
    "settled": ("id", "time", "outcome"),
    "state": ("time", "node", "field", "value"),
    "faults": ("time", "fault", "phase"),
    "invoked": ("op", "time", "node", "process", "f", "key", "value", "class"),
    "returned": ("op", "time", "type", "value", "error", "attempts"),
    "notes": ("time", "node", "text", "cause"),
    "hops": ("id", "time", "node", "next"),
    "published": ("time", "node", "metric", "amount"),
    "effects": ("time", "node", "key", "op"),
}
SPARE: Final = frozenset({"published", "effects"})  # left out of a chunk that has no rows of it
PLAIN: Final = frozenset({"value"})  # any value, not a number
WORDS: Final = frozenset({"key", "text", "class"})  # open vocabularies: coded per chunk
CODED: Final = frozenset({"kind", "outcome", "field", "phase", "f", "type", "error", "key", "text", "class", "metric"})
OPTIONAL: Final = frozenset({"class"})  # left out of a table in which it is "" throughout
IDS: Final = frozenset({"id", "cause", "op"})
NODES: Final = frozenset({"src", "dst", "node", "next"})
DELIVERED: Final = 0

CHUNK_ROWS_FIRST: Final = 256
CHUNK_ROWS_MAX: Final = 16_384
CHUNK_ROWS_A_NODE: Final = 12  # a keyframe grows with the nodes, so what stands between two of them does too
CHUNK_SPAN_NS_FIRST: Final = 50_000_000
CHUNK_SPAN_NS_MAX: Final = 2_000_000_000


class Chunk:
    """A finished chunk. `data` is canonical: its SHA-256 is the chunk's address."""

    def __init__(self, number: int, start_ns: int, end_ns: int, rows: int, data: bytes) -> None:
        self.number = number
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.rows = rows
        self.data = data


class Trace:
    """Collects rows and closes chunks."""

    def __init__(self, nodes: list[str]) -> None:
        self.nodes = nodes
        self.number = 0
        self.start_ns = 0
        self.words: dict[str, int] = {"delivered": DELIVERED}
        self.roles: dict[str, str] = {}
        self._kinds: dict[type[Body], int] = {}
        self.shown: list[dict[str, Any]] = [{} for _ in nodes]
        self.open_ops: dict[int, tuple[Any, ...]] = {}
        self.attempts: dict[int, int] = {}  # of open operations that were tried more than once
        self.active_faults: list[int] = []
        self.sent: list[Message] = []
        self.settled: list[Message] = []
        self.state: list[Any] = []
        self.faults: list[Any] = []
        self.invoked: list[Any] = []
        self.returned: list[Any] = []
        self.notes: list[Any] = []
        self.hops: list[Any] = []  # of messages that go through forwarders: leaves a node for the next, at a time
        self.routed = False  # there are forwarders: chunks have that table
        self.published: list[Any] = []
        self.effects: list[Any] = []
        self._keyframe: dict[str, Any] = {}
        self._flight: list[Message] = []
        self.heard: Callable[[int, str], None] | None = None  # told of notes and of operations that end
        self.watch: Callable[[int, str, Any], None] | None = None  # told of each change of a node's state

    def code(self, word: str) -> int:
        """The number of a word of a closed vocabulary (kinds, fields, outcomes, reasons)."""
        found = self.words.get(word)
        if found is None:
            found = self.words[word] = len(self.words)
        return found

    def kind(self, body: type[Body]) -> int:
        """The number of a message kind; its role is noted on first use."""
        found = self._kinds.get(body)
        if found is None:
            word = kind_of(body)
            found = self._kinds[body] = self.code(word)
            self.roles[word] = role_of(body)
        return found

    def show(self, time: int, node: int, field: str, value: Any) -> None:
        """A field of a node's state takes a value; nothing is written when it had that value."""
        shown = self.shown[node]
        if field not in shown or shown[field] != value:
            self.change(time, node, field, self.code(field), value)

    def change(self, time: int, node: int, field: str, code: int, value: Any) -> None:
        """A field whose number is `code` takes a new value."""
        self.shown[node][field] = value
        state = self.state
        state.append(time)
        state.append(node)
        state.append(code)
        state.append(value)
        if self.watch is not None:
            self.watch(node, field, value)

    def fault(self, time: int, number: int, phase: str) -> None:
        """A fault starts or ends."""
        self.faults.extend((time, number, self.code(phase)))
        if phase == "start":
            self.active_faults.append(number)
            self.active_faults.sort()
        else:
            self.active_faults.remove(number)

    def invoke(
        self, op: int, time: int, node: int, process: int, f: str, key: str, value: Any, request_class: str
    ) -> None:
        """A client operation begins."""
        row = (op, time, node, process, self.code(f), key, value, request_class)
        self.open_ops[op] = row
        self.invoked.extend(row)

    def attempt(self, op: int, attempts: int) -> None:
        """A client operation is tried once more."""
        self.attempts[op] = attempts

    def complete(self, op: int, time: int, outcome: str, value: Any, error: str, attempts: int) -> None:
        """A client operation ends: ok, fail, or info (nobody knows)."""
        if self.heard is not None:
            self.heard(self.open_ops[op][2], f"operation {outcome}")
        del self.open_ops[op]
        if self.attempts:
            self.attempts.pop(op, None)
        self.returned.extend((op, time, self.code(outcome), value, self.code(error), attempts))

    def note(self, time: int, node: int, text: str, cause: int) -> None:
        """A remark on what a node did."""
        self.notes.extend((time, node, text, cause))
        if self.heard is not None:
            self.heard(node, f"note {text}")

    def publish(self, time: int, node: int, metric: str, amount: int) -> None:
        """A node tells a figure of its own."""
        self.published.extend((time, node, self.code(metric), amount))

    def rows(self) -> int:
        """About how many rows the open chunk holds: the tables that grow with traffic."""
        grown = (len(self.state) + len(self.published) + len(self.hops)) // 4
        return len(self.sent) + len(self.settled) + grown

    def rows_max(self) -> int:
        """The row count at which the open chunk closes."""
        return min(CHUNK_ROWS_FIRST << min(self.number, 8), CHUNK_ROWS_MAX) + CHUNK_ROWS_A_NODE * len(self.nodes)

    def end_ns_max(self) -> int:
        """The time at which the open chunk closes, however few its rows."""
        return self.start_ns + min(CHUNK_SPAN_NS_FIRST << min(self.number, 8), CHUNK_SPAN_NS_MAX)

    def open(self, time: int, flight: list[Message], hops: list[int]) -> None:
        """Begin a chunk: take the keyframe. `flight` holds the messages in flight, by id; `hops` the last rows, flat,
        of those that go through forwarders.
        """
        self.start_ns = time
        ops: list[Any] = []
        for op in sorted(self.open_ops):
            ops.extend(self.open_ops[op])
        self._keyframe = {
            "state": [dict(fields) for fields in self.shown],
            "flight": None,
            "faults": list(self.active_faults),
            "ops": ops,
        }
        self._flight = flight
        if self.routed:
            self._keyframe["hops"] = hops

    def close(self, time: int) -> Chunk:
        """End the chunk at `time` and return it."""
        sent, settled = self.sent, self.settled
        self.sent = []
        self.settled = []
        frame = self._keyframe
        frame["flight"] = self._sent_table(self._flight, -1)
        tables: dict[str, Any] = {
            "sent": self._sent_table(sent, self.start_ns),
            "settled": {"rows": len(settled), "cols": settled_columns(settled, self.start_ns, len(self.words))},
        }
        strings = dict(self.words)
        frame["ops"] = self._table("invoked", frame["ops"], strings, -1)
        if self.routed:
            frame["hops"] = self._table("hops", frame["hops"], strings, -1)
        for name, flat in self._take():
            if flat or name not in SPARE:
                tables[name] = self._table(name, flat, strings, self.start_ns)
        rows = sum([table["rows"] for table in tables.values()])
        data = msgpack.packb(
            {
                "v": 1,
                "n": self.number,
                "from": self.start_ns,
                "to": time,
                "nodes": self.nodes,
                "strings": list(strings),
                "roles": self.roles,
                "keyframe": frame,
                "tables": tables,
            }
        )
        chunk = Chunk(self.number, self.start_ns, time, rows, data)
        self.number += 1
        return chunk

    def _take(self) -> list[tuple[str, list[Any]]]:
        """The collected rows by table; the lists start anew."""
        taken: list[tuple[str, list[Any]]] = [
            ("state", self.state),
            ("faults", self.faults),
            ("invoked", self.invoked),
            ("returned", self.returned),
            ("notes", self.notes),
            ("published", self.published),
            ("effects", self.effects),
        ]
        if self.routed:
            taken.append(("hops", self.hops))
        self.state, self.faults, self.invoked, self.returned = [], [], [], []
        self.notes, self.published, self.hops, self.effects = [], [], [], []
        return taken

    def _sent_table(self, messages: list[Message], start_ns: int) -> dict[str, Any]:
        """Messages as the rows of having been sent."""
        for body in dict.fromkeys([type(message.body) for message in messages]):
            self.kind(body)
        cols = sent_columns(messages, start_ns, len(self.nodes), len(self.words), self._kinds)
        return {"rows": len(messages), "cols": cols}

    def _table(self, table: str, flat: list[Any], strings: dict[str, int], start_ns: int) -> dict[str, Any]:
        """Flat rows as {"rows", "cols"}; words of open vocabularies are added to `strings`. Times are counted from
        `start_ns` (−1: they may be before the chunk).
        """
        names = TABLES[table]
        width = len(names)
        cols: dict[str, Any] = {}
        for position, name in enumerate(names):
            values = flat[position::width]
            if name in OPTIONAL and not any(values):
                continue
            if name in WORDS:
                for word in values:
                    if word not in strings:
                        strings[word] = len(strings)
                values = [strings[word] for word in values]
            if name in PLAIN:
                cols[name] = values
            elif name == "time":
                cols[name] = pack(values) if start_ns < 0 else pack_times(values, start_ns)
            elif name in IDS:
                cols[name] = pack_ids(values)
            elif name in NODES:
                cols[name] = pack_below(values, len(self.nodes))
            elif name in CODED:
                cols[name] = pack_below(values, len(strings))
            else:
                cols[name] = pack(values)
        return {"rows": len(flat) // width, "cols": cols}


def decode(data: bytes) -> dict[str, Any]:
    """A chunk with every column expanded to a list, coded columns to their words. Raises ValueError for what is no
    chunk.
    """
    chunk: Any = msgpack.unpackb(data, strict_map_key=False)
    if not isinstance(chunk, dict) or chunk.get("v") != 1:
        raise ValueError("Not a trace chunk of version 1.")
    strings: list[str] = chunk["strings"]
    frame = chunk["keyframe"]
    for table in (*chunk["tables"].values(), *(frame[name] for name in ("flight", "ops", "hops") if name in frame)):
        cols = table["cols"]
        for name in cols:
            values = unpack(cols[name])
            cols[name] = [strings[value] for value in values] if name in CODED else values
    return chunk
