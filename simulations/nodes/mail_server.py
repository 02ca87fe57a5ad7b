"""The mail server: it takes responsibility for a message, keeps it, and passes it on when it can.

An organisation's server answers its user as soon as a message is on its own disk, in the *spool*, and sends it to the
server of the recipient's organisation afterwards. If that one does not answer, the message stays in the spool and is
tried again, until it is given up and returned as undeliverable (RFC 5321, section 4.5.4). The receiving server stores
the message in the mailbox, syncs, and only then answers; if its answer is lost, or it crashes before it has answered,
the message comes a second time (RFC 1047). It is known again by its *message id* (RFC 5322, section 3.6.4), where the
ids that have come are kept: in memory they are gone after a crash; stored with the message, as one record, they are
there exactly when the message is.

A key written by a client is a mailbox, and the value written is the message. Mailbox k7 belongs to the seventh of the
servers, counted from 0 in order of their names and round again, as the domain in an address says whose it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from simulations.engine.admission import RATE_LIMIT_METRICS, RATE_LIMIT_PARAMS, RATE_LIMITED, rate_limit
from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Metric, Param, Show
from simulations.engine.disk import fsync_param
from simulations.engine.distributions import to_ns
from simulations.engine.idempotency import IDEMPOTENCY_METRICS, Results
from simulations.engine.messages import DONE, Body, Request, Write
from simulations.engine.node import Node
from simulations.engine.tasks import Failure, Refused

NO_DEDUP: Final = "none"
IN_MEMORY: Final = "memory"
STORED: Final = "stored"
SPOOL: Final = "spool "  # before a message id, on disk
COPY: Final = "copy "


@dataclass(frozen=True)
class Mail(Request):
    """A message for a mailbox. `number` is its message id; `op` the operation that submitted it."""

    number: int
    mailbox: str
    text: int
    op: int

    def size(self) -> int:
        return 4096


class MailServer(Node):
    """Keeps an organisation's mailboxes, and sends its users' mail."""

    TYPE: ClassVar[str] = "mail-server"
    TITLE: ClassVar[str] = "Mail server"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "Stores mail and forwards it to other organisations' servers"
    ICON: ClassVar[str] = "mail-server"
    CLUSTERS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "store_and_forward",
            "Store and forward",
            "boolean",
            True,
            help="The user is answered once the mail is in the spool. Off: only once the other server has taken it.",
            section="Sending",
        ),
        Param(
            "timeout_ms",
            "Timeout",
            "number",
            500,
            "ms",
            0.001,
            3_600_000,
            help="How long to wait for the other server's answer.",
            section="Sending",
        ),
        Param(
            "retry_ms",
            "Try again after",
            "number",
            2000,
            "ms",
            1,
            86_400_000,
            help="While the other server does not answer.",
            section="Sending",
        ),
        Param(
            "give_up_ms",
            "Give up after",
            "number",
            600_000,
            "ms",
            1,
            86_400_000,
            help="What is then still in the spool is returned as undeliverable.",
            section="Sending",
        ),
        Param(
            "dedup",
            "Known message ids",
            "choice",
            STORED,
            choices=(
                Choice(NO_DEDUP, "Not kept: every copy is delivered"),
                Choice(IN_MEMORY, "In memory, until a crash"),
                Choice(STORED, "Stored with the message"),
            ),
            help="By them a message that comes again is known again.",
            section="Mailboxes",
        ),
        Param(
            "results_max",
            "Message ids kept",
            "integer",
            100_000,
            "",
            1,
            1_000_000,
            help="The oldest is forgotten first.",
            section="Mailboxes",
            when=("dedup", IN_MEMORY, STORED),
        ),
        fsync_param("Nothing is acknowledged before it is on disk.", 5),
        *RATE_LIMIT_PARAMS,
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("spool", "In the spool", "messages"),
        Show("copies", "In mailboxes", "messages"),
        Show("last", "Last received"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("mail.delivered", "messages", "Copies put into its mailboxes.", "count"),
        Metric("mail.retried", "messages", "Further attempts to send a message from the spool.", "count"),
        Metric("mail.undeliverable", "messages", "Messages given up.", "count"),
        Metric("mail.spool", "messages", "Messages in the spool.", "gauge"),
        Metric("mail.delay_ms", "ms", "From a message's coming into the spool until it is delivered.", "duration"),
        *IDEMPOTENCY_METRICS,
        *RATE_LIMIT_METRICS,
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (Write, Mail)

    @classmethod
    def doubts(cls, params: dict[str, Any], neighbours: frozenset[str]) -> list[tuple[str, str]]:
        if not params["store_and_forward"] or params["give_up_ms"] > params["retry_ms"]:
            return []
        words = f"No second attempt: a message is given up before the next one, due after {params['retry_ms']:g} ms."
        return [("give_up_ms", f"{words} Give up later.")]

    def start(self) -> None:
        self.fsync_time = self.duration("fsync_time")
        self.timeout_ms = self.number("timeout_ms")
        self.rate_limit = rate_limit(self)
        dedup = self.text("dedup")
        self.servers = sorted([self.id, *self.peers])
        stored = self.disk.read()
        self.inherited = bool(self.disk.cached)
        self.copies = len([key for key in stored if key.startswith(COPY)])
        known: dict[int, Body] = {}
        if dedup == STORED:
            known.update({mail.number: DONE for key, mail in stored.items() if key.startswith(COPY)})
        self.known = None if dedup == NO_DEDUP else Results(self, known)
        self.spool = 0
        self.show_spool = self.gauge("spool")
        self.show_copies = self.gauge("copies")
        self.show_copies.set(self.copies)
        self.count_spool(0)
        for key, mail in stored.items():
            if key.startswith(SPOOL) and mail is not None:
                self.count_spool(1)
                self.spawn(self.forward(mail, self.now_ns), self.begun(mail.op))

    # Submission

    async def on_write(self, body: Write, message: Message) -> Body:
        """A user submits a message; its id is the user's, or else a new one. Raises Refused when the disk is full, or
        the message could not be passed on at once where that is asked.
        """
        if self.rate_limit is not None and not self.rate_limit.admits(message):
            return RATE_LIMITED
        op = message.op
        number = body.token if body.token >= 0 else -1 - self.draw_id()
        mail = Mail(number, body.key, body.value, op)
        if not self.boolean("store_and_forward"):
            await self.pass_on(mail)
            return DONE
        self.disk.write(f"{SPOOL}{number}", mail)
        await self.disk.fsync(self.fsync_time)
        self.count_spool(1)
        self.spawn(self.forward(mail, self.now_ns), self.begun(op))
        return DONE

    def draw_id(self) -> int:
        """A new message id."""
        return int(self.draw("message id") * (1 << 52))

    def home(self, mailbox: str) -> str:
        """The server of a mailbox."""
        digits = re.search(r"\d+$", mailbox)
        return self.servers[int(digits[0]) % len(self.servers)] if digits else self.servers[0]

    # Sending

    async def forward(self, mail: Mail, since_ns: int) -> None:
        """Get a message out of the spool: deliver it, or try until it is given up."""
        give_up_ns = since_ns + to_ns(self.number("give_up_ms"))
        pause_ns = to_ns(self.number("retry_ms"))
        while True:
            try:
                await self.pass_on(mail)
                self.publish("mail.delay_ms", self.now_ns - since_ns)
                break
            except Failure:
                if self.now_ns + pause_ns > give_up_ns:
                    self.publish("mail.undeliverable", 1)
                    self.note(f"Message {mail.number} to {mail.mailbox} is returned as undeliverable")
                    break
            await self.sleep(pause_ns)
            self.publish("mail.retried", 1)
        self.count_spool(-1)
        try:
            self.disk.write(f"{SPOOL}{mail.number}", None)
        except Refused:
            return  # the disk is full: it stays there, and goes out again after a restart
        await self.disk.fsync(self.fsync_time)

    async def pass_on(self, mail: Mail) -> None:
        """Give a message to the server of its mailbox. Raises a Failure where it does not take it."""
        home = self.home(mail.mailbox)
        if home == self.id:
            await self.deliver(mail)
        else:
            await self.call(home, mail, self.timeout_ms)

    def count_spool(self, change: int) -> None:
        """The spool has become longer or shorter."""
        self.spool += change
        self.show_spool.set(self.spool)
        self.publish("mail.spool", self.spool)

    # Receiving

    async def on_mail(self, body: Mail, message: Message) -> Body:
        """Another server brings a message. Where too many come it keeps it, and tries again."""
        if self.rate_limit is not None and not self.rate_limit.admits(message):
            return RATE_LIMITED
        return await self.deliver(body)

    async def deliver(self, mail: Mail) -> Body:
        """Put a message into its mailbox, unless it is there. Raises Refused when the disk is full."""
        if self.inherited:  # copies of an earlier process, in the page cache perhaps
            await self.disk.fsync(self.fsync_time)
            self.inherited = False
        if self.known is None:
            return await self.store(mail)
        return await self.known.once(mail.number, lambda: self.store(mail))

    async def store(self, mail: Mail) -> Body:
        """Put a copy of a message into its mailbox. It is there as soon as it is durable, be that by a crash that left
        it on the disk: the message that comes again is then known.
        """
        self.effect_kept({f"{COPY}{mail.number} {self.copies + 1}": mail})
        self.copies += 1
        await self.disk.fsync(self.fsync_time)
        self.publish("mail.delivered", 1)
        self.show_copies.set(self.copies)
        self.show("last", f"{mail.mailbox}: {mail.text}")
        return DONE
