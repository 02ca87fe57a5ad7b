"""The client: where requests come from, and where their success is measured.

An *open* client issues requests at a rate of its own, whatever becomes of them, as the public does; when the system
slows down, they pile up. A *closed* client is a number of users who each wait for the answer, think, and ask again;
when the system slows down, so do they. The difference decides how a system behaves beyond its capacity (Schroeder,
Wierman, Harchol-Balter: "Open Versus Closed: A Cautionary Tale", NSDI 2006).

A user stays with one of several replicas, or roams, and may send along how much it has seen (version tokens).

An operation ends ok, fail (it had no effect), or unknown: a write that timed out may still take effect, now or later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from simulations.engine.arrivals import NEVER
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.declare import Metric, Neighbour, Param, Show
from simulations.engine.dns import RESOLVER_PARAMS, Stub, stub
from simulations.engine.doubting import unlinked
from simulations.engine.edits import ELEMENT_PARAMS, MAPS, SET, SETS, Edit
from simulations.engine.fan_out import CALLS_PARAM, ONE_WAY, FanOut, fan_out_doubts
from simulations.engine.messages import Body, Increment, Value, Work, Write
from simulations.engine.node import Node
from simulations.engine.sessions import SESSION_PARAMS, Sessions
from simulations.engine.tasks import Failure
from simulations.engine.workload import DECREMENT, INCREMENT, Operations, arrivals
from simulations.engine.workload_params import LOAD, OPERATIONS

KEEPS_SETS = "multi-leader"  # the type of node that understands changes of sets and maps


class Client(Node):
    """Issues requests and waits for their answers."""

    TYPE: ClassVar[str] = "client"
    TITLE: ClassVar[str] = "Client"
    CATEGORY: ClassVar[str] = "Workload"
    SUMMARY: ClassVar[str] = "Issues requests, at a rate or as users who wait"
    ICON: ClassVar[str] = "client"
    INITIATES: ClassVar[bool] = True
    SERVES: ClassVar[bool] = False
    PARAMS: ClassVar[tuple[Param, ...]] = (
        *LOAD,
        *OPERATIONS,
        *ELEMENT_PARAMS,
        *SESSION_PARAMS,
        CALLS_PARAM,
        *CALL_PARAMS,
        *RESOLVER_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("in_flight", "In flight", "ops"), *CALL_SHOWS)
    METRICS: ClassVar[tuple[Metric, ...]] = CALL_METRICS

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        return [*call_doubts(params, neighbours), *fan_out_doubts(params), *unlinked(params, "resolver", neighbours)]

    @classmethod
    def doubts_beside(cls, params: dict[str, Any], neighbours: Mapping[str, Neighbour]) -> list[tuple[str, str]]:
        others = [id for id, one in neighbours.items() if one.asked and one.type != KEEPS_SETS]
        if params["requests"] not in (SETS, MAPS) or not others:
            return []
        return [("requests", f"{', '.join(others)} will refuse all of it. Ask multi-leader stores: they keep sets.")]

    def start(self) -> None:
        self.in_flight = 0
        self.issued = 0
        self.timeout_ms = self.number("timeout_ms")
        self.operations = Operations(self)
        self.keyed = self.boolean("idempotency_keys")
        self.sessions = Sessions(self)
        self.calls = Calls(self)
        self.fan_out = FanOut(self, self.calls)
        self.retries = self.calls.retries if self.fan_out.single else None  # else each of its calls has its own
        self.stub = stub(self)
        self.show_in_flight = self.gauge("in_flight")
        self.show_in_flight.set(0)
        if self.text("arrivals") == "open":
            self.arrivals = arrivals(self)
            self.schedule_arrival()
        else:
            self.think_time = self.duration("think_time")
            for user in range(self.integer("users")):
                self.think(user, self.new_process())

    # Open: arrivals

    def schedule_arrival(self) -> None:
        """Set the timer of the next arrival, unless the workload has ended by then."""
        gap_ns = self.arrivals.gap_ns(self.now_ns, self.host.firings.get("arrival", 0))
        if gap_ns != NEVER and self.now_ns + gap_ns < self.network.workload_ends_ns:
            self.timer(gap_ns, "arrival", self.arrive)

    def arrive(self) -> None:
        """Issue one request and wait for the next arrival."""
        self.begin_operation(self.issued, self.new_process(), -1)
        self.schedule_arrival()

    # Closed: users

    def think(self, user: int, process: int) -> None:
        """Let a user think, then ask."""
        purpose = f"user {user}"
        pause_ns = self.next_ns(self.think_time, purpose)
        if self.now_ns + pause_ns < self.network.workload_ends_ns:
            self.timer(pause_ns, purpose, lambda: self.begin_operation(user, process, user))

    # Operations

    def begin_operation(self, choice: int, process: int, user: int) -> None:
        """Choose what to ask, and ask it of the target whose turn it is."""
        before = self.cause
        self.issued += 1
        f = self.operations.choose()
        key = "" if f == "work" else self.operations.key(user)
        request_class, priority = self.operations.request_class()
        value = self.network.operations + 1 if f in ("write", SET) else 1 if f in (INCREMENT, DECREMENT) else None
        op = self.invoke(f, key, value, process, request_class)
        self.in_flight += 1
        self.show_in_flight.set(self.in_flight)
        body = self.operations.body(f, key, value, priority, op if self.keyed else -1, request_class)
        body = self.sessions.stamped(body, process)
        if self.retries is not None:
            self.retries.begin()
        self.spawn(self.operate(op, body, self.sessions.turn(choice), process, user), self.cause)
        self.cause = before

    async def operate(self, op: int, body: Body, choice: int, process: int, user: int) -> None:
        """One operation, from invocation to its end, across all its attempts."""
        outcome, value, error = "fail", None, "no target"
        attempts = pause_ns = 0
        uncertain = False
        calls = self.calls
        if self.stub is not None:
            error = await self.locate(self.stub)
        while calls.targets:
            attempts += 1
            try:
                if not self.fan_out.single:
                    reply = await self.fan_out.ask(body, None)
                else:
                    if calls.names is not None:
                        await calls.find(calls.names)
                    target = calls.pick(choice, attempts - 1)
                    if calls.direct:
                        reply = await self.call(target, body, self.timeout_ms)
                    else:
                        reply = await calls.once(target, body, None, self.timeout_ms)
                outcome, value, error = "ok", reply.value if isinstance(reply, Value) else None, ""
                self.sessions.saw(reply, process)
                break
            except Failure as failure:
                error = failure.reason
                uncertain = uncertain or failure.uncertain
            if self.retries is None:
                break
            pause_ns = self.retries.pause_ns(attempts, pause_ns)
            if pause_ns < 0:
                break
            await self.sleep(pause_ns)
            self.publish("calls.retried", 1)
            self.trace.attempt(op, attempts + 1)
        if outcome != "ok" and self.fan_out.single and not calls.fallback.none:
            answer = await calls.fallback.answer("", body, None)
            if answer is not None:
                outcome, value, error = "ok", answer.value if isinstance(answer, Value) else None, ""
        if self.fan_out.kind == ONE_WAY and outcome == "ok" and not isinstance(body, Work):
            outcome, error = "info", "one-way"  # who asks for no answer knows neither a value nor an effect
        elif outcome != "ok" and uncertain and isinstance(body, (Write, Increment, Edit)):
            outcome = "info"
        self.complete(op, outcome, value, error, attempts)
        self.in_flight -= 1
        self.show_in_flight.set(self.in_flight)
        if user >= 0:
            self.think(user, process)

    async def locate(self, stub: Stub) -> str:
        """Learn from the resolver whom to ask; why not, or ""."""
        try:
            self.calls.targets = await stub.resolve()
        except Failure as failure:
            self.calls.targets = []
            return failure.reason
        return ""
