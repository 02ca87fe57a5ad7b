"""Servers: what every process that works on requests has in common, from the way in to its workers.

A request passes admission, is answered from what is kept where its idempotency key was seen before, and else waits for
a worker, who needs a service time. What is done then is the node type's own.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import mypyc_attr

from simulations.engine.admission import ADMISSION_METRICS, ADMISSION_PARAMS, Admission
from simulations.engine.channel import Message
from simulations.engine.declare import Metric, Param, Show
from simulations.engine.idempotency import IDEMPOTENCY_METRICS, IDEMPOTENCY_PARAMS, results
from simulations.engine.marshalling import (
    FORMAT_METRICS,
    IGNORE,
    NEWER_FORMATS_PARAM,
    NOT_UNDERSTOOD,
    REPLY_BYTES_PARAM,
    codec,
)
from simulations.engine.messages import DONE, Body, Read, Request, Value
from simulations.engine.node import Node
from simulations.engine.readiness import STARTUP_PARAM
from simulations.engine.tasks import Failure
from simulations.engine.workers import QUEUE_PARAMS, workers_of

SERVER_PARAMS: Final[tuple[Param, ...]] = (
    *ADMISSION_PARAMS,
    *IDEMPOTENCY_PARAMS,
    REPLY_BYTES_PARAM,
    NEWER_FORMATS_PARAM,
    STARTUP_PARAM,
)
VERSION_MAX: Final = 1_000_000
SERVER_METRICS: Final[tuple[Metric, ...]] = (*ADMISSION_METRICS, *IDEMPOTENCY_METRICS, *FORMAT_METRICS)


def capacity(
    workers: tuple[str, int] = ("Workers", 4),
    takes: tuple[str, Any, str] = ("Service time", 20, "How long a worker needs for a request."),
    queue_max: int = 100,
) -> tuple[Param, ...]:
    """The parameters of a server's capacity: the workers' title and number; the title, default (a number: the mean of
    an exponential distribution, in ms) and help of what a request takes; and how many may wait.
    """
    title, mean, help = takes
    default = {"kind": "exponential", "mean_ms": mean} if isinstance(mean, (int, float)) else mean
    return (
        Param(
            "concurrency",
            workers[0],
            "integer",
            workers[1],
            "",
            1,
            10_000,
            help="Requests worked on at once.",
            section="Capacity",
        ),
        Param("service_time", title, "distribution", default, "ms", 0, 3_600_000, help=help, section="Capacity"),
        Param(
            "queue_max",
            "Queue",
            "integer",
            queue_max,
            "requests",
            0,
            1_000_000,
            help="Requests that may wait; one more is refused.",
            section="Capacity",
        ),
        *QUEUE_PARAMS,
    )


def load_shows(unit: str) -> tuple[Show, ...]:
    """How full it is, on the stage: its workers and its queue."""
    return (Show("busy", "Busy", unit, "bar", "concurrency"), Show("queue", "Queue", "requests", title_first=True))


@mypyc_attr(allow_interpreted_subclasses=True)
class Server(Node):
    """Works on requests. PARAMS hold those of `capacity` and SERVER_PARAMS; a subclass's `start` calls `open`."""

    def open(self, kept: dict[int, Body]) -> None:
        """Let requests in from now on; `kept` are the results by idempotency key that the disk has."""
        self.workers = workers_of(self)
        self.service_time = self.duration("service_time")
        self.admission = Admission(self)
        self.results = results(self, kept)
        self.codec = codec(self, "reply_bytes")
        ignores = self.text("newer_formats") == IGNORE
        self.version_max = VERSION_MAX if ignores else int(self.params.get("format_version", 1))

    def on_request(self, body: Request, message: Message) -> Any:
        """Let the request in, and carry it out unless that was done."""
        if body.header().version > self.version_max:
            self.publish("formats.refused", 1)
            return NOT_UNDERSTOOD
        refusal = None if self.admission.open else self.admission.refusal(message, self.workers.queued)
        if refusal is not None:
            return refusal
        key = -1 if self.results is None else body.idempotency_key()
        if self.results is None or key < 0:
            return self.serve(body, message)
        return self.results.once(key, lambda: self.serve(body, message))

    async def serve(self, body: Request, message: Message) -> Body:
        """Wait for a worker, work, and do what is asked."""
        came_ns = self.kernel.now
        await self.cancellable(message, self.workers.acquire(body.rank()))
        self.admission.waited(self.kernel.now - came_ns)
        try:
            self.admission.begin(message)
            if self.codec is not None or body.header().items > 1:
                await self.take_in(body, message)
            await self.cancellable(message, self.work(self.service_time, "service time"))
            answer = await self.carry_out(body, message)
            if self.codec is not None:
                answer = await self.codec.marshal_reply(answer, body.header())
        except Failure:
            self.workers.release()
            raise
        self.workers.release()
        return answer

    async def take_in(self, body: Request, message: Message) -> None:
        """Unmarshal a request. Of several questions in one, work on all but the last."""
        if self.codec is not None:
            await self.codec.unmarshal(body)
        for _ in range(body.header().items - 1):
            await self.cancellable(message, self.work(self.service_time, "service time"))

    async def carry_out(self, body: Request, message: Message) -> Body:
        """Do what is asked, once the worker's time is spent. Raises a Failure where it cannot be done."""
        return Value(None) if isinstance(body, Read) else DONE
