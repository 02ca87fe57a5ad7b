"""A member of a group: processes that act on their own, ask and answer each other, and stamp all that happens to them.

Each event (something local, a message sent, a message delivered) gets the time of the wall clock, which may be wrong,
a number from a Lamport clock and a vector from a vector clock (Lamport, CACM 1978; Fidge 1988; Mattern 1989). Which
event caused which, the trace tells without any of these clocks; so one can see how far each is right.

What a member says goes to one other, or to all: a question now and then, and answers to what it has heard. To all it
goes in one of three orders.

- **Unordered**: what arrives is delivered. An answer may come before its question.
- **FIFO**: the messages of one sender are delivered as they were sent. An answer has another sender than its question,
  and may still come first.
- **Causal**: a message waits until all that its sender had delivered or sent before is delivered here, too (Birman,
  Schiper, Stephenson: "Lightweight Causal and Atomic Group Multicast", ACM TOCS 9(3), 1991, CBCAST). Each message
  carries how many messages of each member its sender had delivered; nobody is asked, nothing else is sent.

Messages must not be lost, or all that depends on a lost one waits for ever: links carry streams where they lose. There
are no views, so a member that has crashed has left: it comes back and takes no part. ISIS ordered messages so; chats,
and comments on a page, need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from mypy_extensions import mypyc_attr

from simulations.engine.channel import Message
from simulations.engine.declare import Choice, Invariant, Metric, Param, Show
from simulations.engine.logical_clocks import LOCAL, RECEIVE, SEND, STAMP, LamportClock, Stamped, VectorClock
from simulations.engine.messages import Body, Occurrence
from simulations.engine.node import Node
from simulations.engine.versions import Vector, advanced, covers

ONE: Final = "one"
ALL: Final = "all"
UNORDERED: Final = "unordered"
FIFO: Final = "fifo"
CAUSAL: Final = "causal"


@dataclass(frozen=True)
class Said:
    """Which of its sender's messages it is, counted from 1; the clocks of its sending; how many messages of each member
    the sender had delivered, this one included; and which message it answers ("": it asks).
    """

    number: int
    lamport: int
    vector: Vector
    delivered: Vector
    about: str

    def size(self) -> int:
        """Bytes on the wire."""
        return 64 + 12 * (len(self.vector) + len(self.delivered))


@dataclass(frozen=True)
class GroupQuestion(Occurrence):
    """What do you think?"""

    said: Said

    def size(self) -> int:
        return self.said.size()


@dataclass(frozen=True)
class GroupAnswer(Occurrence):
    """This is what I think of it."""

    said: Said

    def size(self) -> int:
        return self.said.size()


@dataclass(frozen=True)
class Waiting:
    """A message that has come too early."""

    said: Said
    sender: str
    message: Message
    since_ns: int


@mypyc_attr(allow_interpreted_subclasses=True)
class GroupMember(Node):
    """Says things, hears things, and knows in which order."""

    TYPE: ClassVar[str] = "group-member"
    TITLE: ClassVar[str] = "Group member"
    CATEGORY: ClassVar[str] = "Messaging"
    SUMMARY: ClassVar[str] = "A process that talks with others and stamps each event by three clocks"
    ICON: ClassVar[str] = "group-member"
    CLUSTERS: ClassVar[bool] = True
    ACTS: ClassVar[bool] = True
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "acts_every",
            "Acts every",
            "distribution",
            {"kind": "exponential", "mean_ms": 100},
            "ms",
            0.001,
            3_600_000,
            help="Something local, or a question to others.",
            section="What it does",
        ),
        Param(
            "local_share",
            "Local events",
            "number",
            0.4,
            "probability",
            0,
            1,
            help="The share of acts of which nobody else hears.",
            section="What it does",
        ),
        Param(
            "answer_ratio",
            "Answers",
            "number",
            0.5,
            "probability",
            0,
            1,
            help="The share of questions that it answers.",
            section="What it does",
        ),
        Param(
            "thinks",
            "Thinks for",
            "distribution",
            {"kind": "exponential", "mean_ms": 5},
            "ms",
            0,
            3_600_000,
            help="Before it answers.",
            section="What it does",
        ),
        Param(
            "reach",
            "Talks to",
            "choice",
            ALL,
            choices=(Choice(ONE, "One other"), Choice(ALL, "All others")),
            help="One drawn at random, who alone hears the answer; or the whole group.",
            section="Messages",
        ),
        Param(
            "ordering",
            "Delivers",
            "choice",
            CAUSAL,
            choices=(
                Choice(UNORDERED, "As they arrive"),
                Choice(FIFO, "FIFO: in each sender's order"),
                Choice(CAUSAL, "Causally: causes first"),
            ),
            help="When a message to all is delivered. The same for all members.",
            section="Messages",
            when=("reach", ALL),
        ),
        Param(
            "witnesses",
            "Clocks heed messages",
            "boolean",
            True,
            help="Off: Lamport and vector clocks count their own events only, whatever stamp a message bears.",
            section="Clocks",
        ),
    )
    SHOWS: ClassVar[tuple[Show, ...]] = (
        Show("lamport", "Lamport clock", title_first=True),
        Show("role", "Order", look="badge"),
        Show("waiting", "Held back"),
        Show(STAMP, "Last event", look="hidden"),
    )
    METRICS: ClassVar[tuple[Metric, ...]] = (
        Metric("group.said", "messages", "Questions and answers that it sent; one to all counts once.", "count"),
        Metric("group.delivered", "messages", "Messages of others that were delivered to it.", "count"),
        Metric("group.early_answers", "messages", "Answers delivered to it before their question.", "count"),
        Metric("group.held_ms", "ms", "How long a delivered message was held back, 0 for most.", "duration"),
    )
    HANDLES: ClassVar[tuple[type[Body], ...]] = (GroupQuestion, GroupAnswer)
    INVARIANTS: ClassVar[tuple[Invariant, ...]] = (
        Invariant(
            "lamport_forward",
            "Lamport clocks go forward",
            "A process's Lamport clock never goes back.",
            "monotonic",
            ("lamport",),
        ),
    )

    def start(self) -> None:
        hosts = self.network.hosts
        self.number_of = {name: hosts[name].index for name in [self.id, *self.peers]}
        self.own = self.number_of[self.id]
        self.to_all = self.text("reach") == ALL
        self.ordering = self.text("ordering") if self.to_all else UNORDERED
        self.witnesses = self.boolean("witnesses")
        self.answer_ratio = self.number("answer_ratio")
        self.acts_every = self.duration("acts_every")
        self.thinks = self.duration("thinks")
        self.lamport = LamportClock()
        self.vector = VectorClock(self.own)
        self.said = 0
        self.delivered: Vector = ()  # how many messages of each member, its own included
        self.heard: set[str] = set()  # which messages, by name, its own included
        self.early: list[Waiting] = []  # in the order of arrival
        self.left = self.incarnation > 0
        self.show("role", "left" if self.left else self.ordering)
        if not self.left:
            self.show("waiting", 0)
            self.plan()

    # What it does

    def plan(self) -> None:
        """Set the timer of what it does next."""
        pause_ns = self.next_ns(self.acts_every, "act")
        if self.now_ns + pause_ns < self.network.workload_ends_ns:
            self.timer(pause_ns, "act", self.do_something)

    def do_something(self) -> None:
        """Something local, or a question."""
        self.plan()
        if not self.peers or self.draw("local") < self.number("local_share"):
            self.stamp(LOCAL, "", 0)
        else:
            self.say("", self.peers if self.to_all else [self.peers[int(self.draw("whom") * len(self.peers))]])

    def say(self, about: str, to: list[str]) -> None:
        """Ask, or answer a message. One's own counts as delivered."""
        self.said += 1
        event = self.stamp(SEND, self.id, self.said)
        self.delivered = advanced(self.delivered, self.own)
        self.heard.add(named(self.id, self.said))
        said = Said(self.said, event.lamport, event.vector, self.delivered, about)
        self.publish("group.said", 1)
        self.broadcast(to, GroupAnswer(said) if about else GroupQuestion(said))

    async def think(self, about: str, asker: str) -> None:
        """Answer a question after a while."""
        await self.work(self.thinks, "think")
        self.say(about, self.peers if self.to_all else [asker])

    # What it hears

    def on_event(self, body: GroupQuestion | GroupAnswer, message: Message) -> None:
        sender = message.channel.src.id
        early = Waiting(body.said, sender, message, self.now_ns)
        if self.left or self.known(early):
            return
        self.early.append(early)
        ready = self.next_ready()
        while ready is not None:
            self.early.remove(ready)
            self.cause = ready.message
            self.deliver(ready)
            ready = self.next_ready()
        self.show("waiting", len(self.early))

    def known(self, one: Waiting) -> bool:
        """Whether a message has come before: a link may copy it."""
        again = [early for early in self.early if early.sender == one.sender and early.said.number == one.said.number]
        return bool(again) or named(one.sender, one.said.number) in self.heard

    def next_ready(self) -> Waiting | None:
        """The first message that need not wait any longer."""
        for early in self.early:
            if self.may_deliver(early.said, self.number_of[early.sender]):
                return early
        return None

    def may_deliver(self, said: Said, sender: int) -> bool:
        """Whether it is its turn: the sender's next, and causally: all that the sender had delivered is (section 5)."""
        if self.ordering == UNORDERED:
            return True
        if said.number != dict(self.delivered).get(sender, 0) + 1:
            return False
        return self.ordering == FIFO or covers(advanced(self.delivered, sender), said.delivered)

    def deliver(self, one: Waiting) -> None:
        """Take in a message."""
        said = one.said
        if self.witnesses:
            self.lamport.witness(said.lamport)
            self.vector.witness(said.vector)
        self.stamp(RECEIVE, one.sender, said.number)
        self.delivered = advanced(self.delivered, self.number_of[one.sender])
        self.heard.add(named(one.sender, said.number))
        self.publish("group.delivered", 1)
        self.publish("group.held_ms", self.now_ns - one.since_ns)
        if said.about:
            self.publish("group.early_answers", 0 if said.about in self.heard else 1)
        elif self.draw("answer") < self.answer_ratio:
            self.spawn(self.think(named(one.sender, said.number), one.sender), self.cause)

    # Clocks

    def stamp(self, what: str, sender: str, number: int) -> Stamped:
        """Something happens: what each clock says of it."""
        event = Stamped(what, sender, number, self.wall_ns, self.lamport.advance(), self.vector.advance())
        self.show("lamport", event.lamport)
        self.show(STAMP, event.text())
        return event


def named(sender: str, number: int) -> str:
    """A message's name."""
    return f"{sender} {number}"
