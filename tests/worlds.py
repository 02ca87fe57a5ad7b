"""Small worlds for tests: builders of physical documents, and a run as rows merged over its chunks."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from simulations.catalogue import node_types
from simulations.engine.channel import Message
from simulations.engine.messages import Body, Occurrence, Reply, Request
from simulations.engine.node import Node
from simulations.engine.simulation import Chunk, Limits, Outcome, Simulation
from simulations.engine.trace import decode
from simulations.nodes.client import Client
from simulations.nodes.database import Database
from simulations.nodes.load_balancer import LoadBalancer
from simulations.nodes.register import Register
from simulations.nodes.service import Service

Entry = dict[str, Any]
MS = 1_000_000


# A node whose behaviour is the test's


@dataclass(frozen=True)
class Ask(Request):
    """A question to an actor."""

    text: str = ""


@dataclass(frozen=True)
class Tell(Occurrence):
    """A remark to an actor, which notes it."""

    text: str = ""


@dataclass(frozen=True)
class Answer(Reply):
    """An actor's answer."""

    text: str = ""


class Actor(Node):
    """Runs the test's `main(actor)` at each boot and answers an Ask with the test's `answer(actor, body, message)`."""

    TYPE = "actor"
    HANDLES = (Ask, Tell)

    def start(self) -> None:
        main = self.params.get("main")
        if main is not None:
            self.spawn(main(self), self.cause)

    def on_ask(self, body: Ask, message: Message) -> Any:
        return self.params["answer"](self, body, message)

    def on_tell(self, body: Tell, message: Message) -> None:
        self.note(f"heard {body.text}")


def echo(actor: Actor, body: Ask, message: Message) -> Body:
    """Answers what was asked."""
    return Answer(body.text)


TYPES: tuple[type[Node], ...] = (*node_types().values(), Actor)


# Builders of a physical document


def node(kind: type[Node], id: str, **params: Any) -> Entry:
    """A node of any type, its other parameters at their defaults."""
    return {"id": id, "type": kind.TYPE, "params": {param.name: param.default for param in kind.PARAMS} | params}


def client(id: str, **params: Any) -> Entry:
    return node(Client, id, **params)


def service(id: str, **params: Any) -> Entry:
    return node(Service, id, **params)


def balancer(id: str, **params: Any) -> Entry:
    return node(LoadBalancer, id, **params)


def database(id: str, **params: Any) -> Entry:
    return node(Database, id, **params)


def register(id: str, **params: Any) -> Entry:
    return node(Register, id, **params)


def actor(
    id: str,
    main: Callable[[Actor], Coroutine[Any, Any, None]] | None = None,
    answer: Callable[[Actor, Ask, Message], Any] = echo,
) -> Entry:
    return node(Actor, id, main=main, answer=answer)


def link(a: str, b: str, latency: Any = 1, loss: float = 0.0, back: Entry | None = None, **params: Any) -> Entry:
    """A link `a-b`; the latency is a number of milliseconds or a distribution. `back`: what differs from b to a."""
    both = {"latency": latency, "loss": loss, **params}
    entry = {"id": f"{a}-{b}", "a": a, "b": b, "params": both}
    return entry if back is None else entry | {"b_to_a": {**both, **back}}


def mesh(members: Sequence[str], latency: Any = 1, loss: float = 0.0) -> Entry:
    """A cluster of replicas, every two of them linked."""
    return {"id": "mesh", "protocol": "register", "members": list(members), "link": {"latency": latency, "loss": loss}}


def crash(target: str, at_ms: float, until_ms: float | None = None) -> Entry:
    return {"kind": "crash", "target": target, "at_ms": at_ms, "until_ms": until_ms}


def partition(groups: Sequence[Sequence[str]], at_ms: float, until_ms: float | None = None) -> Entry:
    return {"kind": "partition", "target": [list(group) for group in groups], "at_ms": at_ms, "until_ms": until_ms}


def cut(target: str, at_ms: float, until_ms: float | None = None, direction: str = "both") -> Entry:
    return {"kind": "cut", "target": target, "at_ms": at_ms, "until_ms": until_ms, "direction": direction}


def lossy(target: str, probability: float, at_ms: float, until_ms: float | None = None) -> Entry:
    return {"kind": "loss", "target": target, "probability": probability, "at_ms": at_ms, "until_ms": until_ms}


def world(
    nodes: Iterable[Entry],
    links: Iterable[Entry] = (),
    clusters: Iterable[Entry] = (),
    faults: Iterable[Entry] = (),
    duration_ms: float = 1000,
    settle_ms: float = 0,
    seed: int = 1,
) -> Entry:
    parts = {"nodes": list(nodes), "links": list(links), "clusters": list(clusters), "faults": list(faults)}
    return {**parts, "duration_ms": duration_ms, "settle_ms": settle_ms, "seed": seed}


def exponential(mean_ms: float) -> Entry:
    return {"kind": "exponential", "mean_ms": mean_ms}


# A run


@dataclass
class Sent:
    """A message, from sending to settling. In flight at the end: `outcome` is "", `settled_ns` −1."""

    id: int
    sent_ns: int
    src: str
    dst: str
    kind: str
    cause: int
    op: int
    size: int
    settled_ns: int = -1
    outcome: str = ""

    @property
    def takes_ms(self) -> float:
        return (self.settled_ns - self.sent_ns) / MS


@dataclass
class Op:
    """A client operation, from invocation to its end."""

    id: int
    start_ns: int
    node: str
    process: int
    f: str
    key: str
    value: int | None
    request_class: str = ""
    end_ns: int = -1
    type: str = ""
    result: int | None = None
    error: str = ""
    attempts: int = 0

    @property
    def takes_ms(self) -> float:
        return (self.end_ns - self.start_ns) / MS

    @property
    def end(self) -> tuple[str, str]:
        return self.type, self.error


class Run:
    """What a run left: its chunks, its outcome, and questions to its rows."""

    def __init__(self, chunks: list[Chunk], outcome: Outcome) -> None:
        self.chunks = chunks
        self.outcome = outcome
        self.decoded = [decode(chunk.data) for chunk in chunks]
        self.nodes: list[str] = self.decoded[0]["nodes"]
        names = self.nodes
        self._sent = {row[0]: Sent(row[0], row[1], names[row[2]], names[row[3]], *row[4:]) for row in self.rows("sent")}
        for id, time, outcome_word in self.rows("settled"):
            self._sent[id].settled_ns, self._sent[id].outcome = time, outcome_word
        self._ops = {row[0]: Op(row[0], row[1], names[row[2]], *row[3:]) for row in self.rows("invoked")}
        for op, *end in self.rows("returned"):
            found = self._ops[op]
            found.end_ns, found.type, found.result, found.error, found.attempts = end

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """A table's rows over all chunks."""
        return [
            row
            for chunk in self.decoded
            if table in chunk["tables"]
            for row in zip(*chunk["tables"][table]["cols"].values(), strict=True)
        ]

    def messages(self, kind: str = "", src: str = "", dst: str = "", outcome: str = "") -> list[Sent]:
        """Messages by what is given of them, in the order of sending."""
        return [
            sent
            for sent in self._sent.values()
            if kind in ("", sent.kind)
            and src in ("", sent.src)
            and dst in ("", sent.dst)
            and outcome in ("", sent.outcome)
        ]

    def message(self, id: int) -> Sent:
        return self._sent[id]

    def drops(self) -> dict[str, int]:
        """How many messages did not arrive, by reason."""
        return dict(Counter(sent.outcome for sent in self._sent.values() if sent.outcome not in ("", "delivered")))

    def operations(self, node: str = "", f: str = "") -> list[Op]:
        """Client operations, in the order of invocation."""
        return [op for op in self._ops.values() if node in ("", op.node) and f in ("", op.f)]

    def ends(self, node: str = "", f: str = "") -> dict[tuple[str, str], int]:
        """How many operations ended in which (type, error)."""
        return dict(Counter(op.end for op in self.operations(node, f)))

    def states(self, node: str, field: str) -> list[tuple[float, Any]]:
        """The values (ms, value) that a field took."""
        return [
            (time / MS, value)
            for time, number, name, value in self.rows("state")
            if self.nodes[number] == node and name == field
        ]

    def at(self, ms: float, node: str, field: str) -> Any:
        """The value of a field at a moment (after all that happened at it)."""
        return [value for time, value in self.states(node, field) if time <= ms][-1]

    def notes(self, node: str = "") -> list[tuple[float, str]]:
        """The remarks (ms, text) of a node."""
        return [(time / MS, text) for time, number, text, _ in self.rows("notes") if node in ("", self.nodes[number])]


def run(document: Entry, *extra: type[Node], limits: Limits | None = None) -> Run:
    """Run a physical document; `extra` are node types besides the usual ones."""
    types = {kind.TYPE: kind for kind in (*TYPES, *extra)}
    simulation = Simulation(document, types, limits or Limits())
    chunks = list(simulation.chunks())
    assert simulation.outcome is not None
    return Run(chunks, simulation.outcome)


def interpreted(name: str) -> ModuleType:
    """A file of `simulations/` as plain Python: its classes can be derived from, also when the engine is compiled."""
    path = Path(__file__).resolve().parent.parent / "simulations" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"interpreted_{path.stem}", path)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
