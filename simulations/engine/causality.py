"""Who caused what: a client's request as a tree of spans, and whether one message can have influenced another.

A span is a message that asks for something, from its sending until its answer arrives; its children are what was sent
because of it before it was answered. *Happens before* is Lamport's relation between the sendings of two messages
("Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978): there is a chain of messages,
each sent by a node after that node had received, or sent, the one before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge
from itertools import repeat
from typing import Any, Final

from simulations.engine.log import Log, Operation
from simulations.engine.marshal_log import MarshalLog

UNSENT: Final = frozenset({"buffer full", "expired", "never sent"})  # outcomes of what did not leave its sender


@dataclass
class Span:
    """A message and what came of it; times in ns, None for what never happened. `waiting_ns` was spent in the
    receiver's queue, `calling_ns` while something that it had sent was open, `marshalling_ns` on the request and its
    answer, `working_ns` is the rest until its answer. `packed_ns` is what the sender marshalled before it sent, and
    `unpacked_ns` what it unmarshalled afterwards.
    """

    id: int
    kind: str
    src: str
    dst: str
    sent_ns: int
    settled_ns: int | None
    outcome: str
    answer: str = ""
    answered_ns: int | None = None
    returned_ns: int | None = None
    waiting_ns: int = 0
    calling_ns: int = 0
    marshalling_ns: int = 0
    working_ns: int = 0
    packed_ns: int = 0
    unpacked_ns: int = 0
    children: list[Span] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The span and those below it as plain data."""
        return {
            "id": self.id,
            "kind": self.kind,
            "src": self.src,
            "dst": self.dst,
            "sent_ns": self.sent_ns,
            "settled_ns": self.settled_ns,
            "outcome": self.outcome,
            "answer": self.answer,
            "answered_ns": self.answered_ns,
            "returned_ns": self.returned_ns,
            "waiting_ns": self.waiting_ns,
            "calling_ns": self.calling_ns,
            "marshalling_ns": self.marshalling_ns,
            "working_ns": self.working_ns,
            "packed_ns": self.packed_ns,
            "unpacked_ns": self.unpacked_ns,
            "children": [child.as_dict() for child in self.children],
        }


def call_end_ns(log: Log, id_: int, timeout_ns: int) -> int:
    """Until when a sender waits for the answer to a message: its arrival, the timeout (0: none), or a crash."""
    if log.outcomes[log.settled[id_]] in UNSENT:
        return log.sent_ns[id_]
    end_ns = log.crash_after(log.sent_src[id_], log.sent_ns[id_])
    answer = log.answer_to(id_)
    if answer >= 0 and log.arrival_ns(answer) >= 0:
        end_ns = min(end_ns, log.arrival_ns(answer))
    return min(end_ns, log.sent_ns[id_] + timeout_ns) if timeout_ns else end_ns


class Requests:
    """The requests of a run as trees. `timeouts_ns` says how long each node waits for answers, where that is known."""

    def __init__(self, log: Log, timeouts_ns: Mapping[str, int]) -> None:
        self.log = log
        self.timeouts_ns = timeouts_ns
        self.asked = {answer: id_ for id_, answer in enumerate(log.answer) if answer >= 0}
        self.marshalling = MarshalLog(log)
        self.left_ns: dict[int, dict[int, int]] = {}  # node → request → when it left the queue

    def attempts(self, operation: Operation) -> list[Span]:
        """The attempts of a client operation, each a tree of spans."""
        log = self.log
        spans: dict[int, Span] = {}
        roots: list[Span] = []
        for id_, op in enumerate(log.sent_op):
            if op != operation.id or id_ in self.asked or self._is_reply(id_):
                continue
            span = spans[id_] = self._span(id_)
            parent = self.parent(id_)
            (spans[parent].children if parent in spans else roots).append(span)
        for id_ in reversed(list(spans)):
            self._time(id_, spans[id_])
        return roots

    def parent(self, id_: int) -> int:
        """The message that a node was handling when it sent this one: the nearest cause that is no answer to a question
        of its own; −1 for none.
        """
        log = self.log
        cause = log.sent_cause[id_]
        while (answer := log.copies.get(cause, cause)) in self.asked:
            request = self.asked[answer]
            cause = log.sent_cause[log.copies.get(request, request)]
        return cause

    def _is_reply(self, id_: int) -> bool:
        return self.log.roles.get(self.log.kinds[self.log.sent_kind[id_]]) == "reply"

    def _span(self, id_: int) -> Span:
        log = self.log
        settled = log.settled_ns[id_]
        src, dst = log.nodes[log.sent_src[id_]], log.nodes[log.sent_dst[id_]]
        kind, outcome = log.kinds[log.sent_kind[id_]], log.outcomes[log.settled[id_]]
        span = Span(id_, kind, src, dst, log.sent_ns[id_], settled if settled >= 0 else None, outcome)
        span.packed_ns = self.marshalling.until.get((log.sent_src[id_], span.sent_ns), 0)
        answer = log.answer[id_]
        if answer >= 0:
            span.answer = log.kinds[log.sent_kind[answer]]
            span.answered_ns = log.sent_ns[answer]
            returned_ns = log.arrival_ns(answer)
            if returned_ns >= 0:
                span.returned_ns = returned_ns
                span.unpacked_ns = self.marshalling.since.get((log.sent_src[id_], returned_ns), 0)
        return span

    def _time(self, id_: int, span: Span) -> None:
        """Divide the receiver's time among waiting, calling, marshalling and working; the children's spans stand."""
        log = self.log
        if not log.delivered(id_) or span.settled_ns is None:
            return
        node, start_ns = log.sent_dst[id_], span.settled_ns
        end_ns = span.answered_ns if span.answered_ns is not None else log.crash_after(node, start_ns)
        if span.answered_ns is None and log.roles.get(span.kind) != "request":
            return  # nobody waits for it
        left_ns = min(end_ns, self._left_queue_ns(node, id_))
        span.waiting_ns = left_ns - start_ns
        timeout_ns = self.timeouts_ns.get(span.dst, 0)
        until_ns = left_ns
        for child in span.children:
            child_end_ns = min(end_ns, call_end_ns(log, child.id, timeout_ns))
            if log.roles.get(child.kind) == "request" or child.answered_ns is not None:
                span.calling_ns += max(0, child_end_ns - max(until_ns, child.sent_ns))
                until_ns = max(until_ns, child_end_ns)
        span.marshalling_ns = self.marshalling.since.get((node, left_ns), 0) if left_ns < end_ns else 0
        if span.answered_ns is not None:
            span.marshalling_ns += self.marshalling.until.get((node, end_ns), 0)
        span.working_ns = end_ns - start_ns - span.waiting_ns - span.calling_ns - span.marshalling_ns

    def _left_queue_ns(self, node: int, id_: int) -> int:
        """When a request left the node's queue; at once where it did not wait. Of those that came at one nanosecond,
        the first found the free workers.
        """
        if node not in self.left_ns:
            log = self.log
            stays: dict[int, list[int]] = {}
            for joined, left, _served in sorted(queue_stays(log, node)):
                stays.setdefault(joined, []).append(left)
            found = self.left_ns[node] = {}
            for request in log.requests():
                if log.sent_dst[request] == node and log.delivered(request):
                    came = stays.get(log.settled_ns[request])
                    found[request] = came.pop(0) if came else log.settled_ns[request]
        return self.left_ns[node].get(id_, self.log.settled_ns[id_])


def queue_stays(log: Log, node: int) -> Iterator[tuple[int, int, bool]]:
    """When each request came to a node's workers, when it had one, and whether it had one: not if a crash or the run's
    end found it waiting. As if first come, first served.
    """
    busy, queue = (
        zip(*log.states.get((node, field), ((), ())), repeat(field), strict=False) for field in ("busy", "queue")
    )
    waiting: deque[int] = deque()
    level = {"busy": 0, "queue": 0}
    for time, value, field_ in merge(busy, queue, key=lambda change: (change[0], change[2])):
        step = int(value or 0) - level[field_]
        level[field_] += step
        if field_ == "busy":
            yield from [(time, time, True)] * step
            continue
        waiting.extend([time] * step)
        for _ in range(min(-step, len(waiting))):
            yield waiting.popleft(), time, value is not None
    yield from [(joined, log.end_ns, False) for joined in waiting]


def causal_chain(log: Log, earlier: int, later: int) -> list[int]:
    """Messages from `earlier` to `later`, each sent after its sender had sent or received the one before; [] where
    there is no such chain. At one nanosecond of one node only causes and the order of sending tell before from after.

    Raises IndexError for a number that no message has.
    """
    if not (0 <= earlier < len(log.sent_ns) and 0 <= later < len(log.sent_ns)):
        raise IndexError(f"There are {len(log.sent_ns):,} messages, numbered from 0.")
    if earlier >= later:
        return []
    reached = {log.sent_src[earlier]: (log.sent_ns[earlier], earlier)}
    before: dict[int, int] = {}  # message → the one before it in its chain
    for id_ in range(earlier, later + 1):
        if id_ != earlier:
            since = reached.get(log.sent_src[id_])
            cause = log.sent_cause[id_]
            if cause in before or cause == earlier:
                before[id_] = cause
            elif since is not None and (since[0] < log.sent_ns[id_] or log.sent_src[since[1]] == log.sent_src[id_]):
                before[id_] = since[1]
            else:
                continue
        if log.delivered(id_):
            arrived = (log.settled_ns[id_], id_)
            dst = log.sent_dst[id_]
            reached[dst] = min(reached.get(dst, arrived), arrived)
    if later not in before:
        return []
    chain = [later]
    while chain[-1] != earlier:
        chain.append(before[chain[-1]])
    return chain[::-1]
