"""The service: work that takes time, done by so many workers at once.

A request waits in a bounded queue for a worker, keeps it for a service time, and is refused when the queue is full.
With a store or another service behind it, the service passes the request on and answers with the answer; by default
its worker waits meanwhile, as a thread does, so that a slow store uses up the workers in front of it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from simulations.engine.aside import ASIDE_PARAM, aside
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Lie, Metric, Param, Show
from simulations.engine.doubting import unlinked
from simulations.engine.fan_out import FAN_OUT_PARAMS, FanOut, fan_out_doubts
from simulations.engine.messages import DONE, Body, Increment, Read, Request, Value, Work, Write
from simulations.engine.naming import REGISTRATION_PARAMS, Membership, registration_doubts
from simulations.engine.server import SERVER_METRICS, SERVER_PARAMS, Server, capacity, load_shows
from simulations.engine.tasks import Cause, Failure, Refused


class Service(Server):
    """Works on requests, and asks what stands behind it."""

    TYPE: ClassVar[str] = "service"
    TITLE: ClassVar[str] = "Service"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Works on requests with a number of workers and a queue"
    ICON: ClassVar[str] = "service"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *capacity(),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for what stands behind.",
            section="Calls",
        ),
        Param(
            "holds_worker",
            "Hold the worker",
            "boolean",
            True,
            help="The worker waits for the answer from behind, as a thread does. Off: it goes on meanwhile.",
            section="Calls",
        ),
        *FAN_OUT_PARAMS,
        ASIDE_PARAM,
        *CALL_PARAMS,
        Param(
            "counts_effects",
            "Count what is done",
            "boolean",
            False,
            help="Finished work counts as an effect, so that a retry that is worked on again shows as a duplicate.",
            section="Effects",
        ),
        *SERVER_PARAMS,
        *REGISTRATION_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        *load_shows("workers"),
        *CALL_SHOWS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (*CALL_METRICS, *SERVER_METRICS)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)
    LIES: ClassVar[tuple[Lie, ...]] = (
        Lie("wrong answers", "Answers with wrong values", "Reads get values that nobody wrote."),
        Lie("false acknowledgements", "Says done and does nothing", "Work and writes are acknowledged at once."),
    )

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return [
            *call_doubts(params, neighbours),
            *fan_out_doubts(params),
            *registration_doubts(params),
            *unlinked(params, "cache", neighbours),
        ]

    def start(self) -> None:
        self.open({})
        self.timeout_ms = self.number("timeout_ms")
        self.holds_worker = self.boolean("holds_worker")
        self.counts_effects = self.boolean("counts_effects")
        self.calls = Calls(self)
        self.fan_out = FanOut(self, self.calls)
        self.aside = aside(self, self.calls)
        self.turn = 0
        self.membership = Membership(self)

    def readiness_changed(self) -> None:
        self.membership.tell()

    async def serve(self, body: Request, message: Message) -> Body:
        """Wait for a worker, work, and ask behind if there is somebody."""
        came_ns = self.kernel.now
        await self.cancellable(message, self.workers.acquire(body.rank()))
        self.admission.waited(self.kernel.now - came_ns)
        reply: Body = Value(None) if isinstance(body, Read) else DONE
        try:
            self.admission.begin(message)
            if self.codec is not None or body.header().items > 1:
                await self.take_in(body, message)
            await self.cancellable(message, self.work(self.service_time, "service time"))
            if self.counts_effects:
                self.effect()
            if self.calls.any and self.holds_worker:
                reply = await self.ask_behind(body, message)
            if self.codec is not None and (self.holds_worker or not self.calls.any):
                reply = await self.codec.marshal_reply(reply, body.header())
        except Failure:
            self.workers.release()
            raise
        self.workers.release()
        if self.calls.any and not self.holds_worker:
            reply = await self.ask_behind(body, message)
            if self.codec is not None:
                reply = await self.codec.marshal_reply(reply, body.header())
        return reply

    async def ask_behind(self, body: Request, message: Message) -> Body:
        """Get the answer from the cache where there is one and it has it, or from behind."""
        if self.aside is None:
            return await self.pass_on(body, message)
        return await self.aside.ask(body, message, lambda: self.pass_on(body, message))

    async def pass_on(self, body: Request, message: Message) -> Body:
        """Pass the request on; its failure becomes ours. Where deadlines count, it has no more time than its caller."""
        deadline_ns = self.calls.until_ns(message)
        if 0 <= deadline_ns <= self.kernel.now:
            raise Refused("expired", False)
        if not self.fan_out.single:
            return await self.fan_out.ask(body, message)
        if not self.calls.plain:
            return await self.calls.ask(body, message, deadline_ns)
        target = self.calls.targets[self.turn % len(self.calls.targets)]
        self.turn += 1
        timeout_ms = self.timeout_ms if deadline_ns < 0 else self.calls.time_left_ms(deadline_ns)
        reply: Body = await self.cancellable(message, self.call(target, body, timeout_ms))
        return reply

    # Lies

    def feign(self, behaviour: str, body: Body, request: Cause) -> Body | None:
        return DONE if behaviour == "false acknowledgements" and isinstance(body, (Work, Write, Increment)) else None

    def lie(self, behaviour: str, to: str, body: Body) -> Body | None:
        wrong = behaviour == "wrong answers" and isinstance(body, Value)
        return body.altered(self.draw("lie")) if wrong else body
