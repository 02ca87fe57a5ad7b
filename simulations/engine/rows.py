"""Messages as rows of the trace: the columns of the tables `sent` and `settled`.

The compiled engine writes them number by number, which makes no object of any; interpreted, lists are faster. The bytes
are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulations.engine.columns import Column, kind_below, pack, pack_below, pack_ids, pack_times
from simulations.engine.kernel import COMPILED
from simulations.engine.messages import Body

if TYPE_CHECKING:
    from simulations.engine.channel import Message

Kinds = dict[type[Body], int]


def sent_columns(messages: list[Message], start_ns: int, nodes: int, words: int, kinds: Kinds) -> dict[str, Any]:
    """Messages as the rows of having been sent. Times are counted from `start_ns` (−1: they may be before the chunk);
    numbers of nodes are below `nodes`, those of kinds below `words`.
    """
    if COMPILED and start_ns >= 0:
        return _sent_one_by_one(messages, start_ns, nodes, words, kinds)
    times = [message.sent_ns for message in messages]
    return {
        "id": pack_ids([message.id for message in messages]),
        "time": pack(times) if start_ns < 0 else pack_times(times, start_ns),
        "src": pack_below([message.channel.src_index for message in messages], nodes),
        "dst": pack_below([message.channel.dst_index for message in messages], nodes),
        "kind": pack_below([kinds[type(message.body)] for message in messages], words),
        "cause": pack_ids([message.cause_id for message in messages]),
        "op": pack_ids([message.op for message in messages]),
        "size": pack([message.body.size() for message in messages]),
    }


def settled_columns(messages: list[Message], start_ns: int, words: int) -> dict[str, Any]:
    """Messages as the rows of having arrived or been dropped."""
    if COMPILED:
        return _settled_one_by_one(messages, start_ns, words)
    return {
        "id": pack_ids([message.id for message in messages]),
        "time": pack_times([message.settled_ns for message in messages], start_ns),
        "outcome": pack_below([message.outcome for message in messages], words),
    }


def _sent_one_by_one(messages: list[Message], start_ns: int, nodes: int, words: int, kinds: Kinds) -> dict[str, Any]:
    ids, times, causes, ops = Column("i32", 0), Column("u32", start_ns), Column("i32", 0), Column("i32", 0)
    sources, targets = Column(kind_below(nodes), 0), Column(kind_below(nodes), 0)
    bodies = Column(kind_below(words), 0)
    sizes: list[int] = []
    for message in messages:
        channel = message.channel
        body = message.body
        ids.put(message.id)
        times.put(message.sent_ns)
        sources.put(channel.src_index)
        targets.put(channel.dst_index)
        bodies.put(kinds[type(body)])
        causes.put(message.cause_id)
        ops.put(message.op)
        sizes.append(body.size())
    return {
        "id": ids.packed(),
        "time": times.packed(),
        "src": sources.packed(),
        "dst": targets.packed(),
        "kind": bodies.packed(),
        "cause": causes.packed(),
        "op": ops.packed(),
        "size": pack(sizes),
    }


def _settled_one_by_one(messages: list[Message], start_ns: int, words: int) -> dict[str, Any]:
    ids, times, outcomes = Column("i32", 0), Column("u32", start_ns), Column(kind_below(words), 0)
    for message in messages:
        ids.put(message.id)
        times.put(message.settled_ns)
        outcomes.put(message.outcome)
    return {"id": ids.packed(), "time": times.packed(), "outcome": outcomes.packed()}
