"""Kinds of calls: how a process asks those behind it on behalf of a request.

A synchronous call waits for one answer before anything else is done, so that the latencies of a chain of calls add up.
Asynchronous calls give a future each: many are under way at once, and to gather them takes as long as the slowest. Of a
race the first good answer counts. A one-way message has no answer, and its sender knows nothing of what becomes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Param
from simulations.engine.headers import Header
from simulations.engine.messages import DONE, Body
from simulations.engine.node import Node
from simulations.engine.tasks import Failure
from simulations.engine.waiting import Branch, awaited, give_up

SYNC: Final = "sync"
SEQUENCE: Final = "sequence"
GATHER: Final = "gather"
RACE: Final = "race"
ONE_WAY: Final = "one-way"

CALLS_PARAM: Final = Param(
    "calls",
    "Kind of call",
    "choice",
    SYNC,
    choices=(
        Choice(SYNC, "Synchronous: one target, in turn"),
        Choice(SEQUENCE, "Synchronous: all, one after another"),
        Choice(GATHER, "Asynchronous: all at once, wait for all"),
        Choice(RACE, "Asynchronous: all at once, first answer"),
        Choice(ONE_WAY, "One-way: send, and do not wait"),
    ),
    help="How those behind are asked for one request.",
    section="Calls",
)
FAN_OUT_PARAMS: Final[tuple[Param, ...]] = (
    CALLS_PARAM,
    Param(
        "calls_per_request",
        "Questions a request",
        "integer",
        1,
        "",
        1,
        10_000,
        help="So often each of them is asked for one request, as by a loop over the rows of a list.",
        section="Calls",
    ),
    Param(
        "batch_calls",
        "All in one message",
        "boolean",
        False,
        help="One call carries all the questions of a request. Its work and its payload are those of all together.",
        section="Calls",
    ),
)


def fan_out_doubts(params: dict[str, Any]) -> list[tuple[str, str]]:
    """What of FAN_OUT_PARAMS contradicts itself or others, and the consequence; only `calls` must be there."""
    found: list[tuple[str, str]] = []
    if params.get("batch_calls", False) and params["calls_per_request"] == 1:
        found.append(("batch_calls", "Changes nothing: a request asks one question only. Raise Questions a request."))
    if params["calls"] == ONE_WAY:
        waits = [name for name in ("retry", "fallback", "breaker") if params[name] != "none"]
        if waits:
            words = f"Never happens: who sends one-way learns of no failure. Leave {' and '.join(waits)} at none."
            found.append((waits[0], words))
    return found


class FanOut:
    """Asks by a node's parameters FAN_OUT_PARAMS, of which only `calls` must be there."""

    def __init__(self, node: Node, calls: Calls) -> None:
        self.node = node
        self.calls = calls
        self.kind = node.text("calls")
        self.batch = bool(node.params.get("batch_calls", False))
        self.questions = int(node.params.get("calls_per_request", 1))
        self.single = self.kind == SYNC and self.questions == 1

    async def ask(self, body: Body, request: Message | None, groups: Sequence[list[str] | None] = ()) -> Body:
        """An answer on behalf of a request. `groups` are those who are asked, each one of several that are alike; by
        default the targets, all alike where one is asked in turn. Raises the first failure that leaves no answer.
        """
        rounds = self.questions
        if self.batch and rounds > 1:
            body = together(body, rounds)
            rounds = 1
        if not groups:
            groups = await self._groups()
        asked = [group for _ in range(rounds) for group in groups]
        if self.kind == ONE_WAY:
            for group in asked:
                await self.calls.tell(body, group)
            return DONE
        if len(asked) == 1 or self.kind in (SYNC, SEQUENCE):
            answers: list[Body] = []
            for group in asked:
                answers.append(await self.calls.ask(body, request, targets=group))
            return combined(answers)
        deadline_ns = self.calls.until_ns(request)
        branches = [self.calls.ask_beside(body, deadline_ns, group) for group in asked]
        try:
            answers = await self._awaited(branches, request)
        except Failure:
            give_up(self.node, branches)
            raise
        give_up(self.node, branches)
        return combined(answers)

    async def _groups(self) -> list[list[str] | None]:
        """Whom to ask of the targets; None: any of them."""
        calls = self.calls
        if calls.names is not None:
            await calls.find(calls.names)
        if self.kind in (SYNC, ONE_WAY) or not calls.targets:
            return [None]
        return [[target] for target in calls.targets]

    async def _awaited(self, futures: list[Branch], request: Message | None) -> list[Body]:
        """All the answers; of a race the first. Raises a failure as soon as it is known that they will not come."""
        racing = self.kind == RACE
        while True:
            under_way = [future for future in futures if not future.done]
            answered = [future for future in futures if future.done and future.error is None]
            failed = [future for future in futures if future.error is not None]
            if answered and (racing or len(answered) == len(futures)):
                return [future.value for future in (answered[:1] if racing else answered)]
            if failed and (not racing or not under_way):
                assert failed[0].error is not None
                raise failed[0].error
            await awaited(self.node, request, self.node.race(list(under_way)))


def together(body: Body, questions: int) -> Body:
    """One message that asks so many questions."""
    head = body.header()
    items = head.items * questions
    return body.with_header(
        Header(head.path, head.payload_bytes * questions, head.wire_bytes * questions, head.version, items)
    )


def combined(answers: list[Body]) -> Body:
    """The first of some answers, with the payload of all."""
    first = answers[0]
    if len(answers) == 1:
        return first
    payload = wire = 0
    for answer in answers:
        head = answer.header()
        payload += head.payload_bytes
        wire += head.wire_bytes
    return first.with_header(Header("", payload, wire)) if payload else first
