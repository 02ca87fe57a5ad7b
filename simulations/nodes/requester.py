"""The requester: asks through queues and gets its answers through a queue.

Each request is posted to the request queue with the name of a reply queue and a *correlation id*, a number of its own.
Whoever takes it puts the answer on the reply queue under the same id. Several work at once, so answers come back in
another order than the questions went out, and the id tells which answer belongs to which question. A question without
an answer expires; an answer that nobody waits for any more is taken from the queue and thrown away.

Nobody needs to be up at the same moment, and the requester needs no worker or connection for each question that is
open. To its callers it looks like a service. Without correlation ids an answer can only be taken for that to the oldest
open question, which is right as long as one worker does everything in order and nothing is lost. Correlation
identifier and return address: Hohpe and Woolf, "Enterprise Integration Patterns", Addison-Wesley 2003, chapter 5; in
AMQP 0-9-1 they are the properties correlation-id and reply-to.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from simulations.engine.admission import ADMISSION_METRICS, ADMISSION_PARAMS, Admission
from simulations.engine.call_params import CALL_METRICS, CALL_PARAMS, CALL_SHOWS, call_doubts
from simulations.engine.calls import Calls
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.distributions import to_ns
from simulations.engine.doubting import unlinked
from simulations.engine.messages import Body, Increment, Read, Refusal, Request, Work, Write
from simulations.engine.node import Node
from simulations.engine.queueing import Acknowledge, Poll, Post, queues_beside
from simulations.engine.tasks import Failure, Future, Refused

BY_ID: Final = "by-id"
SERIAL_BITS: Final = 32  # correlation ids go on rising over restarts
NO_QUEUE: Final = Refusal("no queue", False)


class Requester(Node):
    """Turns calls into messages, and messages into answers."""

    TYPE: ClassVar[str] = "requester"
    TITLE: ClassVar[str] = "Requester"
    CATEGORY: ClassVar[str] = "Services"
    SUMMARY: ClassVar[str] = "Asks through a queue and matches the answers from another"
    ICON: ClassVar[str] = "requester"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "reply_queue",
            "Reply queue",
            "text",
            "",
            help="A queue that this node has a link to and nobody else takes answers from.",
            section="Answers",
        ),
        Param(
            "matching",
            "Answers are matched",
            "choice",
            BY_ID,
            choices=(Choice(BY_ID, "By correlation id"), Choice("in-order", "In order: first asked, first answered")),
            section="Answers",
        ),
        Param(
            "expires_ms",
            "Expires after",
            "number",
            5000,
            "ms",
            1,
            3_600_000,
            help="A question without an answer by then has failed.",
            section="Answers",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            1000,
            "ms",
            0.001,
            3_600_000,
            help="How long the queues have to answer.",
            section="Questions",
        ),
        Param(
            "poll_wait_ms",
            "Poll waits",
            "number",
            1000,
            "ms",
            0,
            60_000,
            help="How long the reply queue holds a request for an answer while it has none. 0: it says so at once.",
            section="Answers",
        ),
        Param(
            "poll_pause_ms",
            "Pause",
            "number",
            100,
            "ms",
            0.001,
            60_000,
            help="Before asking again where the queue had nothing at once, or did not answer.",
            section="Answers",
        ),
        Param(
            "concurrency",
            "Takers",
            "integer",
            4,
            "",
            1,
            1000,
            help="Answers that are fetched at once.",
            section="Answers",
        ),
        *CALL_PARAMS,
        *ADMISSION_PARAMS,
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("replies.matched", "answers", "Answers given to an open question.", "count"),
        Metric("replies.overtaken", "answers", "Answers to a question asked before one already answered.", "count"),
        Metric("replies.wrong", "answers", "Answers given to another question than the one they are to.", "count"),
        Metric("replies.unmatched", "answers", "Answers that no open question was found for.", "count"),
        Metric("questions.expired", "questions", "Questions without an answer in time.", "count"),
        *CALL_METRICS,
        *ADMISSION_METRICS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (Show("open", "Open questions", "questions"), *CALL_SHOWS)
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Work, Read, Write, Increment)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        no_reply = unlinked(params, "reply_queue", neighbours, "No answer ever comes", needed=True)
        return [*call_doubts(params, neighbours), *no_reply]

    def start(self) -> None:
        self.reply_queue = self.text("reply_queue")
        self.by_id = self.text("matching") == BY_ID
        self.expires_ns = to_ns(self.number("expires_ms"))
        self.calls = Calls(self)
        self.admission = self.calls.admission = Admission(self)
        self.questions = self.calls.targets
        self.open: dict[int, Future] = {}  # by correlation id, oldest first
        self.serial = self.turn = 0
        self.newest = -1  # the highest correlation id answered
        self.show_open = self.gauge("open")
        self.show_open.set(0)
        if self.reply_queue in queues_beside(self):
            for taker in range(self.integer("concurrency")):
                self.spawn(self.take_answers(taker), self.cause)

    def on_request(self, body: Request, message: Message) -> Any:
        """Ask through the queue."""
        if not self.questions:
            return NO_QUEUE
        refusal = None if self.admission.open else self.admission.refusal(message, self.calls.queued())
        return self.ask(body, message) if refusal is None else refusal

    async def ask(self, body: Request, message: Message) -> Body:
        """Post a question and wait for its answer. Raises a Failure."""
        self.serial += 1
        correlation = (self.incarnation << SERIAL_BITS) + self.serial
        answer = self.open[correlation] = Future()
        self.show_open.set(len(self.open))
        self.turn += 1
        post = Post(body, correlation, self.reply_queue)
        deadline_ns = self.calls.until_ns(message)
        try:
            if self.calls.plain:
                queue = self.questions[self.turn % len(self.questions)]
                await self.cancellable(message, self.call(queue, post, self.calls.time_left_ms(deadline_ns)))
            else:
                await self.calls.ask(post, message, deadline_ns, first=self.turn)
        except Failure:
            self.close(correlation)
            raise
        expires_ns = self.expires_ns
        if deadline_ns >= 0:
            expires_ns = max(0, min(expires_ns, deadline_ns - self.kernel.now))
        self.timer(expires_ns, "expiry", lambda: self.expire(correlation))
        found: Body = await self.cancellable(message, answer)
        return found

    def close(self, correlation: int) -> Future | None:
        """A question is open no longer; None where it was not."""
        answer = self.open.pop(correlation, None)
        self.show_open.set(len(self.open))
        return answer

    def expire(self, correlation: int) -> None:
        """A question has been open for too long."""
        answer = self.close(correlation)
        if answer is not None:
            self.publish("questions.expired", 1)
            answer.fail(Refused("expired", True), None)

    async def take_answers(self, taker: int) -> None:
        """Take one answer after another and give it to who asked."""
        poll = Poll(self, str(taker), [self.reply_queue], 0)
        while True:
            queue, delivery = await poll.next()
            self.send(queue, Acknowledge(delivery.receipt))
            self.match(delivery.correlation, delivery.message)

    def match(self, correlation: int, body: Body) -> None:
        """Give an answer to the question that it belongs to, or seems to."""
        asked = correlation if self.by_id else next(iter(self.open), -1)
        answer = self.close(asked)
        if answer is None:
            self.publish("replies.unmatched", 1)
            return
        self.publish("replies.matched", 1)
        if asked != correlation:
            self.publish("replies.wrong", 1)
        if correlation < self.newest:
            self.publish("replies.overtaken", 1)
        self.newest = max(self.newest, correlation)
        answer.resolve(body, self.cause)
